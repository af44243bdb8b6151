"""Search a generation: `open_index("my-index").search("why did Abe court Putin?", k=8)`.

A question is searched twice, by its vector and by its words (BM25), and the two rankings are fused
by reciprocal rank. Passages are found with their title and heading, and passages that follow one
another in the text come back as one hit.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from index.catalog import Catalog
from index.embed import Embedder, Vectors, open_model
from index.errors import IndexUnavailable
from index.generation import Manifest, current_generation, read_manifest
from index.lexical import LexicalIndex
from index.passage import Document, Hit, Passage
from index.spelling import Speller
from index.store import FULL_SCAN_LIMIT, open_vectors
from index.words import content_stems

if TYPE_CHECKING:
    from index.langchain import FootnoteRetriever

RANK_CONSTANT = 60
"""What reciprocal rank fusion adds to every rank (Cormack, Clarke and Büttcher 2009)."""

_Scores = tuple[float, float | None, float | None, int | None, int | None]
_DEPTH = 50
"""Passages that each half of the search hands to the fusion, at the least."""


class Searcher:
    """One generation, open for questions. Read-only; threads may share it."""

    def __init__(
        self,
        generation: Path,
        embedder: Embedder | None = None,
        full_scan_limit: int = FULL_SCAN_LIMIT,
    ) -> None:
        self.manifest: Manifest = read_manifest(generation)
        self._embedder = embedder or open_model(generation / "model", threads=1)
        if self._embedder.fingerprint != self.manifest.embedder:
            raise IndexUnavailable(
                f"{generation} was made with the embedding model {self.manifest.model!r}, not with "
                "the one that was given; open it without one, or index the documents again"
            )
        self._vectors = open_vectors(generation / "vectors", full_scan_limit)
        self._lexical = LexicalIndex(generation / "lexical")
        self._catalog = Catalog(generation / "catalog.db")
        self._sentences = np.load(generation / "sentences.npy", mmap_mode="r")
        self.rarity = self._lexical.rarity
        self.embed_question = lru_cache(maxsize=64)(self._embedder.embed_question)

    @property
    def generation(self) -> str:
        """The id of the generation, the same for the same documents and the same model."""
        return self.manifest.id

    def close(self) -> None:
        """Give the generation's files back."""
        self._catalog.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def documents(self, limit: int | None = None, offset: int = 0) -> list[Document]:
        """Return the documents of the index, in the order in which they were indexed: all of them,
        or `limit` after the first `offset`.
        """
        return self._catalog.documents(limit, offset)

    def document(self, document_id: str) -> Document:
        """Return one document. Raises KeyError when the index has none of this id."""
        return self._catalog.document(document_id)

    def search(self, question: str, k: int = 8) -> list[Hit]:
        """Return what bears on `question`, best first: at most `k` hits, none when nothing is
        known.

        The best `k` passages are taken; those that adjoin within a section are merged into one hit
        with the best one's scores.
        """
        if k < 1:
            raise ValueError(f"k is {k}; it must be at least 1")
        if not question.strip() or not self.manifest.passages:
            return []
        ranked = self._ranked(question, k)
        passages = self._catalog.passages([number for number, _ in ranked])
        hits = [
            Hit(passage, self.document(passage.document_id), *scores)
            for passage, (_, scores) in zip(passages, ranked, strict=True)
        ]
        return merge_neighbours(hits)

    def sentence_vectors(self, passage: Passage) -> Vectors:
        """Return the unit vectors of a passage's sentences, shape (sentences, dimension)."""
        first, end = self._catalog.sentence_rows(passage)
        rows: Vectors = np.asarray(self._sentences[first:end], np.float32)
        return rows

    def passages(self, document_id: str) -> list[Passage]:
        """Return all passages of one document in order; none for an unknown one."""
        return self._catalog.passages_of(document_id)

    def mend(self, question: str) -> str:
        """Return `question` with its misspelt words replaced by words the documents hold."""
        return self._speller.mend(question)

    def as_retriever(self, k: int = 8) -> "FootnoteRetriever":
        """Return this searcher as a LangChain `BaseRetriever` that finds `k` passages.

        Raises MissingExtra when langchain-core is not installed.
        """
        from index.langchain import FootnoteRetriever

        return FootnoteRetriever(searcher=self, k=k)

    @cached_property
    def _speller(self) -> Speller:
        return Speller(self._catalog, self._embedder.vocabulary())

    def _ranked(self, question: str, k: int) -> list[tuple[int, _Scores]]:
        depth = max(_DEPTH, 4 * k)
        near, cosines = self._vectors.nearest(self.embed_question(question), depth)
        matched = self._lexical.scores(content_stems(question))
        worded = [int(i) for i in np.argsort(-matched, kind="stable")[:depth] if matched[i] > 0]
        dense = {int(number): rank for rank, number in enumerate(near, 1)}
        lexical = {number: rank for rank, number in enumerate(worded, 1)}
        cosine = dict(zip(dense, map(float, cosines), strict=True))
        fused = {
            number: sum(
                1 / (RANK_CONSTANT + ranks[number]) for ranks in (dense, lexical) if number in ranks
            )
            for number in dense.keys() | lexical.keys()
        }
        best = sorted(fused, key=lambda number: (-fused[number], number))[:k]
        return [
            (
                number,
                (
                    *(fused[number], cosine.get(number)),
                    float(matched[number]) if number in lexical else None,
                    *(dense.get(number), lexical.get(number)),
                ),
            )
            for number in best
        ]


def open_index(
    path: str | Path, embedder: Embedder | None = None, full_scan_limit: int = FULL_SCAN_LIMIT
) -> Searcher:
    """Open the index at `path` for questions.

    The embedding model lies in the index itself; `embedder` is needed only for an index that was
    built with one of your own. Raises IndexUnavailable or ModelError.
    """
    return Searcher(current_generation(Path(path)), embedder, full_scan_limit)


def merge_neighbours(hits: Sequence[Hit]) -> list[Hit]:
    """Merge hits whose passages adjoin within a section; the best one lends its scores."""
    runs: list[list[Hit]] = []
    for hit in sorted(hits, key=lambda h: h.passage.id):
        before = runs[-1][-1].passage if runs else None
        here = hit.passage
        if before and here.id == before.id + 1 and _same_place(before, here, hit.document):
            runs[-1].append(hit)
        else:
            runs.append([hit])
    merged = [_merged(run) for run in runs]
    return sorted(merged, key=lambda hit: (-hit.score, hit.passage.id))


def _same_place(before: Passage, here: Passage, document: Document) -> bool:
    return before.document_id == here.document_id and (
        document.section_at(before.start) == document.section_at(here.start)
    )


def _merged(run: Sequence[Hit]) -> Hit:
    best = max(run, key=lambda hit: hit.score)
    first, last = run[0].passage, run[-1].passage
    passage = replace(
        first,
        end=last.end,
        text=best.document.text[first.start : last.end],
        sentences=tuple(span for hit in run for span in hit.passage.sentences),
    )
    return replace(best, passage=passage)
