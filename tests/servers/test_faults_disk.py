"""A disk that is full, read-only or damaged: what was there stays, and errors say what to do."""

import os
import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.answerability import load_model
from assistant.ask import Assistant
from assistant.conversations import Conversations
from assistant.doctor import examine
from assistant.quote import QuotingWriter
from assistant.settings import Settings
from assistant.support import verbatim
from index import generation
from index.build import BuildOptions, build
from index.errors import BuildError, ConversationsUnavailable, IndexUnavailable
from index.search import open_index
from tests.fakes import HashEmbedder
from tests.test_conversations import an_answer

pytestmark = pytest.mark.servers
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")

QUESTION = "which colour are the tools of shed 2?"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Return a disk of four megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", folder)
    yield folder
    subprocess.run(["/bin/umount", "--lazy", folder], check=True)


def _mount(*arguments: str | Path) -> None:
    subprocess.run(["/bin/mount", *arguments], check=True)


def notes(place: Path, colour: str) -> Path:
    """Write four notes that say which colour the tools in a shed are."""
    folder = place / "notes"
    folder.mkdir(exist_ok=True)
    for number in range(4):
        lines = [f"The tools of shed {number} are {colour}, says row {row}." for row in range(40)]
        (folder / f"{number}.md").write_text(f"# Shed {number}\n\n" + "\n\n".join(lines), "utf-8")
    return folder


def told(index: Path, full_scan_limit: int = 20_000) -> set[str]:
    """Ask, check that each citation is a slice of a note as it was written; return the colours."""
    searcher = open_index(index, HashEmbedder(), full_scan_limit)
    with Assistant(searcher, QuotingWriter(searcher, load_model(), 0.0), verbatim) as assistant:
        answer = assistant.ask(QUESTION)
        if answer.reason == "index_unavailable":
            raise IndexUnavailable("while it was asked; index the documents again")
        assert answer.outcome == "answered", answer.reason
        for one in answer.citations:
            assert one.title == f"Shed {one.source[-4]}"
            said = rf"The tools of shed {one.source[-4]} are (red|blue), says row [1-3]?\d\."
            assert re.fullmatch(said, one.quote)
            assert Path(one.source).is_file()
        return {one.quote.split(" are ")[1].split(",")[0] for one in answer.citations}


@needs_root
def test_a_build_on_a_full_disk_leaves_the_index_before(tmp_path: Path, disk: Path) -> None:
    """However much room there is, up to enough: an error with a remedy, and the old index."""
    options = BuildOptions(tmp_path, embedder=HashEmbedder(dimension=384))
    options_told = BuildOptions(tmp_path, embedder=HashEmbedder())
    build([notes(tmp_path, "red")], disk / "index", options_told)
    folder, ballast = notes(tmp_path, "blue"), disk / "ballast"
    free = shutil.disk_usage(disk).free
    for left in range(0, free // 5, free // 30):
        with ballast.open("wb") as stream:
            os.posix_fallocate(stream.fileno(), 0, free - left)
        with pytest.raises(BuildError, match=r"still answers. Free some space"):
            build([folder], disk / "index", options)
        ballast.unlink()
        assert told(disk / "index") == {"red"}
        assert not list((disk / "index" / "generations").glob(".new-*"))
    build([folder], disk / "index", options_told)
    assert told(disk / "index") == {"blue"}


def fill(conversations: Conversations, kept: list[str]) -> None:
    """Keep conversations for as long as that goes well."""
    for _ in range(1_000):
        kept += conversations.begin([("me", an_answer("q", "x" * 20_000))])


@needs_root
def test_conversations_on_a_full_disk_lose_nothing(disk: Path) -> None:
    """What was acknowledged is read back; the rest is refused with a remedy until there is room."""
    (disk / "ballast").write_bytes(bytes(2 << 20))
    kept: list[str] = []
    with Conversations(f"sqlite:///{disk / 'kept.db'}") as conversations:
        with pytest.raises(ConversationsUnavailable, match="full; check the disk"):
            fill(conversations, kept)
        with pytest.raises(ConversationsUnavailable):
            conversations.begin([("me", an_answer("again", "x" * 20_000))])
        assert all(conversations.answers(one, "me") for one in kept)
        (disk / "ballast").unlink()
        kept += conversations.begin([("me", an_answer("room", "x" * 20_000))])
    with Conversations(f"sqlite:///{disk / 'kept.db'}") as conversations:
        assert [len(conversations.answers(one, "me")) for one in kept] == [1] * len(kept)


@needs_root
def test_from_a_read_only_disk_one_can_ask_and_not_write(tmp_path: Path, disk: Path) -> None:
    """Asking works; building and keeping conversations say what to do; doctor sees the cache."""
    options = BuildOptions(tmp_path, embedder=HashEmbedder())
    build([notes(tmp_path, "red")], disk / "index", options)
    Conversations(f"sqlite:///{disk / 'kept.db'}").close()
    _mount("-o", "remount,ro", disk)
    assert told(disk / "index") == {"red"}
    with pytest.raises(BuildError, match=r"Read-only file system.*make the folder writable"):
        build([notes(tmp_path, "blue")], disk / "index", options)
    assert told(disk / "index") == {"red"}
    for name in ("kept.db", "new/kept.db"):
        with pytest.raises(ConversationsUnavailable, match="FOOTNOTE_CONVERSATIONS_URL"):
            Conversations(f"sqlite:///{disk / name}")
    settings = Settings(cache_dir=disk)
    (cache,) = [c for c in examine(settings, None, lambda: None) if c.name == "cache folder"]
    assert (cache.state, cache.remedy[:22]) == ("broken", "set FOOTNOTE_CACHE_DIR")


@pytest.mark.parametrize("checked", [generation.CHECKED_BYTES, 0], ids=["small", "large"])
def test_a_damaged_file_is_told_or_harmless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checked: int
) -> None:
    """Each file of a generation, bytes turned here and there: an error with a remedy, or an answer
    with nothing but what the documents say; doctor finds it either way.
    """
    monkeypatch.setattr(generation, "CHECKED_BYTES", checked)  # 0: as if each were a large file
    index = tmp_path / "index"
    options = BuildOptions(tmp_path, embedder=HashEmbedder())
    made = build([notes(tmp_path, "red")], index, options).generation
    folder, chance = index / "generations" / made, random.Random(20_160_115)  # noqa: S311
    files = [f for f in folder.rglob("*") if f.is_file() and f.stat().st_size]
    assert len(files) > 8
    for file in sorted(files):
        whole = file.read_bytes()
        ours = "chroma" not in file.parts
        for _ in range(6):
            turned = bytearray(whole)
            for _ in range(chance.choice((1, 1, 40))):
                turned[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
            file.write_bytes(turned)
            try:
                found = told(index, 20_000 if ours else 0)
            except IndexUnavailable as error:
                found = {str(error).rpartition("; ")[2]}
            assert found in ({"red"}, {"index the documents again"})
            checks = {c.name: c for c in examine(Settings(cache_dir=tmp_path), index, lambda: None)}
            if ours and file.name != "manifest.json":
                assert checks["index"].state == "broken"
                assert found != {"red"} or not checked
        file.write_bytes(whole)
    assert told(index) == {"red"}
