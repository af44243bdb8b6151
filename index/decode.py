"""Turn bytes into text: `decoded(data)`, whatever encoding an old program saved it in.

A byte order mark decides; else it is UTF-8 if it can be; else the encoding that the text itself
speaks for. What is no text is refused with its kind, never read as rubbish.
"""

import codecs
import re
from typing import TYPE_CHECKING

from index.drawing import control_characters
from index.errors import LoadError

if TYPE_CHECKING:
    from charset_normalizer import CharsetMatch

_SAMPLE_BYTES = 1 << 16

_MAGIC = (
    (b"%PDF-", "a PDF", "name it so: *.pdf"),
    (b"PK\x03\x04", "a zip archive or an Office document", "documents inside are *.docx, *.epub"),
    (b"\xd0\xcf\x11\xe0", "an old Office document (doc, xls, ppt)", "save it as docx or PDF"),
    (rb"{\rtf", "an RTF document", "save it as docx or PDF"),
    (b"\x89PNG", "a PNG image", ""),
    (b"\xff\xd8\xff", "a JPEG image", ""),
    (b"GIF8", "a GIF image", ""),
    (b"\x1f\x8b", "a gzip archive", "unpack it"),
    (b"BZh", "a bzip2 archive", "unpack it"),
    (b"\xfd7zXZ", "an xz archive", "unpack it"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", "unpack it"),
    (b"\x7fELF", "a program", ""),
    (b"SQLite format 3\0", "an SQLite database", "export it as text"),
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = ["utf_16_le", "utf_16_be", "utf_32_le", "utf_32_be"]


def decoded(data: bytes, named: str | None = None) -> str:
    """Return the text that `data` is; `named` is the encoding that it says it has, if it does.

    Raises LoadError, with what to do about it, for what is no text.
    """
    for magic, name, remedy in _MAGIC:
        if data.startswith(magic):
            advice = remedy or "only its text could be read: write that into a text file"
            raise LoadError(f"this is {name}; {advice}")
    mark, encoding = _marked(data)
    text = _try(data[len(mark) :], encoding) if mark else _unmarked(data, named)
    # Text has next to no control characters; a program or a picture is full of them.
    if text is None or "\0" in text or control_characters(text) > len(text) // 20:
        raise LoadError(
            "this file is binary, or text in an encoding that is not recognised; convert it to "
            "text, or save it as UTF-8"
        )
    return text


def _marked(data: bytes) -> tuple[bytes, str]:
    """Return the byte order mark that `data` begins with and the encoding it stands for, or b""."""
    return next((found for found in _BOMS if data.startswith(found[0])), (b"", ""))


def _unmarked(data: bytes, named: str | None) -> str | None:
    if named and (text := _try(data, named)) is not None:
        return text
    if b"\0" in data:
        guess = _guess(data[: _SAMPLE_BYTES // 4 * 4], isolation=_WIDE)
        return _try(data, guess.encoding) if guess else None
    if (text := _try(data, "utf-8")) is not None:
        return text
    mended = data.decode("utf-8", "replace")
    broken = mended.count("\ufffd")
    if broken * 20 < len(re.findall(r"[^\x00-\x7f]", mended)):
        return mended  # UTF-8 with a few damaged characters: any other guess garbles the rest
    return _legacy(data)


def _legacy(data: bytes) -> str | None:
    """Decode text from before Unicode; Windows' Western European wins where others say no more."""
    sample = _sample(data)
    guess = _guess(sample, exclusion=_WIDE)
    western = _try(data, "cp1252")
    if western is not None and _looks_western(sample.decode("cp1252", "replace")):
        rival = _guess(sample, isolation=["cp1252"])
        if not guess or guess.coherence <= (rival.coherence if rival else 0):
            return western
    return _try(data, guess.encoding) if guess else None


def _sample(data: bytes) -> bytes:
    """Return the lines that tell an encoding: those with bytes beyond ASCII."""
    lines: list[bytes] = []
    room = _SAMPLE_BYTES
    for line in data.splitlines():
        if not line.isascii() and room > 0:
            # A cut within a character would hide the true encoding; no character holds a space.
            whole = line if len(line) <= room else line[:room].rpartition(b" ")[0] or line[:room]
            lines.append(whole)
            room -= len(whole)
    return b"\n".join(lines)


def _looks_western(text: str) -> bool:
    letters = [c for c in text if c.isalpha()]
    foreign = sum(not c.isascii() for c in letters)
    odd = sum(
        not c.isascii() and not c.isalpha() and c not in "‘’“”„–—…•€£§°«»©®™¿¡·" for c in text
    )
    return foreign * 4 <= len(letters) and odd * 50 <= len(text)


def _guess(
    sample: bytes, isolation: list[str] | None = None, exclusion: list[str] | None = None
) -> "CharsetMatch | None":
    from charset_normalizer import from_bytes

    return from_bytes(sample, cp_isolation=isolation, cp_exclusion=exclusion).best()


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None
