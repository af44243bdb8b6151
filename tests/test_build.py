"""Promise 5: an index is a finished thing or it is not there, whatever happens to a build."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import filelock
import pytest

from index.build import BuildOptions, BuildReport, build
from index.errors import BuildError, BuildInProgress, IndexUnavailable, UsageError
from index.generation import current_generation, read_manifest, verify
from index.search import Searcher, open_index
from tests.fakes import HashEmbedder

BREAD = """# Bread

Rye bread keeps for a week. It is baked from sour dough.

## Wheat

Wheat rises fast.
"""
SOUP = "# Soup\n\nBorscht is made of beetroot. It is served with sour cream.\n"


def options(**changes: object) -> BuildOptions:
    """Return options with a fake embedder, so that nothing is exported."""
    fields: dict[str, object] = {"cache": Path("unused"), "embedder": HashEmbedder()}
    return BuildOptions(**{**fields, **changes})  # type: ignore[arg-type]


def opened(index: Path) -> Searcher:
    """Open an index that was built with the fake embedder."""
    return open_index(index, HashEmbedder())


def answer_of(index: Path) -> list[str]:
    """Return what the index finds for one question, and its documents' titles."""
    with opened(index) as searcher:
        found = [hit.passage.text for hit in searcher.search("sour dough bread", 2)]
        return [*found, *(document.title for document in searcher.documents())]


@pytest.fixture
def kitchen(tmp_path: Path) -> Path:
    """Return a folder with two documents in `notes/`."""
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "bread.md").write_text(BREAD, encoding="utf-8")
    (tmp_path / "notes" / "soup.md").write_text(SOUP, encoding="utf-8")
    return tmp_path


def _build(kitchen: Path, *paths: str, **changes: object) -> BuildReport:
    files = [kitchen / path for path in paths or ("notes",)]
    return build(files, kitchen / "index", options(**changes))


def test_a_first_build_answers(kitchen: Path) -> None:
    """Documents, passages and what was added are told, and the index can be asked."""
    report = _build(kitchen)
    assert (report.documents, report.passages, report.unchanged) == (2, 3, 0)
    assert [Path(source).name for source in report.added] == ["bread.md", "soup.md"]
    assert report.embedded == 3
    with opened(kitchen / "index") as searcher:
        assert "Rye bread" in searcher.search("rye bread")[0].passage.text


def _files(index: Path) -> dict[str, int]:
    return {
        str(f.relative_to(index)): f.stat().st_mtime_ns for f in index.rglob("*") if f.is_file()
    }


def test_building_twice_changes_and_embeds_nothing(kitchen: Path) -> None:
    """The second build finds the same generation and writes no file."""
    first = _build(kitchen)
    before = _files(kitchen / "index")
    embedder = HashEmbedder()
    second = _build(kitchen, embedder=embedder)
    assert (second.generation, second.unchanged, second.embedded) == (first.generation, 2, 0)
    assert embedder.embedded == []
    after = _files(kitchen / "index")
    before.pop("lock", None), after.pop("lock", None)
    assert after == before


def test_a_changed_file_embeds_only_what_changed(kitchen: Path) -> None:
    """One changed passage is one passage embedded; the other vectors are taken over."""
    _build(kitchen)
    (kitchen / "notes" / "bread.md").write_text(BREAD + "Spelt is older.\n", encoding="utf-8")
    embedder = HashEmbedder()
    report = _build(kitchen, embedder=embedder)
    assert [Path(source).name for source in report.changed] == ["bread.md"]
    assert (report.unchanged, report.embedded) == (1, 1)
    assert ["Spelt is older." in text for text in embedder.embedded] == [True]
    with opened(kitchen / "index") as searcher:
        for hit in searcher.search("borscht", 3):
            assert searcher.sentence_vectors(hit.passage).shape[0] == len(hit.passage.sentences)


def test_a_file_that_vanished_from_a_named_folder_leaves_the_index(kitchen: Path) -> None:
    """A folder is kept in step; what came from elsewhere stays."""
    (kitchen / "tea.txt").write_text("Tea is drunk hot.", encoding="utf-8")
    _build(kitchen, "notes", "tea.txt")
    (kitchen / "notes" / "soup.md").unlink()
    report = _build(kitchen, "notes")
    assert [Path(source).name for source in report.removed] == ["soup.md"]
    with opened(kitchen / "index") as searcher:
        assert sorted(d.title for d in searcher.documents()) == ["Bread", "Tea"]


