"""How an Answer looks in Slack: within its limits, escaped, the same words as everywhere."""

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.answer import Answer, Citation, Sentence
from assistant.draw import clean
from assistant.slacking.blocks import (
    REASONS,
    draw_sentence,
    end_blocks,
    escape,
    fitted,
    quotes_view,
    reason_view,
)
from tests.slack_fake import check_blocks, check_view, texts
from tests.source import ROOT
from tests.test_draw import NOTE

TEXTS = st.text(max_size=80) | st.sampled_from(
    ["<!here>", "](x", "![a](b)", "a://b", "&lt;", "```"]
)
LONG = st.builds(lambda text, times: (text or "word ") * times, TEXTS, st.integers(1, 200))
CITATIONS = st.builds(
    Citation,
    number=st.integers(1, 200),
    document_id=st.sampled_from("ab"),
    title=LONG,
    source=TEXTS,
    start=st.just(0),
    end=st.just(9),
    quote=LONG,
    section=st.none() | LONG,
    page=st.none() | st.integers(1, 999),
)
ANSWERS = st.builds(
    Answer,
    id=st.just("a" * 32),
    outcome=st.sampled_from(["answered", "declined", "failed"]),
    reason=st.sampled_from([None, "not_in_documents", "unsupported", "model_timeout", "internal"]),
    question=TEXTS,
    standalone_question=TEXTS,
    text=TEXTS,
    sentences=st.lists(
        st.builds(Sentence, LONG, st.just("claim"), st.just((1,)), st.just(1.0))
    ).map(tuple),
    citations=st.lists(CITATIONS, max_size=120).map(tuple),
    withheld=st.integers(0, 9),
    closest=st.lists(CITATIONS, max_size=9).map(tuple),
)
ANSWER = Answer(
    id="a1",
    outcome="answered",
    reason=None,
    question="?",
    standalone_question="?",
    text="It sank. [1]",
    sentences=(Sentence("It sank.", "claim", (1,), 1.0),),
    citations=(NOTE,),
)


@settings(max_examples=20)
@given(ANSWERS)
def test_every_answer_fits_and_does_nothing(answer: Answer) -> None:
    """Blocks and modals keep to Slack's limits; no text of theirs mentions or links."""
    blocks, view = end_blocks(answer, kept=True), quotes_view(answer)
    check_blocks(blocks)
    check_view(view)
    drawn = "".join(map(draw_sentence, answer.sentences))
    for text in (drawn, *texts(blocks), *texts(view)):
        assert not re.search(r"<|\]\(|\w://", text)


def test_a_document_without_a_name_has_one_all_the_same() -> None:
    """A title of white space, as a file may carry it, leaves no block without text."""
    nameless = replace(NOTE, title=" ", source="\x07", section=None, page=None)
    for answer in (
        replace(ANSWER, outcome="declined", sentences=(), citations=(), closest=(nameless,)),
        replace(ANSWER, citations=(nameless,)),
    ):
        blocks, view = end_blocks(answer, kept=True), quotes_view(answer)
        check_blocks(blocks)
        check_view(view)
        assert "untitled" in json.dumps(blocks)
        assert "untitled" in json.dumps(view)


def unescaped(text: str) -> str:
    """Return what Slack shows for `text`, as far as it can be seen."""
    text = text.replace("\u2060", "").replace("&lt;", "<").replace("&gt;", ">")
    return text.replace("&amp;", "&")


@settings(max_examples=40)
@given(TEXTS)
def test_escaping_loses_nothing(text: str) -> None:
    """What Slack shows is what was said."""
    assert unescaped(escape(text)) == text.replace("\u2060", "")


@settings(max_examples=50)
@given(LONG, st.integers(40, 400))
def test_cutting_loses_no_word_and_cuts_no_entity(text: str, limit: int) -> None:
    """Pieces are short enough, and each is whole by itself."""
    pieces = list(fitted(escape(clean(text)), limit))
    assert all(len(piece) <= limit for piece in pieces)
    shown = "".join(map(unescaped, pieces))
    assert "".join(shown.split()) == "".join(clean(text).replace("\u2060", "").split())


def test_code_that_is_cut_stays_code() -> None:
    """A fence is closed where a message ends, and opened again in the next one."""
    code = "```\n" + "\n".join(f"line {number}" for number in range(60)) + "\n```"
    pieces = list(fitted(code, 200))
    assert len(pieces) > 1
    assert all(piece.startswith("```\n") and piece.rstrip().endswith("```") for piece in pieces)
    assert [n for p in pieces for n in re.findall(r"\d+", p)] == [str(n) for n in range(60)]


def test_sentences_keep_their_leads_and_marks() -> None:
    """Lists, paragraphs and code come as Markdown, with the numbers of every channel."""
    sentences = (
        Sentence("Three things.", "remark", (), None),
        Sentence("It *sank*.", "claim", (1, 2), 1.0, lead="\n\n- "),
        Sentence("It rose.", "claim", (3,), 1.0, lead="\n- "),
        Sentence("```py\na <  b\n```", "claim", (4,), 1.0, lead="\n\n"),
        Sentence("# End", "claim", (5,), 1.0, lead=" "),
    )
    assert "".join(map(draw_sentence, sentences)) == (
        "Three things.\n\n- It *sank*. [1] [2]\n- It rose. [3]\n\n```\na &lt; b\n```\n[4]\n"
        " \u2060# End [5]"
    )


def test_footnotes_of_one_place_stand_together() -> None:
    """The list is compact: a document once, a section once, the numbers before it."""
    notes = tuple(replace(NOTE, number=n, section=s) for n, s in ((1, "A"), (2, "B"), (3, "B")))
    (context, *_) = end_blocks(replace(ANSWER, citations=notes), kept=True)
    assert context["elements"][0]["text"] == "*Notes on tea*\n[1] A, page 3 · [2] [3] B, page 3"


def test_what_cannot_be_found_again_has_no_buttons() -> None:
    """An answer that was not kept shows its footnotes, and nothing to press."""
    assert [b["type"] for b in end_blocks(ANSWER, kept=False)] == ["context"]
    assert [b["type"] for b in end_blocks(ANSWER, kept=True)][1:] == ["actions", "context_actions"]


@pytest.mark.parametrize("reason", ["model_unavailable", "model_timeout", "internal"])
def test_a_failure_tells_its_number_and_no_secrets(reason: str) -> None:
    """People hear what to do, and a number to quote; nothing of how Footnote is set up."""
    failed = replace(ANSWER, outcome="failed", reason=reason, citations=())  # type: ignore[arg-type]
    (notice,) = end_blocks(failed, kept=True)
    assert "`a1`" in notice["text"]["text"]
    assert not re.search("FOOTNOTE_|doctor|Error", notice["text"]["text"])


def test_withheld_sentences_are_counted() -> None:
    """As in the terminal, an answer says how much it left out."""
    told = texts(end_blocks(replace(ANSWER, withheld=2), kept=True))
    assert "2 withheld: not supported by the text" in told


def test_the_reasons_are_the_widgets() -> None:
    """Feedback of every channel can be counted together."""
    check_view(reason_view("a" * 64, "C1"))
    options = reason_view("a", "C1")["blocks"][0]["element"]["options"]
    assert [one["value"] for one in options] == list(REASONS)
    widget = (ROOT / "assistant/widget/turn.js").read_text("utf-8")
    found = re.search(r"const REASONS = \[(.*)\]", widget)
    assert found is not None
    assert re.findall(r'"(\w+)"', found[1]) == list(REASONS)
