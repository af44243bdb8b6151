"""The catalog gives back what was written."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.catalog import Catalog, Entry, write_catalog
from index.engine import entry_for
from index.errors import IndexUnavailable
from index.passage import Document, Page, Section

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=300)


def _entry(number: int, text: str) -> Entry:
    half = len(text) // 2
    document = Document(
        id=f"document-{number}",
        title=f"Title {number}",
        source=f"{number}.txt",
        text=text,
        sections=(
            Section("", 0, 0, half),
            Section("Second", 2, half, len(text), ("First", "Second")),
        ),
        pages=(Page(1, 0, half), Page(2, half, len(text))),
    )
    return entry_for(document, f"notes/{number}.txt", f"hash {number}")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(texts=st.lists(TEXT, min_size=1, max_size=3))
def test_entries_come_back_as_they_were(texts: list[str], tmp_path: Path) -> None:
    """Documents, sections, pages, passages, sentences, keys and origins make a round trip."""
    file = tmp_path / "catalog.db"
    file.unlink(missing_ok=True)
    entries = [_entry(number, text) for number, text in enumerate(texts)]
    write_catalog(file, entries, [("word", 2)])
    catalog = Catalog(file)
    assert list(catalog.entries()) == entries
    assert catalog.documents() == [entry.document for entry in entries]
    assert catalog.knows("word")
    assert not catalog.knows("other")
    assert catalog.words() == [("word", 2)]
    catalog.close()


def test_numbers_run_through_the_whole_generation(tmp_path: Path) -> None:
    """Passages are numbered on from document to document, sentences without a gap."""
    entries = [_entry(n, "One goes here. Two goes there.\n\nThree is last. ") for n in range(3)]
    write_catalog(tmp_path / "catalog.db", entries, [])
    catalog = Catalog(tmp_path / "catalog.db")
    passages = [p for entry in entries for p in catalog.passages_of(entry.document.id)]
    assert [passage.id for passage in passages] == list(range(len(passages)))
    rows = [catalog.sentence_rows(passage) for passage in passages]
    assert rows[0][0] == 0
    assert all(before[1] == after[0] for before, after in pairwise(rows))
    assert [(first, end) for _, _, first, end in catalog.vector_rows()] == rows
    merged = replace(passages[0], end=passages[1].end)
    assert catalog.sentence_rows(merged) == (rows[0][0], rows[1][1])


def test_what_is_not_there_is_a_key_error(tmp_path: Path) -> None:
    """An unknown document or passage is the caller's mistake."""
    write_catalog(tmp_path / "catalog.db", [_entry(0, "Text.")], [])
    catalog = Catalog(tmp_path / "catalog.db")
    with pytest.raises(KeyError):
        catalog.document("nothing")
    with pytest.raises(KeyError):
        catalog.passages([99])
    assert catalog.passages_of("nothing") == []


def test_a_file_that_is_no_catalog_is_a_damaged_index(tmp_path: Path) -> None:
    """SQLite's own errors become ours, with the remedy."""
    (tmp_path / "catalog.db").write_bytes(b"not a database at all, but long enough to look")
    with pytest.raises(IndexUnavailable, match="index the documents again"):
        Catalog(tmp_path / "catalog.db").documents()
    with pytest.raises(IndexUnavailable, match="index the documents again"):
        Catalog(tmp_path / "missing.db").documents()