def test_a_moved_file_is_told_from_one_removed_and_one_added(kitchen: Path) -> None:
    """The same content under another name is a move: nothing is embedded, the new name is cited."""
    _build(kitchen)
    notes = kitchen / "notes"
    (notes / "old").mkdir()
    (notes / "soup.md").rename(notes / "old" / "borscht.md")
    (notes / "tea.md").write_text("# Tea\n\nTea is drunk hot.\n", encoding="utf-8")
    (notes / "bread.md").unlink()
    report = _build(kitchen)
    moved = (str(notes / "soup.md"), str(notes / "old" / "borscht.md"))
    assert report.moved == (moved,)
    assert (report.added, report.removed) == ((str(notes / "tea.md"),), (str(notes / "bread.md"),))
    assert report.embedded == 1  # the tea
    with opened(kitchen / "index") as searcher:
        sources = {document.source for document in searcher.documents()}
    assert sources == {moved[1], str(notes / "tea.md")}


def test_of_two_copies_one_is_moved_and_one_removed(kitchen: Path) -> None:
    """A file that arrives is where one of the vanished went, never both; a copy is an added one."""
    _build(kitchen)
    notes = kitchen / "notes"
    shutil.copy(notes / "soup.md", notes / "copy.md")
    copied = _build(kitchen)
    assert (copied.added, copied.moved, copied.embedded) == ((str(notes / "copy.md"),), (), 0)
    (notes / "copy.md").unlink()
    (notes / "soup.md").rename(notes / "borscht.md")
    report = _build(kitchen)
    assert report.moved == ((str(notes / "copy.md"), str(notes / "borscht.md")),)
    assert (report.added, report.removed) == ((), (str(notes / "soup.md"),))


def test_a_file_that_cannot_be_read_keeps_its_old_version(kitchen: Path) -> None:
    """A half-written file is a problem of the report, and costs nothing that was known."""
    _build(kitchen)
    before = answer_of(kitchen / "index")
    (kitchen / "notes" / "bread.md").write_bytes(b"\x00\x01\x02" * 50)
    report = _build(kitchen)
    assert [Path(problem.source).name for problem in report.problems] == ["bread.md"]
    assert answer_of(kitchen / "index") == before


def test_nothing_to_index_is_an_error(kitchen: Path) -> None:
    """When no file can be read, the message names each, and no index appears."""
    (kitchen / "empty.txt").touch()
    with pytest.raises(BuildError, match=r"empty\.txt"):
        _build(kitchen, "empty.txt")
    with pytest.raises(IndexUnavailable):
        opened(kitchen / "index")


def test_an_index_that_moves_with_its_files_keeps_its_documents(kitchen: Path) -> None:
    """Documents are known by their path from the index, so a moved folder embeds nothing."""
    first = _build(kitchen)
    shutil.copytree(kitchen, kitchen / "moved")
    again = build([kitchen / "moved" / "notes"], kitchen / "moved" / "index", options())
    assert (again.generation, again.embedded) == (first.generation, 0)


@pytest.mark.parametrize("place", ["notes/soup.md", "notes"])
def test_a_place_that_is_no_index_is_left_alone(kitchen: Path, place: str) -> None:
    """Neither a file nor a folder of other things is written into."""
    before = _files(kitchen)
    with pytest.raises(UsageError, match="name a"):
        build([kitchen / "notes"], kitchen / place, options())
    assert _files(kitchen) == before


STAGES = ("reading", "embedding", "writing the search indexes", "writing to disk", "switching")

