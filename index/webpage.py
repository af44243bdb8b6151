"""Read the article of an HTML page: `read_html(data)`; what stands around it is left out.

lxml parses; what is the article is told by the page itself where it can be (`<main>`, `<article>`,
roles), and else by what menus are: lists of links, and parts that call themselves so. When in doubt
a part stays: a line too many is found by nobody, a paragraph too few is missed. `draw_tree` draws
any tree of HTML, an EPUB's chapters too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from index.decode import decoded
from index.drawing import Drawing, Drawn
from index.errors import LoadError

if TYPE_CHECKING:
    from lxml.etree import _Element

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_SILENT: Final = frozenset(
    """script style noscript template iframe object embed svg canvas audio video map head dialog
    button select textarea input option datalist nav menu""".split()
)
_BLOCKS: Final = frozenset(
    """address article aside blockquote body center dd details div dl dt fieldset figcaption figure
    footer form header hgroup hr html legend main ol p pre section summary table tbody tfoot thead
    title ul li caption h1 h2 h3 h4 h5 h6 tr td th""".split()
)
_ROLES = frozenset("navigation banner contentinfo complementary search dialog alert menu".split())
_AROUND = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|sidebar|breadcrumbs?|footer|masthead|cookies?|consent"
    r"|banner|advert(?:isement)?s?|ads?|promo|share|sharing|social|related|recommended|newsletter"
    r"|subscribe|comments?|pagination|pager|skip(?:-?link)?|popup|modal|toolbar|edit-?section"
    r"|reference|noprint|sr-only|visually-hidden)(?:$|[\s_-])",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SITE = re.compile(r"\s+[|–—·»-]\s+")
_ABOUT = frozenset(
    "author date keywords article:author article:published_time article:tag datepublished "
    "dc.creator dc.date dc.subject dc.language dcterms.created dcterms.date pubdate".split()
)
_MENU_LINKS = 3
_MENU_SHARE = 0.7


def read_html(data: bytes) -> Drawn:
    """Return the article of a page. Raises LoadError for what is no text or nested too deeply."""
    named = _CHARSET.search(data[:4096])
    tree = parsed(decoded(data, named.group(1).decode("ascii") if named else None))
    if tree is None:
        return Drawn("", "", [])
    name, about = _named(tree), list(_about(tree))
    article, sure = _article(tree)
    _prune(article, sure=sure)
    drawing = Drawing()
    draw_tree(article, drawing)
    drawn = drawing.drawn()
    first = [heading for heading in drawn.headings if heading.level == 1]
    drawn.title = first[0].text if len(first) == 1 else name
    drawn.about = about
    return drawn


def parsed(text: str) -> "_Element | None":
    """Return the tree of an HTML text, None when there is nothing in it."""
    from lxml import etree

    parser = etree.HTMLParser(
        encoding="utf-8", huge_tree=True, no_network=True, remove_comments=True, remove_pis=True
    )
    # XML's declaration names an encoding that the bytes no longer have.
    data = text.encode("utf-8", "replace")
    try:
        tree = etree.fromstring(data, parser) if data.strip() else None
    except etree.XMLSyntaxError:
        return None
    if any("depth" in entry.message.lower() for entry in parser.error_log):
        raise LoadError("this page nests its elements too deeply; save it as plain text")
    return tree


def draw_tree(root: "_Element", drawing: Drawing) -> None:
    """Draw a tree of HTML, all that is in it."""
    from lxml import etree

    pen = _Pen(drawing)
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = _tag(element)
        if event == "start":
            pen.start(tag, element)
            pen.write(element.text)
        else:
            pen.end(tag)
            pen.write(element.tail if element is not root else None)
    pen.flush()


class _Pen:
    """Where in lists, tables and headings the walk is, and the words of the block so far."""

    def __init__(self, drawing: Drawing) -> None:
        self._drawing = drawing
        self._words: list[str] = []
        self._level = 0
        self._lists: list[int | None] = []
        self._marker = ""
        self._pre = 0
        self._row: list[str] | None = None
        self._tables: list[bool] = []

    def write(self, text: str | None) -> None:
        """Take text as it stands in the source."""
        if text:
            self._words.append(text if self._pre else re.sub(r"[ \t\r\n\f]+", " ", text))

    def start(self, tag: str, element: "_Element") -> None:
        """Enter an element."""
        if tag == "br":
            self._words.append("\n")
        elif tag == "table":
            self.flush()
            self._tables.append(_is_layout(element))
        elif tag == "tr" and self._gridded():
            self.flush()
            self._row = []
        elif self._row is not None:
            self._words.append(" " if tag in _BLOCKS else "")
        elif tag in _BLOCKS:
            self.flush()
            self._enter(tag, element)

    def end(self, tag: str) -> None:
        """Leave an element."""
        if tag == "table" and self._tables:
            self.flush()
            self._tables.pop()
            self._drawing.end()
        elif self._row is not None:
            if tag in {"td", "th"}:
                self._row.append("".join(self._words))
                self._words.clear()
            elif tag == "tr":
                self._drawing.row(self._row)
                self._row = None
                self._words.clear()
        elif tag in _BLOCKS:
            self.flush()
            self._leave(tag)

    def flush(self) -> None:
        """Draw the block so far."""
        text = "".join(self._words)
        self._words.clear()
        if not text.strip() or self._row is not None:
            return
        if not self._pre:
            text = "\n".join(line.strip() for line in text.split("\n"))
        if self._level:
            self._drawing.heading(text, self._level)
        elif self._lists and self._marker:
            self._drawing.item(text, len(self._lists) - 1, self._marker)
            self._marker = ""
        else:
            self._drawing.block(text.strip("\n"))

    def _gridded(self) -> bool:
        return bool(self._tables) and not self._tables[-1]

    def _enter(self, tag: str, element: "_Element") -> None:
        if re.fullmatch("h[1-6]", tag):
            self._level = int(tag[1])
        elif tag in {"ul", "ol"}:
            start = element.get("start", "1")
            first = int(start) if re.fullmatch(r"\d{1,6}", start) else 1
            self._lists.append(first if tag == "ol" else None)
        elif tag == "li":
            number = self._lists[-1] if self._lists else None
            self._marker = "-" if number is None else f"{number}."
            if self._lists and number is not None:
                self._lists[-1] = number + 1
        elif tag == "pre":
            self._pre += 1

    def _leave(self, tag: str) -> None:
        if re.fullmatch("h[1-6]", tag):
            self._level = 0
        elif tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
            if not self._lists:
                self._drawing.end()
        elif tag == "li":
            self._marker = ""
        elif tag == "pre":
            self._pre -= 1


def _tag(element: "_Element") -> str:
    name = element.tag
    return name.rpartition("}")[2].lower() if isinstance(name, str) else ""


def _elements(root: "_Element") -> Iterator["_Element"]:
    return (element for element in root.iter() if isinstance(element.tag, str))


def _length(element: "_Element") -> int:
    return sum(map(_said, element.itertext()))


def _said(text: str | None) -> int:
    return sum(map(len, re.findall(r"\w+", text or "")))


def _is_layout(table: "_Element") -> bool:
    """Tell a table that only places things on the page from one that says something."""
    if table.get("role") in {"presentation", "none"}:
        return True
    telling = {"table", "h1", "h2", "h3", "article", "main"}
    return any(_tag(element) in telling for element in _elements(table) if element is not table)


def _about(tree: "_Element") -> "Iterator[tuple[str, str]]":
    """Yield what the page says about itself: the names and contents of its meta elements."""
    if tree.get("lang"):
        yield "language", tree.get("lang", "")
    for element in _elements(tree):
        if _tag(element) == "meta" and (content := element.get("content")):
            name = element.get("name") or element.get("property") or element.get("itemprop") or ""
            if name.casefold() in _ABOUT:
                yield name, content


def _named(tree: "_Element") -> str:
    """Return the page's name for itself, without its site's."""
    for element in _elements(tree):
        about = _tag(element) == "meta" and element.get("property") == "og:title"
        if about and (title := element.get("content", "").strip()):
            return " ".join(title.split())
    found = next((e for e in _elements(tree) if _tag(e) == "title"), None)
    title = " ".join("".join(found.itertext()).split()) if found is not None else ""
    parts = _SITE.split(title)
    return max(parts, key=len) if len(parts) > 1 else title


def _article(tree: "_Element") -> tuple["_Element", bool]:
    """Return the element that the article is in, and whether the page itself says so."""
    mains = [e for e in _elements(tree) if _tag(e) == "main" or e.get("role") == "main"]
    articles = [e for e in _elements(tree) if _tag(e) == "article"]
    if mains:
        main = max(mains, key=_length)
        within = [e for e in articles if main in e.iterancestors()]
        if len(within) == 1 and _length(within[0]) >= 0.5 * _length(main):
            return within[0], True
        return main, True
    if len(articles) == 1 and _length(articles[0]) >= 0.3 * _length(tree):
        return articles[0], True
    body = next((e for e in _elements(tree) if _tag(e) == "body"), tree)
    return body, False


@dataclass(slots=True)
class _Measure:
    """How much text an element holds, how much of it in links, how many; whether an article."""

    text: int = 0
    linked: int = 0
    links: int = 0
    article: bool = False

    def add(self, other: "_Measure") -> None:
        """Count what a child holds."""
        self.text += other.text
        self.linked += other.linked
        self.links += other.links
        self.article = self.article or other.article


def _measured(root: "_Element") -> list[tuple["_Element", _Measure]]:
    """Measure every element once, from the inside out: a page may be nested very deeply."""
    from lxml import etree

    found: list[tuple[_Element, _Measure]] = []
    open_: list[_Measure] = [_Measure()]
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            open_.append(_Measure(text=_said(element.text)))
            continue
        measure, tag = open_.pop(), _tag(element)
        if tag == "a":
            measure.linked, measure.links = measure.text, 1
        measure.article = measure.article or tag in {"main", "article"}
        found.append((element, measure))
        open_[-1].add(measure)
        open_[-1].text += _said(element.tail)
    return found


def _prune(root: "_Element", *, sure: bool) -> None:
    """Take out what is not shown, and what stands around an article."""
    tidied(root)
    measured = _measured(root)
    half = measured[-1][1].text / 2
    for element, measure in measured[:-1]:
        # Too much of the page to be left out, whatever it calls itself.
        kept = measure.article or measure.text > half
        if not kept and _stands_around(element, measure, sure=sure):
            _drop(element)


def tidied(root: "_Element") -> None:
    """Take out what is not shown: scripts, styles, forms, what is hidden."""
    for element in list(_elements(root)):
        if element is not root and (_tag(element) in _SILENT or _is_hidden(element)):
            _drop(element)


def _is_hidden(element: "_Element") -> bool:
    return (
        element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or bool(_HIDDEN.search(element.get("style", "")))
    )


def _stands_around(element: "_Element", measure: _Measure, *, sure: bool) -> bool:
    tag = _tag(element)
    if tag in {"aside", "footer"} or element.get("role") in _ROLES:
        return True
    if tag == "header":
        return not sure and not any(_tag(a) in {"article", "main"} for a in element.iterancestors())
    names = f"{element.get('class', '')} {element.get('id', '')}"
    if tag not in {"body", "main", "article"} and _AROUND.search(names):
        return True
    menu = measure.links >= _MENU_LINKS and measure.linked >= _MENU_SHARE * measure.text
    return menu and not sure and tag in {"ul", "ol", "div", "table", "p"}


def _drop(element: Any) -> None:
    parent = element.getparent()
    if parent is None:
        return
    if tail := element.tail:
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + " " + tail
        else:
            parent.text = (parent.text or "") + " " + tail
    parent.remove(element)
