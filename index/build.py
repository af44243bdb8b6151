"""Build or update an index: `build([Path("notes/")], Path("my-index"))`.

A build makes a new generation aside and switches over in one step at the end, so that whatever
happens on the way, the previous one answers. What has not changed is not embedded again, and a
build that would change nothing writes nothing.
"""

import hashlib
import logging
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter

import filelock

from index.assemble import Progress, Recipe, assemble
from index.catalog import Card
from index.chroma_server import ChromaServer
from index.embed import BUNDLED_MODEL, Embedder, open_model, prepare_model
from index.engine import Engine, LocalEngine
from index.errors import BuildError, BuildInProgress, IndexUnavailable, UsageError
from index.generation import FORMAT, Manifest, read_manifest, switch
from index.load import discover
from index.plan import Plan, Problem, Work, jobs_for, make_plan, origin_of
from index.split import SPLITTER
from index.store import stored_vectors

__all__ = ["MEBIBYTE", "BuildOptions", "BuildReport", "Cluster", "Problem", "build"]

log = logging.getLogger("footnote")

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Cluster:
    """A cluster of Ray: `address` is HOST:PORT, None for one of this machine's own, for a while."""

    address: str | None = None


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
    are told apart by, and cited as. A `server` takes the passages' vectors.
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
    cluster: Cluster | None = None
    server: ChromaServer | None = None


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
    not end in time, BuildError when there is nothing to index or no room for it, ModelError or
    MissingExtra.
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
    with ExitStack() as held:
        held.enter_context(_writing(index))
        held.enter_context(_locked(index, options.lock_seconds, report))
        engine = held.enter_context(_engine(options, embedder, model))
        drafts = held.enter_context(_aside(index)) / "drafts.db"
        base = (options.base or index.parent).resolve()
        roots = [origin_of(path, base) for path in paths if path.is_dir()]
        work = Work(engine, drafts, options.max_file_bytes)
        jobs = jobs_for(files, base, options.sources, as_typed=options.base is None)
        plan = make_plan(jobs, roots, work, index, report)
        if not plan.cards:
            raise BuildError("\n".join(_told(plan.problems) or ["there is nothing to index"]))
        name = _generation_id(plan.cards, embedder, options.server)
        recipe = Recipe(
            name,
            embedder,
            model,
            plan.reusable,
            index / f"embedded-{embedder.fingerprint}",
            engine,
            options.server,
            f"{_collections(index)}{name}" if options.server else "",
        )
        manifest, embedded = _switch_to(index, recipe, plan, report)
        _prune(index, {manifest.id, plan.previous}, options.generations)
        if options.server:
            _prune_server(index, options.server)
    return _reported(index, manifest, plan, embedded, perf_counter() - started)


def _reported(
    index: Path, manifest: Manifest, plan: Plan, embedded: int, seconds: float
) -> BuildReport:
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
        seconds=seconds,
    )


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
    # One thread for each caller, and a caller for each core: see LocalEngine.
    return open_model(model, threads=1), model


@contextmanager
def _engine(options: BuildOptions, embedder: Embedder, model: Path | None) -> Iterator[Engine]:
    if options.cluster is None:
        # An embedder of the caller's own need not stand two threads at once.
        yield LocalEngine(embedder, None if model else 1)
    elif model is None:
        raise UsageError("a cluster embeds with an exported model, not with an embedder of yours")
    else:
        from index.cluster import ray_engine

        with ray_engine(options.cluster.address, model) as engine:
            yield engine


@contextmanager
def _aside(index: Path) -> Iterator[Path]:
    """Give a folder for what is needed while building; what killed builds left there goes."""
    generations = index / "generations"
    generations.mkdir(exist_ok=True)
    for stale in generations.glob(".new-*"):
        shutil.rmtree(stale, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=generations, prefix=".new-") as folder:
        yield Path(folder)


@contextmanager
def _writing(index: Path) -> Iterator[None]:
    """Make the folder; turn what the disk refuses into a BuildError that says what to do."""
    try:
        index.mkdir(parents=True, exist_ok=True)
        yield
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        answers = "; the one before still answers" if (index / "current").exists() else ""
        raise BuildError(
            f"the index at {index} could not be written ({reason}){answers}. Free some space, or "
            "make the folder writable, and index again: what was embedded by then is kept"
        ) from error


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


def _generation_id(cards: Sequence[Card], embedder: Embedder, server: ChromaServer | None) -> str:
    # Whatever server it is: an index may be reached under several addresses.
    place = " server" if server else ""
    digest = hashlib.sha256(f"{FORMAT} {SPLITTER} {embedder.fingerprint}{place}".encode())
    for card in cards:
        line = f"\n{card.id} {card.source} {card.content_hash}"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


def _switch_to(index: Path, recipe: Recipe, plan: Plan, report: Progress) -> tuple[Manifest, int]:
    """Make generation `recipe.id` answer, assembling it unless it is there; also count embedded."""
    folder = index / "generations" / recipe.id
    embedded = 0
    try:
        manifest = read_manifest(folder)
    except IndexUnavailable:
        shutil.rmtree(folder, ignore_errors=True)
        manifest, embedded = assemble(folder, recipe, plan.entries(), report)
    if recipe.server and recipe.server.holds(manifest.collection) != manifest.passages:
        # It has lost them, or is another server than before.
        vectors = stored_vectors(folder / "vectors")
        sending = partial(report, "sending vectors to the Chroma server")
        recipe.server.fill(manifest.collection, vectors, sending)
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
    for kept in index.glob("embedded-*"):
        kept.unlink()


def _collections(index: Path) -> str:
    """Return what the names of this index's collections begin with, as those of no other do."""
    file = index / "id"
    if not file.is_file():
        file.write_text(secrets.token_hex(8), encoding="ascii")
    return f"footnote-{file.read_text(encoding='ascii').strip()}-"


def _prune_server(index: Path, server: ChromaServer) -> None:
    """Remove the collections of generations that are gone, and of builds that were killed."""
    kept = {folder.name for folder in (index / "generations").iterdir()}
    start = _collections(index)
    try:
        for name in list(server.names(start)):
            if name.removeprefix(start) not in kept:
                server.drop(name)
    except IndexUnavailable as error:
        # The index is finished and answers; the next build tidies up.
        log.warning("collections that nobody needs any more are still there: %s", error)


def _told(problems: Sequence[Problem]) -> list[str]:
    return [f"{problem.source}: {problem.message}" for problem in problems]
