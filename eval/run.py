"""A run: `run(options, settings)` asks every case, scores the answers and leaves a folder.

The assistant comes from `assistant.wiring`, so what is measured is what ships. The folder
(`folder.py`) says what was measured and with what; killed and started again with the same --out, a
run goes on where it was and gives the same scores. `manifest.json` is written first, in the state
"running", and says "finished" at the end.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from assistant.answer import Answer
from assistant.settings import Settings
from eval import provenance
from eval.asking import Plan, ask_all, unstable
from eval.cache import Cache, key_of
from eval.cases import BUNDLED_CASES, Case, check_evidence, digest, read_cases, write_cases
from eval.elsewhere import read_answers
from eval.folder import FORMAT, RunFolder, dump
from eval.judge import Judge
from eval.scoring import Asked, RememberingJudge, Row, figures, latencies, score
from eval.selfchecked import self_checked
from eval.subject import Subject, document_rows, failed
from index.errors import RunError, UsageError
from index.passage import Document

SEED = 20_160_115
DEFAULT_FOLDER = Path("footnote-eval")
"""Where runs go when --out does not say: each in a folder of its own, named by its time."""

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Options:
    """What to run; the command line's options by the same names (`commands.py`)."""

    cases: Path = BUNDLED_CASES
    out: Path | None = None
    filters: tuple[str, ...] = ()
    limit: int | None = None
    plan: Plan = field(default_factory=Plan)
    answers: Path | None = None
    rescore: bool = False
    use_cache: bool = True
    seed: int = SEED


def quiet(stage: str, done: int, total: int) -> None:
    """Tell nobody how far it is."""


def select(cases: Sequence[Case], filters: Sequence[str], limit: int | None) -> list[Case]:
    """Return the cases that fit one of `filters` (all, if there are none), the first `limit`.

    A filter is a kind, a tag, a split, or a pattern for ids ("abe-*"). Raises UsageError if none
    fits.
    """

    def fits(case: Case) -> bool:
        names = {case.kind, case.split, *case.tags}
        return any(one in names or fnmatchcase(case.id, one) for one in filters)

    chosen = [case for case in cases if not filters or fits(case)][:limit]
    if not chosen:
        raise UsageError(
            f"no case fits --filter {' '.join(filters)}; it takes a kind, a tag, a split, or a "
            "pattern for ids"
        )
    return chosen


def new_folder(now: datetime) -> Path:
    """Return a folder's path for a run that starts `now`; nothing is there yet."""
    name = DEFAULT_FOLDER / now.strftime("%Y%m%d-%H%M%S")
    others = (name.with_name(f"{name.name}-{count}") for count in range(2, 10_000))
    return name if not name.exists() else next(one for one in others if not one.exists())


def run(
    options: Options,
    settings: Settings,
    subject: Callable[[], Subject],
    judge: Callable[[], Judge],
    tell: Tell = quiet,
) -> RunFolder:
    """Run the cases and return the folder that holds everything.

    `subject` and `judge` are opened when they are needed. Raises UsageError for options that do
    not go together, RunError when the run had to stop, and what opening an index raises.
    """
    cases = select(read_cases(options.cases), options.filters, options.limit)
    started = datetime.now(UTC)
    folder = RunFolder(options.out or new_folder(started))
    caching = settings.cache_dir / "eval" / "cache.db"
    with Cache(caching) as cache:
        kept = cache if options.use_cache else None
        if options.rescore:
            manifest = _reopened(folder)
        else:
            with subject() as opened:
                manifest = _begun(folder, options, opened, cases, started)
                _answer(folder, options, opened, cases, manifest, kept, tell)
        judging = RememberingJudge(judge(), cache) if kept else judge()
        _score(folder, options, cases, manifest, judging, tell)
    return folder


def _begun(
    folder: RunFolder,
    options: Options,
    subject: Subject,
    cases: Sequence[Case],
    started: datetime,
) -> dict[str, Any]:
    """Write the manifest of a run that starts, or goes on."""
    identity: dict[str, Any] = subject.identity()
    if options.answers:
        identity = {**identity, "answers": _file_hash(options.answers)}
    identity["cases"] = digest(cases)
    fingerprint = key_of(identity)
    if folder.exists():
        before = folder.manifest()
        if before["state"] == "finished" and before["fingerprint"] != fingerprint:
            raise UsageError(
                f"{folder.path} holds another run, which is finished; choose another --out, or "
                "score its answers again with --rescore"
            )
    manifest = {
        "format": FORMAT,
        "state": "running",
        "reason": None,
        "fingerprint": fingerprint,
        "started": started.isoformat(timespec="seconds"),
        "finished": None,
        **provenance.commit(),
        "code": identity["code"],
        "settings": provenance.shown_settings(subject.settings),
        "writer": "elsewhere" if options.answers else None,
        "model": subject.model,
        "prompts": identity["prompts"],
        "index": identity["index"],
        "embedding_model": subject.searcher.manifest.model,
        "cases": {
            "file": options.cases.name,
            "sha256": _file_hash(options.cases),
            "digest": digest(cases),
            "count": len(cases),
            "unchecked": sum(not case.checked for case in cases),
            "filters": list(options.filters),
            "limit": options.limit,
        },
        "answers": identity.get("answers"),
        "repeat": options.plan.repeat,
        "seed": options.seed,
        "versions": provenance.versions(),
        "machine": provenance.machine(),
    }
    folder.begin(manifest)
    return manifest


