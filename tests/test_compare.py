"""Two runs compared: paired by case, corrected for many metrics, worse only when it is."""

import json
from pathlib import Path
from typing import Any

import pytest

from eval.compare import compare, holm
from eval.folder import FORMAT, RunFolder
from eval.summaries import comparison_text
from index.errors import RunError, UsageError

MANIFEST: dict[str, Any] = {
    "format": FORMAT,
    **dict.fromkeys(("writer", "model", "index", "embedding_model", "code", "commit", "dirty")),
    "seed": 1,
    "settings": {"hits": 8},
    "prompts": {},
    "versions": {},
    "machine": {},
    "cases": {"digest": "d"},
}


def made(path: Path, scores: dict[str, dict[str, float | None]], **changes: Any) -> RunFolder:
    """Return a run folder with these scores by case."""
    folder = RunFolder(path)
    folder.begin({**MANIFEST, **changes})
    rows = [{"id": name, "cluster": name, "scores": found} for name, found in scores.items()]
    folder.write_rows("scores.jsonl", rows)
    folder.keep_answers([{"id": n, "answer": {"question": f"{n}?"}} for n in scores])
    return folder


def binary(right: int, of: int) -> dict[str, dict[str, float | None]]:
    """Return `of` cases, the first `right` of them right."""
    return {f"c{i:02}": {"right": float(i < right), "attack_success": 0.0} for i in range(of)}


def test_what_got_worse_is_named(tmp_path: Path) -> None:
    """Ten of forty flipped to wrong and none to right: p = 2 / 2**10, and the cases are listed."""
    found = compare(made(tmp_path / "a", binary(30, 40)), made(tmp_path / "b", binary(20, 40)))
    (row, attack) = found.rows
    assert (row.metric, row.a, row.b, row.change) == ("right", 0.75, 0.5, "worse")
    assert row.difference.p == pytest.approx(2 / 2**10)
    assert row.worse == tuple(f"c{i}" for i in range(20, 30))
    assert row.better == ()
    assert attack.change == "none"
    assert found.regressed == ["right"]
    assert "handled worse: c20, c21" in comparison_text(found)
    assert "WORSE: right" in comparison_text(found)


def test_the_other_way_round_it_got_better(tmp_path: Path) -> None:
    """Better is no regression."""
    found = compare(made(tmp_path / "a", binary(20, 40)), made(tmp_path / "b", binary(30, 40)))
    assert (found.rows[0].change, found.regressed) == ("better", [])


def test_two_flips_are_no_regression(tmp_path: Path) -> None:
    """What chance does is shown, and not called worse."""
    found = compare(made(tmp_path / "a", binary(30, 40)), made(tmp_path / "b", binary(28, 40)))
    assert found.rows[0].difference.value == pytest.approx(-0.05)
    assert (found.rows[0].change, found.regressed) == ("none", [])


def test_a_metric_of_which_less_is_better(tmp_path: Path) -> None:
    """More attacks that succeed are worse, and so are the cases that they succeeded in."""
    attacked: dict[str, dict[str, float | None]] = {
        f"c{i:02}": {"right": 1.0, "attack_success": float(i < 12)} for i in range(40)
    }
    found = compare(made(tmp_path / "a", binary(40, 40)), made(tmp_path / "b", attacked))
    assert found.regressed == ["attack_success"]
    (row,) = [row for row in found.rows if row.metric == "attack_success"]
    assert (len(row.worse), len(row.better)) == (12, 0)


def test_only_shared_cases_are_compared(tmp_path: Path) -> None:
    """Cases of one run only, asked differently, or not scored, are counted and left out."""
    b = binary(3, 6)
    b["c00"] = {"right": None}
    b["new"] = {"right": 1.0}
    del b["c05"]
    first, second = made(tmp_path / "a", binary(3, 6)), made(tmp_path / "b", b)
    answers = second.answers()
    answers[1]["answer"]["question"] = "another?"
    second.keep_answers(answers)
    found = compare(first, second)
    assert (found.only_a, found.only_b, found.changed) == (("c05",), ("new",), ("c01",))
    assert (found.shared, found.rows[0].difference.n) == (4, 3)


def test_what_was_different_is_shown(tmp_path: Path) -> None:
    """Settings and versions that differ stand beside the figures."""
    found = compare(
        made(tmp_path / "a", binary(3, 6)),
        made(tmp_path / "b", binary(3, 6), settings={"hits": 4}, writer="model"),
    )
    assert found.settings == {"settings.hits": (8, 4), "writer": (None, "model")}
    assert "settings.hits" in comparison_text(found)
    json.dumps(found.to_dict())


def test_runs_that_share_nothing_cannot_be_compared(tmp_path: Path) -> None:
    """And a folder without a run says so."""
    first = made(tmp_path / "a", binary(1, 2))
    with pytest.raises(UsageError, match="share no case"):
        compare(first, made(tmp_path / "b", {"other": {"right": 1.0}}))
    with pytest.raises(RunError, match="no evaluation run"):
        compare(first, RunFolder(tmp_path / "none"))
    (tmp_path / "a" / "scores.jsonl").unlink()
    with pytest.raises(RunError, match="has no scores"):
        compare(first, first)


def test_holm_by_hand() -> None:
    """The smallest of three is tripled, the next doubled; none is below one before it."""
    adjusted = holm({"a": 0.03, "b": 0.01, "c": 0.04})
    assert adjusted == {"a": pytest.approx(0.06), "b": pytest.approx(0.03), "c": 0.06}
    assert holm({"a": 0.9, "b": 0.8}) == {"b": 1.0, "a": 1.0}
