"""Fuzz targets for what reads text: one function for each parser; `TARGETS` has them by name.

A target takes bytes, reads them as its parser meets them, and lets an exception out where a promise
is broken. What a parser refuses with an error of the tree in `index/errors.py` is no finding.
"""

import json
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from typing import Any

from assistant.answer import Answer, Citation, Sentence, Turn
from assistant.condense import condense
from assistant.cut import Cutter, Piece
from assistant.draw import Flow, clean, draw_answer
from assistant.hostile import defuse, probability
from assistant.marks import read_marks
from assistant.quantities import given, quantities
from assistant.question import read_question, sides
from assistant.reading import read
from assistant.remarks import gives_up, is_remark
from assistant.serving.openai_protocol import harmless
from assistant.slacking.blocks import draw_sentence, end_blocks, fitted, quotes_view
from assistant.slacking.events import plain_text, read_thread
from assistant.slacking.events import read_question as read_event
from index.address import is_public, is_url, parse
from index.drawing import canonical
from index.errors import LoadError
from index.filters import Filter
from index.outline import outline, sections
from index.passage import Document
from index.split import split_passages, split_sentences
from index.words import content_stems, words
from prompts import quoted

Target = Callable[[bytes], None]

LONGEST_QUESTION = 2_000
"""What FOOTNOTE_MAX_QUESTION_CHARS lets through, unless somebody raises it."""

_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&"))


def text_of(data: bytes) -> str:
    """Return the text in `data`; a byte that is no UTF-8 becomes half a surrogate pair."""
    return data.decode("utf-8", "surrogateescape")


def _two(data: bytes) -> tuple[str, str]:
    """Return two texts: what stands before the first NUL and what behind it."""
    first, _, second = data.partition(b"\0")
    return text_of(first), text_of(second)


def marks(data: bytes) -> None:
    """Marks name known passages only, each once."""
    known = data[0] % 12 if data else 0
    text, numbers = read_marks(text_of(data[1:]), known)
    assert len(set(numbers)) == len(numbers)
    assert all(1 <= number <= known for number in numbers)
    assert text == text.strip()


def cut(data: bytes) -> None:
    """Where a model's text is cut does not depend on how it arrived."""
    step = 1 + data[0] % 16 if data else 1
    text = text_of(data[1:])
    assert _pieces(text, step) == _pieces(text, len(text) or 1)


def _pieces(text: str, step: int) -> list[Piece]:
    cutter = Cutter()
    pieces = [one for at in range(0, len(text), step) for one in cutter.feed(text[at : at + step])]
    return pieces + cutter.finish(complete=True)


def numbers(data: bytes) -> None:
    """A quantity that was read is given by its own text."""
    found = quantities(text_of(data))
    assert all(given(one, found) for one in found if one.value == one.value)


def sentences(data: bytes) -> None:
    """Sentences and passages are exact, ordered and disjoint slices under headings of the text."""
    text = canonical(data.decode("utf-8", "replace"))
    assert canonical(text) == text
    spans = split_sentences(text)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    assert all(text[span.start : span.end].strip() for span in spans)
    title, headings = outline(text)
    document = Document("d", title, "d", text, tuple(sections(text, headings)))
    assert all(one.end <= other.start for one, other in pairwise(headings))
    for passage in split_passages(document):
        assert text[passage.start : passage.end] == passage.text


def questions(data: bytes) -> None:
    """Any question can be read, and made to stand alone behind any conversation."""
    asked, said = (text[:LONGEST_QUESTION] for text in _two(data))
    question = read_question(asked)
    assert question.stems == tuple(dict.fromkeys(question.stems))
    assert question.names is not None
    assert question.figures <= {word.stem for word in words(asked)}
    assert question.focus is None or question.focus
    assert sides(asked) is None or len(sides(asked) or ()) == 2
    turns = [Turn("user", said), Turn("assistant", said[::-1]), Turn("user", asked)]
    assert isinstance(condense(asked, turns), str)


def claims(data: bytes) -> None:
    """Any sentence can be read as a claim, a remark, or a giving up."""
    text = text_of(data)
    reading = read(text)
    assert len(reading.content) <= len(reading.tokens)
    assert is_remark(text) in {True, False}
    assert gives_up(text) in {True, False}
    assert all(content_stems(text))


