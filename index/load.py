"""Files in, documents out: `discover(paths)` finds the files, `load(path, …)` reads one of them.

A file's content becomes one canonical text (`drawing.canonical`), which is what every offset refers
to and what is kept, served and cited. There is one reader for each type of file, in `_READERS`.
Files are data: nothing in one can hang this, crash it or tell it what to do.
"""

import logging
import math
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from index.decode import decoded
from index.drawing import Drawn, canonical, titled
from index.errors import LoadError, UsageError
from index.markdown import render
from index.metadata import front_matter, told
from index.outline import outline, sections
from index.passage import Document, Page

log = logging.getLogger("footnote")

MAX_NESTING: Final = 40
"""Levels of Markdown quotes and lists, one in another; with more it is read as plain text."""

_MEBIBYTE = 1 << 20
_NOT_REGULAR = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (lambda mode: stat.S_ISCHR(mode) or stat.S_ISBLK(mode), "a device"),
)

_WORD = re.compile(r"\w")
_FRONT_MATTER = re.compile(
    r"---[ \t]*\n(?=[\w-]+[ \t]*:)(.*?)^(?:---|\.\.\.)[ \t]*$\n?", re.DOTALL | re.MULTILINE
)


def discover(
    paths: Sequence[Path],
    *,
    empty_folders: bool = False,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> list[Path]:
    """Return the files to read: those named, and the readable ones in the folders named.

    A file that is named is taken whatever its suffix. Folders are walked in alphabetical order for
    files with a suffix in `READABLE`; what is hidden (".git") and symbolic links to folders are
    passed by. Of a folder, only files that match a pattern of `include` (if there are any) and none
    of `exclude` are taken: shell patterns over the path below that folder ("drafts/**") or, without
    a slash, over any part of it ("*.md", "node_modules"). A file met twice is returned once.

    Raises UsageError for a path that does not exist, is neither a file nor a folder, or, unless
    `empty_folders`, a folder with nothing to read in it.
    """
    found: dict[str, Path] = {}
    for path in paths:
        mode = _mode(path)
        files = [path]
        if mode is not None and stat.S_ISDIR(mode):
            files = sorted(file for file in _walk(path) if _wanted(file, path, include, exclude))
        # A folder may be taken away while it is walked; then it is not an empty one.
        if mode is None or (not files and _mode(path) is None):
            raise UsageError(f"no such file or directory: {shown(path)}; check the spelling")
        if not files and not empty_folders:
            patterns = " that the patterns let through" if include or exclude else ""
            raise UsageError(
                f"nothing to read in {shown(path)}{patterns}: of a folder, files ending in "
                f"{', '.join(sorted(READABLE))} are read; name any other text file itself"
            )
        if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
            raise UsageError(f"{shown(path)} is {_kind(mode)}; name a file or a folder")
        for file in files:
            found.setdefault(os.path.realpath(file), file)
    return list(found.values())


def _wanted(file: Path, root: Path, include: Sequence[str], exclude: Sequence[str]) -> bool:
    parts = file.relative_to(root).parts

    def matches(pattern: str) -> bool:
        if "/" not in pattern.rstrip("/"):
            return any(fnmatchcase(part, pattern.rstrip("/")) for part in parts)
        path, pattern = "/".join(parts), pattern.lstrip("/").removeprefix("./")
        # "drafts/" is all that is in it, and "**/" also no folder at all.
        pattern += "**" if pattern.endswith("/") else ""
        return fnmatchcase(path, pattern) or (
            pattern.startswith("**/") and fnmatchcase(path, pattern[3:])
        )

    return (not include or any(map(matches, include))) and not any(map(matches, exclude))


def load(path: Path, *, id: str, source: str, max_bytes: int) -> Document:  # noqa: A002  Document.id
    """Read the file at `path` as a document with `id`, `source`, a title, sections and pages.

    Raises LoadError, with what to do about it, for a file that is empty, larger than `max_bytes`,
    damaged, locked, of no known type, or cannot be opened. The message does not name the file:
    whoever shows it knows. What of a file could not be read, while the rest could, is logged.
    """
    data = _bytes(path, max_bytes)
    drawn = (_READERS.get(path.suffix.lower()) or _recognised(data))(path, data)
    if not _WORD.search(drawn.text):
        raise LoadError("this file is empty or holds no words; remove it or write something in it")
    for remark in drawn.remarks:
        log.warning("%s: %s", source, remark)
    return Document(
        id=id,
        title=" ".join(canonical(drawn.title or _readable(path.stem)).split()),
        source=source,
        text=drawn.text,
        sections=tuple(sections(drawn.text, drawn.headings)),
        pages=drawn.pages,
        metadata=told(drawn.about),
    )


def shown(path: Path) -> str:
    """Return `path` for a message, also when its bytes are no UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


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
        if isinstance(error, FileNotFoundError):
            return
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
            raise LoadError(f"this is {_kind(status.st_mode)}, not a file; name a document")
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


def _text(_path: Path, data: bytes) -> Drawn:
    text = canonical(decoded(data))
    title, headings = outline(text)
    return Drawn(title, text.replace("\f", " "), headings, tuple(_pages(text)))


def _markdown(_path: Path, data: bytes) -> Drawn:
    from markdown_it import MarkdownIt

    text = canonical(decoded(data)).replace("\f", " ")
    front = _FRONT_MATTER.match(text)
    about = list(front_matter(front.group(1))) if front else []
    title = next((value for name, value in about if name.casefold() == "title"), "")
    about = [(name, value) for name, value in about if name.casefold() != "title"]
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable(
        ["table", "strikethrough"]
    )
    tokens = parser.parse(text[front.end() :] if front else text)
    if any(token.level >= MAX_NESTING - 1 for token in tokens):
        # The parser drops what is nested deeper; nothing written may vanish unsaid.
        name, headings = outline(text)
        return Drawn(name, text, headings, about=about)
    drawn, headings = render(tokens, lambda block: canonical(block).replace("\f", " "))
    return titled(Drawn(title, drawn, headings, about=about))


def _html(_path: Path, data: bytes) -> Drawn:
    from index.webpage import read_html

    return titled(read_html(data))


def _pdf(path: Path, data: bytes) -> Drawn:
    from index.pdf import read_pdf

    del data  # its size was checked; a process of its own reads the file
    return read_pdf(path)


def _docx(_path: Path, data: bytes) -> Drawn:
    from index.docx import read_docx

    return titled(read_docx(data))


def _epub(_path: Path, data: bytes) -> Drawn:
    from index.epub import read_epub

    return read_epub(data)


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


_READERS: dict[str, Callable[[Path, bytes], Drawn]] = {
    ".txt": _text,
    ".text": _text,
    ".md": _markdown,
    ".markdown": _markdown,
    ".html": _html,
    ".htm": _html,
    ".xhtml": _html,
    ".pdf": _pdf,
    ".docx": _docx,
    ".epub": _epub,
}

_SIGNS = (
    (re.compile(rb"%PDF-"), _pdf),
    (re.compile(rb"PK\x03\x04.{0,4096}word/", re.DOTALL), _docx),
    (re.compile(rb"PK\x03\x04.{26,30}mimetypeapplication/epub", re.DOTALL), _epub),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE), _html),
)
"""What files begin with whose name does not tell what they are."""


def _recognised(data: bytes) -> Callable[[Path, bytes], Drawn]:
    return next((reader for sign, reader in _SIGNS if sign.match(data)), _text)


READABLE = frozenset(_READERS)
"""Suffixes of the files that are read from a folder."""
