"""Draw a document's text block by block, whatever it was read from: `Drawing`, then `Drawn`.

    drawing = Drawing()
    drawing.heading("Results", 2)
    drawing.block("The harvest was good.")
    drawing.item("rye", 0)
    drawing.row(["Rye", "12 t"])
    drawn = drawing.drawn()

Offsets of headings and pages are noted while the text grows, so they never have to be found again.
Every reader of a format draws with this, and so all their texts look alike: blocks parted by blank
lines, list items with a marker, table cells with a "|" between them. Pure.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from index.outline import Heading
from index.passage import Page

_NEWLINE = re.compile(r"\r\n?|\x85|\u2028")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]")
_MARKS = re.compile(r"[^\w\s\x00-\x7f]{65,}")
_UNSEEN = re.compile(
    "[\xad\u180e\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
    "|(?<=[\ufe00-\ufe0f])[\ufe00-\ufe0f]+"
)
"""Characters that nobody sees: soft hyphens, joiners, tags, and what turns the text behind it."""
_WITHIN = re.compile("(?<=[A-Za-z\u00c0-\u052f])[\u061c\u200b-\u200f]+(?=[A-Za-z\u00c0-\u052f])")
"""Characters of no width inside a European word; scripts that are joined by them keep them."""


@dataclass
class Drawn:
    """What a reader made of a file: its one text, with the headings and pages as slices of it.

    `title` is "" when the file names none. `remarks` tell the user what of it could not be read;
    `about` is what the file says about itself, for `index.metadata.told`.
    """

    title: str
    text: str
    headings: list[Heading]
    pages: tuple[Page, ...] = ()
    remarks: list[str] = field(default_factory=list)
    about: list[tuple[str, str]] = field(default_factory=list)


def titled(drawn: Drawn) -> Drawn:
    """Return `drawn` with its first heading as the title, where that is what it is."""
    headings = drawn.headings
    if headings and headings[0].level == 1:
        first = headings[0]
        alone = all(other.level > 1 for other in headings[1:])
        # One of several, and not on top or below another title: that is a chapter's heading.
        if alone or (first.start == 0 and drawn.title in {"", first.text}):
            headings[0] = Heading(first.text, 0, first.start, first.end)
            drawn.title = drawn.title or first.text
    return drawn


class Drawing:
    """The text so far, and where its headings and pages stand."""

    def __init__(self) -> None:
        self.headings: list[Heading] = []
        self._parts: list[str] = []
        self._length = 0
        self._pages: list[tuple[int, int]] = []
        self._page: int | None = None
        self._last = ""

    def block(self, text: str) -> None:
        """Add a paragraph, or lines that stand together; what holds nothing visible is left out."""
        self._add(text, "block")

    def heading(self, text: str, level: int) -> None:
        """Add a heading of `level` 1 to 6 as a line of its own."""
        if words := " ".join(canonical(text).split()):
            self._add(words, "heading")
            end = self._length
            self.headings.append(Heading(words, level, end - len(words), end))

    def item(self, text: str, depth: int, marker: str = "-") -> None:
        """Add a list item, `depth` levels (from 0) into lists within lists."""
        lines = [line for line in canonical(text).strip().split("\n") if line.strip()]
        if lines:
            indent = "  " * min(depth, 8)
            first, *others = (line.strip() for line in lines)
            hanging = [f"{indent}{' ' * len(marker)} {line}" for line in others]
            self._add("\n".join([f"{indent}{marker} {first}", *hanging]), "item")

    def row(self, cells: Sequence[str]) -> None:
        """Add a row of a table, under the row before it."""
        words = [" ".join(canonical(cell).split()) for cell in cells]
        if any(words):
            self._add(" | ".join(words).strip(), "row")

    def end(self) -> None:
        """Part what comes next from the list or table so far."""
        self._last = ""

    def page(self, number: int) -> None:
        """Begin page `number` (from 1): what is added next is the first that stands on it."""
        self._page = number

    def go_on(self, text: str, between: str, back: int = 0) -> None:
        """Add `text`, already canonical, to the last block, with `between` before it.

        `back` characters are taken off that block's end first: the hyphen of a broken word.
        """
        if back:
            self._parts[-1] = self._parts[-1][:-back]
            self._length -= back
        self._append(between, text)

    def drawn(self, title: str = "") -> Drawn:
        """Return the whole."""
        # One end more than there are pages when there are none.
        ends = [start for _, start in self._pages[1:]] + [self._length]
        pages = (
            Page(number, start, end)
            for (number, start), end in zip(self._pages, ends, strict=False)
            if start < end
        )
        return Drawn(title, "".join(self._parts), self.headings, tuple(pages))

    def _add(self, text: str, kind: str) -> None:
        lines = (line.rstrip() for line in canonical(text).replace("\f", " ").split("\n"))
        # A blank line would end the block for everybody who reads the text.
        drawn = "\n".join(line for line in lines if line)
        if not drawn.strip():
            return
        close = kind in {"item", "row"} and kind == self._last
        self._append(("\n" if close else "\n\n") if self._parts else "", drawn)
        self._last = kind

    def _append(self, between: str, text: str) -> None:
        self._parts += [between, text]
        if self._page is not None:
            # What parts two pages belongs to the first.
            start = self._length + len(between) if self._pages else 0
            self._pages.append((self._page, start))
            self._page = None
        self._length += len(between) + len(text)


def canonical(text: str) -> str:
    """Return `text` as documents hold it; doing so again changes nothing.

    Lines end with a line feed, characters are composed (NFC), byte order marks are gone, control
    characters other than tab, line feed and form feed are spaces. What nobody sees is gone, so that
    the words that are checked are those that are read: overrides of the direction of writing, tags,
    soft hyphens, and what has no width inside a European word.
    """
    if text.isascii():
        return _CONTROL.sub(" ", _NEWLINE.sub("\n", text))
    text = _UNSEEN.sub("", text).replace("\u2029", "\n\n")
    text = _CONTROL.sub(" ", _NEWLINE.sub("\n", text))
    # NFC sorts runs of combining marks in quadratic time: 160 000 of them take 17 s.
    return _WITHIN.sub("", _unstacked(unicodedata.normalize("NFC", _unstacked(text))))


def control_characters(text: str) -> int:
    """Count the control characters of `text` that no writer of text means."""
    return len(_CONTROL.findall(text))


def _unstacked(text: str) -> str:
    return _MARKS.sub(_thirty_marks, text)


def _thirty_marks(match: re.Match[str]) -> str:
    """Cut stacks of more than 64 combining marks to 30, what Unicode's annex 15 calls enough."""
    kept: list[str] = []
    stack: list[str] = []
    for character in [*match.group(), ""]:
        if character and unicodedata.combining(character):
            stack.append(character)
            continue
        kept += [*(stack if len(stack) <= 64 else stack[:30]), character]  # noqa: PLR2004  said above
        stack = []
    return "".join(kept)
