"""How sure a figure is: `estimate(values, clusters, seed=1)` gives a mean with its interval.

Pure, vectorised, seeded: the same values give the same interval to the last digit, in whatever
order they come. Cases about one document, or of one conversation, rise and fall together, so whole
clusters are drawn, not cases. How well a judge tells right from wrong is measured in `rates.py`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import comb, fsum, sqrt
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESAMPLES = 2_000
LEVEL = 0.95

FEWEST_LABELLED = 2
"""Human verdicts without which nothing is known of how far judge and people differ."""

_KEPT_CLUSTERS = 500
"""Clusters up to which what was drawn is kept for the next figure: 8 MB each."""

_AT_ONCE = 4_000_000
"""Numbers drawn in one piece, so that memory stays small however many clusters there are."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval: `low` to `high` hold it at `level`.

    `n` values in `clusters` clusters. With fewer than two clusters nothing is known of the spread:
    `low` and `high` are None. With fewer than some twenty the interval is too narrow, as bootstrap
    intervals are.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    clusters: int
    level: float = LEVEL


@dataclass(frozen=True, slots=True)
class Difference:
    """How much B's mean is above A's on the `n` cases that both scored; `p` is two-sided.

    With fewer than two clusters there is no interval and `p` is 1: nothing can be told. `better`
    and `worse` name the cases on which B scored higher and lower, the largest step first.
    """

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

    `human` is the mean of the labelled part alone, `judged` the judge's over everything; `tuning`
    is the weight, 0 to 1, that was given to the judge.
    """

    value: float
    low: float
    high: float
    labelled: int
    unlabelled: int
    tuning: float
    human: float
    judged: float


def estimate(
    values: Sequence[float], clusters: Sequence[str], *, seed: int, shares: bool = True
) -> Estimate | None:
    """Return the mean of `values` with a percentile cluster bootstrap interval; None for no values.

    Clusters are drawn with replacement (Efron & Tibshirani 1993, ch. 13; Field & Welsh 2007). Where
    every value is 1, or every one 0, all resamples agree and the bootstrap would claim certainty;
    `shares`, values from 0 to 1, then get the exact bound for a proportion on as many trials as
    there are clusters: (alpha / 2) ** (1 / clusters) away from 0, or from 1 (Clopper & Pearson
    1934).
    """
    found = bootstrap([(value, 1.0) for value in values], clusters, _ratio, seed=seed)
    if found is None or found.low is None or not shares or found.value not in (0.0, 1.0):
        return found
    bound = ((1 - LEVEL) / 2) ** (1 / found.clusters)
    low, high = (bound, 1.0) if found.value else (0.0, 1 - bound)
    return Estimate(found.value, low, high, found.n, found.clusters)


def bootstrap(
    columns: Sequence[Sequence[float]],
    clusters: Sequence[str],
    statistic: Callable[[Floats], Floats],
    *,
    seed: int,
) -> Estimate | None:
    """Return any figure that is a function of column sums, with its interval.

    `columns` has a row for each case; `statistic` takes sums, shape (resamples, columns), and
    returns the figure, shape (resamples,), NaN where the sums leave it undefined; such resamples
    are left out. None if the figure itself is undefined.
    """
    if not columns:
        return None
    sums = _cluster_sums(columns, clusters)
    (value,) = statistic(np.array([[fsum(column) for column in sums.T]])).tolist()
    if np.isnan(value):
        return None
    low, high = None, None
    if len(sums) > 1:
        drawn = [
            # einsum, not a matrix product: BLAS adds in an order that depends on the machine.
            statistic(np.einsum("rc,cs->rs", counts, sums))
            for counts in resamples(len(sums), seed)
        ]
        low, high = interval(np.concatenate(drawn))
    return Estimate(float(value), low, high, len(columns), len(sums))


def resamples(clusters: int, seed: int, width: int = 1) -> Iterator[Floats]:
    """Yield how often each of `clusters` is drawn: RESAMPLES rows in all, a piece at a time.

    `width` is how many numbers the caller makes of a row; a piece is small enough for that.
    """
    if max(clusters, width) <= _KEPT_CLUSTERS:
        yield _drawn_once(clusters, seed)
        return
    generator = np.random.default_rng(seed)
    piece = max(1, _AT_ONCE // max(clusters, width))
    for start in range(0, RESAMPLES, piece):
        yield _drawn(generator, clusters, min(piece, RESAMPLES - start))


@lru_cache(maxsize=8)
def _drawn_once(clusters: int, seed: int) -> Floats:
    # Most metrics of a run have the same clusters, and drawing takes longer than all else.
    return _drawn(np.random.default_rng(seed), clusters, RESAMPLES)


def _drawn(generator: np.random.Generator, clusters: int, rows: int) -> Floats:
    drawn = generator.multinomial(clusters, np.full(clusters, 1 / clusters), size=rows)
    return drawn.astype(np.float64)


def interval(drawn: Floats) -> tuple[float, float]:
    """Return the percentile interval of resampled figures, those that are undefined left out."""
    tail = (1 - LEVEL) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail]).tolist()
    return low, high


def difference(
    a: Mapping[str, float], b: Mapping[str, float], clusters: Mapping[str, str], *, seed: int
) -> Difference | None:
    """Compare two runs case by case; None when they share no scored case.

    `a` and `b` map case ids to scores, `clusters` at least those in both to their cluster. The
    interval is a paired cluster bootstrap's: of the mean of the differences. When all scores are 0
    or 1 and each cluster is one case, `p` is McNemar's exact one; otherwise it is the share of
    resampled mean differences, centred on none, that are as large as the one found, with one added
    to both counts so that it is never 0 (Davison & Hinkley 1997, eq. 4.11).
    """
    shared = sorted(a.keys() & b.keys())
    steps = {case: b[case] - a[case] for case in shared}
    names = [clusters[case] for case in shared]
    found = estimate(list(steps.values()), names, seed=seed, shares=False)
    if found is None:
        return None
    better = sorted((c for c in shared if steps[c] > 0), key=lambda c: (-steps[c], c))
    worse = sorted((c for c in shared if steps[c] < 0), key=lambda c: (steps[c], c))
    counted = {*(a[c] for c in shared), *(b[c] for c in shared)} <= {0.0, 1.0}
    test: Literal["mcnemar", "bootstrap"] = "bootstrap"
    if counted and found.clusters == found.n > 1:
        test, p = "mcnemar", mcnemar(len(better), len(worse))
    else:
        p = _centred_p(list(steps.values()), names, seed) if found.clusters > 1 else 1.0
    return Difference(
        found.value,
        found.low,
        found.high,
        p,
        found.n,
        found.clusters,
        test,
        tuple(better),
        tuple(worse),
    )


def mcnemar(better: int, worse: int) -> float:
    """Return the exact two-sided p-value of a 0/1 comparison, from the cases that flipped.

    Under no difference each flip is a fair coin's: p = 2 P(X <= min(better, worse)) for X binomial
    with better + worse trials of 1/2, at most 1 (McNemar 1947, exact form).
    """
    flips = better + worse
    # Whole numbers up to the division: exact however many flips there are.
    tail = sum(comb(flips, k) for k in range(min(better, worse) + 1))
    p: float = 2 * tail / 2**flips
    return min(1.0, p)


def corrected_mean(
    human: Sequence[float], judged: Sequence[float], rest: Sequence[float]
) -> Corrected:
    """Return the prediction-powered mean, power-tuned.

    `human` and `judged` are verdicts, 0 to 1, of people and of the judge on the same n claims;
    `rest` the judge's on N claims that nobody labelled, drawn like the labelled ones. A claim
    counts as independent of the others: label at most one of an answer.

    mean(rest) * t + mean(human - t * judged), normal interval of variance
    var(human - t * judged) / n + t^2 var(rest) / N (Angelopoulos et al. 2023, "Prediction-powered
    inference", as ARES uses it, Saad-Falcon et al. 2024), with the tuning
    t = cov(human, judged) / ((1 + n / N) var(judged, rest)) held to 0 to 1 (PPI++, Angelopoulos,
    Duchi & Zrnic 2023). t = 1 is plain PPI, t = 0 leaves the judge out. Where the judge never
    differed from people, the normal interval would take it to be infallible; it is widened by the
    exact bound on how often n agreements leave room for a difference.

    Raises ValueError for fewer than two labelled claims, or lists that do not go together.
    """
    if len(human) < FEWEST_LABELLED or len(human) != len(judged):
        raise ValueError(
            "at least two claims that both people and the judge have judged are needed"
        )
    # Sorted, so that the order in which claims were labelled does not show in the last digit.
    y, f = np.array(sorted(zip(human, judged, strict=True)), np.float64).T
    g = np.array(sorted(rest), np.float64)
    tuning = _tuning(y, f, g)
    remainder = y - tuning * f
    value = float(remainder.mean() + (tuning * g.mean() if len(g) else 0.0))
    variance = remainder.var(ddof=1) / len(y)
    if len(g) > 1:
        variance += tuning**2 * g.var(ddof=1) / len(g)
    reach = NormalDist().inv_cdf(0.5 + LEVEL / 2) * sqrt(variance)
    if not remainder.var():
        reach += 1 - ((1 - LEVEL) / 2) ** (1 / len(y))
    return Corrected(
        value=min(1.0, max(0.0, value)),
        low=max(0.0, value - reach),
        high=min(1.0, value + reach),
        labelled=len(y),
        unlabelled=len(g),
        tuning=tuning,
        human=float(y.mean()),
        judged=float(np.concatenate([f, g]).mean()),
    )


def _tuning(y: Floats, f: Floats, g: Floats) -> float:
    spread = float(np.concatenate([f, g]).var(ddof=1))
    if not len(g) or not spread:
        return 0.0
    covariance = float(np.cov(y, f)[0, 1])
    return min(1.0, max(0.0, covariance / ((1 + len(y) / len(g)) * spread)))


def _ratio(sums: Floats) -> Floats:
    """Return the first column's sum over the second's."""
    return sums[:, 0] / sums[:, 1]


def _cluster_sums(columns: Sequence[Sequence[float]], clusters: Sequence[str]) -> Floats:
    """Return each cluster's column sums, in the order of the clusters' names."""
    members: dict[str, list[Sequence[float]]] = {}
    for row, name in zip(columns, clusters, strict=True):
        members.setdefault(name, []).append(row)
    # fsum: exact, so the order of the cases does not show in the last digit.
    return np.array([[fsum(c) for c in zip(*members[n], strict=True)] for n in sorted(members)])


def _centred_p(steps: Sequence[float], clusters: Sequence[str], seed: int) -> float:
    sums = _cluster_sums([(step, 1.0) for step in steps], clusters)
    mean = fsum(steps) / len(steps)
    drawn = np.concatenate(
        [_ratio(np.einsum("rc,cs->rs", counts, sums)) for counts in resamples(len(sums), seed)]
    )
    # A hair's breadth off, so that rounding does not part what is equal.
    as_large = np.abs(drawn - mean) >= abs(mean) - 1e-12
    return float((1 + as_large.sum()) / (1 + len(drawn)))
