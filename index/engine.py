"""Who does the work of a build: an `Engine` reads files and embeds passages, wherever that is.

    engine = LocalEngine(embedder, workers=2)             # this machine's cores
    for job, read in engine.read(jobs, max_bytes): …      # in the order of the jobs
    for made in engine.embed(pieces): …                   # in any order, told by their keys

`index/cluster.py` has the other one. What is done to one file, and to one passage, stands here
once, so that no engine can do it otherwise: a passage's vector is the same to the last bit, whoever
makes it and in whatever company.
"""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.catalog import Entry
from index.embed import Embedder
from index.errors import LoadError
from index.load import load
from index.passage import Document, Passage, Span, found_by, vector_key
from index.split import split_passages

BATCH = 16
"""Passages that a worker takes at a time; vectors do not depend on it."""

_AHEAD = 2
"""Batches for each worker that wait or are done while the oldest is awaited: what memory holds."""

Given = TypeVar("Given")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Job:
    """A file to read: `origin` and `content_hash` as an `Entry` has them.

    `content_hash` is that of what the index holds already, "" for nothing: a file that still has it
    is not read again.
    """

    file: Path
    id: str
    origin: str
    source: str
    content_hash: str = ""


@dataclass(frozen=True)
class Read:
    """What came of a job: its entry; or why it cannot be read; or neither, when it is unchanged."""

    entry: Entry | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Piece:
    """A passage to embed: its vector key, the text it is found by, its sentences' spans in that."""

    key: str
    text: str
    sentences: tuple[Span, ...]


@dataclass(frozen=True)
class Embeddings:
    """The vectors of some pieces, in half precision.

    `passages` has a row for each of `keys`, `sentences` one for each of their sentences, of which
    `counts` says how many are whose.
    """

    keys: tuple[str, ...]
    counts: tuple[int, ...]
    passages: NDArray[np.float16]
    sentences: NDArray[np.float16]


class Engine(Protocol):
    """Reads files and embeds passages."""

    def read(self, jobs: Sequence[Job], max_bytes: int) -> Iterator[Read]:
        """Yield what came of each job, in their order; larger files are refused."""

    def embed(self, pieces: Iterable[Piece], total: int) -> Iterator[Embeddings]:
        """Yield the vectors of the pieces, `total` of them, in batches, as they are made."""


class LocalEngine:
    """The cores of this machine, one thread for each worker; a single one is the caller's own.

    Neither reading nor ONNX Runtime holds Python's lock for long, and a session that computes in
    one thread for each of two callers does a third more than one that computes in two threads for
    one caller: docs/experiments.md.
    """

    def __init__(self, embedder: Embedder, workers: int | None = None) -> None:
        self._embedder = embedder
        self._workers = workers or cores()

    def read(self, jobs: Sequence[Job], max_bytes: int) -> Iterator[Read]:
        """Yield what came of each job, in their order."""
        return _mapped(lambda job: read_job(job, max_bytes), jobs, self._workers)

    def embed(self, pieces: Iterable[Piece], total: int) -> Iterator[Embeddings]:
        """Yield the vectors of the pieces, in their order."""
        del total
        return _mapped(
            lambda batch: embed_pieces(self._embedder, batch), batches(pieces, BATCH), self._workers
        )


def batches(given: Iterable[Given], size: int) -> Iterator[list[Given]]:
    """Yield the `given` in lists of `size`, the last one perhaps shorter."""
    rest = iter(given)
    while batch := list(islice(rest, size)):
        yield batch


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _mapped(work: Callable[[Given], Made], given: Iterable[Given], workers: int) -> Iterator[Made]:
    """Yield `work` of each of the `given`, in order, which are taken no sooner than need be."""
    if workers == 1:
        yield from map(work, given)
        return
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for one in given:
                waiting.append(pool.submit(work, one))
                if len(waiting) > _AHEAD * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for left in waiting:
                left.cancel()


def read_job(job: Job, max_bytes: int) -> Read:
    """Read one file, unless it is what the index holds already."""
    if job.content_hash and job.content_hash == _content_hash(job.file, max_bytes):
        return Read()
    try:
        document = load(job.file, id=job.id, source=job.source, max_bytes=max_bytes)
    except LoadError as error:
        return Read(problem=str(error))
    return Read(entry_for(document, job.origin, _content_hash(job.file, max_bytes)))


def _content_hash(file: Path, limit: int) -> str:
    """Hash the bytes of `file`, "" when `load` would refuse it anyway."""
    try:
        if file.stat().st_size > limit:
            return ""
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""


def entry_for(document: Document, origin: str, content_hash: str) -> Entry:
    """Split a document into its entry; the same document always gives the same entry."""
    passages = tuple(split_passages(document))
    keys = tuple(vector_key(document, passage) for passage in passages)
    return Entry(document, origin, content_hash, passages, keys)


def piece_of(document: Document, passage: Passage, key: str) -> Piece:
    """Return what is embedded of a passage."""
    text = found_by(document, passage)
    by = len(text) - len(passage.text) - passage.start
    return Piece(key, text, tuple(Span(s.start + by, s.end + by) for s in passage.sentences))


def embed_pieces(embedder: Embedder, pieces: Sequence[Piece]) -> Embeddings:
    """Embed some pieces."""
    whole, parts = embedder.embed_passages(
        [piece.text for piece in pieces], [piece.sentences for piece in pieces]
    )
    return Embeddings(
        tuple(piece.key for piece in pieces),
        tuple(len(piece.sentences) for piece in pieces),
        whole.astype(np.float16),
        parts.astype(np.float16),
    )
