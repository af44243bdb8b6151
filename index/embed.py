"""The embedding model: `prepare_model(name, cache)` once, `open_model(folder)` wherever it is
asked.

Any sentence-transformers model is loaded by that library, at build time only, and exported to ONNX
with int8 weights: `model.onnx`, `tokenizer.json` and `model.json` in one folder, content-addressed
and kept in a cache. Everything after that, embedding passages as well as questions, is ONNX Runtime
on those files, so both sides agree and the process that answers imports neither torch nor
transformers.
"""

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from index.export import (
    BUNDLED_MODEL,
    MODEL_FILES,
    Kind,
    export_process,
    exported,
    load_here,
    model_folder,
    open_exported,
    shown_name,
    write_model,
)
from index.passage import Span
from index.words import fold

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

__all__ = [
    "BUNDLED_MODEL",
    "MODEL_FILES",
    "Embedder",
    "LangChainEmbedder",
    "OnnxEmbedder",
    "Vectors",
    "model_folder",
    "open_model",
    "prepare_model",
    "unit",
]

_KIND = Kind("index.embed", "export 1")

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Turns text into unit vectors of `dimension` numbers; `fingerprint` names model and export.

    Two embedders with the same fingerprint give the same vectors for the same text.
    """

    name: str
    fingerprint: str
    dimension: int

    def embed_question(self, text: str) -> Vectors:
        """Return the question's unit vector, shape (dimension,)."""

    def vocabulary(self) -> list[str]:
        """Return words that the model knows whole, the most frequent first; empty when unknown."""

    def embed_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, Vectors]:
        """Return unit vectors of passages, (n, dimension), and of all their sentences in order.

        `sentences[i]` are the spans of passage i's sentences within `texts[i]`; the second array
        has one row for each, (sum of lengths, dimension).
        """


def open_model(folder: Path, *, threads: int = 0) -> "OnnxEmbedder":
    """Open an exported model, which computes in so many threads: 0 is one for each core.

    One serves questions best: for a dozen tokens, handing work around costs a quarter more of
    processor time than it saves. Raises ModelError when a file is missing or damaged.
    """
    return open_exported(
        folder, OnnxEmbedder, threads=threads, what="the embedding model", remedy="index again"
    )


class OnnxEmbedder:
    """An Embedder on ONNX Runtime; a sentence's vector is the mean of its tokens in their passage.

    Pooling the passage's own forward pass over each sentence ("late chunking", Günther et al. 2024)
    costs nothing more and knows who "he" is; docs/experiments.md compares it with encoding apart.
    """

    def __init__(self, session: Any, tokenizer: Any, config: dict[str, Any]) -> None:
        self.name: str = config["name"]
        self.fingerprint: str = config["fingerprint"]
        self.dimension: int = config["dimension"]
        self._question_prompt: str = config["question_prompt"]
        self._passage_prompt: str = config["passage_prompt"]
        self._session = session
        self._inputs = {i.name for i in session.get_inputs()}
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(config["max_tokens"])

    def embed_question(self, text: str) -> Vectors:
        """Return the question's unit vector, shape (dimension,)."""
        encoding = self._tokenizer.encode(self._question_prompt + text)
        return self._forward(encoding)[0]

    def vocabulary(self) -> list[str]:
        """Return the tokens that are words, in the tokenizer's order: frequent ones come first."""
        vocabulary = self._tokenizer.get_vocab()
        tokens = sorted(vocabulary, key=lambda token: vocabulary[token])
        # Byte-pair and unigram models mark a word's first piece, WordPiece every other one.
        marked = [token[1:] for token in tokens if token[0] in "\u0120\u2581"]
        bare = (fold(token) for token in marked or tokens)
        return list(dict.fromkeys(word for word in bare if word.isascii() and word.isalpha()))

    def embed_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, Vectors]:
        """Embed passages and their sentences; see `Embedder`. A sentence past the model's last
        token takes its passage's vector.
        """
        passages = np.zeros((len(texts), self.dimension), np.float32)
        rows = [np.zeros((0, self.dimension), np.float32)]
        for i, text in enumerate(texts):
            encoding = self._tokenizer.encode(self._passage_prompt + text)
            passages[i], tokens = self._forward(encoding)
            rows.append(self._pooled(encoding, tokens, sentences[i], passages[i]))
        return passages, np.concatenate(rows)

    def _pooled(
        self, encoding: Any, tokens: Vectors, sentences: Sequence[Span], fallback: Vectors
    ) -> Vectors:
        shift = len(self._passage_prompt)
        offsets = np.asarray(encoding.offsets)
        rows = np.empty((len(sentences), self.dimension), np.float32)
        for row, span in enumerate(sentences):
            inside = (offsets[:, 0] >= span.start + shift) & (offsets[:, 1] <= span.end + shift)
            inside &= offsets[:, 1] > offsets[:, 0]
            rows[row] = tokens[inside].mean(axis=0) if inside.any() else fallback
        return unit(rows)

    def _forward(self, encoding: Any) -> tuple[Vectors, Vectors]:
        """Return one text's unit vector (d,) and its token vectors (tokens, d).

        One text at a time: int8 scales its activations by what is in the batch, so a batch would
        make a text's vector depend on its company; on two cores it is no slower either.
        """
        ids = np.asarray([encoding.ids], np.int64)
        feed = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        vectors, tokens = self._session.run(
            ["text_vector", "token_vectors"], {name: feed[name] for name in self._inputs}
        )
        return unit(vectors[0]), tokens[0]


