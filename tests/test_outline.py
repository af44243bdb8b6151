"""Plain text has headings where people see them, and none in poems, logs, lists and tables."""

from pathlib import Path

import pytest

from index.outline import Heading, outline, sections
from index.split import split_passages
from tests.test_load import check_spans, read, written

PROSE = (
    "The ferry left at noon. Nobody on the pier had expected that, and the captain said nothing."
)

HEADINGS = {
    "standing alone": (f"T\n\n{PROSE}\n\nThe harbour\n\n{PROSE}", ["The harbour 2"]),
    "at the very top": (f"The harbour\n\n{PROSE}", []),
    "digits and quotes first": (
        f"T\n\n{PROSE}\n\n1956 and after\n\n{PROSE}\n\n“Peace” now\n\n{PROSE}",
        ["1956 and after 2", "“Peace” now 2"],
    ),
    "Chinese": (
        f"T\n\n{PROSE}\n\n港口的故事\n\n部长到了。他说了话。没有人听见。",
        ["港口的故事 2"],
    ),
    "underlined": (
        f"T\n\n{PROSE}\n\nOne\n===\n{PROSE}\n\nTwo\n---\n\n{PROSE}",
        ["One 1", "Two 2"],
    ),
    "ruled over and under": (f"T\n\n{PROSE}\n\n===\nOne\n===\n\n{PROSE}", ["One 1"]),
    "capitals": (
        f"T\n\n{PROSE}\n\nTHE HARBOUR\n{PROSE}\n\nTHE PIER\n\n{PROSE}",
        ["THE HARBOUR 1", "THE PIER 1"],
    ),
    "over a list": (f"T\n\n{PROSE}\n\nWhat to bring\n\n- a rope\n- a lamp", ["What to bring 2"]),
    "a whole sentence": (f"T\n\n{PROSE}\n\nHe was late.\n\n{PROSE}", []),
    "a question": (f"T\n\n{PROSE}\n\nWas he late?\n\n{PROSE}", []),
    "what goes on": (f"T\n\n{PROSE}\n\nDear Anna,\n\n{PROSE}\n\nHe said:\n\n{PROSE}", []),
    "small letters": (f"T\n\n{PROSE}\n\nand so on\n\n{PROSE}", []),
    "too long": (f"T\n\n{PROSE}\n\n{'Word ' * 13}\n\n{PROSE}", []),
    "a list item": (f"T\n\n{PROSE}\n\n- A rope\n\n{PROSE}\n\n2. A lamp\n\n{PROSE}", []),
    "a row of a table": (f"T\n\n{PROSE}\n\nName   Age\n\n{PROSE}\n\nA | B\n\n{PROSE}", []),
    "no letters": (f"T\n\n{PROSE}\n\n1956\n\n{PROSE}\n\n***\n\n{PROSE}", []),
    "a byline": (f"T\n\nBy Anna Meyer\n\n{PROSE}\n\n12 March 2024\n\n{PROSE}", []),
    "nothing under it": (f"T\n\n{PROSE}\n\nThe harbour\n\nThe pier\n\n{PROSE}", ["The pier 2"]),
    "at the end": (f"T\n\n{PROSE}\n\nAnna Meyer", []),
    "again and again": (f"T\n\n{PROSE}" + f"\n\nROMEO\n{PROSE}\n\nAnna\n\n{PROSE}" * 3, []),
    "the head of a table": (f"T\n\n{PROSE}\n\nNAME AND AGE\n{'anna 12 ' * 20}", []),
}


@pytest.mark.parametrize(("text", "found"), HEADINGS.values(), ids=HEADINGS.keys())
def test_what_a_heading_is(text: str, found: list[str]) -> None:
    """Each rule has an example; the number is the level."""
    _, headings = outline(text)
    assert [f"{h.text} {h.level}" for h in headings if h.level] == found
    for heading in headings:
        assert heading.text in text[heading.start : heading.end]


