"""Evidence is narrowed to the fewest sentences that carry a claim."""

import pytest

from assistant.evidence import MOST, match, sentences_of
from assistant.reading import read
from assistant.support import load_support

TEXT = (
    "The ferry Astrid was built in Lund in 1931.",
    "It carried timber to Riga.",
    "Captain Ida Berg sold her for 40,000 crowns.",
    "The weather was mild that year.",
)


@pytest.mark.parametrize(
    ("claim", "sentences"),
    [
        ("The Astrid was built in 1931.", (0,)),
        ("Ida Berg sold the ship for 40,000 crowns.", (2,)),
        ("The Astrid carried timber to Riga.", (0, 1)),
        ("Built in Lund in 1931, the Astrid was sold by Ida Berg for 40,000 crowns.", (0, 2)),
        ("Whales sing.", ()),
        ("", ()),
    ],
)
def test_the_fewest_that_carry_it(claim: str, sentences: tuple[int, ...]) -> None:
    """One sentence where one will do, two where a name stands in the other, none for a stranger."""
    assert match(read(claim), TEXT).narrow() == sentences


def test_word_for_word_is_enough() -> None:
    """A sentence that holds the claim as it stands needs no company."""
    assert load_support().narrow("It carried timber to Riga.", TEXT) == (1,)


def test_never_more_than_three() -> None:
    """However much a claim strings together, a footnote stays short."""
    claim = "Astrid, Lund, timber, Riga, Ida Berg, crowns, weather, mild"
    assert len(match(read(claim), TEXT * 2).narrow()) <= MOST


def test_without_sentences_there_is_nothing() -> None:
    """No evidence carries nothing."""
    assert match(read("It sank."), ()).narrow() == ()
    assert load_support().narrow("It sank.", ()) == ()


def test_a_quote_without_a_sentence_is_one() -> None:
    """A heading or a run of signs is evidence as it stands."""
    assert sentences_of("***") == ("***",)
    assert sentences_of("One. Two.") == ("One.", "Two.")
