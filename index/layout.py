"""Read a page as people do: `reading_order(runs)` turns pieces of text with places into regions.

A page of a PDF is text in no order, each piece at a place. Here pieces become rows, rows become
columns where there are any, and a column's rows become blocks: paragraphs, headings, list items,
rows of a table. Pure; points (1/72 inch) are the unit, and y grows upwards.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from statistics import median
from typing import Literal

MARKER = re.compile(r"(?:[-–*+•▪◦‣●○■□❑➢·]|\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)])\s+(?=\S)")
_LONE_MARKER = re.compile(r"(?:[-–*+•▪◦‣●○■□❑➢·]|\(?(?:\d{1,3}|[A-Za-z]|[ivx]{1,4})[.)])")
_ENDS = re.compile(r"[.!?:;。！？][\"'”’)\]]*$")  # noqa: RUF001
_OPEN = re.compile(r"[$€£¥(]\s*|[(]?[$€£¥]\s*")
_SHUT = re.compile(r"[)%]+")
_LETTERS = re.compile(r"[^\W\d_]")

_SIDE_ROWS = 3
_MAX_DEPTH = 3
_MAX_HEADING_CHARS = 120
_MAX_HEADING_WORDS = 16

Kind = Literal["text", "heading", "item", "row"]


@dataclass(frozen=True, slots=True)
class Run:
    """Characters that stand together on one line, and the box around them."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    size: float
    bold: bool = False

    @property
    def middle(self) -> float:
        """How high its middle stands."""
        return (self.bottom + self.top) / 2


@dataclass(frozen=True)
class Row:
    """Runs side by side, from left to right."""

    runs: tuple[Run, ...]

    @cached_property
    def cells(self) -> tuple[str, ...]:
        """What stands in it, parted where there is room; "$" and "5" are one cell."""
        cells: list[str] = []
        for run in self.runs:
            joins = cells and (_OPEN.fullmatch(cells[-1]) or _SHUT.fullmatch(run.text))
            if joins:
                space = " " if cells[-1].endswith(("$", "€", "£", "¥")) else ""
                cells[-1] += space + run.text
            else:
                cells.append(run.text)
        if len(cells) > 1 and _LONE_MARKER.fullmatch(cells[0]):
            cells[:2] = [f"{cells[0]} {cells[1]}"]
        return tuple(cells)

    @cached_property
    def text(self) -> str:
        """Its words as one line."""
        return " ".join(self.cells)

    @cached_property
    def left(self) -> float:
        """Where it begins."""
        return self.runs[0].left

    @cached_property
    def right(self) -> float:
        """Where it ends."""
        return max(run.right for run in self.runs)

    @cached_property
    def bottom(self) -> float:
        """How high its main run stands."""
        return self._main.bottom

    @cached_property
    def top(self) -> float:
        """How high its main run reaches."""
        return self._main.top

    @property
    def size(self) -> float:
        """The size of most of its characters."""
        return self._main.size

    @cached_property
    def bold(self) -> bool:
        """Whether all of it is bold."""
        return all(run.bold for run in self.runs)

    @cached_property
    def _main(self) -> Run:
        return max(self.runs, key=lambda run: len(run.text))


@dataclass(frozen=True)
class Block:
    """What belongs together: `lines` of a paragraph, heading or item, or the cells of one row.

    `style` is (size, bold) and tells which headings are of one level.
    """

    kind: Kind
    lines: tuple[str, ...]
    style: tuple[float, bool] = (0.0, False)


def rows(runs: Sequence[Run]) -> list[Row]:
    """Return the runs as rows, from the top down."""
    found: list[list[Run]] = []
    for run in sorted(runs, key=lambda one: (-one.middle, one.left)):
        if found:
            seed = found[-1][0]
            reach = max(seed.top - seed.bottom, run.top - run.bottom) * 0.45
            if abs(seed.middle - run.middle) < reach:
                found[-1].append(run)
                continue
        found.append([run])
    return [Row(tuple(sorted(row, key=lambda one: one.left))) for row in found]


