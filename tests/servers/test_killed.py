"""Promise 5, tried by chance: kill -9 at random moments leaves the old index or the new one.

Three moments by default; KILLS=50 tries fifty.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from time import perf_counter, sleep

import pytest

from index.build import BuildOptions, build
from index.embedded import Embedded
from index.search import open_index
from tests.fakes import HashEmbedder

pytestmark = pytest.mark.servers

KILLS = int(os.environ.get("KILLS", "3"))
SEED = 20_160_115
FILES = 4

BUILDS = """
import sys
from pathlib import Path
from index.build import BuildOptions, build
from tests.fakes import HashEmbedder
import chromadb

sys.stdin.readline()
place = Path(sys.argv[1])
build([place / "notes"], place / "index", BuildOptions(place, embedder=HashEmbedder()))
"""


def _write(place: Path, version: str, rows: int = 10) -> None:
    (place / "notes").mkdir(exist_ok=True)
    for number in range(FILES):
        lines = [f"Shed {number} holds {version} tools, row {row}." for row in range(rows)]
        (place / "notes" / f"{number}.txt").write_text("\n\n".join(lines), encoding="utf-8")


def _told(index: Path) -> set[str]:
    """Return which version each document of the index is of; opening it checks every file."""
    with open_index(index, HashEmbedder()) as searcher:
        assert searcher.search("which shed holds tools?", 3)
        documents = searcher.documents()
        assert len(documents) == FILES
        return {document.text.split()[3] for document in documents}


def _build(place: Path, after: float | None) -> float:
    """Build in a process and kill it `after` seconds, if any; return how long it built."""
    process = subprocess.Popen([sys.executable, "-c", BUILDS, place], stdin=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(b"go\n")
    process.stdin.flush()
    started = perf_counter()
    if after is not None:
        sleep(after)
        process.kill()
    process.wait()
    process.stdin.close()
    return perf_counter() - started


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is POSIX")
def test_killed_at_random_moments_the_old_or_the_new_index_answers(tmp_path: Path) -> None:
    """After each kill every document is of one version, and the next build ends well."""
    chance = random.Random(SEED)  # noqa: S311  seeded, no secret
    _write(tmp_path, "old")
    options = BuildOptions(tmp_path, embedder=HashEmbedder())
    build([tmp_path / "notes"], tmp_path / "index", options)
    shutil.copytree(tmp_path, tmp_path / "whole", ignore=shutil.ignore_patterns("whole"))
    _write(tmp_path / "whole", "new")
    whole = _build(tmp_path / "whole", None)
    before = "old"
    for number in range(KILLS):
        after = f"new{number}"
        _write(tmp_path, after)
        _build(tmp_path, chance.uniform(0, whole))
        assert _told(tmp_path / "index") in ({before}, {after})
        build([tmp_path / "notes"], tmp_path / "index", options)
        assert _told(tmp_path / "index") == {after}
        left = {path.name for path in (tmp_path / "index").iterdir()}
        assert left <= {"current", "generations", "lock"}
        before = after


def test_a_killed_build_goes_on_where_it_was(tmp_path: Path) -> None:
    """What was embedded before the kill is not embedded again, and is the same."""
    _write(tmp_path, "old", rows=150)
    first, second = HashEmbedder(), HashEmbedder()

    class Killed(BaseException):
        """What stands in for a kill: nobody catches it."""

    def die(stage: str, done: int, total: int) -> None:
        if stage == "embedding" and 0 < total // 2 <= done:
            raise Killed

    notes, index = [tmp_path / "notes"], tmp_path / "index"
    with pytest.raises(Killed):
        build(notes, index, BuildOptions(tmp_path, embedder=first), die)
    (kept,) = index.glob("embedded-*")
    with Embedded(kept, first.dimension) as file:
        assert file.take("0" * 32) is None
    build(notes, index, BuildOptions(tmp_path, embedder=second))
    assert first.embedded
    assert second.embedded
    assert not set(first.embedded) & set(second.embedded)
    fresh = HashEmbedder()
    build(notes, tmp_path / "fresh", BuildOptions(tmp_path, embedder=fresh, base=tmp_path))
    assert sorted(first.embedded + second.embedded) == sorted(fresh.embedded)
