"""Cut a document into sentences and passages, with offsets: `split_passages(document)`.

Pure: the same text gives the same spans, and nothing is copied out of the text but by slicing it.
A sentence never crosses a heading, a blank line or a list item; a passage is whole sentences of one
section. Sentence ends are found by `sentencex` (Wikimedia's segmenter for 240 languages), which
knows that "the U.S.-led European alliance" goes on.
"""

import re
from collections.abc import Iterator

import sentencex

from index.passage import Document, Passage, Section, Span

SPLITTER = "sentencex-2"
"""Name of this way of cutting; part of a generation's id, so changing it means re-indexing."""

TARGET_CHARS = 600
"""Characters a passage aims at; chosen in docs/experiments.md."""

MAX_SENTENCE_CHARS = 2_000
"""A longer run of text without a sentence end is data, not prose, and is cut at a space."""

_WINDOW_CHARS = 4_000
"""`sentencex` takes quadratic time for runs of quotes and exclamation marks: it sees no more."""

_BLOCK = re.compile(r"\S(?:.*(?:\n(?!\s*(?:\n|[-*+•]\s|\d{1,3}[.)]\s)|.*\s\|\s).*)*)")
_MARKER = re.compile(r"(?:[-*+•]|\d{1,3}[.)])\s+")
_PARTED = re.compile(r"\n[ \t]*\n")
_QUOTED = re.compile(r"[。！？!?…][」』）〉》】]+$")  # noqa: RUF001
# "she said" and its like, which Japanese puts behind what was said.
_GOES_ON = re.compile(r"(?:と(?!て|き|ころ|もかく|にかく)|って|を|の|が|は(?!い))")
_SPEAKABLE = re.compile(r"\w")


def split_sentences(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """Return the sentences of `text[start:end]` in order, as spans of `text`.

    Spans are disjoint, not empty, and neither begin nor end with white space. List markers and
    runs without a letter or digit belong to no sentence.
    """
    return [span for block in _blocks(text, start, end) for span in _block_sentences(text, block)]


def split_passages(document: Document, target_chars: int = TARGET_CHARS) -> list[Passage]:
    """Return the document's passages in order; `Passage.id` counts from 0.

    A passage grows sentence by sentence while it stays within `target_chars` (a single longer
    sentence is a passage by itself) and ends at a paragraph's end once it is half full. A table or
    a list that fits into one passage is not cut, and keeps the sentence that announces it.
    """
    sections = document.sections or (Section("", 0, 0, len(document.text)),)
    passages: list[Passage] = []
    for section in sections:
        for group in _groups(document.text, section, target_chars):
            start, end = group[0].start, group[-1].end
            passages.append(
                Passage(
                    id=len(passages),
                    document_id=document.id,
                    start=start,
                    end=end,
                    text=document.text[start:end],
                    section=section.heading,
                    sentences=tuple(group),
                )
            )
    return passages


def _groups(text: str, section: Section, target_chars: int) -> Iterator[list[Span]]:
    group: list[Span] = []
    for unit in _units(text, section.start, section.end):
        start, end = unit[0].start, unit[-1].end
        whole = end - start <= target_chars
        if whole and len(unit) > 1 and group and end - group[0].start > target_chars:
            lead = _lead(text, group, end - target_chars)
            if lead != group:
                yield group[: len(group) - len(lead)]
            group = lead
        for block in unit:
            for sentence in _block_sentences(text, block):
                if group and sentence.end - group[0].start > target_chars:
                    yield group
                    group = []
                group.append(sentence)
            ended = block is unit[-1] or not whole
            if ended and group and group[-1].end - group[0].start > target_chars // 2:
                yield group
                group = []
    if group:
        yield group


def _units(text: str, start: int, end: int) -> Iterator[list[Span]]:
    """Yield blocks that stand together: a table's rows, a list's items, else a single one."""
    unit: list[Span] = []
    for block in _blocks(text, start, end):
        if unit and _PARTED.search(text, unit[-1].end, block.start):
            yield unit
            unit = []
        unit.append(block)
    if unit:
        yield unit


def _lead(text: str, group: list[Span], earliest: int) -> list[Span]:
    """Return the last sentence of `group` if it announces what follows, as "these are:" does."""
    last = group[-1]
    announces = text[last.end - 1] in ":：" and last.start >= earliest  # noqa: RUF001
    return [last] if announces else []


def _blocks(text: str, start: int, end: int | None) -> Iterator[Span]:
    """Yield paragraphs, list items and table rows: what a sentence cannot leave."""
    for match in _BLOCK.finditer(text, start, len(text) if end is None else end):
        marker = _MARKER.match(text, match.start(), match.end())
        yield Span(marker.end() if marker else match.start(), match.end())


def _block_sentences(text: str, block: Span) -> Iterator[Span]:
    # A wrapped line is not a paragraph's end: sentencex sees spaces, and offsets stay the same.
    flat = text[block.start : block.end].replace("\n", " ")
    for start, end in _with_quotes(flat, _boundaries(flat)):
        span = _trimmed(text, block.start + start, block.start + end)
        if _SPEAKABLE.search(text, span.start, span.end):
            yield from _bounded(text, span)


def _with_quotes(flat: str, found: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield sentences whole that go on behind what they quote: 「…。」と言った。"""
    start = last = 0
    for begin, end in found:
        if last and not (
            _QUOTED.search(flat, max(start, last - 8), last) and _GOES_ON.match(flat, begin)
        ):
            yield start, last
            start = begin
        last = end
    if last:
        yield start, last


def _boundaries(flat: str) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(flat):
        window = flat[start : start + _WINDOW_CHARS]
        found = [
            (start + one["start_index"], start + one["end_index"])
            for one in sentencex.get_sentence_boundaries("en", window)
        ] or [(start, start + len(window))]
        if start + len(window) < len(flat) and len(found) > 1:
            found.pop()  # it may go on: the next window begins with it
        yield from found
        start = found[-1][1]


def _bounded(text: str, span: Span) -> Iterator[Span]:
    start = span.start
    while span.end - start > MAX_SENTENCE_CHARS:
        space = text.rfind(" ", start + 1, start + MAX_SENTENCE_CHARS)
        cut = space if space > start else start + MAX_SENTENCE_CHARS
        yield _trimmed(text, start, cut)
        start = _trimmed(text, cut, span.end).start
    if start < span.end:
        yield Span(start, span.end)


def _trimmed(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end)
