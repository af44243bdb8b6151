"""Mend misspelt words of a question: `Speller(...).mend("who is Zelenskyy?")`.

A word is taken for misspelt only when neither the documents nor the embedding model's vocabulary
hold it, so a question about something else keeps its words, and is declined for what it asks. It is
replaced by the nearest word of the documents, or failing that of the vocabulary, when one is near.
"""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

from index.words import fold, stem, words

_VOWELS = re.compile("[aeiouy]")
_SHORTEST = 3
_LONG = 8
"""Letters from which on a word may hold two slips; a shorter one holds one."""


class WordList(Protocol):
    """The words of the documents, casefolded and without accents."""

    def knows(self, word: str) -> bool:
        """Tell whether a document holds `word`."""

    def words(self) -> list[tuple[str, int]]:
        """Return every word and how many passages hold it."""


class Speller:
    """Mends questions by the words of an index; `vocabulary` are words of the language at large.

    `vocabulary` is folded, the most frequent word first; with an empty one nothing is mended, for
    then a rare word could not be told from a wrong one.
    """

    def __init__(self, documents: WordList, vocabulary: Sequence[str]) -> None:
        self._documents = documents
        self._vocabulary = {word: rank for rank, word in enumerate(vocabulary)}

    def mend(self, question: str) -> str:
        """Return `question` with its misspelt words replaced; everything else stays as it is."""
        mended, end = [], 0
        for word in words(question):
            better = self._better(fold(word.text)) if word.text.isalpha() else None
            if better:
                mended += [question[end : word.start], _cased(better, word.text)]
                end = word.start + len(word.text)
        return "".join([*mended, question[end:]])

    def _better(self, word: str) -> str | None:
        if len(word) < _SHORTEST or not word.isascii() or not self._vocabulary:
            return None
        if word in self._vocabulary or self._documents.knows(word) or stem(word) in self._stems:
            return None
        found = (self._nearest(word, alike.get(word[0], ())) for alike in self._by_letter)
        return next((better for better in found if better), None)

    @cached_property
    def _stems(self) -> frozenset[str]:
        """The stems of all known words: another ending of one, such as "bakes", is no slip."""
        return frozenset(stem(word) for word in (*self._vocabulary, *self._ranked))

    @cached_property
    def _ranked(self) -> dict[str, int]:
        counted = sorted(self._documents.words(), key=lambda row: (-row[1], row[0]))
        return {word: rank for rank, (word, _) in enumerate(counted)}

    @cached_property
    def _by_letter(self) -> tuple[dict[str, list[tuple[int, str]]], ...]:
        """The documents' words, then the vocabulary's, with their ranks, by their first letter.

        Nobody misspells that, and most of a search in all of them would be in vain.
        """
        lists: list[dict[str, list[tuple[int, str]]]] = []
        for ranked in (self._ranked, self._vocabulary):
            alike: dict[str, list[tuple[int, str]]] = {}
            for word, rank in ranked.items():
                if len(word) >= _SHORTEST:
                    alike.setdefault(word[0], []).append((rank, word))
            lists.append(alike)
        return tuple(lists)

    @staticmethod
    def _nearest(word: str, ranked: Sequence[tuple[int, str]]) -> str | None:
        """Return the word of `ranked` that a slip of the finger away from `word` is, if any."""
        from rapidfuzz.distance import OSA

        slips = 1 if len(word) < _LONG else 2
        bare = _VOWELS.sub("", word)
        near = [
            # Vowels are what people get wrong: "bild" is "build" sooner than "bill".
            (distance, bare != _VOWELS.sub("", other), rank, other)
            for rank, other in ranked
            if abs(len(other) - len(word)) <= slips
            and (distance := OSA.distance(word, other, score_cutoff=slips)) <= slips
        ]
        return min(near)[-1] if near else None


def _cased(word: str, like: str) -> str:
    if like.isupper():
        return word.upper()
    return word.capitalize() if like[0].isupper() else word
