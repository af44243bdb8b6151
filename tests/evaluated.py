"""Evaluation runs for tests: a few bundled cases, the real assistant, judges that can be read."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from assistant.settings import Settings
from assistant.support import Support
from eval.asking import Plan
from eval.cases import BUNDLED_CASES, Case, read_cases, write_cases
from eval.folder import RunFolder
from eval.judge import DeterministicJudge
from eval.opening import open_judge
from eval.run import Options, run
from eval.subject import Subject, open_subject
from index.words import content_stems


def every_kind(each: int) -> list[Case]:
    """Return the first `each` bundled cases of every kind."""
    seen: dict[str, int] = {}
    chosen = []
    for case in read_cases(BUNDLED_CASES):
        seen[case.kind] = seen.get(case.kind, 0) + 1
        if seen[case.kind] <= each:
            chosen.append(case)
    return chosen


def in_order(claim: str, quotes: Sequence[str]) -> float | None:
    """Support a claim whose stems stand in the quotes in the claim's order: who did what to whom.

    Crude, and yet it tells an invented number and swapped actors from what the text says.
    """
    left = iter(content_stems(" ".join(quotes)))
    return float(all(any(stem == one for one in left) for stem in content_stems(claim)))


def judge(support: Support = in_order) -> Callable[[], DeterministicJudge]:
    """Return what opens a deterministic judge with `support`."""
    return lambda: DeterministicJudge(support, 0.5, getattr(support, "__name__", "given"))


def evaluate(
    out: Path,
    cache: Path,
    *,
    cases: Sequence[Case] | None = None,
    subject: Callable[[], Subject] | None = None,
    shipped_judge: bool = False,
    **options: Any,
) -> RunFolder:
    """Run cases (by default one of each kind) against the bundled article into `out`."""
    file = out.with_name(f"{out.name}-cases.jsonl")
    if not file.exists():
        write_cases(every_kind(1) if cases is None else cases, file)
    settings = Settings(cache_dir=cache)
    plan = options.pop("plan", Plan())
    return run(
        Options(cases=file, out=out, plan=plan, **{"use_cache": False, **options}),
        settings,
        subject or (lambda: open_subject(settings)),
        open_judge if shipped_judge else judge(),
    )


def write_lines(file: Path, rows: Sequence[Any]) -> Path:
    """Write JSON lines to `file` and return it."""
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return file
