"""The commands of `footnote eval`: one JSON document, honest exit codes, never a traceback."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from eval.cases import read_cases, write_cases
from eval.commands import app, main
from eval.judge import DeterministicJudge
from eval.judging import judge_rows, read_rows
from index.errors import FootnoteError, UsageError
from tests.evaluated import every_kind, in_order, write_lines
from tests.wire import Script, serving

NOTES = """The lighthouse of Aldham was built in 1871. Marta Olsen designed the lamp in a shed. She
sold it to the town. The library holds 12,000 books on sailing. It is open on Sundays.
"""


@pytest.fixture(autouse=True)
def here(
    tmp_path: Path,
    cache_folder: Path,
    bundled_assistant: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Work in an empty folder, with the bundled article's index at hand."""
    assert bundled_assistant
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOOTNOTE_CACHE_DIR", str(cache_folder))


def typed(*arguments: str, keys: str | None = None) -> Result:
    """Return what the command group makes of `arguments`."""
    return CliRunner().invoke(app, list(arguments), input=keys)


def said(*arguments: str) -> Any:
    """Return the one JSON document that a command prints."""
    found = typed(*arguments, "--json")
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


def cases(each: int = 1) -> str:
    """Write a few cases and return their file's name."""
    write_cases(every_kind(each), Path("cases.jsonl"))
    return "cases.jsonl"


@pytest.mark.parametrize("command", ["run", "compare", "judge", "agreement", "verdicts", "new"])
def test_help_comes_with_an_example(command: str) -> None:
    """Somebody who asks how to type it is shown."""
    shown = typed(command, "--help")
    assert shown.exit_code == 0
    assert f"  footnote eval {command} " in shown.stdout


def test_run_says_everything_as_json() -> None:
    """Figures, judge, self-test, gate and the run's folder, in one document."""
    found = said("run", "--cases", cases(), "--out", "a")
    assert found["run"] == "a"
    assert found["cases"] == 14
    assert 0 <= found["metrics"]["right"]["low"] <= found["metrics"]["right"]["high"] <= 1
    assert found["gate"] is None
    files = {file.name for file in Path("a").iterdir()}
    assert {"report.html", "summary.md", "junit.xml", "scores.jsonl", "manifest.json"} <= files


def test_a_missed_gate_is_exit_code_1() -> None:
    """Every reason is told, as text and as JSON; a passed one is exit code 0."""
    Path("high.toml").write_text("[floors]\nright = 1.0\nmrr = 1.0\n", encoding="utf-8")
    Path("low.toml").write_text("[floors]\nright = 0.01\n", encoding="utf-8")
    run = ("run", "--cases", cases(), "--out", "a")
    missed = typed(*run, "--gate", "high.toml")
    assert (missed.exit_code, missed.stdout.count("GATE MISSED")) == (1, 2)
    again = typed("run", "--cases", "cases.jsonl", "--out", "a", "--rescore", "--gate", "low.toml")
    assert (again.exit_code, "gate passed" in again.stdout) == (0, True)
    as_json = typed(*run, "--gate", "high.toml", "--json")
    assert (as_json.exit_code, len(json.loads(as_json.stdout)["gate"]["reasons"])) == (1, 2)


def test_drops_need_a_baseline_before_anything_is_asked() -> None:
    """The slip costs no run; with the baseline, the same run drops nothing."""
    Path("gate.toml").write_text("[drops]\nright = 0.0\n", encoding="utf-8")
    with pytest.raises(UsageError, match="--baseline"):
        _raised("run", "--cases", cases(), "--out", "a", "--gate", "gate.toml")
    assert not Path("a").exists()
    said("run", "--cases", "cases.jsonl", "--out", "a")
    gated = ("--gate", "gate.toml", "--baseline", "a")
    assert said("run", "--cases", "cases.jsonl", "--out", "b", *gated)["gate"]["passed"]


