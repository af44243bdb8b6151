"""How well a judge agrees with people: `await agreement(folder, judge)`, for every set in a folder.

A set is a file of JSON lines with `id`, `claim`, `label` (1 supported, 0 not), `group_id` (what
shares a document, drawn together for intervals), `context` or a `context_ref` to the `document_id`
of a line in a file `NAME_contexts.jsonl`, and perhaps `model`, who made the claim. Other fields are
passed by. Beside the judge stand two that do not read: word overlap, and one that always says yes.
`measure` and `table` are the same for the command line.

A file with "synthetic" in its name is passed by: labels that a machine made measure no agreement.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final, NoReturn

from eval.charts import Point, reliability
from eval.judge import Judge
from eval.matching import read
from eval.rates import Rates, auroc_estimate, rates
from eval.stats import Estimate
from index.errors import CaseError, UsageError
from index.load import shown

SEED: Final = 20_160_115
OVERLAP_THRESHOLD: Final = 0.5
_CONTEXTS: Final = "_contexts"

_FITTED: Final = {
    "without the set": "The judge of each set was fitted without it.",
    "as shipped": (
        "The weights that ship were fitted on public sets; on those, these figures flatter. "
        "--left-out fits anew without each set."
    ),
}

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A claim that people judged by its context."""

    id: str
    context: str
    claim: str
    label: bool
    group: str
    model: str | None


@dataclass(frozen=True, slots=True)
class SetAgreement:
    """One set: `n` claims, those that the judge left unscored by reason, and everybody's rates.

    `within` is the judge's AUROC among claims of the same generator, where the set names it;
    `reliability` compares what the judge said with how often it was so (`eval.charts`).
    """

    name: str
    n: int
    supported: int
    unscored: dict[str, int]
    judge: Rates
    overlap: Rates
    always_yes: Rates
    within: Estimate | None
    reliability: list[Point]


@dataclass(frozen=True, slots=True)
class KindRate:
    """Of `n` pairs made in one way, supported or not, the share that the judge would show."""

    kind: str
    supported: bool
    n: int
    shown: float


@dataclass(frozen=True, slots=True)
class Refitted:
    """A judge for each set, fitted without it, and what they make of pairs from its texts."""

    judges: Mapping[str, Judge]
    kinds: Sequence[KindRate] = ()


async def agreement(
    folder: Path,
    judge: Judge | Mapping[str, Judge],
    *,
    limit: int | None = None,
    tell: Tell | None = None,
) -> list[SetAgreement]:
    """Return how `judge` agrees with the people of each set in `folder`, by the files' names.

    `judge` may be one for each set (`eval/left_out.py`). `limit` draws at most so many claims of
    each set, always the same ones. Raises CaseError naming file, line and field for a row that
    cannot be meant, UsageError for a folder without sets.
    """
    found = []
    for file in labelled_sets(folder):
        one = judge[file.stem] if isinstance(judge, Mapping) else judge
        found.append(await _measured(file.stem, drawn(read_set(file), limit), one, tell))
    return found


def drawn(rows: list[Labelled], limit: int | None) -> list[Labelled]:
    """Return at most `limit` of `rows`, always the same ones."""
    if limit is None or limit >= len(rows):
        return rows
    return random.Random(SEED).sample(sorted(rows, key=lambda row: row.id), limit)  # noqa: S311


def measure(
    judge: Judge,
    folder: Path | None,
    *,
    refitted: Refitted | None = None,
    limit: int | None = None,
    tell: Tell | None = None,
) -> dict[str, Any]:
    """Return `agreement` as JSON has it; `refitted` has a judge for each set in its place.

    `fitted` says of the assistant's own model what it had seen. Raises UsageError without a folder.
    """
    if folder is None:
        raise UsageError(
            "name a folder of human-labelled sets: footnote eval agreement DIR "
            "(eval/README.md says how its files look)"
        )
    judges = refitted.judges if refitted else judge
    found = asyncio.run(agreement(folder, judges, limit=limit, tell=tell))
    own = judge.name == "deterministic"
    fitted = ("without the set" if refitted else "as shipped") if own else None
    return {
        "judge": judge.describe(),
        "fitted": fitted,
        "sets": [asdict(one) for one in found],
        "mean": _mean(found),
        "kinds": [asdict(one) for one in (refitted.kinds if refitted else ())],
    }


