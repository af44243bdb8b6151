"""The load that is put on a server is many different questions."""

from eval.bench.http_load import Load, wordings
from eval.bench.load_charts import chart
from eval.bench.overload import Step, centile
from eval.cases import BUNDLED_CASES, read_cases


def test_every_question_is_asked_in_words_of_its_own() -> None:
    """Thousands of wordings, none twice, in the same order in every run."""
    questions = [case.question for case in read_cases(BUNDLED_CASES) if not case.history]
    told = wordings(questions)
    assert len(told) == len(set(told)) > 3_000
    assert told == wordings(questions)
    assert set(questions) <= set(told)


def test_a_row_is_worked_out_by_hand() -> None:
    """Two seconds, a hundred questions of which half were answered, 0.4 s and 20 ms of CPU."""
    load = Load(2.0, [0.01] * 99 + [1.0], failures=3, answered=50)
    cells = [cell.strip() for cell in load.line("sustained", 0.4, 0.02).strip("|").split("|")]
    assert cells[:3] == ["sustained", "50", "10.0"]
    assert cells[4:] == ["3", "0.50", "4.0", "0.20"]


def test_a_step_is_worked_out_by_hand() -> None:
    """Answers and refusals are told apart, and a percentile is one of the times (nearest rank)."""
    step = Step(100, 2.0, [0.01] * 98 + [0.5, 0.9], [0.002] * 50, errors=1, cpu=1.0, memory=[7])
    row = step.row()
    assert (row["answers_per_second"], row["refusals_per_second"], row["errors"]) == (50, 25, 1)
    assert (row["p50_ms"], row["p99_ms"], row["refusal_p99_ms"]) == (10, 500, 2)
    assert row["server_cpu"] == 0.5
    assert centile([], 99) is None


def test_a_chart_places_its_points_by_hand() -> None:
    """Axes begin at 0; the highest point is a tenth below the top, the last at the right."""
    drawn = chart("T", "x", "y", [("line", [(0, 0), (10, 100)])])
    assert 'points="60.0,256.0 620.0,63.3"' in drawn
    assert ">line</text>" in drawn
