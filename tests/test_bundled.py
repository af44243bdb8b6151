"""The bundled article's index is built once, and again when what it depends on changes."""

from pathlib import Path

import pytest

import index.bundled
from index.bundled import ARTICLES, bundled_index
from index.embed import BUNDLED_MODEL
from index.search import open_index


def test_it_is_built_once(bundled_assistant: object, cache_folder: Path) -> None:
    """The second call reports no progress, and finds the article."""
    assert bundled_assistant

    def refuse(stage: str, done: int, total: int) -> None:
        pytest.fail(f"built again: {stage} {done} {total}")

    where = bundled_index(cache_folder, BUNDLED_MODEL, refuse)
    with open_index(where) as searcher:
        (article,) = searcher.documents()
        assert article.source == "japan-russia.md"
        assert [file.name for file in ARTICLES.glob("*.md")] == [article.source]


def test_another_way_of_splitting_is_another_index(
    bundled_assistant: object, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index of an earlier version is not mistaken for this one's."""
    assert bundled_assistant
    before = bundled_index(cache_folder, BUNDLED_MODEL)
    monkeypatch.setattr(index.bundled, "SPLITTER", "another-1")
    assert bundled_index(cache_folder, BUNDLED_MODEL) != before
