"""The follow-ups that the rules are measured on: sound, and split so that they share no text."""

import json
from collections import defaultdict

import pytest

from assistant.answer import Turn
from eval.condense_recall import ARTICLES, FOLDER, found, turns

ROWS = [
    json.loads(line)
    for line in (FOLDER / "conversations.jsonl").read_text(encoding="utf-8").splitlines()
]


def test_the_evidence_stands_in_the_text() -> None:
    """What a follow-up must find is there to be found."""
    for row in ROWS:
        file = f"{row['document']}.md"
        folder = FOLDER if (FOLDER / file).exists() else ARTICLES
        text = (folder / file).read_text(encoding="utf-8")
        assert row["evidence"] is None or row["evidence"] in text, row["question"]


def test_the_parts_share_no_text() -> None:
    """What was looked at and what is reported are about different documents."""
    parts = defaultdict(set)
    for row in ROWS:
        parts[row["part"]].add(row["document"])
    assert parts.keys() == {"development", "report"}
    assert not parts["development"] & parts["report"]


def test_history_alternates() -> None:
    """A row's questions and answers become turns, oldest first."""
    assert turns({"history": [["q", "a"]]}) == [Turn("user", "q"), Turn("assistant", "a")]


def test_found_means_in_a_passage_that_is_shown(
    bundled_assistant: object, request: pytest.FixtureRequest
) -> None:
    """Evidence counts when a found passage holds it, word for word."""
    searcher = request.getfixturevalue("bundled_assistant")._searcher  # noqa: SLF001
    assert bundled_assistant
    assert found(searcher, "what did Abe offer Putin?", "a puppy")
    assert not found(searcher, "what did Abe offer Putin?", "a kitten")
