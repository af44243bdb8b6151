"""Cut a language model's text into sentences while it arrives: `Cutter().feed("Abe met Put")`.

    cutter = Cutter()
    for delta in …: pieces = cutter.feed(delta)    # the sentences that are complete by now
    pieces = cutter.finish(complete=True)          # what remains

Where it cuts depends on the text alone and not on how it was chunked. Markdown's structure is kept
beside the sentences: `Piece.lead` is the space, the paragraph's break or the list's marker that
stands before one. Headings and rules are dropped, for they say nothing that could be checked; so is
what a model thinks aloud between `<think>` and `</think>`. Pure.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.marks import MARKS
from index.split import MAX_SENTENCE_CHARS, split_sentences

FENCE = "```"
_THINKS, _THOUGHT = "<think>", "</think>"

_PARAGRAPH = "\n\n"
_TELLING = 8
"""Characters of a line by which its kind is known: a list's marker is no longer."""

_ITEM = re.compile(r"(?P<marker>[-*+•]|\d{1,3}[.)])[ \t]+")
_WHOLE_LINE = re.compile(r"#{1,6}(\s|$)|```|~~~|\||[-*_=]{3,}\s*$")
_HEADING = re.compile(r"#{1,6}(\s|$)|[-*_=]{3,}\s*$")
_TABLE_RULE = re.compile(r"\|[\s:|-]*$")
_QUOTED = re.compile(r"(>\s?)+")
_WIDE_ENDINGS = "。！？"  # noqa: RUF001  what ends a sentence in Chinese and Japanese
_ENDING = re.compile(rf"[.!?…{_WIDE_ENDINGS}]")
_ENDED = re.compile(rf"[.!?…{_WIDE_ENDINGS}:][\"'”’)\]*_`]*\s*(?:{MARKS.pattern}\s*)*$")
_LONE_MARKS = re.compile(rf"(?:\s*{MARKS.pattern})+")
_HALF = re.compile("[\ud800-\udfff]")
_EMPHASIS = str.maketrans("*_`", "   ")


@dataclass(frozen=True, slots=True)
class Piece:
    """One sentence, or one block of code with its fences, and what stands before it."""

    text: str
    lead: str