def test_compare_finds_equal_runs_equal() -> None:
    """No metric differs, and the exit code is 0."""
    for name in "ab":
        said("run", "--cases", cases(), "--out", name)
    found = said("compare", "a", "b")
    assert found["shared"] == 14
    assert found["regressed"] == []
    assert all(row["difference"]["value"] == 0 for row in found["rows"])
    assert "Nothing got significantly worse" in typed("compare", "a", "b").stdout


def test_compare_fails_on_a_regression() -> None:
    """A run whose answers are all empty is worse, and the exit code says so."""
    said("run", "--cases", cases(2), "--out", "a")
    ids = [case.id for case in read_cases(Path("cases.jsonl"))]
    write_lines(Path("empty.jsonl"), [{"id": name, "answer": ""} for name in ids])
    said("run", "--cases", "cases.jsonl", "--out", "b", "--answers", "empty.jsonl")
    worse = typed("compare", "a", "b")
    assert (worse.exit_code, "WORSE: right" in worse.stdout) == (1, True)
    assert typed("compare", "b", "a").exit_code == 0


def test_judge_answers_in_the_order_of_the_file() -> None:
    """Each row has its id, or its line's number; support is a share, also without a verdict."""
    rows = [
        {"id": "b", "context": "The lamp burns oil.", "claim": "The lamp burns oil."},
        {"context": "The lamp burns oil.", "claim": ""},
        {"id": 7, "context": "", "claim": "The lamp burns oil."},
        {"id": "a", "context": "The lamp burns oil.", "claim": "Zebras."},
    ]
    write_lines(Path("claims.jsonl"), rows)
    found = said("judge", "claims.jsonl")["rows"]
    assert [row["id"] for row in found] == ["b", 2, 7, "a"]
    assert [row["verdict"] for row in found][:3] == ["supported", "unscored", "unscored"]
    assert [row["support"] for row in found] == [1.0, 0.0, 0.0, 0.0]
    assert found[1]["reason"]
    assert "supported" in typed("judge", "claims.jsonl").stdout


def test_judge_says_what_is_wrong_and_where() -> None:
    """Beside the verdict: denied by the text or not in it, by which sign, and in which words."""
    context = "The lamp was lit in 1788. It burns oil."
    claims = ["The lamp was lit in 1790.", "Zebras eat the lamp.", "The lamp was lit in 1788."]
    write_lines(Path("claims.jsonl"), [{"context": context, "claim": one} for one in claims])
    wrong, absent, right = said("judge", "claims.jsonl")["rows"]
    assert (wrong["verdict"], wrong["finding"], wrong["signs"]) == (
        *("unsupported", "contradicted"),
        ["another number"],
    )
    assert wrong["unsupported_words"] == [{"start": 20, "end": 24}]
    assert (absent["finding"], absent["signs"]) == ("not_in_text", [])
    assert {claims[1][s["start"] : s["end"]] for s in absent["unsupported_words"]} == {
        *("Zebras", "eat")
    }
    assert (right["verdict"], right["finding"]) == ("supported", "supported")
    assert "unsupported_words" not in right


