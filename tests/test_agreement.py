"""Agreement with people: by hand-worked sets, read strictly; who does not read is seen not to."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from eval.agreement import KindRate, Refitted, agreement, measure, read_set, table, word_overlap
from eval.judge import DeterministicJudge
from index.errors import CaseError, UsageError

CONTEXT = "The ferry sank in 1956. The board paid for a new one."

ROWS: list[dict[str, Any]] = [
    {"claim": "The ferry sank in 1956.", "label": 1, "group_id": "a", "model": "m"},
    {"claim": "The board paid.", "label": 1, "group_id": "a", "model": "n"},
    {"claim": "The ferry sank in 1957.", "label": 0, "group_id": "b", "model": "m"},
    {"claim": "The ferry paid the board.", "label": 0, "group_id": "b", "model": "n"},
    {"claim": "The board sank.", "label": 0, "group_id": "c", "model": "n"},
    {"claim": "It was.", "label": 1, "group_id": "c", "model": "n"},
]


def knowing(claim: str, _quotes: Sequence[str], /) -> float | None:
    """Know the labels, but for one mistake."""
    return {"The ferry sank in 1956.": 0.9, "The board paid.": 0.8, "The board sank.": 0.7}.get(
        claim, 0.1
    )


def write(folder: Path, name: str, rows: Sequence[dict[str, Any]]) -> Path:
    """Write a set whose rows have ids and, unless they refer to one, the context above."""
    file = folder / f"{name}.jsonl"
    full = [
        {"id": f"r{i}", **({} if "context_ref" in row else {"context": CONTEXT}), **row}
        for i, row in enumerate(rows)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in full), encoding="utf-8")
    return file


def test_a_judge_is_held_to_peoples_labels(tmp_path: Path) -> None:
    """Of 2 supported claims 2 are found, of 3 unsupported 1 is not seen; 1 of 6 says nothing.

    AUROC: all 6 pairs won. Balanced accuracy (1 + 2/3) / 2. Kappa: agreed 4/5, chance
    3/5 * 2/5 + 2/5 * 3/5 = 12/25, so (20/25 - 12/25) / (13/25) = 8/13.
    Brier: (.1^2 + .2^2 + .1^2 + .1^2 + .7^2) / 5.
    """
    write(tmp_path, "boats", ROWS)
    (found,) = asyncio.run(agreement(tmp_path, DeterministicJudge(knowing)))
    assert (found.name, found.n, found.supported) == ("boats", 5, 2)
    assert found.unscored == {"the claim says nothing": 1}
    values = {
        name: getattr(found.judge, name).value
        for name in ("auroc", "tpr", "tnr", "balanced_accuracy", "kappa", "brier")
    }
    assert values == pytest.approx(
        {
            "auroc": 1.0,
            "tpr": 1.0,
            "tnr": 2 / 3,
            "balanced_accuracy": 5 / 6,
            "kappa": 8 / 13,
            "brier": (0.01 + 0.04 + 0.01 + 0.01 + 0.49) / 5,
        }
    )
    assert found.within is not None
    assert found.within.value == 1.0


def test_who_does_not_read_stands_beside_the_judge(tmp_path: Path) -> None:
    """Always yes is a coin; word overlap is taken in by swapped words and sees a new number."""
    write(tmp_path, "boats", ROWS)
    (found,) = asyncio.run(agreement(tmp_path, DeterministicJudge(knowing)))
    assert found.always_yes.auroc is not None
    assert found.always_yes.balanced_accuracy is not None
    assert (found.always_yes.auroc.value, found.always_yes.balanced_accuracy.value) == (0.5, 0.5)
    # True claims overlap fully; of the false ones two do as well, and one by two words of three.
    assert found.overlap.auroc is not None
    assert found.overlap.auroc.value == pytest.approx((2 * 1 + 4 * 0.5) / 6)
    assert word_overlap("The ferry sank in 1957.", CONTEXT) == pytest.approx(2 / 3)
    assert word_overlap("It was.", CONTEXT) == 0.0


def test_contexts_may_stand_apart(tmp_path: Path) -> None:
    """A reference is looked up in the contexts file whose name the set's begins with."""
    rows = [{**ROWS[0], "context_ref": "d1"}, {**ROWS[2], "context_ref": "d1"}]
    file = write(tmp_path, "boats_long", rows)
    for name, text in (("boats_contexts", CONTEXT), ("trains_contexts", "Something else.")):
        write(tmp_path, name, [{"document_id": "d1", "text": text}])
    assert {row.context for row in read_set(file)} == {CONTEXT}


def test_machine_made_labels_are_no_result(tmp_path: Path) -> None:
    """Neither a synthetic set nor a file of contexts is measured."""
    for name in ("boats", "boats_synthetic", "boats_contexts"):
        write(tmp_path, name, ROWS)
    found = asyncio.run(agreement(tmp_path, DeterministicJudge(knowing)))
    assert [one.name for one in found] == ["boats"]


