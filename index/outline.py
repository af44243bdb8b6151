"""Find the headings of a text: `outline(text)` for plain text, `sections(text, headings)` for all.

Plain text marks headings in no agreed way, so this looks for what people do: underlining, capitals,
a short line standing alone over a paragraph. Where that would see headings everywhere (a poem, a
log, a list) it sees none. Pure, and linear in the length of the text.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from index.passage import Section

MAX_TITLE_CHARS = 200
MAX_HEADING_CHARS = 80
MAX_HEADING_WORDS = 12
PROSE_CHARS = 80

_LIST_ITEM = re.compile(r"(?:[-*+•]|\d{1,3}[.)])\s")
_RULE = re.compile(r"={3,}|-{3,}|~{3,}")
_RULE_LEVELS = {"=": 1, "-": 2, "~": 3}
_COLUMNS = re.compile(r"\||\t|\S\s{3,}\S")
# Chinese and Japanese have full-width marks of their own, and no space after them.
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?:\s|$)|[。！？]")  # noqa: RUF001
_FINAL = tuple(".?!:;,…。？！：；，、")  # noqa: RUF001
_BYLINE = re.compile(
    r"by\s|(?:published|updated|posted)\b"
    r"|\d{1,2}\.?\s+\w+\s+\d{4}$|\w+\s+\d{1,2},\s+\d{4}$|\d{4}-\d\d",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading's words and its slice of the text; `level` 1 to 6, 0 for the document's title."""

    text: str
    level: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines between blank lines, without the white space around each; `ends` are line ends."""

    start: int
    lines: tuple[str, ...]
    ends: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Guess:
    """A heading that may be one; `sure` when it is underlined."""

    heading: Heading
    sure: bool
    alone: bool


def sections(text: str, headings: Sequence[Heading]) -> Iterator[Section]:
    """Yield the sections of `text` between its `headings`, which are in order; no blank ones."""
    path: list[Heading] = []
    edges = [Heading("", 0, 0, 0), *headings, Heading("", 0, len(text), len(text))]
    for here, following in pairwise(edges):
        while path and path[-1].level >= here.level:
            path.pop()
        # The title is over everything and names no part.
        heading = here.text if here.level else ""
        if heading:
            path.append(here)
        if text[here.end : following.start].strip():
            names = tuple(above.text for above in path)
            yield Section(heading, here.level, here.end, following.start, names)


def outline(text: str) -> tuple[str, list[Heading]]:
    """Return the title of a plain text ("" when it has none) and its headings in order.

    The title's heading comes first, with level 0.
    """
    blocks = list(_blocks(text))
    pairs = list(zip_longest(blocks, blocks[1:]))
    guesses = [guess for block, after in pairs[1:] if (guess := _guess(block, after))]
    lonely = sum(
        _is_short_line(block) and not _is_prose(after, block.lines[0]) for block, after in pairs[1:]
    )
    crowded = lonely * 3 > len(blocks)
    # A speaker's name or a page's head comes again and again; a heading does not.
    seen = Counter(guess.heading.text for guess in guesses)
    headings = [
        guess.heading
        for guess in guesses
        if guess.sure or (seen[guess.heading.text] <= 2 and not (crowded and guess.alone))  # noqa: PLR2004  once, and once in a table of contents
    ]
    title = _title(blocks, crowded=crowded)
    return (title.text, [title, *headings]) if title else ("", headings)


def _blocks(text: str) -> Iterator[_Block]:
    lines: list[str] = []
    ends: list[int] = []
    start = position = 0
    for line in [*text.split("\n"), ""]:
        if words := line.strip():
            start = start if lines else position + line.index(words)
            lines.append(words)
            ends.append(position + len(line.rstrip()))
        elif lines:
            yield _Block(start, tuple(lines), tuple(ends))
            lines, ends = [], []
        position += len(line) + 1


def _title(blocks: list[_Block], *, crowded: bool) -> Heading | None:
    if not blocks:
        return None
    first, after = blocks[0], blocks[1] if len(blocks) > 1 else None
    if found := _guess(first, after):
        return Heading(found.heading.text, 0, found.heading.start, found.heading.end)
    line = first.lines[0]
    plausible = (
        after is not None
        and not crowded
        and len(first.lines) == 1
        and len(line) <= MAX_TITLE_CHARS
        and not line.endswith((".", ",", ";", ":", "。"))
        and _is_wording(line)
    )
    return Heading(line, 0, first.start, first.ends[0]) if plausible else None


def _guess(block: _Block, after: _Block | None) -> _Guess | None:
    """Return the heading that `block` is or begins with, if it looks like one."""
    first = block.lines[0]
    if (ruled := _ruled(block)) and (after or len(block.lines) > ruled[1] + 1):
        line, last = ruled
        level = _RULE_LEVELS[block.lines[last][0]]
        return _Guess(Heading(block.lines[line], level, block.start, block.ends[last]), True, False)
    alone = len(block.lines) == 1
    body = after if alone else _Block(block.ends[0], block.lines[1:], block.ends[1:])
    if not _is_prose(body, first):
        return None
    if _is_capitals(first, block.lines[1:]):
        return _Guess(Heading(first, 1, block.start, block.ends[0]), False, False)
    if _is_short_line(block):
        return _Guess(Heading(first, 2, block.start, block.ends[0]), False, True)
    return None


def _ruled(block: _Block) -> tuple[int, int] | None:
    """Return which line is a heading and which the rule under it, for a block that begins so."""
    lines = block.lines
    over = 1 if len(lines) > 2 and _RULE.fullmatch(lines[0]) else 0  # noqa: PLR2004  rule, words, rule
    if len(lines) < over + 2 or not _RULE.fullmatch(lines[over + 1]):
        return None
    fits = len(lines[over]) <= MAX_TITLE_CHARS and _is_wording(lines[over])
    return (over, over + 1) if fits else None


def _is_capitals(line: str, below: tuple[str, ...]) -> bool:
    return (
        line.isupper()
        and sum(c.isalpha() for c in line[:MAX_HEADING_CHARS]) >= 4  # noqa: PLR2004  "NATO", not "U.S."
        and len(line) <= MAX_HEADING_CHARS
        and not line.endswith((":", ";", ","))
        # Above lines without a sentence it is a table's head.
        and (not below or (not below[0].isupper() and _has_sentence(below)))
        and _is_wording(line)
    )


def _is_short_line(block: _Block) -> bool:
    """Tell whether `block` is one line with the shape of a heading, whatever follows it."""
    line = block.lines[0]
    opening = line.lstrip("\"'“‘«»„([¿¡")[:1]
    return (
        len(block.lines) == 1
        and len(line) <= MAX_HEADING_CHARS
        and len(line.split()) <= MAX_HEADING_WORDS
        and not line.endswith(_FINAL)
        # Letters that know no capitals (CJK, Arabic) count as such.
        and (
            opening.isupper() or opening.isdigit() or (opening.isalpha() and not opening.islower())
        )
        and _is_wording(line)
        and not _BYLINE.match(line)
    )


def _is_wording(line: str) -> bool:
    """Tell whether `line` holds a letter, and is neither a list item nor a row of a table."""
    return (
        any(c.isalpha() for c in line) and not _LIST_ITEM.match(line) and not _COLUMNS.search(line)
    )


def _is_prose(block: _Block | None, heading: str) -> bool:
    """Tell whether `block` is what stands under a heading: a longer text, or a list."""
    if block is None or len(block.lines) == 0:
        return False
    if _LIST_ITEM.match(block.lines[0]):
        return len(block.lines) > 1
    length = sum(map(len, block.lines))
    return length > len(heading) and (length >= PROSE_CHARS or _has_sentence(block.lines))


def _has_sentence(lines: Sequence[str]) -> bool:
    return any(_SENTENCE_END.search(line) for line in lines)
