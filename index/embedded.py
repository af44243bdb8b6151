"""Vectors of a build under way, kept as they are made, so that one that is killed can go on.

    with Embedded(file, dimension) as kept:
        kept.add(keys, passages, sentences, counts)       # flushed before it returns
        found = kept.take(key)                            # also what an earlier build added

One file of records, only ever appended to: a key of 32 characters, the number of the passage's
sentences, its vector and theirs, in half precision. A last record that was cut short is dropped.
"""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

_HEAD = struct.Struct("<32sI")
Half = NDArray[np.float16]


class Embedded:
    """The vectors that builds of one index and one model have made since the last one that ended.

    Not for two processes at once: whoever builds holds the index's lock.
    """

    def __init__(self, file: Path, dimension: int) -> None:
        self._file, self._dimension = file, dimension
        self._places: dict[str, tuple[int, int]] = {}
        end = self._read() if file.exists() else 0
        self._stream = file.open("r+b" if file.exists() else "w+b")
        self._stream.truncate(end)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def take(self, key: str) -> tuple[Half, Half] | None:
        """Return a passage's vector (d,) and its sentences' (n, d), None when they are not kept."""
        if key not in self._places:
            return None
        start, sentences = self._places[key]
        self._stream.seek(start)
        raw = self._stream.read(self._size(sentences))
        rows = np.frombuffer(raw, np.float16).reshape(1 + sentences, self._dimension)
        return rows[0], rows[1:]

    def add(
        self, keys: Sequence[str], passages: Half, sentences: Half, counts: Sequence[int]
    ) -> None:
        """Keep the vectors of `keys`; `counts` says how many rows of `sentences` are whose."""
        first = 0
        self._stream.seek(0, 2)
        for key, vector, count in zip(keys, passages, counts, strict=True):
            self._stream.write(_HEAD.pack(key.encode("ascii"), count))
            self._places[key] = (self._stream.tell(), count)
            self._stream.write(vector.tobytes() + sentences[first : first + count].tobytes())
            first += count
        self._stream.flush()

    def _size(self, sentences: int) -> int:
        return 2 * self._dimension * (1 + sentences)

    def _read(self) -> int:
        """Note where each whole record stands; return where the last one ends."""
        whole, end = self._file.stat().st_size, 0
        with self._file.open("rb") as stream:
            while len(head := stream.read(_HEAD.size)) == _HEAD.size:
                key, sentences = _HEAD.unpack(head)
                start = end + _HEAD.size
                if start + self._size(sentences) > whole:
                    break
                self._places[key.decode("ascii", "replace")] = (start, sentences)
                end = start + self._size(sentences)
                stream.seek(end)
        return end
