"""Reranking: `open_reranker(name, cache).scores(question, texts)` reads question and text together.

Any sentence-transformers cross-encoder (a model that classifies pairs) is exported once, as the
embedding model is, and run by ONNX Runtime alone. It is slow next to the search, one pass of the
model for each text, so `index/search.py` shows it only the best few.

    searcher = open_index("my-index", reranker=open_reranker("my-cross-encoder", cache))
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from index.errors import ModelError
from index.export import (
    Kind,
    export_process,
    exported,
    load_here,
    open_exported,
    shown_name,
    write_model,
)

SETTING = "FOOTNOTE_RERANKER"
_KIND = Kind("index.rerank", "reranker 1")
_REMEDY = "give the folder of a cross-encoder, or the name of one already on this machine"
_LONGEST = 8_192
_RELEVANT = ("relevant", "entailment")
"""What the class of a pair that belongs together is called, in models that have several."""


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


class OnnxReranker:
    """A Reranker on ONNX Runtime; a pair too long for the model loses the end of its longer text.

    Scores are what `CrossEncoder.predict` gives: the one logit after the model's own activation
    (a sigmoid unless it names another), or the probability of the class that means "relevant".
    """

    def __init__(self, session: Any, tokenizer: Any, config: dict[str, Any]) -> None:
        self.name: str = config["name"]
        self._session = session
        self._inputs = {i.name for i in session.get_inputs()}
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(config["max_tokens"], strategy="longest_first")

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return one number for each text, the higher the better."""
        return [self._score(question, text) for text in texts]

    def _score(self, question: str, text: str) -> float:
        """One pair at a time, for the reason that OnnxEmbedder gives: int8 scales by the batch."""
        encoding = self._tokenizer.encode(question, text)
        ids = np.asarray([encoding.ids], np.int64)
        feed = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.asarray([encoding.type_ids], np.int64),
        }
        (scores,) = self._session.run(["score"], {name: feed[name] for name in self._inputs})
        return float(scores[0])


def _export(name: str, folder: Path, fingerprint: str) -> None:
    """Write MODEL_FILES for the cross-encoder `name` into `folder`."""
    model = load_here("CrossEncoder", name, SETTING, _REMEDY)
    if model[0].transformer_task != "sequence-classification":
        raise ModelError(f"{SETTING}={name!r} generates text instead of classifying it; {_REMEDY}")
    chosen = _chosen_class(name, model)

    def forward(inputs: dict[str, Any]) -> tuple[Any]:
        scores = model.activation_fn(model(inputs)["scores"])
        if model.num_labels > 1 and type(model.activation_fn).__name__ == "Identity":
            # A logit means something only beside the other classes' ones.
            scores = scores.softmax(dim=-1)
        return (scores[:, chosen],)

    texts = ["a text", "two texts of different length"]
    sample = model.tokenizer(texts, texts[::-1], padding=True, return_tensors="pt")
    write_model(model, forward, sample, {"score": {0: "batch"}}, folder)
    config = {
        "name": shown_name(name),
        "fingerprint": fingerprint,
        # A tokenizer that was given no length says 10**30.
        "max_tokens": min(model.max_seq_length, _LONGEST),
    }
    (folder / "model.json").write_text(json.dumps(config, indent=1), encoding="utf-8")


def _chosen_class(name: str, model: Any) -> int:
    """Return which of the model's classes is the score; the model's labels say what they mean.

    Raises ModelError where they do not.
    """
    if model.num_labels == 1:
        return 0
    labels = {str(label).casefold(): int(at) for at, label in model.config.id2label.items()}
    for label in _RELEVANT:
        if label in labels:
            return labels[label]
    raise ModelError(
        f"{SETTING}={name!r} has the classes {', '.join(labels)}, none of which is called "
        f"{' or '.join(_RELEVANT)}; {_REMEDY}"
    )


if __name__ == "__main__":
    sys.exit(export_process(_export))
