"""Tables and a plot of how far the judge is to be trusted, for docs/support.md.

    footnote eval agreement DATA/support --left-out --limit 300 --json > FOUND.json
    python -m eval.bench.agreement_page FOUND.json [--folder DIR]

prints the tables as Markdown, and draws support-reliability.svg into docs/images or `--folder`: of
claims with about this support, the share that people call supported, for all sets together and for
those of answers of models that had the documents.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from eval.bench.load_charts import Line, chart
from eval.charts import BINS

_RATES = ("auroc", "balanced_accuracy", "tpr", "tnr", "ece")
_WITH_DOCUMENTS = "ragtruth"


def page(found: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the tables of `footnote eval agreement --json`."""
    yield "| set | n | overlap | judge | balanced accuracy | kept | withheld | calibration error |"
    yield "|---" * 8 + "|"
    for one in found["sets"]:
        cells = [_cell(one["overlap"]["auroc"]), *(_cell(one["judge"][name]) for name in _RATES)]
        yield f"| {one['name']} | {one['n']} | {' | '.join(cells)} |"
    mean = found["mean"]
    yield f"| mean | | {_short(mean['overlap'], 3)} | {_short(mean['judge'], 3)} | | | | |"
    yield ""
    for one in found["sets"]:
        if one["within"]:
            yield f"within one generator, {one['name']}: {_cell(one['within'])}"
    yield ""
    yield "| made by | pairs | shown |"
    yield "|---|---|---|"
    for kind in sorted(found["kinds"], key=lambda one: (not one["supported"], one["kind"])):
        told = "true, " if kind["supported"] else "false, "
        yield f"| {told}{kind['kind']} | {kind['n']} | {_short(kind['shown'], 2)} |"


def reliability(found: dict[str, Any]) -> str:
    """Return the plot as SVG, in per cent."""
    with_documents = [one for one in found["sets"] if one["name"].startswith(_WITH_DOCUMENTS)]
    lines: list[Line] = [
        ("calibrated", [(0.0, 0.0), (100.0, 100.0)]),
        ("all sets", _pooled(found["sets"])),
    ]
    if with_documents:
        lines.append(("answers with documents", _pooled(with_documents)))
    return chart("Reliability", "support, per cent", "called supported, per cent", lines)


def _pooled(sets: Sequence[dict[str, Any]]) -> list[tuple[float, float]]:
    """Return (support, share supported) of the bins, every set weighing the same."""
    bins: dict[int, list[tuple[float, float, float]]] = defaultdict(list)
    for one in sets:
        for point in one["reliability"]:
            place = min(int(point["predicted"] * BINS), BINS - 1)
            weight = point["n"] / one["n"]
            bins[place].append((weight, point["predicted"], point["found"]))
    drawn = []
    for _, points in sorted(bins.items()):
        whole = sum(weight for weight, *_ in points)
        said = sum(weight * predicted for weight, predicted, _ in points) / whole
        so = sum(weight * share for weight, _, share in points) / whole
        drawn.append((100 * said, 100 * so))
    return drawn


def _cell(estimate: dict[str, Any] | None) -> str:
    if estimate is None:
        return ""
    if estimate["low"] is None:
        return _short(estimate["value"], 2)
    low, high = _short(estimate["low"], 2), _short(estimate["high"], 2)
    return f"{_short(estimate['value'], 2)} ({low} to {high})"


def _short(value: float, digits: int) -> str:
    """Return 0.75 as ".75"."""
    return f"{value:.{digits}f}".removeprefix("0") if value < 1 else f"{value:.0f}"


def main() -> None:
    """Print the tables and draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("found", type=Path)
    parser.add_argument("--folder", type=Path, default=Path("docs/images"))
    typed = parser.parse_args()
    found = json.loads(typed.found.read_text("utf-8"))
    (typed.folder / "support-reliability.svg").write_text(reliability(found), "utf-8")
    for line in page(found):
        print(line)


if __name__ == "__main__":
    main()