class LangChainEmbedder:
    """An Embedder on any LangChain `Embeddings`; `name` must change whenever its vectors would."""

    def __init__(self, embeddings: "Embeddings", name: str) -> None:
        self._embeddings = embeddings
        self.name = name
        self.fingerprint = hashlib.sha256(f"langchain:{name}".encode()).hexdigest()[:16]
        self.dimension = len(embeddings.embed_query("dimension"))

    def embed_question(self, text: str) -> Vectors:
        """Return the question's unit vector, shape (dimension,)."""
        return unit(np.asarray(self._embeddings.embed_query(text), np.float32))

    def vocabulary(self) -> list[str]:
        """Return nothing: LangChain does not tell what a model knows."""
        return []

    def embed_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, Vectors]:
        """Embed passages and, apart from them, each of their sentences; see `Embedder`."""
        pairs = zip(texts, sentences, strict=True)
        apart = [text[span.start : span.end] for text, spans in pairs for span in spans]
        return self._embed(list(texts)), self._embed(apart)

    def _embed(self, texts: list[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        return unit(np.asarray(self._embeddings.embed_documents(texts), np.float32))


def prepare_model(name: str, cache: Path) -> Path:
    """Return the folder of the exported model `name`, exporting it on first use.

    `name` is the bundled package's, a folder, or a name that sentence-transformers finds among the
    files already on this machine: nothing is downloaded. Raises MissingExtra or ModelError.
    """
    return exported(name, cache, _KIND)


def _export(name: str, folder: Path, fingerprint: str) -> None:
    """Write MODEL_FILES for the sentence-transformers model `name` into `folder`."""
    remedy = f"give {BUNDLED_MODEL!r}, a folder, or the name of a model already on this machine"
    model = load_here("SentenceTransformer", name, "FOOTNOTE_EMBEDDING_MODEL", remedy)

    def forward(inputs: dict[str, Any]) -> tuple[Any, Any]:
        out = model(inputs)
        return out["sentence_embedding"], out["token_embeddings"]

    texts = ["two texts", "of different length"]
    sample = model.tokenizer(texts, padding=True, return_tensors="pt")
    outputs = {"text_vector": {0: "batch"}, "token_vectors": {0: "batch", 1: "tokens"}}
    write_model(model, forward, sample, outputs, folder)
    config = {
        "name": shown_name(name),
        "fingerprint": fingerprint,
        "dimension": model.get_embedding_dimension(),
        "max_tokens": model.max_seq_length,
        "question_prompt": _prompt(model, "query"),
        "passage_prompt": _prompt(model, "document") or _prompt(model, "passage"),
    }
    (folder / "model.json").write_text(json.dumps(config, indent=1), encoding="utf-8")


def _prompt(model: Any, key: str) -> str:
    return str((model.prompts or {}).get(key) or "")


def unit(vectors: Vectors) -> Vectors:
    """Return the vectors (…, d) scaled to length 1; a zero vector stays zero."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Vectors = (vectors / np.maximum(norms, 1e-12)).astype(np.float32)
    return scaled


if __name__ == "__main__":
    sys.exit(export_process(_export))
