"""The vectors of a generation's passages: `write_vectors(folder, vectors)`, `open_vectors(folder)`.

They are written twice, and both give the same neighbours: as one plain array, and as a Chroma
collection with its graph for approximate search. A small index is scanned whole, which is exact,
needs no start-up and reads from a read-only disk; from FULL_SCAN_LIMIT passages on, Chroma answers.
docs/design/0001 says why, docs/experiments.md what each costs.
"""

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexUnavailable
from index.generation import mapped

Vectors = NDArray[np.float32]

FULL_SCAN_LIMIT = 20_000
"""Passages up to which every vector is compared with the question's."""

_COLLECTION = "passages"
_BATCH = 2_000


class VectorIndex(Protocol):
    """Finds the vectors nearest to one."""

    def nearest(self, vector: Vectors, k: int) -> tuple[NDArray[np.int64], Vectors]:
        """Return the numbers and cosines of the `k` nearest passages, nearest first.

        `vector` is a unit vector, shape (dimension,). Fewer than `k` come back when there are
        fewer. Equally near ones come in the order of their numbers.
        """

    def nearest_of(
        self, vector: Vectors, k: int, allowed: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], Vectors]:
        """Return the same of the `allowed` passages, which are in order; always exact."""


def write_vectors(
    folder: Path, vectors: NDArray[np.float16], starts: NDArray[np.int64], *, graph: bool = True
) -> None:
    """Write unit vectors, shape (passages, dimension), into `folder`, which must not exist.

    `starts`, shape (passages + 1,), says where each passage's sentences begin among all of them.
    Without `graph` there is no collection: a server has one.
    """
    folder.mkdir()
    np.save(folder / "starts.npy", starts)
    np.save(folder / "passages.npy", vectors)
    if len(vectors) and graph:
        _write_chroma(folder / "chroma", vectors)


def open_vectors(folder: Path, full_scan_limit: int = FULL_SCAN_LIMIT) -> VectorIndex:
    """Open the vectors in `folder`. Raises IndexUnavailable when they are missing or damaged."""
    vectors = stored_vectors(folder)
    if len(vectors) <= full_scan_limit:
        return FullScan(vectors)
    return ChromaVectors(folder / "chroma", vectors)


def stored_vectors(folder: Path) -> NDArray[np.float16]:
    """Return the passages' vectors as they were written, read from disk as they are needed."""
    return mapped(folder / "passages.npy")


class FullScan:
    """Every vector compared: exact, and for some thousand passages faster than any graph."""

    def __init__(self, vectors: NDArray[np.float16]) -> None:
        self._vectors = vectors.astype(np.float32)

    def nearest(self, vector: Vectors, k: int) -> tuple[NDArray[np.int64], Vectors]:
        """Return the numbers and cosines of the `k` nearest; see `VectorIndex`."""
        return _nearest(self._vectors @ vector, k)

    def nearest_of(
        self, vector: Vectors, k: int, allowed: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], Vectors]:
        """Return the same of the `allowed`; see `VectorIndex`."""
        order, cosines = _nearest(self._vectors[allowed] @ vector, k)
        return allowed[order], cosines


class ChromaVectors:
    """Chroma's graph (HNSW), embedded in this process; our own vectors, none of its models."""

    def __init__(self, folder: Path, vectors: NDArray[np.float16]) -> None:
        import chromadb.errors

        try:
            self._collection = _client(folder).get_collection(_COLLECTION, embedding_function=None)
        except (chromadb.errors.ChromaError, ValueError) as error:
            message = f"{folder} is damaged ({error}); index the documents again"
            raise IndexUnavailable(message) from error
        self._vectors = vectors

    def nearest(self, vector: Vectors, k: int) -> tuple[NDArray[np.int64], Vectors]:
        """Return the numbers and cosines of the `k` nearest; see `VectorIndex`."""
        found = self._collection.query(
            query_embeddings=[vector], n_results=min(k, len(self._vectors)), include=["distances"]
        )
        numbers = np.array([int(name) for name in found["ids"][0]], np.int64)
        cosines = 1 - np.array((found["distances"] or [[]])[0], np.float32)
        order = np.lexsort((numbers, -cosines))
        return numbers[order], cosines[order]

    def nearest_of(
        self, vector: Vectors, k: int, allowed: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], Vectors]:
        """Return the same of the `allowed`, compared one by one; see `VectorIndex`."""
        return nearest_among(self._vectors, vector, k, allowed)


def nearest_among(
    vectors: NDArray[np.float16], vector: Vectors, k: int, allowed: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Vectors]:
    """Return the numbers and cosines of the `k` nearest of the `allowed` rows, compared exactly."""
    chunks = [allowed[i : i + _BATCH] for i in range(0, len(allowed), _BATCH)]
    cosines = [vectors[chunk].astype(np.float32) @ vector for chunk in chunks]
    order, best = _nearest(np.concatenate([np.zeros(0, np.float32), *cosines]), k)
    return allowed[order], best


def _nearest(cosines: Vectors, k: int) -> tuple[NDArray[np.int64], Vectors]:
    """Return where the `k` highest stand and what they are, highest first."""
    found = np.arange(len(cosines))
    if len(cosines) > k:
        # Only those that can be among them are sorted.
        found = np.flatnonzero(cosines >= np.partition(cosines, -k)[-k])
    order: NDArray[np.int64] = found[np.argsort(-cosines[found], kind="stable")[:k]]
    return order, cosines[order]


def _write_chroma(folder: Path, vectors: NDArray[np.float16]) -> None:
    import chromadb.errors

    try:
        client = _client(folder)
        collection = client.create_collection(
            _COLLECTION, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )
        for start in range(0, len(vectors), _BATCH):
            batch = vectors[start : start + _BATCH].astype(np.float32)
            collection.add(ids=[str(start + i) for i in range(len(batch))], embeddings=list(batch))
        client.close()
    except chromadb.errors.InternalError as error:
        # What it meets while it writes a folder of its own is the disk.
        raise OSError(str(error)) from error


def _client(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(folder, settings=Settings(anonymized_telemetry=False))
