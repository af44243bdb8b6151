"""From answers to figures: `await score(asked, judge, texts)` gives a row a case, `figures(rows)`
what they come to.

A row is what scores.jsonl holds, so every figure can be worked out again from a run's folder.
Nothing here depends on when or how fast something was answered: that is in `latencies`, apart.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assistant.answer import Answer
from eval.cache import Cache, key_of
from eval.cases import KINDS, Case, KeyFact
from eval.faults import FAULTS, Fault, find_faults
from eval.judge import FactVerdict, Judge, Judgement, Verdict, judge_case
from eval.metrics import (
    METRICS,
    Metric,
    Place,
    Score,
    Scored,
    Seen,
    Summary,
    clusters,
    score_case,
    summarise,
)
from eval.provenance import JUDGING, code_hash
from eval.score import LATENCY
from eval.stats import estimate
from eval.subject import Hits

Row = dict[str, Any]

RIGHT = Metric(
    "right",
    "Handled right",
    "answered with every vital fact and nothing wrong, or declined where the text does not say",
    "answer",
    binary=True,
)
"""The headline: the share of cases without a fault (`faults.py`)."""

BY_KIND = ("right", "faithfulness", "key_facts_vital")
"""Metrics that are also given for each kind of case, those of them that there are."""

Tell = Callable[[str, int, int], None]
PERCENTILES = {"median": 50, "p90": 90, "p99": 99}


@dataclass(frozen=True)
class Asked:
    """A case with its answer and what was retrieved for it (None where nothing was recorded)."""

    case: Case
    answer: Answer
    hits: Hits | None


class RememberingJudge:
    """A judge that keeps its verdicts in a cache, and never asks the same thing twice.

    What is unscored is not kept: a model that was out of reach may be within it next time.
    """

    def __init__(self, judge: Judge, cache: Cache) -> None:
        self.name = judge.name
        self._judge = judge
        self._cache = cache
        self._identity = [judge.describe(), code_hash(JUDGING)]

    def describe(self) -> dict[str, Any]:
        """Return what the judge says of itself."""
        return self._judge.describe()

    async def claim(self, claim: str, quotes: Sequence[str], /) -> Verdict:
        """Return the judge's verdict on a claim."""
        key = key_of([self._identity, "claim", claim, list(quotes)])
        if (kept := self._cache.get(key)) is not None:
            return Verdict(**kept)
        found = await self._judge.claim(claim, quotes)
        if found.value != "unscored":
            self._cache.put(
                key, {"value": found.value, "reason": found.reason, "support": found.support}
            )
        return found

    async def fact(self, fact: KeyFact, sentences: Sequence[str], /) -> FactVerdict:
        """Return the judge's verdict on a key fact."""
        key = key_of([self._identity, "fact", fact.text, list(fact.accept), list(sentences)])
        if (kept := self._cache.get(key)) is not None:
            return FactVerdict(**kept)
        found = await self._judge.fact(fact, sentences)
        if found.value != "unscored":
            self._cache.put(key, {"value": found.value, "reason": found.reason})
        return found


async def score(
    asked: Sequence[Asked], judge: Judge, texts: Mapping[str, str], tell: Tell | None = None
) -> list[Row]:
    """Return a row for each case, in the order given; `texts` are the documents' texts by id."""
    rows = []
    groups = clusters([one.case for one in asked])
    for done, one in enumerate(asked):
        if tell:
            tell("scoring", done, len(asked))
        places = None if one.hits is None else tuple(Place(*hit) for hit in one.hits)
        retrieved = [texts[name][start:end] for name, start, end in one.hits or ()]
        judgement = await judge_case(judge, one.case, one.answer, retrieved)
        scores = score_case(one.case, one.answer, judgement, Seen(hits=places, texts=texts))
        faults = find_faults(one.case, one.answer, judgement, scores["right_outcome"].value, texts)
        rows.append(_row(one, judgement, faults, scores) | {"cluster": groups[one.case.id]})
    return rows


def _row(
    one: Asked, judgement: Judgement, faults: tuple[Fault, ...], scores: Mapping[str, Score]
) -> Row:
    kept = {n: s for n, s in scores.items() if not is_timing(n)}
    kept["right"] = _right(one, judgement, faults)
    return {
        "id": one.case.id,
        "kind": one.case.kind,
        "split": one.case.split,
        "tags": list(one.case.tags),
        "answerable": one.case.answerable,
        "outcome": one.answer.outcome,
        "reason": one.answer.reason,
        "faults": [fault.to_dict() for fault in faults],
        "scores": {name: score.value for name, score in kept.items()},
        "notes": {name: score.reason for name, score in kept.items() if score.reason},
        "judgement": judgement.to_dict(),
    }


