"""The follow-ups that the rules are measured on: sound, and split so that they share no text."""

import json
from collections import defaultdict
from pathlib import Path

import pytest

from assistant.answer import Turn
from assistant.condense import condense
from eval.condense_recall import (
    ALONE,
    ARTICLES,
    FOLDER,
    Measured,
    found,
    measure,
    our_own,
    table,
    turns,
)
from eval.elliptic import FollowUp, asked, conversations, texts

ROWS = our_own()


def test_the_evidence_stands_in_the_text() -> None:
    """What a follow-up must find is there to be found."""
    for row in ROWS:
        file = f"{row.document}.md"
        folder = FOLDER if (FOLDER / file).exists() else ARTICLES
        assert row.evidence in (folder / file).read_text(encoding="utf-8"), row.question


def test_the_parts_share_no_text() -> None:
    """What was looked at and what is reported are about different documents."""
    parts = defaultdict(set)
    for row in ROWS:
        parts[row.part].add(row.document)
    assert parts.keys() == {"development", "report"}
    assert not parts["development"] & parts["report"]


def test_a_change_of_subject_of_ours_is_left_as_typed() -> None:
    """What stands alone in our own conversations is not mixed with what came before."""
    alone = [row for row in ROWS if row.form == ALONE]
    assert len(alone) > 10
    for row in alone:
        assert condense(row.question, turns(row)) == row.question


def test_history_alternates() -> None:
    """A row's questions and answers become turns, oldest first."""
    row = FollowUp("ours", "d", "report", "by hand", (("q", "a"),), "why?", "why q?", "e")
    assert turns(row) == [Turn("user", "q"), Turn("assistant", "a")]


def test_found_means_in_a_passage_that_is_shown(
    bundled_assistant: object, request: pytest.FixtureRequest
) -> None:
    """Evidence counts when a found passage holds it, word for word; each form is searched."""
    searcher = request.getfixturevalue("bundled_assistant").searcher
    assert bundled_assistant
    assert found(searcher, "what did Abe offer Putin?", "a puppy")
    assert not found(searcher, "what did Abe offer Putin?", "a kitten")
    before = (("What did Abe offer Putin?", "A puppy. [1]"),)
    row = FollowUp("ours", "d", "report", "by hand", before, "why?", "a motive", "a kitten")
    assert measure(searcher, [row])[0].found == (False, False, False)


def test_the_table_sets_the_forms_side_by_side() -> None:
    """Recall is a share of what leans; what stands alone only tells how often it was changed."""
    one = FollowUp("ours", "a", "report", "by hand", (), "why?", "why a?", "e")
    two = FollowUp("ours", "b", "report", ALONE, (), "what is b?", "what is b?", "")
    measured = [Measured(one, "Why a?", (False, True, True)), Measured(two, "what is b?", ())]
    lines = table(measured)
    assert lines[2] == "| report | by hand | 1 | 0.000 | 1.000 | 1.000 | 0.000 | 1.000 |"
    assert lines[3].startswith("| report | elsewhere | 1 |")
    assert lines[3].endswith("| 0.000 |")
    assert lines[4].startswith("| report | **all that lean** | 1 |")
    assert len(lines) == 6


TEXT = (
    "The harbour of Port Ellis was dug in 1811. Jon Brandt drew the harbour of Port Ellis, and he "
    "died before the plans were used. Dredgers deepen the harbour every spring."
)


def _public(folder: Path) -> Path:
    """Write sets of our own in the public ones' form: one article, and one about something else."""
    (folder / "qa").mkdir()

    def rows(name: str, *lines: dict[str, object]) -> None:
        text = "".join(f"{json.dumps(line)}\n" for line in lines)
        (folder / "qa" / f"{name}.jsonl").write_text(text, encoding="utf-8")

    def row(question: str, answer: str) -> dict[str, object]:
        return {
            "document_id": "Port_Ellis",
            "gold_passage": TEXT,
            "question": question,
            "answers": [answer],
            "answerable": True,
        }

    rows(
        "squad2",
        row("When was the harbour dug at Port Ellis?", "1811"),
        row("Who drew the harbour of Port Ellis?", "Jon Brandt"),
        row("When did Jon Brandt die?", "before the plans were used"),
        row("Who deepens the harbour?", "Dredgers") | {"answerable": False},
    )
    rows("squad2_documents", {"title": "Port_Ellis", "text": TEXT})
    for name in ("xquad_en", "covidqa", "covidqa_documents", "emanual", "emanual_documents"):
        rows(name)
    return folder


def test_public_questions_become_follow_ups(tmp_path: Path) -> None:
    """What both questions name, or the answer names, is shortened; the evidence is a sentence."""
    data = _public(tmp_path)
    assert texts(data) == {"Port Ellis": TEXT}
    assert len(asked(data)[0]) == 3
    made = {one.form: one for one in conversations(data)}
    assert made.keys() == {"named", "dropped", "answer"}
    assert made["named"].question.removeprefix("and ").casefold() == "who drew the harbour of it?"
    assert made["dropped"].question == "Who drew the harbour?"
    assert made["answer"].question.removeprefix("and ").casefold() == "when did he die?"
    assert made["answer"].evidence == TEXT.split(". ")[1] + "."
    assert {one.document for one in made.values()} == {"Port Ellis"}
