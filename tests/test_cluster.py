"""What is told of a Ray cluster that cannot be used, before any of Ray is needed."""

import socket
import sys
from pathlib import Path

import pytest

from index.build import BuildOptions, Cluster, build
from index.cluster import ray_engine
from index.errors import BuildError, MissingExtra, UsageError
from tests.command import run
from tests.fakes import HashEmbedder


@pytest.mark.parametrize("address", ["nowhere", "ray://127.0.0.1:10001", "host:port", ":6379"])
def test_what_is_no_address_is_wrong_usage(address: str, tmp_path: Path) -> None:
    """The message shows what was typed and what an address looks like."""
    with pytest.raises(UsageError, match="is not HOST:PORT"), ray_engine(address, tmp_path):
        pass


def test_where_nobody_listens_the_address_is_named(tmp_path: Path) -> None:
    """A cluster that is not there is told at once, with what to look at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with (
        pytest.raises(BuildError, match=f"no Ray cluster answers at {address}.*ray status"),
        ray_engine(address, tmp_path),
    ):
        pass


def test_without_ray_the_command_that_installs_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Ray is not installed, the message is how to install it."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(MissingExtra, match=r"pip install 'footnote\[ray\]'"),
        ray_engine(None, tmp_path),
    ):
        pass


def test_an_embedder_of_ones_own_stays_here(tmp_path: Path) -> None:
    """What a caller brings cannot be sent to a cluster, and that is said."""
    (tmp_path / "notes.txt").write_text("Rye bread keeps for a week.", encoding="utf-8")
    options = BuildOptions(cache=tmp_path, embedder=HashEmbedder(), cluster=Cluster())
    with pytest.raises(UsageError, match="embedder of yours"):
        build([tmp_path / "notes.txt"], tmp_path / "index", options)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (("--address", "127.0.0.1:6379"), "add --engine ray"),
        (("--engine", "ray", "--watch"), "leave out --engine ray"),
        (("--engine", "spark"), "'spark'"),
    ],
)
def test_options_that_do_not_go_together(typed: tuple[str, ...], says: str, tmp_path: Path) -> None:
    """An address without the engine, a watch on a cluster, another engine: wrong usage."""
    (tmp_path / "notes").mkdir()
    done = run("index", "notes", *typed, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
