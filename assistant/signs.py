"""Signs that a claim says something else than its evidence: each a small pure function.

They compare a claim with the few sentences that come nearest to it and count what does not fit:
`turned(claim, core)` what is denied in one and not in the other, `opposed` opposites ("raised",
"lowered"), `swapped` who did it to whom, `misquoted` what stands in quotation marks and nowhere in
the text. 0 says that nothing was noticed, not that nothing is wrong.
"""

import re
from collections.abc import Sequence

from assistant.lexicon import NEGATIONS, SYMMETRIC, poles
from assistant.quantities import Quantity, given
from assistant.reading import Reading, Token
from index.words import fold, stem

_QUOTED = re.compile(r"[\"“]([^\"“”]{3,})[\"”]")
_UNSURE = frozenset("may might could would plans planned hopes possibly perhaps should".split())
_HARD = frozenset("not no never nor none nobody nothing without cannot nt".split())
_CONVERSE = frozenset(
    stem(w)
    for w in """buy bought sell sold give gave given receive received lend lent borrow borrowed beat
    lose lost follow followed precede preceded import export hand take took win won""".split()
)
_PLACES = frozenset(
    """in on at to from of by with for near after before under against like and than over since
    until through within""".split()
)
_SOURCE, _GOAL = frozenset({"from"}), frozenset({"to", "into", "toward", "towards"})


def missing(wanted: Sequence[Quantity], found: Sequence[Quantity]) -> int:
    """Count the claim's quantities that are not given."""
    return sum(not given(one, found) for one in wanted if not (one.value == 1 and one.unit == ""))


def turned(claim: Reading, core: Sequence[Reading]) -> int:
    """Count what the claim denies and the evidence says, or the other way round."""
    if claim.excused or any(one.excused for one in core):
        return 0
    denied = {t.key for t in claim.content if t.negated}
    refuted = {t.key for one in core for t in one.content if t.negated}
    keys = frozenset().union(*(one.keys for one in core)) if core else frozenset()
    negations = sum(one.negations for one in core)
    if denied and not negations:
        return len(denied & keys)
    if refuted and not claim.negations:
        plain = {t.key for one in core for t in one.content if not t.negated}
        return len((refuted - plain) & claim.keys)
    return 0


def opposed(claim: Reading, core: Sequence[Reading]) -> int:
    """Count words of the claim whose opposite, and not they themselves, stands in the evidence."""
    said = _poles(claim.tokens)
    held: dict[int, set[int]] = {}
    for one in core:
        for axis, found in _poles(one.tokens).items():
            held.setdefault(axis, set()).update(found)
    keys = {t.key for one in core for t in one.tokens}
    own = {t.key for t in claim.tokens}
    conflicts = 0
    for axis, mine in said.items():
        other = held.get(axis, set())
        if mine and other and not mine & other:
            words = {t.key for t in claim.tokens if _on(t, axis)}
            theirs = {t.key for one in core for t in one.tokens if _on(t, axis)}
            conflicts += bool(words - keys and theirs - own)
    if conflicts and _denials(claim) != sum(_denials(one) for one in core):
        return 0  # "did not rise" and "fell" agree
    return conflicts