class Cutter:
    """Cuts one answer; not to be shared."""

    def __init__(self) -> None:
        self._line = ""  # of the current line, what is not in _block yet
        self._known = False  # whether the current line's kind is known
        self._block = ""  # the paragraph or item so far, but for the sentences already cut off
        self._lead = ""
        self._code: list[str] | None = None
        self._thinking: bool | None = None  # None: not known yet

    def feed(self, delta: str) -> list[Piece]:
        """Return the sentences that `delta` completes, in order."""
        # A provider may send half a character; nothing further on can write it.
        delta = _HALF.sub("\ufffd", delta)
        return [piece for character in delta for piece in self._take(character)]

    def finish(self, *, complete: bool) -> list[Piece]:
        """Return what remains; when the text broke off (not `complete`), without its torn end."""
        pieces: list[Piece] = []
        if self._thinking is None:
            self._thinking, unread = False, self._line
            self._line = ""
            pieces += self.feed(unread)
        if self._thinking or (self._code is not None and not complete):
            return pieces
        pieces += self._end_line()
        if self._code is not None:
            pieces += self._end_code()
        if complete or _ENDED.search(self._block):
            pieces += self._flush()
        return pieces

    def _take(self, character: str) -> Iterator[Piece]:
        if self._thinking is not False:
            yield from self._thought(character)
        elif character == "\n":
            yield from self._end_line()
            self._line, self._known = "", False
        elif self._known:
            yield from self._grow(character)
        else:
            self._line += character
            begun = self._line.lstrip()
            if len(begun) >= _TELLING and self._code is None and not _WHOLE_LINE.match(begun):
                yield from self._open_line()

    def _thought(self, character: str) -> Iterator[Piece]:
        """Pass by what a model thinks aloud before it answers."""
        self._line += character
        if self._thinking:
            if self._line.endswith(_THOUGHT):
                self._line, self._thinking = "", False
        elif self._line.lstrip() == _THINKS:
            self._thinking = True
        elif not _THINKS.startswith(self._line.lstrip()):
            self._thinking, unread = False, self._line
            self._line = ""
            for one in unread:
                yield from self._take(one)

    def _end_line(self) -> Iterator[Piece]:
        """Take in the current line, which is whole now."""
        line, stripped = self._line, self._line.strip()
        if self._known:
            yield from self._grow(" ")
        elif stripped.startswith((FENCE, "~~~")):
            if self._code is None:
                yield from self._flush()
                self._code = []
            else:
                yield from self._end_code()
        elif self._code is not None:
            self._code.append(line)
        elif not stripped or _HEADING.match(stripped):
            yield from self._flush()
            self._lead = _PARAGRAPH
        elif stripped.startswith("|"):
            if _TABLE_RULE.match(stripped):
                return
            yield from self._flush()
            self._lead = self._lead or "\n"
            self._block = " · ".join(cell.strip() for cell in stripped.strip("|").split("|"))
            yield from self._flush()
            self._lead = "\n"
        else:
            yield from self._open_line()
            yield from self._grow(" ")

    def _open_line(self) -> Iterator[Piece]:
        """Begin, or go on with, a paragraph or an item by what the line holds so far."""
        text = self._line.lstrip()
        indent = self._line[: len(self._line) - len(text)].replace("\t", "    ")
        quoted = _QUOTED.match(text)
        text = text[quoted.end() :] if quoted else text
        item = _ITEM.match(text)
        if item:
            yield from self._flush()
            self._lead = f"\n{indent[:8]}{item['marker']} "
            text = text[item.end() :]
        self._known = True
        for character in text:
            yield from self._grow(character)

    def _grow(self, character: str) -> Iterator[Piece]:
        space = character.isspace()
        if space and (not self._block or self._block[-1] == " "):
            return
        self._block += " " if space else character
        wide = len(self._block) > 1 and self._block[-2] in _WIDE_ENDINGS
        if (space or wide) and _ENDING.search(self._block):
            yield from self._cut()
        if len(self._block) > MAX_SENTENCE_CHARS:
            yield from self._flush()

    def _cut(self) -> Iterator[Piece]:
        """Cut off the first sentence of the block when another one has begun behind it."""
        # Where a sentence ends must not hang on whether it is bold.
        spans = split_sentences(self._block.translate(_EMPHASIS))
        if len(spans) > 1:
            start = spans[1].start
            while start and self._block[start - 1] in "*_`":
                start -= 1
            marks = _LONE_MARKS.match(self._block, start)
            start = marks.end() if marks else start
            if self._block[start:].strip(" *_`"):
                first, self._block = self._block[:start], self._block[start:].lstrip()
                yield self._piece(first)

    def _flush(self) -> Iterator[Piece]:
        """Let go of the whole block: its paragraph has ended."""
        spans = split_sentences(self._block.translate(_EMPHASIS))
        starts = [0, *(span.start for span in spans[1:])]
        ends = [*starts[1:], len(self._block)]
        block, self._block = self._block, ""
        texts: list[str] = []
        for start, end in zip(starts, ends, strict=True):
            if texts and not _LONE_MARKS.sub("", block[start:end]).strip(" *_`"):
                texts[-1] += block[start:end]
            else:
                texts.append(block[start:end])
        for text in texts:
            if text.strip(" *_`"):
                yield self._piece(text)

    def _end_code(self) -> Iterator[Piece]:
        lines, self._code = self._code or [], None
        if "".join(lines).strip():
            text = "\n".join([FENCE, *lines, FENCE])
            yield Piece(text, _PARAGRAPH)
        self._lead = _PARAGRAPH

    def _piece(self, text: str) -> Piece:
        lead, self._lead = self._lead, " "
        return Piece(_balanced(text.strip()), lead)


def _balanced(text: str) -> str:
    """Take out emphasis that a cut has left with one end."""
    for mark in ("**", "__", "`"):
        if text.count(mark) % 2:
            text = text.replace(mark, "")
    return text.strip()
