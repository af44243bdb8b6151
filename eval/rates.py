"""How well a judge tells right from wrong: `auroc(labels, scores)`, `confusion(...)`, `ece(...)`.

Labels are True for what is so (a claim that is supported), scores higher for what the judge holds
more likely. Each figure is None where it is undefined, never NaN: an AUROC needs both labels.
`rates` puts a cluster bootstrap interval around each of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import fsum

import numpy as np
from numpy.typing import NDArray

from eval.stats import Estimate, Floats, bootstrap, interval, resamples

Bools = NDArray[np.bool_]

BINS = 10


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of verdicts against labels: true and false, positives and negatives."""

    tp: float
    fp: float
    tn: float
    fn: float

    @property
    def tpr(self) -> float | None:
        """Share of what is so that was called so: sensitivity."""
        return _share(self.tp, self.tp + self.fn)

    @property
    def tnr(self) -> float | None:
        """Share of what is not so that was called not so: specificity."""
        return _share(self.tn, self.tn + self.fp)

    @property
    def balanced_accuracy(self) -> float | None:
        """The mean of both shares: one half for whoever always says the same."""
        if self.tpr is None or self.tnr is None:
            return None
        return (self.tpr + self.tnr) / 2

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa (1960): agreement beyond chance, (po - pe) / (1 - pe)."""
        n = self.tp + self.fp + self.tn + self.fn
        if not n:
            return None
        agreed = (self.tp + self.tn) / n
        called, so = (self.tp + self.fp) / n, (self.tp + self.fn) / n
        chance = called * so + (1 - called) * (1 - so)
        return _share(agreed - chance, 1 - chance)


def confusion(labels: Sequence[bool], called: Sequence[bool]) -> Confusion:
    """Count how `called` meets `labels`."""
    pairs = list(zip(labels, called, strict=True))
    return Confusion(
        tp=sum(label and call for label, call in pairs),
        fp=sum(not label and call for label, call in pairs),
        tn=sum(not label and not call for label, call in pairs),
        fn=sum(label and not call for label, call in pairs),
    )


def auroc(labels: Sequence[bool], scores: Sequence[float]) -> float | None:
    """Return the chance that what is so scores above what is not, a tie counting one half.

    Mann & Whitney's U over the number of pairs (1947; Hanley & McNeil 1982). None where one of the
    labels is missing.
    """
    if not labels:
        return None
    pairs = _Pairs(np.asarray(labels, bool), np.asarray(scores, np.float64))
    (area,) = _divided(*pairs(np.ones((1, len(labels))))).tolist()
    return None if np.isnan(area) else float(area)


def ece(labels: Sequence[bool], probabilities: Sequence[float]) -> float | None:
    """Return the expected calibration error in BINS bins of equal width.

    The mean distance between what a bin of claims was given and what share of it is so, weighted
    by the bin's size (Naeini et al. 2015; Guo et al. 2017). None for no claims.
    """
    if not labels:
        return None
    sums = np.array([[fsum(column) for column in _binned(labels, probabilities).T]])
    return float(_gap(sums)[0])


def brier(labels: Sequence[bool], probabilities: Sequence[float]) -> float | None:
    """Return the mean squared distance of probability and label (Brier 1950); None for none."""
    if not labels:
        return None
    distances = np.asarray(probabilities, np.float64) - np.asarray(labels, np.float64)
    return fsum(distances**2) / len(labels)


@dataclass(frozen=True, slots=True)
class Rates:
    """Everything about one judge on one set of labelled claims; None where undefined."""

    auroc: Estimate | None
    balanced_accuracy: Estimate | None
    tpr: Estimate | None
    tnr: Estimate | None
    kappa: Estimate | None
    ece: Estimate | None
    brier: Estimate | None


def rates(
    labels: Sequence[bool],
    scores: Sequence[float],
    called: Sequence[bool],
    clusters: Sequence[str],
    *,
    seed: int,
) -> Rates:
    """Measure a judge by its verdicts `called` and by the probabilities, 0 to 1, behind them.

    Intervals are percentile cluster bootstraps; resamples that lack a label are left out where the
    figure needs it.
    """
    so, yes = np.asarray(labels, bool), np.asarray(called, bool)
    cells: Floats = np.stack([so & yes, ~so & yes, ~so & ~yes, so & ~yes], axis=1).astype(
        np.float64
    )
    distances = (np.asarray(scores, np.float64) - so) ** 2

    def over(columns: Floats, statistic: Callable[[Floats], Floats]) -> Estimate | None:
        return bootstrap(columns.tolist(), clusters, statistic, seed=seed)

    return Rates(
        auroc=auroc_estimate(labels, scores, clusters, seed=seed),
        balanced_accuracy=over(cells, lambda s: (_tpr(s) + _tnr(s)) / 2),
        tpr=over(cells, _tpr),
        tnr=over(cells, _tnr),
        kappa=over(cells, _kappa),
        ece=over(_binned(labels, scores), _gap) if len(labels) else None,
        brier=over(np.stack([distances, np.ones(len(so))], axis=1), lambda s: s[:, 0] / s[:, 1]),
    )


def auroc_estimate(
    labels: Sequence[bool],
    scores: Sequence[float],
    clusters: Sequence[str],
    *,
    seed: int,
    strata: Sequence[str] | None = None,
) -> Estimate | None:
    """Return `auroc` with a cluster bootstrap interval.

    With `strata`, a name for each claim, only pairs of one stratum are compared, all pairs counting
    alike: what a judge tells apart among the claims of one generator, not by who made them.
    """
    so, given = np.asarray(labels, bool), np.asarray(scores, np.float64)
    parts = np.asarray(strata if strata is not None else [""] * len(so))
    areas = [(rows, _Pairs(so[rows], given[rows])) for rows in _each(parts)]

    def area(weights: Floats) -> Floats:
        counted = [pairs(weights[:, rows]) for rows, pairs in areas]
        won = np.sum([w for w, _ in counted], axis=0)
        return _divided(won, np.sum([n for _, n in counted], axis=0))

    if not len(so):
        return None
    (value,) = area(np.ones((1, len(so)))).tolist()
    if np.isnan(value):
        return None
    names, member = np.unique(np.asarray(clusters), return_inverse=True)
    low, high = None, None
    if len(names) > 1:
        # A resample gives each claim the weight with which its cluster was drawn.
        drawn = [area(p[:, member]) for p in resamples(len(names), seed, len(member))]
        low, high = interval(np.concatenate(drawn))
    return Estimate(value, low, high, len(labels), len(names))


def _each(parts: NDArray[np.str_]) -> list[NDArray[np.intp]]:
    """Return the rows of each part."""
    return [np.flatnonzero(parts == name) for name in np.unique(parts)]


class _Pairs:
    """Counts pairs for many weightings of the same claims: sorted once."""

    def __init__(self, so: Bools, scores: Floats) -> None:
        self._order = np.argsort(scores, kind="stable")
        ranked = scores[self._order]
        self._starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
        self._so = so[self._order]

    def __call__(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return pairs won, a tie counting a half, and pairs, for each row of `weights`."""
        ranked = weights[:, self._order]
        positive = np.add.reduceat(np.where(self._so, ranked, 0.0), self._starts, axis=1)
        negative = np.add.reduceat(np.where(self._so, 0.0, ranked), self._starts, axis=1)
        below = np.cumsum(negative, axis=1) - negative
        won = (positive * (below + negative / 2)).sum(axis=1)
        return won, positive.sum(axis=1) * negative.sum(axis=1)


