"""Vectors of a build under way: what was kept is there again, whatever was cut short."""

from pathlib import Path

import numpy as np
import pytest

from index.embedded import Embedded

KEYS = ["a" * 32, "b" * 32]
PASSAGES = np.arange(8, dtype=np.float16).reshape(2, 4)
SENTENCES = np.arange(12, dtype=np.float16).reshape(3, 4) + 100


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file in which two passages are kept, of two sentences and of one."""
    with Embedded(tmp_path / "embedded", 4) as kept:
        kept.add(KEYS, PASSAGES, SENTENCES, [2, 1])
    return tmp_path / "embedded"


def test_what_was_kept_is_taken_again(file: Path) -> None:
    """Each passage comes back with its own sentences; an unknown one does not."""
    with Embedded(file, 4) as kept:
        for number, (first, end) in enumerate([(0, 2), (2, 3)]):
            found = kept.take(KEYS[number])
            assert found is not None
            assert found[0].tolist() == PASSAGES[number].tolist()
            assert found[1].tolist() == SENTENCES[first:end].tolist()
        assert kept.take("c" * 32) is None


def test_a_record_cut_short_anywhere_is_dropped(file: Path) -> None:
    """However much of the last record is missing, the first is whole, and more can follow."""
    content = file.read_bytes()
    first = 32 + 4 + 2 * 4 * 3
    for length in range(first, len(content)):
        file.write_bytes(content[:length])
        with Embedded(file, 4) as kept:
            assert kept.take(KEYS[0]) is not None
            assert kept.take(KEYS[1]) is None
            kept.add(KEYS[1:], PASSAGES[1:], SENTENCES[2:], [1])
        assert file.read_bytes() == content
