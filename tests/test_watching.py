"""`footnote index --watch`: what changes under a folder is in the index soon after."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from index.build import BuildOptions, build
from tests.command import run
from tests.fakes import HashEmbedder

# Where the tests run in the background of a shell, Ctrl-C is ignored by what they start.
COMMAND = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from assistant.cli import main
main()
"""
SECONDS = 90.0
"""How long a line may take on a busy machine before the test gives up."""


class Watching:
    """A running `footnote index --watch`, and what it says, line by line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def until(self, words: str) -> str:
        """Return the next line that holds `words`."""
        said = []
        try:
            while words not in (line := self._lines.get(timeout=SECONDS)):
                said.append(line)
                assert line, f"it ended without saying {words!r}: {said}"
        except queue.Empty:
            pytest.fail(f"never said {words!r}: {said}")
        return line

    def end(self) -> int:
        """Press Ctrl-C; return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(SECONDS)


@contextmanager
def watching(folder: Path, *paths: str) -> Iterator[Watching]:
    """Run `footnote index PATHS --watch` in `folder`, as far as its first build's end."""
    command = [sys.executable, "-c", COMMAND, "index", *paths, "--watch"]
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            started = Watching(process)
            started.until("watching")
            yield started
        finally:
            process.kill()


def _generation(folder: Path) -> str:
    return (folder / "footnote-index" / "current").read_text("utf-8")


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to one process")
def test_what_changes_in_a_folder_is_indexed(tmp_path: Path, model_folder: Path) -> None:
    """A file added, changed, moved, removed makes a generation each; Ctrl-C is a good end."""
    assert model_folder.is_dir()
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "tea.txt").write_text("Tea is drunk hot.", encoding="utf-8")
    steps: tuple[tuple[str, Callable[[], object]], ...] = (
        ("1 added;", lambda: (notes / "rye.txt").write_text("# Rye\n\nRye keeps for a week.")),
        ("1 changed;", lambda: (notes / "rye.txt").write_text("# Rye\n\nRye keeps for a month.")),
        ("1 moved;", lambda: (notes / "rye.txt").rename(notes / "bread.txt")),
        ("1 added;", lambda: (notes / "oat.txt").write_text("Oats are for horses.")),
        ("1 removed;", (notes / "bread.txt").unlink),
    )
    with watching(tmp_path, "notes") as process:
        seen = {_generation(tmp_path)}
        for said, change in steps:
            change()
            process.until(said)
            seen.add(_generation(tmp_path))
        assert len(seen) == 1 + len(steps)
        assert process.end() == 0


@pytest.mark.servers
@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to one process")
def test_a_build_that_fails_is_told_and_watching_goes_on(
    tmp_path: Path, model_folder: Path
) -> None:
    """A folder taken away is told; put back it is indexed; a file replaced is seen, too."""
    assert model_folder.is_dir()
    notes, tea = tmp_path / "notes", tmp_path / "tea.txt"
    notes.mkdir()
    (notes / "rye.txt").write_text("Rye keeps for a week.", encoding="utf-8")
    tea.write_text("Tea is drunk hot.", encoding="utf-8")
    with watching(tmp_path, "notes", "tea.txt") as process:
        # Once this is told, the build that watching begins with is over.
        tea.write_text("Tea is drunk lukewarm.", encoding="utf-8")
        process.until("1 changed;")
        notes.rename(tmp_path / "away")
        assert "not built" in process.until("no such file")
        (tmp_path / "away" / "oat.txt").write_text("Oats are for horses.", encoding="utf-8")
        (tmp_path / "away").rename(notes)
        process.until(" added;")
        for temperature in ("cold", "warm"):
            (tmp_path / "new").write_text(f"Tea is drunk {temperature}.", encoding="utf-8")
            (tmp_path / "new").replace(tea)
            process.until("1 changed;")
        assert process.end() == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("https://example.com/page",), "web pages"),
        (("--sitemap", "https://example.com/sitemap.xml"), "web pages"),
        ((".", "--json"), "--json"),
    ],
)
def test_what_cannot_be_watched_is_wrong_usage(
    arguments: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    """Web pages do not tell when they change, and one JSON document cannot go on."""
    done = run("index", *arguments, "--watch", cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
    assert not (tmp_path / "footnote-index").exists()


def test_without_watchfiles_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is of the extra `build`, and the message names it."""
    from assistant.watching import require_watchfiles
    from index.errors import MissingExtra

    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(MissingExtra, match=r"footnote\[build\]"):
        require_watchfiles()


def test_a_build_that_changed_nothing_says_nothing(tmp_path: Path) -> None:
    """One line for what was done, none for nothing."""
    from assistant.watching import summary

    (tmp_path / "tea.txt").write_text("Tea is drunk hot.", encoding="utf-8")
    options = BuildOptions(tmp_path, embedder=HashEmbedder())
    reports = [build([tmp_path / "tea.txt"], tmp_path / "index", options) for _ in range(2)]
    assert summary(reports[0]).startswith("1 added; 1 document")
    assert summary(reports[1]) == ""
