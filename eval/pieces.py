"""Text of documents and answers in pieces that a template can draw: `paragraphs(text, marks)`.

Pure. Nothing here makes HTML; the template escapes every piece.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
    r"\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""What would change how its neighbours look, or hide: controls, direction overrides, tags."""

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Mark:
    """A slice of a text that is marked: as the case's "evidence", or as "cited" by the answer."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text under the same marks; `kinds` are theirs, in alphabetical order."""

    text: str
    kinds: tuple[str, ...] = ()


def paragraphs(text: str, marks: Sequence[Mark]) -> list[list[Piece]]:
    """Return the paragraphs that `marks` touch, in their order, each cut into pieces.

    A mark outside the text, or with nothing in it, is passed by: an answer from elsewhere may cite
    what is not there.
    """
    kept = [mark for mark in marks if 0 <= mark.start < mark.end <= len(text)]
    spans = sorted({_paragraph(text, mark) for mark in kept})
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return [list(_cut(text, start, end, kept)) for start, end in merged]


def _paragraph(text: str, mark: Mark) -> tuple[int, int]:
    before = text.rfind("\n\n", 0, mark.start)
    after = text.find("\n\n", mark.end)
    return (0 if before < 0 else before + 2), (len(text) if after < 0 else after)


def _cut(text: str, start: int, end: int, marks: Sequence[Mark]) -> Iterator[Piece]:
    edges = {start, end}
    for mark in marks:
        edges |= {edge for edge in (mark.start, mark.end) if start <= edge <= end}
    ordered = sorted(edges)
    for left, right in pairwise(ordered):
        kinds = {mark.kind for mark in marks if mark.start <= left and right <= mark.end}
        yield Piece(text[left:right], tuple(sorted(kinds)))


def visible(text: str) -> list[Piece]:
    """Return `text` with what cannot be seen in pieces of the kind "hidden", as U+202E."""
    pieces = []
    at = 0
    for found in _INVISIBLE.finditer(text):
        if found.start() > at:
            pieces.append(Piece(text[at : found.start()]))
        pieces.append(Piece(f"U+{ord(found.group()):04X}", ("hidden",)))
        at = found.end()
    return [*pieces, Piece(text[at:])] if at < len(text) else pieces


def plain(text: str) -> str:
    """Return `text` in one line, with what cannot be seen written out."""
    return " ".join("".join(piece.text for piece in visible(text.replace("\n", " "))).split())


def xml_text(text: str) -> str:
    """Return `text` without the characters that XML 1.0 has no way to write."""
    return _NOT_XML.sub("", text)
