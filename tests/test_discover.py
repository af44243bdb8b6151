"""Which files are read: those named, and of folders the readable ones that patterns let through."""

import os
import socket
import tempfile
from pathlib import Path
from typing import Any

import pytest

from index.errors import UsageError
from index.load import READABLE, discover
from tests.test_load import read


def tree(root: Path, *names: str) -> None:
    """Write small files below `root`."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("words", encoding="utf-8")


def test_a_folder_is_walked_in_order(tmp_path: Path) -> None:
    """Readable files at any depth are found, in order; hidden ones and other kinds are not."""
    tree(tmp_path, "b.md", "a.txt", "sub/c.MARKDOWN", "sub/d.text", "e.pdf", "LICENSE")
    tree(tmp_path, ".hidden.txt", ".git/x.txt")
    found = [str(path.relative_to(tmp_path)) for path in discover([tmp_path])]
    assert found == ["a.txt", "b.md", "e.pdf", "sub/c.MARKDOWN", "sub/d.text"]
    assert len(READABLE) == 10


@pytest.mark.parametrize(
    ("include", "exclude", "found"),
    [
        (["*.md"], [], ["a.md", "drafts/b.md", "drafts/old/c.md"]),
        ([], ["drafts/**"], ["a.md", "d.txt"]),
        ([], ["drafts"], ["a.md", "d.txt"]),
        ([], ["drafts/"], ["a.md", "d.txt"]),
        (["*.md"], ["**/c.md", "./a.md"], ["drafts/b.md"]),
        (["drafts/*.md", "*.txt"], ["old"], ["d.txt", "drafts/b.md"]),
        (["**/*.txt"], [], ["d.txt"]),
    ],
)
def test_patterns_choose_within_a_folder(
    tmp_path: Path, include: list[str], exclude: list[str], found: list[str]
) -> None:
    """With a slash a pattern is for the path below the folder, without one for any part of it."""
    tree(tmp_path, "a.md", "d.txt", "drafts/b.md", "drafts/old/c.md")
    files = discover([tmp_path], include=include, exclude=exclude)
    assert [str(file.relative_to(tmp_path)) for file in files] == found
    assert discover([tmp_path / "d.txt"], exclude=["*"]) == [tmp_path / "d.txt"]


def test_patterns_that_let_nothing_through_are_told(tmp_path: Path) -> None:
    """A pattern that fits nothing is more likely a slip than a wish."""
    tree(tmp_path, "a.md")
    with pytest.raises(UsageError, match=r"nothing to read in .* that the patterns let through"):
        discover([tmp_path], include=["*.txt"])


def test_what_is_named_is_taken_once(tmp_path: Path) -> None:
    """A named file counts whatever its suffix; twice named, or met in a folder too, it is one."""
    tree(tmp_path, "notes.log", "a.txt", ".dot.txt")
    (tmp_path / "link.txt").symlink_to(tmp_path / "a.txt")
    named = [tmp_path / "notes.log", tmp_path / ".dot.txt", tmp_path / "a.txt", tmp_path]
    assert discover([*named, tmp_path / "link.txt", *named]) == named[:3]
    assert read(tmp_path / "notes.log").text == "words"


def test_loops_of_links_end(tmp_path: Path) -> None:
    """Symbolic links to folders are not followed, and broken ones are passed by."""
    tree(tmp_path, "in/a.txt")
    (tmp_path / "in" / "loop").symlink_to(tmp_path)
    (tmp_path / "in" / "gone.txt").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "in" / "pipe.txt")
    assert discover([tmp_path]) == [tmp_path / "in" / "a.txt"]


def test_a_path_that_makes_no_sense_is_told(tmp_path: Path) -> None:
    """Missing paths, folders with nothing to read and devices are the user's to mend."""
    tree(tmp_path, "pictures/a.png", "ok.txt")
    os.mkfifo(tmp_path / "pipe")
    with tempfile.TemporaryDirectory(dir="/tmp") as short, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{short}/s")
        for path, says in (
            (tmp_path / "nope.txt", "no such file or directory: "),
            (tmp_path / "ok.txt" / "below", "no such file or directory: "),
            (tmp_path / "pictures", ".docx, .epub, .htm, .html, .markdown, .md, .pdf, .text, .txt"),
            (tmp_path / "pipe", "is a named pipe"),
            (Path(f"{short}/s"), "is a socket"),
            (Path(os.devnull), "is a device"),
        ):
            with pytest.raises(UsageError, match=says) as caught:
                discover([tmp_path / "ok.txt", path])
            assert str(path) in str(caught.value)


@pytest.mark.parametrize("seen", [False, True], ids=["before its files are seen", "after"])
def test_a_folder_taken_away_while_it_is_walked_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: bool
) -> None:
    """It is not called empty, which would say that something else is to be done."""
    tree(tmp_path, "notes/a.txt")
    original = os.scandir

    def taken_away(path: str) -> Any:
        listed = original(path) if seen else None
        (tmp_path / "notes").rename(tmp_path / "away")
        return listed or original(path)

    monkeypatch.setattr(os, "scandir", taken_away)
    with pytest.raises(UsageError, match="no such file or directory"):
        discover([tmp_path / "notes"], empty_folders=True)


def test_a_folder_that_cannot_be_looked_into_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Passing it by would look as if its files had been deleted."""
    tree(tmp_path, "a.txt", "locked/b.txt")
    original = os.scandir

    def denied(path: str) -> Any:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return original(path)

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(UsageError, match=r"cannot look into .*locked: Permission denied"):
        discover([tmp_path])
