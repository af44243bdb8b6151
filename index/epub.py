"""Read an EPUB: `read_epub(data)` draws its chapters in the order in which they are read.

An EPUB is a zip archive of web pages with a list of them; no library of a fitting licence reads one
better than that list and `webpage.py` do.
"""

import posixpath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from index.archive import member, opened, parsed_xml
from index.decode import decoded
from index.drawing import Drawing, Drawn
from index.errors import LoadError
from index.webpage import draw_tree, parsed, tidied

if TYPE_CHECKING:
    import zipfile

    from lxml.etree import _Element

_KIND = "EPUB"
_PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})


def read_epub(data: bytes) -> Drawn:
    """Return the book. Raises LoadError for one that is damaged, locked or too large."""
    archive = opened(data, _KIND)
    container = parsed_xml(member(archive, "META-INF/container.xml", _KIND), _KIND)
    place = next((e.get("full-path", "") for e in _named(container, "rootfile")), "")
    package = parsed_xml(member(archive, place, _KIND), _KIND)
    if any(name.endswith("META-INF/encryption.xml") for name in archive.namelist()):
        _refuse_locked(archive, package)
    drawing = Drawing()
    for name in _chapters(package, posixpath.dirname(place)):
        tree = parsed(decoded(member(archive, name, _KIND), "utf-8"))
        if tree is not None:
            tidied(tree)
            draw_tree(tree, drawing)
            drawing.end()
    title = next((e for e in _named(package, "title")), None)
    drawn = drawing.drawn(" ".join("".join(title.itertext()).split()) if title is not None else "")
    names = ("date", "creator", "subject", "language")
    drawn.about = [(name, "".join(e.itertext())) for name in names for e in _named(package, name)]
    return drawn


def _chapters(package: "_Element", folder: str) -> list[str]:
    """Return the names, within the archive, of the pages in reading order, each once."""
    items = {
        item.get("id"): item.get("href", "")
        for item in _named(package, "item")
        if item.get("media-type") in _PAGES and "nav" not in item.get("properties", "").split()
    }
    listed = [items.get(ref.get("idref")) for ref in _named(package, "itemref")]
    names = (posixpath.normpath(posixpath.join(folder, unquote(href))) for href in listed if href)
    # A list that names one page a million times would unpack to more than any archive may.
    return list(dict.fromkeys(names))


def _refuse_locked(archive: "zipfile.ZipFile", package: "_Element") -> None:
    """Raise LoadError when a chapter is among what is encrypted; fonts may be."""
    listed = parsed_xml(member(archive, "META-INF/encryption.xml", _KIND), _KIND)
    locked = {posixpath.basename(e.get("URI", "")) for e in _named(listed, "CipherReference")}
    if locked & {posixpath.basename(name) for name in _chapters(package, "")}:
        raise LoadError("this EPUB is locked against copying (DRM); its text cannot be read")


def _named(tree: "_Element", name: str) -> list["_Element"]:
    return [e for e in tree.iter("{*}" + name) if isinstance(e.tag, str)]