def hostile(data: bytes) -> None:
    """What is defused stays so, and a sentence's probability is one."""
    text, around = _two(data)
    harmed = defuse(text, [around])
    assert defuse(harmed, [around]) == harmed
    assert defuse(defuse(text)) == defuse(text)
    assert 0.0 <= probability(text, around) <= 1.0


def prompt(data: bytes) -> None:
    """Text between tags closes none, and can be read back by what it was escaped with."""
    escaped = quoted(text_of(data))
    assert not set('<>"') & set(escaped)
    for entity, character in _ENTITIES:
        escaped = escaped.replace(entity, character)
    assert unicodedata.normalize("NFC", escaped) is not None


def address(data: bytes) -> None:
    """A URL has one meaning or is refused, and only what is an address is public."""
    text = text_of(data)
    for url in (text, f"http://{text}", f"https://docs.example/{text}"):
        with suppress(LoadError):
            place = parse(url)
            assert is_url(place.url)
            assert parse(place.url) == place
            assert place.url.isascii()
            with suppress(LoadError):
                assert parse(place.joined(text)).scheme in {"http", "https"}
    assert is_public(text) in {True, False}


def patterns(data: bytes) -> None:
    """Any pattern is held against any source."""
    pattern, source = _two(data)
    assert Filter(sources=(pattern,)).admits("d", source) in {True, False}


def terminal(data: bytes) -> None:
    """Nothing that is drawn for a terminal commands it, turns its text or hides in it."""
    text = text_of(data)
    assert clean(clean(text)) == clean(text)
    drawn = draw_answer(_answer(text), width=20 + (data[0] if data else 0))
    drawn += Flow(30).add(Sentence(text, "claim", (1,), 0.5, text))
    assert not [c for c in drawn if unicodedata.category(c) == "Cc" and c != "\n"]
    assert not set(drawn) & set("\u200b\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def slack(data: bytes) -> None:
    """A message for Slack mentions nobody, links nowhere and keeps to the limits."""
    text = text_of(data)
    answer = _answer(text)
    drawn = [draw_sentence(one) for one in answer.sentences]
    drawn.append(json.dumps([end_blocks(answer, kept=True), quotes_view(answer)]))
    assert not any("<" in one or ">!" in one for one in drawn)
    pieces = list(fitted(text, 300))
    assert all(len(piece) <= 300 for piece in pieces)


def slack_events(data: bytes) -> None:
    """Text of any event becomes plain words, alone and in a thread."""
    text, other = _two(data)
    assert plain_text(text, "U0BOT") == plain_text(text, "U0BOT").strip()
    event = {"type": "app_mention", "user": "U1", "channel": "C1", "ts": "2.1", "text": text}
    asked = read_event({"event": event, "event_id": "E1"}, "U0BOT")
    assert asked is not None
    thread = [{"text": text, "user": "U0BOT", "ts": "1.0"}, {"text": other, "ts": "1.1"}]
    assert len(read_thread(thread, "U0BOT", "2.1")) <= 2


def markdown_out(data: bytes) -> None:
    """What is sent in OpenAI's protocol holds no image, no HTML and no link."""
    drawn = harmless(text_of(data))
    for opening in ("![", "](", "<"):
        assert not _bare(drawn, opening), (opening, drawn)


def _bare(text: str, opening: str) -> bool:
    at = text.find(opening)
    return at == 0 or (at > 0 and text[at - 1] != "\\")


def kept_answers(data: bytes) -> None:
    """An object of JSON is an Answer, or told to be none in the way that its reader expects."""
    with suppress(ValueError, RecursionError):
        found: Any = json.loads(data)
        if isinstance(found, dict):
            with suppress(KeyError, TypeError):
                answer = Answer.from_dict(found)
                assert Answer.from_dict(answer.to_dict()) == answer


def _answer(text: str) -> Answer:
    note = Citation(1, "d", text, text, 0, 1, text, text, None)
    said = Sentence(text, "claim", (1,), 1.0, "")
    return Answer(
        id="a", outcome="answered", reason=None, question=text, standalone_question=text, text=text,
        sentences=(said,), citations=(note,), closest=(note,),
    )  # fmt: skip


def _targets() -> Iterator[Target]:
    yield from (marks, cut, numbers, sentences, questions, claims, hostile, prompt, address)
    yield from (patterns, terminal, slack, slack_events, markdown_out, kept_answers)


TARGETS: dict[str, Target] = {target.__name__: target for target in _targets()}
"""Every target of this module, by its name."""
