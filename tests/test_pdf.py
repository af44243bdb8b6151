"""PDFs: columns, headings, tables, heads and feet, broken words, pages; and what cannot be read."""

import io
import logging
from pathlib import Path

import pypdf
import pytest
from fpdf import FPDF
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.bench.pdf_pages import OtherReading, passages
from index.drawing import Drawn
from index.errors import LoadError
from index.pdf import _extract, read_pdf
from index.split import split_passages
from tests.papers import PROSE, Draw, lines, pdf, picture, prose, together
from tests.test_load import check_spans, read, refusal, written


def drawn(folder: Path, *pages: Draw) -> Drawn:
    """Return what is read from a PDF of these pages, in this process."""
    return _extract(written(folder, pdf(*pages), "a.pdf"))


def test_pages_hold_what_stands_on_them(tmp_path: Path) -> None:
    """Each page is a slice of the one text, in order, and a passage knows its page."""
    texts = [f"Sheet {word}. {PROSE}" for word in ("one", "two", "three")]
    document = read(written(tmp_path, pdf(*map(prose, texts)), "harbour-book.pdf"))
    check_spans(document)
    assert [page.number for page in document.pages] == [1, 2, 3]
    for page, text in zip(document.pages, texts, strict=True):
        assert document.text[page.start : page.end].split() == text.split()
    last = split_passages(document)[-1]
    assert document.page_at(last.start) == 3
    assert document.title == "Harbour book"


def test_an_empty_page_counts(tmp_path: Path) -> None:
    """A page without words has no slice, and the next one keeps its own number."""
    document = read(written(tmp_path, pdf(prose("One."), lambda _: None, prose("Three.")), "a.pdf"))
    assert [page.number for page in document.pages] == [1, 3]


def test_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    """What crosses both columns comes where it stands; no line mixes the two."""
    left = prose(f"Left begins here. {PROSE}Left ends here.", 60, 150, 220)
    right = prose(f"Right begins here. {PROSE}Right ends here.", 310, 150, 220)
    over = lines("A notice that crosses both of the columns below it, from one side to the other.")
    text = drawn(tmp_path, together(over, right, left)).text
    places = [
        text.index(word)
        for word in ("A notice", "Left begins", "Left ends", "Right begins", "Right ends")
    ]
    assert places == sorted(places)
    assert " ".join(PROSE.split()) in text


def test_three_columns(tmp_path: Path) -> None:
    """More than two columns are read in order, too."""
    columns = [prose(f"Column {n} starts. {PROSE}", 40 + 180 * n, 100, 150) for n in range(3)]
    text = drawn(tmp_path, together(*columns)).text
    assert [text.count(f"Column {n} starts.") for n in range(3)] == [1, 1, 1]
    assert text.count(" ".join(PROSE.split())) == 3


def test_rows_of_a_table_stay_rows(tmp_path: Path) -> None:
    """Figures stand beside what they are figures of, and a currency sign beside its figure."""

    def table(paper: FPDF) -> None:
        for y, (name, first, second) in enumerate(
            [("Barley", "1,204", "(88)"), ("Rye", "990", "1,010"), ("Oats and peas", "7", "12")]
        ):
            paper.text(60, 200 + 16 * y, name)
            paper.text(300, 200 + 16 * y, "$")
            paper.text(312, 200 + 16 * y, first)
            paper.text(430, 200 + 16 * y, second)

    text = drawn(tmp_path, together(prose(PROSE), table)).text
    assert "\n\nBarley | $ 1,204 | (88)\nRye | $ 990 | 1,010\nOats and peas | $ 7 | 12" in text


def test_headings_are_told_by_size_and_weight(tmp_path: Path) -> None:
    """Larger is higher; the one largest line on top of the first page is the title."""
    page = together(
        lines("The harbour in winter", y=60, size=24),
        lines("Arrivals", y=110, size=15),
        prose(PROSE, y=120),
        lines("By sea", y=220, style="B"),
        prose(PROSE, y=230),
    )
    found = drawn(tmp_path, page)
    assert found.title == "The harbour in winter"
    assert [(h.text, h.level) for h in found.headings] == [
        ("The harbour in winter", 0),
        ("Arrivals", 2),
        ("By sea", 3),
    ]
    assert all(found.text[h.start : h.end] == h.text for h in found.headings)


def test_heads_and_feet_are_dropped(tmp_path: Path) -> None:
    """What comes back on every page, but for its number, is paper and not text."""

    def page(number: int) -> Draw:
        head = lines("Harbour office, yearly report", y=40, size=9)
        foot = lines(f"Page {number} of 4", y=820, size=9)
        return together(head, prose(f"Chapter {number}. {PROSE}"), foot)

    text = drawn(tmp_path, *map(page, range(1, 5))).text
    assert "yearly report" not in text
    assert " of 4" not in text
    assert [text.count(f"Chapter {n}.") for n in range(1, 5)] == [1, 1, 1, 1]


def test_feet_right_under_the_text_are_dropped(tmp_path: Path) -> None:
    """A printed web page has its page numbers wherever its text ends."""
    pages = [
        together(prose(PROSE * n), lines(f"Report | {n}", y=150 + 90 * n)) for n in (1, 2, 3, 4)
    ]
    assert "Report |" not in drawn(tmp_path, *pages).text


def test_words_broken_at_a_line_are_whole(tmp_path: Path) -> None:
    """A hyphen that the line's end forced goes; one that the text has elsewhere stays."""
    page = lines(
        "Before noon the inspec-",
        "tors came on board. It was a long-",
        "term plan, and a long-term plan takes",
        "all of 1914-",
        "1918 to see through to its end here",
    )
    text = drawn(tmp_path, page).text
    assert "the inspectors came" in text
    assert text.count("long-term plan") == 2
    assert "1914-1918 to" in text