def _poles(tokens: Sequence[Token]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for token in tokens:
        for axis, pole in poles().get(token.key, ()):
            found.setdefault(axis, set()).add(pole)
    return found


def _on(token: Token, axis: int) -> bool:
    return any(axis == one for one, _ in poles().get(token.key, ()))


def _denials(reading: Reading) -> int:
    return sum(t.word in _HARD for t in reading.tokens)


def swapped(claim: Reading, core: Sequence[Reading]) -> int:
    """Count pairs of names that stand about a shared verb the other way round than in the evidence.

    A passive ("was given by") on one side only turns the order; words for which it does not matter
    ("met", "and") say nothing.
    """
    return sum(_swaps(claim, one) for one in core)


def _swaps(claim: Reading, other: Reading) -> int:
    shared = claim.keys & other.keys
    names = {t.key for t in claim.tokens if t.name} & {t.key for t in other.tokens if t.name}
    if len(names) <= 1:
        return 0
    count = int(_directed(claim) and _crossed(_cases(claim, names), _cases(other, names)))
    for verb in shared - names - SYMMETRIC:
        mine, theirs = _about(claim, verb, names), _about(other, verb, names)
        if mine and theirs and set(mine[:2]) == set(theirs[:2]) and mine[0] != mine[1]:
            turned_round = (mine[0] != theirs[0]) != (mine[2] != theirs[2])
            count += turned_round
    return count + (not count and _other_subject(claim, other, names))


def _other_subject(claim: Reading, other: Reading, names: set[str]) -> bool:
    """Tell whether another of the shared names opens the claim than opens the evidence."""
    mine, theirs = _subject(claim, names), _subject(other, names)
    either = {t.key for t in claim.tokens} ^ {t.key for t in other.tokens}
    if "by" in {t.word for t in (*claim.tokens, *other.tokens)} or either & _CONVERSE:
        return False
    return bool(mine and theirs and not mine & theirs and len(claim.keys - other.keys) <= 1)


def _subject(reading: Reading, names: set[str]) -> set[str]:
    """Return the first of `names` with those beside it; none behind a preposition or an "and"."""
    first = next((i for i, t in enumerate(reading.tokens) if t.key in names), None)
    if first is None or {t.word for t in reading.tokens[max(0, first - 2) : first]} & _PLACES:
        return set()
    found = set()
    for token in reading.tokens[first:]:
        if not (token.name or token.word == "and"):
            break
        found.add(token.key)
    return found


def _about(reading: Reading, verb: str, names: set[str]) -> tuple[str, str, bool] | None:
    """Return the name nearest before the verb, the one nearest behind it, and if it is passive."""
    places = [i for i, t in enumerate(reading.tokens) if t.key == verb]
    if len(places) != 1:
        return None
    at = places[0]
    before = [t.key for t in reading.tokens[:at] if t.key in names]
    behind = [t.key for t in reading.tokens[at + 1 :] if t.key in names]
    return (before[-1], behind[0], at in reading.passive) if before and behind else None


def _directed(reading: Reading) -> bool:
    return not any(t.key in _CONVERSE for t in reading.tokens)


def _cases(reading: Reading, names: set[str]) -> dict[str, str]:
    """Return which names stand behind "from" and which behind "to"."""
    found = {}
    for i, token in enumerate(reading.tokens):
        behind = {t.word for t in reading.tokens[max(0, i - 2) : i]}
        if token.key in names and bool(behind & _SOURCE) != bool(behind & _GOAL):
            found[token.key] = "from" if behind & _SOURCE else "to"
    return found


def _crossed(mine: dict[str, str], theirs: dict[str, str]) -> bool:
    return any(name in theirs and theirs[name] != case for name, case in mine.items())


def replaced(claim: Reading, nearest: Reading) -> int:
    """Count names of the claim that the nearest sentence lacks while it has others in their place.

    A sentence with a pronoun may speak of anybody, and is not counted.
    """
    if nearest.has_pronoun or not nearest.names - claim.names:
        return 0
    return len(claim.names - nearest.keys)


def recounted(claim: Reading, nearest: Reading) -> int:
    """Count quantities of the claim that the nearest sentence lacks while it has others."""
    spare = [one for one in nearest.quantities if not given(one, claim.quantities)]
    return min(missing(claim.quantities, nearest.quantities), len(spare))


def misquoted(claim: str, evidence: str) -> int:
    """Count the quotations of the claim that stand nowhere in the evidence, letters apart."""
    held = " ".join(re.findall(r"\w+", fold(evidence)))
    quoted = (" ".join(re.findall(r"\w+", fold(one))) for one in _QUOTED.findall(claim))
    return sum(one not in held for one in quoted)


def surer(claim: Reading, core: Sequence[Reading]) -> bool:
    """Tell whether the evidence says "may" where the claim says that it is so."""
    unsure = any(t.word in _UNSURE for one in core for t in one.tokens)
    return unsure and not any(t.word in _UNSURE for t in claim.tokens)


def denials_differ(claim: Reading, core: Sequence[Reading]) -> int:
    """Return how many denying words the claim has more (or less, below 0) than the evidence."""
    mine = sum(t.word in NEGATIONS for t in claim.tokens)
    theirs = max((sum(t.word in NEGATIONS for t in one.tokens) for one in core), default=0)
    return max(-2, min(2, mine - theirs))
