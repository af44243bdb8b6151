"""Public sets for measuring retrieval: `read_collections(folder)` gives collections and queries.

A collection is what one index holds, in small documents (a paragraph, a section of a manual); a
query names the documents that answer it. Whatever cuts or ranks passages is judged by the order in
which it finds documents, so ways of cutting can be compared. Nothing of the sets is shipped;
eval/README.md says where each comes from.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.passage import Document

CHOSEN_ON = ("squad2", "policyqa", "emanual", "covidqa", "clapnq", "limit_small")
"""Sets with a development part, which is chosen on, and a report part."""

LEFT_OUT = ("xquad", "nq", "qed")
"""Sets that nothing is chosen on."""


@dataclass(frozen=True)
class Query:
    """A question asked of one collection, and the ids of the documents that answer it.

    Queries of one `group` are about the same text and stay on one side of every split.
    """

    text: str
    group: str
    relevant: frozenset[str]


@dataclass(frozen=True)
class Collection:
    """The documents of one index, and what is asked of it; a `dataset` may have several."""

    dataset: str
    name: str
    documents: tuple[Document, ...]
    queries: tuple[Query, ...]


def read_collections(folder: Path) -> list[Collection]:
    """Read all sets in `folder`. Raises FileNotFoundError naming the file that is missing."""
    return [
        _paragraphs_asked(folder, "squad2"),
        *_policies(folder),
        _manuals(folder),
        _papers(folder),
        _single(folder, "clapnq", "clapnq"),
        _limit(folder),
        _single(folder, "xquad", "xquad_en"),
        _single(folder, "nq", "nq_oracle"),
        _single(folder, "qed", "qed"),
    ]


def _paragraphs_asked(folder: Path, name: str) -> Collection:
    """Return articles as one collection of paragraphs; a query is answered by one of them."""
    paragraphs = {
        row["document_id"]: row["text"].split("\n\n")
        for row in _rows(folder / f"{name}_documents.jsonl")
    }
    documents = [
        _document(f"{key}/{number}", text)
        for key, texts in paragraphs.items()
        for number, text in enumerate(texts)
    ]
    queries = [
        Query(row["question"], key, frozenset([f"{key}/{_place(row, paragraphs[key])}"]))
        for row in _rows(folder / f"{name}.jsonl")
        for key in [row["document_id"]]
        if row["answerable"]
    ]
    return Collection(name, name, tuple(documents), tuple(queries))


def _place(row: dict[str, Any], paragraphs: list[str]) -> int:
    """Return the number of the paragraph that answers; some paragraphs stand twice."""
    number: int = row["paragraph_index"]
    if number < len(paragraphs) and paragraphs[number] == row["gold_passage"]:
        return number
    return paragraphs.index(row["gold_passage"])


def _policies(folder: Path) -> Iterator[Collection]:
    """Yield each privacy policy apart: its questions make sense only within it."""
    whole = _paragraphs_asked(folder, "policyqa")
    documents, queries = defaultdict(list), defaultdict(list)
    for document in whole.documents:
        documents[document.id.rpartition("/")[0]].append(document)
    for query in whole.queries:
        queries[query.group].append(query)
    for number, (key, asked) in enumerate(sorted(queries.items())):
        name = f"policyqa-{number:02}"
        yield Collection("policyqa", name, tuple(documents[key]), tuple(asked))


def _manuals(folder: Path) -> Collection:
    """Return the sections of two manuals; a query is answered by one or more of them."""
    sections = [
        _document(row["document_id"], row["text"])
        for row in _rows(folder / "emanual_documents.jsonl")
        if row["manual"] != "WHOLE"
    ]
    known = {document.id for document in sections}
    queries = [
        Query(row["question"], row["document_id"], frozenset(row["document_ids"]) & known)
        for row in _rows(folder / "emanual.jsonl")
        if known & set(row["document_ids"])
    ]
    return Collection("emanual", "emanual", tuple(sections), tuple(queries))


def _papers(folder: Path) -> Collection:
    """Return papers as paragraphs; those that hold a part of the answer are relevant."""
    texts = {row["document_id"]: row["text"] for row in _rows(folder / "covidqa_documents.jsonl")}
    places: dict[str, list[tuple[int, int]]] = {}
    documents = []
    for key, text in texts.items():
        starts, places[key] = 0, []
        for number, paragraph in enumerate(text.split("\n\n")):
            places[key].append((starts, starts + len(paragraph)))
            starts += len(paragraph) + 2
            documents.append(_document(f"{key}/{number}", paragraph))
    queries = []
    for row in _rows(folder / "covidqa.jsonl"):
        key, window = row["document_id"], row["gold_passage"]
        start = texts[key].index(window) + max(0, window.find(row["answers"][0]))
        end = start + len(row["answers"][0])
        held = [n for n, (first, last) in enumerate(places[key]) if first < end and start < last]
        queries.append(Query(row["question"], key, frozenset(f"{key}/{n}" for n in held)))
    return Collection("covidqa", "covidqa", tuple(documents), tuple(queries))


def _single(folder: Path, dataset: str, file: str) -> Collection:
    """Return paragraphs of many articles, each asked about, as one collection."""
    rows = [row for row in _rows(folder / f"{file}.jsonl") if row.get("document")]
    numbers = {text: n for n, text in enumerate(dict.fromkeys(row["document"] for row in rows))}
    documents = tuple(_document(str(number), text) for text, number in numbers.items())
    queries = tuple(
        Query(row["question"], _article(row), frozenset([str(numbers[row["document"]])]))
        for row in rows
        if row["answerable"]
    )
    return Collection(dataset, dataset, documents, queries)


def _article(row: dict[str, Any]) -> str:
    name: str = row.get("para_key") or row["document_id"]
    return name.partition("|")[0]


def _limit(folder: Path) -> Collection:
    """Return LIMIT's small corpus: everybody likes some fifty things; who likes this one?"""
    relevant = defaultdict(set)
    for row in _rows(folder / "limit_small.qrels.jsonl"):
        relevant[row["query-id"]].add(row["corpus-id"])
    documents = tuple(
        _document(row["_id"], row["text"]) for row in _rows(folder / "limit_small.corpus.jsonl")
    )
    queries = tuple(
        Query(row["text"], row["_id"], frozenset(relevant[row["_id"]]))
        for row in _rows(folder / "limit_small.queries.jsonl")
    )
    return Collection("limit_small", "limit_small", documents, queries)


def _document(key: str, text: str) -> Document:
    return Document(key, "", key, text)


def _rows(file: Path) -> Iterable[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