def _binned(labels: Sequence[bool], probabilities: Sequence[float]) -> Floats:
    """Return a row for each claim: label minus probability in its bin's column, and a 1 at last."""
    chances = np.asarray(probabilities, np.float64)
    bins = np.minimum((chances * BINS).astype(int), BINS - 1)
    rows = np.zeros((len(chances), BINS + 1))
    rows[np.arange(len(chances)), bins] = np.asarray(labels, np.float64) - chances
    rows[:, BINS] = 1
    return rows


def _gap(sums: Floats) -> Floats:
    # A bin's size times its gap is what label and probability differ by in sum.
    return np.asarray(np.abs(sums[:, :BINS]).sum(axis=1) / sums[:, BINS])


def _tpr(sums: Floats) -> Floats:
    return _divided(sums[:, 0], sums[:, 0] + sums[:, 3])


def _tnr(sums: Floats) -> Floats:
    return _divided(sums[:, 2], sums[:, 1] + sums[:, 2])


def _kappa(sums: Floats) -> Floats:
    tp, fp, tn, fn = (sums / sums.sum(axis=1, keepdims=True)).T
    chance = (tp + fp) * (tp + fn) + (tn + fn) * (tn + fp)
    return _divided(tp + tn - chance, 1 - chance)


def _divided(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below != 0)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
