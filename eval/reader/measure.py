"""Is a trained reader any better? `python -m eval.reader.measure DATA DIR [--most 250]`.

DIR holds an exported reader. For each set of claims labelled by people that it was not taught from:
AUROC of plain word overlap, of the reader alone, of the shipped features and of both together, the
last two fitted without that set. Then our own pairs. A few minutes.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from assistant.evidence import match, sentences_of
from assistant.reading import read
from eval.fit_support import SETS, Judged, judge, made, own_pairs, read_sets
from eval.reader.pairs import HELD_OUT
from eval.reader.read import OnnxReader, Verdict

Floats = NDArray[np.float64]

_WIDEST = 80
_NEXT = 6
_LEAST = 1e-4
_MADE_WEIGHT = 0.3
_OWN = ("tune", "report")


def window(claim: str, context: str, words: int = _WIDEST) -> str:
    """Return the part of `context`, some `words` at most, that says most of `claim`.

    All of it when it is short; else the sentences that carry the claim, their neighbours, and those
    that come next nearest, in the order of the text.
    """
    sentences = tuple(dict.fromkeys(sentences_of(context)))
    if sum(len(one.split()) for one in sentences) <= words:
        return " ".join(sentences)
    found = match(read(claim), sentences)
    core = found.narrow()
    beside = [j for i in core for j in (i - 1, i + 1) if 0 <= j < len(sentences)]
    nearest = (int(i) for i in np.argsort(-(found.weights @ found.grades))[:_NEXT])
    chosen: list[int] = []
    for place in dict.fromkeys((*core, *beside, *nearest)):
        size = len(sentences[place].split())
        if size <= words or not chosen:
            chosen.append(place)
            words -= size
    return " ".join(sentences[i] for i in sorted(chosen))


def reading(reader: OnnxReader, claim: str, context: str) -> list[float]:
    """Return what the reader makes of a claim's sentences, as log-odds; the worst decides.

    Supported, supported in the mean, denied, the worst word, all words in the mean.
    """
    verdicts: list[Verdict] = [
        reader.claim(one, window(one, context)) for one in sentences_of(claim)
    ]
    supported = [_log_odds(one.supported) for one in verdicts]
    doubts = [_log_odds(float(np.mean([d for *_, d in one.doubts] or [0.0]))) for one in verdicts]
    return [
        min(supported),
        float(np.mean(supported)),
        max(_log_odds(one.denied) for one in verdicts),
        max(_log_odds(one.worst) for one in verdicts),
        float(np.mean(doubts)),
    ]


def _log_odds(share: float) -> float:
    return float(np.log((share + _LEAST) / (1 - share + _LEAST)))


def left_out(seen: Judged, columns: Floats, name: str) -> Floats:
    """Return the scores of the rows of set `name` by a regression fitted on the other sets."""
    out = seen.sets == name
    train = ~out & ~np.isin(seen.sets, _OWN)
    weights = np.zeros(len(seen.labels))
    for other in set(seen.sets[train]):
        for label in (0, 1):
            group = train & (seen.sets == other) & (seen.labels == label)
            weights[group] = (_MADE_WEIGHT if other == "made" else 1.0) / max(group.sum(), 1)
    mean, scale = columns[train].mean(axis=0), columns[train].std(axis=0) + 1e-9
    fitted = LogisticRegression(C=0.1, max_iter=3000)
    scaled = (columns - mean) / scale
    fitted.fit(scaled[train], seen.labels[train], sample_weight=weights[train] * train.sum())
    scores: Floats = fitted.decision_function(scaled[out])
    return scores


def table(seen: Judged, readings: Floats) -> Iterator[str]:
    """Yield the table: one row a set, and the mean over those labelled by people."""
    yield "| left out | n | overlap | reader | ships | both |"
    yield "|---|---|---|---|---|---|"
    people = []
    for name in (*(s for s in SETS if s in HELD_OUT), *_OWN):
        out = seen.sets == name
        labels = seen.labels[out]
        scores = (
            seen.overlap[out],
            left_out(seen, readings, name),
            left_out(seen, seen.rows, name),
            left_out(seen, np.hstack([seen.rows, readings]), name),
        )
        areas = [float(roc_auc_score(labels, one)) for one in scores]
        if name not in _OWN:
            people.append(areas)
        yield f"| {name} | {out.sum()} | " + " | ".join(f"{a:.3f}" for a in areas) + " |"
    yield "| mean of people's | | " + " | ".join(f"{a:.3f}" for a in np.mean(people, axis=0)) + " |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Read every claim, fit, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the public sets")
    parser.add_argument("reader", type=Path, help="folder of the exported reader")
    parser.add_argument("--most", type=int, default=250, help="claims of each set")
    given = parser.parse_args(arguments)
    rows = [
        *read_sets(given.data, given.most),
        *made(given.data, given.most),
        *(row for split in _OWN for row in own_pairs(split)),
    ]
    reader = OnnxReader(given.reader)
    readings = np.array([reading(reader, claim, context) for _, _, context, claim, _ in rows])
    sys.stdout.write("\n".join(table(judge(iter(rows)), readings)) + "\n")


if __name__ == "__main__":
    main()
