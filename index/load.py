"""Files in, documents out: `discover(paths)` finds the files, `load(path, …)` reads one of them.

A file's bytes become one canonical text (decoded, lines ended by a line feed, Unicode NFC, no
control characters), which is what every offset refers to and what is kept, served and cited. There
is one function per file type, in `_READERS`. Files are data: nothing in one can hang this, crash it
or tell it what to do.
"""

import codecs
import math
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from index.errors import LoadError, UsageError
from index.markdown import render
from index.outline import Heading, outline, sections
from index.passage import Document, Page

if TYPE_CHECKING:
    from charset_normalizer import CharsetMatch

MAX_NESTING: Final = 40
"""Levels of Markdown quotes and lists, one in another; with more it is read as plain text."""

_MEBIBYTE = 1 << 20
_SAMPLE_BYTES = 1 << 16
_CONVERT = "only text and Markdown are read so far: convert it to text"

_MAGIC = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a zip archive or an Office document (docx, xlsx, pptx, odt, epub)"),
    (b"\xd0\xcf\x11\xe0", "an old Office document (doc, xls, ppt)"),
    (rb"{\rtf", "an RTF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\0", "an SQLite database"),
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = ["utf_16_le", "utf_16_be", "utf_32_le", "utf_32_be"]
_NOT_REGULAR = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (lambda mode: stat.S_ISCHR(mode) or stat.S_ISBLK(mode), "a device"),
)

_NEWLINE = re.compile(r"\r\n?|\x85|\u2028")
_WORD = re.compile(r"\w")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]")
_MARKS = re.compile(r"[^\w\s\x00-\x7f]{65,}")
_FRONT_MATTER = re.compile(
    r"---[ \t]*\n(?=[\w-]+[ \t]*:)(.*?)^(?:---|\.\.\.)[ \t]*$\n?", re.DOTALL | re.MULTILINE
)
_FRONT_TITLE = re.compile(r"^title[ \t]*:[ \t]*([^\s|>].*)$", re.MULTILINE | re.IGNORECASE)


def discover(paths: Sequence[Path], *, empty_folders: bool = False) -> list[Path]:
    """Return the files to read: those named, and the readable ones in the folders named.

    A file that is named is taken whatever its suffix. Folders are walked in alphabetical order for
    files with a suffix in `READABLE`; what is hidden (".git") and symbolic links to folders are
    passed by. A file met twice is returned once. Raises UsageError for a path that does not exist,
    is neither a file nor a folder, or, unless `empty_folders`, a folder with nothing to read in it.
    """
    found: dict[str, Path] = {}
    for path in paths:
        mode = _mode(path)
        if mode is None:
            raise UsageError(f"no such file or directory: {shown(path)}; check the spelling")
        files = sorted(_walk(path)) if stat.S_ISDIR(mode) else [path]
        if not files and not empty_folders:
            raise UsageError(
                f"nothing to read in {shown(path)}: of a folder, files ending in "
                f"{', '.join(sorted(READABLE))} are read; name any other text file itself"
            )
        if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
            raise UsageError(f"{shown(path)} is {_kind(mode)}; name a file or a folder")
        for file in files:
            found.setdefault(os.path.realpath(file), file)
    return list(found.values())


def load(path: Path, *, id: str, source: str, max_bytes: int) -> Document:  # noqa: A002  Document.id
    """Read the file at `path` as a document with `id`, `source`, a title and sections.

    Raises LoadError, with what to do about it, for a file that is empty, larger than `max_bytes`,
    not text, or cannot be opened. The message does not name the file: whoever shows it knows.
    """
    text = canonical(_decoded(_bytes(path, max_bytes)))
    read = _READERS.get(path.suffix.lower(), _plain)
    title, text, headings = read(text)
    if not _WORD.search(text):
        raise LoadError("this file is empty or holds no words; remove it or write something in it")
    return Document(
        id=id,
        title=" ".join((title or _readable(path.stem)).split()),
        source=source,
        text=text.replace("\f", " "),
        sections=tuple(sections(text, headings)),
        pages=tuple(_pages(text)),
    )


def canonical(text: str) -> str:
    """Return `text` as documents hold it; doing so again changes nothing.

    Lines end with a line feed, characters are composed (NFC), byte order marks are gone, control
    characters other than tab, line feed and form feed are spaces.
    """
    text = text.replace("\ufeff", "").replace("\u2029", "\n\n")
    text = _CONTROL.sub(" ", _NEWLINE.sub("\n", text))
    # NFC sorts runs of combining marks in quadratic time: 160 000 of them take 17 s.
    return _unstacked(unicodedata.normalize("NFC", _unstacked(text)))


