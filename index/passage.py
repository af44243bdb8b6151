"""What an index holds and returns: documents, their sections and sentences, passages, hits.

All are frozen. Offsets are counted in characters (Unicode code points) of `Document.text`, the one
canonical text: `start` is the first character, `end` one past the last, so that
`document.text[start:end]` is always the thing meant.
"""

import hashlib
from bisect import bisect_right
from dataclasses import dataclass

from index.metadata import Metadata


@dataclass(frozen=True, slots=True)
class Section:
    """The part of a document under one heading, from after the heading to the next heading.

    `heading` is the heading's own words ("" before the first one), `level` 1 to 6 (0 when there is
    no heading). `path` names the headings above it, outermost first, its own last.
    """

    heading: str
    level: int
    start: int
    end: int
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Page `number` (from 1) of a paged document and the slice of the text that stands on it."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """A text to be cited. Sections are in order and do not overlap; headings lie between them.

    `metadata` is what its file says about it, by `index.metadata`.
    """

    id: str
    title: str
    source: str
    text: str
    sections: tuple[Section, ...] = ()
    pages: tuple[Page, ...] = ()
    metadata: Metadata = ()

    def section_at(self, offset: int) -> Section | None:
        """Return the section that holds the character at `offset`, if any does."""
        # Asked for every passage, so by halves: a book of a million headings is possible.
        place = bisect_right(self.sections, offset, key=lambda section: section.start)
        found = self.sections[place - 1] if place else None
        return found if found and offset < found.end else None

    def page_at(self, offset: int) -> int | None:
        """Return the number of the page that holds the character at `offset`, if known."""
        place = bisect_right(self.pages, offset, key=lambda page: page.start)
        found = self.pages[place - 1] if place else None
        return found.number if found and offset < found.end else None


@dataclass(frozen=True, slots=True)
class Span:
    """A slice of one document: `text[start:end]`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A slice of a document: whole sentences under one heading.

    `sentences` are its sentences' spans in document offsets, in order; `text` is the slice itself.
    `section` is the heading it stands under ("" for none).
    """

    id: int
    document_id: str
    start: int
    end: int
    text: str
    section: str
    sentences: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage with the scores that found it.

    `score` orders hits (higher is better): `best_sentence` plus a part of `coverage`; it means
    nothing across questions. `dense` is the cosine of question and passage, -1 to 1; `lexical` the
    BM25 score, from 0. `dense_rank` and `lexical_rank` count from 1; None where that half did not
    return the passage. `best_sentence` is the highest cosine of question and one of its sentences;
    `coverage` how much of the question's words it holds, weighed by rarity, 0 to 1.

    With a reranker, `rerank` is what it makes of question and passage and orders the hits that have
    it, before those that have none; `fused_rank`, from 1, is where `score` had put the passage.
    """

    passage: Passage
    document: Document
    score: float
    dense: float | None
    lexical: float | None
    dense_rank: int | None
    lexical_rank: int | None
    best_sentence: float | None = None
    coverage: float | None = None
    rerank: float | None = None
    fused_rank: int | None = None


def found_by(document: Document, passage: Passage) -> str:
    """Return what a passage is found by: its title, its headings and its own words."""
    section = document.section_at(passage.start)
    headings = [document.title, *(section.path if section else ())]
    context = "\n".join(dict.fromkeys(heading for heading in headings if heading))
    return f"{context}\n{passage.text}" if context else passage.text


def vector_key(document: Document, passage: Passage) -> str:
    """Return a hash of what a passage's vectors are made from: its words, its sentences' places."""
    spans = " ".join(
        f"{s.start - passage.start}-{s.end - passage.start}" for s in passage.sentences
    )
    return hashlib.sha256(f"{found_by(document, passage)}\n{spans}".encode()).hexdigest()[:32]
