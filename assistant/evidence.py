"""Which sentences carry a claim: `match(claim, sentences).narrow()` is the fewest that do.

Each content word of the claim is looked up in each sentence: word for word, by a kindred form
("russian", "russia"), or by the nearest word vector. The best sentence is taken, and another only
where it adds something that the claim clearly needs. Pure; evidence is read once and cached.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from assistant.lexicon import lexicon
from assistant.quantities import checkable, given
from assistant.reading import Reading, Token, read
from index.split import split_sentences

Floats = NDArray[np.float64]

MOST = 3
_GAIN = 0.09
"""Share of the claim that a further sentence has to add."""

_KIN = 0.9
_SHARE, _ENDING = 0.75, 5
"""A kindred word shares this of the shorter one; its own ending has at most so many letters."""

_PREFIX = 4
_SOFT_FROM, _SOFT_MOST = 0.35, 0.9
_QUANTITY_WEIGHT = 1.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """Sentences read: their word vectors' rows on end, and where each one's begin."""

    readings: tuple[Reading, ...]
    vectors: NDArray[np.float32]
    starts: NDArray[np.int64]
    kin: dict[str, dict[str, list[int]]]


@dataclass(frozen=True, slots=True)
class Match:
    """How well each of the claim's parts (words, then quantities) stands in each sentence, 0 to 1.

    `grades` has the shape (parts, sentences), `weights` (parts,).
    """

    claim: Reading
    readings: tuple[Reading, ...]
    grades: Floats
    weights: Floats

    def narrow(self, most: int = MOST) -> tuple[int, ...]:
        """Return the indices of the fewest sentences that together carry the claim, in order."""
        total = float(self.weights.sum())
        if not total or not self.grades.shape[1]:
            return ()
        covered = np.zeros(len(self.weights))
        chosen: list[int] = []
        while len(chosen) < most:
            gains = self.weights @ np.maximum(self.grades - covered[:, None], 0) / total
            best = int(gains.argmax())
            if gains[best] < (_GAIN if chosen else 1e-9):
                break
            chosen.append(best)
            covered = np.maximum(covered, self.grades[:, best])
        return tuple(sorted(chosen))

    def held(self, sentences: Sequence[int]) -> Floats:
        """Return how well each part stands in the best of `sentences`, (parts,)."""
        if not len(sentences):
            return np.zeros(len(self.weights))
        best: Floats = self.grades[:, list(sentences)].max(axis=1)
        return best


@lru_cache(maxsize=1024)
def sentences_of(quote: str) -> tuple[str, ...]:
    """Return the sentences of a quote; all of it when it holds none."""
    spans = split_sentences(quote)
    return tuple(quote[s.start : s.end] for s in spans) or (quote,)


@lru_cache(maxsize=256)
def gather(sentences: tuple[str, ...]) -> Evidence:
    """Read the sentences of one body of evidence."""
    known = lexicon()
    readings = tuple(read(sentence) for sentence in sentences)
    rows: list[int] = []
    starts = []
    kin: dict[str, dict[str, list[int]]] = {}
    for number, reading in enumerate(readings):
        starts.append(len(rows))
        rows += [t.row for t in reading.content] or [len(known.vectors) - 1]
        for key in reading.keys:
            kin.setdefault(key[:_PREFIX], {}).setdefault(key, []).append(number)
    return Evidence(readings, known.vectors[rows], np.array(starts, np.int64), kin)


def match(claim: Reading, sentences: Sequence[str]) -> Match:
    """Look every part of the claim up in every sentence."""
    evidence = gather(tuple(sentences))
    known, parts = lexicon(), claim.content
    wanted = [q for q in claim.quantities if checkable(q)]
    grades = np.zeros((len(parts) + len(wanted), len(sentences)))
    if parts and sentences:
        cosines = known.vectors[[t.row for t in parts]] @ evidence.vectors.T
        best = np.maximum.reduceat(cosines, evidence.starts, axis=1)
        soft = np.clip((best - _SOFT_FROM) / (1 - _SOFT_FROM), 0, _SOFT_MOST)
        grades[: len(parts)] = soft
    for place, token in enumerate(parts):
        if token.name or token.word[0].isdigit():
            grades[place] = 0
        for key, numbers in evidence.kin.get(token.key[:_PREFIX], {}).items():
            grade = 1.0 if key == token.key else _KIN * _kindred(key, token.key)
            if grade:
                grades[place, numbers] = np.maximum(grades[place, numbers], grade)
    for place, quantity in enumerate(wanted, len(parts)):
        grades[place] = [given(quantity, one.quantities) for one in evidence.readings]
    weights = [*(t.weight for t in parts), *([_QUANTITY_WEIGHT] * len(wanted))]
    return Match(claim, evidence.readings, grades, np.array(weights))


def likeness(one: Token, other: Token) -> float:
    """Return how far two words mean the same, 0 to 1: the same, kindred, or near as vectors."""
    if one.key == other.key:
        return 1.0
    if one.name or other.name:
        return _KIN * _kindred(one.key, other.key)
    table = lexicon().vectors
    cosine = float(table[one.row] @ table[other.row])
    soft = min(max((cosine - _SOFT_FROM) / (1 - _SOFT_FROM), 0.0), _SOFT_MOST)
    return max(soft, _KIN * _kindred(one.key, other.key))


@lru_cache(maxsize=65536)
def _kindred(one: str, other: str) -> bool:
    """Tell whether two keys share all but an ending."""
    short, long = sorted((one, other), key=len)
    if len(short) < _PREFIX or " " in one or " " in other:
        return False
    pairs = enumerate(zip(short, long, strict=False))
    common = next((i for i, pair in pairs if pair[0] != pair[1]), len(short))
    return common >= max(_PREFIX, _SHARE * len(short)) and len(long) - common <= _ENDING
