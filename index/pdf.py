"""Read a PDF: `read_pdf(file)` returns its text with headings and pages.

PDFium (Chrome's reader, through pypdfium2) finds the characters and their places, `layout.py` and
`paper.py` make a document of them. All of that happens in a process of its own, with limits on
time and memory: PDFium is a large native library, a PDF may be made to crash or to swell, and
neither may take down what reads it. What comes back is JSON, so a process gone wrong can say
nothing worse than a wrong text.

    python -m index.pdf FILE        # that process: one JSON document on standard output
"""

import ctypes
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from index.drawing import Drawn
from index.errors import LoadError
from index.layout import Run
from index.outline import Heading
from index.paper import Sheet, compose
from index.passage import Page

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

MAX_SECONDS: Final = 120
"""CPU time for one PDF, in seconds; at some 50 pages a second, 6,000 pages."""

MAX_MEMORY: Final = 2 << 30
"""Address space for one PDF, in bytes."""

MAX_CHARS: Final = 20_000_000
"""Characters of one PDF; a longer one is no document but a database."""

_LOCKED = "this PDF is locked with a password; save it without one (qpdf --decrypt) and try again"
_DAMAGED = "this PDF is damaged or cut short; open it in a viewer and save or export it again"
_SCAN = (
    "this PDF holds pictures of pages and no text (a scan); run text recognition over it first, "
    "for example: ocrmypdf in.pdf out.pdf"
)
_GARBLED = (
    "the text of this PDF cannot be decoded (its fonts do not say which letters they draw); "
    "export it again, or run: ocrmypdf --force-ocr in.pdf out.pdf"
)
_TOO_MUCH = (
    "this PDF takes more than {seconds} s or {memory} GB to read; split it, or export it again"
)
_EMPTY = "this PDF holds no words; remove it, or export it again"

_ENDED = frozenset({-24, -9, -6})
"""What a process ends with that took too much time (SIGXCPU, SIGKILL) or memory (SIGABRT)."""

_GAP = 1.0
"""Widths of an em that part two cells; a space is a quarter, in justified lines up to three."""

_BOLD_WEIGHT = 600
_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
    | {"\x02": "-", "\ufffe": "-", "\xa0": " "}
)
_WORD = re.compile(r"\w")
_UNREADABLE = re.compile("[\ufffd\ue000-\uf8ff]")
_NAMED = re.compile(r"[^\W\d_]{3,}.*\s")
_TOOL = re.compile(
    r"^(?:microsoft (?:word|powerpoint|excel)\b|untitled\b)|\.\w{2,4}$", re.IGNORECASE
)


def read_pdf(file: Path) -> Drawn:
    """Return the text of the PDF `file`. Raises LoadError, with what to do about it."""
    command = [sys.executable, "-m", "index.pdf", os.path.abspath(file)]  # noqa: PTH100  resolve() follows links
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with tempfile.TemporaryFile() as output:
        try:
            # Our own module, and a path that is an argument and never a word of a shell.
            done = subprocess.run(  # noqa: S603
                command,
                env=environment,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.DEVNULL,
                timeout=3
                * MAX_SECONDS,  # where the processor is shared, or there is no limit on it
            )
        except subprocess.TimeoutExpired as error:
            raise _too_much() from error
        output.seek(0)
        said = output.read()
    try:
        told = json.loads(said)
    except ValueError as error:
        # Nothing whole was said: it was ended by a limit, or it crashed.
        raise _too_much() if done.returncode in _ENDED else LoadError(_DAMAGED) from error
    if "error" in told:
        raise LoadError(str(told["error"]))
    return Drawn(
        title=told["title"],
        text=told["text"],
        headings=[Heading(**heading) for heading in told["headings"]],
        pages=tuple(Page(**page) for page in told["pages"]),
        remarks=list(told["remarks"]),
        about=[(name, value) for name, value in told["about"]],
    )


def _too_much() -> LoadError:
    return LoadError(_TOO_MUCH.format(seconds=MAX_SECONDS, memory=MAX_MEMORY >> 30))


@dataclass
class _Scanned:
    """What was seen: pages of pictures only, damaged ones, and characters that say nothing."""

    sheets: list[Sheet]
    pictures: list[int]
    damaged: list[int]
    chars: int = 0
    unreadable: int = 0