def test_judge_gives_the_judges_own_support() -> None:
    """What the judge measures is passed on as it is, and a bare verdict becomes 1 or 0."""
    rows = read_rows(
        write_lines(Path("x.jsonl"), [{"context": "Tom met Ann.", "claim": "Ann met Tom."}])
    )
    assert judge_rows(DeterministicJudge(in_order), rows)[0]["support"] == 0.0
    assert judge_rows(DeterministicJudge(lambda *_: 0.75), rows)[0]["support"] == 0.75
    (row,) = judge_rows(DeterministicJudge(lambda *_: None), rows)
    assert (row["support"], row["verdict"]) == (0.0, "unscored")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 1: no JSON"),
        ("[1]", "needs"),
        ('{"claim": "x"}', 'needs "context" and "claim"'),
        ('{"claim": "x", "context": "y", "id": true}', '"id" is a text or a number'),
    ],
)
def test_judge_names_the_line_that_is_wrong(line: str, says: str) -> None:
    """Nothing is guessed."""
    Path("claims.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(UsageError, match=says):
        read_rows(Path("claims.jsonl"))


def test_agreement_measures_a_labelled_set() -> None:
    """A folder with one set gives its rates, as JSON and as a table."""
    rows = [
        {
            "id": f"{n}",
            "claim": "The lamp burns oil." if n % 2 else "The lamp hates oil.",
            "context": "The lamp burns oil.",
            "label": n % 2,
            "group_id": f"{n}",
        }
        for n in range(8)
    ]
    Path("sets").mkdir()
    write_lines(Path("sets/lamps.jsonl"), rows)
    found = said("agreement", "sets")
    assert [one["name"] for one in found["sets"]] == ["lamps"]
    assert "lamps" in typed("agreement", "sets", "--limit", "4").stdout


def test_new_cases_wait_until_they_are_checked() -> None:
    """Proposed, written once, reviewed with three keys; a file is not written over."""
    Path("aldham.txt").write_text(NOTES, encoding="utf-8")
    assert said("new", "aldham.txt")["unchecked"] >= 1
    file = Path("aldham-cases.jsonl")
    before = read_cases(file)
    assert not any(case.checked for case in before)
    with pytest.raises(UsageError, match="is there already"):
        _raised("new", "aldham.txt")
    reviewed = typed("new", "aldham.txt", "--review", keys="a\n")
    assert reviewed.exit_code == 0
    assert [case.checked for case in read_cases(file)][:1] == [True]
    with pytest.raises(FootnoteError, match="nowhere"):
        _raised("new", "nowhere.txt")


def _raised(*arguments: str) -> None:
    """Run a command and raise what it raises."""
    error = typed(*arguments).exception
    assert error is not None
    raise error


def test_a_mistake_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 for wrong usage, 1 for a run that is not there, and one line on what to do."""
    for arguments, code in ((["run", "--rescore"], 2), (["compare", "no", "no"], 1)):
        monkeypatch.setattr("sys.argv", ["footnote eval", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == code
        assert capsys.readouterr().err.startswith("footnote: ")


def test_people_correct_the_judge() -> None:
    """A sheet is written once, filled in, and read; the estimate rests on what people said."""
    said("run", "--cases", cases(4), "--out", "a")
    written = said("verdicts", "a", "--sheet", "sheet.jsonl", "-n", "6")
    rows = [json.loads(line) for line in Path("sheet.jsonl").read_text("utf-8").splitlines()]
    assert written["claims"] == len(rows) > 2
    assert all(row["verdict"] is None and row["quotes"] for row in rows)
    assert typed("verdicts", "a", "--from", "sheet.jsonl").exit_code == 1
    kinds = ["unsupported", *["supported"] * (len(rows) - 1)]
    write_lines(
        Path("sheet.jsonl"),
        [row | {"verdict": kind} for row, kind in zip(rows, kinds, strict=True)],
    )
    found = said("verdicts", "a", "--from", "sheet.jsonl")
    # A claim that several answers make, with the same footnotes, was judged for all of them.
    assert found["labelled"] >= len(rows)
    assert 0.0 < found["human"] < 1.0
    assert found["judged"] == 1.0
    assert found["value"] < 1.0
    assert "people judged" in typed("verdicts", "a", "--from", "sheet.jsonl").stdout
    assert typed("verdicts", "a", "--sheet", "sheet.jsonl").exit_code == 1
    assert typed("verdicts", "a").exit_code == 1


def test_a_language_model_can_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked through the assistant's own door; what is no verdict is unscored, and says so."""
    rows = [{"context": "Tom met Ann.", "claim": f"Ann met Tom {n} times."} for n in (2, 3)]
    write_lines(Path("claims.jsonl"), rows)
    with serving(Script(pieces=["Unsupported."]), Script(pieces=["Perhaps?"])) as server:
        monkeypatch.setenv("FOOTNOTE_MODEL_BASE_URL", f"{server.url}/v1")
        found = said("judge", "claims.jsonl", "--judge", "openai:m")["rows"]
    assert [row["verdict"] for row in found] == ["unsupported", "unscored"]
    assert "Perhaps?" in found[1]["reason"]
    assert [row["support"] for row in found] == [0.0, 0.0]
    assert len(server.requests) == 2
