"""Vectors of a build under way, kept as they are made, so that one that is killed can go on.

    with Embedded(file, dimension) as kept:
        kept.add(keys, passages, sentences, counts)       # flushed before it returns
        found = kept.take(key)                            # also what an earlier build added

    known = KnownVectors(kept, generation, fingerprint)   # these, and an earlier generation's

One file of records, only ever appended to: a key of 32 characters, the number of the passage's
sentences, its vector and theirs, in half precision. A last record that was cut short is dropped.
"""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.catalog import Catalog
from index.generation import read_manifest

_HEAD = struct.Struct("<32sI")
Half = NDArray[np.float16]


class Embedded:
    """The vectors that builds of one index and one model have made since the last one that ended.

    Not for two processes at once: whoever builds holds the index's lock.
    """

    def __init__(self, file: Path, dimension: int) -> None:
        self._file, self.dimension = file, dimension
        self._places: dict[str, int] = {}
        end = self._read() if file.exists() else 0
        self._stream = file.open("r+b" if file.exists() else "w+b")
        self._stream.truncate(end)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def take(self, key: str) -> tuple[Half, Half] | None:
        """Return a passage's vector (d,) and its sentences' (n, d), None when they are not kept."""
        if key not in self._places:
            return None
        self._stream.seek(self._places[key])
        _, sentences = _HEAD.unpack(self._stream.read(_HEAD.size))
        raw = self._stream.read(self._size(sentences))
        rows = np.frombuffer(raw, np.float16).reshape(1 + sentences, self.dimension)
        return rows[0], rows[1:]

    def add(
        self, keys: Sequence[str], passages: Half, sentences: Half, counts: Sequence[int]
    ) -> None:
        """Keep the vectors of `keys`; `counts` says how many rows of `sentences` are whose."""
        first = 0
        self._stream.seek(0, 2)
        for key, vector, count in zip(keys, passages, counts, strict=True):
            self._places[key] = self._stream.tell()
            self._stream.write(_HEAD.pack(key.encode("ascii"), count))
            self._stream.write(vector.tobytes() + sentences[first : first + count].tobytes())
            first += count
        self._stream.flush()

    def _size(self, sentences: int) -> int:
        return 2 * self.dimension * (1 + sentences)

    def _read(self) -> int:
        """Note where each whole record stands; return where the last one ends."""
        whole, end = self._file.stat().st_size, 0
        with self._file.open("rb") as stream:
            while len(head := stream.read(_HEAD.size)) == _HEAD.size:
                key, sentences = _HEAD.unpack(head)
                start = end + _HEAD.size
                if start + self._size(sentences) > whole:
                    break
                self._places[key.decode("ascii", "replace")] = end
                end = start + self._size(sentences)
                stream.seek(end)
        return end


class KnownVectors:
    """Every vector that need not be made: those `kept`, and those of an earlier generation.

    That generation's count only if the embedding model `fingerprint` made them. What is held in
    memory of it is 56 bytes a passage. Raises IndexUnavailable when it is damaged.
    """

    def __init__(self, kept: Embedded, generation: Path | None, fingerprint: str) -> None:
        self.kept, self.dimension = kept, kept.dimension
        self._keys = np.zeros(0, "S32")
        if generation is None or read_manifest(generation).embedder != fingerprint:
            return
        manifest = read_manifest(generation)
        keys = np.zeros(manifest.passages, "S32")
        self._rows = np.zeros((manifest.passages, 2), np.int64)
        catalog = Catalog(generation / "catalog.db")
        for key, number, first, end in catalog.vector_rows():
            keys[number] = key.encode("ascii")
            self._rows[number] = first, end
        catalog.close()
        self._numbers = np.argsort(keys, kind="stable")
        self._keys = keys[self._numbers]
        self._passages = np.load(generation / "vectors" / "passages.npy", mmap_mode="r")
        self._sentences = np.load(generation / "sentences.npy", mmap_mode="r")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kept.__exit__()

    def __contains__(self, key: str) -> bool:
        return key in self.kept or self._number(key) is not None

    def take(self, key: str) -> tuple[Half, Half]:
        """Return a passage's vector (d,) and its sentences' (n, d). Raises KeyError."""
        if (found := self.kept.take(key)) is not None:
            return found
        number = self._number(key)
        if number is None:
            raise KeyError(key)
        first, end = self._rows[number]
        return self._passages[number], self._sentences[first:end]

    def _number(self, key: str) -> int | None:
        wanted = key.encode("ascii")
        place = int(np.searchsorted(self._keys, wanted))
        if place < len(self._keys) and self._keys[place] == wanted:
            return int(self._numbers[place])
        return None
