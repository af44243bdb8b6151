"""What is quoted word for word is supported; of anything else there is no verdict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.support import verbatim

QUOTE = "The ferry sank in 1956,\n  off the\tnorth quay."


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("The ferry sank in 1956, off the north quay.", 1.0),
        ("The ferry sank\n\nin 1956", 1.0),
        ("  off the north quay. ", 1.0),
        ("The ferry sank in 1957, off the north quay.", None),
        ("the ferry sank in 1956", None),
        ("The ferry sank in 1956 off the north quay.", None),
        ("", None),
        (" \n ", None),
    ],
)
def test_word_for_word(claim: str, verdict: float | None) -> None:
    """White space may differ; a letter, a figure, a capital or a comma may not."""
    assert verbatim(claim, [QUOTE]) == verdict


def test_one_quote_must_hold_all_of_it() -> None:
    """A claim put together from two quotes was said by neither."""
    assert verbatim("It sank. It burnt.", ["It sank.", "It burnt."]) is None
    assert verbatim("It burnt.", ["It sank.", "It burnt."]) == 1.0


def test_without_quotes_there_is_no_verdict() -> None:
    """Nothing follows from nothing."""
    assert verbatim("It sank.", []) is None


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_a_slice_is_supported_by_its_text(before: str, claim: str, after: str) -> None:
    """Any text that says something follows from any text that holds it between spaces."""
    assert verbatim(claim, [f"{before} {claim} {after}"]) == (1.0 if claim.split() else None)
