"""Read a Word document: `read_docx(data)` returns its text with headings, lists and tables.

python-docx opens the package and knows its styles; the text of a paragraph is taken from its XML,
so that links and insertions count and what was deleted does not.
"""

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from index.archive import damaged, opened
from index.drawing import Drawing, Drawn

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

_KIND = "DOCX"
_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DROPPED = frozenset({f"{_W}del", f"{_W}moveFrom", f"{_W}instrText", f"{_W}delText"})
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_HEADING = re.compile(r"heading\s+([1-9])", re.IGNORECASE)


def read_docx(data: bytes) -> Drawn:
    """Return the document. Raises LoadError for one that is damaged, locked or too large."""
    archive = opened(data, _KIND)
    if "word/document.xml" not in archive.namelist():
        raise damaged(_KIND)
    from docx import Document
    from docx.opc.exceptions import PackageNotFoundError
    from lxml.etree import XMLSyntaxError

    try:
        document = Document(io.BytesIO(data))
        reader = _Reader(document)
        return reader.drawn()
    except (PackageNotFoundError, XMLSyntaxError, KeyError, ValueError, AttributeError) as error:
        # python-docx meets a part that is missing or wrong with whatever Python says of it.
        raise damaged(_KIND) from error


class _Reader:
    def __init__(self, document: "Document") -> None:
        self._document = document
        self._drawing = Drawing()
        self._styles: dict[str, int] = {}
        self._title = ""

    def drawn(self) -> Drawn:
        """Return the whole."""
        for part in self._document.iter_inner_content():
            if hasattr(part, "rows"):
                self._table(part)
            else:
                self._paragraph(part)
        about = self._document.core_properties
        title = self._title or str(about.title or "")
        drawn = self._drawing.drawn("" if title == "Word Document" else title)
        made = about.created.date().isoformat() if about.created else ""
        told = {"author": about.author, "tags": about.keywords, "language": about.language}
        drawn.about = [("date", made), *((name, value or "") for name, value in told.items())]
        return drawn

    def _paragraph(self, paragraph: "Paragraph") -> None:
        text = "".join(_text(paragraph._p))  # noqa: SLF001  the way python-docx itself offers
        level = self._level(paragraph)
        if level == 0 and not self._title and text.strip():
            self._title = " ".join(text.split())
            self._drawing.heading(text, 1)
        elif level:
            self._drawing.heading(text, min(level, 6))
        elif (depth := _depth(paragraph)) is not None:
            self._drawing.item(text, depth)
        else:
            self._drawing.block(text)

    def _table(self, table: Any) -> None:
        for row in table._tbl.tr_lst:  # noqa: SLF001
            cells = [
                " ".join("".join(_text(p)) for p in cell.iter(f"{_W}p"))
                for cell in row.iterchildren(f"{_W}tc")
            ]
            self._drawing.row(cells)
        self._drawing.end()

    def _level(self, paragraph: "Paragraph") -> int | None:
        """Return a heading's level, 0 for the title, None for what is no heading."""
        properties = paragraph._p.pPr  # noqa: SLF001
        name = (
            properties.pStyle.val
            if properties is not None and properties.pStyle is not None
            else ""
        )
        if name not in self._styles:
            self._styles[name] = self._style_level(paragraph)
        level = self._styles[name]
        return None if level < 0 else level

    def _style_level(self, paragraph: "Paragraph") -> int:
        style: Any = paragraph.style
        for _ in range(10):  # styles stand on others; a damaged file's may stand on themselves
            if style is None:
                break
            name = str(style.name or "")
            if name.casefold() == "title":
                return 0
            if found := _HEADING.fullmatch(name):
                return int(found.group(1))
            outline = style.element.find(f".//{_W}outlineLvl")
            if outline is not None and outline.get(f"{_W}val", "9") in "012345678":
                return int(outline.get(f"{_W}val")) + 1
            style = style.base_style
        return -1


def _depth(paragraph: "Paragraph") -> int | None:
    """Return how deep in lists a paragraph stands, None for one that is no list item."""
    properties = paragraph._p.pPr  # noqa: SLF001
    numbering = properties.numPr if properties is not None else None
    if numbering is not None:
        return _level_of(numbering)
    name = properties.pStyle.val if properties is not None and properties.pStyle is not None else ""
    found = re.match(r"List(?:Bullet|Number)(\d?)", name)
    return int(found.group(1) or 1) - 1 if found else None


def _level_of(numbering: Any) -> int:
    return int(numbering.ilvl.val) if numbering.ilvl is not None else 0


def _text(paragraph: Any) -> Iterator[str]:
    """Yield the words of a `w:p` as they are read: links and insertions in, deletions out."""
    from lxml import etree

    walk = etree.iterwalk(paragraph, events=("start",))
    for _, element in walk:
        tag = element.tag
        if tag in _DROPPED or tag == _FALLBACK or (tag == f"{_W}p" and element is not paragraph):
            walk.skip_subtree()
        elif tag == f"{_W}t":
            yield element.text or ""
        elif tag in {f"{_W}br", f"{_W}cr"}:
            yield "\n"
        elif tag == f"{_W}tab":
            yield "\t"
        elif tag == f"{_W}noBreakHyphen":
            yield "-"
