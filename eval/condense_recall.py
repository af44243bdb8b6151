"""Do follow-ups find what their standalone forms find? `python -m eval.condense_recall`.

The conversations in `eval/data/follow_ups` are our own, over four texts of our own and the bundled
article, all in one index; "development" was looked at while the rules were written, "report" was
not, and they share no text. A follow-up has its evidence, a piece of the passage that answers it,
and a standalone form written by hand. One without evidence stands alone and must stay as typed.
Recall@5: the share of questions whose evidence is in the five passages found.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from statistics import mean
from typing import Any

from assistant.answer import Turn
from assistant.condense import condense
from assistant.settings import load_settings
from assistant.wiring import Wanted, build_index, open_searcher
from index.search import Searcher

FOLDER = Path(__file__).with_name("data") / "follow_ups"
ARTICLES = Path(__file__).parents[1] / "index" / "articles"
DEPTH = 5


def turns(row: dict[str, Any]) -> list[Turn]:
    """Return a row's history as turns."""
    return [turn for q, a in row["history"] for turn in (Turn("user", q), Turn("assistant", a))]


def found(searcher: Searcher, question: str, evidence: str) -> bool:
    """Tell whether one of the passages found for `question` holds `evidence`."""
    return any(evidence in hit.passage.text for hit in searcher.search(question, DEPTH))


def report(searcher: Searcher, rows: list[dict[str, Any]], *, verbose: bool) -> str:
    """Return one line of figures about `rows`."""
    leaning = [row for row in rows if row["evidence"]]
    alone = [row for row in rows if not row["evidence"]]
    hits: dict[str, list[bool]] = {"as typed": [], "condensed": [], "by hand": []}
    for row in leaning:
        condensed = condense(row["question"], turns(row))
        forms = (row["question"], condensed, row["standalone"])
        for name, form in zip(hits, forms, strict=True):
            hits[name].append(found(searcher, form, row["evidence"]))
        if verbose:
            mark = " " if hits["condensed"][-1] else "-"
            sys.stdout.write(f"{mark} {row['question']}  →  {condensed}\n")
    kept = [condense(row["question"], turns(row)) == row["question"] for row in alone]
    recalls = ", ".join(f"{name} {mean(one):.3f}" for name, one in hits.items())
    return f"recall@{DEPTH} of {len(leaning)}: {recalls}; unchanged {sum(kept)}/{len(alone)}"


def main() -> None:
    """Index the texts, ask everything and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verbose", action="store_true", help="show the development part")
    arguments = parser.parse_args()
    lines = (FOLDER / "conversations.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    settings = load_settings()
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        files = [*sorted(FOLDER.glob("*.md")), ARTICLES / "japan-russia.md"]
        build_index(settings, Wanted(tuple(map(str, files))), index)
        with open_searcher(settings, index) as searcher:
            for part in ("development", "report"):
                chosen = [row for row in rows if row["part"] == part]
                shown = arguments.verbose and part == "development"
                sys.stdout.write(f"{part:<11}  {report(searcher, chosen, verbose=shown)}\n")


if __name__ == "__main__":
    main()
