"""What a generation's texts are: documents, sections, passages and sentences, in one SQLite file.

    with CatalogWriter(file) as catalog:   # once, by a build
        catalog.add(entry); catalog.finish(words)
    catalog = Catalog(file)                # from then on read-only, from any thread
    catalog.passages([3, 4]); catalog.document("japan-russia-1f0c9a2e")

Passages and sentences are numbered through the whole generation, from 0, in the order in which
their vectors stand in `passages.npy` and `sentences.npy`.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexUnavailable
from index.filters import Filter
from index.metadata import Metadata
from index.passage import Document, Page, Passage, Section, Span, vector_key

_CACHED_PASSAGES = 4096
"""Passages kept once they were read: some megabytes, and most questions are about the same few."""

_AT_ONCE = 1_000
"""Rows of a long answer that are read at a time."""

_SCHEMA = """
CREATE TABLE documents (
    id TEXT PRIMARY KEY, position INTEGER, title TEXT, source TEXT, origin TEXT, content_hash TEXT,
    text TEXT, sections TEXT, pages TEXT, metadata TEXT);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY, document_id TEXT, start INTEGER, end INTEGER, section TEXT,
    vector_key TEXT);
CREATE TABLE sentences (
    id INTEGER PRIMARY KEY, passage_id INTEGER, document_id TEXT, start INTEGER, end INTEGER);