KILLED = """
import os, signal, sys
from pathlib import Path
import index.build
from index.build import BuildOptions, build
from tests.fakes import HashEmbedder

kitchen, stage = Path(sys.argv[1]), sys.argv[2]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def report(now, done, total):
    if now == stage:
        die()

if stage == "switching":
    index.build.switch = die
options = BuildOptions(Path("unused"), embedder=HashEmbedder())
build([kitchen / "notes"], kitchen / "index", options, report)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is POSIX")
@pytest.mark.parametrize("stage", STAGES)
def test_a_build_killed_at_any_moment_leaves_the_previous_index(kitchen: Path, stage: str) -> None:
    """After kill -9 the old index answers as before; the next build ends well and clears up."""
    _build(kitchen)
    before = answer_of(kitchen / "index")
    (kitchen / "notes" / "bread.md").write_text(BREAD.replace("week", "month"), encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", KILLED, kitchen, stage], check=False)
    assert done.returncode == -signal.SIGKILL
    assert answer_of(kitchen / "index") == before
    report = _build(kitchen)
    assert answer_of(kitchen / "index") != before
    generations = {folder.name for folder in (kitchen / "index" / "generations").iterdir()}
    assert report.generation in generations
    assert not [name for name in generations if name.startswith(".")]


def test_two_builds_at_once_take_turns(kitchen: Path) -> None:
    """The second build says that it waits, and both end well."""
    (kitchen / "index").mkdir()
    told: list[str] = []
    lock = filelock.FileLock(kitchen / "index" / "lock")
    lock.acquire()
    waiting = threading.Event()

    def report(stage: str, done: int, total: int) -> None:
        told.append(f"{stage} {done} {total}")
        if "waiting" in stage:
            waiting.set()

    arguments = ([kitchen / "notes"], kitchen / "index", options(), report)
    builder = threading.Thread(target=build, args=arguments)
    builder.start()
    assert waiting.wait(30)
    lock.release()
    builder.join(60)
    assert "waiting for another build of this index 0 0" in told
    assert answer_of(kitchen / "index")


def test_a_build_that_waits_in_vain_says_so(kitchen: Path) -> None:
    """After the set time the message names the setting."""
    (kitchen / "index").mkdir()
    with (
        filelock.FileLock(kitchen / "index" / "lock"),
        pytest.raises(BuildInProgress, match="FOOTNOTE_LOCK_SECONDS"),
    ):
        _build(kitchen, lock_seconds=0.1)


def test_another_embedder_is_refused(kitchen: Path) -> None:
    """An index cannot be asked with a model that it was not made with."""
    _build(kitchen)
    with pytest.raises(IndexUnavailable, match="embedding model"):
        open_index(kitchen / "index", HashEmbedder("another"))


def test_changing_the_embedder_embeds_everything_again(kitchen: Path) -> None:
    """Vectors of another model are never taken over."""
    _build(kitchen)
    report = _build(kitchen, embedder=HashEmbedder("another"))
    assert (report.embedded, report.unchanged) == (3, 2)


def _manifest_files(index: Path) -> Sequence[str]:
    return list(read_manifest(current_generation(index)).files)


def test_each_damaged_file_is_named_and_healed_by_building(kitchen: Path) -> None:
    """Cut short or missing, every file is noticed on opening, and a build makes it whole."""
    _build(kitchen)
    before = answer_of(kitchen / "index")
    for name in [*_manifest_files(kitchen / "index"), "manifest.json"]:
        file = current_generation(kitchen / "index") / name
        for damage in (lambda f: os.truncate(f, f.stat().st_size // 2), lambda f: f.unlink()):
            damage(file)
            with pytest.raises(IndexUnavailable, match=file.name):
                opened(kitchen / "index")
            _build(kitchen)
            assert answer_of(kitchen / "index") == before


def test_a_changed_byte_is_found_by_verifying(kitchen: Path) -> None:
    """Small files are read whole on every opening, all of them when doctor asks."""
    _build(kitchen)
    generation = current_generation(kitchen / "index")
    assert verify(generation) == []
    vectors = generation / "sentences.npy"
    content = bytearray(vectors.read_bytes())
    content[-1] ^= 1
    vectors.write_bytes(content)
    assert verify(generation) == ["sentences.npy"]
    with pytest.raises(IndexUnavailable, match=r"sentences\.npy is damaged; index"):
        opened(kitchen / "index")


@pytest.mark.parametrize("pointer", ["../../etc", "", "gone", "\u00e9"])
def test_a_pointer_to_nowhere_is_a_clear_error(kitchen: Path, pointer: str) -> None:
    """What stands in `current` never leads out of the index."""
    _build(kitchen)
    (kitchen / "index" / "current").write_text(pointer, encoding="utf-8")
    with pytest.raises(IndexUnavailable):
        opened(kitchen / "index")


def test_another_format_asks_to_be_built_again(kitchen: Path) -> None:
    """An index of a later or earlier version says so instead of answering wrongly."""
    _build(kitchen)
    file = current_generation(kitchen / "index") / "manifest.json"
    fields = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({**fields, "format": 99}), encoding="utf-8")
    with pytest.raises(IndexUnavailable, match="format 99"):
        opened(kitchen / "index")


def test_a_read_only_copy_answers(kitchen: Path) -> None:
    """A generation can be copied anywhere and read from a disk that nobody may write to."""
    _build(kitchen)
    copy = kitchen / "copy"
    shutil.copytree(kitchen / "index", copy)
    for path in [*copy.rglob("*"), copy]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        assert answer_of(copy) == answer_of(kitchen / "index")
    finally:
        for path in [copy, *copy.rglob("*")]:
            path.chmod(0o755)


def test_a_reader_outlives_a_rebuild_and_two_generations_are_kept(kitchen: Path) -> None:
    """Who has opened an index keeps it; the current and the previous generation stay on disk."""
    _build(kitchen)
    with opened(kitchen / "index") as reader:
        for filling in ("month", "year", "day"):
            text = BREAD.replace("week", filling)
            (kitchen / "notes" / "bread.md").write_text(text, encoding="utf-8")
            _build(kitchen)
            assert "week" in reader.search("rye bread")[0].passage.text
    assert len(list((kitchen / "index" / "generations").iterdir())) == 2


def test_as_many_generations_stay_as_were_asked_for(kitchen: Path) -> None:
    """The newest are kept, and the answering one among them."""
    for filling in ("week", "month", "year", "day"):
        text = BREAD.replace("week", filling)
        (kitchen / "notes" / "bread.md").write_text(text, encoding="utf-8")
        report = _build(kitchen, generations=3)
    kept = {folder.name for folder in (kitchen / "index" / "generations").iterdir()}
    assert len(kept) == 3
    assert report.generation in kept
