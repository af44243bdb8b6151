"""Reports: one page that is safe to open, a summary for a pull request, XML that machines read."""

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from assistant.settings import Settings
from eval.cases import Case, Evidence, KeyFact
from eval.charts import Bar, histogram, reliability
from eval.folder import RunFolder
from eval.pieces import Mark, Piece, paragraphs, plain, visible, xml_text
from eval.report import lacking, page, write_reports
from eval.subject import open_subject
from eval.summaries import headline, junit, markdown, terminal
from tests.evaluated import evaluate, write_lines

HOSTILE = "<script>alert(1)</script>\"'&amp; \u202egnp.exe\u2066 {{ 7 * 7 }} ]]>\x07"
VOID = {"meta", "input", "rect", "path", "circle", "br"}


class Page(HTMLParser):
    """A page's tags, attributes and text; remembers what was never closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember a tag."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close a tag, which must be the last that was opened."""
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Collect text."""
        self.text += data


@pytest.fixture(scope="module")
def finished(
    tmp_path_factory: pytest.TempPathFactory, cache_folder: Path, bundled_assistant: object
) -> RunFolder:
    """Return a run over one case of each kind, with its reports."""
    assert bundled_assistant
    folder = evaluate(tmp_path_factory.mktemp("runs") / "a", cache_folder)
    write_reports(folder)
    return folder


@pytest.fixture
def hostile(tmp_path: Path, cache_folder: Path, bundled_assistant: object) -> RunFolder:
    """Return a run in which question, answer, facts and tags are hostile."""
    assert bundled_assistant
    fact = KeyFact(HOSTILE, vital=True, accept=("no such thing",))
    case = Case("x<b>", HOSTILE, False, HOSTILE, (), (), "near_miss", tags=(HOSTILE,))
    told = Case("y", "y?", True, HOSTILE, (fact,), _evidence(cache_folder), "fact")
    answers = [{"id": one.id, "answer": HOSTILE} for one in (case, told)]
    return evaluate(
        tmp_path / "a",
        cache_folder,
        cases=[case, told],
        answers=write_lines(tmp_path / "given.jsonl", answers),
    )


def _evidence(cache: Path) -> tuple[Evidence, ...]:
    with open_subject(Settings(cache_dir=cache)) as subject:
        (document,) = subject.searcher.documents()
    return (Evidence(document.text[:20], 0, 20),)


def test_the_page_is_whole(finished: RunFolder) -> None:
    """Tags are closed, every case and its question is there, headline and interval too."""
    read = Page((finished.path / "report.html").read_text("utf-8"))
    assert read.open == []
    rows = finished.scores()
    assert sum(tag == "details" for tag, _ in read.tags) == len(rows)
    for row in finished.answers():
        assert row["answer"]["question"] in read.text
    right = finished.summary()["metrics"]["right"]
    assert f"{100 * right['low']:.1f} %" in read.text


def test_the_page_fetches_and_runs_nothing(finished: RunFolder) -> None:
    """No script, no address, no file beside it; and a policy that would refuse them."""
    html = (finished.path / "report.html").read_text("utf-8")
    read = Page(html)
    names = {tag for tag, _ in read.tags}
    assert names.isdisjoint({"script", "link", "img", "iframe", "object", "form", "base"})
    for _, attributes in read.tags:
        assert not any(name.startswith("on") or name == "src" for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert "url(" not in html
    assert "default-src 'none'" in html


def test_evidence_is_marked_in_its_paragraph(finished: RunFolder) -> None:
    """The first fact's evidence stands highlighted, with the paragraph around it."""
    html = (finished.path / "report.html").read_text("utf-8")
    assert re.search(r'<mark class="[^"]*evidence[^"]*"><bdi>Abe met Putin twenty-seven', html)
    assert "he went so far as to offer" in html


def test_hostile_text_is_text(hostile: RunFolder) -> None:
    """Tags, quotes, templates, direction overrides and control characters are shown as such."""
    html = page(hostile)
    read = Page(html)
    assert read.open == []
    assert all(tag not in {"script", "b"} for tag, _ in read.tags)
    assert "<script>alert(1)</script>" in read.text
    assert "{{ 7 * 7 }}" in read.text
    assert "\u202e" not in html
    assert "\u2066" not in html
    assert "\x07" not in html
    assert "U+202E" in read.text


def test_junit_parses_whatever_was_said(hostile: RunFolder) -> None:
    """Control characters that XML cannot hold are gone; a fault is a failure."""
    root = ET.fromstring(junit(hostile))  # noqa: S314  our own XML
    assert root.get("tests") == "2"
    failures = root.findall(".//failure")
    assert len(failures) == 2
    assert "<script>alert(1)</script>" in (failures[0].text or "")


