"""Pages of placed text become one document: `compose(sheets)`.

What is left out is what belongs to the paper and not to the text: heads and feet that come back
page after page, and the hyphens that a narrow column forced into words. What is joined is what a
page's end tore apart. Pure; `layout.py` reads a single page.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from index.drawing import Drawing, Drawn, canonical
from index.layout import MARKER, Block, Row, Run, blocks, body_size, regions, rows

_EDGE = 0.1
"""Share of the page's height, at its top and at its bottom, in which heads and feet stand."""

_DEEP = 4
"""Rows from the edge that are looked at."""

_NUMBER = re.compile(r"\d+|\b[ivxlc]+\b", re.IGNORECASE)
_BROKEN = re.compile(r"([^\W\d_]{2,})[-\u00ad\u2010]$")
_COMPOUND = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)+")
_SENTENCE_END = re.compile(r"[.!?:;。！？][\"'”’»)\]」』]*$")  # noqa: RUF001
_CJK = re.compile(r"[\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef]")
_TITLE_SIZE = 1.4


@dataclass(frozen=True)
class Sheet:
    """A page: its number, its height, and its runs, a list for each direction they are read in."""

    number: int
    height: float
    directions: tuple[tuple[Run, ...], ...]


def compose(sheets: Sequence[Sheet]) -> Drawn:
    """Return the document that `sheets`, in order, are the pages of; its title is "" if unsure."""
    body = body_size([run for sheet in sheets for runs in sheet.directions for run in runs])
    repeated = _repeated(sheets)
    paged: list[tuple[int, Block]] = []
    for number, sheet in enumerate(sheets):
        for runs in sheet.directions:
            kept = [run for run in runs if (number, run) not in repeated]
            for region in regions(kept):
                paged += [(sheet.number, block) for block in blocks(region, body)]
    return _Composer(paged, body).drawn()


def _repeated(sheets: Sequence[Sheet]) -> set[tuple[int, Run]]:
    """Return the runs, by their sheet, of heads and feet: in one place on several pages."""
    places: dict[tuple[str, int], dict[int, Row]] = defaultdict(dict)
    outermost: dict[tuple[str, int], dict[int, Row]] = defaultdict(dict)
    for number, sheet in enumerate(sheets):
        found = rows(sheet.directions[0]) if sheet.directions else []
        for row in _edge_rows(found, sheet.height):
            # A foot may be a point or two higher on the next page.
            places[_masked(row), round(row.bottom / sheet.height * 50)][number] = row
        for edge in (0, -1) if len(found) > 1 else ():
            outermost[_masked(found[edge]), edge][number] = found[edge]
    least = 2 if len(sheets) == 2 else 3  # noqa: PLR2004  with two pages, both
    gone: set[tuple[int, Run]] = set()
    for (key, place), one in places.items():
        beside = [places.get((key, place + by), {}) for by in (-1, 1)]
        if len({*one, *beside[0], *beside[1]}) >= least:
            gone |= {(number, run) for number, row in one.items() for run in row.runs}
    for one in outermost.values():
        # A printed web page has its feet wherever its text ends; their numbers count the pages.
        if len(one) >= max(3, 0.4 * len(sheets)) and _counts(one):
            gone |= {(number, run) for number, row in one.items() for run in row.runs}
    return gone


def _counts(found: dict[int, Row]) -> bool:
    """Tell whether most of these rows, one a sheet, end in a number that grows with the sheets."""
    steps: Counter[int] = Counter()
    for number, row in found.items():
        if numbers := re.findall(r"\d{1,5}", row.text):
            steps[int(numbers[-1]) - number] += 1
    return bool(steps) and steps.most_common(1)[0][1] * 2 > len(found)


def _masked(row: Row) -> str:
    return _NUMBER.sub("#", row.text.casefold())


def _edge_rows(found: Sequence[Row], height: float) -> Iterator[Row]:
    yield from (row for row in found[:_DEEP] if row.bottom > (1 - _EDGE) * height)
    yield from (row for row in found[-_DEEP:] if row.top < _EDGE * height)


