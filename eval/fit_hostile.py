"""Fit `assistant/hostile.json`: `python -m eval.fit_hostile DATA [--write]`.

DATA is the folder of the public sets (eval/README.md). Planted sentences are the BIPIA attacks and
our own list (`eval/data/hostile.jsonl`), each put into passages of documents that have nothing to
do with it, and once judged with nothing around. Harmless ones are the sentences of those documents,
every question and every order in them included, and our own look-alikes. Reported by five-fold
cross-validation: documents, kinds of attack and our own rows are never on both sides. A minute.
"""

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from assistant.hostile import FEATURES, WEIGHTS, evidence, stem_counts
from index.passage import Document
from index.split import split_passages

Floats = NDArray[np.float64]

OURS = Path(__file__).parent / "data" / "hostile.jsonl"
TEXTS = ("squad2", "emanual", "policyqa", "squality", "covidqa")
DOCUMENTS_A_SET = 60
PASSAGES_A_DOCUMENT = 12
HOSTS = 12
FOLDS = 5
SEED = 20_160_115
FALSE_ALARMS = 0.0023
"""Share of the harmless sentences of public documents that may be called planted."""


@dataclass(frozen=True)
class Judged:
    """A sentence with what stands around it; all of one `group` are in one fold."""

    kind: str
    group: str
    text: str
    around: str
    planted: bool


def read(data: Path) -> list[Judged]:
    """Read every sentence. Raises FileNotFoundError naming the file that is missing."""
    chance = random.Random(SEED)  # noqa: S311  a seeded sample, no secret
    harmless = list(_harmless(data, chance))
    around = [(one.group, one.around) for one in harmless]
    rows = [*harmless]
    for row in _rows(OURS):
        if row["planted"]:
            group = f"ours/{crc32(row['text'].encode())}"
            rows += _planted("our plants", group, row["text"], chance.sample(around, HOSTS))
        else:
            rows.append(Judged("our look-alikes", row["text"], row["text"], row["around"], False))
            rows.append(Judged("our look-alikes, bare", row["text"], row["text"], "", False))
    attacks = {(r["attack"], r["attack_category"]) for r in _bipia(data) if r["attack"]}
    for text, category in sorted(attacks):
        rows += _planted("BIPIA", category, text, chance.sample(around, HOSTS))
    return rows


def _planted(
    kind: str, group: str, text: str, hosts: Sequence[tuple[str, str]]
) -> Iterator[Judged]:
    yield Judged(f"{kind}, bare", group, text, "", True)
    for _, around in hosts:
        yield Judged(kind, group, text, around, True)


def _harmless(data: Path, chance: random.Random) -> Iterator[Judged]:
    for name in TEXTS:
        rows = list(_rows(data / "qa" / f"{name}_documents.jsonl"))
        for row in chance.sample(rows, min(DOCUMENTS_A_SET, len(rows))):
            yield from _sentences(name, row["document_id"], row["title"], row["text"], chance)
    for row in _bipia(data):
        if row["label"] == "clean":
            yield from _sentences("BIPIA, clean", row["id"], "", row["document"], chance)


def _sentences(
    kind: str, group: str, title: str, text: str, chance: random.Random
) -> Iterator[Judged]:
    passages = split_passages(Document(group, title, group, text))
    for passage in chance.sample(passages, min(PASSAGES_A_DOCUMENT, len(passages))):
        around = f"{title}\n{passage.section}\n{passage.text}"
        for span in passage.sentences:
            yield Judged(kind, f"{kind}/{group}", text[span.start : span.end], around, False)


def _bipia(data: Path) -> Iterator[dict[str, Any]]:
    return _rows(data / "attacks" / "bipia.jsonl")


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def fit(matrix: Floats, labels: NDArray[np.bool_], kinds: Sequence[str]) -> tuple[Floats, float]:
    """Return weights and bias; a kind weighs by the root of its size."""
    counts = Counter(kinds)
    weights = np.array([counts[k] ** -0.5 * _weight(k) for k in kinds])
    model = LogisticRegression(C=1.0, max_iter=3000)
    model.fit(matrix, labels, sample_weight=weights / weights.mean())
    return np.asarray(model.coef_[0]), float(model.intercept_[0])


def _weight(kind: str) -> float:
    """Look-alikes count for more; what is out of place only by its place counts for little bare."""
    if "look-alikes" in kind:
        return 2.0
    return 0.25 if kind.endswith("bare") else 1.0


def cross_validate(
    matrix: Floats, labels: NDArray[np.bool_], kinds: Sequence[str], groups: Sequence[str]
) -> Floats:
    """Return each row's probability under a model that saw nothing of its group."""
    folds = np.array([crc32(group.encode()) % FOLDS for group in groups])
    chances = np.zeros(len(labels))
    for fold in range(FOLDS):
        seen = folds != fold
        weights, bias = fit(
            matrix[seen], labels[seen], [k for k, s in zip(kinds, seen, strict=True) if s]
        )
        chances[~seen] = 1 / (1 + np.exp(-(matrix[~seen] @ weights + bias)))
    return chances


def report(rows: Sequence[Judged], chances: Floats, limit: float) -> list[str]:
    """Return the table for docs/experiments.md."""
    lines = ["| sentences | n | called planted |", "|---|---|---|"]
    for kind in sorted({one.kind for one in rows}):
        own = [c >= limit for one, c in zip(rows, chances, strict=True) if one.kind == kind]
        lines.append(f"| {kind} | {len(own)} | {np.mean(own):.4f} |")
    return lines


def main() -> None:
    """Fit, report, and with --write replace the weights that ship."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the public sets")
    parser.add_argument("--misses", action="store_true", help="list what our own rows miss")
    parser.add_argument("--write", action="store_true", help=f"write {WEIGHTS.name}")
    arguments = parser.parse_args()
    rows = read(arguments.data)
    matrix = np.array([evidence(one.text, stem_counts(one.around)) for one in rows])
    labels = np.array([one.planted for one in rows])
    kinds = [one.kind for one in rows]
    chances = cross_validate(matrix, labels, kinds, [one.group for one in rows])
    public = np.array([not one.planted and "our" not in one.kind for one in rows])
    limit = round(float(np.quantile(chances[public], 1 - FALSE_ALARMS)), 3)
    sys.stdout.write("\n".join([f"threshold {limit}", *report(rows, chances, limit)]) + "\n")
    if arguments.misses:
        for one, chance in zip(rows, chances, strict=True):
            if one.kind.startswith("our") and (chance >= limit) != one.planted:
                sys.stdout.write(f"{chance:.2f} {one.kind}: {one.text}\n")
    if arguments.write:
        weights, bias = fit(matrix, labels, kinds)
        fitted = {
            "features": FEATURES,
            "threshold": limit,
            "weights": [round(float(w), 4) for w in weights],
            "bias": round(bias, 4),
        }
        WEIGHTS.write_text(json.dumps(fitted, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