TITLES = {
    "a line on top": (f"the harbour at dawn\n\n{PROSE}", "the harbour at dawn"),
    "a long one": (f"{'Harbour ' * 20}\n\n{PROSE}", ("Harbour " * 20).strip()),
    "a question": (f"Why did the ferry leave?\n\n{PROSE}", "Why did the ferry leave?"),
    "after blank lines": (f"\n\n  The harbour  \n\n{PROSE}", "The harbour"),
    "underlined": (f"The harbour\n===\n{PROSE}", "The harbour"),
    "a sentence": (f"The ferry left.\n\n{PROSE}", ""),
    "longer than a title": (f"{'Harbour ' * 26}\n\n{PROSE}", ""),
    "two lines": (f"The harbour\nand the pier\n\n{PROSE}", ""),
    "a list item": (f"- The harbour\n\n{PROSE}", ""),
    "nothing after it": ("The harbour", ""),
    "nothing at all": ("\n \n", ""),
}


@pytest.mark.parametrize(("text", "title"), TITLES.values(), ids=TITLES.keys())
def test_what_a_title_is(text: str, title: str) -> None:
    """The first line, where it reads like one and more follows."""
    found, headings = outline(text)
    assert found == title
    assert [heading.text for heading in headings if heading.level == 0] == [title] * bool(title)


CROWDS = {
    "a poem": "\n\n".join(
        ["The ferry leaves", "The gulls remain", "And on the pier", "The rain"] * 4
    ),
    "a poem in stanzas": "\n\n".join(["The ferry leaves\nthe gulls remain\nand on the pier"] * 5),
    "a list": "\n\n".join(f"Item number {n}" for n in range(30)),
    "a log": "\n".join(f"2024-01-05 10:{n:02} INFO Ferry {n} left." for n in range(30)),
    "a spaced log": "\n\n".join(f"10:{n:02} Ferry {n} left" for n in range(30)),
    "a table": "\n".join(f"Ferry {n} | {n * 3} | late" for n in range(30)),
}


@pytest.mark.parametrize("text", CROWDS.values(), ids=CROWDS.keys())
def test_a_crowd_of_short_lines_has_no_headings(tmp_path: Path, text: str) -> None:
    """What is all short lines stays text, every line of it."""
    assert outline(text) == ("", [])
    document = read(written(tmp_path, text.encode()))
    cited = "".join(passage.text for passage in split_passages(document))
    assert [line for line in text.split("\n") if line and line not in cited] == []


def test_sections_know_where_they_stand() -> None:
    """The path names the headings above; a title is above everything and named by none."""
    text = "T\na\nA\nb\nB\nc\nC\n \nD\nd"
    headings = [
        Heading("T", 0, 0, 1),
        Heading("A", 1, 4, 5),
        Heading("B", 3, 8, 9),
        Heading("C", 2, 12, 13),
        Heading("D", 3, 16, 17),
    ]
    found = [(s.heading, s.level, s.path, text[s.start : s.end]) for s in sections(text, headings)]
    assert found == [
        ("", 0, (), "\na\n"),
        ("A", 1, ("A",), "\nb\n"),
        ("B", 3, ("A", "B"), "\nc\n"),
        ("D", 3, ("A", "C", "D"), "\nd"),
    ]


def test_an_article_is_parted_by_its_headings(tmp_path: Path) -> None:
    """Title, opening and sections come out, and no heading is in a passage."""
    text = (
        f"A ferry leaves early\n\n{PROSE}\n\nThe pier\n\n{PROSE}\n\nWhat Anna’s crew saw\n\n{PROSE}"
    )
    document = read(written(tmp_path, text.encode()))
    assert document.title == "A ferry leaves early"
    assert [s.heading for s in document.sections] == ["", "The pier", "What Anna’s crew saw"]
    assert [passage.text for passage in split_passages(document)] == [PROSE] * 3
    check_spans(document)
