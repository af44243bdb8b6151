"""BM25: the scores are Lucene's, worked out by hand, and rarity is what it says."""

from math import log
from pathlib import Path
from tempfile import TemporaryDirectory

import bm25s
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import IndexUnavailable
from index.lexical import K1, B, LexicalIndex, write_lexical

TEXTS = ["Abe met Putin", "Putin was given a puppy by Abe, a puppy", "The ferry leaves at noon", ""]


@pytest.fixture
def lexical(tmp_path: Path) -> LexicalIndex:
    """Return an index of TEXTS."""
    write_lexical(tmp_path / "lexical", TEXTS)
    return LexicalIndex(tmp_path / "lexical")


def test_scores_by_hand(lexical: LexicalIndex) -> None:
    """A score is idf · tf / (tf + k1 · (1 - b + b · length / mean length)), by hand."""
    # Content stems: abe met putin | putin given puppi abe puppi | ferri leav noon | (one stand-in).
    mean_length = (3 + 5 + 3 + 1) / 4
    idf = log(1 + (4 - 1 + 0.5) / (1 + 0.5))
    expected = idf * 2 / (2 + K1 * (1 - B + B * 5 / mean_length))
    assert lexical.scores(["puppi"]).tolist() == pytest.approx([0, expected, 0, 0], rel=1e-5)


def test_scores_add_up(lexical: LexicalIndex) -> None:
    """The score of two words is the sum of theirs; an unknown word adds nothing."""
    both = lexical.scores(["abe", "putin", "zeppelin"])
    assert both == pytest.approx(lexical.scores(["abe"]) + lexical.scores(["putin"]))
    assert lexical.scores(["zeppelin"]).tolist() == [0, 0, 0, 0]
    assert lexical.scores([]).tolist() == [0, 0, 0, 0]


def test_scores_are_those_of_the_library_that_wrote_them(
    lexical: LexicalIndex, tmp_path: Path
) -> None:
    """What is read here adds up as bm25s itself has it, repeated words included."""
    theirs = bm25s.BM25.load(str(tmp_path / "lexical"), show_progress=False)
    for asked in (["abe"], ["puppi", "abe", "putin"], ["abe", "ferri", "abe"]):
        assert lexical.scores(asked).tolist() == theirs.get_scores(asked).tolist()


def test_coverage_by_hand(lexical: LexicalIndex) -> None:
    """A stem weighs log(1 + (N - n + 0.5) / (n + 0.5)); one that nobody holds weighs the most."""
    putin, puppi, ship = (log(1 + (4 - n + 0.5) / (n + 0.5)) for n in (2, 1, 0))
    total = putin + puppi + ship
    covered = lexical.coverage(["putin", "puppi", "ship"], np.array([0, 1, 2]))
    assert covered.tolist() == pytest.approx([putin / total, (putin + puppi) / total, 0])
    assert lexical.coverage([], np.array([0, 1])).tolist() == [0, 0]


def test_the_best_are_those_that_score(lexical: LexicalIndex) -> None:
    """Highest first, ties by number, nothing that scores nothing, and only what is allowed."""
    numbers, scores = lexical.best(["abe", "putin", "zeppelin"], 10)
    assert numbers.tolist() == [0, 1]
    assert scores.tolist() == pytest.approx(lexical.scores(["abe", "putin"])[:2].tolist())
    assert lexical.best(["abe", "putin"], 1)[0].tolist() == [0]
    assert lexical.best(["abe", "noon"], 9, np.array([1, 3]))[0].tolist() == [1]
    assert lexical.best(["zeppelin"], 5)[0].tolist() == lexical.best([], 5)[0].tolist() == []


def test_equals_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """Texts that are the same score the same, and the first of them is first."""
    write_lexical(tmp_path / "lexical", ["the ferry", "a puppy", "the ferry", "ferry", "noon"])
    assert LexicalIndex(tmp_path / "lexical").best(["ferri"], 2)[0].tolist() == [0, 2]


WORDS = ["abe", "putin", "puppi", "ferri", "noon"]
ASKED = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6)


@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=9), min_size=1, max_size=40), ASKED)
@settings(max_examples=60)
def test_the_best_are_those_of_all(texts: list[list[str]], asked: list[str]) -> None:
    """Whatever is looked at first, the best are those that sorting every score gives."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        write_lexical(Path(folder) / "lexical", map(" ".join, texts))
        lexical = LexicalIndex(Path(folder) / "lexical")
        scores = lexical.scores(asked)
        patch.setattr("index.lexical._SAMPLED", 2)
        for k in (1, 3, 10):
            numbers, found = lexical.best(asked, k)
            expected = sorted(scores[scores > 0].tolist(), reverse=True)[:k]
            assert found.tolist() == scores[numbers].tolist() == expected
            assert len(set(numbers.tolist())) == len(numbers)


def test_rarity_falls_with_the_passages_that_hold_a_word(lexical: LexicalIndex) -> None:
    """Nowhere is 1, and each further passage makes a word less rare."""
    rarities = [lexical.rarity(stem) for stem in ("zeppelin", "puppi", "abe")]
    assert rarities[0] == 1
    assert rarities == sorted(rarities, reverse=True)
    assert rarities[1] > rarities[2] > 0


def test_a_missing_folder_is_a_damaged_index(tmp_path: Path) -> None:
    """The message says what to do."""
    with pytest.raises(IndexUnavailable, match="index the documents again"):
        LexicalIndex(tmp_path / "nowhere")
