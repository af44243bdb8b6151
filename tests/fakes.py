"""Stand-ins that obey the real interfaces; each is held to the real thing's contract suite."""

import hashlib
from collections.abc import Sequence

import numpy as np

from index.embed import Vectors, unit
from index.passage import Span
from index.words import content_stems


class HashEmbedder:
    """An Embedder without a model: a text's vector counts its stems, each in a hashed place.

    `embedded` lists every passage text that was embedded, so that a test can tell what was not.
    """

    def __init__(self, name: str = "hash", dimension: int = 64) -> None:
        self.name = name
        self.fingerprint = hashlib.sha256(f"{name} {dimension}".encode()).hexdigest()[:16]
        self.dimension = dimension
        self.embedded: list[str] = []

    def vocabulary(self) -> list[str]:
        """Return nothing: it knows no language."""
        return []

    def embed_question(self, text: str) -> Vectors:
        """Return the question's unit vector."""
        counts = np.full(self.dimension, 0.01, np.float32)
        for stem in content_stems(text):
            counts[int(hashlib.sha256(stem.encode()).hexdigest(), 16) % self.dimension] += 1
        return unit(counts)

    def embed_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, Vectors]:
        """Return the vectors of passages and of their sentences."""
        self.embedded += texts
        parts = [
            self.embed_question(text[span.start : span.end])
            for text, spans in zip(texts, sentences, strict=True)
            for span in spans
        ]
        whole = [self.embed_question(text) for text in texts]
        return self._stacked(whole), self._stacked(parts)

    def _stacked(self, rows: list[Vectors]) -> Vectors:
        return np.stack(rows) if rows else np.zeros((0, self.dimension), np.float32)