def regions(runs: Sequence[Run], depth: int = 0) -> Iterator[list[Run]]:
    """Yield the runs in reading order, a column (or what crosses all columns) at a time."""
    gutter = _gutter(runs, depth)
    if gutter is None:
        if runs:
            yield list(runs)
        return
    across: list[Run] = []
    for band in _bands(runs, gutter):
        if sides := _columns(band, gutter, depth):
            yield from regions(across, _MAX_DEPTH)
            across = []
            for side in sides:
                yield from regions(side, depth + 1)
        else:
            across += band
    yield from regions(across, _MAX_DEPTH)


def blocks(runs: Sequence[Run], body: float) -> list[Block]:
    """Return the blocks of one region; `body` is the size that most of the document is set in."""
    found = rows(runs)
    if not found:
        return []
    tables = _tables(found)
    leading = _leading(found)
    right = max(row.right for row in found)
    made: list[Block] = []
    before: Row | None = None
    for row, in_table in zip(found, tables, strict=True):
        if in_table:
            made.append(Block("row", row.cells))
            before = None
            continue
        style = (round(row.size * 2) / 2, row.bold)
        kind = _kind(row, body)
        if before and made and _goes_on(made[-1], before, row, (kind, style), (leading, right)):
            made[-1] = replace(made[-1], lines=(*made[-1].lines, row.text))
        else:
            made.append(Block(kind, (row.text,), style))
        before = row
    return [_checked(block) for block in made]


def body_size(runs: Sequence[Run]) -> float:
    """Return the size that most characters are set in, to half a point; 0 for no runs."""
    counts: Counter[float] = Counter()
    for run in runs:
        counts[round(run.size * 2) / 2] += len(run.text)
    return counts.most_common(1)[0][0] if counts else 0.0


def _gutter(runs: Sequence[Run], depth: int) -> float | None:
    """Return where two columns part, if any do: just left of an edge that many runs share."""
    if depth >= _MAX_DEPTH:
        return None
    edges = Counter(round(run.left / 2) * 2 for run in runs)
    leftmost = min(edges, default=0)
    best, most = None, 0
    for edge, count in edges.items():
        if count < _SIDE_ROWS or edge - leftmost < 40:  # noqa: PLR2004  narrower is an indent
            continue
        gutter = edge - 1.5
        held = sum(
            sum(len(run.text) for run in band)
            for band in _bands(runs, gutter)
            if _columns(band, gutter, depth)
        )
        if held > most:
            best, most = gutter, held
    return best


def _bands(runs: Sequence[Run], gutter: float) -> Iterator[list[Run]]:
    """Yield runs from the top down, parted where one crosses the gutter."""
    band: list[Run] = []
    for run in sorted(runs, key=lambda one: -one.middle):
        if run.left < gutter < run.right:
            if band:
                yield band
            yield [run]
            band = []
        else:
            band.append(run)
    if band:
        yield band


def _columns(band: Sequence[Run], gutter: float, depth: int) -> tuple[list[Run], list[Run]] | None:
    """Return what stands left and right of the gutter when both sides are columns of text."""
    left = [run for run in band if run.right <= gutter]
    right = [run for run in band if run.left >= gutter]
    if not _is_prose(left):
        return None
    # Right of the first column there may be more than one.
    several = _is_prose(right) or _gutter(right, depth + 1) is not None
    return (left, right) if several else None


def _is_prose(side: Sequence[Run]) -> bool:
    """Tell a column of text from a column of a table: lines of words that fill its width."""
    found = rows(side)
    if len(found) < _SIDE_ROWS:
        return False
    text = "".join(run.text for run in side).replace(" ", "")
    width = max(row.right for row in found) - min(row.left for row in found)
    return (
        sum(len(row.runs) == 1 for row in found) >= 0.7 * len(found)
        and len(_LETTERS.findall(text)) >= 0.6 * len(text)
        and len(text) >= 15 * len(found)
        and median(row.right - row.left for row in found) >= 0.55 * width
    )


