"""Each sign is seen where a claim says something else, and not where it says the same."""

import pytest

from assistant import signs
from assistant.reading import read


@pytest.mark.parametrize(
    ("claim", "evidence", "seen"),
    [
        ("Holt did not sell the mill.", "Holt sold the mill.", True),
        ("The mill was not sold.", "The mill was sold.", True),
        ("The mill was sold.", "The mill was not sold.", True),
        ("The mill never closed.", "The mill closed.", True),
        ("It is not known as the Old Mill.", "It is known as the Old Mill.", True),
        ("The council refused to close the mill.", "The council did not close the mill.", False),
        ("The unused mill closed.", "The mill, which was not used, closed.", False),
        ("It is its largest mill.", "No other mill is as large.", False),
        ("The mill closed.", "The mill closed.", False),
    ],
)
def test_what_is_denied(claim: str, evidence: str, seen: bool) -> None:
    """A "not" on one side only is seen; one that is implied, or compares, is none."""
    assert (signs.turned(read(claim), [read(evidence)]) > 0) == seen


@pytest.mark.parametrize(
    ("claim", "evidence", "seen"),
    [
        ("Prices rose in May.", "Prices fell in May.", True),
        ("Prices increased in May.", "Prices rose in May.", False),
        ("Prices did not rise in May.", "Prices fell in May.", False),
        ("The red light blinks.", "The blue light blinks.", True),
        ("It closes on Friday.", "It closes on Monday.", True),
        ("It closes on Friday.", "It closes on Monday and on Friday.", False),
        ("The north gate is open.", "The south gate is open.", True),
        ("The gate is open.", "The gate is there.", False),
    ],
)
def test_opposites(claim: str, evidence: str, seen: bool) -> None:
    """An opposite in a word's place is seen; the word itself beside it, or a "not", excuses it."""
    assert (signs.opposed(read(claim), [read(evidence)]) > 0) == seen


@pytest.mark.parametrize(
    ("claim", "evidence", "seen"),
    [
        ("Japan ceded the island to Russia.", "Russia ceded the island to Japan.", True),
        ("Putin courted Abe.", "Abe courted Putin.", True),
        ("Putin was courted by Abe.", "Abe courted Putin.", False),
        ("Abe was courted by Putin.", "Abe courted Putin.", True),
        ("Putin met Abe.", "Abe and Putin met.", False),
        ("Castleford beat Norwick.", "Norwick beat Castleford.", True),
        ("Anna moved from Riga to Lund.", "Anna moved from Lund to Riga.", True),
        ("In Lund, Anna praised Karl.", "Anna praised Karl in Lund.", False),
    ],
)
def test_who_did_it_to_whom(claim: str, evidence: str, seen: bool) -> None:
    """Names that change places are seen; a passive puts them back."""
    assert (signs.swapped(read(claim), [read(evidence)]) > 0) == seen


@pytest.mark.parametrize(
    ("claim", "evidence", "seen"),
    [
        ("Maria bought the mill.", "Holt bought the mill.", 1),
        ("Holt bought the mill.", "Anders Holt bought the mill.", 0),
        ("Maria bought the mill.", "She bought the mill from Holt.", 0),
        ("Maria bought the mill.", "The queen bought the mill.", 0),
        ("Japan bought the mill.", "Tokyo bought the mill.", 0),
    ],
)
def test_a_name_in_anothers_place(claim: str, evidence: str, seen: int) -> None:
    """Another name where the text has its own is seen; a pronoun may be anybody."""
    assert signs.replaced(read(claim), read(evidence)) == seen


def test_a_number_in_anothers_place() -> None:
    """A number that the sentence lacks counts when the sentence has one that the claim lacks."""
    evidence = read("She scored twice in May.")
    assert signs.recounted(read("She scored three times in May."), evidence) == 1
    assert signs.recounted(read("She scored two times in May."), evidence) == 0
    assert signs.recounted(read("She scored three times."), read("She scored.")) == 0


def test_quotations_stand_in_the_text() -> None:
    """What a claim puts in quotation marks has to be there, marks and capitals aside."""
    text = "Kishida spoke of “inherent territory”, he said."
    assert signs.misquoted('He said "Inherent territory".', text) == 0
    assert signs.misquoted("He said “sacred territory”.", text) == 1


def test_saying_it_surer_than_the_text() -> None:
    """A "may" that the claim drops is noticed."""
    assert signs.surer(read("Prices will fall."), [read("Prices might fall.")])
    assert not signs.surer(read("Prices may fall."), [read("Prices might fall.")])
    assert signs.denials_differ(read("It never failed."), [read("It worked.")]) == 2
