"""The self-test of a run, for its report: `await self_checked(judge, rows, seed=1)`.

`selftest.py` swaps numbers, names, negations and sources in the run's own sentences and asks the
judge. Here it is listened to, so that a report can draw how far its support can be trusted: each
verdict's support beside whether the claim was true.
"""

from collections.abc import Sequence
from typing import Any

from eval.cases import KeyFact
from eval.judge import FactVerdict, Judge, Judgement, Verdict
from eval.metrics import Summary
from eval.scoring import Row, figure_of
from eval.selftest import Caught, self_test


class _Listener:
    """A judge that is listened to; `pairs` are (support, whether the claim was left as it was)."""

    def __init__(self, judge: Judge) -> None:
        self.name = judge.name
        self.pairs: list[tuple[float, bool]] = []
        self._judge = judge

    def describe(self) -> dict[str, Any]:
        return self._judge.describe()

    async def claim(self, claim: str, quotes: Sequence[str], /) -> Verdict:
        found = await self._judge.claim(claim, quotes)
        if found.support is not None:
            self.pairs.append((found.support, claim in quotes))
        return found

    async def fact(self, fact: KeyFact, sentences: Sequence[str], /) -> FactVerdict:
        return await self._judge.fact(fact, sentences)


async def self_checked(judge: Judge, rows: Sequence[Row], *, seed: int) -> dict[str, Any]:
    """Return what part of the swapped was caught, and of the unswapped flagged, as JSON has it."""
    listener = _Listener(judge)
    judgements = [(row["cluster"], Judgement.from_dict(row["judgement"])) for row in rows]
    found = await self_test(listener, judgements, seed=seed)
    return {
        "flagged": _figure(found.flagged),
        "caught": {kind: _figure(one) for kind, one in found.caught.items()},
        "pairs": [list(pair) for pair in listener.pairs],
    }


def _figure(caught: Caught) -> dict[str, Any]:
    return figure_of(Summary(caught.share, caught.unscored))
