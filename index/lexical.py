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
from functools import cached_property
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

_LONG = 4_000
"""Passages that hold a stem from which on it pays to look whether it can change the best."""

_ROUNDING = 1.0001
"""Sums of 32-bit numbers depend on their order; that many times is beyond any of it."""

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

    def column(self, stem: str, times: int = 1) -> "_Column":
        """Return the column of `stem`, which must be known, as if it were asked for so often."""
        number = self.vocab_dict[stem]
        held = slice(*self.scores["indptr"][number : number + 2].tolist())
        scores = self.scores["data"][held]
        return _Column(self.scores["indices"][held], scores if times == 1 else times * scores)

    def get_scores(self, stems: Sequence[str]) -> NDArray[np.float32]:
        """Return the sum of the columns of `stems`, which must be known, one for each passage."""
        found = np.zeros(self.scores["num_docs"], np.float32)
        for column in map(self.column, stems):
            found[column.rows] += column.scores
        return found


@dataclass(frozen=True)
class _Column:
    """The passages that hold a stem, in order, and what it adds to the score of each."""

    rows: NDArray[np.int32]
    scores: NDArray[np.float32]

    @cached_property
    def most(self) -> float:
        """The most that it adds to any."""
        return float(self.scores.max(initial=0))


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
        if allowed is None:
            numbers, scores = self._contenders(stems, k)
        else:
            numbers, scores = allowed, self.scores(stems)[allowed]
        order = _highest(scores, k)
        return numbers[order], scores[order]

    def _contenders(
        self, stems: Sequence[str], k: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the numbers, in order, and scores of passages among which are the best `k`.

        Long columns are those of common words, which add little. Once what is left can lift nothing
        new above the `k`-th best, it is looked up for those that may still be among the best and
        added up for no others (MaxScore: Turtle and Flood 1995).
        """
        counted = Counter(stem for stem in stems if stem in self._ranker.vocab_dict)
        columns = [self._ranker.column(stem, times) for stem, times in counted.items()]
        columns.sort(key=lambda column: -column.most)
        found = np.zeros(self._passages, np.float32)
        left = sum(column.most for column in columns)
        for place, column in enumerate(columns):
            out_of_reach = left * _ROUNDING
            if len(column.rows) > _LONG:
                ahead = found[found > out_of_reach]
                if len(ahead) >= k:
                    numbers = np.flatnonzero(found >= _kth(ahead, k) - out_of_reach)
                    return numbers, found[numbers] + _looked_up(columns[place:], numbers)
            found[column.rows] += column.scores
            left -= column.most
        numbers = np.flatnonzero(found)
        return numbers, found[numbers]

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
            if len(rows):
                held += weight * _among(passages, rows)[1]
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


def _looked_up(columns: Sequence[_Column], passages: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return what `columns` add to the scores of `passages`."""
    added = np.zeros(len(passages), np.float32)
    for column in columns:
        places, held = _among(passages, column.rows)
        added += np.where(held, column.scores[places], np.float32(0))
    return added


def _kth(scores: NDArray[np.float32], k: int) -> float:
    """Return the `k`-th highest of `scores`; 0 where there are fewer."""
    return float(np.partition(scores, -k)[-k]) if len(scores) >= k else 0.0


def _highest(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Return the places of the `k` highest scores above 0, highest first, equal ones in order."""
    found = np.flatnonzero((scores > 0) & (scores >= _kth(scores, k)))
    order: NDArray[np.int64] = found[np.argsort(-scores[found], kind="stable")[:k]]
    return order


def _among(
    passages: NDArray[np.int64], rows: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return where each of `passages` would stand in `rows`, which are in order and of which there
    is one at least, and whether it does, without reading them all.
    """
    places = np.minimum(np.searchsorted(rows, passages.astype(rows.dtype)), len(rows) - 1)
    held: NDArray[np.bool_] = rows[places] == passages
    return places, held
