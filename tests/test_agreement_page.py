"""The page on how far the judge is to be trusted is made from what was measured."""

from typing import Any

from eval.bench.agreement_page import page, reliability

RATE = {"value": 0.75, "low": 0.5, "high": 1.0}
RATES = {
    "auroc": RATE,
    "balanced_accuracy": {"value": 0.6, "low": None, "high": None},
    "tpr": None,
    "tnr": RATE,
    "ece": RATE,
}


def measured(name: str, *points: tuple[float, float, int]) -> dict[str, Any]:
    """Return one set as `footnote eval agreement --json` has it."""
    bins = [{"predicted": p, "found": f, "n": n} for p, f, n in points]
    n = sum(one["n"] for one in bins)
    rates = {"judge": RATES, "overlap": RATES, "within": RATE if "ragtruth" in name else None}
    return {"name": name, "n": n, "reliability": bins, **rates}


FOUND = {
    "sets": [
        measured("boats", (0.25, 0.5, 10)),
        measured("ragtruth_boats", (0.25, 1.0, 1), (0.9, 1.0, 1)),
    ],
    "mean": {"judge": 0.75, "overlap": 0.6814},
    "kinds": [
        {"kind": "number", "supported": False, "n": 4, "shown": 0.25},
        {"kind": "moved", "supported": True, "n": 2, "shown": 1.0},
    ],
}


def test_the_tables_say_what_was_measured() -> None:
    """A row for each set with its intervals, the means, generators, and pairs by what was done."""
    lines = list(page(FOUND))
    rates = "| .75 (.50 to 1) | .75 (.50 to 1) | .60 |  | .75 (.50 to 1) | .75 (.50 to 1) |"
    assert f"| boats | 10 {rates}" in lines
    assert "| mean | | .681 | .750 | | | | |" in lines
    assert "within one generator, ragtruth_boats: .75 (.50 to 1)" in lines
    assert lines[-2:] == ["| true, moved | 2 | 1 |", "| false, number | 4 | .25 |"]


def test_the_plot_weighs_every_set_the_same() -> None:
    """Ten claims of one set and one of two of another are pooled two to one, not ten to one."""
    drawn = reliability(FOUND)
    assert ">answers with documents<" in drawn
    # Of the bin at a quarter: (1 * .5 + .5 * 1) / 1.5 = 2/3, a 110 per cent axis of 212 units.
    assert "200.0,127.5 " in drawn
