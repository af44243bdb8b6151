"""Vectors: both ways of keeping them find the same neighbours."""

from pathlib import Path

import numpy as np
import pytest

from index.embed import unit
from index.errors import IndexUnavailable
from index.store import ChromaVectors, FullScan, VectorIndex, open_vectors, write_vectors

PASSAGES, DIMENSION = 400, 32


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with vectors in forty clusters."""
    generator = np.random.default_rng(7)
    centres = generator.normal(size=(40, DIMENSION))
    spread = generator.normal(size=(PASSAGES, DIMENSION)) * 0.4
    vectors = unit((centres.repeat(10, axis=0) + spread).astype(np.float32))
    where = tmp_path_factory.mktemp("store") / "vectors"
    write_vectors(where, vectors.astype(np.float16), np.arange(PASSAGES + 1))
    return where


@pytest.fixture(scope="module", params=["full scan", "chroma"])
def index(folder: Path, request: pytest.FixtureRequest) -> VectorIndex:
    """Return the same vectors, opened in either way."""
    limit = PASSAGES if request.param == "full scan" else PASSAGES - 1
    opened = open_vectors(folder, full_scan_limit=limit)
    assert isinstance(opened, FullScan if request.param == "full scan" else ChromaVectors)
    return opened


def test_a_vector_is_nearest_to_itself(index: VectorIndex, folder: Path) -> None:
    """Numbers and cosines come nearest first, and the nearest is the vector itself."""
    vectors = np.load(folder / "passages.npy").astype(np.float32)
    for number in (0, 57, 399):
        numbers, cosines = index.nearest(unit(vectors[number]), 5)
        assert numbers[0] == number
        assert cosines[0] == pytest.approx(1, abs=1e-3)
        assert list(cosines) == sorted(cosines, reverse=True)


def test_at_most_all_come_back(index: VectorIndex) -> None:
    """Asking for more than there are gives all, each once."""
    numbers, cosines = index.nearest(unit(np.ones(DIMENSION, np.float32)), PASSAGES + 10)
    assert len(cosines) == len(set(numbers.tolist())) == len(numbers)
    assert len(numbers) <= PASSAGES


def test_both_ways_agree(folder: Path) -> None:
    """Chroma's approximate graph finds what the exact scan finds, with the same cosines."""
    scan, graph = open_vectors(folder, PASSAGES), open_vectors(folder, 0)
    generator = np.random.default_rng(11)
    shared = 0
    for _ in range(50):
        vector = unit(generator.normal(size=DIMENSION).astype(np.float32))
        exact, exact_cosines = scan.nearest(vector, 10)
        found, cosines = graph.nearest(vector, 10)
        shared += len(set(exact.tolist()) & set(found.tolist()))
        assert cosines[0] == pytest.approx(exact_cosines[0], abs=2e-2)
    assert shared / 500 > 0.95


def test_the_nearest_of_some_are_exact(index: VectorIndex, folder: Path) -> None:
    """Of the passages that are allowed, either way finds the nearest, and no other."""
    vectors = np.load(folder / "passages.npy").astype(np.float32)
    allowed = np.arange(0, PASSAGES, 7)
    cosines = vectors[allowed] @ vectors[57]
    numbers, found = index.nearest_of(vectors[57], 5, allowed)
    assert numbers.tolist() == allowed[np.argsort(-cosines)[:5]].tolist()
    assert found.tolist() == pytest.approx(sorted(cosines, reverse=True)[:5], abs=1e-5)
    assert index.nearest_of(vectors[57], 5, allowed[:0])[0].tolist() == []


def test_equally_near_vectors_come_in_their_order(tmp_path: Path) -> None:
    """Ties are decided by the passages' numbers, so that a search can be repeated."""
    same = np.tile(unit(np.arange(1, 5, dtype=np.float32)), (6, 1))
    write_vectors(tmp_path / "v", same.astype(np.float16), np.arange(7))
    for limit in (10, 0):
        numbers, _ = open_vectors(tmp_path / "v", limit).nearest(unit(same[0]), 6)
        assert numbers.tolist() == [0, 1, 2, 3, 4, 5]


def test_an_empty_index_has_no_neighbours(tmp_path: Path) -> None:
    """No passages: nothing is found, nothing fails."""
    write_vectors(tmp_path / "v", np.zeros((0, 4), np.float16), np.arange(1))
    numbers, _ = open_vectors(tmp_path / "v").nearest(np.zeros(4, np.float32), 3)
    assert numbers.tolist() == []


def test_missing_vectors_are_a_damaged_index(tmp_path: Path) -> None:
    """Neither an absent file nor an absent collection is a traceback of somebody else's."""
    with pytest.raises(IndexUnavailable, match="index the documents again"):
        open_vectors(tmp_path)
    write_vectors(tmp_path / "v", np.zeros((3, 4), np.float16), np.arange(4))
    for file in (tmp_path / "v" / "chroma").glob("*.sqlite3"):
        file.unlink()
    with pytest.raises(IndexUnavailable, match="index the documents again"):
        open_vectors(tmp_path / "v", full_scan_limit=0)