def test_junit_counts_by_kind(finished: RunFolder) -> None:
    """A suite for each kind, whose counts are those of its cases."""
    root = ET.fromstring((finished.path / "junit.xml").read_text("utf-8"))  # noqa: S314
    rows = {row["kind"]: row for row in finished.scores()}
    assert {suite.get("name") for suite in root} == rows.keys()
    for suite in root:
        wrong = bool(rows[suite.get("name", "")]["faults"])
        assert (suite.get("tests"), suite.get("failures")) == ("1", str(int(wrong)))


def test_markdown_names_what_went_wrong(finished: RunFolder, hostile: RunFolder) -> None:
    """A pull request shows figures and faulty cases, and nothing in them is Markdown."""
    shown = markdown(finished, ["right is too low"])
    wrong = [row["id"] for row in finished.scores() if row["faults"]]
    assert all(f"`{name}`" in shown for name in wrong[:12])
    assert "GATE MISSED: right is too low" in shown
    assert "<script>" not in markdown(hostile)
    assert "\u202e" not in markdown(hostile)


def test_the_terminal_says_it_in_a_sentence(finished: RunFolder) -> None:
    """The first line is the headline, with what it rests on."""
    shown = terminal(finished, [])
    first = shown.splitlines()[0]
    assert first == headline(finished.summary())
    assert "of 14 questions were handled right (95 % interval" in first
    assert shown.endswith("gate passed")


def test_a_missed_gate_is_on_the_page(finished: RunFolder) -> None:
    """With every reason."""
    read = Page(page(finished, ["right is 0.1", "mrr is 0.2"]))
    assert "The gate was missed." in read.text
    assert "right is 0.1" in read.text
    assert "mrr is 0.2" in read.text


def test_paragraphs_are_cut_at_every_mark() -> None:
    """Marks may overlap; each piece knows its own, and nothing of the text is lost."""
    text = "One. Two three.\n\nFour.\n\nFive."
    (only,) = paragraphs(text, [Mark(5, 8, "evidence"), Mark(7, 10, "cited")])
    assert only == [
        Piece("One. "),
        Piece("Tw", ("evidence",)),
        Piece("o", ("cited", "evidence")),
        Piece(" t", ("cited",)),
        Piece("hree."),
    ]
    both = paragraphs(text, [Mark(0, 3, "cited"), Mark(24, 29, "evidence")])
    assert ["".join(p.text for p in part) for part in both] == ["One. Two three.", "Five."]
    assert paragraphs(text, [Mark(90, 99, "cited"), Mark(3, 3, "cited"), Mark(-1, 2, "x")]) == []


def test_what_cannot_be_seen_is_written_out() -> None:
    """A direction override becomes its code point; other text stays as it is."""
    assert visible("a\u202eb") == [Piece("a"), Piece("U+202E", ("hidden",)), Piece("b")]
    assert visible("Überfall – 日本") == [Piece("Überfall – 日本")]
    assert visible("") == []
    assert plain("a\n\u200bb") == "a U+200Bb"
    assert xml_text("a\x00b\ud800c\ufffe🙂\n") == "abc🙂\n"


def test_a_claim_is_cut_at_the_words_that_lack_support() -> None:
    """Put together, the pieces are the claim; the underlined ones are what its sources lack."""
    claim = "Tide: the mill at Orrin was sold in 1790."
    pieces = lacking(claim, ["The mill at Orrin was sold in 1788."])
    assert "".join(text for text, _ in pieces) == claim
    assert [text for text, wrong in pieces if wrong] == ["Tide", "1790"]
    assert lacking("It sank.", ["It sank."]) == [("It sank.", False)]


def test_reliability_by_hand() -> None:
    """Two at .8 and .9 of which one is true; one at 1.0 falls into the last bin."""
    points = reliability([0.8, 0.82, 0.1, 1.0], [True, False, False, True])
    assert [(p.predicted, p.found, p.n) for p in points] == [(0.1, 0, 1), (0.81, 0.5, 2), (1, 1, 1)]


def test_histogram_by_hand() -> None:
    """1 and 10 ms lie at both ends of one decade; the tallest column is two high."""
    columns, ticks = histogram([1.0, 1.0, 9.9])
    assert [column.note for column in columns] == ["2", "1"]
    assert (columns[0].x, columns[0].height, columns[1].height) == (0, 38, 19)
    assert ticks == [(0, "1 ms"), (100, "10 ms")]
    assert histogram([]) == ([], [])


def test_a_bar_knows_its_ends() -> None:
    """A share of .25 is a quarter of a bar; without an interval there is no whisker."""
    assert Bar("x", 0.25, 0.1, 0.5).width == 25
    assert Bar("x", 0.25, 0.1, 0.5).whisker == (10, 50)
    assert (Bar("x", None, None, None).width, Bar("x", None, None, None).whisker) == (0, None)
