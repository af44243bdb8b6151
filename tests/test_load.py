"""Files become documents: which are found, how their bytes are read, what is refused and how."""

import os
import re
import stat
import tempfile
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.drawing import canonical
from index.errors import LoadError
from index.load import load
from index.passage import Document
from index.split import split_passages
from tests.papers import pdf, prose

ROOMY = 1 << 20

PROSE = "The café’s owner said “it’s fine” – and the naïve plan failed on the quay in Málaga."
GERMAN = "Der Präsident fuhr über die Brücke, und die Gespräche führten zu größerer Nähe."
CZECH = "Předseda vlády odjel do Prahy. Žluťoučký kůň úpěl ďábelské ódy celý večer u řeky."
RUSSIAN = "Министр приехал утром на вокзал. Вопрос о рыболовстве в заливе так и не был решён."  # noqa: RUF001
JAPANESE = (
    "大臣は朝の列車で港町に着いた。漁業の問題はまだ解決していないと、彼は記者たちに話した。" * 3
)
CHINESE = "部长早上乘火车到达港口城市。他对记者说，渔业问题至今没有解决，谈判将继续进行。" * 3  # noqa: RUF001
KOREAN = "장관은 아침 기차로 항구 도시에 도착했다. 어업 문제는 아직 해결되지 않았다고 말했다."


def read(path: Path, max_bytes: int = ROOMY) -> Document:
    """Load `path` with the least that has to be said."""
    return load(path, id="id", source="source", max_bytes=max_bytes)


def written(folder: Path, data: bytes, name: str = "a.txt") -> Path:
    """Write a file and return its path."""
    (folder / name).write_bytes(data)
    return folder / name


def refusal(path: Path, max_bytes: int = ROOMY) -> str:
    """Return the message with which `path` is refused."""
    with pytest.raises(LoadError) as caught:
        read(path, max_bytes)
    return str(caught.value)


def check_spans(document: Document) -> None:
    """Hold a document to promise 1: every span is exact, in order, disjoint, within bounds."""
    text, before = document.text, 0
    for section in document.sections:
        assert before <= section.start < section.end <= len(text)
        assert text[section.start : section.end].strip()
        assert (section.level == 0) == (section.heading == "") == (section.path == ())
        assert section.path[-1:] in {(), (section.heading,)}
        before = section.end
    before = 0
    for page in document.pages:
        assert before <= page.start < page.end <= len(text)
        before = page.end
    before = 0
    for number, passage in enumerate(split_passages(document)):
        assert (passage.id, passage.document_id) == (number, document.id)
        assert passage.text == text[passage.start : passage.end] == passage.text.strip() != ""
        assert (passage.start, passage.end) == (
            passage.sentences[0].start,
            passage.sentences[-1].end,
        )
        for sentence in passage.sentences:
            assert before <= sentence.start < sentence.end <= len(text)
            assert text[sentence.start : sentence.end].strip()
            before = sentence.end
        holder = document.section_at(passage.start)
        assert holder is None or passage.end <= holder.end
        assert passage.section == (holder.heading if holder else "")


ENCODED = {
    "ASCII": ("A plain sentence stands here.", "ascii"),
    "UTF-8": (PROSE, "utf-8"),
    "UTF-8 with a mark": (PROSE, "utf-8-sig"),
    "UTF-16 with a mark": (PROSE, "utf-16"),
    "UTF-32 with a mark": (PROSE, "utf-32"),
    "UTF-16, little end first, no mark": (PROSE, "utf-16-le"),
    "UTF-16, big end first, no mark": (PROSE, "utf-16-be"),
    "UTF-32, no mark": (PROSE, "utf-32-le"),
    "Windows, Western": (PROSE, "cp1252"),
    "Windows, Western, short": ("It’s", "cp1252"),
    "Latin 1": (GERMAN, "latin-1"),
    "Windows, Central European": (CZECH, "cp1250"),
    "Windows, Cyrillic": (RUSSIAN, "cp1251"),
    "Shift-JIS": (JAPANESE, "shift_jis"),
    "EUC-JP": (JAPANESE, "euc_jp"),
    "GB18030": (CHINESE, "gb18030"),
    "EUC-KR": (KOREAN, "euc-kr"),
}


@pytest.mark.parametrize(("text", "encoding"), ENCODED.values(), ids=ENCODED.keys())
def test_an_encoding_is_recognised(tmp_path: Path, text: str, encoding: str) -> None:
    """What was written is read, whatever encoding an old program saved it in."""
    assert read(written(tmp_path, text.encode(encoding))).text == canonical(text)


