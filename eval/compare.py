"""Two runs, case by case: `compare(a, b)` says what got better and worse from A to B.

Paired by case id: a case that one run lacks, or that one did not score, says nothing about the
difference and is counted. A metric got worse when its interval and its p-value, corrected for how
many metrics are looked at (Holm 1979), both say so; or when a gate says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from eval.folder import RunFolder
from eval.scoring import RIGHT, metrics
from eval.stats import Difference, difference
from index.errors import UsageError

ALPHA = 0.05
COMPARED = ("writer", "model", "index", "embedding_model", "code", "commit", "dirty", "seed")
"""Fields of a manifest that a reader wants to see when they differ."""


@dataclass(frozen=True)
class Row:
    """One metric: both means over the shared cases, their difference and what to make of it.

    `change` is "better" or "worse" when the difference is significant, else "none"; `adjusted` is
    the p-value after Holm's correction. `better` and `worse` name the cases, whichever way the
    metric counts.
    """

    metric: str
    a: float
    b: float
    difference: Difference
    adjusted: float
    change: str
    better: tuple[str, ...]
    worse: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """Two runs beside one another; `regressed` names the metrics that got worse."""

    a: str
    b: str
    shared: int
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    changed: tuple[str, ...]
    rows: tuple[Row, ...]
    settings: dict[str, tuple[Any, Any]]

    @property
    def regressed(self) -> list[str]:
        """The metrics that got significantly worse."""
        return [row.metric for row in self.rows if row.change == "worse"]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {**asdict(self), "regressed": self.regressed}


def compare(a: RunFolder, b: RunFolder) -> Comparison:
    """Compare run A with run B.

    Raises RunError for a run that has no scores, UsageError for runs that share no case.
    """
    ours, theirs = a.manifest(), b.manifest()
    first, second = ({row["id"]: row for row in run.scores()} for run in (a, b))
    questions = [{row["id"]: row["answer"]["question"] for row in r.answers()} for r in (a, b)]
    changed = [n for n in first if n in second and questions[0].get(n) != questions[1].get(n)]
    shared = [name for name in first if name in second and name not in changed]
    if not shared:
        raise UsageError(f"{a.path} and {b.path} share no case; nothing can be compared")
    clusters = {name: first[name]["cluster"] for name in shared}
    found = {
        name: row
        for name in metrics()
        if (row := _difference(name, first, second, clusters, ours["seed"]))
    }
    adjusted = holm({name: row.p for name, row in found.items()})
    return Comparison(
        str(a.path),
        str(b.path),
        len(shared),
        tuple(name for name in first if name not in second),
        tuple(name for name in second if name not in first),
        tuple(changed),
        tuple(
            _row(name, one, adjusted[name], _means(name, first, second, shared))
            for name, one in found.items()
        ),
        _settings(ours, theirs),
    )


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p-values corrected for their number by Holm's step-down method (Holm 1979)."""
    adjusted: dict[str, float] = {}
    least = 0.0
    for rank, (name, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        least = max(least, min(1.0, p * (len(p_values) - rank)))
        adjusted[name] = least
    return adjusted


def _difference(
    name: str,
    a: Mapping[str, Any],
    b: Mapping[str, Any],
    clusters: Mapping[str, str],
    seed: int,
) -> Difference | None:
    scored = [
        {n: run[n]["scores"][name] for n in clusters if run[n]["scores"].get(name) is not None}
        for run in (a, b)
    ]
    return difference(scored[0], scored[1], clusters, seed=seed)


def _means(
    name: str, a: Mapping[str, Any], b: Mapping[str, Any], shared: Sequence[str]
) -> tuple[float, float]:
    both = [
        pair
        for case in shared
        if None not in (pair := (a[case]["scores"].get(name), b[case]["scores"].get(name)))
    ]
    return sum(x for x, _ in both) / len(both), sum(y for _, y in both) / len(both)


def _row(name: str, one: Difference, adjusted: float, means: tuple[float, float]) -> Row:
    lower = metrics()[name].better == "lower"
    better, worse = (one.worse, one.better) if lower else (one.better, one.worse)
    # The headline is looked at for itself; the others are many, and one of them is always unlucky.
    p = one.p if name == RIGHT.name else adjusted
    change = "none"
    if p < ALPHA and one.low is not None and one.high is not None and not one.low <= 0 <= one.high:
        change = "better" if (one.value > 0) != lower else "worse"
    return Row(name, *means, one, p, change, better, worse)


def _settings(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return what differs between two manifests, by name."""
    left, right = _flat(a), _flat(b)
    return {
        name: (left.get(name), right.get(name))
        for name in sorted(left.keys() | right.keys())
        if left.get(name) != right.get(name)
    }


def _flat(manifest: Mapping[str, Any]) -> dict[str, Any]:
    flat = {name: manifest[name] for name in COMPARED}
    for table in ("settings", "prompts", "versions", "machine"):
        flat |= {f"{table}.{name}": value for name, value in manifest[table].items()}
    return flat | {"cases": manifest["cases"]["digest"]}