_ABOUT = ("Author", "Subject", "Keywords", "CreationDate")


def _extract(file: Path) -> Drawn:
    """Read the PDF in this process."""
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(file)
        seen = _scan(document)
        about = document.get_metadata_dict(skip_empty=True)
        named = about.pop("Title", "")
    except pdfium.PdfiumError as error:
        raise LoadError(_LOCKED if "password" in str(error).lower() else _DAMAGED) from error
    if seen.unreadable * 3 > seen.chars:
        raise LoadError(_GARBLED)
    drawn = compose(seen.sheets)
    if not _WORD.search(drawn.text):
        raise LoadError(_SCAN if seen.pictures else _DAMAGED if seen.damaged else _EMPTY)
    if _NAMED.search(named.strip() + " ") and not _TOOL.search(named.strip()):
        drawn.title = " ".join(named.split())
    drawn.about = [(name, about[name]) for name in _ABOUT if name in about]
    if seen.pictures:
        remark = (
            "pictures without text (a scan), not read; "
            "ocrmypdf --skip-text in.pdf out.pdf adds their text"
        )
        drawn.remarks.append(f"{_listed(seen.pictures)}: {remark}")
    if seen.damaged:
        drawn.remarks.append(f"{_listed(seen.damaged)}: damaged, not read")
    return drawn


def _listed(pages: Sequence[int]) -> str:
    listed = ", ".join(map(str, pages[:20])) + (" …" if len(pages) > 20 else "")  # noqa: PLR2004
    return f"page{'s' if len(pages) > 1 else ''} {listed}"


def _scan(document: "PdfDocument") -> _Scanned:
    import pypdfium2.raw as pdfium
    from pypdfium2 import PdfiumError

    seen = _Scanned([], [], [])
    for number in range(len(document)):
        try:
            page = document[number]
        except PdfiumError:
            seen.damaged.append(number + 1)
            continue
        runs = list(_runs(page))
        seen.chars += sum(len(run.text) for _, run in runs)
        seen.unreadable += sum(len(_UNREADABLE.findall(run.text)) for _, run in runs)
        if seen.chars > MAX_CHARS:
            raise LoadError(f"this PDF has more than {MAX_CHARS:,} characters; split it")
        if runs:
            seen.sheets.append(_sheet(number + 1, page, runs))
        elif any(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=3)):
            seen.pictures.append(number + 1)
        page.close()
    return seen


