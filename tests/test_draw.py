"""Drawing: what a terminal is given is clean, complete and the same for the same Answer."""

import re
import unicodedata
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from assistant.answer import Answer, Citation, Sentence
from assistant.draw import clean, draw_answer, draw_citation, draw_hits
from index.passage import Document, Hit, Passage

NOTE = Citation(
    number=1,
    document_id="tea-1",
    title="Notes on tea",
    source="notes/tea.md",
    start=10,
    end=36,
    quote="Green tea is not oxidised.",
    section="Kinds",
    page=3,
)


def _answer(**changes: object) -> Answer:
    fields: dict[str, object] = {
        "id": "1",
        "outcome": "answered",
        "reason": None,
        "question": "what is green tea?",
        "standalone_question": "what is green tea?",
        "text": "Green tea is not oxidised. [1]",
        "sentences": (Sentence("Green tea is not oxidised.", "claim", (1,), 1.0),),
        "citations": (NOTE,),
    }
    return Answer(**{**fields, **changes})  # type: ignore[arg-type]


def test_an_answer_is_followed_by_its_footnotes() -> None:
    """The answer, then each quote with its section and where it stands."""
    assert draw_answer(_answer(), width=80) == (
        "Green tea is not oxidised. [1]\n"
        "\n"
        "[1] “Green tea is not oxidised.”\n"
        "    Kinds · Notes on tea · notes/tea.md, page 3, characters 10-36"
    )


def test_declining_says_why_and_what_is_closest() -> None:
    """Each reason has words of its own, and the nearest passages are offered."""
    drawn = {
        reason: draw_answer(_answer(outcome="declined", reason=reason, text="", citations=()))
        for reason in ("not_in_documents", "unsupported", "off_limits", "empty_question")
    }
    assert len(set(drawn.values())) == len(drawn)
    closest = _answer(
        outcome="declined", reason="not_in_documents", text="", citations=(), closest=(NOTE,)
    )
    assert "closest" in draw_answer(closest)
    assert NOTE.quote in draw_answer(closest)


def test_a_failure_names_its_reason() -> None:
    """A failed Answer is drawn as one, never as an empty page."""
    assert "index_unavailable" in draw_answer(_answer(outcome="failed", reason="index_unavailable"))


def test_what_was_withheld_is_said() -> None:
    """A reader learns that sentences were left out."""
    assert "2 withheld" in draw_answer(_answer(withheld=2))


def test_lines_keep_within_the_width() -> None:
    """Long quotes are wrapped and indented under their number."""
    wide = draw_citation(replace(NOTE, quote="word " * 60), width=40)
    assert all(len(line) <= 40 for line in wide.splitlines())
    assert all(line.startswith("    ") for line in wide.splitlines()[1:])


def test_the_style_is_told_what_stands_out() -> None:
    """Answer, numbers and places are marked; nothing else is."""
    drawn = draw_answer(_answer(), style=lambda text, role: f"<{role}>{text}</{role}>")
    assert re.findall(r"<(\w+)>", drawn) == ["answer", "number", "place"]


def test_hits_show_what_found_them() -> None:
    """A passage comes with its place and the scores of both halves of the search."""
    text = "Green tea is not oxidised."
    passage = Passage(0, "tea-1", 0, len(text), text, "Kinds", ())
    hit = Hit(passage, Document("tea-1", "Notes on tea", "tea.md", text), 0.03, 0.61, None, 1, None)
    drawn = draw_hits([hit])
    assert "1. Kinds · Notes on tea" in drawn
    assert "cosine 0.61" in drawn
    assert "BM25" not in drawn
    assert "Nothing" in draw_hits([])


@given(st.text())
def test_nothing_in_a_document_reaches_the_terminal_as_a_command(text: str) -> None:
    """Whatever a quote, a title or a path holds, no control character is drawn but line ends."""
    hostile = Citation(1, "d", text, text, 0, 1, text, text, None)
    drawn = draw_answer(_answer(text=text, citations=(hostile,)))
    left = {char for char in drawn if unicodedata.category(char) == "Cc"}
    assert left <= {"\n"}
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(drawn)


def test_an_escape_sequence_is_disarmed() -> None:
    """A document that would clear the screen is shown as the harmless rest of it."""
    assert clean("safe\x1b[2J\x9b31m text\r\nmore") == "safe [2J 31m text more"
