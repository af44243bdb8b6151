"""How sure a figure is: `estimate(values, clusters, seed=1)` gives a mean with its interval.

Pure, vectorised, seeded: the same values give the same interval to the last digit, in whatever
order they come. Cases about one document rise and fall together, so whole clusters are drawn, not
cases.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESAMPLES = 2_000
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval: `low` to `high` hold it at `level`.

    `n` values in `clusters` clusters. With fewer than two clusters nothing is known of the spread:
    `low` and `high` are None.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    clusters: int
    level: float = LEVEL


@dataclass(frozen=True, slots=True)
class Difference:
    """How much B's mean is above A's on the `n` cases that both scored; `p` is two-sided."""

    value: float
    low: float | None
    high: float | None
    p: float
    n: int
    clusters: int
    test: Literal["mcnemar", "bootstrap"]
    better: tuple[str, ...]
    worse: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Corrected:
    """A mean over everything that the judge saw, corrected by what people said of a part.

    `human` is the labelled part alone, `judged` the judge alone; `tuning` is the weight, 0 to 1,
    that was given to the judge.
    """

    value: float
    low: float
    high: float
    labelled: int
    unlabelled: int
    tuning: float
    human: float
    judged: float


def estimate(values: Sequence[float], clusters: Sequence[str], *, seed: int) -> Estimate | None:
    """Return the mean of `values` with a percentile cluster bootstrap interval; None for none."""
    raise NotImplementedError


def bootstrap(
    columns: Sequence[Sequence[float]],
    clusters: Sequence[str],
    statistic: Callable[[Floats], Floats],
    *,
    seed: int,
) -> Estimate | None:
    """Return any figure that is a function of column sums, with its interval.

    `columns` has a row for each case; `statistic` takes sums, shape (..., columns), and returns
    the figure, shape (...), NaN where a resample leaves it undefined. None if it is undefined.
    """
    raise NotImplementedError


def difference(
    a: Mapping[str, float], b: Mapping[str, float], clusters: Mapping[str, str], *, seed: int
) -> Difference | None:
    """Compare two runs case by case; None when they share no scored case.

    `a` and `b` map case ids to scores. The interval is a paired cluster bootstrap. When all scores
    are 0 or 1 and each cluster is one case, `p` is McNemar's exact; otherwise the bootstrap's.
    """
    raise NotImplementedError


def corrected_mean(
    human: Sequence[float], judged: Sequence[float], rest: Sequence[float]
) -> Corrected:
    """Return the prediction-powered mean, power-tuned (PPI++).

    `human` and `judged` are verdicts, 0 to 1, of people and of the judge on the same claims; `rest`
    the judge's on claims that nobody labelled. Raises ValueError for fewer than two labelled.
    """
    raise NotImplementedError
