"""Reranking: `open_reranker(name, cache).scores(question, texts)` reads question and text together.

Any sentence-transformers cross-encoder (a model that classifies pairs) is exported once, as the
embedding model is, and run by ONNX Runtime alone. It is slow next to the search, one pass of the
model for each text, so `index/search.py` shows it only the best few.

    searcher = open_index("my-index", reranker=open_reranker("my-cross-encoder", cache))
"""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from index.export import Kind, export_process, exported, open_exported
from index.pairs import OnnxPairs, Use, export_pairs

SETTING = "FOOTNOTE_RERANKER"
_KIND = Kind("index.rerank", "reranker 1")
_USE = Use(
    SETTING,
    "give the folder of a cross-encoder, or the name of one already on this machine",
    # What the class of a pair that belongs together is called, in models that have several.
    labels=("relevant", "entailment"),
)


class Reranker(Protocol):
    """Says how well each text answers a question; `name` is shown, never interpreted."""

    name: str

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return one number for each text, the higher the better; threads may share it."""


def open_reranker(name: str | None, cache: Path, *, threads: int = 1) -> "OnnxReranker | None":
    """Return the cross-encoder `name`, exported into `cache` on first use; None for no name.

    `name` is a folder, or a name that sentence-transformers finds among the files already on this
    machine: nothing is downloaded. Raises MissingExtra or ModelError.
    """
    if name is None:
        return None
    folder = exported(name, cache, _KIND)
    return open_exported(
        folder,
        OnnxReranker,
        threads=threads,
        what=f"the reranker {SETTING}={name!r}",
        remedy="delete that folder, and it is exported again",
    )


class OnnxReranker(OnnxPairs):
    """A Reranker on ONNX Runtime; a pair too long for the model loses the end of its longer text.

    Scores are what `CrossEncoder.predict` gives: the one logit after the model's own activation
    (a sigmoid unless it names another), or the probability of the class that means "relevant".
    """

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return one number for each text, the higher the better."""
        return [self.score(question, text) for text in texts]


if __name__ == "__main__":
    sys.exit(export_process(partial(export_pairs, use=_USE)))
