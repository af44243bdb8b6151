"""Search: two rankings fused, headings as context, neighbours merged, slices exact."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from index.build import BuildOptions, build
from index.filters import Filter
from index.passage import Document, Hit, Passage, Section
from index.search import COVERAGE, Searcher, merge_neighbours, open_index
from tests.fakes import HashEmbedder

GARDEN = """# The walled garden

Visitors come from April to October. The gate is on the north side.

## Apples

Forty kinds grow along the wall. Most of them keep until spring. {filling}

The oldest was planted in 1911. It still bears fruit.

## Bees

Three hives stand behind the shed. Honey is sold at the gate.
"""
FILLING = " ".join(f"Row {number} is pruned in winter by two people." for number in range(25))


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    """Return an index of two documents."""
    folder = tmp_path_factory.mktemp("search")
    (folder / "garden.md").write_text(GARDEN.format(filling=FILLING), encoding="utf-8")
    (folder / "harbour.txt").write_text("Boats leave the harbour at noon.", encoding="utf-8")
    options = BuildOptions(folder, embedder=HashEmbedder())
    build([folder / "garden.md", folder / "harbour.txt"], folder / "index", options)
    with open_index(folder / "index", HashEmbedder()) as opened:
        yield opened


def test_every_hit_is_an_exact_slice(searcher: Searcher) -> None:
    """A passage's text and its sentences are slices of the document that it names."""
    for hit in searcher.search("apples pruned in winter", 8):
        passage, text = hit.passage, hit.document.text
        assert text[passage.start : passage.end] == passage.text
        assert searcher.document(passage.document_id) == hit.document
        assert all(passage.start <= s.start < s.end <= passage.end for s in passage.sentences)
        vectors = searcher.sentence_vectors(passage)
        assert vectors.shape == (len(passage.sentences), searcher.manifest.dimension)


def test_the_score_is_the_best_sentence_and_what_is_covered(searcher: Searcher) -> None:
    """An unmerged hit's score is its best sentence's cosine plus half of the words' share."""
    (hit,) = searcher.search("boats leave the harbour", 1)
    assert (hit.dense_rank, hit.lexical_rank) == (1, 1)
    assert hit.coverage == pytest.approx(1)
    cosines = searcher.sentence_vectors(hit.passage) @ searcher.embed_question(
        "boats leave the harbour"
    )
    assert hit.best_sentence == pytest.approx(max(cosines), abs=1e-6)
    assert hit.score == pytest.approx(max(cosines) + COVERAGE, abs=1e-6)
    assert hit.lexical


def test_a_filter_keeps_other_documents_out(searcher: Searcher) -> None:
    """By source or by id, hits come from what is let through, however well others match."""
    question = "boats leave the harbour"
    by_source = searcher.search(question, 3, Filter(sources=("*.md",)))
    assert {hit.document.title for hit in by_source} == {"The walled garden"}
    harbour = next(d.id for d in searcher.documents() if d.title == "Harbour")
    by_id = searcher.search("apples", 3, Filter(documents=(harbour,)))
    assert [hit.document.id for hit in by_id] == [harbour]
    assert searcher.search(question, 3, Filter(documents=(harbour,), sources=("*.md",))) == []
    found = searcher.as_retriever(k=2, only=Filter(sources=("*.md",))).invoke(question)
    assert {one.metadata["title"] for one in found} == {"The walled garden"}


def test_what_is_said_twice_is_found_once(tmp_path: Path) -> None:
    """A copy in other capitals and punctuation is left out; another number is another statement."""
    for name, text in {
        "a": "The ferry leaves at 9.",
        "b": "The FERRY leaves at 9!",
        "c": "The ferry leaves at 10.",
    }.items():
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    files = [tmp_path / f"{name}.txt" for name in "abc"]
    build(files, tmp_path / "index", BuildOptions(tmp_path, embedder=HashEmbedder()))
    with open_index(tmp_path / "index", HashEmbedder()) as opened:
        texts = [hit.passage.text for hit in opened.search("when does the ferry leave", 3)]
    assert sorted(texts) == ["The ferry leaves at 10.", "The ferry leaves at 9."]


