"""A claim that keeps a sentence's words is judged by what it changed, and only then."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.edits import UNCHANGED, Edits, edits
from assistant.reading import read

MILL = "Mayor Holt bought the old mill by the river with a loan from Riga in the spring."
FERRY = "The ferry may leave on Monday when the ice has melted and the harbour is open."
RACE = "In the final race of the year Anna Berg overtook Karl Lund on the bridge."


@pytest.mark.parametrize(
    ("claim", "sentence", "seen"),
    [
        (MILL.replace("loan", "dance"), MILL, Edits(reworded=1)),
        (MILL.replace("Riga", "Lund"), MILL, Edits(renamed=1)),
        (MILL.replace("Holt", "Berg"), MILL, Edits(renamed=1)),
        (MILL.replace("with a", "without a"), MILL, Edits(contrasted=1, denied=1)),
        (MILL.replace("bought", "never bought"), MILL, Edits(denied=1)),
        (FERRY.replace("may", "will"), FERRY, Edits(contrasted=1)),
        (FERRY.replace("may leave", "may not leave"), FERRY, Edits(denied=1)),
        (FERRY.replace("and the", "or the"), FERRY, Edits(contrasted=1)),
        (
            "In the final race of the year Karl Lund overtook Anna Berg on the bridge.",
            RACE,
            Edits(moved=1),
        ),
    ],
)
def test_a_change_in_a_kept_sentence_is_seen(claim: str, sentence: str, seen: Edits) -> None:
    """A word, a name, a contrast, a "not", or the order of two names."""
    assert edits(read(claim), read(sentence)) == seen


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        (MILL, MILL),
        ("Holt bought the old mill by the river with a loan from Riga.", MILL),
        ("In the spring Mayor Holt bought the old mill by the river.", MILL),
        (MILL.replace("bought", "purchased"), MILL),
        ("Nobody in Lund ever sold a boat.", MILL),
        ("The ferry may leave on Monday when the ice has melted.", FERRY),
        (
            "The ferry may not leave on Monday when the ice has melted.",
            "The ferry can't leave on Monday when the ice has melted.",
        ),
        (
            "Karl Lund met Anna Berg on the bridge in May.",
            "Anna Berg met Karl Lund on the bridge in May.",
        ),
        (
            "Lund and Riga pay for the new bridge over the river.",
            "Riga and Lund pay for the new bridge over the river.",
        ),
        (
            "The mayor does not pay for furniture.",
            "The mayor pays for a mill and a ferry but not for furniture.",
        ),
        (
            "The mill is open from May until the first snow.",
            "The mill is open from May, which was not planned by anybody, until the first snow.",
        ),
    ],
)
def test_what_says_the_same_is_no_change(claim: str, sentence: str) -> None:
    """Less of it, a synonym, another order, other words, names for which the order is nothing."""
    assert edits(read(claim), read(sentence)) == UNCHANGED


@given(st.integers(0, 16), st.integers(0, 16))
def test_what_was_only_cut_was_not_changed(start: int, end: int) -> None:
    """Any run of words of a sentence says nothing else than the sentence."""
    words = MILL.split()
    piece = " ".join(words[min(start, end) : max(start, end)])
    assert edits(read(piece), read(MILL)) == UNCHANGED
