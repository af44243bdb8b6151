"""Scores: `score_case(case, answer, judgement)` for one case, `summarise(scored)` for many.

Pure. A Score is a number or, with its reason, "not scored"; never NaN, never a zero that stands for
something else. A mean is over what was scored, and what was not is counted beside it by reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from assistant.answer import Answer
from eval.cases import Case
from eval.judge import Judgement
from eval.stats import Estimate


@dataclass(frozen=True, slots=True)
class Score:
    """One metric of one case; None is "not scored". `reason` says why, or what the number means."""

    value: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """What a metric is called and which way is better; `binary`: a case scores 0 or 1."""

    name: str
    title: str
    about: str
    group: Literal["answer", "retrieval", "declining", "cost"]
    better: Literal["higher", "lower"] = "higher"
    binary: bool = False
    unit: Literal["share", "ms", "tokens", "money"] = "share"


METRICS: Final[tuple[Metric, ...]] = ()
"""Every metric that `score_case` gives, in the order of a report."""


@dataclass(frozen=True, slots=True)
class Place:
    """A slice of a document: what was retrieved, or is cited, or is evidence."""

    document: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a case beside its answer; None where it was not recorded.

    `hits` are the retrieved passages, best first; `texts` the documents' texts by id; `prices` what
    a million tokens cost, by the names in `answer.usage`.
    """

    hits: tuple[Place, ...] | None = None
    texts: Mapping[str, str] | None = None
    prices: Mapping[str, float] | None = None


def score_case(
    case: Case, answer: Answer, judgement: Judgement, seen: Seen | None = None
) -> dict[str, Score]:
    """Return a Score for every metric in METRICS, by name, and for each stage's latency."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Scored:
    """A case with what it was given; `declined` as the answer's outcome has it."""

    case: Case
    declined: bool
    failed: bool
    scores: Mapping[str, Score]


@dataclass(frozen=True, slots=True)
class Summary:
    """A metric over many cases; `estimate` is None when nothing was scored."""

    estimate: Estimate | None
    unscored: Mapping[str, int]


def cluster(case: Case) -> str:
    """Return the name of the cluster that `case` is drawn with: its conversation."""
    raise NotImplementedError


def summarise(scored: Sequence[Scored], *, seed: int) -> dict[str, Summary]:
    """Return each metric's mean and what was not scored, and declining's precision, recall and F1.

    Beside METRICS: "decline_precision", "decline_recall", "decline_f1", and
    "declined.<kind>" for each kind of case: the share that was declined.
    """
    raise NotImplementedError


def to_dict(summaries: Mapping[str, Summary]) -> dict[str, Any]:
    """Return summaries as JSON has them."""
    raise NotImplementedError
