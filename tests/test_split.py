"""Sentences and passages are slices, end where people end them, and cross no border."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.passage import Document, Section, Span
from index.split import MAX_SENTENCE_CHARS, split_passages, split_sentences


def cut(text: str) -> list[str]:
    """Return the sentences of `text` as strings."""
    return [text[span.start : span.end] for span in split_sentences(text)]


def document(text: str, *sections: Section) -> Document:
    """Make a document of `text`."""
    return Document("d", "T", "s", text, sections)


SENTENCES = {
    "two": ("It rose. It fell.", ["It rose.", "It fell."]),
    "an abbreviation before a hyphen": (
        "The U.S.-led European alliance met. It agreed.",
        ["The U.S.-led European alliance met.", "It agreed."],
    ),
    "a title": (
        "Dr. Vane paid $3.5 million. He left!",
        ["Dr. Vane paid $3.5 million.", "He left!"],
    ),
    "a decimal": (
        "It rose by 3.5 percent in 2016. Why?",
        ["It rose by 3.5 percent in 2016.", "Why?"],
    ),
    "a question in quotes": ("“Why?” he asked. No one knew.", ["“Why?” he asked.", "No one knew."]),
    "a wrapped line": ("It rose and\nfell. It was\nover.", ["It rose and\nfell.", "It was\nover."]),
    "a blank line": ("It rose and\n\nfell", ["It rose and", "fell"]),
    "a blank line with spaces": ("It rose and\n \t\nfell", ["It rose and", "fell"]),
    "list items": (
        "Bring:\n- a rope\n* a lamp\n  • a map. And ink\n1. sail\n12) row",
        ["Bring:", "a rope", "a lamp", "a map.", "And ink", "sail", "row"],
    ),
    "a wrapped list item": ("- a rope\n  of hemp\n- a lamp", ["a rope\n  of hemp", "a lamp"]),
    "rows of a table": ("a | b\nc | d", ["a | b", "c | d"]),
    "no words": ("---\n\n***\n\n… !", []),
    "Japanese": ("船が出た。誰も見なかった。", ["船が出た。", "誰も見なかった。"]),
    "a quotation that Japanese goes on behind": (
        "彼は「行くよ。」と言った。「もう遅い！」が答えだった。「雨だ。」船が出た。",  # noqa: RUF001
        ["彼は「行くよ。」と言った。", "「もう遅い！」が答えだった。", "「雨だ。」", "船が出た。"],  # noqa: RUF001
    ),
    "Chinese": (
        "部长到了。他说：“没有解决。”真的吗？是！",  # noqa: RUF001
        ["部长到了。", "他说：“没有解决。”", "真的吗？", "是！"],  # noqa: RUF001
    ),
    "nothing": (" \n\t", []),
}


@pytest.mark.parametrize(("text", "sentences"), SENTENCES.values(), ids=SENTENCES.keys())
def test_where_sentences_end(text: str, sentences: list[str]) -> None:
    """Each rule has an example."""
    assert cut(text) == sentences


def passages(text: str, target: int) -> list[str]:
    """Return the passages of `text` as strings."""
    return [passage.text for passage in split_passages(document(text), target)]


def test_a_table_that_fits_is_not_cut() -> None:
    """Rows stay together, with the sentence that announces them; so do the items of a list."""
    table = "Month | Oil\nMay | 9 casks\nJune | 11 casks"
    prose = "The keeper wrote this down in his book. Nobody asked him to."
    assert passages(f"{prose}\n\n{table}", 80) == [prose, table]
    announced = f"The oil was used so:\n\n{table}"
    assert passages(f"{prose} {announced}", 80) == [prose, announced]
    items = "- a rope of hemp\n- a lamp with oil\n- a map of the bay"
    assert passages(f"{prose}\n\n{items}\n\nHe left.", 80)[1].startswith("a rope of hemp\n- a lamp")


def test_a_table_that_does_not_fit_is_cut_between_rows() -> None:
    """A row is never cut, and every one of them is in a passage."""
    rows = [f"Month {n} | {n} casks of oil" for n in range(40)]
    found = passages("\n".join(rows), 100)
    assert [row for passage in found for row in passage.split("\n")] == rows


def test_a_slice_of_the_text_is_cut_in_its_own_offsets() -> None:
    """`start` and `end` bound the search, and spans count from the text's beginning."""
    text = "It rose. It fell. It rested."
    assert split_sentences(text, 9, 17) == [Span(9, 17)]


