"""Documents that are zip archives: DOCX and EPUB, and archives made to harm."""

import io
from pathlib import Path
from typing import Any

import pytest
from docx import Document as Word
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.papers import PROSE, epub, zipped
from tests.test_load import check_spans, read, refusal, written


def word(*parts: str, style: str | None = None) -> bytes:
    """Return a DOCX with a paragraph for each of `parts`."""
    made = Word()
    for part in parts:
        made.add_paragraph(part, style=style)
    return saved(made)


def saved(made: Any) -> bytes:
    """Return a DOCX's bytes."""
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def test_a_word_document(tmp_path: Path) -> None:
    """Title, headings, lists and tables become what they are in any other document."""
    made = Word()
    made.add_heading("The keeper’s report", 0)
    made.add_paragraph(PROSE)
    made.add_heading("Stores", 1)
    made.add_paragraph("oil", style="List Bullet")
    made.add_paragraph("wick", style="List Bullet 2")
    table = made.add_table(2, 2)
    for cell, text in zip(
        [cell for row in table.rows for cell in row.cells],
        ["Month", "Oil", "May", "9"],
        strict=True,
    ):
        cell.text = text
    made.add_heading("Wind", 2)
    made.add_paragraph("It blew.")
    document = read(written(tmp_path, saved(made), "report.docx"))
    check_spans(document)
    assert document.title == "The keeper’s report"
    assert document.text == (
        f"The keeper’s report\n\n{PROSE.strip()}\n\nStores\n\n- oil\n  - wick\n\n"
        "Month | Oil\nMay | 9\n\nWind\n\nIt blew."
    )
    assert [(s.heading, s.level) for s in document.sections] == [
        ("", 0),
        ("Stores", 1),
        ("Wind", 2),
    ]


def test_links_and_insertions_count_and_deletions_do_not(tmp_path: Path) -> None:
    """A paragraph's text is what its reader sees, with every tracked change accepted."""
    made = Word()
    paragraph = made.add_paragraph("The lamp ")
    for xml in (
        f"<w:del {nsdecls('w')}><w:r><w:delText>never </w:delText></w:r></w:del>",
        f"<w:ins {nsdecls('w')}><w:r><w:t>always </w:t></w:r></w:ins>",
        f"<w:hyperlink {nsdecls('w')}><w:r><w:t>burns</w:t></w:r></w:hyperlink>",
    ):
        paragraph._p.append(parse_xml(xml))  # noqa: SLF001  python-docx has no word for these
    assert read(written(tmp_path, saved(made), "a.docx")).text == "The lamp always burns"


def test_a_book(tmp_path: Path) -> None:
    """Chapters come in reading order, with their headings; the book's title is the document's."""
    data = epub(
        {
            "b%20two.xhtml": "<h1>Landfall</h1><p>They came ashore.</p><script>x()</script>",
            "a.xhtml": f"<h1>Departure</h1><p>{PROSE}</p><ul><li>rope</li></ul>",
        }
    ).replace(b"b%20two.xhtml", b"b%20two.xhtml")
    # The archive holds the name that the address means.
    document = read(written(tmp_path, _renamed(data, "b%20two.xhtml", "b two.xhtml"), "a.epub"))
    check_spans(document)
    assert document.title == "The Keeper’s Book"
    assert document.text == (
        f"Landfall\n\nThey came ashore.\n\nDeparture\n\n{PROSE.strip()}\n\n- rope"
    )
    assert [s.heading for s in document.sections] == ["Landfall", "Departure"]


def _renamed(data: bytes, old: str, new: str) -> bytes:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return zipped(
            {
                (f"book/{new}" if name == f"book/{old}" else name): archive.read(name).decode()
                for name in archive.namelist()
            }
        )


def test_damaged_archives_say_so(tmp_path: Path) -> None:
    """A cut, a foreign and an empty archive are refused with what to do."""
    for name, whole in (("a.docx", word(PROSE)), ("a.epub", epub({"a.xhtml": PROSE}))):
        for data in (whole[: len(whole) // 2], b"rubbish", b""):
            assert "damaged or cut short" in refusal(written(tmp_path, data, name))
        other = zipped({"hello.txt": "words"})
        assert "damaged" in (said := refusal(written(tmp_path, other, name))) or "missing" in said


@pytest.mark.parametrize("name", ["a.docx", "a.epub"])
def test_an_archive_that_unpacks_to_too_much_is_not_unpacked(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small file that would fill the memory is refused by what it says it holds."""
    monkeypatch.setattr("index.archive.MAX_UNPACKED", 1 << 20)
    bomb = zipped({"word/document.xml": " " * (2 << 20), "META-INF/container.xml": "<c/>"})
    assert len(bomb) < 10_000
    assert "unpacks to 2 MB of text" in refusal(written(tmp_path, bomb, name))


def test_entities_are_not_followed(tmp_path: Path) -> None:
    """No part of an archive can name a file of this machine, or swell by naming itself."""
    swelling = (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b SYSTEM "file:///etc/hostname">]>'
        "<html><body><p>Before &a;&b; after.</p></body></html>"
    )
    data = _renamed(epub({"a.xhtml": "x"}), "none", "none")
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name).decode() for name in archive.namelist()}
    text = read(written(tmp_path, zipped(members | {"book/a.xhtml": swelling}), "a.epub")).text
    assert "aaaaaaaaaa" not in text
    assert "Before" in text


@given(st.lists(st.text(st.characters(blacklist_categories=["Cc", "Cs"])), max_size=6))
@settings(max_examples=25)
def test_any_paragraphs_keep_the_promise(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    """Whatever a document says: spans are exact, and the text is canonical."""
    from index.drawing import canonical

    folder = tmp_path_factory.mktemp("word")
    document = read(written(folder, word("One word.", *texts), "a.docx"))
    check_spans(document)
    assert canonical(document.text) == document.text
