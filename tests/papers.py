"""Files for the tests of formats, made here: `pdf(page, …)`, `docx(…)`, `epub(…)`."""

import io
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from fpdf import FPDF

Draw = Callable[[FPDF], None]

PROSE = (
    "The ferry left the harbour before dawn with eleven passengers and a cargo of barley. "
    "Nobody on the quay had expected it to sail in such weather, and the keeper wrote so in his "
    "book. By noon the wind had turned and the crew took shelter behind the northern island. "
)


def pdf(*pages: Draw, **encryption: Any) -> bytes:
    """Return a PDF with one page for each of `pages`, which draw on it in Helvetica 11."""
    paper = FPDF(unit="pt", format="A4")
    paper.set_auto_page_break(False)
    if encryption:
        paper.set_encryption(**encryption)
    for draw in pages:
        paper.add_page()
        paper.set_font("Helvetica", size=11)
        draw(paper)
    return bytes(paper.output())


def prose(text: str, x: float = 60, y: float = 100, width: float = 470) -> Draw:
    """Draw a paragraph that starts at (x, y) from the top left and is `width` wide."""

    def draw(paper: FPDF) -> None:
        paper.set_xy(x, y)
        paper.multi_cell(width, 14, text, align="L")

    return draw


def lines(*texts: str, x: float = 60, y: float = 100, size: float = 11, style: str = "") -> Draw:
    """Draw lines under each other."""

    def draw(paper: FPDF) -> None:
        paper.set_font("Helvetica", style=style, size=size)
        for number, text in enumerate(texts):
            paper.text(x, y + number * 1.3 * size, text)
        paper.set_font("Helvetica", size=11)

    return draw


def together(*drawn: Draw) -> Draw:
    """Draw several things on one page."""

    def draw(paper: FPDF) -> None:
        for one in drawn:
            one(paper)

    return draw


def picture(paper: FPDF) -> None:
    """Draw a picture that fills the page, as a scanner does."""
    from PIL import Image

    paper.image(Image.new("L", (30, 40), 128), x=0, y=0, w=595, h=842)


def epub(
    chapters: Mapping[str, str], title: str = "The Keeper’s Book", *, about: str = ""
) -> bytes:
    """Return an EPUB of `chapters`: the body of each by its file's name, in reading order.

    `about` are further elements of its metadata.
    """
    items = "".join(
        f'<item id="c{n}" href="{name}" media-type="application/xhtml+xml"/>'
        for n, name in enumerate(chapters)
    )
    refs = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    package = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf"><metadata '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title>{about}</metadata>'
        f"<manifest>{items}</manifest><spine>{refs}</spine></package>"
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="book/content.opf"/></rootfiles></container>'
    )
    pages = {
        f"book/{name}": f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{body}</body></html>'
        for name, body in chapters.items()
    }
    return zipped(
        {"META-INF/container.xml": container, "book/content.opf": package} | pages  # order matters
    )


def zipped(members: Mapping[str, str]) -> bytes:
    """Return a zip archive of texts by name."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return made.getvalue()
