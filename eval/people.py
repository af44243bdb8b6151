"""People's verdicts on a run: `write_sheet(run, file, n)`, then `corrected(run, file)`.

A sheet holds claims of the run with what they cite, for people to judge; what they say of those
corrects the judge on all the others (`human.py`, `stats.py`).
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from eval.folder import RunFolder, dump
from eval.human import corrected_faithfulness, read_verdicts, sheet
from eval.judge import Judgement
from index.errors import UsageError

SEED = 20_160_115


def write_sheet(run: Path, file: Path, count: int) -> int:
    """Write at most `count` claims of `run` into `file`, and return how many there are.

    Raises UsageError for a file that is there already, or a run without claims.
    """
    rows = sheet(_judgements(run), count, seed=SEED)
    if not rows:
        raise UsageError(f"{run}: no answer of this run claims anything")
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.writelines(dump(row) + "\n" for row in rows)
    except FileExistsError as error:
        raise UsageError(f"{file} is there already, perhaps with verdicts; name another") from error
    return len(rows)


def corrected(run: Path, file: Path) -> dict[str, Any]:
    """Return the share of claims that hold, with its interval, people's verdicts in `file` counted.

    Raises CaseError for a bad line, UsageError for fewer than two verdicts on claims of this run.
    """
    judgements = [judgement for _, judgement in _judgements(run)]
    try:
        return asdict(corrected_faithfulness(judgements, read_verdicts(file)))
    except ValueError as error:
        raise UsageError(
            f"{file}: {error}; judge more claims of {run}, 50 to 300 are a good number"
        ) from error


def corrected_text(found: dict[str, Any]) -> str:
    """Return what `corrected` found, for people to read."""
    return (
        f"claims that hold: {found['value']:.3f} ({found['low']:.3f} to {found['high']:.3f})\n"
        f"people judged {found['labelled']}, of which {found['human']:.3f} hold; the judge alone "
        f"says {found['judged']:.3f} of all {found['labelled'] + found['unlabelled']}"
    )


def _judgements(run: Path) -> list[tuple[str, Judgement]]:
    return [(row["id"], Judgement.from_dict(row["judgement"])) for row in RunFolder(run).scores()]
