"""Every way in which models write footnote marks is understood, and nothing else is one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.marks import read_marks


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        ("It sank. [1]", (1,)),
        ("It sank [1].", (1,)),
        ("It sank.[1][2]", (1, 2)),
        ("It sank. [1, 3]", (1, 3)),
        ("It sank. [1,2;3]", (1, 2, 3)),
        ("It sank. [1-3]", (1, 2, 3)),
        ("It sank. [2–4]", (2, 3, 4)),
        ("It sank. [^2]", (2,)),
        ("It sank. [passage 2]", (2,)),
        ("It sank. [Passages 1 and 2]", (1, 2)),
        ("It sank. [Source: 4]", (4,)),
        ("It sank.【3】", (3,)),
        ("It sank.【3†ferry.md】", (3,)),
        ("It sank.¹²", (1, 2)),
        ("It sank. (1)", (1,)),
        ("It sank (1, 2).", (1, 2)),
        ("It sank. [2][1][2]", (2, 1)),
        ("It sank. [9]", ()),
        ("It sank. [0] [7] [1]", (1,)),
        ("It sank. [1-900]", (1, 2, 3, 4)),
        ("[3] It sank.", (3,)),
    ],
)
def test_marks_are_read_and_taken_out(written: str, numbers: tuple[int, ...]) -> None:
    """The text comes back bare; numbers of passages that do not exist name nothing."""
    assert read_marks(written, known=4) == ("It sank.", numbers)


@pytest.mark.parametrize(
    "text",
    [
        "It sank (1956).",
        "It had two aims: (1) speed and (2) safety.",
        "It was [sic] sunk.",
        "See [2](other.md) for more.",
        "The area is 5 m².",
        "It sank in [1912].",
        "x[10000] is out of range.",
        "It sank (9).",
    ],
)
def test_what_only_looks_like_a_mark_stays(text: str) -> None:
    """Years, enumerations, links and remarks in brackets are text."""
    assert read_marks(text, known=4) == (text, ())


@given(st.text("ab [](),-^¹²³【】†123 .", max_size=40), st.integers(0, 9))
def test_only_known_numbers_come_out(text: str, known: int) -> None:
    """Whatever is written, each number is one of a passage, once."""
    _, numbers = read_marks(text, known)
    assert all(1 <= number <= known for number in numbers)
    assert len(set(numbers)) == len(numbers)
