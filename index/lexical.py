"""Search by words: BM25 over the stems of `index.words`, computed at build time by `bm25s`.

write_lexical(folder, texts)               # texts[i] is what passage i is found by
writer = LexicalWriter(); writer.add(text); writer.write(folder)   # the same, a text at a time
LexicalIndex(folder).best(["abe", "putin"], 50)  # the passages that score highest
LexicalIndex(folder).scores(["abe", "putin"])    # one score for each passage
LexicalIndex(folder).coverage(["abe"], numbers)  # how much of the question these hold
"""

import json
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import log, log1p
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexUnavailable
from index.generation import mapped
from index.words import content_stems

K1, B = 1.2, 0.75
"""Lucene's defaults: how soon a repeated word stops counting, how much a long text is held back."""

_UNSEEN_PASSAGES = 10

_SAMPLED = 16
"""Of so many scores one is looked at first."""

_TINY = float(np.finfo(np.float32).tiny)

_NOTHING = "\0"
"""A stem that no text has: BM25 needs at least one, and a text may hold none."""


def write_lexical(folder: Path, texts: Iterable[str]) -> None:
    """Write the BM25 scores of `texts` into `folder`, which must not exist."""
    writer = LexicalWriter()
    for text in texts:
        writer.add(text)
    writer.write(folder)


class LexicalWriter:
    """Takes the texts one by one, keeps the number of each one's stems, and writes the scores.

    A stem costs four bytes until then, where a list of lists of words would cost twenty times that.
    """

    def __init__(self) -> None:
        self._vocabulary: dict[str, int] = {}
        self._stems = array("i")
        self._ends = array("q")

    def add(self, text: str) -> None:
        """Take the next text."""
        known = self._vocabulary
        for stem in content_stems(text) or [_NOTHING]:
            self._stems.append(known.setdefault(stem, len(known)))
        self._ends.append(len(self._stems))

    def write(self, folder: Path) -> None:
        """Write the scores of what was taken into `folder`, which must not exist."""
        import bm25s

        ranker = bm25s.BM25(method="lucene", k1=K1, b=B)
        ranker.index(
            _Numbered(self._vocabulary, _Rows(self._stems, self._ends)), show_progress=False
        )
        ranker.save(str(folder), show_progress=False)


@dataclass(frozen=True)
class _Rows:
    """The stems' numbers as bm25s reads them, a list for each text, made when it comes to it."""

    stems: "array[int]"
    ends: "array[int]"

    def __len__(self) -> int:
        return len(self.ends)

    def __iter__(self) -> Iterator[list[int]]:
        start = 0
        for end in self.ends:
            yield self.stems[start:end].tolist()
            start = end


@dataclass(frozen=True)
class _Numbered:
    """What bm25s takes for a corpus whose words are numbered already, under its names."""

    vocab: dict[str, int]
    ids: _Rows


class _Ranker:
    """What bm25s wrote, read back without it, under its names.

    It writes a sparse matrix with a column of scores for each stem, and all that searching takes is
    to add columns up; importing bm25s, and scipy with it, costs more than opening the whole index.
    """

    def __init__(self, folder: Path) -> None:
        told = json.loads((folder / "params.index.json").read_text(encoding="utf-8"))
        vocabulary = (folder / "vocab.index.json").read_text(encoding="utf-8")
        self.vocab_dict: dict[str, int] = json.loads(vocabulary)
        self.scores: dict[str, Any] = {"num_docs": int(told["num_docs"])}
        for name in ("data", "indices", "indptr"):
            self.scores[name] = mapped(folder / f"{name}.csc.index.npy")

    def get_scores(self, stems: Sequence[str]) -> NDArray[np.float32]:
        """Return the sum of the columns of `stems`, which must be known, one for each passage."""
        found = np.zeros(self.scores["num_docs"], np.float32)
        for stem in stems:
            number = self.vocab_dict[stem]
            held = slice(*self.scores["indptr"][number : number + 2].tolist())
            # A third of what `found[rows] += column` takes.
            np.add.at(found, self.scores["indices"][held], self.scores["data"][held])
        return found


