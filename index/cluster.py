"""A build's work on Ray Data: `with ray_engine(address, model) as engine`.

It is an `Engine` as `index/engine.py` has them.

Files are read and split by Ray's tasks, passages embedded by a pool of actors, one embedding model
each, as many as the cluster has processors. Everything crosses to them in batches; what comes back
is written down by the build as it comes, so a worker that dies costs the batch it had, which Ray
gives to another one. No address means a cluster of this machine's cores, which ends with the build.

What is done to a file and to a passage stands in `index/engine.py`: nothing here decides a value.
"""

import logging
import os
import pickle
import socket
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.embed import MODEL_FILES, open_model
from index.engine import Embeddings, Job, Piece, Read, batches, cores, embed_pieces, read_job
from index.errors import BuildError, MissingExtra, UsageError

if TYPE_CHECKING:
    import pyarrow as pa
    import ray.data

FILES = 8
"""Files that a task reads."""

PIECES = 64
"""Passages that an actor embeds between two results: what its death costs."""

_CONNECT_SECONDS = 5.0
_NOWHERE = "http://127.0.0.1:9"
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # It warns of every actor that Ray Data itself starts.
    "RAY_BACKEND_LOG_LEVEL": "fatal",
}
"""Environment of whatever starts Ray or talks to it."""

ALONE = {
    # Ray's name for "this machine only": nothing of it listens on another address.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    # With its statistics off and no dashboard, Ray still starts a process that asks the cloud's
    # metadata addresses where it is. A proxy that nobody runs keeps that on this machine.
    **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), _NOWHERE),
    **dict.fromkeys(("no_proxy", "NO_PROXY"), "localhost,127.0.0.1,::1"),
}
"""And of a cluster that is this machine's own."""


@contextmanager
def ray_engine(address: str | None, model: Path) -> Iterator["RayEngine"]:
    """Give an engine on the Ray cluster at `address`, HOST:PORT, or on one of this machine's own.

    It embeds with the exported model in the folder `model`. Raises MissingExtra without Ray,
    UsageError for what is no address, BuildError when no cluster answers there.
    """
    if address:
        _check(address)
    with _environment(QUIET if address else QUIET | ALONE):
        _connect(address)
    import ray

    try:
        yield RayEngine(model)
    finally:
        ray.shutdown()


def _connect(address: str | None) -> None:
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise MissingExtra("--engine ray needs Ray Data: pip install 'footnote[ray]'") from error
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.ERROR)
    own = {} if address else {"num_cpus": cores(), "include_dashboard": False}
    try:
        # "local" is a new one; with no address Ray would take any that it finds running here.
        ray.init(address or "local", log_to_driver=False, logging_level=logging.ERROR, **own)
    # Ray raises a bare Exception for a node that does not come up.
    except Exception as error:
        where = f"the Ray cluster at {address}" if address else "a Ray cluster on this machine"
        told = str(error).strip().rpartition("\n")[2]
        raise BuildError(f"{where} cannot be used ({told}); look at: ray status") from error


@contextmanager
def _environment(changes: dict[str, str]) -> Iterator[None]:
    """Set environment variables for a while; what is started meanwhile keeps them."""
    before = {name: os.environ.get(name) for name in changes}
    os.environ |= changes
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _check(address: str) -> None:
    """Find out in seconds whether anybody listens; Ray itself would try for minutes."""
    host, colon, port = address.rpartition(":")
    if "://" in address or not (host and colon and port.isdigit() and int(port) < 1 << 16):
        raise UsageError(
            f"--address {address} is not HOST:PORT; it is what `ray start --head` prints as the "
            "address to connect to, and this machine has to be a part of that cluster"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()
    except OSError as error:
        raise BuildError(
            f"no Ray cluster answers at {address} ({error.strerror or error}); look whether it "
            "runs there: ray status"
        ) from error


class RayEngine:
    """An Engine on Ray Data."""

    def __init__(self, model: Path) -> None:
        import ray

        files = {name: (model / name).read_bytes() for name in MODEL_FILES}
        # In a list, or Ray would hand actors the bytes and lose them when one has to start again.
        self._model = [ray.put(files)]

    def read(self, jobs: Sequence[Job], max_bytes: int) -> Iterator[Read]:
        """Yield what came of each job, in their order.

        A file that a worker does not see as this process sees it is read here.
        """
        sent = [(_sent(job), _state(job.file)) for job in jobs]
        chunks = ((batch, max_bytes) for batch in batches(sent, FILES))
        blocks = self._blocks(chunks)
        blocks = blocks.map_batches(_read, batch_size=None, batch_format="pyarrow", num_cpus=1)
        blocks.context.execution_options.preserve_order = True
        read = (one for batch in _unpacked(blocks) for one in batch)
        for job, one in zip(jobs, read, strict=True):
            yield one or read_job(job, max_bytes)

    def embed(self, pieces: Iterable[Piece], total: int) -> Iterator[Embeddings]:
        """Yield the vectors of the pieces as they are made, in any order."""
        if not total:
            return
        import ray

        workers = int(ray.cluster_resources().get("CPU", 1))
        blocks = self._blocks(batches(pieces, PIECES)).map_batches(
            _Embedder,
            fn_constructor_args=(self._model,),
            batch_size=None,
            batch_format="pyarrow",
            num_cpus=1,
            compute=ray.data.ActorPoolStrategy(size=min(workers, -(-total // PIECES))),
        )
        yield from _unpacked(blocks)

    def _blocks(self, given: Iterable[Any]) -> "ray.data.Dataset":
        """Return a data set with each of the `given` in a block of its own.

        They go into Ray's object store one by one, and from there to disk when it is full.
        """
        import ray

        blocks = ray.data.from_arrow_refs([ray.put(_packed(one)) for one in given])
        blocks.context.enable_progress_bars = False
        return blocks


class _Embedder:
    """An actor: the model, opened once in its process, from files that it writes itself."""

    def __init__(self, model: list[Any]) -> None:
        import ray

        with tempfile.TemporaryDirectory(prefix="footnote-") as folder:
            for name, content in ray.get(model[0]).items():
                (Path(folder) / name).write_bytes(content)
            self._model = open_model(Path(folder), threads=1)

    def __call__(self, block: "pa.Table") -> "pa.Table":
        return _packed(embed_pieces(self._model, _unpacked_one(block)))


def _read(block: "pa.Table") -> "pa.Table":
    """Read the files of a block; None stands for one that this machine does not see as it was."""
    sent, max_bytes = _unpacked_one(block)
    return _packed(
        [read_job(job, max_bytes) if _state(job.file) == state else None for job, state in sent]
    )


def _sent(job: Job) -> Job:
    return replace(job, file=job.file.absolute())


def _state(file: Path) -> tuple[int, int] | None:
    """Return a file's size and time, by which it is known on another machine, if it is there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _packed(one: object) -> "pa.Table":
    import pyarrow as pa

    return pa.table({"packed": [pickle.dumps(one)]})


def _unpacked_one(block: "pa.Table") -> Any:
    # Who commands the cluster commands this process anyway.
    return pickle.loads(block.column("packed")[0].as_py())  # noqa: S301


def _unpacked(blocks: "ray.data.Dataset") -> Iterator[Any]:
    from ray.exceptions import RayError

    try:
        for block in blocks.iter_batches(batch_size=None, batch_format="pyarrow"):
            for start in range(block.num_rows):
                yield _unpacked_one(block.slice(start, 1))
    except RayError as error:
        told = str(error).strip().rpartition("\n")[2]
        raise BuildError(
            f"the Ray cluster failed ({told}); what was embedded is kept, so start the build again"
        ) from error