def _answer(
    folder: RunFolder,
    options: Options,
    subject: Subject,
    cases: Sequence[Case],
    manifest: dict[str, Any],
    cache: Cache | None,
    tell: Tell,
) -> None:
    """Leave an answer to every case, and the documents they are about, in the folder."""
    documents = _documents_of(subject, cases)
    try:
        if options.answers:
            _take(folder, options.answers, cases)
        else:
            ask_all(subject, cases, folder, options.plan, cache, tell)
    except RunError as error:
        folder.begin({**manifest, "state": "stopped", "reason": str(error)})
        raise
    named = list(documents)
    for row in folder.answers():
        cited = (*row["answer"]["citations"], *row["answer"]["closest"])
        named += [one["document_id"] for one in cited] + [hit[0] for hit in row["hits"] or ()]
    folder.write_rows("documents.jsonl", document_rows(subject.searcher, named))
    written = folder.answers()
    manifest["writer"] = written[0]["answer"]["writer"] if written else None


def _documents_of(subject: Subject, cases: Sequence[Case]) -> dict[str, Document]:
    """Return the documents that evidence lies in. Raises UsageError if it does not lie there."""
    named = {one.document for case in cases for one in case.evidence if one.document}
    known = [row["id"] for row in document_rows(subject.searcher, sorted(named))]
    documents = [subject.searcher.document(name) for name in known]
    if subject.searcher.manifest.documents == 1:
        documents = subject.searcher.documents()
    if problems := check_evidence(cases, documents):
        raise UsageError(
            f"the cases are not about this index ({len(problems)} slices of evidence are not where "
            f"they should be): {problems[0]}; name the index with --index, the cases with --cases"
        )
    return {one.id: one for one in documents}


def _take(folder: RunFolder, file: Path, cases: Sequence[Case]) -> None:
    """Take the answers from a file; a case without one failed."""
    given = read_answers(file, cases)
    missing = f"no answer in {file.name}"
    folder.write_rows(
        "answers.jsonl",
        (
            {
                "id": case.id,
                "repeat": 0,
                "key": _file_hash(file),
                "cached": False,
                "answer": given.get(case.id, failed(case.question, "internal", missing)).to_dict(),
                "hits": None,
            }
            for case in cases
        ),
    )


def _reopened(folder: RunFolder) -> dict[str, Any]:
    manifest = folder.manifest()
    if not folder.answers():
        raise UsageError(f"{folder.path} has no answers to score; {folder.finish_command}")
    return manifest


def _score(
    folder: RunFolder,
    options: Options,
    cases: Sequence[Case],
    manifest: dict[str, Any],
    judge: Judge,
    tell: Tell,
) -> None:
    """Score what the folder holds, write every figure, and finish the manifest."""
    answers = folder.answers()
    first = {row["id"]: row for row in answers if row["repeat"] == 0}
    missing = [case.id for case in cases if case.id not in first]
    if missing:
        raise UsageError(
            f"{folder.path} has no answer to {missing[0]} and {len(missing) - 1} more; the cases "
            f"have changed, or the run is not finished: {folder.finish_command}"
        )
    texts = {name: row["text"] for name, row in folder.documents().items()}
    asked = [_asked(case, first[case.id]) for case in cases]
    rows, checked = asyncio.run(_judged(asked, judge, texts, options.seed, tell))
    write_cases(cases, folder.path / "cases.jsonl")
    folder.write_rows("scores.jsonl", rows)
    tell("counting", 0, 0)
    found = figures(rows, {case.id: case for case in cases}, seed=options.seed)
    found["repeats"] = {"asked": manifest["repeat"], "unlike": unstable(answers)}
    found["judge"] = judge.describe()
    found["selftest"] = checked
    folder.write("summary.json", dump(found, indent=1) + "\n")
    spent = {"cached": sum(row["cached"] for row in answers), "stages": latencies(answers)}
    folder.write("timings.json", dump(spent, indent=1) + "\n")
    finished = datetime.now(UTC).isoformat(timespec="seconds")
    folder.begin({**manifest, "state": "finished", "finished": finished})


async def _judged(
    asked: Sequence[Asked], judge: Judge, texts: Mapping[str, str], seed: int, tell: Tell
) -> tuple[list[Row], dict[str, Any]]:
    rows = await score(asked, judge, texts, tell)
    tell("testing the judge", 0, 0)
    return rows, await self_checked(judge, rows, seed=seed)


def _asked(case: Case, row: dict[str, Any]) -> Asked:
    answer = Answer.from_dict(row["answer"])
    if answer.question and answer.question != case.question:
        raise UsageError(
            f"{case.id} was asked {answer.question!r}, and the case is {case.question!r} now; ask "
            "again, without --rescore"
        )
    hits = None if row["hits"] is None else [(hit[0], hit[1], hit[2]) for hit in row["hits"]]
    return Asked(case, answer, hits)


def _file_hash(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
