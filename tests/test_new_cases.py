"""Cases for a user's own document: proposed from its sentences, reviewed and kept one by one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from eval.cases import Case, check_evidence, read_cases, write_cases
from eval.new import Reviewed, described, propose, review
from index.passage import Document, Section

TEXT = """The lighthouse of Aldham was built in 1871. Marta Olsen designed the lamp in a shed. \
She sold it to the town. The keeper rang the bell three times a night. The ferry was stopped \
because the ice was too thick. The mill sold flour, bran and animal feed. The library holds \
12,000 books on sailing. It is open on Sundays. Aldham has two piers. The old pier was closed in \
1920.
"""
ALDHAM = Document("aldham", "Aldham", "aldham.txt", TEXT, (Section("", 0, 0, len(TEXT)),))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file of proposals."""
    file = tmp_path / "cases.jsonl"
    write_cases(propose(ALDHAM, 6, seed=1), file)
    return file


def typing(*lines: str) -> Callable[[str], str]:
    """Return a reader of lines for `review`, which then is at the end of its input."""
    left = iter(lines)

    def read(prompt: str) -> str:
        assert prompt
        for line in left:
            return line
        raise EOFError

    return read


def ignore(line: str) -> None:
    """Show nothing."""


def test_proposals_are_cases_that_wait(file: Path) -> None:
    """They can be read back, name exact slices, and none says that it was checked."""
    cases = propose(ALDHAM, 6, seed=1)
    assert len(cases) == 6
    assert read_cases(file) == cases
    assert check_evidence(cases, [ALDHAM]) == []
    assert not any(case.checked for case in cases)
    assert len({case.question for case in cases}) == 6


def test_some_cannot_be_answered() -> None:
    """Something untold about what the text talks of, and something else altogether."""
    cases = propose(ALDHAM, 9, seed=1)
    aside = [case for case in cases if not case.answerable]
    assert [case.kind for case in aside] == ["near_miss", "off_topic"]
    assert not any(case.key_facts or case.evidence for case in aside)


def test_what_the_text_might_tell_is_no_near_miss() -> None:
    """One word about money, anywhere, and its cost is not asked for."""
    plain = {case.question for seed in range(9) for case in propose(ALDHAM, 20, seed)}
    told = Document("a", "A", "a.txt", f"{TEXT}The town paid for it.\n", ALDHAM.sections)
    richer = {case.question for seed in range(9) for case in propose(told, 20, seed)}
    cost = "How much did the lighthouse of Aldham cost?"
    assert cost in plain
    assert cost not in richer


def test_the_seed_chooses_and_nothing_else_does() -> None:
    """The same seed proposes the same; another one something else."""
    assert propose(ALDHAM, 4, seed=3) == propose(ALDHAM, 4, seed=3)
    assert len({tuple(c.id for c in propose(ALDHAM, 4, seed)) for seed in range(5)}) > 1


def test_each_sentence_is_used_once_and_forms_vary() -> None:
    """A short proposal is not all dates."""
    cases = [case for case in propose(ALDHAM, 6, seed=1) if case.answerable]
    assert len({case.evidence for case in cases}) == len(cases)
    assert len({case.tags for case in cases}) == len(cases)


@pytest.mark.parametrize("text", ["Nothing to ask.", "今日は雨です。", "- a\n- b\n"])
def test_a_text_that_gives_no_question_gives_none(text: str) -> None:
    """Not even one about the moons of Jupiter."""
    document = Document("d", "D", "d.txt", text, (Section("", 0, 0, len(text)),))
    assert propose(document, 5, seed=0) == []


def test_accepting_is_what_checks_a_case(file: Path) -> None:
    """What is accepted is marked, what is dropped is gone, what is put off waits."""
    first, second, third, *others = read_cases(file)
    done = review(file, typing("a", "x", "D", "later", "q"), ignore)
    assert done == Reviewed(accepted=1, dropped=1, left=4)
    kept = read_cases(file)
    assert [case.id for case in kept] == [c.id for c in (first, third, *others)]
    assert [case.checked for case in kept] == [True, False, False, False, False]
    assert second.id not in {case.id for case in kept}


def test_a_review_goes_on_where_it_was_left(file: Path) -> None:
    """The end of input is no error, and only what waits is shown again."""
    assert review(file, typing("a", "a"), ignore) == Reviewed(2, 0, 4)
    shown: list[str] = []
    assert review(file, typing("a"), shown.append) == Reviewed(1, 0, 3)
    assert shown[0].startswith("\n1 of 4\n")
    assert described(read_cases(file)[2]) in shown[0]


def test_every_decision_is_on_disk_before_the_next_question(file: Path) -> None:
    """Being killed costs nothing that was decided."""
    seen: list[int] = []

    def accept(_: str) -> str:
        seen.append(sum(case.checked for case in read_cases(file)))
        return "a"

    review(file, accept, ignore)
    assert seen == [0, 1, 2, 3, 4, 5]


def test_editing_changes_words_and_keeps_evidence(tmp_path: Path) -> None:
    """An empty line keeps what is there; short wordings of another statement are not kept."""
    file = tmp_path / "cases.jsonl"
    case = next(c for c in propose(ALDHAM, 6, seed=1) if c.answerable and len(c.key_facts) == 1)
    write_cases([case], file)
    typed = typing("e", "What year is it from?", "", "It is from 1871.", "")
    assert review(file, typed, ignore) == Reviewed(1, 0, 0)
    (edited,) = read_cases(file)
    assert edited.checked
    assert (edited.id, edited.evidence) == (case.id, case.evidence)
    assert (edited.question, edited.reference) == ("What year is it from?", case.reference)
    assert [(f.text, f.accept) for f in edited.key_facts] == [("It is from 1871.", ())]


def test_when_all_is_dropped_no_file_is_left(file: Path) -> None:
    """An empty file would be an error at the next reading."""
    assert review(file, typing(*"dddddd"), ignore) == Reviewed(0, 6, 0)
    assert not file.exists()


def test_a_case_is_shown_with_what_it_rests_on() -> None:
    """Whoever checks sees the question, the text's words and what would count as told."""
    cases: list[Case] = [case for seed in range(3) for case in propose(ALDHAM, 9, seed)]
    for case in cases:
        shown = described(case)
        assert case.question in shown
        assert all(evidence.quote in shown for evidence in case.evidence)
        assert all(wording in shown for fact in case.key_facts for wording in fact.accept)
