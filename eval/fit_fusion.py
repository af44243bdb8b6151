"""How the two halves of a search are fused: `python -m eval.fit_fusion DATA [--most 700]`.

Indexes the collections of `eval.passage_sets` with the shipped model and compares, by nDCG@10 over
documents, each half by itself, reciprocal rank fusion, and the shipped score with several weights.
All rank what the shipped search hands to its fusion. A set's queries are drawn once (the seed
below) and divided by article into a development part, which the weight is chosen on, and a report
part; XQuAD's are only reported. NQ and QED share questions, and so their division.
"""

import argparse
import hashlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log2
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.passage_sets import Collection, Query, read_collections
from index.assemble import Recipe, assemble
from index.embed import BUNDLED_MODEL, open_model, prepare_model
from index.engine import LocalEngine, entry_for
from index.filters import EVERYTHING
from index.search import COVERAGE, Searcher

SEED = 20_160_115
DEPTH = 10
RANK_CONSTANT = 60
ONLY_REPORTED = "xquad"
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Candidates:
    """What either half found for one query: its scores, a row for each passage found.

    `scores` has the columns of a Hit from `dense` on (NaN for None), shape (passages, 6);
    `documents` says which document a passage is of, `query` what is relevant.
    """

    dataset: str
    query: Query
    documents: tuple[str, ...]
    numbers: NDArray[np.int64]
    scores: Scores


def ndcg(ranked: Sequence[str], relevant: frozenset[str]) -> float:
    """Return nDCG@10 of documents, each counted where it comes first (Järvelin & Kekäläinen)."""
    first = list(dict.fromkeys(ranked))[:DEPTH]
    gain = sum(1 / log2(rank + 1) for rank, name in enumerate(first, 1) if name in relevant)
    return gain / sum(1 / log2(rank + 1) for rank in range(1, min(DEPTH, len(relevant)) + 1))


def _found(value: Scores) -> Scores:
    """Return the scores with what was not found below all others."""
    return np.nan_to_num(value, nan=-1e3)


def _reciprocal(rows: Scores) -> Scores:
    ranks: Scores = np.nan_to_num(1 / (RANK_CONSTANT + rows[:, 2:4]), nan=0.0).sum(axis=1)
    return ranks


def _with_weight(weight: float) -> Callable[[Scores], Scores]:
    return lambda rows: rows[:, 4] + weight * rows[:, 5]


WAYS: dict[str, Callable[[Scores], Scores]] = {
    "dense": lambda rows: _found(rows[:, 0]),
    "BM25": lambda rows: _found(rows[:, 1]),
    "reciprocal rank": _reciprocal,
    "best sentence": lambda rows: rows[:, 4],
    "coverage": lambda rows: rows[:, 5],
    **{f"both, {weight:g}": _with_weight(weight) for weight in (0.3, 0.4, 0.5, 0.6, 0.8)},
}
"""Ways of ranking, by name; "both, w" is best sentence + w · coverage."""


def open_collection(collection: Collection, work: Path, cache: Path) -> Searcher:
    """Index a collection under `work`, unless it is there already, and open it."""
    folder = work / collection.name
    model = prepare_model(BUNDLED_MODEL, cache)
    if not folder.exists():
        entries = [entry_for(one, one.id, "") for one in collection.documents]
        embedder = open_model(model, threads=1)
        recipe = Recipe(
            *(collection.name.replace("-", ""), embedder, model, None),
            engine=LocalEngine(embedder),
        )
        assemble(folder, recipe, entries, lambda *_: None)
    return Searcher(folder)


def candidates(
    collection: Collection, searcher: Searcher, queries: Sequence[Query]
) -> list[Candidates]:
    """Ask the queries of one collection."""
    found = []
    for query in queries:
        hits = searcher.rank(query.text, DEPTH, EVERYTHING)
        passages = searcher.numbered([hit.number for hit in hits])
        rows = [[np.nan if s is None else s for s in hit.scores[1:]] for hit in hits]
        found.append(
            Candidates(
                collection.dataset,
                query,
                tuple(passage.document_id for passage in passages),
                np.array([hit.number for hit in hits]),
                np.array(rows, np.float64).reshape(-1, 6),
            )
        )
    return found


def is_development(one: Candidates) -> bool:
    """Tell on which side of its set's split a query is; decided by its article's name."""
    return hashlib.sha256(f"{SEED} {one.query.group}".encode()).digest()[0] % 2 == 0


def table(found: Sequence[Candidates]) -> list[str]:
    """Return a row for each way, a column for each set, and their mean."""
    sets = list(dict.fromkeys(one.dataset for one in found))
    lines = [f"| | {' | '.join(sets)} | mean |", f"|---{'|---' * (len(sets) + 1)}|"]
    sizes = [sum(one.dataset == name for one in found) for name in sets]
    lines.append(f"| queries | {' | '.join(map(str, sizes))} | |")
    for name, way in WAYS.items():
        means = [float(np.mean([_judged(o, way) for o in found if o.dataset == s])) for s in sets]
        cells = " | ".join(f"{mean:.3f}" for mean in [*means, float(np.mean(means))])
        lines.append(f"| {name} | {cells} |")
    return lines


def _judged(one: Candidates, way: Callable[[Scores], Scores]) -> float:
    if not len(one.numbers):
        return 0.0
    order = np.lexsort((one.numbers, -way(one.scores)))
    return ndcg([one.documents[i] for i in order], one.query.relevant)


def main() -> None:
    """Print a table for the development parts, and one for what nothing was chosen on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the public question sets")
    parser.add_argument("--work", type=Path, default=Path("build/fusion"))
    parser.add_argument("--most", type=int, default=700, help="queries of a collection (700)")
    arguments = parser.parse_args()
    chance = np.random.default_rng(SEED)
    found: list[Candidates] = []
    for collection in read_collections(arguments.data):
        sys.stderr.write(f"{collection.name}\n")
        queries = collection.queries
        if len(queries) > arguments.most:
            drawn = chance.choice(len(queries), arguments.most, replace=False)
            queries = tuple(queries[i] for i in sorted(drawn))
        with open_collection(collection, arguments.work, arguments.work / "cache") as searcher:
            found += candidates(collection, searcher, queries)
    development = [o for o in found if o.dataset != ONLY_REPORTED and is_development(o)]
    chosen_on = set(map(id, development))
    report = [o for o in found if id(o) not in chosen_on]
    sys.stdout.write(f"development (ships: {COVERAGE:g})\n\n" + "\n".join(table(development)))
    sys.stdout.write("\n\nreport\n\n" + "\n".join(table(report)) + "\n")


if __name__ == "__main__":
    main()
