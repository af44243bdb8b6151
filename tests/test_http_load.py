"""The load that is put on a server is many different questions."""

from eval.bench.http_load import Load, wordings
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