def shown(path: Path) -> str:
    """Return `path` for a message, also when its bytes are no UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


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


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except PermissionError as error:
        raise UsageError(f"{shown(path)} cannot be reached: permission denied") from error
    except OSError:
        return None


def _kind(mode: int) -> str:
    return next((name for test, name in _NOT_REGULAR if test(mode)), "no ordinary file")


def _walk(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        # Passing it by would look as if its files had been deleted.
        raise UsageError(
            f"cannot look into {shown(Path(error.filename))}: {error.strerror}; "
            "make it readable, or name the files you mean"
        ) from error

    for root, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            file = Path(root, name)
            if file.suffix.lower() in READABLE and not name.startswith(".") and file.is_file():
                yield file


def _bytes(path: Path, max_bytes: int) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise LoadError(f"this is {_kind(status.st_mode)}, not a file; name a text file")
        if status.st_size > max_bytes:
            raise _too_large(status.st_size, max_bytes)
        with path.open("rb") as stream:
            data = stream.read(max_bytes + 1)
    except FileNotFoundError as error:
        raise LoadError("this file is not there any more; run it again without it") from error
    except PermissionError as error:
        raise LoadError("permission denied: make this file readable for you") from error
    except OSError as error:
        raise LoadError(f"this file cannot be read: {error.strerror or error}") from error
    if len(data) > max_bytes:  # it grew meanwhile
        raise _too_large(len(data), max_bytes)
    return data


def _too_large(size: int, limit: int) -> LoadError:
    megabytes = math.ceil(10 * size / _MEBIBYTE) / 10
    return LoadError(
        f"this file is too large: {megabytes:g} MB, and the limit is {limit / _MEBIBYTE:.4g} MB; "
        "split it, or raise the limit: FOOTNOTE_MAX_FILE_MB"
    )


def _decoded(data: bytes) -> str:
    for magic, name in _MAGIC:
        if data.startswith(magic):
            raise LoadError(f"this is {name}; {_CONVERT}")
    mark, encoding = _marked(data)
    text = _try(data[len(mark) :], encoding) if mark else _unmarked(data)
    # Text has next to no control characters; a program or a picture is full of them.
    if text is None or "\0" in text or len(_CONTROL.findall(text)) > len(text) // 20:
        raise LoadError(
            f"this file is binary, or text in an encoding that is not recognised; {_CONVERT}, "
            "or save it as UTF-8"
        )
    return text


def _marked(data: bytes) -> tuple[bytes, str]:
    """Return the byte order mark that `data` begins with and the encoding it stands for, or b""."""
    return next((found for found in _BOMS if data.startswith(found[0])), (b"", ""))


def _unmarked(data: bytes) -> str | None:
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
    except UnicodeDecodeError:
        return None


def _plain(text: str) -> tuple[str, str, list[Heading]]:
    title, headings = outline(text)
    return title, text, headings


def _markdown(text: str) -> tuple[str, str, list[Heading]]:
    from markdown_it import MarkdownIt

    text = text.replace("\f", " ")
    front = _FRONT_MATTER.match(text)
    named = _FRONT_TITLE.search(front.group(1)) if front else None
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable(
        ["table", "strikethrough"]
    )
    tokens = parser.parse(text[front.end() :] if front else text)
    if any(token.level >= MAX_NESTING - 1 for token in tokens):
        # The parser drops what is nested deeper; nothing written may vanish unsaid.
        return _plain(text)
    drawn, headings = render(tokens, lambda block: canonical(block).replace("\f", " "))
    title = named.group(1).strip().strip("\"'") if named else ""
    if headings and headings[0].level == 1:
        first = headings[0]
        alone = all(other.level > 1 for other in headings[1:])
        # One of several, and not on top or below another title: that is a chapter's heading.
        if alone or (first.start == 0 and title in {"", first.text}):
            headings[0] = Heading(first.text, 0, first.start, first.end)
            title = title or first.text
    return title, drawn, headings


def _readable(stem: str) -> str:
    """Make a title of a file's name: "japan-russia" becomes "Japan russia"; a date stays."""
    name = canonical(os.fsencode(stem).decode("utf-8", "replace"))
    words = re.sub(r"(?<!\d)[-_]+|[-_]+(?!\d)", " ", name).split()
    spaced = " ".join(words) or "Untitled"
    return spaced[0].upper() + spaced[1:]


def _pages(text: str) -> Iterator[Page]:
    """Yield the pages of a text in which form feeds part them, as programs that convert PDFs do."""
    if "\f" in text:
        start = 0
        for number, page in enumerate(text.split("\f"), start=1):
            if page.strip():
                yield Page(number, start, start + len(page))
            start += len(page) + 1


_READERS: dict[str, Callable[[str], tuple[str, str, list[Heading]]]] = {
    ".txt": _plain,
    ".text": _plain,
    ".md": _markdown,
    ".markdown": _markdown,
}

READABLE = frozenset(_READERS)
"""Suffixes of the files that are read from a folder."""