def _sheet(number: int, page: "PdfPage", runs: Sequence[tuple[int, Run]]) -> Sheet:
    """Part the runs by direction; the one that most is written in comes first."""
    width, height = page.get_size()
    turned: dict[int, list[Run]] = defaultdict(list)
    for quarter, run in runs:
        turned[quarter].append(run)
    directions = sorted(turned.values(), key=lambda some: -sum(len(run.text) for run in some))
    main = next(quarter for quarter, some in turned.items() if some is directions[0])
    # get_size() is that of the page as it is shown, turned already.
    shown = (main + page.get_rotation() // 90) % 2 == 0
    return Sheet(number, max(height if shown else width, 1.0), tuple(map(tuple, directions)))


class _Characters:
    """The characters of one page with what PDFium knows of each."""

    def __init__(self, page: "PdfPage") -> None:
        import pypdfium2.raw as pdfium

        self._pdfium: Any = pdfium
        self._page = page.get_textpage()
        self._box = pdfium.FS_RECTF()
        self._matrix = pdfium.FS_MATRIX()
        left, bottom, right, top = page.get_mediabox()
        self._corner = (left, bottom)
        self._extent = (right - left, top - bottom)

    def __len__(self) -> int:
        return int(self._page.count_chars())

    def character(self, index: int) -> str:
        code = self._pdfium.FPDFText_GetUnicode(self._page, index)
        return chr(code).translate(_LIGATURES) if code < 0x110000 else "\ufffd"  # noqa: PLR2004

    def generated(self, index: int) -> bool:
        return bool(self._pdfium.FPDFText_IsGenerated(self._page, index) == 1)

    def box(self, index: int, quarter: int) -> tuple[float, float, float, float]:
        """Return (left, bottom, right, top) as seen by who turns the page by `quarter`s."""
        self._pdfium.FPDFText_GetLooseCharBox(self._page, index, self._box)
        left, right = self._box.left - self._corner[0], self._box.right - self._corner[0]
        bottom, top = self._box.bottom - self._corner[1], self._box.top - self._corner[1]
        width, height = self._extent
        match quarter:
            case 3:
                return bottom, width - right, top, width - left
            case 2:
                return width - right, height - top, width - left, height - bottom
            case 1:
                return height - top, left, height - bottom, right
        return left, bottom, right, top

    def quarter(self, index: int) -> int:
        """Return how many quarter turns, with the clock, the character is written at."""
        angle = self._pdfium.FPDFText_GetCharAngle(self._page, index)
        return round(angle / 1.5707963) % 4 if angle >= 0 else 0

    def size(self, index: int) -> float:
        size = float(self._pdfium.FPDFText_GetFontSize(self._page, index))
        if not self._pdfium.FPDFText_GetMatrix(self._page, index, self._matrix):
            return size
        return size * float((self._matrix.c**2 + self._matrix.d**2) ** 0.5)

    def bold(self, index: int) -> bool:
        name, flags = ctypes.create_string_buffer(128), ctypes.c_int()
        self._pdfium.FPDFText_GetFontInfo(self._page, index, name, len(name), flags)
        weight = self._pdfium.FPDFText_GetFontWeight(self._page, index)
        known = re.search(rb"bold|black|heavy|semibold|-bd", name.value, re.IGNORECASE)
        return bool(known) or weight >= _BOLD_WEIGHT

    def close(self) -> None:
        self._page.close()


def _runs(page: "PdfPage") -> Iterator[tuple[int, Run]]:
    """Yield the runs of a page, each with the quarter turns it is written at."""
    characters = _Characters(page)
    run: _Growing | None = None
    for index in range(len(characters)):
        letter = characters.character(index)
        if characters.generated(index) or letter.isspace():
            if run:
                run.space = True
            continue
        if letter < " ":
            continue
        quarter = run.quarter if run else characters.quarter(index)
        box = characters.box(index, quarter)
        if run and not run.takes(box):
            if made := run.finished(characters):
                yield made
            run = None
        if run is None:
            quarter = characters.quarter(index)
            run = _Growing(quarter, index, characters.size(index))
            box = characters.box(index, quarter)
        run.add(letter, index, box)
    if run and (made := run.finished(characters)):
        yield made
    characters.close()


class _Growing:
    """A run while its characters come."""

    def __init__(self, quarter: int, first: int, size: float) -> None:
        self.quarter = quarter
        self.space = False
        self._first = self._last = first
        self._size = size
        self._text: list[str] = []
        self._box = (0.0, 0.0, 0.0, 0.0)

    def takes(self, box: tuple[float, float, float, float]) -> bool:
        """Tell whether a character at `box` stands right behind this run."""
        _, bottom, right, top = self._box
        height = max(top - bottom, 1.0)
        level = abs((box[1] + box[3]) - (bottom + top)) / 2 < 0.5 * height
        return level and -0.5 * height < box[0] - right < _GAP * max(self._size, 0.7 * height)

    def add(self, letter: str, index: int, box: tuple[float, float, float, float]) -> None:
        if not self._text:
            self._box = box
        elif self.space or box[0] - self._box[2] > 0.25 * self._size:
            self._text.append(" ")
        self.space = False
        self._text.append(letter)
        self._last = index
        old = self._box
        self._box = (old[0], min(old[1], box[1]), max(old[2], box[2]), max(old[3], box[3]))

    def finished(self, characters: _Characters) -> tuple[int, Run] | None:
        text = "".join(self._text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        text = " ".join(text.replace("\xad", "-" if text.endswith("\xad") else "").split())
        if not text:
            return None
        bold = characters.bold(self._first) and characters.bold(self._last)
        left, bottom, right, top = self._box
        return self.quarter, Run(text, left, right, bottom, top, self._size, bold)


def _limited() -> None:
    """Hold this process to MAX_SECONDS and MAX_MEMORY, where the system knows such limits."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _main(file: str) -> None:
    _limited()
    told: dict[str, Any]
    try:
        told = asdict(_extract(Path(file)))
    except LoadError as error:
        told = {"error": str(error)}
    except (MemoryError, RecursionError):
        told = {"error": str(_too_much())}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    _main(sys.argv[1])
