"""Do follow-ups find what their standalone forms find? `python -m eval.condense_recall [DATA]`.

The conversations in `eval/data/follow_ups` are our own, over texts of our own and the bundled
article, all in one index; "development" was looked at while the rules were written, "report" was
not, and they share no text. A follow-up has its evidence, a piece of the passage that answers it,
and a standalone form written by hand. One without evidence stands alone and must stay as typed.
With DATA, a folder of public question sets, so are the conversations that `eval.elliptic` makes of
them, over all their documents in one index. Recall@5: the share of questions whose evidence is in
the five passages found; the intervals draw whole documents.
"""

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from assistant.answer import Turn
from assistant.ask import find
from assistant.condense import condense, last_question
from assistant.settings import Settings, load_settings
from assistant.wiring import Wanted, build_index, open_searcher
from eval.elliptic import FollowUp, conversations, texts
from eval.stats import estimate
from index.search import Searcher

FOLDER = Path(__file__).with_name("data") / "follow_ups"
ARTICLES = Path(__file__).parents[1] / "index" / "articles"
DEPTH = 5
FORMS = ("as typed", "condensed", "standalone")
ALONE = "elsewhere"
"""The form of questions that nothing may be carried over to."""
UNSEEN = "dropped"
"""The form that leaves something out without a sign that it does."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A follow-up, what was made of it, and for each of the FORMS whether its evidence is found."""

    follow_up: FollowUp
    condensed: str
    found: tuple[bool, ...]


def turns(row: FollowUp) -> list[Turn]:
    """Return a follow-up's history as turns."""
    return [turn for q, a in row.history for turn in (Turn("user", q), Turn("assistant", a))]


def our_own() -> list[FollowUp]:
    """Return the conversations of `eval/data/follow_ups`."""
    lines = (FOLDER / "conversations.jsonl").read_text(encoding="utf-8").splitlines()
    return [_read(json.loads(line)) for line in lines]


def _read(row: dict[str, Any]) -> FollowUp:
    return FollowUp(
        dataset="ours",
        document=row["document"],
        part=row["part"],
        form="by hand" if row["evidence"] else ALONE,
        history=tuple((q, a) for q, a in row["history"]),
        question=row["question"],
        standalone=row["standalone"],
        evidence=row["evidence"] or "",
    )


def found(searcher: Searcher, question: str, evidence: str, before: str = "") -> bool:
    """Tell whether one of the passages found for `question` holds `evidence`; see `find`."""
    hits = find(searcher, question, before, DEPTH)
    return any(evidence in hit.passage.text for hit in hits)


def measure(searcher: Searcher, rows: Iterable[FollowUp]) -> list[Measured]:
    """Condense every row and search for its three forms; without evidence nothing is searched."""
    measured = []
    for row in rows:
        history = turns(row)
        condensed = condense(row.question, history)
        before = last_question(history) if condensed == row.question else ""
        forms = ((row.question, ""), (condensed, before), (row.standalone, ""))
        hits = [found(searcher, q, row.evidence, b) for q, b in forms] if row.evidence else []
        measured.append(Measured(row, condensed, tuple(hits)))
    return measured


def table(measured: Sequence[Measured]) -> list[str]:
    """Return Markdown: for each part a line for each form, and for those that lean together."""
    lines = [
        f"| part | form | n | {' | '.join(FORMS)} | condensed less standalone | changed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for part in ("development", "report"):
        own = [one for one in measured if one.follow_up.part == part]
        forms = dict.fromkeys(one.follow_up.form for one in own)
        lines += [_line(part, f, [one for one in own if one.follow_up.form == f]) for f in forms]
        leaning = [one for one in own if one.follow_up.form != ALONE]
        signs = [one for one in leaning if one.follow_up.form != UNSEEN]
        for name, rows in (("**all that lean**", leaning), ("**of these, with a sign**", signs)):
            lines += [_line(part, name, rows)] if rows else []
    return lines


def _line(part: str, form: str, own: Sequence[Measured]) -> str:
    changed = mean(one.condensed != one.follow_up.question for one in own)
    scored = [one for one in own if one.found]
    documents = [one.follow_up.document for one in scored]
    columns = [[float(one.found[i]) for one in scored] for i in range(len(FORMS))]
    columns.append([float(one.found[1]) - float(one.found[2]) for one in scored])
    cells = [_with_interval(values, documents) for values in columns]
    return f"| {part} | {form} | {len(own)} | {' | '.join(cells)} | {changed:.3f} |"


def _with_interval(values: list[float], documents: list[str]) -> str:
    one = estimate(values, documents, seed=1, shares=min(values, default=0) >= 0)
    if one is None:
        return ""
    spread = "" if one.low is None else f" ({one.low:.3f} to {one.high:.3f})"
    return f"{one.value:.3f}{spread}"


def _shown(measured: Sequence[Measured]) -> str:
    """Return the development part, a line each; "-" before what only its standalone form finds."""
    lines = []
    for one in measured:
        if one.follow_up.part == "development":
            lost = one.found and one.found[2] and not one.found[1]
            before = " / ".join(question for question, _ in one.follow_up.history)
            mark = "-" if lost else " "
            lines.append(
                f"{mark} {one.follow_up.form:<9} {before}  ·  {one.follow_up.question}"
                f"  →  {one.condensed}  ·  {one.follow_up.standalone}"
            )
    return "\n".join(lines) + "\n"


def public_index(settings: Settings, data: Path, folder: Path) -> Path:
    """Bring the index of all public documents, in `folder`, up to date; return where it is."""
    files = folder / "texts"
    files.mkdir(parents=True, exist_ok=True)
    for title, text in texts(data).items():
        name = re.sub(r"\W+", "-", title)[:80]
        (files / f"{name}.txt").write_text(f"{title}\n\n{text}", encoding="utf-8")
    build_index(settings, Wanted((str(files),)), folder / "index")
    return folder / "index"


def _own_index(settings: Settings, folder: Path) -> Path:
    paths = [*sorted(FOLDER.glob("*.md")), ARTICLES / "japan-russia.md"]
    build_index(settings, Wanted(tuple(map(str, paths))), folder / "index")
    return folder / "index"


def main() -> None:
    """Index the texts, ask everything and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", help="folder of the public sets")
    parser.add_argument(
        "--keep", type=Path, help="folder to keep the index in; it takes minutes to make"
    )
    parser.add_argument("--verbose", action="store_true", help="show the development part")
    arguments = parser.parse_args()
    settings = load_settings()
    with tempfile.TemporaryDirectory() as made:
        folder = arguments.keep or Path(made)
        if arguments.data:
            index, rows = (
                public_index(settings, arguments.data, folder),
                conversations(arguments.data),
            )
        else:
            index, rows = _own_index(settings, folder), iter(our_own())
        with open_searcher(settings, index) as searcher:
            measured = measure(searcher, rows)
    if arguments.verbose:
        sys.stdout.write(_shown(measured))
    sys.stdout.write("\n".join(table(measured)) + "\n")


if __name__ == "__main__":
    main()
