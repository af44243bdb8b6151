"""What people say of a run's claims: `sheet(...)` to fill in, `read_verdicts(file)` to read it.

A line of the file is `{"claim": "…", "quotes": ["…"], "verdict": "supported"}`, with "unsupported"
or "unsure" instead, or null for what nobody has judged yet; "case" and "by" may stand there too.
A verdict is about a claim together with what it cites: it holds wherever the same two meet again.
`corrected_faithfulness` lets some 50 to 300 verdicts correct the judge on all the rest.
"""

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from eval.judge import Judgement, Value, Verdict
from eval.stats import Corrected, corrected_mean
from index.errors import CaseError
from index.load import shown

Asked = tuple[str, tuple[str, ...]]
"""A claim with what it cites."""

_WORDS: Final[dict[str, Value]] = {
    "supported": "supported",
    "unsupported": "unsupported",
    "unsure": "unscored",
}
_FIELDS: Final = {"claim", "quotes", "verdict", "case", "by"}


def sheet(
    judgements: Sequence[tuple[str, Judgement]], n: int, *, seed: int
) -> list[dict[str, Any]]:
    """Return `n` rows at most, to be filled in: one claim of a case, drawn alike from all cases.

    `judgements` are (case id, judgement). A claim that several cases make of the same quotes is
    asked about once: what is said of it counts for all. The judge's own verdict is not shown: it
    would sway.
    """
    drawn = random.Random(seed)  # noqa: S311
    having = sorted(((c, j) for c, j in judgements if j.claims), key=lambda one: one[0])
    chosen = drawn.sample(having, min(n, len(having)))
    rows: dict[Asked, dict[str, Any]] = {}
    for case, judgement in chosen:
        claim = drawn.choice(judgement.claims)
        row = {"case": case, "claim": claim.text, "quotes": list(claim.quotes), "verdict": None}
        rows.setdefault((claim.text, claim.quotes), row)
    return list(rows.values())


def read_verdicts(file: Path) -> dict[Asked, Verdict]:
    """Return the verdicts in `file`; lines that nobody has judged yet are passed by.

    Raises CaseError naming file, line and field for a line that cannot be meant, and for a claim
    that was judged in two ways.
    """
    found: dict[Asked, Verdict] = {}
    try:
        lines = file.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(f"{shown(file)}: cannot be read as UTF-8 text: {error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{shown(file)}: line {number}"
        asked, verdict = _read(where, line)
        if verdict is None:
            continue
        if found.setdefault(asked, verdict) != verdict:
            _wrong(where, "verdict", "an earlier line says something else of the same claim")
    return found


def _read(where: str, line: str) -> tuple[Asked, Verdict | None]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise CaseError(f"{where}: not JSON: {error}") from error
    if not isinstance(row, dict):
        raise CaseError(f"{where}: a row is a JSON object, in curly brackets")
    for field in sorted(row.keys() - _FIELDS):
        _wrong(where, field, f"there is no such field; there are {', '.join(sorted(_FIELDS))}")
    claim, quotes, word = row.get("claim"), row.get("quotes"), row.get("verdict", "")
    if not isinstance(claim, str) or not claim.strip():
        _wrong(where, "claim", "a text is expected, in quotation marks")
    if not isinstance(quotes, list) or not all(isinstance(quote, str) for quote in quotes):
        _wrong(where, "quotes", "a list of texts is expected")
    if word is not None and word not in _WORDS:
        _wrong(where, "verdict", f"{word!r} is none of {', '.join(_WORDS)}, null")
    asked = (claim, tuple(quotes))
    if word is None:
        return asked, None
    reason = "the person was not sure" if word == "unsure" else ""
    return asked, Verdict(_WORDS[word], reason)


def _wrong(where: str, field: str, message: str) -> NoReturn:
    raise CaseError(f"{where}: {field}: {message}")


def corrected_faithfulness(
    judgements: Sequence[Judgement], verdicts: Mapping[Asked, Verdict]
) -> Corrected:
    """Return the share of claims that hold, people's verdicts correcting the judge's.

    Claims without a score, from either, are left out. Raises ValueError for fewer than two claims
    that both have judged.
    """
    human, judged, rest = [], [], []
    for claim in (claim for judgement in judgements for claim in judgement.claims):
        if claim.verdict.value == "unscored":
            continue
        machine = float(claim.verdict.value == "supported")
        person = verdicts.get((claim.text, claim.quotes))
        if person is None:
            rest.append(machine)
        elif person.value != "unscored":
            human.append(float(person.value == "supported"))
            judged.append(machine)
    return corrected_mean(human, judged, rest)
