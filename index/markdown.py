"""Draw parsed Markdown as plain text: `render(tokens)` takes what markdown-it-py made of a file.

Words stay, marks go: a link is its text, an image its description, HTML what stands between its
tags. List items keep a marker, table cells a "|" between them, code its lines. Pure.
"""

import html
import re
from collections.abc import Callable, Sequence
from typing import Protocol

from index.outline import Heading

# Every alternative ends at the end of the text at the latest, or at the next "<": linear.
_HTML = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)|</?[a-z!?][^<>]*>",
    re.DOTALL | re.IGNORECASE,
)
_BREAK = re.compile(r"<br\b", re.IGNORECASE)


class Token(Protocol):
    """What is used of a `markdown_it.token.Token`, so that the parser stays in `load.py`."""

    type: str
    tag: str
    content: str
    info: str
    markup: str
    level: int
    hidden: bool

    @property
    def children(self) -> "Sequence[Token] | None":
        """The pieces of an inline token."""


def render(tokens: Sequence[Token], canonical: Callable[[str], str]) -> tuple[str, list[Heading]]:
    """Return the plain text of `tokens` and its headings, in order, with levels 1 to 6.

    Headings within quotes and lists are text like any other. `canonical` is applied to each block:
    an entity may stand for a character that the source could not hold.
    """
    drawing = _Drawing(canonical)
    for token in tokens:
        drawing.take(token)
    return "".join(drawing.parts), drawing.headings


class _Drawing:
    """The text so far, and where in lists, tables and headings the next token stands."""

    def __init__(self, canonical: Callable[[str], str]) -> None:
        self.parts: list[str] = []
        self.headings: list[Heading] = []
        self._canonical = canonical
        self._length = 0
        self._level = 0
        self._lists = 0
        self._marker = ""
        self._tight = False
        self._opening = False
        self._row: list[str] | None = None

    def take(self, token: Token) -> None:
        """Draw `token`."""
        match token.type:
            case "heading_open":
                self._level = int(token.tag[1]) if token.level == 0 else 0
            case "bullet_list_open" | "ordered_list_open":
                self._opening = self._lists == 0
                self._lists += 1
            case "bullet_list_close" | "ordered_list_close":
                self._lists -= 1
                self._marker = ""
            case "list_item_open":
                self._marker = f"{token.info}{token.markup} " if token.info else "- "
            case "paragraph_open":
                self._tight = token.hidden
            case "inline":
                self._inline(_words(token.children or ()))
            case "tr_open":
                self._row = []
            case "tr_close":
                self._end_row()
            case "thead_open":
                self._tight = False
            case _:
                self._verbatim(token)

    def _verbatim(self, token: Token) -> None:
        self._tight = self._tight and token.type not in {"fence", "code_block", "html_block"}
        if token.type in {"fence", "code_block"}:
            self._block(token.content)
        elif token.type == "html_block":
            self._block(html.unescape(_HTML.sub(" ", token.content)).strip())

    def _inline(self, words: str) -> None:
        if self._row is not None:
            self._row.append(" ".join(words.split()))
        elif self._level:
            self._heading(" ".join(self._canonical(words).split()))
        else:
            self._block(words)

    def _heading(self, words: str) -> None:
        level, self._level = self._level, 0
        if words:
            self._tight = False
            self._block(words)
            self.headings.append(Heading(words, level, self._length - len(words), self._length))

    def _end_row(self) -> None:
        if self._row and any(self._row):
            self._block(" | ".join(self._row))
            self._tight = True
        self._row = None

    def _block(self, text: str) -> None:
        """Append a block, under the previous one when that is `_tight`, else after a blank line."""
        text = self._canonical(text).strip("\n").rstrip()
        if not text.strip():
            return
        indent = "  " * max(self._lists - 1, 0)
        hanging = indent + "  " * bool(self._lists)
        first = indent + self._marker if self._marker else hanging
        self._marker = ""
        lines = [line.rstrip() for line in text.split("\n")]
        drawn = "\n".join(
            [first + lines[0], *(hanging + line if line else "" for line in lines[1:])]
        )
        close = self._tight and not self._opening
        self._opening = False
        self._append(("\n" if close else "\n\n") if self.parts else "")
        self._append(drawn)

    def _append(self, text: str) -> None:
        self.parts.append(text)
        self._length += len(text)


def _words(children: Sequence[Token]) -> str:
    parts: list[str] = []
    for child in children:
        if child.type in {"softbreak", "hardbreak"}:
            parts.append("\n")
        elif child.type == "image":
            parts.append(_words(child.children or ()))
        elif child.type == "html_inline":
            parts.append("\n" if _BREAK.match(child.content) else "")
        else:
            parts.append(child.content)
    return "".join(parts)