def _right(one: Asked, judgement: Judgement, faults: tuple[Fault, ...]) -> Score:
    if one.answer.outcome == "failed":
        return Score(None, "it failed")
    if faults:
        return Score(0.0, faults[0].fault)
    if any(claim.verdict.value == "unscored" for claim in judgement.claims):
        return Score(None, "a claim without a verdict")
    pairs = zip(one.case.key_facts, judgement.facts, strict=False)
    if any(fact.vital and verdict.value == "unscored" for fact, verdict in pairs):
        return Score(None, "a vital fact without a verdict")
    return Score(1.0)


def is_timing(name: str) -> bool:
    """Tell whether a metric is a time, which differs from run to run."""
    return name.startswith(LATENCY)


def metrics() -> dict[str, Metric]:
    """Return every metric that can be compared and gated, by name, the headline first."""
    kept = [metric for metric in METRICS if not is_timing(metric.name)]
    return {metric.name: metric for metric in (RIGHT, *kept)}


def figures(rows: Sequence[Row], cases: Mapping[str, Case], *, seed: int) -> dict[str, Any]:
    """Return every figure of a run, as JSON has them: the same for the same rows, to the digit."""
    kinds = [kind for kind in KINDS if any(row["kind"] == kind for row in rows)]
    splits = sorted({row["split"] for row in rows if row["split"]})
    return {
        "cases": len(rows),
        "outcomes": dict(sorted(Counter(row["outcome"] for row in rows).items())),
        "faults": _faults(rows),
        "metrics": _figures(rows, cases, seed),
        "by_kind": {kind: _short(_where(rows, "kind", kind), seed) for kind in kinds},
        "by_split": {
            split: {"cases": len(part), "metrics": _figures(part, cases, seed)}
            for split in splits
            if (part := _where(rows, "split", split))
        },
    }


def _where(rows: Sequence[Row], field: str, value: str) -> list[Row]:
    return [row for row in rows if row[field] == value]


def _faults(rows: Sequence[Row]) -> dict[str, int]:
    counted = Counter(name for row in rows for name in {f["fault"] for f in row["faults"]})
    return {name: counted[name] for name in FAULTS if counted[name]}


def _figures(rows: Sequence[Row], cases: Mapping[str, Case], seed: int) -> dict[str, Any]:
    scored = [
        Scored(
            case=cases[row["id"]],
            declined=row["outcome"] == "declined",
            failed=row["outcome"] == "failed",
            scores={
                name: Score(value, row["notes"].get(name, ""))
                for name, value in row["scores"].items()
            },
        )
        for row in rows
    ]
    summaries = {n: s for n, s in summarise(scored, seed=seed).items() if not is_timing(n)}
    return {"right": _figure(rows, "right", seed)} | {
        name: figure_of(summary) for name, summary in summaries.items() if name != "right"
    }


def _short(rows: Sequence[Row], seed: int) -> dict[str, Any]:
    names = [name for name in BY_KIND if any(name in row["scores"] for row in rows)]
    return {"cases": len(rows), "metrics": {name: _figure(rows, name, seed) for name in names}}


def _figure(rows: Sequence[Row], name: str, seed: int) -> dict[str, Any]:
    scored = [row for row in rows if row["scores"].get(name) is not None]
    missing = [row for row in rows if row["scores"].get(name) is None]
    return figure_of(
        Summary(
            estimate(
                [row["scores"][name] for row in scored], [r["cluster"] for r in scored], seed=seed
            ),
            Counter(row["notes"].get(name, "not scored") for row in missing),
        )
    )


def figure_of(summary: Summary) -> dict[str, Any]:
    """Return a figure with its interval and what it rests on; "value" is None if nothing was."""
    found = summary.estimate
    return {
        "value": found.value if found else None,
        "low": found.low if found else None,
        "high": found.high if found else None,
        "n": found.n if found else 0,
        "clusters": found.clusters if found else 0,
        "unscored": dict(sorted(summary.unscored.items())),
    }


def latencies(answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return milliseconds by stage over recorded answers: median, 90th and 99th percentile."""
    stages: dict[str, list[float]] = {}
    for row in answers:
        for stage, spent in row["answer"]["timings_ms"].items():
            stages.setdefault(stage, []).append(spent)
    return {
        stage: {"n": len(spent)}
        | {name: round(float(np.percentile(spent, at)), 3) for name, at in PERCENTILES.items()}
        for stage, spent in stages.items()
    }
