"""Scores: `score_case(case, answer, judgement)` for one case, `summarise(scored)` for many.

A mean is over what was scored, has its interval, and what was not scored is counted beside it by
reason. The formulas for one case are in `score.py` and `retrieval.py`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from eval.cases import KINDS, Case
from eval.retrieval import Place
from eval.score import LATENCY, METRICS, Metric, Score, Seen, may_be_declined, score_case
from eval.stats import Estimate, bootstrap, estimate

__all__ = [
    "METRICS",
    "Metric",
    "Place",
    "Score",
    "Scored",
    "Seen",
    "Summary",
    "cluster",
    "clusters",
    "declining",
    "score_case",
    "summarise",
    "to_dict",
]

ENOUGH_DOCUMENTS: Final = 10
"""Documents from which on a set can speak about documents; below, it is about these."""

FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class Scored:
    """A case with what it was given; `declined` and `failed` as the answer's outcome has it."""

    case: Case
    declined: bool
    failed: bool
    scores: Mapping[str, Score]


@dataclass(frozen=True, slots=True)
class Summary:
    """A metric over many cases; `estimate` is None when nothing was scored.

    `unscored` counts the cases that are not in the mean, by reason. `median` and `p95` are given
    for latency, in milliseconds.
    """

    estimate: Estimate | None
    unscored: Mapping[str, int]
    median: float | None = None
    p95: float | None = None


def cluster(case: Case) -> str:
    """Return the name of the cluster of a case about few documents: its conversation."""
    return case.group


def clusters(cases: Sequence[Case]) -> dict[str, str]:
    """Return each case's cluster by its id: its document, where there are ENOUGH_DOCUMENTS.

    Otherwise its conversation (`case.group`): an interval then says how far the figure would move
    with other questions about these documents, not with other documents.
    """
    documents = {case.id: next((e.document for e in case.evidence), None) for case in cases}
    if len({name for name in documents.values() if name}) < ENOUGH_DOCUMENTS:
        return {case.id: cluster(case) for case in cases}
    return {case.id: documents[case.id] or cluster(case) for case in cases}


def summarise(scored: Sequence[Scored], *, seed: int) -> dict[str, Summary]:
    """Return each metric's mean and what was not scored, and declining's precision, recall and F1.

    Beside METRICS and each stage's latency: "decline_precision", "decline_recall", "decline_f1",
    and for each kind of case "declined.<kind>", the share that was declined. A metric that no case
    was scored by is there too, with its reasons.
    """
    groups = clusters([one.case for one in scored])
    names = [metric.name for metric in METRICS]
    names += sorted({n for one in scored for n in one.scores if n.startswith(LATENCY)})
    found = {name: _mean(name, scored, groups, seed) for name in names}
    return found | declining(scored, groups, seed=seed)


def declining(
    scored: Sequence[Scored], groups: Mapping[str, str], *, seed: int
) -> dict[str, Summary]:
    """Return precision, recall and F1 of declining, and the share declined of each kind.

    Precision: of the declined, those that are not answerable. Recall: of the unanswerable, those
    that were declined. F1: 2 tp / (2 tp + fp + fn) (van Rijsbergen 1979). A false premise that was
    set right needed no declining and is in neither; nor is conversation, nor what failed.
    """
    asked = [s for s in scored if s.case.kind != "conversation" and not s.failed]
    failed = {FAILED: n} if (n := sum(s.failed for s in scored)) else {}

    def share(of: Sequence[Scored], right: Sequence[bool]) -> Summary:
        names = [groups[one.case.id] for one in of]
        return Summary(estimate([float(r) for r in right], names, seed=seed), failed)

    declined = [s for s in asked if s.declined]
    due = [s for s in asked if not s.case.answerable and (s.declined or not _set_right(s))]
    counts = [
        (2.0 * hit, 2.0 * hit + (s.declined and s.case.answerable) + (not s.declined))
        for s in asked
        if (hit := s.declined and not s.case.answerable) or s.declined or s in due
    ]
    names = [groups[s.case.id] for s in asked if s.declined or s in due]
    found = {
        "decline_precision": share(declined, [may_be_declined(s.case) for s in declined]),
        "decline_recall": share(due, [s.declined for s in due]),
        "decline_f1": Summary(
            bootstrap(counts, names, lambda sums: sums[:, 0] / sums[:, 1], seed=seed), failed
        ),
    }
    for kind in KINDS:
        of = [s for s in scored if s.case.kind == kind and not s.failed]
        if of:
            found[f"declined.{kind}"] = share(of, [s.declined for s in of])
    return found


def _set_right(scored: Scored) -> bool:
    return scored.case.kind == "false_premise" and scored.scores["right_outcome"].value == 1


def _mean(name: str, scored: Sequence[Scored], groups: Mapping[str, str], seed: int) -> Summary:
    given = [(one.case.id, one.scores.get(name, Score(None, "not measured"))) for one in scored]
    known = [(case, score.value) for case, score in given if score.value is not None]
    reasons = Counter(score.reason for _, score in given if score.value is None)
    values = [value for _, value in known]
    shares = not name.startswith(LATENCY) and name not in {"tokens", "cost"}
    found = estimate(values, [groups[case] for case, _ in known], seed=seed, shares=shares)
    unscored = dict(sorted(reasons.items()))
    if not name.startswith(LATENCY) or not values:
        return Summary(found, unscored)
    median, late = np.quantile(np.array(values), [0.5, 0.95]).tolist()
    return Summary(found, unscored, median, late)


def to_dict(summaries: Mapping[str, Summary]) -> dict[str, Any]:
    """Return summaries as JSON has them."""
    return {name: asdict(summary) for name, summary in summaries.items()}
