"""Whether words tell a fact: `told(fact, sentences)`, by numbers, names and stems alone.

Deterministic and cheap, and no reader: it knows no synonyms. A fact's `accept` wordings are what
makes it exact; without them the fact's own words are looked for, and the shares below, chosen and
not fitted, decide what is enough.
"""

import re
from collections.abc import Sequence
from typing import Final, Literal

from eval.cases import KeyFact
from index.words import Word, words

Told = Literal["full", "partial", "missing"]

FULLY: Final = 0.75
"""Share of a fact's content words that one sentence holds when it tells the fact."""

PARTLY: Final = 0.5
"""The same for a part of it, over all sentences together."""

NEGATIONS: Final = frozenset({"no", "not", "never", "none", "nobody", "nothing", "neither", "nor"})
_CONTRACTED: Final = re.compile(r"n['’]t\b", re.IGNORECASE)
_NEAR: Final = 3
"""How many words before a matched one a negation reaches."""

_UNITS: Final = dict(
    zip(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
        fifteen sixteen seventeen eighteen nineteen""".split(),
        range(20),
        strict=True,
    )
)
_TENS: Final = dict(
    zip(
        "twenty thirty forty fifty sixty seventy eighty ninety".split(),
        range(20, 100, 10),
        strict=True,
    )
)


def read(text: str) -> list[Word]:
    """Return the words of `text`, numbers as digits: 27 for "twenty-seven", 1000 for "1,000"."""
    read: list[Word] = []
    for word in words(_CONTRACTED.sub(" not", text)):
        small = word.text.casefold()
        number = _UNITS.get(small, _TENS.get(small))
        if number is None and small[0].isdigit():
            plain = small.replace(",", "")
            read.append(Word(plain, plain, word.start))
        elif number is None:
            read.append(word)
        elif read and number < 10 and read[-1].stem in _TENS_AS_DIGITS and small in _UNITS:  # noqa: PLR2004
            total = str(int(read[-1].stem) + number)
            read[-1] = Word(total, total, read[-1].start)
        else:
            read.append(Word(str(number), str(number), word.start))
    return read


_TENS_AS_DIGITS: Final = frozenset(str(ten) for ten in _TENS.values())


def says_something(text: str) -> bool:
    """Tell whether `text` holds a word that names something."""
    return any(word.is_content for word in words(text))


def share_a_word(claim: str, quotes: Sequence[str]) -> bool:
    """Tell whether any content word of `claim` stands in `quotes`."""
    said = {word.stem for word in read(claim) if word.is_content}
    return any(said & {word.stem for word in read(quote)} for quote in quotes)


def told(fact: KeyFact, sentences: Sequence[str]) -> Told:
    """Say whether `sentences` tell `fact`: fully, partly or not at all.

    Fully: one sentence holds every word of one of `fact.accept` or, when there are none, every
    number and name and FULLY of the content words of `fact.text`. Partly: they hold PARTLY of the
    content words. A sentence that negates a matched word, where the fact does not, tells nothing.
    """
    spoken = [read(sentence) for sentence in sentences]
    wanted = read(fact.text)
    for accepted in map(read, fact.accept):
        stems = {word.stem for word in accepted}
        negated = _negated(accepted) or _negated(wanted)
        if stems and any(_holds(sentence, stems, negated) for sentence in spoken):
            return "full"
    content = {word.stem for word in wanted if word.is_content}
    if not content:
        return "missing"
    negated = _negated(wanted)
    fitting = [
        {word.stem for word in sentence} & content
        for sentence in spoken
        if negated == _negates(sentence, content) or (negated and _negated(sentence))
    ]
    if not fact.accept and any(
        _exact(wanted) <= held and len(held) >= FULLY * len(content) for held in fitting
    ):
        return "full"
    held = set().union(*fitting)
    return "partial" if len(held) >= PARTLY * len(content) else "missing"


def _holds(sentence: Sequence[Word], stems: set[str], negated: bool) -> bool:
    held = stems <= {word.stem for word in sentence}
    return held and (negated or not _negates(sentence, stems))


def _negates(sentence: Sequence[Word], stems: set[str]) -> bool:
    """Tell whether a negation stands within _NEAR words before a word of `stems`."""
    return any(
        word.text.casefold() in NEGATIONS
        and stems & {w.stem for w in sentence[i + 1 : i + 1 + _NEAR]}
        for i, word in enumerate(sentence)
    )


def _negated(sentence: Sequence[Word]) -> bool:
    return any(word.text.casefold() in NEGATIONS for word in sentence)


def _exact(wanted: Sequence[Word]) -> set[str]:
    """Return what must not be missing: numbers, and words with a capital but for the first."""
    return {
        word.stem
        for i, word in enumerate(wanted)
        if word.is_content and (word.text[0].isdigit() or (i > 0 and word.text[0].isupper()))
    }
