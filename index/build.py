"""Build or update an index: `build([Path("notes/")], Path("my-index"))`.

A build makes a new generation aside and switches over in one step at the end, so that whatever
happens on the way, the previous one answers. What has not changed is not embedded again, and a
build that would change nothing writes nothing.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import filelock

from index.assemble import Progress, Recipe, assemble, entry_for
from index.catalog import Catalog, Entry
from index.embed import BUNDLED_MODEL, Embedder, open_model, prepare_model
from index.errors import BuildError, BuildInProgress, IndexUnavailable, LoadError, UsageError
from index.generation import FORMAT, Manifest, current_generation, read_manifest, switch
from index.load import discover, load
from index.passage import Document
from index.split import SPLITTER

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class BuildOptions:
    """How to build.

    `model` is what `prepare_model` takes and `cache` the folder it exports into; an `embedder` of
    your own takes the place of both. Files over `max_file_bytes` are refused. A build waits
    `lock_seconds` for another one of the same index, and leaves `generations` on disk, never fewer
    than the one that answers and the one before. Documents are told apart by their path from `base`
    (by default the folder that the index lies in). With `empty_folders` a folder may have nothing
    to read in it: what was in it has been removed. `include` and `exclude` are patterns as
    `discover` takes them. `sources` says of files that were fetched from where: that is what they
    are told apart by, and cited as.
    """

    cache: Path
    model: str = BUNDLED_MODEL
    embedder: Embedder | None = None
    max_file_bytes: int = 20 * MEBIBYTE
    lock_seconds: float = 60.0
    generations: int = 2
    base: Path | None = None
    empty_folders: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    sources: Mapping[Path, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """A file that could not be read, and why; what the index held of it before is kept."""

    source: str
    message: str


@dataclass(frozen=True)
class BuildReport:
    """What a build did: `added`, `changed`, `removed` are sources; `embedded` counts passages.

    `moved` are pairs of sources, old and new, of files with the same content; neither is among the
    added or the removed.
    """

    index: Path
    generation: str
    documents: int
    passages: int
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    moved: tuple[tuple[str, str], ...]
    unchanged: int
    embedded: int
    problems: tuple[Problem, ...]
    seconds: float


def build(
    paths: Sequence[Path],
    index: Path,
    options: BuildOptions,
    progress: Progress | None = None,
) -> BuildReport:
    """Bring the index at `index` up to date with the files and folders `paths`, and make it answer.

    Documents are added to what the index holds; those that have vanished from a folder among
    `paths` are removed. A file that cannot be read becomes a problem of the report and the others
    go on. Raises UsageError for paths that make no sense, BuildInProgress when another build does
    not end in time, BuildError when there is nothing to index, ModelError or MissingExtra.
    """
    started, report = perf_counter(), progress or _silent
    files = discover(
        paths,
        empty_folders=options.empty_folders,
        include=options.include,
        exclude=options.exclude,
    )
    _check_place(index)
    embedder, model = _embedder(options, report)
    index.mkdir(parents=True, exist_ok=True)
    with _locked(index, options.lock_seconds, report):
        plan = _plan(files, paths, index, options, report)
        if not plan.entries:
            raise BuildError("\n".join(_told(plan.problems) or ["there is nothing to index"]))
        recipe = Recipe(
            _generation_id(plan.entries, embedder),
            embedder,
            model,
            plan.reusable,
            index / f"embedded-{embedder.fingerprint}",
        )
        manifest, embedded = _switch_to(index, recipe, plan, report)
        _prune(index, {manifest.id, plan.previous}, options.generations)
    return BuildReport(
        index=index,
        generation=manifest.id,
        documents=manifest.documents,
        passages=manifest.passages,
        added=tuple(plan.added),
        changed=tuple(plan.changed),
        removed=tuple(plan.removed),
        moved=tuple(plan.moved),
        unchanged=plan.unchanged,
        embedded=embedded,
        problems=tuple(plan.problems),
        seconds=perf_counter() - started,
    )


@dataclass
class _Plan:
    """What the next generation will hold, and how that differs from the previous one."""

    entries: list[Entry]
    previous: str
    reusable: Path | None
    added: list[str]
    changed: list[str]
    removed: list[str]
    moved: list[tuple[str, str]]
    unchanged: int
    problems: list[Problem]


def _silent(stage: str, done: int, total: int) -> None:
    """Stand in for a Progress that nobody asked for."""


def _check_place(index: Path) -> None:
    if index.exists() and not index.is_dir():
        raise UsageError(f"{index} is a file; name a folder for the index")
    if index.is_dir() and any(index.iterdir()):
        known = {"generations", "current", "lock"}
        if not any((index / name).exists() for name in known):
            raise UsageError(f"{index} is no index and not empty; name a new or an empty folder")


def _embedder(options: BuildOptions, report: Progress) -> tuple[Embedder, Path | None]:
    if options.embedder:
        return options.embedder, None
    report("preparing the embedding model", 0, 0)
    model = prepare_model(options.model, options.cache)
    return open_model(model), model


@contextmanager
def _locked(index: Path, seconds: float, report: Progress) -> Iterator[None]:
    lock = filelock.FileLock(index / "lock")
    try:
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            report("waiting for another build of this index", 0, 0)
            lock.acquire(timeout=seconds)
    except filelock.Timeout as error:
        raise BuildInProgress(
            f"another process is building {index} and was not done after {seconds:g} s; try again "
            "later, or wait longer: FOOTNOTE_LOCK_SECONDS"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _plan(
    files: Sequence[Path],
    paths: Sequence[Path],
    index: Path,
    options: BuildOptions,
    report: Progress,
) -> _Plan:
    before, plan = _previous(index)
    base = (options.base or index.parent).resolve()
    fresh: dict[str, Entry] = {}
    for done, file in enumerate(files):
        report("reading", done, len(files))
        origin = options.sources.get(file) or _origin(file, base)
        known = before.pop(origin, None)
        source = options.sources.get(file) or (origin if options.base else str(file))
        try:
            fresh[origin] = _read(file, origin, source, known, options)
        except LoadError as error:
            plan.problems.append(Problem(source, str(error)))
            if known:
                fresh[origin] = known
                plan.unchanged += 1
            continue
        if known is None:
            plan.added.append(source)
        elif known.content_hash != fresh[origin].content_hash:
            plan.changed.append(source)
        else:
            plan.unchanged += 1
    report("reading", len(files), len(files))
    roots = [_origin(path, base) for path in paths if path.is_dir()]
    gone = {origin for origin in before if any(_inside(origin, root) for root in roots)}
    _tell_moved(plan, [before[origin] for origin in sorted(gone)], list(fresh.values()))
    kept = {origin: entry for origin, entry in before.items() if origin not in gone}
    plan.unchanged += len(kept)
    plan.entries = [entry for _, entry in sorted({**fresh, **kept}.items())]
    return plan


def _tell_moved(plan: _Plan, gone: Sequence[Entry], fresh: Sequence[Entry]) -> None:
    """Tell which of the `gone` have been removed, and which were only moved.

    Their vectors are found by what was embedded, not by where it lay, so a moved file costs none.
    """
    added = set(plan.added)
    arrived: dict[str, list[str]] = {}
    for entry in fresh:
        if entry.document.source in added:
            arrived.setdefault(entry.content_hash, []).append(entry.document.source)
    for entry in gone:
        if new := arrived.get(entry.content_hash):
            plan.moved.append((entry.document.source, new.pop(0)))
        else:
            plan.removed.append(entry.document.source)
    plan.removed.sort()
    there = {new for _, new in plan.moved}
    plan.added = [source for source in plan.added if source not in there]


def _previous(index: Path) -> tuple[dict[str, Entry], _Plan]:
    """Return what the index holds now, by origin, and a plan that says where that lies."""
    plan = _Plan([], "", None, [], [], [], [], 0, [])
    if not (index / "current").exists():
        return {}, plan
    try:
        folder = current_generation(index)
        read_manifest(folder)
        catalog = Catalog(folder / "catalog.db")
        entries = {entry.origin: entry for entry in catalog.entries()}
        catalog.close()
    except IndexUnavailable as error:
        message = f"{error}. What it held beside the paths named now has to be named again"
        plan.problems.append(Problem(str(index), message))
        return {}, plan
    plan.previous, plan.reusable = folder.name, folder
    return entries, plan


def _read(
    file: Path, origin: str, source: str, known: Entry | None, options: BuildOptions
) -> Entry:
    """Return the entry of `file`, the `known` one when the file has not changed."""
    name = re.sub(r"[^a-z0-9]+", "-", file.stem.casefold()).strip("-")[:40] or "document"
    document_id = f"{name}-{hashlib.sha256(origin.encode()).hexdigest()[:8]}"
    if known and known.content_hash == _content_hash(file, options.max_file_bytes):
        return entry_for(known.document, origin, known.content_hash)
    document: Document = load(file, id=document_id, source=source, max_bytes=options.max_file_bytes)
    return entry_for(document, origin, _content_hash(file, options.max_file_bytes))


def _content_hash(file: Path, limit: int) -> str:
    """Hash the bytes of `file`, "" when `load` would refuse it anyway."""
    try:
        if file.stat().st_size > limit:
            return ""
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""


def _origin(path: Path, base: Path) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), base)).as_posix()
    except ValueError:  # another drive on Windows
        return path.resolve().as_posix()


def _inside(origin: str, root: str) -> bool:
    return (root == "." and not origin.startswith("../")) or origin.startswith(f"{root}/")


def _generation_id(entries: Sequence[Entry], embedder: Embedder) -> str:
    digest = hashlib.sha256(f"{FORMAT} {SPLITTER} {embedder.fingerprint}".encode())
    for entry in entries:
        line = f"\n{entry.document.id} {entry.document.source} {entry.content_hash}"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


def _switch_to(index: Path, recipe: Recipe, plan: _Plan, report: Progress) -> tuple[Manifest, int]:
    """Make generation `recipe.id` answer, assembling it unless it is there; also count embedded."""
    folder = index / "generations" / recipe.id
    for stale in folder.parent.glob(".new-*"):
        shutil.rmtree(stale, ignore_errors=True)
    embedded = 0
    try:
        manifest = read_manifest(folder)
    except IndexUnavailable:
        shutil.rmtree(folder, ignore_errors=True)
        manifest, embedded = assemble(folder, recipe, plan.entries, report)
    if plan.previous != recipe.id:
        switch(index, recipe.id)
    return manifest, embedded


def _prune(index: Path, keep: set[str], most: int) -> None:
    """Remove generations but those to `keep` and the newest, `most` in all; and what killed builds
    had embedded. Whoever has an old one open keeps its files until it is closed.
    """
    folders = [f for f in (index / "generations").iterdir() if not f.name.startswith(".new-")]
    newest = sorted(folders, key=lambda f: (f.name in keep, f.stat().st_mtime), reverse=True)
    for folder in newest[max(most, len(keep)) :]:
        shutil.rmtree(folder, ignore_errors=True)
    for partial in index.glob("embedded-*"):
        partial.unlink()


def _told(problems: Sequence[Problem]) -> list[str]:
    return [f"{problem.source}: {problem.message}" for problem in problems]
