"""What files say about themselves: read from every format, and what a search can keep to."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from docx import Document as Word
from fpdf import FPDF
from hypothesis import given
from hypothesis import strategies as st

from index.build import BuildOptions, build
from index.errors import UsageError
from index.filters import EVERYTHING, Filter, typed_filter
from index.metadata import first_day, front_matter, iso_date, last_day, told
from index.search import open_index
from tests.fakes import HashEmbedder
from tests.papers import PROSE, epub
from tests.test_load import read, written

MARKDOWN = f"""---
title: The harbour book
Date: 2016-05-06
authors:
  - Martha Quill
  - 'Ewan Moir'
tags: [bees, "honey"]
nested:
    deeper: passed by
---

{PROSE}
"""
PAGE = f"""<html lang="en"><head><title>The harbour book</title>
<meta name="author" content="Martha Quill"><meta name="viewport" content="width=device-width">
<meta property="article:published_time" content="2016-05-06T09:30:00Z">
<meta name="keywords" content="bees, honey"></head><body><article><p>{PROSE}</p></article></body>"""


def markdown() -> tuple[str, bytes]:
    """Return a Markdown file with front matter."""
    return "a.md", MARKDOWN.encode()


def page() -> tuple[str, bytes]:
    """Return a web page with meta elements."""
    return "a.html", PAGE.encode()


def paper() -> tuple[str, bytes]:
    """Return a PDF with an information dictionary."""
    made = FPDF()
    made.set_author("Martha Quill")
    made.set_keywords("bees, honey")
    made.set_creation_date(datetime(2016, 5, 6, 9, 30, tzinfo=UTC))
    made.add_page()
    made.set_font("Helvetica", size=11)
    made.multi_cell(0, 6, PROSE)
    return "a.pdf", bytes(made.output())


def word() -> tuple[str, bytes]:
    """Return a Word document with core properties."""
    made, file = Word(), io.BytesIO()
    made.add_paragraph(PROSE)
    made.core_properties.author = "Martha Quill"
    made.core_properties.keywords = "bees; honey"
    made.core_properties.created = datetime(2016, 5, 6, 9, 30)  # noqa: DTZ001  as Word has it
    made.save(file)
    return "a.docx", file.getvalue()


def book() -> tuple[str, bytes]:
    """Return an EPUB with Dublin Core elements."""
    about = "<dc:creator>Martha Quill</dc:creator><dc:date>2016-05-06</dc:date>"
    about += "<dc:subject>bees</dc:subject><dc:subject>honey</dc:subject>"
    return "a.epub", epub({"one.xhtml": f"<p>{PROSE}</p>"}, about=about)


@pytest.mark.parametrize("made", [markdown, page, paper, word, book])
def test_every_format_says_who_when_and_about_what(
    made: Callable[[], tuple[str, bytes]], tmp_path: Path
) -> None:
    """Whatever a format calls them, author, date and tags have one name and one form."""
    name, data = made()
    document = read(written(tmp_path, data, name))
    said = {("author", "Martha Quill"), ("date", "2016-05-06"), ("tags", "bees"), ("tags", "honey")}
    assert said <= set(document.metadata)
    assert not {"viewport", "deeper", "title"} & {pair[0] for pair in document.metadata}


def test_front_matter_is_pairs_and_lists() -> None:
    """A name's value stands behind it, in brackets or in the lines below; the rest is passed by."""
    lines = "a: 1\nb: [x, 'y']\nc:\n  - one\n- two\nno pair\nd:tight\n"
    kept = told(front_matter(lines))
    assert kept == (("a", "1"), ("b", "x"), ("b", "y"), ("c", "one"), ("c", "two"))


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2016", "2016"),
        ("2016-05", "2016-05"),
        ("2016-05-06T09:30:00+09:00", "2016-05-06"),
        ("2016/05/06", "2016-05-06"),
        ("20160506", "2016-05-06"),
        ("D:20160506093000Z", "2016-05-06"),
        ("D:20160506093000+09'00'", "2016-05-06"),
        ("6 May 2016", ""),
        ("2016-13", "2016"),
        ("201605061", ""),
        ("", ""),
    ],
)
def test_dates_have_one_form(text: str, date: str) -> None:
    """What begins like a date is one; what does not is none, and nothing is guessed."""
    assert iso_date(text) == date


@given(st.lists(st.tuples(st.text(), st.text())))
def test_whatever_is_said_is_kept_small(pairs: list[tuple[str, str]]) -> None:
    """Names and values are single lines without control characters, and never many."""
    kept = told(pairs)
    assert len(kept) <= 50
    for name, value in kept:
        assert name == name.casefold()
        assert 0 < len(value) <= 500
        assert value == " ".join(value.split())
        assert value.isprintable()
    assert told(kept) == kept


@given(st.dates().map(str), st.sampled_from([4, 7, 10]), st.sampled_from([4, 7, 10]))
def test_a_day_is_within_its_own_month_and_year(day: str, written_to: int, asked_to: int) -> None:
    """A date is found by every since and until that its own day belongs to, however exact."""
    date, asked = day[:written_to], day[:asked_to]
    assert first_day(date) <= day <= last_day(date)
    for only in (Filter(since=asked), Filter(until=asked), Filter(since=asked, until=asked)):
        assert only.admits("id", "source", (("date", date),))
        assert not only.admits("id", "source")


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (["author=quill*"], {"old"}),
        (["author=*"], {"old", "new"}),
        (["author=*", "tags=honey"], {"old"}),
        (["tags=honey", "tags=wax"], {"old", "new"}),
        (["since=2017"], {"new"}),
        (["until=2016-05"], {"old"}),
        (["since=2016-05-06", "until=2018"], {"old", "new"}),
        (["nothing=*"], set()),
        ([], {"old", "new", "undated"}),
    ],
)
def test_a_search_keeps_to_what_is_asked_for(
    where: list[str], found: set[str], tmp_path: Path
) -> None:
    """Each name has to hold, of several patterns for one name one; no date is outside all time."""
    heads = {
        "old": "date: 2016-05-06\nauthor: Quill, Martha\ntags: [honey]",
        "new": "date: 2018\nauthor: Ewan Moir\ntags: wax",
        "undated": "note: none",
    }
    for name, head in heads.items():
        text = f"---\n{head}\n---\n\nThe bees of {name} make honey."
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
    options = BuildOptions(tmp_path, embedder=HashEmbedder())
    build([tmp_path / f"{name}.md" for name in heads], tmp_path / "index", options)
    only = typed_filter(None, None, where)
    assert (only == EVERYTHING) == (not where)
    with open_index(tmp_path / "index", HashEmbedder()) as searcher:
        hits = searcher.search("bees and honey", 8, only)
        assert {Path(hit.document.source).stem for hit in hits} == found
        # What was read once is taken over by the next build, which reads nothing again.
        before = {document.id: document for document in searcher.documents()}
    (tmp_path / "more.md").write_text("Wax melts.", encoding="utf-8")
    build([tmp_path / f"{name}.md" for name in ("more", *heads)], tmp_path / "index", options)
    with open_index(tmp_path / "index", HashEmbedder()) as searcher:
        assert {name: searcher.document(name) for name in before} == before


@pytest.mark.parametrize(
    ("typed", "says"),
    [("author", "author='Quill"), ("=x", "NAME=PATTERN"), ("since=May", "2016-05"), ("a=", "NAME")],
)
def test_what_cannot_be_read_says_what_to_type(typed: str, says: str) -> None:
    """A pair that is none, and a date that is none, are wrong usage."""
    with pytest.raises(UsageError, match=says):
        typed_filter(None, None, [typed])
