"""Verdicts on claims from a file: `judge_rows(judge, read_rows(file))`.

A row is `{"context": …, "claim": …}`, with an "id" if it has one; else its line's number is its id.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.findings import contradicted, finding, unsupported_words
from eval.judge import DeterministicJudge, Judge
from index.errors import UsageError


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A claim and the context that it is judged by."""

    id: str | int
    context: str
    claim: str


def read_rows(file: Path) -> list[ClaimRow]:
    """Return the rows of `file`, in its order. Raises UsageError naming the line that is wrong."""
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 text; save it as UTF-8") from error
    return [_row(line, number, file) for number, line in enumerate(lines, 1) if line.strip()]


def _row(line: str, number: int, file: Path) -> ClaimRow:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file}, line {number}: no JSON ({error})") from error
    texts = isinstance(row, dict) and all(
        isinstance(row.get(name), str) for name in ("context", "claim")
    )
    if not texts:
        raise UsageError(f'{file}, line {number}: needs "context" and "claim", both texts')
    name = row.get("id")
    if name is not None and (isinstance(name, bool) or not isinstance(name, str | int)):
        raise UsageError(f'{file}, line {number}: "id" is a text or a number')
    return ClaimRow(number if name is None else name, row["context"], row["claim"])


def judge_rows(judge: Judge, rows: Sequence[ClaimRow]) -> list[dict[str, Any]]:
    """Return id, support and verdict of each row; a reason where there is one.

    Support is 0 to 1 in any case: 0 without a verdict. The assistant's own judge also gives a
    `finding` (assistant/findings.py), and for what is not supported the signs that the context
    says otherwise, and as `unsupported_words` where the words stand that it does not account for.
    """
    return asyncio.run(_judged(judge, rows))


async def _judged(judge: Judge, rows: Sequence[ClaimRow]) -> list[dict[str, Any]]:
    found = []
    for row in rows:
        verdict = await judge.claim(row.claim, [row.context])
        support = verdict.support if verdict.support is not None else 0.0
        if verdict.value == "unscored":
            support = 0.0
        elif verdict.support is None:
            support = float(verdict.value == "supported")
        shown: dict[str, Any] = {"id": row.id, "support": support, "verdict": verdict.value}
        if verdict.reason:
            shown["reason"] = verdict.reason
        if isinstance(judge, DeterministicJudge) and verdict.value != "unscored":
            shown |= _explained(row, support, judge.unsure)
        found.append(shown)
    return found


def _explained(row: ClaimRow, support: float, unsure: tuple[float, float]) -> dict[str, Any]:
    """Return what is wrong with the claim, and where."""
    signs = contradicted(row.claim, [row.context]) if support < unsure[1] else ()
    says = finding(support, unsure, signs)
    if says == "supported":
        return {"finding": says}
    spans = [asdict(one) for one in unsupported_words(row.claim, [row.context])]
    return {"finding": says, "signs": list(signs), "unsupported_words": spans}