def test_what_was_fitted_without_a_set_is_measured_on_it(tmp_path: Path) -> None:
    """Each set meets its own judge, and the table says which of the two figures it shows."""
    write(tmp_path, "boats", ROWS)
    write(tmp_path, "trains", ROWS)
    anew = {
        "boats": DeterministicJudge(knowing),
        "trains": DeterministicJudge(lambda claim, _quotes: 1 - (knowing(claim, ()) or 0)),
    }
    own = DeterministicJudge(lambda *_: 0.5)
    kinds = [KindRate("number", False, 8, 0.25), KindRate("moved", True, 4, 1.0)]
    found = measure(own, tmp_path, refitted=Refitted(anew, kinds))
    assert [one["judge"]["auroc"]["value"] for one in found["sets"]] == [1.0, 0.0]
    overlap = found["sets"][0]["overlap"]["auroc"]["value"]
    assert found["mean"]["judge"] == 0.5
    assert found["mean"]["overlap"] == pytest.approx(overlap, abs=1e-4)
    assert found["mean"]["below_overlap"] == ["trains"]
    *_, mean, moved, number, told = table(found).splitlines()
    assert mean.startswith("mean AUROC of 2 sets: judge 0.500")
    assert mean.endswith("below overlap on trains")
    assert (moved, number) == (
        "reworded and shown: moved 1.000 of 4",
        "changed and withheld: number 0.750 of 8",
    )
    assert told == "The judge of each set was fitted without it."
    assert "--left-out" in table(measure(own, tmp_path)).splitlines()[-1]


def test_a_set_and_its_kin_are_left_out_of_its_fit(tmp_path: Path) -> None:
    """Neither the family's rows nor another set's with the same claim or text are fitted on."""
    pytest.importorskip("sklearn")
    from eval.left_out import refit

    true: dict[str, Any] = {"claim": "In 1956 the ferry sank.", "label": 1, "group_id": "a"}
    false: dict[str, Any] = {"claim": "The ferry sank in 1957.", "label": 0, "group_id": "b"}
    write(tmp_path, "boats_a", [true, false])
    other = {"context": "The mill was sold in 1788. The miller left the town soon after that."}
    rows = [
        {**other, "claim": "The mill was sold in 1790.", "label": 0, "group_id": "c"},
        {**other, "claim": "In 1788 the mill was sold.", "label": 1, "group_id": "c"},
    ]
    write(tmp_path, "mills", rows)
    write(tmp_path, "boats_a", [true])
    with pytest.raises(UsageError, match="without mills there are not both"):
        refit(tmp_path)
    write(tmp_path, "boats_a", [true, false])
    farm = {"context": "The farm has nine cows. It never kept a goat, and sells its milk in town."}
    farms = [
        {**farm, "claim": "Nine cows are on the farm.", "label": 1, "group_id": "d"},
        {**farm, "claim": "The farm has seven cows.", "label": 0, "group_id": "d"},
    ]
    write(tmp_path, "farms", farms)

    def told() -> list[float | None]:
        judge = refit(tmp_path).judges["boats_a"]
        verdicts = [asyncio.run(judge.claim(r["claim"], [CONTEXT])) for r in (true, false)]
        return [one.support for one in verdicts]

    before = told()
    # Labels turned round, in the family and on the same claim elsewhere, would turn the fit.
    turned = [{**true, "label": 0}, {**false, "label": 1}]
    write(tmp_path, "boats_b", turned * 3)
    write(tmp_path, "mills", [*rows, *[{**one, **other} for one in turned]])
    assert told() == before


def test_a_limit_draws_the_same_rows_every_time(tmp_path: Path) -> None:
    """Two measurements of three rows each are equal, and progress is told to the end."""
    write(tmp_path, "boats", ROWS)
    told: list[tuple[str, int, int]] = []
    first, second = (
        measure(
            DeterministicJudge(knowing),
            tmp_path,
            limit=3,
            tell=lambda name, done, total: told.append((name, done, total)),
        )
        for _ in range(2)
    )
    assert first == second
    assert first["sets"][0]["n"] + sum(first["sets"][0]["unscored"].values()) == 3
    assert told[-1] == ("boats", 3, 3)
    assert json.loads(json.dumps(first)) == first


def test_the_table_shows_every_judge(tmp_path: Path) -> None:
    """A line for the judge, one for each that does not read, one for what was not scored."""
    write(tmp_path, "boats", ROWS)
    lines = table(measure(DeterministicJudge(knowing), tmp_path)).splitlines()
    assert len(lines) == 6
    assert lines[0].split()[:3] == ["set", "n", "by"]
    assert lines[1].split()[:4] == ["boats", "5", "judge", "1.000"]
    assert lines[4].strip() == "not scored: 1 the claim says nothing"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"label": 2}, "line 2: label: 1 (supported) or 0 (not) is expected"),
        ({"label": True}, "line 2: label"),
        ({"claim": None}, "line 2: claim: a text is expected"),
        ({"group_id": 3}, "line 2: group_id: a text is expected"),
        ({"model": 3}, "line 2: model: a text is expected"),
        ({"context": 3}, "line 2: context: a text is expected"),
        ({"context_ref": "gone"}, "it refers to contexts"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: dict[str, Any], says: str) -> None:
    """The error says which file, line and field."""
    file = write(tmp_path, "boats", [ROWS[0], {**ROWS[1], **row}])
    with pytest.raises(CaseError) as caught:
        read_set(file)
    assert "boats.jsonl" in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"), [("{", "line 1: not JSON"), ("[1]", "line 1: a row is"), ("\n", "no row")]
)
def test_a_file_that_is_no_set_is_refused(tmp_path: Path, content: str, says: str) -> None:
    """Broken JSON, something else than an object, nothing at all."""
    (tmp_path / "boats.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(CaseError, match=says):
        read_set(tmp_path / "boats.jsonl")


def test_without_a_folder_or_sets_the_message_says_what_to_do(tmp_path: Path) -> None:
    """Neither is a traceback."""
    with pytest.raises(UsageError, match="name a folder"):
        measure(DeterministicJudge(knowing), None)
    with pytest.raises(UsageError, match="no files of JSON lines"):
        measure(DeterministicJudge(knowing), tmp_path)
