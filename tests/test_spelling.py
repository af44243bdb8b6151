"""Misspelt words are mended, and nothing else is touched."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.spelling import Speller

LANGUAGE = "what did give the who is bread bill when where build many meeting bake".split()


class Words:
    """A word list as a catalog has it."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = list(known)

    def knows(self, word: str) -> bool:
        """Tell whether `word` is in the list."""
        return word in self._known

    def words(self) -> list[tuple[str, int]]:
        """Return the words, the first the most frequent."""
        return [(word, len(self._known) - i) for i, word in enumerate(self._known)]


SPELLER = Speller(Words(["zelensky", "senkaku", "islands", "territory", "kurils"]), LANGUAGE)


@pytest.mark.parametrize(
    ("asked", "mended"),
    [
        ("who is Zelenskyy?", "who is Zelensky?"),
        ("the SENKAKO ilands", "the SENKAKU islands"),
        ("what did he giv?", "what did he give?"),
        ("the teritorry of the Kurlis", "the territory of the Kurils"),
        ("wher to bild", "where to build"),
    ],
)
def test_slips_are_mended_in_their_own_case(asked: str, mended: str) -> None:
    """One slip in a word, two in a long one; a word of the documents before any other."""
    assert SPELLER.mend(asked) == mended


@pytest.mark.parametrize(
    "asked",
    [
        "how do I bake bread?",
        "who bakes?",
        "islands' territories",
        "in 1956",
        "quixotic xylophones",
        "日本",
    ],
)
def test_known_words_their_endings_and_strangers_are_left(asked: str) -> None:
    """A word that documents or language hold, another ending of one, or nothing near: unchanged."""
    assert SPELLER.mend(asked) == asked


def test_without_a_vocabulary_nothing_is_mended() -> None:
    """A rare word could not be told from a wrong one."""
    assert Speller(Words(["zelensky"]), []).mend("Zelenskyy") == "Zelenskyy"


@given(st.text())
def test_any_text_is_read_and_mended_text_stays_mended(text: str) -> None:
    """Mending never fails, keeps what is between words, and has nothing left to do."""
    once = SPELLER.mend(text)
    assert SPELLER.mend(once) == once
    assert [c for c in once if not c.isalpha()] == [c for c in text if not c.isalpha()]
