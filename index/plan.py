"""What the next generation will hold, and how that differs from the last: `make_plan(…)`.

Files are read as the engine comes to them, and what is new goes to disk at once: of each document
only a card stays in memory.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from index.assemble import Progress
from index.catalog import Card, Catalog, CatalogWriter, Entry
from index.engine import Engine, Job, entry_for
from index.errors import IndexUnavailable
from index.generation import current_generation, read_manifest


@dataclass(frozen=True)
class Problem:
    """A file that could not be read, and why; what the index held of it before is kept."""

    source: str
    message: str


@dataclass(frozen=True)
class Work:
    """Who reads, into which new catalog, and how much of a file at most."""

    engine: Engine
    drafts: Path
    max_file_bytes: int


@dataclass
class Plan:
    """What the next generation will hold, and how that differs from the previous one.

    Of each document there is a card; its text is in the catalog at `drafts` if it was `fresh`ly
    read, else in the previous generation, which is also the `reusable` one.
    """

    cards: list[Card]
    fresh: set[str]
    drafts: Path
    previous: str
    reusable: Path | None
    added: list[str]
    changed: list[str]
    removed: list[str]
    moved: list[tuple[str, str]]
    unchanged: int
    problems: list[Problem]

    def entries(self) -> Iterator[Entry]:
        """Yield the documents, in the order of their origins, split anew if they are known."""
        with ExitStack() as opened:
            drafts = Catalog(self.drafts)
            opened.callback(drafts.close)
            before = Catalog(self.reusable / "catalog.db") if self.reusable else drafts
            opened.callback(before.close)
            for card in self.cards:
                if card.id in self.fresh:
                    yield drafts.entry(card.id)
                else:
                    document = before.entry(card.id).document
                    yield entry_for(document, card.origin, card.content_hash)


def jobs_for(
    files: Sequence[Path], base: Path, sources: Mapping[Path, str], *, as_typed: bool
) -> list[Job]:
    """Return what there is to read, told apart by the path from `base` or by what `sources` says.

    Documents are cited by their path as it was typed, or else by the one from `base`.
    """
    jobs = []
    for file in files:
        origin = sources.get(file) or origin_of(file, base)
        name = re.sub(r"[^a-z0-9]+", "-", file.stem.casefold()).strip("-")[:40] or "document"
        jobs.append(
            Job(
                file=file,
                id=f"{name}-{hashlib.sha256(origin.encode()).hexdigest()[:8]}",
                origin=origin,
                source=sources.get(file) or (str(file) if as_typed else origin),
            )
        )
    return jobs


def make_plan(
    jobs: Sequence[Job], roots: Sequence[str], work: Work, index: Path, report: Progress
) -> Plan:
    """Read the files of `jobs`; what was inside of `roots` and is not among them is gone."""
    before, plan = _previous(index, work.drafts)
    jobs = [
        replace(job, content_hash=before[job.origin].content_hash) if job.origin in before else job
        for job in jobs
    ]
    read: dict[str, Card] = {}
    with CatalogWriter(work.drafts) as catalog:
        came = work.engine.read(jobs, work.max_file_bytes)
        for done, (job, one) in enumerate(zip(jobs, came, strict=True)):
            report("reading", done, len(jobs))
            known = before.pop(job.origin, None)
            if one.entry:
                catalog.add(one.entry)
                card = Card(job.id, job.origin, job.source, one.entry.content_hash)
                read[job.origin] = card
                plan.fresh.add(card.id)
                (plan.changed if known else plan.added).append(job.source)
            elif known:
                read[job.origin] = known
                plan.unchanged += 1
            if one.problem is not None:
                plan.problems.append(Problem(job.source, one.problem))
        catalog.finish()
    report("reading", len(jobs), len(jobs))
    gone = {origin for origin in before if any(_inside(origin, root) for root in roots)}
    _tell_moved(plan, [before[origin] for origin in sorted(gone)], list(read.values()))
    kept = {origin: card for origin, card in before.items() if origin not in gone}
    plan.unchanged += len(kept)
    plan.cards = [card for _, card in sorted({**read, **kept}.items())]
    return plan


def _tell_moved(plan: Plan, gone: Sequence[Card], fresh: Sequence[Card]) -> None:
    """Tell which of the `gone` have been removed, and which were only moved.

    Their vectors are found by what was embedded, not by where it lay, so a moved file costs none.
    """
    added = set(plan.added)
    arrived: dict[str, list[str]] = {}
    for card in fresh:
        if card.source in added:
            arrived.setdefault(card.content_hash, []).append(card.source)
    for card in gone:
        if new := arrived.get(card.content_hash):
            plan.moved.append((card.source, new.pop(0)))
        else:
            plan.removed.append(card.source)
    plan.removed.sort()
    there = {new for _, new in plan.moved}
    plan.added = [source for source in plan.added if source not in there]


def _previous(index: Path, drafts: Path) -> tuple[dict[str, Card], Plan]:
    """Return what the index holds now, by origin, and a plan that says where that lies."""
    plan = Plan([], set(), drafts, "", None, [], [], [], [], 0, [])
    if not (index / "current").exists():
        return {}, plan
    try:
        folder = current_generation(index)
        read_manifest(folder)
        catalog = Catalog(folder / "catalog.db")
        catalog.check()
        cards = {card.origin: card for card in catalog.cards()}
        catalog.close()
    except IndexUnavailable as error:
        message = f"{error}. What it held beside the paths named now has to be named again"
        plan.problems.append(Problem(str(index), message))
        return {}, plan
    plan.previous, plan.reusable = folder.name, folder
    return cards, plan


def origin_of(path: Path, base: Path) -> str:
    """Return where a path lies from `base`, which stays true when both move together."""
    try:
        return Path(os.path.relpath(path.resolve(), base)).as_posix()
    except ValueError:  # another drive on Windows
        return path.resolve().as_posix()


def _inside(origin: str, root: str) -> bool:
    return (root == "." and not origin.startswith("../")) or origin.startswith(f"{root}/")
