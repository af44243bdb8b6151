"""Open a zip archive that may be made to harm: `opened(data)`, then `member(archive, name)`.

DOCX and EPUB are zip archives. A small one can unpack to more than the machine holds, so what it
says it will unpack to is added up first, and no more than that is ever read.
"""

import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Final

from index.errors import LoadError

if TYPE_CHECKING:
    from lxml.etree import _Element

MAX_UNPACKED: Final = 200 << 20
"""Bytes that an archive may unpack to."""

MAX_MEMBERS: Final = 10_000

_PACKED = (".xml", ".xhtml", ".html", ".htm", ".opf", ".ncx", ".rels")


def opened(data: bytes, kind: str) -> zipfile.ZipFile:
    """Return the archive that `data` is; `kind` names the format to the user. Raises LoadError."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise damaged(kind) from error
    members = archive.infolist()
    if any(member.flag_bits & 1 for member in members):
        raise LoadError(f"this {kind} is locked with a password; save it without one")
    text = sum(member.file_size for member in members if _is_text(member.filename))
    if len(members) > MAX_MEMBERS or text > MAX_UNPACKED:
        raise LoadError(
            f"this {kind} unpacks to {text >> 20:,} MB of text in {len(members):,} parts; at most "
            f"{MAX_UNPACKED >> 20} MB in {MAX_MEMBERS:,} are read; split it"
        )
    return archive


def member(archive: zipfile.ZipFile, name: str, kind: str) -> bytes:
    """Return what is packed under `name`, never more than it was said to be. Raises LoadError."""
    try:
        info = archive.getinfo(name)
        if info.file_size > MAX_UNPACKED:
            raise damaged(kind)
        with archive.open(info) as stream:
            return stream.read(info.file_size)
    except KeyError as error:
        raise LoadError(f"this is no {kind}, or a part of it is missing: {name}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise damaged(kind) from error


def parsed_xml(data: bytes, kind: str) -> "_Element":
    """Return the tree of an XML part: no entities, nothing fetched. Raises LoadError."""
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=True
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if "depth" in str(error).lower():
            message = f"this {kind} nests its parts too deeply; save it as plain text"
            raise LoadError(message) from error
        raise damaged(kind) from error


def damaged(kind: str) -> LoadError:
    """Return the error for an archive that cannot be read."""
    return LoadError(f"this {kind} is damaged or cut short; open it and save it again")


def _is_text(name: str) -> bool:
    return name.lower().endswith(_PACKED)