def _mean(found: Sequence[SetAgreement]) -> dict[str, Any]:
    """Return the mean AUROC over the sets that have one, and the names of sets below overlap."""
    pairs = [
        (one.name, one.judge.auroc.value, one.overlap.auroc.value)
        for one in found
        if one.judge.auroc and one.overlap.auroc
    ]
    judge, overlap = (
        round(sum(areas) / len(areas), 4) if areas else None
        for areas in ([p[1] for p in pairs], [p[2] for p in pairs])
    )
    below = [name for name, mine, theirs in pairs if mine < theirs]
    return {"sets": len(pairs), "judge": judge, "overlap": overlap, "below_overlap": below}


def table(found: dict[str, Any]) -> str:
    """Return what `measure` gave as text: lines for each set, the mean, and made pairs by kind."""
    names = [field.name for field in fields(Rates)]
    head = ["set", "n", "by", *(name.replace("_", " ") for name in names), "within a generator"]
    rows = [head]
    for one in found["sets"]:
        for by in ("judge", "overlap", "always_yes"):
            cells = [_cell(one[by][name]) for name in names]
            within = _cell(one["within"]) if by == "judge" else ""
            first = [one["name"], str(one["n"])] if by == "judge" else ["", ""]
            rows.append([*first, by.replace("_", " "), *cells, within])
        if one["unscored"]:
            told = "; ".join(f"{n} {reason}" for reason, n in one["unscored"].items())
            rows.append(["", "", f"not scored: {told}"])
    widths = [max(len(r[i]) for r in rows if len(r) == len(head)) for i in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in rows
    ]
    fitted = [_FITTED[found["fitted"]]] if found["fitted"] else []
    return "\n".join([*lines, *_mean_told(found["mean"]), *_kinds_told(found["kinds"]), *fitted])


def _mean_told(mean: dict[str, Any]) -> Iterator[str]:
    if mean["sets"] > 1:
        areas = f"judge {mean['judge']:.3f}, overlap {mean['overlap']:.3f}"
        below = ", ".join(mean["below_overlap"]) or "none"
        yield f"mean AUROC of {mean['sets']} sets: {areas}; below overlap on {below}"


def _kinds_told(kinds: Sequence[dict[str, Any]]) -> Iterator[str]:
    for supported, told in ((True, "reworded and shown"), (False, "changed and withheld")):
        some = [one for one in kinds if one["supported"] is supported]
        if some:
            shares = (one["shown"] if supported else 1 - one["shown"] for one in some)
            cells = (
                f"{one['kind']} {share:.3f} of {one['n']}"
                for one, share in zip(some, shares, strict=True)
            )
            yield f"{told}: {', '.join(cells)}"


def _cell(estimate: dict[str, Any] | None) -> str:
    if estimate is None:
        return "-"
    if estimate["low"] is None:
        return f"{estimate['value']:.3f}"
    return f"{estimate['value']:.3f} ({estimate['low']:.2f} to {estimate['high']:.2f})"