class LexicalIndex:
    """BM25 scores opened from disk, memory-mapped; threads may share it.

    Raises IndexUnavailable when the folder's files are missing or damaged.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self._ranker = _Ranker(folder)
        except (OSError, ValueError, KeyError) as error:
            message = f"{folder} is damaged ({error}); index the documents again"
            raise IndexUnavailable(message) from error
        self._passages: int = self._ranker.scores["num_docs"]

    def scores(self, stems: Sequence[str]) -> NDArray[np.float32]:
        """Return the BM25 score, from 0, of each passage for `stems`: shape (passages,)."""
        known = [stem for stem in stems if stem in self._ranker.vocab_dict]
        if not known:
            return np.zeros(self._passages, np.float32)
        found: NDArray[np.float32] = self._ranker.get_scores(known)
        return found

    def best(
        self, stems: Sequence[str], k: int, allowed: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the numbers of the `k` passages that score highest above 0, and their scores.

        Highest first; equal ones in the order of their numbers. With `allowed`, numbers in order,
        only those count.
        """
        scores = self.scores(stems)
        if allowed is not None:
            scores = scores[allowed]
        found = np.flatnonzero(scores >= max(_kth(scores, k), _TINY))
        found = found[np.argsort(-scores[found], kind="stable")[:k]]
        return found if allowed is None else allowed[found], scores[found]

    def coverage(self, stems: Sequence[str], passages: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return how much of `stems` each of `passages` holds, 0 to 1: shape (len(passages),).

        A stem weighs what BM25 weighs it by, log(1 + (N - n + 0.5) / (n + 0.5)) for n of N passages
        that hold it (Robertson and Zaragoza 2009); one that nobody holds weighs too, so that a
        question about something else is covered by nothing.
        """
        held, total = np.zeros(len(passages), np.float32), 0.0
        for stem, times in Counter(stems).items():
            rows = self._holding(stem)
            weight = times * log1p((self._passages - len(rows) + 0.5) / (len(rows) + 0.5))
            total += weight
            held += weight * _among(passages, rows)
        return held / np.float32(total) if total else held

    def _holding(self, stem: str) -> NDArray[np.int32]:
        """Return the passages that hold `stem`, in order: bm25s writes its columns so."""
        number = self._ranker.vocab_dict.get(stem)
        if number is None:
            return np.zeros(0, np.int32)
        pointers = self._ranker.scores["indptr"]
        rows: NDArray[np.int32] = self._ranker.scores["indices"][
            pointers[number] : pointers[number + 1]
        ]
        return rows

    def rarity(self, stem: str) -> float:
        """Return how rare `stem` is: 1 when no passage holds it, near 0 when all of many do.

        A logarithmic inverse document frequency, as if a few more passages did not hold it: what
        stands in the only passage there is need not be a common word.
        """
        holding = len(self._holding(stem))
        all_of_them = self._passages + _UNSEEN_PASSAGES + 1
        return log(all_of_them / (holding + 1)) / log(all_of_them)


def _kth(scores: NDArray[np.float32], k: int) -> float:
    """Return the `k`-th highest of `scores` above 0; 0 where there are fewer.

    The `k`-th highest of some of them is no higher than that of all, and far fewer have to be put
    in order than are above it.
    """
    some = scores[::_SAMPLED]
    floor = max(float(np.partition(some, -k)[-k]), _TINY) if len(some) > k else _TINY
    ahead = scores[scores >= floor]
    return float(np.partition(ahead, -k)[-k]) if len(ahead) >= k else 0.0


def _among(passages: NDArray[np.int64], rows: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Tell which of `passages` are among `rows`, which are in order, without reading them all."""
    if not len(rows):
        return np.zeros(len(passages), np.bool_)
    places = np.minimum(np.searchsorted(rows, passages.astype(rows.dtype)), len(rows) - 1)
    found: NDArray[np.bool_] = rows[places] == passages
    return found
