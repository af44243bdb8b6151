"""Markdown becomes plain text: words stay, marks go, headings part it into sections."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import LoadError
from index.passage import Document
from index.split import split_passages
from tests.test_load import check_spans, read, written


def drawn(folder: Path, source: str) -> Document:
    """Load `source` as a Markdown file."""
    return read(written(folder, source.encode(), "some-notes.md"))


PLAIN = {
    "emphasis": ("*a* **b** __c__ ~~d~~ `e*f*`", "a b c d e*f*"),
    "links": ("[a *b*](http://x 'y') <http://z> [r][1]\n\n[1]: /u", "a b http://z r"),
    "images": ("see ![a *map*](m.png) and ![](n.png)!", "see a map and !"),
    "entities": ("a &amp; b &lt;c&gt; &#x65;", "a & b <c> e"),
    "an entity for a line end": ("a &#13;&#10; b&#xFEFF;", "a\n b"),
    "escapes": (r"1\. \*a\* \_b\_", "1. *a* _b_"),
    "breaks": ("a  \nb\\\nc\nd<br>e", "a\nb\nc\nd\ne"),
    "rules": ("a\n\n***\n\nb", "a\n\nb"),
    "inline HTML": ("a <b class='x'>bold</b> <!-- no --> word", "a bold  word"),
    "an HTML block": ("<div\nid=x>\nhi &amp; bye <!-- c\nc -->\n</div>\n\nb", "hi & bye\n\nb"),
    "a script": ("<script>\nalert(1)\n</script>\n\na", "a"),
    "a comment": ("<!-- a\n\nb -->\n\nc", "c"),
    "a list": ("x\n\n* a\n* b\n  * c\n    d\n\ny", "x\n\n- a\n- b\n  - c\n    d\n\ny"),
    "numbers": ("7. a\n8. b\n   1) c", "7. a\n8. b\n  1) c"),
    "a loose list": ("- a\n\n  b\n- c", "- a\n\n  b\n\n- c"),
    "an item without words": ("-\n- a", "- a"),
    "a quote": ("> a\n> b\n>\n> - c", "a\nb\n\n- c"),
    "a table": (
        "t\n\n|a *b*|c|\n|:-|-|\n|d \\| e|f|\n|||\n\nu",
        "t\n\na b | c\nd | e | f\n\nu",
    ),
    "a fence": ("a\n\n```py\nif x:\n    *y*\n```\nb", "a\n\nif x:\n    *y*\n\nb"),
    "indented code": ("a\n\n    b\n      c", "a\n\nb\n  c"),
    "windows": ("a\r\nb\r\n\r\nc", "a\nb\n\nc"),
    "composed": ("cafe\u0301 and e&#x301;", "café and é"),
}


@pytest.mark.parametrize(("source", "text"), PLAIN.values(), ids=PLAIN.keys())
def test_marks_go_and_words_stay(tmp_path: Path, source: str, text: str) -> None:
    """Each construct of Markdown has one plain form."""
    document = drawn(tmp_path, source)
    assert document.text == text
    assert document.title == "Some notes"


def test_headings_part_the_text(tmp_path: Path) -> None:
    """Sections stand between headings, know those above them, and blank ones are not there."""
    document = drawn(
        tmp_path,
        "# The *whole*\n\nOpening.\n\n## One\n\n### Part `a`\nText a.\n\n"
        "Two\n---\nText b.\n\n#\n\nc.",
    )
    assert document.title == "The whole"
    assert document.text.startswith("The whole\n\nOpening.\n\nOne\n\nPart a\n\nText a.")
    found = [(s.heading, s.level, s.path) for s in document.sections]
    assert found == [("", 0, ()), ("Part a", 3, ("One", "Part a")), ("Two", 2, ("Two",))]
    slices = [document.text[s.start : s.end].strip() for s in document.sections]
    assert slices == ["Opening.", "Text a.", "Text b.\n\nc."]


def test_a_quoted_heading_is_text(tmp_path: Path) -> None:
    """A heading within a quote or a list parts nothing."""
    document = drawn(tmp_path, "# T\n\n> ## Quoted\n> words\n\n- # Listed\n")
    assert [s.heading for s in document.sections] == [""]
    assert document.text == "T\n\nQuoted\n\nwords\n\n- Listed"


TITLES = {
    "the heading on top": ("# A\n\na\n\n# B\n\nb", "A", ["", "B"]),
    "the only one, further down": ("badge\n\n# A\n\na\n\n## B\n\nb", "A", ["", "", "B"]),
    "one of several, further down": ("a\n\n# A\n\na\n\n# B\n\nb", "Some notes", ["", "A", "B"]),
    "no heading of level 1": ("## A\n\na", "Some notes", ["A"]),
    "a later heading of level 1": ("## A\n\na\n\n# B\n\nb", "Some notes", ["A", "B"]),
    "front matter": ("---\ntitle: 'Yes: A'\ndate: 1\n---\n## B\n\nb", "Yes: A", ["B"]),
    "front matter and chapters": ("---\ntitle: T\n---\n# A\n\na\n\n# B\n\nb", "T", ["A", "B"]),
    "front matter says the same": ("---\ntitle: A\n---\n# A\n\na\n\n# B\n\nb", "A", ["", "B"]),
    "front matter without a title": ("---\ntags: x\n---\n\n# A\n\na", "A", [""]),
    "a rule is no front matter": ("---\n\ntitle: X\n\n---\n\na", "Some notes", [""]),
}


@pytest.mark.parametrize(("source", "title", "headings"), TITLES.values(), ids=TITLES.keys())
def test_the_title(tmp_path: Path, source: str, title: str, headings: list[str]) -> None:
    """One heading may be the title, which is no section; front matter has the last word."""
    document = drawn(tmp_path, source)
    assert document.title == title
    assert [section.heading for section in document.sections] == headings
    assert "tags" not in document.text
    check_spans(document)


def test_a_file_of_headings_only_is_kept(tmp_path: Path) -> None:
    """Where nothing stands under any heading, the headings are the text."""
    document = drawn(tmp_path, "# Only a title\n")
    assert document.sections == ()
    assert [p.text for p in split_passages(document)] == ["Only a title"]


def test_headings_are_in_no_passage(tmp_path: Path) -> None:
    """What can be cited is what stands under a heading, not the heading."""
    document = drawn(
        tmp_path, "# T\n\n## The tide\n\nIt rose. It fell.\n\n## The moon\n\nIt shone."
    )
    found = [(p.section, p.text) for p in split_passages(document)]
    assert found == [("The tide", "It rose. It fell."), ("The moon", "It shone.")]


HOSTILE = {
    "quotes": "> " * 10_000 + "deep",
    "lists": "- " * 10_000 + "deep",
    "brackets": "[" * 20_000 + "deep",
    "images": "![" * 1_000 + "deep" + "](x)" * 1_000,
    "links": "[" * 2_000 + "deep" + "](x)" * 2_000,
    "stars": "**a* " * 5_000 + "deep",
    "tags": "<div " * 10_000 + "deep",
    "comments": "deep <!-- " * 10_000,
    "comments in a block": "<p>deep" + "<!--" * 10_000,
    "backticks": "deep" + " ".join("`" * (n % 200 + 1) for n in range(5_000)),
    "a table": f"|{'deep|' * 2_000}\n|{'-|' * 2_000}\n" + "|a\n" * 100,
    "a line": "deep " * 200_000,
    "front matter": "---\ntitle: deep\n" + "a: b\n" * 20_000,
    "spaces": "deep\n" + " " * 100_000 + "deep",
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE.keys())
def test_nothing_written_can_hang_it(tmp_path: Path, source: str) -> None:
    """Nesting and repetition that trip parsers cost about a second at worst, and lose no word."""
    started = time.perf_counter()
    document = drawn(tmp_path, source)
    check_spans(document)
    assert "deep" in document.text
    assert time.perf_counter() - started < 10


PIECES = st.sampled_from(
    [
        *(
            "#",
            ">",
            "-",
            "*",
            "_",
            "[",
            "]",
            "(",
            ")",
            "!",
            "`",
            "|",
            "~",
            "<",
            "&",
            "\\",
            ":",
            "=",
        ),
        *("+", "1.", " ", "\t", "\n", "\n\n", "---\n", "```\n", "    ", "<b>", "<!--", "-->"),
        *(
            "&#13;",
            "&#x2028;",
            "&#12;",
            "[a](b)",
            "|-|-|\n",
            "word",
            "Ein Satz. ",
            "日本",
            "\u0301",
        ),
    ]
)


@given(source=st.lists(PIECES, max_size=60).map("".join))
@settings(max_examples=300)
def test_any_markdown_is_read(tmp_path_factory: pytest.TempPathFactory, source: str) -> None:
    """Whatever the source, sections and sentences are exact, or it holds no words."""
    try:
        document = drawn(tmp_path_factory.getbasetemp(), source)
    except LoadError as error:
        assert "no words" in str(error)  # noqa: PT017  a document is as welcome
    else:
        check_spans(document)
        assert "\f" not in document.text
