"""A run can be repeated, killed, resumed, scored again and trusted with answers from elsewhere."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.answer import Answer, Turn
from assistant.ask import Assistant
from assistant.settings import Settings
from eval.asking import Pace, Plan
from eval.cases import Case, Evidence, write_cases
from eval.folder import RunFolder
from eval.run import new_folder, select
from eval.subject import Subject, failed, open_subject
from index.errors import RunError, UsageError
from tests.evaluated import evaluate, every_kind
from tests.source import ROOT

pytestmark = pytest.mark.usefixtures("bundled_assistant")

COMMAND = [sys.executable, "-m", "eval.commands", "run", "--no-cache"]


def scores(folder: RunFolder) -> str:
    """Return a run's scores and figures, to the byte."""
    return "".join((folder.path / n).read_text("utf-8") for n in ("scores.jsonl", "summary.json"))


class Moody(Assistant):
    """An assistant that answers as `say` makes of the call's number and the real answer."""

    asked = 0

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """Answer, in a mood."""
        Moody.asked += 1
        return self.say(Moody.asked, super().ask(question, history))

    def say(self, number: int, answer: Answer) -> Answer:
        """Return the answer as it is."""
        del number
        return answer


class Failing(Moody):
    """Fails on every other question."""

    def say(self, number: int, answer: Answer) -> Answer:
        """Fail, or not."""
        return failed(answer.question, "model_timeout", "took too long") if number % 2 else answer


class Fickle(Moody):
    """Never says the same twice."""

    def say(self, number: int, answer: Answer) -> Answer:
        """Add a number."""
        return replace(answer, text=f"{answer.text} {number}")


def moody(cache: Path, kind: type[Moody]) -> Subject:
    """Return a subject of this mood over the bundled article."""
    settings = Settings(cache_dir=cache)
    real = open_subject(settings).assistant
    real.__class__ = kind
    Moody.asked = 0
    return Subject(real, settings)


def test_the_same_run_twice_scores_the_same(tmp_path: Path, cache_folder: Path) -> None:
    """Scores and figures are the same to the last digit, and hold no time of day."""
    first, second = (evaluate(tmp_path / name, cache_folder) for name in "ab")
    assert scores(first) == scores(second)
    assert first.manifest()["state"] == second.manifest()["state"] == "finished"


