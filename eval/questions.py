"""Public question sets as one thing: `read_sets(folder)` gives labelled questions and their texts.

The sets are not part of the project: SQuAD 2.0 and XQuAD (Wikipedia articles), CLAP NQ and QED
(Wikipedia paragraphs with real search questions), SelfAware (questions that no document answers);
eval/README.md says where each comes from and how its rows look. Nothing of them is shipped.
"""

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Labelled:
    """A question asked of one corpus; `gold` are the texts that answer it, none when nothing does.

    `passage` is the paragraph that `gold` stands in. Questions of one `group` share a document and
    stay on one side of every split.
    """

    dataset: str
    group: str
    corpus: str
    question: str
    passage: str
    gold: tuple[str, ...]


@dataclass(frozen=True)
class Corpus:
    """The texts of one index: (title, text) of each document."""

    name: str
    texts: tuple[tuple[str, str], ...]


def read_sets(folder: Path) -> tuple[list[Corpus], list[Labelled]]:
    """Read the sets in `folder`. Raises FileNotFoundError naming the file that is missing."""
    articles = [
        Corpus(f"squad2-{row['document_id']}", ((_title(row["title"]), _plain(row["text"])),))
        for row in _rows(folder / "squad2_documents.jsonl")
    ]
    asked = {row["document_id"] for row in _rows(folder / "squad2.jsonl")}
    squad = [corpus for corpus in articles if corpus.name.removeprefix("squad2-") in asked]
    xquad, questions = _xquad(folder)
    paragraphs = [_paragraphs(folder, name) for name in ("clapnq", "qed")]
    questions += _squad(folder)
    questions += [one for name in ("clapnq", "qed") for one in _natural(folder, name)]
    questions += _selfaware(folder, squad)
    return [*squad, *xquad, *paragraphs], questions


def _squad(folder: Path) -> Iterator[Labelled]:
    for row in _rows(folder / "squad2.jsonl"):
        name = row["document_id"]
        gold = row["answers"] if row["answerable"] else ()
        yield _labelled(row, "squad2", name, f"squad2-{name}", gold)


def _xquad(folder: Path) -> tuple[list[Corpus], list[Labelled]]:
    texts: dict[str, dict[str, str]] = {}
    questions = []
    for row in _rows(folder / "xquad_en.jsonl"):
        article = row["para_key"].partition("|")[0]
        texts.setdefault(article, {})[row["para_key"]] = _plain(row["document"])
        row["gold_passage"] = row["document"]
        questions.append(_labelled(row, "xquad", article, f"xquad-{article}", row["answers"]))
    corpora = [
        Corpus(f"xquad-{article}", ((_title(article), "\n\n".join(paragraphs.values())),))
        for article, paragraphs in texts.items()
    ]
    return corpora, questions


def _paragraphs(folder: Path, name: str) -> Corpus:
    texts = {
        (row.get("title") or row["document_id"], _plain(row["document"]))
        for row in _rows(folder / f"{name}.jsonl")
        if row.get("document")
    }
    return Corpus(name, tuple(sorted(texts)))


def _natural(folder: Path, name: str) -> Iterator[Labelled]:
    for row in _rows(folder / f"{name}.jsonl"):
        gold = row["answers"] if row["answerable"] else ()
        for chosen in row.get("selected_sentences", [])[:1]:
            gold = chosen if row["answerable"] else ()
        row["gold_passage"] = row.get("gold_passage") or row.get("document") or ""
        yield _labelled(row, name, row["document_id"].partition("|")[0], name, gold)


def _selfaware(folder: Path, articles: list[Corpus]) -> Iterator[Labelled]:
    rows = _rows(folder / "selfaware_unanswerable.jsonl")
    for row, corpus in zip(rows, cycle(articles), strict=False):
        row["gold_passage"] = ""
        yield _labelled(row, "selfaware", row["id"], corpus.name, ())


def _labelled(row: dict[str, Any], dataset: str, group: str, corpus: str, gold: Any) -> Labelled:
    answers = tuple(dict.fromkeys(_plain(answer) for answer in gold if answer.strip()))
    passage = _plain(row["gold_passage"]) if answers else ""
    return Labelled(dataset, f"{dataset}/{group}", corpus, row["question"], passage, answers)


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _title(name: str) -> str:
    return name.replace("_", " ")


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip()
