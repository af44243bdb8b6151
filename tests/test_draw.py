"""Drawing: what a terminal is given is clean, complete and the same for the same Answer."""

import re
import unicodedata
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from assistant.answer import Answer, Citation, Sentence
from assistant.draw import Flow, clean, draw_answer, draw_citation, draw_hits, hits_fields
from index.passage import Document, Hit, Page, Passage

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
    document = Document("tea-1", "Notes on tea", "tea.md", text)
    hit = Hit(passage, document, 1.03, 0.61, None, 4, None, 0.7, 0.66)
    drawn = draw_hits([hit], width=200)
    assert "1. Kinds · Notes on tea" in drawn
    assert "score 1.03, best sentence 0.70, words 66%, cosine 0.61 (#4))" in drawn
    assert "BM25" not in drawn
    assert "Nothing" in draw_hits([])


def test_hits_name_the_page() -> None:
    """A passage of a paged document says on which page it begins, drawn and as plain data."""
    text = "Tea is old.\n\nGreen tea is not oxidised."
    document = Document(
        "t", "Notes", "tea.pdf", text, pages=(Page(1, 0, 11), Page(2, 13, len(text)))
    )
    hit = Hit(
        Passage(0, "t", 13, len(text), text[13:], "", ()),
        document,
        1.0,
        0.6,
        None,
        1,
        None,
        0.7,
        0.6,
    )
    assert "tea.pdf, page 2, characters 13-39" in draw_hits([hit], width=200)
    assert hits_fields("tea?", "g", [hit])["hits"][0]["page"] == 2


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


LEADS = st.sampled_from(["", " ", "\n\n", "\n- ", "\n  - ", "\n12. "])
SAYING = st.builds(
    Sentence,
    text=st.one_of(
        st.text("ab *_é日[\n", min_size=1, max_size=60),
        st.sampled_from(["```\nx = 1\n\x1b[2J\n```", "It is **very** late."]),
    ),
    kind=st.just("claim"),
    citations=st.lists(st.integers(1, 99), max_size=3).map(tuple),
    support=st.just(1.0),
    lead=LEADS,
)


@given(st.lists(SAYING, max_size=5), st.integers(20, 60))
def test_a_flow_holds_every_word_within_the_width(said: list[Sentence], width: int) -> None:
    """Whatever its structure, a line ends in time, unless one word is longer, and none is lost."""
    flow = Flow(width)
    drawn = "".join(map(flow.add, said))
    for line in drawn.split("\n"):
        assert len(line) <= width or len(line.split()) == 1 or line.startswith("    ")
        assert not any(unicodedata.category(c) == "Cc" for c in line)
    marks = [f"[{n}]" for sentence in said for n in sentence.citations]
    assert [w for w in drawn.split() if re.fullmatch(r"\[\d+\]", w)] == marks


def test_lists_and_paragraphs_keep_their_shape() -> None:
    """Items stand on lines of their own, their further lines under their words; bold is bare."""
    said = (
        Sentence("Two things are known.", "remark", (), None),
        Sentence("**Green tea** is steamed, quickly and twice.", "claim", (1,), 1.0, "\n- "),
        Sentence("Black tea is not.", "claim", (2,), 1.0, "\n- "),
        Sentence("So it is.", "claim", (1, 2), 1.0, "\n\n"),
    )
    assert draw_answer(_answer(sentences=said, citations=()), width=30) == (
        "Two things are known.\n"
        "- Green tea is steamed,\n"
        "  quickly and twice. [1]\n"
        "- Black tea is not. [2]\n"
        "\n"
        "So it is. [1] [2]"
    )


def test_a_failure_keeps_what_was_said() -> None:
    """What was shown before it broke off stays, and the failure is told below."""
    drawn = draw_answer(_answer(outcome="failed", reason="model_timeout"))
    assert drawn.startswith("Green tea is not oxidised. [1]\n\nThe language model took too long")
