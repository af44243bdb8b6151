"""Charts for a report, as numbers for its template: where a bar ends, where a point stands.

Pure. The drawing itself is inline SVG in `templates/report.html`; a bar is a hundred units wide, a
plot a hundred by a hundred with its origin at the bottom left.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

BINS = 10
COLUMNS = 24


@dataclass(frozen=True, slots=True)
class Bar:
    """A share as a bar, with its interval as a whisker; None where there is none."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    note: str = ""

    @property
    def width(self) -> float:
        """How far the bar reaches, 0 to 100."""
        return round(100 * (self.value or 0), 2)

    @property
    def whisker(self) -> tuple[float, float] | None:
        """Where the interval begins and ends, 0 to 100."""
        if self.low is None or self.high is None:
            return None
        return round(100 * self.low, 2), round(100 * self.high, 2)


@dataclass(frozen=True, slots=True)
class Point:
    """A bin of a reliability diagram: mean predicted, share found true, how many."""

    predicted: float
    found: float
    n: int

    @property
    def radius(self) -> float:
        """A point's size grows with how many it stands for, slowly."""
        return round(1.6 + 1.2 * log10(self.n + 1), 2)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a histogram, in units of a hundred by forty."""

    x: float
    width: float
    height: float
    note: str


def reliability(predicted: Sequence[float], true: Sequence[bool]) -> list[Point]:
    """Return ten bins of equal width, the empty ones left out (DeGroot & Fienberg 1983).

    A judge is calibrated when the points lie on the diagonal: of what it gave .8, four in five are
    true.
    """
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for one, is_true in zip(predicted, true, strict=True):
        bins[min(int(one * BINS), BINS - 1)].append((one, is_true))
    return [
        Point(
            round(sum(p for p, _ in part) / len(part), 4),
            round(sum(t for _, t in part) / len(part), 4),
            len(part),
        )
        for part in bins
        if part
    ]


def histogram(values: Sequence[float]) -> tuple[list[Column], list[tuple[float, str]]]:
    """Return columns over a logarithmic axis, and its ticks as (place 0 to 100, label).

    Latencies span decades: on a plain axis one slow answer would press the others into one column.
    """
    above = [max(value, 0.01) for value in values]
    if not above:
        return [], []
    first, last = floor(log10(min(above))), ceil(log10(max(above)))
    last = max(last, first + 1)
    counts = [0] * COLUMNS
    for value in above:
        place = (log10(value) - first) / (last - first)
        counts[min(int(place * COLUMNS), COLUMNS - 1)] += 1
    step, tallest = 100 / COLUMNS, max(counts)
    columns = [
        Column(
            round(number * step, 3),
            round(step * 0.86, 3),
            round(38 * count / tallest, 2),
            f"{count}",
        )
        for number, count in enumerate(counts)
        if count
    ]
    decades = range(first, last + 1)
    ticks = [(round(100 * (d - first) / (last - first), 2), f"{10.0**d:g} ms") for d in decades]
    return columns, ticks
