"""Findings: what the text denies is told from what it does not say, and the words are marked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.findings import contradicted, finding, unsupported_words

EVIDENCE = [
    "The paper mill at Orrin closed in 1788. Mayor Holt lowered the harbour tax in March.",
    "The council did not sell the quay.",
]


@pytest.mark.parametrize(
    ("claim", "signs"),
    [
        ("The paper mill at Orrin closed in 1790.", ("another number",)),
        (
            "Mayor Holt raised the harbour tax in March.",
            ("the opposite word", "another name or word"),
        ),
        ("The council sold the quay.", ("denied on one side only",)),
        ("Mayor Brandt lowered the harbour tax in March.", ("another name or word",)),
        ("The paper mill at Orrin closed in 1788.", ()),
        ("A bakery sells bread on Sundays.", ()),
        ("", ()),
    ],
)
def test_what_the_text_denies_is_told_by_its_sign(claim: str, signs: tuple[str, ...]) -> None:
    """A changed number, direction, name or denial is named; silence and agreement give no sign."""
    assert contradicted(claim, EVIDENCE) == signs


@pytest.mark.parametrize(
    ("support", "signs", "found"),
    [
        (0.7, ("another number",), "supported"),
        (0.69, (), "unsure"),
        (0.5, ("another number",), "unsure"),
        (0.49, ("another number",), "contradicted"),
        (0.49, (), "not_in_text"),
    ],
)
def test_the_band_is_closed_below_and_open_above(
    support: float, signs: tuple[str, ...], found: str
) -> None:
    """From the band's beginning on nobody is sure, from its end on the claim is supported."""
    assert finding(support, (0.5, 0.7), signs) == found


@pytest.mark.parametrize(
    ("claim", "marked"),
    [
        ("The paper mill at Orrin closed in 1790.", ["1790"]),
        ("Mayor Holt lowered the harbour tax in March.", []),
        ("Mayor Brandt lowered the harbour tax in March.", ["Brandt"]),
    ],
)
def test_the_words_that_lack_support_are_marked(claim: str, marked: list[str]) -> None:
    """What the evidence accounts for is not marked, and what it does not is."""
    assert [claim[s.start : s.end] for s in unsupported_words(claim, EVIDENCE)] == marked


@given(st.text(max_size=80), st.lists(st.text(max_size=40), max_size=3))
def test_marks_are_slices_of_the_claim(claim: str, quotes: list[str]) -> None:
    """Whatever the texts, marks are not empty, lie within the claim and do not overlap."""
    end = 0
    for span in unsupported_words(claim, quotes):
        assert end <= span.start < span.end <= len(claim)
        end = span.end
