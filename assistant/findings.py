"""What is wrong with a claim that is not supported: `contradicted(…)` and `unsupported_words(…)`.

    claim, quotes = "The mill closed in 1790.", ["The mill closed in 1788."]
    contradicted(claim, quotes)                               # ("another number",)
    unsupported_words(claim, quotes)                          # the span of "1790"
    finding(0.2, (0.5, 0.7), contradicted(claim, quotes))     # "contradicted"

Text that says otherwise is told from text that says nothing by the same signs in code that the
support model weighs (`signs.py`), where a sentence tells of the same thing. They notice what is
plain and miss much: docs/support.md says how much. None of it decides whether a claim is shown.
"""

from collections.abc import Sequence
from typing import Final, Literal

from assistant.evidence import match, sentences_of
from assistant.quantities import given
from assistant.reading import read
from assistant.support import FEATURES, features, verbatim
from index.passage import Span
from index.words import fold, words

Finding = Literal["supported", "unsure", "not_in_text", "contradicted"]

SIGNS: Final = {
    "turned": "denied on one side only",
    "opposed": "the opposite word",
    "swapped": "the other way round",
    "replaced": "another name or word",
    "recounted": "another number",
}
"""Signs that the text says otherwise, and what they are called in reports."""

_HELD: Final = 0.5
"""How well a word must stand in the evidence not to be marked: the support model's own limit."""


def finding(support: float, unsure: tuple[float, float], signs: Sequence[str]) -> Finding:
    """Return what a `support` means: within `unsure` (from, below) nobody should be sure.

    Below it, `signs` (see `contradicted`) tell what the text denies from what it does not say.
    """
    if support >= unsure[1]:
        return "supported"
    if support >= unsure[0]:
        return "unsure"
    return "contradicted" if signs else "not_in_text"


def contradicted(claim: str, quotes: Sequence[str]) -> tuple[str, ...]:
    """Return the signs, in words, that `quotes` say otherwise than `claim`; () for none."""
    if not claim.strip() or not any(one.strip() for one in quotes) or verbatim(claim, quotes):
        return ()
    row = features(claim, quotes)
    return tuple(told for name, told in SIGNS.items() if row[FEATURES.index(name)] > 0)


def unsupported_words(claim: str, quotes: Sequence[str]) -> tuple[Span, ...]:
    """Return the slices of `claim`, in order, that nothing in the nearest sentences accounts for.

    They are content words without a counterpart, and numbers that are not given. A claim may be
    wrong without any: in its order, or by a "not".
    """
    if verbatim(claim, quotes):
        return ()
    own = read(claim)
    found = match(own, tuple(one for quote in quotes for one in sentences_of(quote)))
    core = found.narrow()
    held = found.held(core)
    lacking = {token.word for token, grade in zip(own.content, held, strict=False) if grade < _HELD}
    spoken = [one for i in core for one in found.readings[i].quantities]
    numbers = [one.start for one in own.quantities if not given(one, spoken)]
    return tuple(
        Span(word.start, word.start + len(word.text))
        for word in words(claim)
        if fold(word.text) in lacking
        or any(word.start <= at < word.start + len(word.text) for at in numbers)
    )