def test_a_passage_is_found_by_its_heading(searcher: Searcher) -> None:
    """The word stands in the heading alone, and finds what is under it."""
    (hit,) = searcher.search("apples", 1)
    assert hit.passage.section == "Apples"
    assert "apples" not in hit.passage.text.casefold()


def test_questions_without_words_find_nothing_or_anything_but_never_fail(
    searcher: Searcher,
) -> None:
    """An empty question has no hits; one without content words may have some."""
    assert searcher.search("") == []
    assert searcher.search("  \n") == []
    assert len(searcher.search("???", 3)) <= 3
    with pytest.raises(ValueError, match="at least 1"):
        searcher.search("apples", 0)


def _hit(number: int, start: int, score: float, document: Document) -> Hit:
    text = document.text[start : start + 10]
    section = document.section_at(start)
    heading = section.heading if section else ""
    passage = Passage(number, document.id, start, start + 10, text, heading, ())
    return Hit(passage, document, score, 0.5, None, number + 1, None)


def test_only_neighbours_of_one_section_are_merged() -> None:
    """Adjoining passages become one hit; a heading, a gap or another document keeps them apart."""
    sections = (Section("A", 1, 0, 30), Section("B", 1, 30, 60))
    document = Document("d", "T", "s", "0123456789" * 6, sections)
    hits = [_hit(number, number * 10, score, document)
            for number, score in ((0, 0.1), (1, 0.3), (3, 0.2), (5, 0.15))]  # fmt: skip
    merged = merge_neighbours(hits)
    assert [(h.passage.start, h.passage.end, h.score) for h in merged] == [
        (0, 20, 0.3),
        (30, 40, 0.2),
        (50, 60, 0.15),
    ]
    assert merged[0].passage.text == document.text[0:20]
    across = merge_neighbours([_hit(2, 20, 0.1, document), _hit(3, 30, 0.2, document)])
    assert len(across) == 2
    other = Document("e", "T", "s", document.text, sections)
    assert len(merge_neighbours([_hit(0, 0, 0.1, document), _hit(1, 10, 0.1, other)])) == 2


def test_threads_may_share_a_searcher(searcher: Searcher) -> None:
    """Eight threads find what one finds."""
    asked = [f"row {number} in winter" for number in range(25)] * 2
    alone = [searcher.search(question, 4) for question in asked]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda question: searcher.search(question, 4), asked)) == alone


def test_the_retriever_is_langchains(searcher: Searcher) -> None:
    """`as_retriever` gives LangChain documents that are slices, with where they stand."""
    retriever = searcher.as_retriever(k=2)
    found = retriever.invoke("forty kinds of apples")
    assert 1 <= len(found) <= 2
    for one in found:
        text = searcher.document(one.metadata["document_id"]).text
        assert text[one.metadata["start"] : one.metadata["end"]] == one.page_content
    assert [many[0].page_content for many in retriever.batch(["honey", "boats"])] == [
        searcher.search("honey", 2)[0].passage.text,
        searcher.search("boats", 2)[0].passage.text,
    ]


def test_a_process_that_searches_loads_no_training_library(
    bundled_assistant: object, cache_folder: Path
) -> None:
    """Opening the bundled index and searching it needs neither PyTorch nor Chroma nor LangChain."""
    assert bundled_assistant
    program = f"""
import sys
from pathlib import Path
from index import open_index
from index.bundled import bundled_index
from index.embed import BUNDLED_MODEL
index = open_index(bundled_index(Path({str(cache_folder)!r}), BUNDLED_MODEL))
assert index.search("why did Abe court Putin?", 4)
heavy = {{"torch", "transformers", "sentence_transformers", "chromadb", "langchain_core"}}
sys.stdout.write(repr(sorted(heavy & set(sys.modules))))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]"
