"""Search a generation: `open_index("my-index").search("why did Abe court Putin?", k=8)`.

A question is searched twice, by its vector and by its words (BM25). What either finds is ranked by
the cosine of its best sentence and by how much of the question's words it holds. Passages are found
with their title and heading, and passages that follow one another in the text come back as one hit.
A reranker, where one is given, reads the best of them with the question and puts them in its order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from index.catalog import Catalog
from index.chroma_server import ChromaServer, ServerVectors
from index.embed import Embedder, Vectors, open_model
from index.errors import IndexUnavailable
from index.filters import EVERYTHING, Filter
from index.generation import Manifest, current_generation, mapped, read_manifest
from index.lexical import LexicalIndex
from index.passage import Document, Hit, Passage, found_by
from index.rerank import Reranker
from index.spans import span
from index.spelling import Speller
from index.store import FULL_SCAN_LIMIT, VectorIndex, open_vectors, stored_vectors
from index.words import content_stems

if TYPE_CHECKING:
    from index.langchain import FootnoteRetriever

COVERAGE = 0.5
"""What a question wholly covered by a passage's words adds to its score; a sentence that says the
same adds 1. Chosen by `python -m eval.fit_fusion`, with figures in docs/experiments.md."""

RERANKED = 20
"""Passages that a reranker reads for one question, whatever `k` is."""

_DEPTH = 50
"""Passages that each half of the search hands to the fusion, at the least."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage's number, and its scores in the order of a `Hit`."""

    number: int
    scores: tuple[float, float | None, float | None, int | None, int | None, float, float]


class Searcher:
    """One generation, open for questions. Read-only; threads may share it."""

    def __init__(
        self,
        generation: Path,
        embedder: Embedder | None = None,
        full_scan_limit: int = FULL_SCAN_LIMIT,
        reranker: Reranker | None = None,
        server: ChromaServer | None = None,
    ) -> None:
        self.manifest: Manifest = read_manifest(generation)
        self._embedder = embedder or open_model(generation / "model", threads=1)
        if self._embedder.fingerprint != self.manifest.embedder:
            raise IndexUnavailable(
                f"{generation} was made with the embedding model {self.manifest.model!r}, not with "
                "the one that was given; open it without one, or index the documents again"
            )
        self._reranker = reranker
        self._vectors = self._open_vectors(generation / "vectors", full_scan_limit, server)
        self._lexical = LexicalIndex(generation / "lexical")
        self._catalog = Catalog(generation / "catalog.db")
        self._sentences = mapped(generation / "sentences.npy")
        # Where each passage's sentences begin in it, and one past the last.
        self._starts = mapped(generation / "vectors" / "starts.npy")
        self.rarity = self._lexical.rarity
        self.embed_question = lru_cache(maxsize=64)(self._embedder.embed_question)

    def _open_vectors(self, folder: Path, limit: int, server: ChromaServer | None) -> VectorIndex:
        name = self.manifest.collection
        if not name:
            return open_vectors(folder, limit)
        if server is None:
            raise IndexUnavailable(
                f"the vectors of {folder.parent} lie on a Chroma server; set FOOTNOTE_CHROMA_URL "
                "to its address, or index the documents again without it"
            )
        return ServerVectors(server, name, stored_vectors(folder))

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

    def search(self, question: str, k: int = 8, only: Filter = EVERYTHING) -> list[Hit]:
        """Return what bears on `question`, best first: at most `k` hits, none when nothing is
        known.

        Of the passages that `only` lets through the best `k` are taken, one that says the same in
        the same words as a better one left out; those that adjoin within a section are merged into
        one hit with the best one's scores. A reranker decides the order of the best RERANKED before
        `k` are taken. Raises IndexUnavailable when the index proves damaged.
        """
        if k < 1:
            raise ValueError(f"k is {k}; it must be at least 1")
        if not question.strip() or not self.manifest.passages:
            return []
        try:
            hits = self._distinct(question, max(k, RERANKED) if self._reranker else k, only)
        except (IndexError, KeyError, ValueError) as error:
            message = f"the files of generation {self.generation} do not fit one another ({error})"
            raise IndexUnavailable(f"{message}; index the documents again") from error
        if self._reranker is None:
            return merge_neighbours(hits)
        return merge_neighbours(self._reranked(self._reranker, question, hits)[:k])

    def _distinct(self, question: str, k: int, only: Filter) -> list[Hit]:
        """Return the best `k` passages of which none says the same as a better one."""
        hits: list[Hit] = []
        for ranked in self.rank(question, k, only):
            (passage,) = self.numbered([ranked.number])
            hit = Hit(passage, self.document(passage.document_id), *ranked.scores)
            if not any(_say_the_same(one, hit) for one in hits):
                hits.append(hit)
            if len(hits) == k:
                break
        return hits

    def _reranked(self, reranker: Reranker, question: str, hits: Sequence[Hit]) -> list[Hit]:
        """Return the hits with the best RERANKED in the reranker's order, then the others."""
        texts = [found_by(hit.document, hit.passage) for hit in hits[:RERANKED]]
        with span("rerank"):
            scores = [*reranker.scores(question, texts), *[None] * len(hits[RERANKED:])]
        ranked = zip(hits, scores, strict=True)
        told = [
            replace(hit, rerank=score, fused_rank=rank)
            for rank, (hit, score) in enumerate(ranked, 1)
        ]
        return sorted(told, key=_worth, reverse=True)

    def sentence_vectors(self, passage: Passage) -> Vectors:
        """Return the unit vectors of a passage's sentences, shape (sentences, dimension)."""
        first, end = self._catalog.sentence_rows(passage)
        rows: Vectors = np.asarray(self._sentences[first:end], np.float32)
        return rows

    def passages(self, document_id: str) -> list[Passage]:
        """Return all passages of one document in order; none for an unknown one."""
        return self._catalog.passages_of(document_id)

    def numbered(self, numbers: Sequence[int]) -> list[Passage]:
        """Return the passages with these numbers. Raises KeyError for an unknown one."""
        return self._catalog.passages(numbers)

    def mend(self, question: str) -> str:
        """Return `question` with its misspelt words replaced by words the documents hold."""
        return self._speller.mend(question)

    def as_retriever(self, k: int = 8, only: Filter = EVERYTHING) -> "FootnoteRetriever":
        """Return this searcher as a LangChain `BaseRetriever` that finds `k` passages, of those
        that `only` lets through.

        Raises MissingExtra when langchain-core is not installed.
        """
        from index.langchain import FootnoteRetriever

        return FootnoteRetriever(searcher=self, k=k, only=only)

    @cached_property
    def _speller(self) -> Speller:
        return Speller(self._catalog, self._embedder.vocabulary())

    def rank(self, question: str, k: int, only: Filter = EVERYTHING) -> list[Ranked]:
        """Return the passages that either half finds, best first, before any is read: more than
        `k` where there are more.
        """
        depth, stems = max(_DEPTH, 4 * k), content_stems(question)
        allowed = None if only == EVERYTHING else self._catalog.numbers(only)
        with span("embed"):
            vector = self.embed_question(question)
        with span("dense"):
            near, cosines = (
                self._vectors.nearest(vector, depth)
                if allowed is None
                else self._vectors.nearest_of(vector, depth, allowed)
            )
        with span("lexical"):
            worded = self._lexical.best(stems, depth, allowed)
        with span("fuse"):
            return self._fused(vector, stems, (near, cosines), worded)

    def _fused(
        self,
        vector: Vectors,
        stems: Sequence[str],
        nearest: tuple[NDArray[np.int64], Vectors],
        worded: tuple[NDArray[np.int64], NDArray[np.float32]],
    ) -> list[Ranked]:
        """Return what either half found, ranked by best sentence and by words covered."""
        dense = {int(number): rank for rank, number in enumerate(nearest[0], 1)}
        lexical = {int(number): rank for rank, number in enumerate(worded[0], 1)}
        cosine = dict(zip(dense, map(float, nearest[1]), strict=True))
        matched = dict(zip(lexical, map(float, worded[1]), strict=True))
        found = np.array(sorted(dense.keys() | lexical.keys()), np.int64)
        sentence = self._best_sentences(vector, found)
        covered = self._lexical.coverage(stems, found)
        score = sentence + COVERAGE * covered
        ranked = []
        for i in np.argsort(-score, kind="stable"):
            number = int(found[i])
            scores = (
                *(float(score[i]), cosine.get(number), matched.get(number)),
                *(dense.get(number), lexical.get(number), float(sentence[i]), float(covered[i])),
            )
            ranked.append(Ranked(number, scores))
        return ranked

    def _best_sentences(self, vector: Vectors, passages: NDArray[np.int64]) -> Vectors:
        """Return for each passage the highest cosine of `vector` and one of its sentences.

        A passage has at least one sentence.
        """
        if not len(passages):
            return np.zeros(0, np.float32)
        firsts, ends = np.asarray(self._starts[passages]), np.asarray(self._starts[passages + 1])
        offsets = np.cumsum([0, *(ends - firsts)[:-1]])
        rows = np.repeat(firsts - offsets, ends - firsts) + np.arange((ends - firsts).sum())
        cosines = np.asarray(self._sentences[rows], np.float32) @ vector
        best: Vectors = np.maximum.reduceat(cosines, offsets)
        return best