def _tables(found: Sequence[Row]) -> list[bool]:
    """Tell for each row whether it belongs to a table: rows of several cells, near each other."""
    several = [len(row.cells) > 1 for row in found]
    marks = [False] * len(found)
    start: int | None = None
    last = -1
    for number, many in enumerate([*several, False]):
        if many:
            start = number if start is None else start
            last = number
        ended = number == len(found) or (not many and not _within_table(found, number, last))
        if start is not None and ended:
            if sum(several[start : last + 1]) > 1:
                start = _with_head(found, start)
                marks[start : last + 1] = [True] * (last + 1 - start)
            start = None
    return marks


def _with_head(found: Sequence[Row], start: int) -> int:
    """Return where the table whose first row of cells is `start` begins: columns may have heads."""
    left = min(row.left for row in found)
    indent = 0.15 * (max(row.right for row in found) - left)
    while start and (above := found[start - 1]).left - left > indent:
        if above.bottom - found[start].bottom > 1.8 * above.size:
            break
        start -= 1
    return start


def _within_table(found: Sequence[Row], number: int, last: int) -> bool:
    """Tell whether a row of one cell may be a label within a table that had cells at `last`."""
    row = found[number]
    gap = found[number - 1].bottom - row.bottom if number else 0.0
    return (
        number - last <= 2  # noqa: PLR2004  a label, or one that takes two lines
        and len(row.text) <= _MAX_HEADING_CHARS
        and not (row.bold and gap > 2.2 * row.size)
        and row.size <= 1.2 * found[last].size
    )


def _leading(found: Sequence[Row]) -> float:
    """Return how far lines of one paragraph stand apart."""
    steps = [
        above.bottom - below.bottom
        for above, below in pairwise(found)
        if 0.8 < (above.bottom - below.bottom) / max(below.size, 1.0) < 2.5  # noqa: PLR2004
    ]
    # The smaller half is lines of one paragraph; the larger has what parts paragraphs in it.
    return sorted(steps)[len(steps) // 3] if steps else 1.2 * found[0].size


def _kind(row: Row, body: float) -> Kind:
    if MARKER.match(row.text) and not (row.bold or row.size > 1.15 * body):
        return "item"
    return "heading" if row.bold or row.size > 1.12 * body else "text"


def _goes_on(
    block: Block,
    before: Row,
    row: Row,
    look: tuple[Kind, tuple[float, bool]],
    measure: tuple[float, float],
) -> bool:
    """Tell whether `row` continues `block`, whose last row is `before`."""
    kind, style = look
    leading, right = measure
    step = before.bottom - row.bottom
    if step > 1.35 * max(leading, 0.9 * row.size) or step < 0:
        return False
    if block.kind == "heading":
        return kind == "heading" and style == block.style and len(block.lines) < 3  # noqa: PLR2004
    if kind == "item" or (kind == "heading" and len(row.text) < _MAX_HEADING_CHARS // 2):
        return False
    if abs(style[0] - block.style[0]) > 0.15 * block.style[0]:
        return False
    if block.kind == "text" and row.left - before.left > 0.8 * row.size:
        return False  # the first line of a paragraph is indented
    short = right - before.right > 0.2 * (right - before.left)
    return not (short and _ENDS.search(before.text))


def _checked(block: Block) -> Block:
    """Return the block as what it is: a heading that is a sentence, or too long, is text."""
    text = " ".join(block.lines)
    fits = (
        len(text) <= _MAX_HEADING_CHARS
        and len(text.split()) <= _MAX_HEADING_WORDS
        and len(_LETTERS.findall(text)) > 1
        and not re.search(r"[,;.。]$", text)
    )
    if block.kind == "heading" and not fits:
        return replace(block, kind="text")
    return block