def test_a_run_without_an_end_is_cut_at_a_space() -> None:
    """Data in one endless line becomes bounded slices, and no word of it is lost."""
    text = "word " * 3_000
    spans = split_sentences(text)
    assert all(0 < span.end - span.start <= MAX_SENTENCE_CHARS for span in spans)
    assert " ".join(cut(text)) == text.strip()
    unbroken = "x" * 5_000
    assert "".join(cut(unbroken)) == unbroken


def test_a_long_paragraph_is_cut_like_short_ones() -> None:
    """The segmenter sees a window at a time; no sentence is cut where a window ends."""
    sentences = [f"On day {n} the ferry left {'very ' * (n % 7)}early." for n in range(2_000)]
    assert cut(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    "text",
    ["<!--" * 40_000 + "a", "```\na\n" * 40_000, "a\n" + " " * 300_000 + "b", "a! " * 100_000],
    ids=["exclamation marks", "backticks", "spaces", "short sentences"],
)
def test_nothing_written_can_hang_it(text: str) -> None:
    """Runs that cost the segmenter or the pattern quadratic time (16 s and more) stay cheap."""
    started = time.perf_counter()
    assert split_sentences(text)
    assert time.perf_counter() - started < 5


def test_a_passage_is_whole_sentences_of_one_section() -> None:
    """Headings stand between sections and are in no passage; ids count on."""
    text = "Tides\n\nIt rose. It fell.\n\nMoon\n\nIt shone."
    made = document(text, Section("Tides", 2, 5, 26), Section("Moon", 2, 30, len(text)))
    found = [(p.id, p.section, p.text, len(p.sentences)) for p in split_passages(made)]
    assert found == [(0, "Tides", "It rose. It fell.", 2), (1, "Moon", "It shone.", 1)]


def test_a_passage_keeps_to_its_size() -> None:
    """Sentences gather up to the target; a longer one stands alone; a paragraph may end it."""
    text = "One two. Six ten.\n\nIt ran. It sat. " + "Long " * 12 + "end. It hid."
    found = [passage.text for passage in split_passages(document(text), target_chars=20)]
    assert found == ["One two. Six ten.", "It ran. It sat.", "Long " * 12 + "end.", "It hid."]
    small = split_passages(document("We.\n\nThey go.\n\nYou."), target_chars=20)
    assert [passage.text for passage in small] == ["We.\n\nThey go.", "You."]


TEXTS = st.lists(
    st.one_of(
        st.sampled_from(
            ["\n", "\n\n", " ", ". ", "! ", "- ", "1. ", " | ", "“", "”", "U.S.", "。"]
        ),
        st.sampled_from(["The ferry left", "Dr. Vane", "…", "日本", "\u0301", "🙂", "a"]),
        st.text(max_size=4),
    ),
    max_size=60,
).map("".join)


@given(text=TEXTS, target=st.integers(1, 200))
@settings(max_examples=300)
def test_every_cut_is_exact(text: str, target: int) -> None:
    """Any text: spans are in order, disjoint, trimmed, and hold every letter and digit."""
    spans = split_sentences(text)
    outside, before = "", 0
    for span in spans:
        piece = text[span.start : span.end]
        assert before <= span.start < span.end <= len(text)
        assert piece == piece.strip()
        assert "\n\n" not in piece
        outside += text[before : span.start]
        before = span.end
    left = outside + text[before:]
    # Only the numbers of list items belong to no sentence.
    assert not any(c.isalpha() for c in left)
    passages = split_passages(document(text), target)
    assert [s for p in passages for s in p.sentences] == spans
    for passage in passages:
        assert passage.text == text[passage.start : passage.end]
        assert (passage.start, passage.end) == (
            passage.sentences[0].start,
            passage.sentences[-1].end,
        )
