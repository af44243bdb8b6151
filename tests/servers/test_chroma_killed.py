"""A Chroma server killed in the middle of a build costs the build, never the index."""

import threading
from pathlib import Path

import numpy as np
import pytest

from index.build import BuildOptions, build
from index.chroma_server import ChromaServer, ServerOptions
from index.errors import IndexUnavailable
from index.search import open_index
from tests.chroma import Chroma, chroma
from tests.fakes import HashEmbedder

pytestmark = pytest.mark.servers


def notes(folder: Path, version: str) -> list[Path]:
    """Write twenty documents of forty passages each, all of one version."""
    folder.mkdir(exist_ok=True)
    for number in range(20):
        rows = [f"# Row {row}\n\nShed {number} holds {version} tools." for row in range(40)]
        (folder / f"{number}.md").write_text("\n\n".join(rows), encoding="utf-8")
    return sorted(folder.iterdir())


def told(index: Path, server: ChromaServer) -> set[str]:
    """Return which version the index speaks of."""
    with open_index(index, HashEmbedder(), server=server) as searcher:
        hits = searcher.search("which shed holds tools?", 20)
        assert hits
        return {hit.passage.text.split(" tools")[0].split()[-1] for hit in hits}


def killed_after(running: Chroma, seconds: float) -> threading.Timer:
    """Kill the server in so many seconds."""
    timer = threading.Timer(seconds, running.kill)
    timer.start()
    return timer


def test_a_server_killed_during_a_build_leaves_the_old_index(tmp_path: Path) -> None:
    """Whatever moment it was: the old index answers when the server is back, then the new one, and
    nothing of the broken builds stays on the server.
    """
    moments = np.random.default_rng(5).uniform(0.0, 0.6, 4)
    with chroma(tmp_path / "data") as running, ChromaServer(ServerOptions(running.url)) as server:
        recipe = BuildOptions(tmp_path, embedder=HashEmbedder(), server=server)
        build(notes(tmp_path / "in", "rusty"), tmp_path / "index", recipe)
        broken = 0
        for round_, moment in enumerate(moments):
            old = told(tmp_path / "index", server)
            version = f"blue{round_}"
            timer = killed_after(running, float(moment))
            try:
                build(notes(tmp_path / "in", version), tmp_path / "index", recipe)
            except IndexUnavailable:
                broken += 1
                timer.join()
                running.start()
                assert told(tmp_path / "index", server) == old
                build(sorted((tmp_path / "in").iterdir()), tmp_path / "index", recipe)
            else:
                timer.cancel()
                running.kill()
                running.start()
            assert told(tmp_path / "index", server) == {version}
        assert broken, "no build was hit; the moments are chosen badly"
        start = f"footnote-{(tmp_path / 'index' / 'id').read_text()}-"
        kept = {folder.name for folder in (tmp_path / "index" / "generations").iterdir()}
        assert {name.removeprefix(start) for name in server.names(start)} == kept