def test_a_killed_run_goes_on_and_scores_the_same(tmp_path: Path, cache_folder: Path) -> None:
    """Killed while asking, with half a line written, it asks the rest and nothing twice."""
    whole = evaluate(tmp_path / "whole", cache_folder, cases=every_kind(2))
    out, cases = tmp_path / "killed", tmp_path / "whole-cases.jsonl"
    command = [*COMMAND, "--cases", str(cases), "--out", str(out), "--json"]
    environment = {**os.environ, "FOOTNOTE_CACHE_DIR": str(cache_folder)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    answers = out / "answers.jsonl"
    while not (answers.exists() and answers.read_bytes().count(b"\n") >= 5):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = answers.read_text("utf-8").splitlines()
    assert RunFolder(out).manifest()["state"] == "running"
    assert len(before) < len(whole.scores())
    with answers.open("a", encoding="utf-8") as stream:
        stream.write('{"id": "half-a-li')
    resumed = evaluate(out, cache_folder, cases=every_kind(2))
    kept = answers.read_text("utf-8").splitlines()
    assert kept[:5] == before[:5]
    assert len(kept) == len(resumed.scores())
    assert [row["judgement"] for row in resumed.scores()] == [
        row["judgement"] for row in whole.scores()
    ]
    assert scores(resumed) == scores(whole)


def test_what_is_known_is_not_asked_again(tmp_path: Path, cache_folder: Path) -> None:
    """The cache answers for the same question of the same assistant, and for no other."""
    cache = tmp_path / "cache"
    (cache / "bundled").parent.mkdir()
    for name in ("bundled", "models"):
        (cache / name).symlink_to(cache_folder / name)
    evaluate(tmp_path / "a", cache, use_cache=True)
    again = evaluate(tmp_path / "b", cache, use_cache=True)
    assert all(row["cached"] for row in again.answers())
    settings = Settings(cache_dir=cache, hits=7)
    other = evaluate(tmp_path / "c", cache, use_cache=True, subject=lambda: open_subject(settings))
    assert not any(row["cached"] for row in other.answers())
    assert scores(again) == scores(RunFolder(tmp_path / "a"))


def test_scoring_again_asks_nothing(tmp_path: Path, cache_folder: Path) -> None:
    """--rescore opens no index, and gives the same scores."""

    def refuse() -> Subject:
        raise AssertionError("asked")

    first = evaluate(tmp_path / "a", cache_folder)
    before = scores(first)
    assert scores(evaluate(tmp_path / "a", cache_folder, rescore=True, subject=refuse)) == before


def test_a_case_with_another_question_is_not_scored_as_the_old_one(
    tmp_path: Path, cache_folder: Path
) -> None:
    """What was answered is not held against a question that was not asked."""
    cases = every_kind(1)
    evaluate(tmp_path / "a", cache_folder, cases=cases)
    changed = [replace(cases[0], question="Who sang?"), *cases[1:]]
    write_cases(changed, tmp_path / "a-cases.jsonl")
    with pytest.raises(UsageError, match="ask again"):
        evaluate(tmp_path / "a", cache_folder, rescore=True)


def test_a_finished_run_is_not_written_over(tmp_path: Path, cache_folder: Path) -> None:
    """Another run needs another folder."""
    evaluate(tmp_path / "a", cache_folder)
    write_cases(every_kind(1)[:2], tmp_path / "a-cases.jsonl")
    with pytest.raises(UsageError, match="holds another run"):
        evaluate(tmp_path / "a", cache_folder)


def test_the_error_budget_stops_a_run(tmp_path: Path, cache_folder: Path) -> None:
    """It stops with the reason, says so in the manifest, and goes on once that is mended."""
    with pytest.raises(RunError, match=r"3 answers failed.*model_timeout: took too long"):
        evaluate(
            tmp_path / "a",
            cache_folder,
            plan=Plan(max_failures=2),
            subject=lambda: moody(cache_folder, Failing),
        )
    folder = RunFolder(tmp_path / "a")
    assert folder.manifest()["state"] == "stopped"
    assert "took too long" in folder.manifest()["reason"]
    with pytest.raises(RunError, match="not finished"):
        folder.summary()
    assert evaluate(tmp_path / "a", cache_folder).manifest()["state"] == "finished"


def test_failures_are_counted_beside_the_mean(tmp_path: Path, cache_folder: Path) -> None:
    """A failed answer is neither right nor wrong."""
    folder = evaluate(tmp_path / "a", cache_folder, subject=lambda: moody(cache_folder, Failing))
    right = folder.summary()["metrics"]["right"]
    assert right["unscored"] == {"it failed": 7}
    assert right["n"] == 7
    assert folder.summary()["outcomes"]["failed"] == 7


def test_repeating_finds_answers_that_change(tmp_path: Path, cache_folder: Path) -> None:
    """Asked twice, the quoting writer says the same; one that does not is named."""
    cases = every_kind(1)[:3]
    steady = evaluate(tmp_path / "a", cache_folder, cases=cases, plan=Plan(repeat=2))
    assert steady.summary()["repeats"] == {"asked": 2, "unlike": []}
    fickle = evaluate(
        tmp_path / "b",
        cache_folder,
        cases=cases,
        plan=Plan(repeat=2),
        subject=lambda: moody(cache_folder, Fickle),
    )
    assert fickle.summary()["repeats"]["unlike"] == [case.id for case in cases]


def test_asking_at_once_changes_no_score(tmp_path: Path, cache_folder: Path) -> None:
    """Four at a time give what one after the other gives."""
    alone = evaluate(tmp_path / "a", cache_folder)
    together = evaluate(tmp_path / "b", cache_folder, plan=Plan(jobs=4))
    assert scores(alone) == scores(together)


def test_questions_keep_their_pace() -> None:
    """Thirty a minute are two seconds apart, and a pause is not made up for."""
    now, waited = [100.0], []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        now[0] += seconds

    pace = Pace(30, lambda: now[0], wait)
    for _ in range(3):
        pace.take()
    assert waited == [2.0, 2.0]
    now[0] += 60
    pace.take()
    pace.take()
    assert waited == [2.0, 2.0, 2.0]


def test_the_manifest_says_what_was_measured(tmp_path: Path, cache_folder: Path) -> None:
    """Commit, code, settings, index, cases, seed and versions are there; secrets are not."""
    found = evaluate(tmp_path / "a", cache_folder).manifest()
    assert {"commit", "dirty", "code", "index", "embedding_model", "seed"} <= found.keys()
    assert found["settings"]["hits"] == 8
    assert found["versions"]["numpy"]
    assert found["cases"]["count"] == 14
    assert (found["writer"], found["model"]) == ("quote", None)


@pytest.mark.parametrize(
    ("filters", "kinds"),
    [(("fact",), {"fact"}), (("near_miss", "off_topic"), {"near_miss", "off_topic"})],
)
def test_cases_are_chosen_by_kind(filters: tuple[str, ...], kinds: set[str]) -> None:
    """A filter is a kind, and several are alternatives."""
    assert {case.kind for case in select(every_kind(2), filters, None)} == kinds


def test_cases_are_chosen_by_id_and_number() -> None:
    """A pattern chooses by id, a limit takes the first; nothing left is a mistake."""
    cases = every_kind(2)
    assert [case.id for case in select(cases, (f"{cases[0].id[:3]}*",), 1)] == [cases[0].id]
    with pytest.raises(UsageError, match="no case fits"):
        select(cases, ("nonsense",), None)


def test_a_run_gets_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that start in the same second do not share one."""
    from datetime import UTC, datetime

    monkeypatch.chdir(tmp_path)
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    first = new_folder(now)
    first.mkdir(parents=True)
    assert (first.name, new_folder(now).name) == ("20260102-030405", "20260102-030405-2")


def test_cases_of_another_document_are_refused(tmp_path: Path, cache_folder: Path) -> None:
    """Evidence that is not where it should be means the wrong index."""
    wrong = Case("x", "x?", True, "y", (), (Evidence("not there", 0, 9),), "fact")
    with pytest.raises(UsageError, match="not about this index"):
        evaluate(tmp_path / "a", cache_folder, cases=[wrong])


def test_a_damaged_folder_is_told(tmp_path: Path) -> None:
    """A line that is no JSON, other than a half-written last one, is named."""
    folder = RunFolder(tmp_path)
    folder.begin({"format": 1})
    (tmp_path / "answers.jsonl").write_text('{"id": 1}\nrubbish\n{"id": 2}\n{"id"', "utf-8")
    with pytest.raises(RunError, match="line 2: no JSON"):
        folder.answers()
    (tmp_path / "answers.jsonl").write_text('{"id": 1}\n{"id"', "utf-8")
    assert folder.answers() == [{"id": 1}]
    folder.begin({"format": 99})
    with pytest.raises(RunError, match="has format 99"):
        folder.manifest()
    with pytest.raises(RunError, match="no evaluation run"):
        RunFolder(tmp_path / "none").manifest()
    with pytest.raises(ValueError, match="JSON compliant"):
        folder.append_answer(json.loads('{"score": NaN}'))
