"""Public question sets become labelled questions and their texts; the rows here are made up."""

import json
from pathlib import Path
from typing import Any

import pytest

from eval.questions import Corpus, Labelled, read_sets

ROWS: dict[str, list[dict[str, Any]]] = {
    "squad2_documents.jsonl": [
        {"document_id": "old_ferry", "title": "Old_ferry", "text": "It sank.\r\nIt burnt.\n"},
        {"document_id": "unasked", "title": "Unasked", "text": "Nobody asks."},
    ],
    "squad2.jsonl": [
        {
            "document_id": "old_ferry",
            "question": "What did it do?",
            "answerable": True,
            "answers": ["sank", "sank ", " ", "It sank"],
            "gold_passage": "It sank.\r\n",
        },
        {
            "document_id": "old_ferry",
            "question": "Who built it?",
            "answerable": False,
            "answers": ["sank"],
            "gold_passage": "It sank.",
        },
    ],
    "xquad_en.jsonl": [
        {
            "para_key": "The_quay|0",
            "document": "It is long.",
            "question": "Is it long?",
            "answers": ["long"],
        },
        {
            "para_key": "The_quay|1",
            "document": "It leaks.",
            "question": "Does it leak?",
            "answers": ["leaks"],
        },
    ],
    "clapnq.jsonl": [
        {
            "document_id": "crane|3",
            "title": "Crane",
            "document": "A crane lifts. It also turns. It rusts.",
            "question": "what does a crane do",
            "answerable": True,
            "answers": ["It lifts and turns."],
            "selected_sentences": [["A crane lifts.", "It also turns."]],
            "gold_passage": "A crane lifts. It also turns. It rusts.",
        },
        {
            "document_id": "crane|4",
            "title": "Crane",
            "document": "Another text.",
            "question": "who sells cranes",
            "answerable": False,
            "answers": [],
            "selected_sentences": [["Another text."]],
        },
    ],
    "qed.jsonl": [
        {
            "document_id": "lamp|0",
            "document": "A lamp shines.",
            "question": "what shines",
            "answerable": True,
            "answers": ["A lamp"],
        },
        {"document_id": "void", "question": "what", "answerable": False, "answers": []},
    ],
    "selfaware_unanswerable.jsonl": [
        {"id": "s1", "question": "What comes after the end?"},
        {"id": "s2", "question": "Which colour is best?"},
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with all the sets."""
    for name, rows in ROWS.items():
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / name).write_text(lines, encoding="utf-8")
    return tmp_path


def test_the_texts_become_corpora(folder: Path) -> None:
    """An article is a corpus of its own when it is asked about; loose paragraphs share one."""
    corpora, _ = read_sets(folder)
    assert corpora == [
        Corpus("squad2-old_ferry", (("Old ferry", "It sank.\nIt burnt."),)),
        Corpus("xquad-The_quay", (("The quay", "It is long.\n\nIt leaks."),)),
        Corpus(
            "clapnq",
            (("Crane", "A crane lifts. It also turns. It rusts."), ("Crane", "Another text.")),
        ),
        Corpus("qed", (("lamp|0", "A lamp shines."),)),
    ]


def test_the_questions_are_labelled(folder: Path) -> None:
    """Gold is what answers, each text once; what no text answers has neither gold nor passage."""
    _, questions = read_sets(folder)
    by_text = {one.question: one for one in questions}
    assert by_text["What did it do?"] == Labelled(
        "squad2",
        "squad2/old_ferry",
        "squad2-old_ferry",
        "What did it do?",
        "It sank.",
        ("sank", "It sank"),
    )
    assert by_text["Does it leak?"].passage == "It leaks."
    assert by_text["what does a crane do"].gold == ("A crane lifts.", "It also turns.")
    assert by_text["what shines"].passage == "A lamp shines."
    unanswered = {one.question for one in questions if not one.gold}
    assert unanswered == {
        "Who built it?",
        "who sells cranes",
        "what",
        "What comes after the end?",
        "Which colour is best?",
    }
    assert all(by_text[question].passage == "" for question in unanswered)


def test_every_question_has_its_corpus_and_group(folder: Path) -> None:
    """A question can be asked of the corpus it names; those of one document share a group."""
    corpora, questions = read_sets(folder)
    assert {one.corpus for one in questions} <= {corpus.name for corpus in corpora}
    groups = {one.question: one.group for one in questions}
    assert groups["what does a crane do"] == groups["who sells cranes"] == "clapnq/crane"
    assert groups["Is it long?"] == groups["Does it leak?"] == "xquad/The_quay"
    assert groups["Which colour is best?"] == "selfaware/s2"


@pytest.mark.parametrize("missing", ROWS)
def test_a_set_that_is_missing_is_named(folder: Path, missing: str) -> None:
    """The error says which file to fetch."""
    (folder / missing).unlink()
    with pytest.raises(FileNotFoundError, match=missing):
        read_sets(folder)