CREATE TABLE words (word TEXT PRIMARY KEY, passages INTEGER) WITHOUT ROWID;
"""

_INDEXES = """
CREATE INDEX passages_by_document ON passages (document_id);
CREATE INDEX sentences_by_place ON sentences (document_id, start);
CREATE INDEX sentences_by_passage ON sentences (passage_id);
"""


@dataclass(frozen=True)
class Entry:
    """A document as an index keeps it.

    `origin` is where it came from, in a form that stays true when the index and its files move
    together; `content_hash` that of the file's bytes; `passages` are numbered from 0 within the
    document; `vector_keys` name, one for each passage, what its vector was made from.
    """

    document: Document
    origin: str
    content_hash: str
    passages: tuple[Passage, ...]
    vector_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """What an index knows of a document without its text: see `Entry`."""

    id: str
    origin: str
    source: str
    content_hash: str


def write_catalog(file: Path, entries: Iterable[Entry], words: Iterable[tuple[str, int]]) -> None:
    """Write a new catalog to `file`, which must not exist; `words` are (word, passages with it)."""
    with CatalogWriter(file) as catalog:
        for entry in entries:
            catalog.add(entry)
        catalog.finish(words)


class CatalogWriter:
    """A catalog that is being written: entries go to disk as they come, none is kept in memory.

    `documents`, `passages` and `sentences` count what was added.
    """

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file, isolation_level=None)
        # Whoever writes it throws it away when anything goes wrong, and flushes it at the end.
        self._database.executescript(f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; {_SCHEMA}")
        self._database.execute("BEGIN")
        self.documents = self.passages = self.sentences = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def add(self, entry: Entry) -> None:
        """Write the next document with its passages and sentences."""
        document = entry.document
        sections = [[s.heading, s.level, s.start, s.end, s.path] for s in document.sections]
        pages = [[p.number, p.start, p.end] for p in document.pages]
        self._database.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(document.id, self.documents, document.title, document.source, entry.origin),
                *(entry.content_hash, document.text, json.dumps(sections), json.dumps(pages)),
                json.dumps(document.metadata),
            ),
        )
        self.documents += 1
        for passage, key in zip(entry.passages, entry.vector_keys, strict=True):
            self._database.execute(
                "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)",
                (self.passages, document.id, passage.start, passage.end, passage.section, key),
            )
            self._database.executemany(
                "INSERT INTO sentences VALUES (?, ?, ?, ?, ?)",
                (
                    (self.sentences + i, self.passages, document.id, span.start, span.end)
                    for i, span in enumerate(passage.sentences)
                ),
            )
            self.sentences += len(passage.sentences)
            self.passages += 1

    def finish(self, words: Iterable[tuple[str, int]] = ()) -> None:
        """Write the `words`, (word, passages with it), and the indexes; nothing comes after."""
        self._database.executemany("INSERT INTO words VALUES (?, ?)", words)
        self._database.execute("COMMIT")
        self._database.executescript(_INDEXES)


def _pairs(metadata: str) -> Metadata:
    return tuple((name, value) for name, value in json.loads(metadata))


def _document(
    name: str, title: str, source: str, text: str, sections: str, pages: str, metadata: str
) -> Document:
    """Return a document from the columns of its row, of which three are JSON."""
    return Document(
        id=name,
        title=title,
        source=source,
        text=text,
        sections=tuple(Section(s[0], s[1], s[2], s[3], tuple(s[4])) for s in json.loads(sections)),
        pages=tuple(Page(*p) for p in json.loads(pages)),
        metadata=_pairs(metadata),
    )


class Catalog:
    """A catalog opened read-only; it may lie on a read-only disk, and threads may share it.

    Raises IndexUnavailable when the file is missing or no catalog, also later on.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        # immutable: SQLite takes no lock and writes no journal beside a file that never changes.
        address = f"{file.resolve().as_uri()}?mode=ro&immutable=1"
        try:
            self._database = sqlite3.connect(address, uri=True, check_same_thread=False)
        except sqlite3.Error as error:
            raise self._damaged(error) from error
        self.document = lru_cache(maxsize=256)(self._document)
        self._passage = lru_cache(maxsize=_CACHED_PASSAGES)(self._read_passage)
        self._sentence_rows = lru_cache(maxsize=_CACHED_PASSAGES)(self._read_sentence_rows)

    def close(self) -> None:
        """Give the file back."""
        self.document.cache_clear()
        self._passage.cache_clear()
        self._sentence_rows.cache_clear()
        self._database.close()

    def check(self) -> None:
        """Look through the whole file for damage that only shows where it is read."""
        if self._rows("PRAGMA quick_check(1)") != [("ok",)]:
            raise self._damaged(sqlite3.DatabaseError("its pages do not fit together"))

    def documents(self, limit: int | None = None, offset: int = 0) -> list[Document]:
        """Return documents in the order in which they were indexed, `limit` after `offset`."""
        query = "SELECT id FROM documents ORDER BY position LIMIT ? OFFSET ?"
        # To SQLite a negative limit is none.
        rows = self._rows(query, -1 if limit is None else limit, offset)
        return [self.document(row[0]) for row in rows]

    def entries(self) -> Iterator[Entry]:
        """Yield everything back as it was written, passages numbered within their document."""
        for card in self.cards():
            yield self.entry(card.id)

    def cards(self) -> list[Card]:
        """Return what there is of each document but its text, in the order of indexing."""
        query = "SELECT id, origin, source, content_hash FROM documents ORDER BY position"
        return [Card(*row) for row in self._rows(query)]

    def entry(self, document_id: str) -> Entry:
        """Return a document as it was written, passages numbered within it; nothing is kept.

        Raises KeyError for an unknown one.
        """
        document = self._document(document_id)
        rows = self._rows(
            "SELECT id, start, end, section, vector_key FROM passages WHERE document_id = ? "
            "ORDER BY id",
            document_id,
        )
        spans = self._rows(
            "SELECT passage_id, start, end FROM sentences WHERE document_id = ? ORDER BY id",
            document_id,
        )
        grouped = {
            number: tuple(Span(*row[1:]) for row in group)
            for number, group in groupby(spans, lambda row: row[0])
        }
        ((origin, content_hash),) = self._rows(
            "SELECT origin, content_hash FROM documents WHERE id = ?", document_id
        )
        passages = tuple(
            Passage(
                id=number,
                document_id=document_id,
                start=start,
                end=end,
                text=document.text[start:end],
                section=section,
                sentences=grouped.get(row, ()),
            )
            for number, (row, start, end, section, _) in enumerate(rows)
        )
        return Entry(document, origin, content_hash, passages, tuple(row[4] for row in rows))

    def passages(self, ids: Sequence[int]) -> list[Passage]:
        """Return the passages with these numbers, in this order. Raises KeyError for an unknown."""
        return [self._passage(number) for number in ids]

    def passages_of(self, document_id: str) -> list[Passage]:
        """Return the passages of one document, in order."""
        query = "SELECT id FROM passages WHERE document_id = ? ORDER BY id"
        return self.passages([row[0] for row in self._rows(query, document_id)])

    def numbers(self, only: Filter) -> NDArray[np.int64]:
        """Return the numbers, in order, of the passages whose documents `only` admits."""
        admitted = [
            document_id
            for document_id, source, metadata in self._rows(
                "SELECT id, source, metadata FROM documents"
            )
            if only.admits(document_id, source, _pairs(metadata))
        ]
        query = "SELECT id FROM passages WHERE document_id = ?"
        found = [row[0] for document_id in admitted for row in self._rows(query, document_id)]
        return np.array(sorted(found), np.int64)

    def sentence_rows(self, passage: Passage) -> tuple[int, int]:
        """Return the first and one past the last row of `passage`'s sentences in sentences.npy."""
        return self._sentence_rows(passage.document_id, passage.start, passage.end)

    def vector_rows(self) -> Iterator[tuple[str, int, int, int]]:
        """Yield (vector key, passage number, first and one past last sentence row), in order."""
        return self._stream(
            "SELECT vector_key, passages.id, MIN(sentences.id), MAX(sentences.id) + 1 "
            "FROM passages JOIN sentences ON passage_id = passages.id "
            "GROUP BY passages.id ORDER BY passages.id"
        )

    def vector_keys(self) -> Iterator[str]:
        """Yield the vector key of each passage, in order."""
        return (row[0] for row in self._stream("SELECT vector_key FROM passages ORDER BY id"))

    def knows(self, word: str) -> bool:
        """Tell whether a document holds `word`, casefolded and without accents."""
        return bool(self._rows("SELECT 1 FROM words WHERE word = ?", word))

    def words(self) -> list[tuple[str, int]]:
        """Return every word of the documents, folded, and how many passages hold it."""
        return self._rows("SELECT word, passages FROM words ORDER BY word")

    def _document(self, document_id: str) -> Document:
        found = self._rows(
            "SELECT id, title, source, text, sections, pages, metadata FROM documents WHERE id = ?",
            document_id,
        )
        if not found:
            raise KeyError(document_id)
        try:
            return _document(*found[0])
        except (ValueError, TypeError, IndexError) as error:
            raise self._damaged(error) from error

    def _read_passage(self, number: int) -> Passage:
        found = self._rows(
            "SELECT document_id, start, end, section, vector_key FROM passages WHERE id = ?", number
        )
        if not found:
            raise KeyError(number)
        document_id, start, end, section, key = found[0]
        spans = self._rows(
            "SELECT start, end FROM sentences WHERE passage_id = ? ORDER BY id", number
        )
        document = self.document(document_id)
        passage = Passage(
            id=number,
            document_id=document_id,
            start=start,
            end=end,
            text=document.text[start:end],
            section=section,
            sentences=tuple(Span(*span) for span in spans),
        )
        # A disk may change what lies on it. What is cited is what was indexed, or nothing is.
        if vector_key(document, passage) != key:
            raise self._damaged(f"passage {number} is not what was indexed")
        return passage

    def _read_sentence_rows(self, document_id: str, start: int, end: int) -> tuple[int, int]:
        (row,) = self._rows(
            "SELECT MIN(id), MAX(id) + 1 FROM sentences WHERE document_id = ? AND start >= ? "
            "AND end <= ?",
            *(document_id, start, end),
        )
        return (row[0] or 0, row[1] or 0)

    def _rows(self, query: str, *values: str | int) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self._damaged(error) from error

    def _stream(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query that may have more of them than should lie in memory."""
        try:
            with self._lock:
                cursor = self._database.execute(query)
            while True:
                with self._lock:
                    rows = cursor.fetchmany(_AT_ONCE)
                if not rows:
                    return
                yield from rows
        except sqlite3.Error as error:
            raise self._damaged(error) from error

    def _damaged(self, error: object) -> IndexUnavailable:
        return IndexUnavailable(f"{self._file} is damaged ({error}); index the documents again")
