"""Which vectors to keep: `python -m eval.bench.embedding DATA` compares four ways of making them.

Precision: PyTorch's 32-bit floats against the shipped export with 8-bit weights. Sentence vectors:
pooled from the passage's own token vectors ("late") against every sentence encoded by itself
("apart"). Each way indexes the articles of SQuAD 2.0 and XQuAD and is asked their answerable
questions: in how many is the passage with the answer first, among the first five, and is the
sentence with the answer, by its cosine alone, first or among the first three of those found.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
from sentence_transformers import SentenceTransformer

from eval.fit_answerability import gold_spans, open_corpora, shared
from eval.questions import Labelled, read_sets
from index.embed import (
    BUNDLED_MODEL,
    Embedder,
    OnnxEmbedder,
    Vectors,
    open_model,
    prepare_model,
    unit,
)
from index.embed import model_folder as source_folder
from index.passage import Span
from index.search import Searcher


class Reference:
    """An Embedder on sentence-transformers in 32-bit floats, sentences pooled late."""

    name = "reference"
    fingerprint = "reference-fp32-late"

    def __init__(self) -> None:
        self._model = SentenceTransformer(str(source_folder(BUNDLED_MODEL)), device="cpu")
        self.dimension = int(self._model.get_embedding_dimension() or 0)

    def vocabulary(self) -> list[str]:
        """Return nothing: no question is mended here."""
        return []

    def embed_question(self, text: str) -> Vectors:
        """Return the question's unit vector."""
        return unit(np.asarray(self._model.encode(text), np.float32))

    def embed_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, Vectors]:
        """Embed passages and, from their token vectors, their sentences."""
        rows = [np.zeros((0, self.dimension), np.float32)]
        for text, spans in zip(texts, sentences, strict=True):
            tokens = self._model.encode([text], output_value="token_embeddings")[0].numpy()
            limit = self._model.max_seq_length
            encoded = self._model.tokenizer(
                text, return_offsets_mapping=True, truncation=True, max_length=limit
            )
            offsets = np.asarray(encoded["offset_mapping"])
            for span in spans:
                inside = (offsets[:, 0] >= span.start) & (offsets[:, 1] <= span.end)
                inside &= offsets[:, 1] > offsets[:, 0]
                chosen = tokens[: len(offsets)][inside] if inside.any() else tokens
                rows.append(chosen.mean(axis=0, keepdims=True))
        return unit(np.asarray(self._model.encode(list(texts)))), unit(np.concatenate(rows))


class Apart:
    """Another Embedder, but every sentence encoded by itself."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self.name, self.dimension = inner.name, inner.dimension
        self.fingerprint = f"{inner.fingerprint}-apart"
        self.vocabulary, self.embed_question = inner.vocabulary, inner.embed_question

    def embed_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, Vectors]:
        """Embed passages as the other does and their sentences by themselves."""
        passages, _ = self._inner.embed_passages(texts, [[] for _ in texts])
        alone = [
            text[span.start : span.end]
            for text, spans in zip(texts, sentences, strict=True)
            for span in spans
        ]
        return passages, self._inner.embed_passages(alone, [[] for _ in alone])[0]


def score(searchers: dict[str, Searcher], questions: Sequence[Labelled]) -> list[float]:
    """Return the four shares that the module's docstring names, in its order."""
    outcomes = []
    for asked in questions:
        searcher = searchers[asked.corpus]
        hits = searcher.search(asked.question, 8)
        gold = gold_spans(hits, asked)
        ranks = [
            any(shared(Span(hit.passage.start, hit.passage.end), span) for span in spans)
            for hit in hits
            for spans in [gold.get(hit.document.id, [])]
        ]
        vector = searcher.embed_question(asked.question)
        cosines, answers = [], []
        for hit in hits:
            cosines += np.dot(searcher.sentence_vectors(hit.passage), vector).tolist()
            spans = gold.get(hit.document.id, [])
            answers += [any(shared(s, span) for span in spans) for s in hit.passage.sentences]
        order = np.argsort(-np.asarray(cosines))
        best = [answers[i] for i in order[:3]]
        outcomes.append([any(ranks[:1]), any(ranks[:5]), any(best[:1]), any(best)])
    return [float(share) for share in np.mean(outcomes, axis=0)]


def main() -> None:
    """Print one row for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the public question sets")
    parser.add_argument("--work", type=Path, default=Path("build/embedding"))
    arguments = parser.parse_args()
    corpora, questions = read_sets(arguments.data)
    asked = [q for q in questions if q.gold and q.dataset in {"squad2", "xquad"}]
    named = {one.corpus for one in asked}
    corpora = [corpus for corpus in corpora if corpus.name in named]
    shipped: OnnxEmbedder = open_model(prepare_model(BUNDLED_MODEL, arguments.work / "cache"))
    ways: list[Embedder] = [Reference(), Apart(Reference()), shipped, Apart(shipped)]
    sys.stdout.write(
        "| vectors | passage @1 | @5 | sentence @1 | @3 | to index |\n|---|---|---|---|---|---|\n"
    )
    for name, way in zip(("fp32 late", "fp32 apart", "int8 late", "int8 apart"), ways, strict=True):
        started = perf_counter()
        searchers = open_corpora(corpora, arguments.work / way.fingerprint, way)
        seconds = perf_counter() - started
        cells = " | ".join(f"{share:.3f}" for share in score(searchers, asked))
        sys.stdout.write(f"| {name} | {cells} | {seconds:.0f} s |\n")


if __name__ == "__main__":
    main()