def open_index(
    path: str | Path,
    embedder: Embedder | None = None,
    full_scan_limit: int = FULL_SCAN_LIMIT,
    reranker: Reranker | None = None,
    server: ChromaServer | None = None,
) -> Searcher:
    """Open the index at `path` for questions.

    The embedding model lies in the index itself; `embedder` is needed only for an index that was
    built with one of your own. `reranker` puts the best hits in its own order; see
    `index.rerank.open_reranker`. `server` is asked for vectors that lie on one; those of an index
    that has its own are not sought there. Raises IndexUnavailable or ModelError.
    """
    generation = current_generation(Path(path))
    return Searcher(generation, embedder, full_scan_limit, reranker, server)


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
    return sorted(merged, key=_worth, reverse=True)


def _say_the_same(one: Hit, other: Hit) -> bool:
    """Tell whether two hits of one question have the same words, and any, in the same order."""
    # The same words cover as much of the question; most pairs need not be read.
    if one.coverage != other.coverage:
        return False
    return bool(said := _stems(one.passage.text)) and said == _stems(other.passage.text)


@lru_cache(maxsize=256)
def _stems(text: str) -> tuple[str, ...]:
    return tuple(content_stems(text))


def _worth(hit: Hit) -> tuple[bool, float, float, int]:
    """Order hits, the best highest: by the reranker where it read them, then by their score."""
    return (hit.rerank is not None, hit.rerank or 0.0, hit.score, -hit.passage.id)


def _same_place(before: Passage, here: Passage, document: Document) -> bool:
    return before.document_id == here.document_id and (
        document.section_at(before.start) == document.section_at(here.start)
    )


def _merged(run: Sequence[Hit]) -> Hit:
    best = max(run, key=_worth)
    first, last = run[0].passage, run[-1].passage
    passage = replace(
        first,
        end=last.end,
        text=best.document.text[first.start : last.end],
        sentences=tuple(span for hit in run for span in hit.passage.sentences),
    )
    return replace(best, passage=passage)
