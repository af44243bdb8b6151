"""Words are cut one way: offsets hold, forms of one word meet, and symbols are nothing."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.words import STOP_WORDS, content_stems, fold, stem, words

WORDS = {
    "possessives": ("Vane's and Anna’s, BOB’S", ["Vane", "and", "Anna", "BOB"]),
    "a bare possessive": ("the 's", ["the"]),
    "an abbreviation": ("the U.S.-led N.A.T.O. plan", ["the", "U.S.", "led", "N.A.T.O.", "plan"]),
    "one letter and a full stop": ("plan B. Then", ["plan", "B", "Then"]),
    "numbers": ("$7,731.5 in 1956, 3.5%.", ["7,731.5", "in", "1956", "3.5"]),
    "numbers in a list": ("1, 2,3", ["1", "2,3"]),
    "letters with digits": ("a1b2 COVID-19", ["a1b2", "COVID", "19"]),
    "underscores": ("snake_case", ["snake", "case"]),
    "accents": ("Hokkaidō café", ["Hokkaidō", "café"]),
    "accents apart": ("sa\u0303o Hokkaido\u0304", ["sa\u0303o", "Hokkaido\u0304"]),
    "pairs": ("北方領土", ["北方", "方領", "領土"]),
    "one sign": ("日", ["日"]),
    "signs beside letters": ("G7北方A", ["G7", "北方", "A"]),
    "kana and Hangul": ("カナ 어업", ["カナ", "어업"]),
    "a middle dot between names": ("ジャン・ポール", ["ジャ", "ャン", "ポー", "ール"]),
    "vowels that are marks": ("हिन्दी में तमिழ்", ["हिन्दी", "में", "तमिழ்"]),
    "no spaces in Thai": ("ภาษา", ["ภา", "าษ", "ษา"]),
    "points": ("שָׁלוֹם", ["שָׁלוֹם"]),
    "symbols": ("— … 🙂 ()", []),
    "nothing": ("", []),
}


@pytest.mark.parametrize(("text", "found"), WORDS.values(), ids=WORDS.keys())
def test_where_words_end(text: str, found: list[str]) -> None:
    """Each rule has an example, and offsets point at the word."""
    assert [word.text for word in words(text)] == found
    for word in words(text):
        assert text[word.start : word.start + len(word.text)] == word.text


ALIKE = [
    ("Hokkaidō", "hokkaido"),
    ("CAFÉ", "cafe"),
    ("cafe\u0301", "café"),
    ("Straße", "STRASSE"),
    ("negotiations", "negotiation"),
    ("negotiating", "negotiate"),
    ("islands", "Island"),
    ("U.S.", "US"),
    ("ﬁne", "fine"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_forms_of_one_word_meet(one: str, other: str) -> None:
    """Case, accents, endings and the points of an abbreviation make no difference."""
    assert stem(one) == stem(other)


@pytest.mark.parametrize(("one", "other"), [("3.5", "35"), ("1956", "1965"), ("sale", "sail")])
def test_different_words_stay_apart(one: str, other: str) -> None:
    """A number's point counts, and stemming is no guessing."""
    assert stem(one) != stem(other)


def test_words_that_ask_are_no_content() -> None:
    """A question is matched by what it names, with repetitions kept."""
    assert content_stems("Why did the ferries, and what ferry, leave?") == [
        "ferri",
        "ferri",
        "leav",
    ]
    assert content_stems("What was it about?") == []
    assert content_stems("") == []
    assert all(word == word.casefold() for word in STOP_WORDS)


def test_folding() -> None:
    """Case and accents go; letters of other scripts stay."""
    assert fold("ÅÉî ǅ İ") == "aei dz i"
    assert fold("北方 Ελλάδα") == "北方 ελλαδα"


@given(st.text())
@settings(max_examples=300)
def test_offsets_hold_for_any_text(text: str) -> None:
    """Any text: a word stands where it says, has a letter or digit, and has a stem."""
    before = -1
    for word in words(text):
        assert text[word.start : word.start + len(word.text)] == word.text
        assert word.start > before
        assert re.search(r"[^\W_]|[^\x00-\x7f]", word.text)
        assert word.stem
        before = word.start


@given(st.text() | st.text("ကငျ့်းกที่ຂ້កិ្が゙", max_size=6))
@settings(max_examples=200)
def test_folding_twice_is_folding_once(text: str) -> None:
    """What is folded stays as it is, and something stays of everything, marks alone included."""
    assert fold(fold(text)) == fold(text)
    assert bool(fold(text)) == bool(text)


def test_threads_do_not_mix_their_stems() -> None:
    """A stemmer holds state while it works, and a server asks from many threads at once."""
    texts = [f"negotiations{n} running{n} walkings islands{n}ing {n}" for n in range(400)]
    stem.cache_clear()
    alone = [content_stems(text) for text in texts]
    stem.cache_clear()
    words.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(content_stems, texts * 5))
    assert together == alone * 5