def test_marks_of_every_byte_order_are_honoured(tmp_path: Path) -> None:
    """A byte order mark decides, and is no part of the text."""
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        path = written(tmp_path, f"\ufeff{RUSSIAN}".encode(encoding))
        assert read(path).text == canonical(RUSSIAN)


def test_a_damaged_character_does_not_garble_the_rest(tmp_path: Path) -> None:
    """UTF-8 with a broken byte stays UTF-8: only what is damaged is lost."""
    text = read(written(tmp_path, RUSSIAN.encode() + b"\xff and more.")).text
    assert text == f"{canonical(RUSSIAN)}\ufffd and more."


def test_an_encoding_is_told_from_the_lines_that_show_it(tmp_path: Path) -> None:
    """A long file that is ASCII but for its last line is decoded by that line."""
    text = "Nothing here tells.\n" * 20_000 + PROSE
    assert read(written(tmp_path, text.encode("cp1252"))).text == text


NEWLINES = {
    "unix": ("a\nb", "a\nb"),
    "windows": ("a\r\nb\r\n\r\nc", "a\nb\n\nc"),
    "old mac": ("a\rb\r\rc", "a\nb\n\nc"),
    "mixed": ("a\r\n\rb\n\rc", "a\n\nb\n\nc"),
    "next line": ("a\x85b", "a\nb"),
    "line separator": ("a\u2028b", "a\nb"),
    "paragraph separator": ("a\u2029b", "a\n\nb"),
    "a mark within": ("a\r\ufeff\nb", "a\nb"),
    "control characters": ("a\x07b\x1bc\x7fd\x9be\tf", "a b c d e\tf"),
    "composed": ("Hokkaido\u0304, cafe\u0301", "Hokkaidō, café"),
    "two encodings of one letter": ("\u212b \u2126", "Å Ω"),
}


@pytest.mark.parametrize(("raw", "clean"), NEWLINES.values(), ids=NEWLINES.keys())
def test_the_canonical_text(tmp_path: Path, raw: str, clean: str) -> None:
    """Line ends, composition and control characters are made one way, and stay so."""
    padded = f"{'x' * 200}\n"
    assert read(written(tmp_path, (padded + raw).encode())).text == padded + clean
    assert canonical(clean) == clean


def test_a_tower_of_accents_costs_no_time() -> None:
    """Thousands of combining marks on one letter, which NFC would sort for minutes, are cut."""
    tower = canonical("Zaph" + "\u0315\u0300" * 100_000 + " and more")
    assert (tower[:4], tower[-9:], len(tower) < 50) == ("Zaph", " and more", True)
    assert canonical(tower) == tower
    assert canonical("e" + "\u0301" * 20) == "é" + "\u0301" * 19


BINARY = {
    "a PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
    "a zip archive": b"PK\x03\x04\x14\0\x06\0word/document.xml",
    "an old Office document": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "an RTF document": rb"{\rtf1\ansi Words}",
    "a PNG image": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "a JPEG image": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "a GIF image": b"GIF89a\x01\0",
    "a gzip archive": b"\x1f\x8b\x08\0\0\0",
    "an SQLite database": b"SQLite format 3\0",
}


@pytest.mark.parametrize(("kind", "data"), BINARY.items(), ids=BINARY.keys())
def test_a_known_kind_is_named(tmp_path: Path, kind: str, data: bytes) -> None:
    """Who hands over a PDF as text is told that it is one, and what to do."""
    message = refusal(written(tmp_path, data))
    assert message.startswith(f"this is {kind}")
    assert re.search("name it|save it|unpack it|are \\*|export it|write that", message)


def test_a_kind_is_recognised_without_its_suffix(tmp_path: Path) -> None:
    """A file that is named is read as what it is, whatever it is called."""
    page = b"<!DOCTYPE html><title>Quay</title><body><nav>Menu</nav><p>The quay is long.</p>"
    found = read(written(tmp_path, page, "download"))
    assert (found.title, found.text) == ("Quay", "The quay is long.")
    assert "barge" in read(written(tmp_path, pdf(prose("A barge came.")), "scan0001")).text


@pytest.mark.parametrize(
    "data",
    [
        b"words\0words and more words\0" * 9,
        bytes(range(256)) * 20,
        bytes(range(1, 256)) * 20,
        b"\xff\xfeodd",
        b"\x01\x02\x03words",
    ],
    ids=["NULs", "every byte", "every byte but NUL", "broken UTF-16", "control characters"],
)
def test_what_is_no_text_is_refused(tmp_path: Path, data: bytes) -> None:
    """Bytes that are no text become a message and never a document of rubbish."""
    assert "binary" in refusal(written(tmp_path, data))


