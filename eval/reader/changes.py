"""False claims made from true ones, a single fact apart: `changes(claim, others, rng)`.

Each `Change` knows which characters it put there, so that a model can be taught the very words that
do not hold, and whether the text then contradicts it or merely does not say it.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from assistant.lexicon import lexicon, poles
from index.words import fold, stem, words


@dataclass(frozen=True, slots=True)
class Change:
    """A false claim: what was changed, where (start, end), and whether the text denies it."""

    kind: str
    text: str
    start: int
    end: int
    denied: bool


@dataclass(frozen=True, slots=True)
class Stock:
    """What a text offers for swapping: its names, its plain words, ends of its sentences."""

    names: tuple[str, ...]
    words: tuple[str, ...]
    tails: tuple[str, ...]


Maker = Callable[[str, Stock, random.Random], Change | None]

NAME = re.compile(r"(?<=[a-z,’'] )[A-Z][a-zé]{2,}(?:(?: of)? [A-Z][a-zé]+)*")
_FIRST_NAME = re.compile(r"^[A-Z][a-zé]{2,}(?: [A-Z][a-zé]+)+")
_DIGITS = re.compile(r"(?<![\w.,-])\d{1,4}(?:[.,]\d+)?(?![\w]|[.,]\d)")
_SPELT = (
    "two three four five six seven eight nine ten eleven twelve fifteen twenty thirty fifty".split()
)
_SERIES = (
    _SPELT,
    "first second third fourth fifth sixth seventh".split(),
    "January February March April May June July August September October November December".split(),
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
    "hundred thousand million billion trillion".split(),
    "seconds minutes hours days weeks months years decades centuries".split(),
    "second minute hour day week month year decade century".split(),
    "north south east west".split(),
    "northern southern eastern western".split(),
    "metres kilometres miles feet inches".split(),
    "half third quarter".split(),
)
_AUXILIARY = re.compile(
    r"\b(is|was|are|were|will|has|had|have|can|could|must|should|would|did|does|do|may|might)\b"
    r"(?! not\b|n[’']t)"
)
_DENIAL = re.compile(r"\b(?:not|never|no longer) |(?<=[a-z])n[’']t\b")
_PAST = re.compile(r"(?<=[a-z] )(?!need|speed|seed|indeed)[a-z]{3,}ed\b(?! by)")
_SURER = (
    ("might", "will"),
    ("may", "will"),
    ("could", "did"),
    ("can", "must"),
    ("should", "must"),
    ("some", "all"),
    ("many", "all"),
    ("most", "all"),
    ("several", "most"),
    ("often", "always"),
    ("usually", "always"),
    ("sometimes", "always"),
    ("rarely", "never"),
    ("partly", "entirely"),
    ("mainly", "only"),
    ("likely", "certain"),
    ("possibly", "certainly"),
    ("probably", "certainly"),
    ("planned to", "went on to"),
    ("plans to", "has begun to"),
    ("proposed", "carried out"),
    ("hoped to", "managed to"),
    ("wanted to", "managed to"),
    ("tried to", "managed to"),
    ("offered to", "agreed to"),
    ("asked", "ordered"),
    ("considered", "decided on"),
    ("at least", "at most"),
    ("more than", "less than"),
    ("fewer than", "more than"),
    ("up to", "more than"),
    ("almost", "well over"),
    ("nearly", "well over"),
    ("alleged", "proven"),
    ("suggests", "proves"),
    ("caused", "prevented"),
    ("because of", "in spite of"),
    ("despite", "because of"),
    ("with", "without"),
    ("before", "after"),
    ("after", "before"),
    ("during", "before"),
    ("from", "to"),
    ("to", "from"),
    ("and", "but not"),
    ("also", "only"),
    ("both", "neither of"),
)
_TAIL = re.compile(
    r"(?:,| because| in order to| in| for| with| by| after| during| while| since| to) [a-z0-9A-Z]"
)
_LIST = re.compile(r"(, | and | or |, and )")


def stock(text: str, sentences: Sequence[str]) -> Stock:
    """Gather what `text` offers for swapping."""
    names = tuple(dict.fromkeys(NAME.findall(text)))[:60]
    plain = [w.text for w in words(text) if w.is_content and w.text.islower() and len(w.text) > 3]
    known = lexicon().rows
    tails = [
        sentence[found[-1].start() :].rstrip(" .")
        for sentence in sentences
        if (found := [m for m in _TAIL.finditer(sentence) if 12 < len(sentence) - m.start() < 70])
    ]
    return Stock(names, tuple(dict.fromkeys(w for w in plain if w in known))[:300], tuple(tails))


def changes(claim: str, others: Stock, rng: random.Random) -> list[Change]:
    """Return every kind of change that `claim` allows, one of each, in random order."""
    makers = list(MAKERS)
    rng.shuffle(makers)
    made = (maker(claim, others, rng) for maker in makers)
    return [one for one in made if one is not None and one.text != claim]


def _put(kind: str, claim: str, place: tuple[int, int], new: str, *, denied: bool = True) -> Change:
    start, end = place
    return Change(kind, claim[:start] + new + claim[end:], start, start + len(new), denied)


def number(claim: str, _: Stock, rng: random.Random) -> Change | None:
    """Change a number in digits a little or a lot."""
    found = list(_DIGITS.finditer(claim))
    if not found:
        return None
    one = rng.choice(found)
    old = one.group()
    if "." in old or "," in old:
        at = rng.randrange(len(old))
        while not old[at].isdigit():
            at = rng.randrange(len(old))
        new = old[:at] + str((int(old[at]) + rng.randint(1, 9)) % 10) + old[at + 1 :]
    else:
        value, step = int(old), rng.choice([1, 1, 2, 3, 5, 10, 20])
        new = str(value + step if rng.random() < 0.5 or value <= step else value - step)
    return _put("number", claim, one.span(), new)


def series(claim: str, _: Stock, rng: random.Random) -> Change | None:
    """Change a month, a weekday, a unit, a spelt number, a point of the compass for another."""
    found = [
        (m, row)
        for row in _SERIES
        for m in re.finditer(rf"\b(?:{'|'.join(row)})\b", claim)
        if m.group() != "May" or "May " in claim[1:]
    ]
    if not found:
        return None
    one, row = rng.choice(found)
    return _put("series", claim, one.span(), rng.choice([w for w in row if w != one.group()]))


def actor(claim: str, others: Stock, rng: random.Random) -> Change | None:
    """Put another name of the text in place of one."""
    found = [*NAME.finditer(claim), *_FIRST_NAME.finditer(claim)]
    if not found or not others.names:
        return None
    one, new = rng.choice(found), rng.choice(others.names)
    if new in claim or one.group() in new or set(new.split()) & set(one.group().split()):
        return None
    return _put("actor", claim, one.span(), new, denied=False)


def swap(claim: str, _: Stock, rng: random.Random) -> Change | None:
    """Let two names change places."""
    found = [*_FIRST_NAME.finditer(claim), *NAME.finditer(claim)]
    if len(found) < 2:
        return None
    at = rng.randrange(len(found) - 1)
    a, b = found[at], found[at + 1]
    between = claim[a.end() : b.start()]
    if a.group() == b.group() or _LIST.fullmatch(between):
        return None
    new = b.group() + between + a.group()
    return _put("swap", claim, (a.start(), b.end()), new)


def negation(claim: str, _: Stock, rng: random.Random) -> Change | None:
    """Put a "not" in, or take one out."""
    if denial := _DENIAL.search(claim):
        after = re.match(r"\w+", claim[denial.end() :])
        change = _put("negation", claim, denial.span(), "")
        return (
            Change("negation", change.text, denial.start(), denial.start() + len(after[0]), True)
            if after
            else None
        )
    found = list(_AUXILIARY.finditer(claim))
    if found:
        one = rng.choice(found)
        new = rng.choice([" not", " not", " never"])
        if (
            one.group().islower()
            and rng.random() < 0.2
            and one.group() not in {"may", "will", "can"}
        ):
            new = "n't"
        return _put("negation", claim, (one.end(), one.end()), new)
    found = list(_PAST.finditer(claim))
    if not found:
        return None
    return _put("negation", claim, (found[0].start(), found[0].start()), "never ")


def opposite(claim: str, _: Stock, rng: random.Random) -> Change | None:
    """Put a word of the other pole in place of one."""
    known = poles()
    found = [w for w in words(claim) if w.stem in known and w.text.islower()]
    if not found:
        return None
    word = rng.choice(found)
    axis, pole = rng.choice(known[word.stem])
    against = _against(axis, pole)
    if not against:
        return None
    span = word.start, word.start + len(word.text)
    return _put("opposite", claim, span, _ending(rng.choice(against), word.text))


@lru_cache(maxsize=512)
def _against(axis: int, pole: int) -> list[str]:
    """Return the words on the other poles of an axis."""
    known = lexicon().rows
    return [
        other
        for other, places in poles().items()
        if any(a == axis and p != pole for a, p in places) and other in known
    ]


def _ending(new: str, old: str) -> str:
    """Return `new` with the ending of `old`, where the language knows that form."""
    for suffix in ("ed", "ing", "es", "s"):
        if old.endswith(suffix):
            for form in (new + suffix, new.rstrip("e") + suffix):
                if form in lexicon().rows:
                    return form
    return new


def surer(claim: str, _: Stock, rng: random.Random) -> Change | None:
    """Claim more than is said, or the reverse of how two things hang together."""
    found = [
        (m, new) for old, new in _SURER for m in re.finditer(rf"(?<=\w )\b{old}\b(?= \w)", claim)
    ]
    if not found:
        return None
    one, new = rng.choice(found)
    return _put("surer", claim, one.span(), new)


def word(claim: str, others: Stock, rng: random.Random) -> Change | None:
    """Put another word of the text, of a kindred sort but not of that meaning, in place of one."""
    known = lexicon().rows
    mine = [w for w in words(claim) if w.is_content and w.text.islower() and w.text in known]
    if not mine or not others.words:
        return None
    one = rng.choice(mine)
    new = _kindred(one.text, others.words, rng)
    if new is None or stem(new) in {w.stem for w in words(claim)}:
        return None
    return _put("word", claim, (one.start, one.start + len(one.text)), new, denied=False)


def _kindred(old: str, offered: Sequence[str], rng: random.Random) -> str | None:
    table = lexicon()
    alike = [w for w in offered if w[-2:] == old[-2:] and stem(w) != stem(old)]
    if not alike:
        return None
    vectors = table.vectors[[table.rows[w] for w in alike]]
    cosines = vectors @ table.vectors[table.rows[old]]
    near = [w for w, c in zip(alike, cosines, strict=True) if 0.1 < float(c) < 0.6]
    return rng.choice(near) if near else None


def added(claim: str, others: Stock, rng: random.Random) -> Change | None:
    """Add what another sentence of the text ends with."""
    if not others.tails or len(claim) > 200:
        return None
    tail, end = rng.choice(others.tails), claim.rstrip(" .")
    if tail[-12:] in claim:
        return None
    return _put("added", claim, (len(end), len(claim)), tail + ".", denied=False)


@lru_cache(maxsize=1)
def _common() -> tuple[str, ...]:
    table = lexicon()
    return tuple(sorted(w for w in table.rows if 4 < len(w) < 12 and 0.3 < table.rare(w) < 0.6))


def stranger(claim: str, _: Stock, rng: random.Random) -> Change | None:
    """Put a word in that the text does not have, of a kindred sort."""
    table = lexicon()
    mine = [w for w in words(claim) if w.is_content and w.text.islower() and w.text in table.rows]
    if not mine:
        return None
    one = rng.choice(mine)
    drawn = rng.sample(_common(), min(400, len(_common())))
    cosines = table.vectors[[table.rows[w] for w in drawn]] @ table.vectors[table.rows[one.text]]
    order = np.argsort(-cosines)
    new = next(
        (drawn[i] for i in order if cosines[i] < 0.5 and drawn[i][-2:] == one.text[-2:]), None
    )
    if new is None or fold(new) in fold(claim):
        return None
    return _put("stranger", claim, (one.start, one.start + len(one.text)), new, denied=False)


MAKERS: tuple[Maker, ...] = (
    number,
    series,
    actor,
    swap,
    negation,
    opposite,
    surer,
    word,
    added,
    stranger,
)
