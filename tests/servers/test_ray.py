"""Builds on Ray: what a cluster makes is what this process makes, whoever dies on the way."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.build import BuildOptions, BuildReport, Cluster, build
from index.cluster import ALONE, QUIET
from index.generation import current_generation, read_manifest
from tests.command import run

pytestmark = [
    pytest.mark.servers,
    # Ray Data warns of its own settings whenever it copies them.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray.data.context"),
]

WORKERS = 2
FILES = 12


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with some notes, and one that cannot be read."""
    folder = tmp_path_factory.mktemp("ray") / "notes"
    folder.mkdir()
    for number in range(FILES):
        lines = [
            f"The treaty of island {number} was signed at meeting {row}. " + "A puppy ran. " * 30
            for row in range(12)
        ]
        (folder / f"{number}.txt").write_text("\n\n".join(lines), encoding="utf-8")
    (folder / "damaged.txt").write_bytes(b"\x00\x01\x02" * 50)
    return folder


@pytest.fixture
def options(tiny_models: Path) -> BuildOptions:
    """Return options with a model of two layers, which is exported already."""
    return BuildOptions(cache=tiny_models / "cache", model=str(tiny_models / "models" / "embedder"))


@pytest.fixture(scope="module", autouse=True)
def _loopback() -> Iterator[None]:
    """Have Ray look for clusters where the fixture starts one: it reads this when imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
        yield


@pytest.fixture(scope="module")
def head() -> Iterator[tuple[str, int]]:
    """Return the address and the process of a Ray cluster that somebody has started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"]
    command += ["--node-ip-address=127.0.0.1", f"--port={port}", f"--num-cpus={WORKERS}"]
    command += ["--include-dashboard=false", "--disable-usage-stats"]
    # On this machine alone, as a cluster of a build's own is; told that its statistics are off,
    # `ray start` would send word of that.
    alone = {**os.environ, **QUIET, **ALONE}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=alone
    )
    try:
        assert process.stdout
        said = ""
        while "Ray runtime started" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        yield f"127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _files(report: BuildReport) -> dict[str, tuple[int, str]]:
    """Return size and hash of every file of the generation that a build made."""
    return read_manifest(current_generation(report.index)).files


def _on(options: BuildOptions, address: str | None) -> BuildOptions:
    return BuildOptions(cache=options.cache, model=options.model, cluster=Cluster(address))


def _actors(ancestor: int) -> list[int]:
    """Return the processes under `ancestor` that embed."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            title = (folder / "cmdline").read_text("utf-8", "replace")
            process = int(folder.name)
            while "_Embedder" in title and process > 1:
                status = (Path("/proc") / str(process) / "stat").read_text("utf-8")
                process = int(status.rpartition(")")[2].split()[1])
                if process == ancestor:
                    found.append(int(folder.name))
        except (OSError, ValueError):
            continue
    return found


def test_a_cluster_makes_the_same_generation(
    notes: Path, options: BuildOptions, tmp_path: Path
) -> None:
    """Texts, vectors and words are the same to the last byte, and the report says the same."""
    told: list[tuple[str, int, int]] = []
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    here = build([notes], tmp_path / "a" / "index", options)
    there = build(
        [notes], tmp_path / "b" / "index", _on(options, None), lambda *step: told.append(step)
    )
    assert _files(there) == _files(here)
    assert {"sentences.npy", "vectors/passages.npy", "catalog.db"} <= set(_files(here))
    for field in ("generation", "documents", "passages", "added", "embedded", "problems"):
        assert getattr(there, field) == getattr(here, field)
    assert len(here.problems) == 1
    steps = [done for stage, done, total in told if stage == "embedding" and total]
    assert steps[0] == 0
    assert len(steps) > 2
    assert steps[-1] == here.embedded


def test_a_worker_that_is_killed_costs_its_batch(
    notes: Path,
    options: BuildOptions,
    head: tuple[str, int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After kill -9 of an embedding process the build ends, and makes what it would have made."""
    monkeypatch.setattr("index.cluster.PIECES", 2)
    address, process = head
    killed: list[int] = []
    steps: list[tuple[int, int]] = []

    def kill(stage: str, done: int, total: int) -> None:
        if stage == "embedding":
            steps.append((done, total))
            if done and not killed:
                killed.append(_actors(process)[0])
                os.kill(killed[0], signal.SIGKILL)

    # Documents are told apart by their path from the folder that the index lies in.
    places = [tmp_path / name / "index" for name in ("there", "here")]
    for place in places:
        place.parent.mkdir()
    there = build([notes], places[0], _on(options, address), kill)
    assert killed
    at = next(done for done, _ in steps if done)
    assert at < there.embedded / 2
    here = build([notes], places[1], options)
    assert _files(there) == _files(here)


def test_a_build_that_was_stopped_goes_on_anywhere(
    notes: Path, options: BuildOptions, head: tuple[str, int], tmp_path: Path
) -> None:
    """What a cluster had embedded, a build in this process does not embed again."""

    class Stopped(BaseException):
        """What stands in for a kill: nobody catches it."""

    def stop(stage: str, done: int, _total: int) -> None:
        if stage == "embedding" and done:
            raise Stopped

    with pytest.raises(Stopped):
        build([notes], tmp_path / "index", _on(options, head[0]), stop)
    rest = build([notes], tmp_path / "index", options)
    assert 0 < rest.embedded < rest.passages
    assert rest.documents == FILES


def test_typed_at_the_command_line(
    notes: Path, options: BuildOptions, head: tuple[str, int], tmp_path: Path
) -> None:
    """`footnote index --engine ray --address …` builds, and a second time finds nothing to do."""
    settings = {
        "FOOTNOTE_CACHE_DIR": str(options.cache),
        "FOOTNOTE_EMBEDDING_MODEL": options.model,
    }
    command = ("index", notes, "--engine", "ray", "--address", head[0], "--json")
    first = run(*command, cwd=tmp_path, **settings)
    assert json.loads(first.stdout)["embedded"] > 0, first.stderr
    second = run(*command, cwd=tmp_path, **settings)
    assert json.loads(second.stdout)["embedded"] == 0
    assert json.loads(second.stdout)["unchanged"] == FILES