@pytest.mark.parametrize("data", [b"", b" \n\t\r\n", b"\xef\xbb\xbf", b"---\n...\n", b"\xff\xfe"])
def test_an_empty_file_is_refused(tmp_path: Path, data: bytes) -> None:
    """A file without a letter or digit cannot answer anything."""
    assert "empty or holds no words" in refusal(written(tmp_path, data))
    assert "empty or holds no words" in refusal(written(tmp_path, data, "a.md"))


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    """The message names the size, the limit and the setting; a file at the limit is read."""
    path = written(tmp_path, b"ab " * (ROOMY // 2))
    message = refusal(path, ROOMY)
    assert "1.5 MB" in message
    assert "limit is 1 MB" in message
    assert "FOOTNOTE_MAX_FILE_MB" in message
    assert read(path, path.stat().st_size).text.startswith("ab ab")


def test_a_large_file_is_not_opened(tmp_path: Path) -> None:
    """The size is looked at first: a sparse file of a terabyte is refused at once."""
    with (tmp_path / "huge.txt").open("wb") as stream:
        stream.truncate(1 << 40)
    assert "too large" in refusal(tmp_path / "huge.txt")


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    """Vanished files, folders and pipes become messages, and nothing blocks."""
    assert "not there any more" in refusal(tmp_path / "gone.txt")
    assert "a folder" in refusal(tmp_path)
    os.mkfifo(tmp_path / "pipe.txt")
    assert "a named pipe" in refusal(tmp_path / "pipe.txt")


def test_a_file_without_permission_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says that the file has to be made readable."""
    path = written(tmp_path, b"words")
    path.chmod(0)
    if os.access(path, os.R_OK):  # root reads everything: the system's answer has to be played
        original = Path.open

        def denied(self: Path, *arguments: Any) -> Any:
            if not self.stat().st_mode & stat.S_IRUSR:
                raise PermissionError(13, "Permission denied")
            return original(self, *arguments)

        monkeypatch.setattr(Path, "open", denied)
    assert "permission denied: make this file readable" in refusal(path)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("japan-russia.txt", "Japan russia"),
        ("my_first__notes.txt", "My first notes"),
        ("log-2024-01-05.txt", "Log 2024-01-05"),
        ("README", "README"),
        ("Annual report.txt", "Annual report"),
        ("---.txt", "Untitled"),
        ("cafe\u0301.txt", "Café"),
    ],
)
def test_a_file_without_a_title_is_called_by_its_name(
    tmp_path: Path, name: str, title: str
) -> None:
    """The name is made readable; a date in it stays a date."""
    assert read(written(tmp_path, b"just one line, nothing else.", name)).title == title


def test_a_name_that_is_no_utf8_makes_no_broken_title(tmp_path: Path) -> None:
    """Whatever a file is called, its title can be encoded."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))
    path.write_bytes(b"one line of words, no title.")
    assert read(path).title.encode() == "Caf\ufffd".encode()


def test_form_feeds_part_pages(tmp_path: Path) -> None:
    """What a PDF converter writes keeps its page numbers, and its sentences cross pages."""
    document = read(
        written(tmp_path, b"First page. It goes\n\fon there. Over.\n\f\fLast page.\n\f")
    )
    assert document.text == "First page. It goes\n on there. Over.\n  Last page.\n "
    assert [(page.number, page.start) for page in document.pages] == [(1, 0), (2, 21), (4, 39)]
    assert document.page_at(document.text.index("Last")) == 4
    assert read(written(tmp_path, b"No pages.")).pages == ()


TEXTS = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from("Aa.?- \n\n\f|=1")))


@given(text=TEXTS)
@example(text="\u0958" + "\u0315\u0344" * 65)
@settings(max_examples=300)
def test_any_text_is_cut_exactly(text: str) -> None:
    """Spans are exact, ordered and disjoint, and reading the canonical text gives it again."""
    assert unicodedata.is_normalized("NFC", canonical(text))
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), text.encode())
        try:
            document = read(path)
        except LoadError:
            return
        check_spans(document)
        again = read(written(Path(folder), document.text.encode()))
        assert (again.text, again.title) == (document.text, document.title)


@given(data=st.one_of(st.binary(), TEXTS.map(lambda text: text.encode("utf-16"))))
@settings(max_examples=300)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Whatever a file holds becomes a document or a LoadError, and nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("a.txt", "a.md"):
            try:
                document = read(written(Path(folder), data, name))
            except LoadError as error:
                assert str(error)  # noqa: PT017  a document is as welcome
            else:
                check_spans(document)