class _Composer:
    """Draws blocks in order, with the levels of headings told from their styles."""

    def __init__(self, paged: Sequence[tuple[int, Block]], body: float) -> None:
        self._paged = paged
        self._levels = _levels(block for _, block in paged)
        self._title = _title(paged, body)
        self._words = Counter(
            word.casefold()
            for _, block in paged
            for line in block.lines
            for word in _COMPOUND.findall(line)
        )
        self._drawing = Drawing()
        self._open = ""

    def drawn(self) -> Drawn:
        """Return the document."""
        page = 0
        title = self._title.lines if self._title else ()
        for number, block in self._paged:
            if number != page:
                self._drawing.page(number)
                page = number
            self._draw(block)
        drawn = self._drawing.drawn(" ".join(" ".join(title).split()))
        if self._title and drawn.headings:
            first = next((h for h in drawn.headings if h.text == canonical(drawn.title)), None)
            if first:
                drawn.headings[drawn.headings.index(first)] = replace(first, level=0)
        return drawn

    def _draw(self, block: Block) -> None:
        if block.kind == "row":
            self._drawing.row(block.lines)
            self._open = ""
        elif block.kind == "heading":
            self._drawing.heading(" ".join(block.lines), self._levels[block.style])
            self._open = ""
        else:
            self._prose(block)

    def _prose(self, block: Block) -> None:
        # A paragraph that a column's or a page's end tore apart goes on in small letters.
        torn = block.kind == "text" and self._open and not _SENTENCE_END.search(self._open)
        if torn and (block.lines[0][:1].islower() or _BROKEN.search(self._open)):
            for line in block.lines:
                self._join(line)
            return
        marker = MARKER.match(block.lines[0]) if block.kind == "item" else None
        text = self._joined(block.lines)
        if marker:
            self._drawing.item(text[marker.end() :], 0, marker.group().strip())
        else:
            self._drawing.block(text)
        self._open = block.lines[-1]

    def _joined(self, lines: Sequence[str]) -> str:
        text = lines[0]
        for line in lines[1:]:
            kept, between = self._seam(text, line)
            text = f"{kept}{between}{line}"
        return text

    def _join(self, line: str) -> None:
        line = " ".join(canonical(line).split())
        kept, between = self._seam(self._open, line)
        self._drawing.go_on(line, between, back=len(self._open) - len(kept))
        self._open = line

    def _seam(self, before: str, after: str) -> tuple[str, str]:
        """Return what stays of `before`, and what comes between it and `after`."""
        broken = _BROKEN.search(before)
        if broken and after[:1].islower():
            second = re.match(r"[^\W\d_]+", after)
            compound = f"{broken.group(1)}-{second.group() if second else ''}".casefold()
            # "long-" and "term" stay apart where the text says "long-term" elsewhere.
            if before[-1] == "-" and self._words[compound]:
                return before, ""
            return before[:-1], ""
        if before.endswith("-") and after[:1].isalnum():
            return before, ""
        if before and after and _CJK.match(before[-1]) and _CJK.match(after[0]):
            return before, ""
        return before, " "


def _levels(found: Iterator[Block]) -> dict[tuple[float, bool], int]:
    """Return the level of each style of heading: the larger, the higher."""
    styles = sorted({block.style for block in found if block.kind == "heading"}, reverse=True)
    return {style: min(number, 6) for number, style in enumerate(styles, start=1)}


def _title(paged: Sequence[tuple[int, Block]], body: float) -> Block | None:
    """Return the document's first heading if it is larger than any other, and than the text."""
    headings = [(page, block) for page, block in paged if block.kind == "heading"]
    if not headings:
        return None
    largest = max(block.style[0] for _, block in headings)
    holders = [(page, block) for page, block in headings if block.style[0] == largest]
    page, block = holders[0]
    alone = len(holders) == 1 and block is headings[0][1] and page == paged[0][0]
    return block if alone and largest >= _TITLE_SIZE * body else None
