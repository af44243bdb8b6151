"""A model's text is cut into sentences while it arrives, whatever pieces it arrives in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.cut import Cutter, Piece


def cut(text: str, size: int = 10_000, *, complete: bool = True) -> list[Piece]:
    """Cut `text`, fed `size` characters at a time."""
    cutter, pieces = Cutter(), list[Piece]()
    for start in range(0, len(text), size):
        pieces += cutter.feed(text[start : start + size])
    return pieces + cutter.finish(complete=complete)


def texts(text: str, *, complete: bool = True) -> list[str]:
    """Return the sentences of `text`, without what stands before them."""
    return [piece.text for piece in cut(text, complete=complete)]


PARTS = st.sampled_from(
    (
        *"ab .!?\n-*`#|[]1",
        *("It sank. ", "[1] ", "\n\n", "\n- ", "\n2. ", "```\nx = 1\n```\n", "**Bold. Still** "),
        *("the U.S. Navy ", "沈んだ。", "<think>", "</think>", "| a | b |\n", "3.5 "),
    )
)


@given(st.lists(PARTS, max_size=30).map("".join), st.integers(1, 7))
def test_the_pieces_do_not_depend_on_the_chunks(text: str, size: int) -> None:
    """One character at a time gives what the whole text at once gives."""
    assert cut(text, size) == cut(text)


@given(st.lists(PARTS, max_size=30).map("".join))
def test_what_was_said_early_is_said_the_same_at_the_end(text: str) -> None:
    """A sentence that is let go of is never cut otherwise by what comes later."""
    cutter, early = Cutter(), list[Piece]()
    early += cutter.feed(text)
    assert cut(text + " And so on.\n")[: len(early)] == early


def test_a_sentence_waits_for_its_marks() -> None:
    """What follows the full stop, a mark or two, belongs to the sentence; then the next begins."""
    cutter = Cutter()
    assert cutter.feed("It sank. [1]") == []
    assert cutter.feed("[2] ") == []
    assert cutter.feed("It ") == [Piece("It sank. [1][2]", "")]
    assert cutter.feed("rusts. ") == []
    assert cutter.finish(complete=True) == [Piece("It rusts.", " ")]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("He met Dr. Quill in the U.S. Navy yard. She left.", 2),
        ("It grew by 3.5 percent. Then it fell.", 2),
        ("船は沈んだ。それから錆びた。", 2),
        ("**It sank. It burnt.** It rusts.", 3),
        ("Who sank it? Nobody knows! It rusts", 3),
        ("", 0),
        ("\n\n  \n", 0),
    ],
)
def test_ends_of_sentences(text: str, sentences: int) -> None:
    """Abbreviations and numbers end none; other scripts have ends of their own."""
    assert len(cut(text)) == sentences


def test_markdown_keeps_its_structure() -> None:
    """Items, paragraphs, rows and code are told by their leads; headings and rules are dropped."""
    text = (
        "# The ferry\n\nTwo things:\n- It sank,\n  they say. [1]\n  - Slowly.\n2) It burnt.\n\n"
        "---\n| year | what |\n|---|---|\n| 1912 | fire |\n\n> It rusts.\n\n"
        "```py\nx = 1\n\ny = 2\n```\nEnd."
    )
    assert cut(text) == [
        Piece("Two things:", "\n\n"),
        Piece("It sank, they say. [1]", "\n- "),
        Piece("Slowly.", "\n  - "),
        Piece("It burnt.", "\n2) "),
        Piece("year · what", "\n\n"),
        Piece("1912 · fire", "\n"),
        Piece("It rusts.", "\n\n"),
        Piece("```\nx = 1\n\ny = 2\n```", "\n\n"),
        Piece("End.", "\n\n"),
    ]


def test_emphasis_that_a_cut_tears_is_taken_out() -> None:
    """No star is left without its other half."""
    assert texts("**It sank. It burnt.** Use `x. Then` stop.")[:2] == ["It sank.", "It burnt."]
    assert texts("It **sank** at last.") == ["It **sank** at last."]


def test_what_broke_off_is_not_said() -> None:
    """A reply that was cut short loses its torn sentence, and only that."""
    assert texts("It sank. It bur", complete=False) == ["It sank."]
    assert texts("It sank. It burnt. [1]", complete=False) == ["It sank.", "It burnt. [1]"]
    assert texts("It sank.\n```\nx = 1", complete=False) == ["It sank."]


def test_thinking_aloud_is_passed_by() -> None:
    """What stands between the tags at the start is no part of the answer."""
    assert texts("<think>Was it fire? I guess.\n</think>\n\nIt burnt.") == ["It burnt."]
    assert texts("<think>It never ends") == []
    assert texts("<thin ice> is what it was.") == ["<thin ice> is what it was."]


def test_a_text_without_ends_is_cut_somewhere() -> None:
    """A model that never ends a sentence does not make the assistant wait for ever."""
    assert len(cut("word " * 2_000)) > 1
