"""What can be known of the widget without a browser: its size, its sinks, its documentation."""

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from index.load import load
from tests.source import ROOT

WIDGET = ROOT / "assistant" / "widget"
SCRIPTS = sorted(set(WIDGET.glob("*.js")) - {WIDGET / "demo.js"})
PAGE = (ROOT / "docs" / "widget.md").read_text(encoding="utf-8")
MAX_BYTES = 30 * 1024
MAX_LINES = 400

SINKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser"
    r"|setHTML|srcdoc|\beval\b|new Function|setAttribute\(\s*[\"']style"
)
"""Ways from a string to HTML, code or inline style: none is used, so none can be reached."""


def test_it_is_small() -> None:
    """All that a page loads is under 30 KB, each file compressed by itself as it is sent."""
    sizes = {file.name: len(gzip.compress(file.read_bytes(), 9)) for file in SCRIPTS}
    assert sum(sizes.values()) < MAX_BYTES, sizes


def test_no_file_is_too_long() -> None:
    """The limit for our Python holds for the widget's scripts."""
    lines = {file.name: file.read_text(encoding="utf-8").count("\n") for file in SCRIPTS}
    assert {name: count for name, count in lines.items() if count > MAX_LINES} == {}


def test_nothing_turns_a_string_into_html_or_code() -> None:
    """No script of the widget holds a sink, and the pattern was seen to find one."""
    assert [file.name for file in SCRIPTS if SINKS.search(file.read_text(encoding="utf-8"))] == []
    assert SINKS.search("element.innerHTML = text")


def test_scripts_import_only_their_neighbours() -> None:
    """No build step and no dependency: every import is a file of the same folder."""
    for file in SCRIPTS:
        for target in re.findall(r"from \"([^\"]+)\"", file.read_text(encoding="utf-8")):
            assert target.startswith("./"), (file.name, target)
            assert (WIDGET / target).exists(), (file.name, target)


def test_every_file_opens_with_what_it_is_for() -> None:
    """A script of the widget begins with a comment, as a module of ours with its docstring."""
    assert [f.name for f in SCRIPTS if not f.read_text(encoding="utf-8").startswith("// ")] == []


def rows(heading: str) -> set[str]:
    """Return the names in the first column of the table under a heading of docs/widget.md."""
    part = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `([^`]+)`", part, re.MULTILINE))


def test_every_attribute_is_documented() -> None:
    """The page's table and the attributes that the element observes are the same."""
    source = (WIDGET / "element.js").read_text(encoding="utf-8")
    listed = source.partition("observedAttributes = [")[2].partition("]")[0]
    assert rows("Attributes") == set(re.findall(r"\"(\w+)\"", listed))


def test_every_custom_property_is_documented() -> None:
    """The page's table and the properties that the stylesheet reads are the same."""
    style = (WIDGET / "style.js").read_text(encoding="utf-8")
    assert rows("Colours, type and size") == set(re.findall(r"var\((--footnote-[\w-]+)", style))


class Article(HTMLParser):
    """The paragraphs of the demo page's article, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.paragraphs: list[str] = []
        self._inside = self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a paragraph."""
        self._inside = self._inside or ("id", "article") in attrs
        self._open = self._inside and tag in {"h1", "h2", "p"}
        if self._open:
            self.paragraphs.append("")

    def handle_endtag(self, tag: str) -> None:
        """End a paragraph or the article."""
        self._open = False
        self._inside = self._inside and tag != "article"

    def handle_data(self, data: str) -> None:
        """Take the words of a paragraph."""
        if self._open:
            self.paragraphs[-1] += data


def test_the_demo_page_shows_the_bundled_article() -> None:
    """Paragraph by paragraph, the demo's article is the text that its answers cite."""
    page = Article()
    page.feed((WIDGET / "demo.html").read_text(encoding="utf-8"))
    file = ROOT / "index" / "articles" / "japan-russia.md"
    text = load(file, id="a", source=file.name, max_bytes=1 << 20).text
    assert page.paragraphs == [" ".join(part.split()) for part in text.strip().split("\n\n")]


def test_the_demo_page_embeds_it_as_documented() -> None:
    """The demo page needs no more than the page says: one script, one element, nothing inline."""
    demo = (WIDGET / "demo.html").read_text(encoding="utf-8")
    assert '<script type="module" src="/widget/footnote-chat.js"></script>' in demo
    assert '<footnote-chat site="demo"' in demo
    assert not re.search(r"<style|style=|\son\w+=|<script(?![^>]*\bsrc=)", demo)


@pytest.mark.parametrize("name", ["demo", "source", "phone"])
def test_pictures_are_small(name: str) -> None:
    """The documentation's pictures are under 200 KB each."""
    file: Path = ROOT / "docs" / "images" / f"widget-{name}.png"
    assert f"images/{file.name}" in PAGE
    assert 0 < file.stat().st_size < 200_000