def test_a_sentence_goes_on_across_pages(tmp_path: Path) -> None:
    """It is one sentence; where it begins and where it goes on are on their own pages."""
    pages = (
        prose(f"{PROSE} The lamp was lit when the inspec-"),
        prose(f"tors came up the stairs of the tower. {PROSE}"),
    )
    document = read(written(tmp_path, pdf(*pages), "a.pdf"))
    check_spans(document)
    place = document.text.index("The lamp was lit when the inspectors came up the stairs")
    assert document.page_at(place) == 1
    assert document.page_at(document.text.index("tors came up")) == 2


def test_list_items(tmp_path: Path) -> None:
    """Items keep their markers and stand under each other."""
    page = lines("Bring these:", "- a rope of hemp", "- a lamp", "1. then sail", y=100)
    assert "- a rope of hemp\n- a lamp\n1. then sail" in drawn(tmp_path, page).text


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_page_is_read_upright(tmp_path: Path, turn: int) -> None:
    """A page that is shown on its side reads as if it were not."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf(prose(PROSE), prose(PROSE))))
    for page in writer.pages:
        page.rotate(turn)
        page.transfer_rotation_to_content()
        page.rotate(-turn)
    made = io.BytesIO()
    writer.write(made)
    text = _extract(written(tmp_path, made.getvalue(), "a.pdf")).text
    assert text.count(" ".join(PROSE.split())) == 2


def test_ligatures_are_letters() -> None:
    """A letter pair that the font draws as one is two letters again."""
    from index.pdf import _LIGATURES

    assert "oﬃce ﬁle".translate(_LIGATURES) == "office file"


def test_a_scan_says_so(tmp_path: Path) -> None:
    """Pictures of pages are no empty document: the message names the remedy."""
    message = refusal(written(tmp_path, pdf(picture, picture), "a.pdf"))
    assert "pictures of pages and no text (a scan)" in message
    assert "ocrmypdf" in message


def test_a_scanned_page_among_others_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What can be read is read, and a warning says which pages could not."""
    with caplog.at_level(logging.WARNING, "footnote"):
        read(written(tmp_path, pdf(prose(PROSE), picture, prose(PROSE)), "a.pdf"))
    assert "page 2: pictures without text (a scan), not read" in caplog.text


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    """A locked, a cut, an empty and a wordless PDF each have their own message."""
    locked = pdf(prose(PROSE), owner_password="o", user_password="u")  # noqa: S106  a test's
    assert "locked with a password" in refusal(written(tmp_path, locked, "a.pdf"))
    whole = pdf(prose(PROSE))
    for data in (whole[:200], b"%PDF-1.7\nrubbish", b"", b"no PDF at all"):
        assert "damaged or cut short" in refusal(written(tmp_path, data, "a.pdf"))
    assert "holds no words" in refusal(written(tmp_path, pdf(lambda _: None), "a.pdf"))


def test_an_owner_s_password_locks_nobody_out(tmp_path: Path) -> None:
    """A PDF that anybody may open is read, whatever it would forbid to print."""
    data = pdf(prose(PROSE), owner_password="o")  # noqa: S106  a test's
    assert "ferry" in read(written(tmp_path, data, "a.pdf")).text


def test_a_pdf_that_takes_too_much_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading happens in a process that is ended when it does not end by itself."""
    monkeypatch.setattr("index.pdf.MAX_SECONDS", 0.001)
    with pytest.raises(LoadError, match="takes more than"):
        read_pdf(written(tmp_path, pdf(prose(PROSE)), "a.pdf"))


def test_both_ways_of_reading_agree(tmp_path: Path) -> None:
    """What the process of its own tells is what was read there."""
    file = written(tmp_path, pdf(prose(PROSE), prose("Más allá: quoted, and so on.")), "a.pdf")
    assert read_pdf(file) == _extract(file)


def test_another_library_finds_the_same_pages(tmp_path: Path) -> None:
    """The benchmark of pages agrees with a right citation and disagrees with a wrong one."""
    second = "A lantern of brass hung over the door of the customs house on market days."
    file = written(tmp_path, pdf(prose(PROSE), prose(second)), "a.pdf")
    other = OtherReading(file)
    assert other.likely(second) == {2}
    assert other.likely("Words that stand nowhere in these pages whatever") == set()
    found = passages([file], {"a.pdf": other})
    assert (found.right, found.wrong) == (1, 0)
    found.add(1, {2})
    assert (found.right, found.wrong, str(found)[:13]) == (1, 1, "0.5000 right ")


PARAGRAPHS = st.lists(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=0, max_size=400),
    min_size=1,
    max_size=4,
)


@given(PARAGRAPHS)
@settings(max_examples=25)
def test_any_page_keeps_the_promise(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    """Whatever stands on the pages: spans are exact, and a page's words are those drawn on it."""
    from index.outline import sections
    from index.passage import Document

    folder = tmp_path_factory.mktemp("pdf")
    marked = [f"Sheet{n}begins. {text}" for n, text in enumerate(texts)]
    found = drawn(folder, *map(prose, marked))
    document = Document(
        "id", "t", "s", found.text, tuple(sections(found.text, found.headings)), found.pages
    )
    for n in range(len(texts)):
        place = document.text.index(f"Sheet{n}begins")
        assert document.page_at(place) == n + 1
    check_spans(Document("id", "t", "s", document.text, document.sections, document.pages))
