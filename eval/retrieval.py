"""How good a ranking is: `recall(hits, needs(case), k)`, `mrr(…)`, `ndcg(…)`, by evidence.

Pure. What is wanted are slices of text, not passages, so that a figure does not change its meaning
when passages are cut in another way. Slices that state the same fact are alternatives: any of them
meets the need for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log2
from typing import Final

from eval.cases import Case

DEPTHS: Final = (1, 3, 8)
"""How deep recall looks into a ranking; the last is what the assistant retrieves."""


@dataclass(frozen=True, slots=True)
class Place:
    """A slice of a document: what was retrieved, or is cited, or is evidence.

    `document` is None for evidence of a set that is about one document only.
    """

    document: str | None
    start: int
    end: int


Need = frozenset[Place]
"""Alternatives: one of them is enough."""


def evidence_places(case: Case) -> list[Place]:
    """Return where the case's evidence stands."""
    return [Place(one.document, one.start, one.end) for one in case.evidence]


def needs(case: Case) -> list[Need]:
    """Return what has to be found: for each fact the slices that state it; the rest one by one."""
    places = evidence_places(case)
    facts = sorted({fact for one in case.evidence for fact in one.facts})
    found = [
        frozenset(p for p, one in zip(places, case.evidence, strict=True) if fact in one.facts)
        for fact in facts
    ]
    found += [frozenset([p]) for p, one in zip(places, case.evidence, strict=True) if not one.facts]
    return list(dict.fromkeys(found))


def bears_on(place: Place, evidence: Sequence[Place]) -> bool:
    """Tell whether `place` shares at least half of the shorter of the two with some evidence."""
    return any(
        2 * _common(place, one) >= min(place.end - place.start, one.end - one.start) > 0
        for one in evidence
    )


def recall(hits: Sequence[Place], wanted: Sequence[Need], k: int) -> float:
    """Return the share of needs that the first `k` hits meet.

    A need is met when the hits together hold more than half of one of its slices.
    """
    return sum(_met(need, hits[:k]) for need in wanted) / len(wanted)


def mrr(hits: Sequence[Place], wanted: Sequence[Need]) -> float:
    """Return 1 / rank of the first hit that meets a need, 0 if none does (Voorhees 1999)."""
    gains = _gains(hits, wanted)
    return next((1 / rank for rank, gain in enumerate(gains, 1) if gain), 0.0)


def ndcg(hits: Sequence[Place], wanted: Sequence[Need], k: int) -> float:
    """Return the discounted gain of the first `k` hits over the best possible one, 0 to 1.

    Gain / log2(rank + 1) as Järvelin & Kekäläinen (2002) discount; a hit gains the needs that it is
    the first to meet, so that saying the same again gains nothing (alpha-nDCG with alpha = 1,
    Clarke et al. 2008). The best ranking has the same hits in the best order, and a hit for each
    need that none of them meets.
    """
    gains = _gains(hits, wanted)
    missing = len(wanted) - sum(gains)
    best = sorted([*gains, *[1] * missing], reverse=True)
    return _discounted(gains[:k]) / _discounted(best[:k])


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / log2(rank + 1) for rank, gain in enumerate(gains, 1))


def _gains(hits: Sequence[Place], wanted: Sequence[Need]) -> list[int]:
    met = [sum(_met(need, hits[:k]) for need in wanted) for k in range(len(hits) + 1)]
    return [after - before for before, after in pairwise(met)]


def _met(need: Need, hits: Sequence[Place]) -> bool:
    return any(2 * _covered(place, hits) > place.end - place.start for place in need)


def _covered(place: Place, hits: Sequence[Place]) -> int:
    """Return how many characters of `place` the hits hold together."""
    held: set[int] = set()
    for hit in hits:
        if _common(place, hit):
            held.update(range(max(place.start, hit.start), min(place.end, hit.end)))
    return len(held)


def _common(a: Place, b: Place) -> int:
    if a.document is not None and b.document is not None and a.document != b.document:
        return 0
    return max(0, min(a.end, b.end) - max(a.start, b.start))
