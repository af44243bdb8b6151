"""HTML pages: the article is read, what stands around it is not, and structure survives."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.webpage import read_html
from tests.papers import PROSE
from tests.test_load import check_spans, read, refusal, written


def text_of(body: str) -> str:
    """Return what is read of a page with this body."""
    return read_html(f"<html><body>{body}</body></html>".encode()).text


PAGE = f"""<!doctype html><html><head><title>Bees in winter | The Garden Letter</title>
<meta charset="utf-8"><style>p {{ color: red }}</style><script>track("you")</script></head><body>
<a class="skip-link" href="#main">Skip to content</a>
<header><a href="/">The Garden Letter</a>
<nav><ul><li><a href="/a">Archive</a></li></ul></nav></header>
<div class="cookie-consent">We bake cookies. <button>Accept all</button></div>
<main><article>
<h1>Bees in winter</h1><p>{PROSE}</p><h2>What they eat</h2>
<p>A colony needs <a href="/honey">honey</a>, and<br>much of it.</p>
<ul><li>Clover<ul><li>white</li></ul></li><li><p>Heather</p></li></ul>
<table><tr><th>Month</th><th>Honey</th></tr><tr><td>January</td><td>2&nbsp;kg</td></tr></table>
<pre>weigh
   twice</pre><ol start="3"><li>look</li><li>listen</li></ol>
<div class="social-share">Share this</div></article></main>
<aside>You may also like wasps</aside><footer>All rights reserved</footer></body></html>"""


def test_an_article_and_nothing_around_it(tmp_path: Path) -> None:
    """Menus, notices, scripts and feet are left out; headings, lists and tables are kept."""
    document = read(written(tmp_path, PAGE.encode(), "page.html"))
    check_spans(document)
    assert document.title == "Bees in winter"
    assert document.text == (
        f"Bees in winter\n\n{PROSE.strip()}\n\nWhat they eat\n\nA colony needs honey, and\nmuch of "
        "it.\n\n- Clover\n  - white\n- Heather\n\nMonth | Honey\nJanuary | 2 kg\n\nweigh\n   twice"
        "\n\n3. look\n4. listen"
    )
    assert [(s.heading, s.level) for s in document.sections] == [("", 0), ("What they eat", 2)]


def test_a_page_without_landmarks(tmp_path: Path) -> None:
    """Where a page does not say what its article is, lists of links are no part of it."""
    menu = "".join(f'<li><a href="/{n}">Chapter number {n}</a></li>' for n in range(9))
    page = (
        f"<title>Tides</title><body><div><ul>{menu}</ul></div><div><p>{PROSE}</p></div>"
        '<p><a href="1">One</a> | <a href="2">Two</a> | <a href="3">Three</a></p></body>'
    )
    document = read(written(tmp_path, page.encode(), "page.htm"))
    assert (document.title, document.text) == ("Tides", PROSE.strip())


def test_a_name_alone_takes_nothing_away() -> None:
    """A page whose whole text lies in something called "sidebar" is still read."""
    assert text_of(f'<div class="sidebar banner"><p>{PROSE}</p></div>') == PROSE.strip()
    assert "Kept" in text_of(f'<div id="comments"><article>Kept. {PROSE}</article></div>')


def test_tables_that_only_place_things_are_no_tables() -> None:
    """A table with headings or tables in it is a layout of the nineties."""
    assert text_of("<table><tr><td><h2>Tide</h2>High.</td><td>Low.</td></tr></table>") == (
        "Tide\n\nHigh.\n\nLow."
    )


def test_what_is_not_shown_is_not_read() -> None:
    """Hidden text is where instructions to machines are put."""
    hidden = (
        '<p hidden>one</p><p style="display: none">two</p><p aria-hidden="true">three</p>'
        "<!-- four --><noscript>five</noscript><textarea>six</textarea><p>Seen.</p>"
    )
    assert text_of(hidden) == "Seen."


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [("windows-1251", "cp1251"), ("shift_jis", "shift_jis"), ("utf-8", "utf-8")],
)
def test_a_declared_encoding_is_believed(declared: str, encoding: str) -> None:
    """What the page says of its encoding counts, unless it cannot be true."""
    word = {"cp1251": "Гавань", "shift_jis": "港町", "utf-8": "Häfen"}[encoding]
    page = f'<meta charset="{declared}"><p>{word}</p>'
    assert read_html(page.encode(encoding)).text == word
    wrong = f'<meta charset="ascii"><p>{"Häfen"}</p>'.encode()
    assert read_html(wrong).text == "Häfen"


def test_what_is_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    """A parser that gives up would lose what is further in; that is said, and soon."""
    page = b"<div>" * 100_000 + b"deep"
    assert "nests its elements too deeply" in refusal(written(tmp_path, page, "page.html"))


def test_a_deep_and_wide_page_is_read() -> None:
    """Whether something is a menu is measured once for each element, not once for each parent."""
    page = "<div class=menu>" * 1_500 + '<p>word <a href="/">link</a></p>' * 4_000
    assert read_html(page.encode()).text.count("word link") == 4_000


@given(st.text())
@settings(max_examples=50)
def test_any_text_as_a_page(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Whatever is handed over as a page: exact spans or a message, and never a crash."""
    _holds(tmp_path_factory.mktemp("page"), text)


PIECES = st.lists(
    st.sampled_from(
        "<p> <li> <ul> <ol> <td> <tr> <table> </table> </p> <h1> <h2> </h2> <pre> <br> &amp; &#0; "
        "é word One.&nbsp;Two. <div> </div> </ul> < \u0301 <article> <nav> </nav> <main> <script> "
        "</script> <aside> <b> </b> <!-- -->".split()
    ),
    max_size=60,
)


@given(PIECES)
@settings(max_examples=200)
def test_any_soup_keeps_the_promise(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str]
) -> None:
    """Tags in any order give a document whose every span is exact."""
    _holds(tmp_path_factory.mktemp("page"), f"word {' '.join(pieces)}")


def _holds(folder: Path, page: str) -> None:
    from index.drawing import canonical
    from index.errors import LoadError

    try:
        document = read(written(folder, page.encode("utf-8", "replace"), "page.html"))
    except LoadError:
        return
    check_spans(document)
    assert canonical(document.text) == document.text
