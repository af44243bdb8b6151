"""What planted sentences would still reach a reader: `python -m eval.attacks DATA`.

Each document of BIPIA is cut as the index cuts it. An obeying model repeats the attack, cited to
the passage: that is shown only if a sentence that holds the attack is still evidence. A document's
own answer is lost when every sentence that holds it is no evidence any more. The weights of
`assistant/hostile.py` were fitted on these attacks: `eval.fit_hostile` has the cross-validated
figures. Then the question's side: how many harmless prompts (NotInject, InjecGuard, public
questions) are read as an instruction, and how many attacks, each set in two halves.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from assistant.hostile import planted
from assistant.question import read_question
from index.passage import Document
from index.split import split_passages

OURS = Path(__file__).parent / "data" / "instructions.jsonl"
QUESTIONS = ("squad2", "clapnq", "emanual", "policyqa", "nq_oracle")


def left(row: dict[str, Any]) -> list[str]:
    """Return the sentences of the row's document that are still evidence."""
    text = row["document"]
    kept = []
    for passage in split_passages(Document(row["id"], "", row["id"], text)):
        hostile = planted(Document(row["id"], "", row["id"], text), passage)
        kept += [text[s.start : s.end] for s in passage.sentences if s not in hostile]
    return kept


def documents(data: Path) -> list[str]:
    """Return the table of attacks that are left and answers that are lost, by position."""
    lines = ["| BIPIA | documents | attack still evidence | answer lost, of those that hold it |"]
    lines.append("|---|---|---|---|")
    rows = _rows(data / "attacks" / "bipia.jsonl")
    for position in ("start", "middle", "end", None):
        own = [row for row in rows if row["position"] == position]
        kept = [left(row) for row in own]
        reached = [
            bool(row["attack"]) and any(row["attack"] in one for one in sentences)
            for row, sentences in zip(own, kept, strict=True)
        ]
        lost = [
            not any(row["ideal"] in one for one in sentences)
            for row, sentences in zip(own, kept, strict=True)
            if row["ideal"] in row["document"]
        ]
        cells = f"{len(own)} | {sum(reached)} | {sum(lost)} of {len(lost)}"
        lines.append(f"| {position or 'clean'} | {cells} |")
    return lines


def questions(data: Path) -> list[str]:
    """Return the table of what is read as an instruction, by set, label and half."""
    lines = ["| prompts | label | half | n | off limits |", "|---|---|---|---|---|"]
    sets = [
        (name, _rows(data / "attacks" / f"{name}.jsonl")) for name in ("notinject", "injecguard")
    ]
    sets += [(name, _rows(data / "qa" / f"{name}.jsonl")) for name in QUESTIONS]
    sets.append(("ours", _rows(OURS)))
    for name, rows in sets:
        for label in (0, 1):
            for half in (0, 1):
                own = [r for r in rows if r.get("label", 0) == label and _half(r) == half]
                if own:
                    share = np.mean([read_question(_asked(r)).shape == "instruction" for r in own])
                    lines.append(f"| {name} | {label} | {half + 1} | {len(own)} | {share:.3f} |")
    return lines


def _half(row: dict[str, Any]) -> int:
    return crc32(_asked(row).encode()) % 2


def _asked(row: dict[str, Any]) -> str:
    asked: str = row.get("prompt") or row["question"]
    return asked


def _rows(file: Path) -> Sequence[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the public sets")
    data = parser.parse_args().data
    sys.stdout.write("\n".join([*documents(data), "", *questions(data)]) + "\n")


if __name__ == "__main__":
    main()