async def _measured(
    name: str, rows: Sequence[Labelled], judge: Judge, tell: Tell | None
) -> SetAgreement:
    kept, scores, called = [], [], []
    unscored: Counter[str] = Counter()
    for done, row in enumerate(rows):
        if tell:
            tell(name, done, len(rows))
        verdict = await judge.claim(row.claim, [row.context])
        if verdict.value == "unscored":
            unscored[verdict.reason] += 1
            continue
        kept.append(row)
        called.append(verdict.value == "supported")
        scores.append(float(called[-1]) if verdict.support is None else verdict.support)
    if tell:
        tell(name, len(rows), len(rows))
    labels, groups = [row.label for row in kept], [row.group for row in kept]
    models = [row.model for row in kept]
    shared = [word_overlap(row.claim, row.context) for row in kept]

    def against(given: Sequence[float], yes: Sequence[bool]) -> Rates:
        return rates(labels, given, yes, groups, seed=SEED)

    strata = [model for model in models if model is not None]
    return SetAgreement(
        name=name,
        n=len(kept),
        supported=sum(labels),
        unscored=dict(sorted(unscored.items())),
        judge=against(scores, called),
        overlap=against(shared, [share >= OVERLAP_THRESHOLD for share in shared]),
        always_yes=against([1.0] * len(kept), [True] * len(kept)),
        within=auroc_estimate(labels, scores, groups, seed=SEED, strata=strata)
        if len(strata) == len(kept)
        else None,
        reliability=reliability(scores, labels),
    )


def word_overlap(claim: str, context: str) -> float:
    """Return the share of the claim's content words that stand in the context; 0 for none."""
    said = {word.stem for word in read(claim) if word.is_content}
    there = {word.stem for word in read(context)}
    return len(said & there) / len(said) if said else 0.0


def labelled_sets(folder: Path, *, training: bool = False) -> list[Path]:
    """Return the sets' files; with `training`, those too that a machine labelled."""
    files = [
        file
        for file in sorted(folder.glob("*.jsonl"))
        if not file.stem.endswith(_CONTEXTS) and (training or "synthetic" not in file.stem)
    ]
    if not files:
        raise UsageError(f"{shown(folder)}: there are no files of JSON lines (*.jsonl) in it")
    return files


def read_set(file: Path) -> list[Labelled]:
    """Return the rows of one set. Raises CaseError naming file, line and field."""
    contexts: dict[str, str] | None = None
    found = []
    for where, row in _rows(file):
        label = row.get("label")
        if label not in (0, 1) or isinstance(label, (bool, float)):
            _wrong(where, "label", "1 (supported) or 0 (not) is expected")
        if "context" in row:
            context = _text(where, row, "context")
        else:
            reference = _text(where, row, "context_ref")
            contexts = _contexts(file) if contexts is None else contexts
            if reference not in contexts:
                _wrong(where, "context_ref", f"there is no context {reference!r}")
            context = contexts[reference]
        found.append(
            Labelled(
                id=_text(where, row, "id"),
                context=context,
                claim=_text(where, row, "claim"),
                label=label == 1,
                group=_text(where, row, "group_id"),
                model=_text(where, row, "model") if row.get("model") is not None else None,
            )
        )
    if not found:
        raise CaseError(f"{shown(file)}: there is no row in this file")
    return found


def _contexts(file: Path) -> dict[str, str]:
    """Return the contexts of the file beside `file` whose name its own begins with."""
    beside = sorted(file.parent.glob(f"*{_CONTEXTS}.jsonl"), key=lambda f: len(f.stem))
    fitting = [f for f in beside if file.stem.startswith(f.stem.removesuffix(_CONTEXTS))]
    if not fitting:
        raise CaseError(f"{shown(file)}: it refers to contexts, and no NAME{_CONTEXTS}.jsonl fits")
    return {
        _text(where, row, "document_id"): _text(where, row, "text")
        for where, row in _rows(fitting[-1])
    }


def _rows(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each row with where it stands."""
    try:
        lines = file.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(f"{shown(file)}: cannot be read as UTF-8 text: {error}") from error
    for number, line in enumerate(lines, 1):
        where = f"{shown(file)}: line {number}"
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise CaseError(f"{where}: not JSON: {error}") from error
        if not isinstance(row, dict):
            raise CaseError(f"{where}: a row is a JSON object, in curly brackets")
        yield where, row


def _text(where: str, row: dict[str, Any], field: str) -> str:
    found = row.get(field)
    if not isinstance(found, str):
        _wrong(where, field, "a text is expected, in quotation marks")
    return found


def _wrong(where: str, field: str, message: str) -> NoReturn:
    raise CaseError(f"{where}: {field}: {message}")
