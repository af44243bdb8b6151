"""Fuzz targets for what reads files: documents of every type, and the small files users write.

As in `texts.py`: a function for each, and `TARGETS` has them by name. A document comes through
`load`, as users' files do. The parts of zip archives are fuzzed inside an archive made here: a
changed byte outside would only be a wrong checksum.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import chdir, suppress
from functools import cache
from pathlib import Path

from assistant.settings import load_settings
from assistant.typed import typed_history
from eval.cases import read_cases
from eval.judging import read_rows
from index.archive import parsed_xml
from index.decode import decoded
from index.errors import LoadError, SettingError, UsageError
from index.load import load
from index.passage import Document
from tests.fuzz.texts import Target
from tests.papers import zipped
from tests.test_load import check_spans

MOST_BYTES = 1 << 22

_CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="content.opf"/></rootfiles></container>'
)
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


@cache
def folder() -> Path:
    """Return a folder for the files of this process."""
    return Path(tempfile.mkdtemp(prefix="footnote-fuzz-"))


def written(name: str, data: bytes) -> Path:
    """Write a file of `name` and return its path."""
    file = folder() / name
    file.write_bytes(data)
    return file


def load_as(name: str, data: bytes) -> Document | None:
    """Load `data` as a file of `name` and hold it to its promises; None when it is refused."""
    try:
        document = load(written(name, data), id="id", source=name, max_bytes=MOST_BYTES)
    except LoadError as error:
        assert str(error)  # noqa: PT017  a document is as welcome
        return None
    check_spans(document)
    document.text.encode("utf-8")
    document.title.encode("utf-8")
    return document


def text_file(data: bytes) -> None:
    """A text of any encoding."""
    load_as("a.txt", data)


def markdown_file(data: bytes) -> None:
    """Markdown."""
    load_as("a.md", data)


def html_file(data: bytes) -> None:
    """A web page."""
    load_as("a.html", data)


def any_file(data: bytes) -> None:
    """A file whose name does not tell what it is."""
    load_as("a.dat", data)


def pdf_file(data: bytes) -> None:
    """A PDF. Slow: each is read by a process of its own."""
    load_as("a.pdf", data)


def docx_file(data: bytes) -> None:
    """A Word document's body and, behind a NUL, its styles."""
    body, _, styles = data.partition(b"\0")
    load_as("a.docx", docx(body.decode("utf-8", "replace"), styles.decode("utf-8", "replace")))


def docx(body: str, styles: str = "") -> bytes:
    """Return a Word document whose `document.xml` holds `body`, wrapped if it is only a part."""
    if not body.lstrip().startswith("<?xml"):
        body = f'<w:document xmlns:w="{_W}"><w:body>{body}</w:body></w:document>'
    kinds = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
            'relationships+xml"/><Override PartName="/word/document.xml" '
            f'ContentType="{kinds}.document.main+xml"/><Override PartName="/word/styles.xml" '
            f'ContentType="{kinds}.styles+xml"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
            f'Type="{relations}/officeDocument" Target="word/document.xml"/></Relationships>',
            "word/_rels/document.xml.rels": f'<Relationships xmlns="{package}/relationships">'
            f'<Relationship Id="r2" Type="{relations}/styles" Target="styles.xml"/>'
            "</Relationships>",
            "word/document.xml": body,
            "word/styles.xml": styles or f'<w:styles xmlns:w="{_W}"/>',
        }
    )


def epub_file(data: bytes) -> None:
    """An EPUB's list of pages and, behind a NUL, a page."""
    package, _, page = data.partition(b"\0")
    parts = (package.decode("utf-8", "replace"), page.decode("utf-8", "replace"))
    load_as("a.epub", epub_of(*parts))


def epub_of(package: str, page: str) -> bytes:
    """Return an EPUB with this package document and this page, `a.xhtml`."""
    members = {"META-INF/container.xml": _CONTAINER, "content.opf": package, "a.xhtml": page}
    return zipped({"mimetype": "application/epub+zip", **members})


def zip_file(data: bytes) -> None:
    """The bytes of an archive themselves."""
    for name in ("a.docx", "a.epub"):
        load_as(name, data)


def encodings(data: bytes) -> None:
    """Bytes are text without surrogates, or refused, also under a wrong name of an encoding."""
    name, _, rest = data.partition(b"\0")
    for named in (None, name.decode("latin-1")):
        with suppress(LoadError):
            decoded(rest, named).encode("utf-8")


def sitemap(data: bytes) -> None:
    """An XML file of somebody else's is a tree or refused."""
    with suppress(LoadError):
        list(parsed_xml(data, "sitemap").iterfind("{*}*/{*}loc"))


def history(data: bytes) -> None:
    """A file of turns before a question."""
    with suppress(UsageError):
        typed_history(written("history.json", data))


def cases(data: bytes) -> None:
    """A file of evaluation cases, or of claims to judge."""
    file = written("cases.jsonl", data)
    for reader in (read_cases, read_rows):
        with suppress(UsageError):
            reader(file)


def dotenv(data: bytes) -> None:
    """A `.env` file, and the same text as the value of a variable."""
    written(".env", data)
    before = os.environ.copy()
    value = data.replace(b"\0", b"").decode("utf-8", "surrogateescape")
    try:
        with chdir(folder()):
            with suppress(SettingError):
                load_settings()
            (folder() / ".env").unlink()
            for name in ("FOOTNOTE_HITS", "FOOTNOTE_INDEX", "FOOTNOTE_MIN_SUPPORT"):
                os.environ[name] = value
                with suppress(SettingError):
                    load_settings()
    finally:
        os.environ.clear()
        os.environ.update(before)


def _targets() -> Iterator[Target]:
    yield from (text_file, markdown_file, html_file, any_file, docx_file, epub_file, zip_file)
    yield from (pdf_file, encodings, sitemap, history, cases, dotenv)


TARGETS: dict[str, Target] = {target.__name__: target for target in _targets()}
"""Every target of this module, by its name."""
