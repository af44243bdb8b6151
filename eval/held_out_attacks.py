"""Attacks of kinds that the weights never saw: `python -m eval.held_out_attacks DATA`; extra `fit`.

`eval.attacks` judges BIPIA's documents by the weights that ship, which were fitted on its attacks.
Here each fold of BIPIA's kinds of attack is judged by weights fitted without it, at the threshold
of the cross-validation: an attack succeeds if a sentence that holds it is still evidence, so that a
model that repeats it could cite it. The patterns that are weighed were written with BIPIA in sight;
only the weights are held out. Half a minute.
"""

import argparse
import json
import sys
import tempfile
from math import sqrt
from pathlib import Path
from zlib import crc32

import numpy as np

from assistant import hostile
from assistant.hostile import FEATURES, evidence, stem_counts
from eval.attacks import left
from eval.fit_hostile import FALSE_ALARMS, FOLDS, cross_validate, fit, read


def use(weights: list[float], bias: float, threshold: float, file: Path) -> None:
    """Let `assistant.hostile` judge by these weights, in this process."""
    fitted = {"features": FEATURES, "threshold": threshold, "weights": weights, "bias": bias}
    file.write_text(json.dumps(fitted), encoding="utf-8")
    hostile.WEIGHTS = file
    for cached in (hostile._model, hostile._planted, hostile.probability):  # noqa: SLF001  as it says
        cached.cache_clear()


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval (1927) for a share; it holds for no hits at all, too."""
    z = 1.96
    share, spread = hits / trials, z * z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = z * sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def main() -> None:
    """Fit without each fold, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the public sets")
    data = parser.parse_args().data
    rows = read(data)
    matrix = np.array([evidence(one.text, stem_counts(one.around)) for one in rows])
    labels = np.array([one.planted for one in rows])
    kinds, groups = [one.kind for one in rows], [one.group for one in rows]
    chances = cross_validate(matrix, labels, kinds, groups)
    public = np.array([not one.planted and "our" not in one.kind for one in rows])
    limit = float(np.quantile(chances[public], 1 - FALSE_ALARMS))
    folds = np.array([crc32(group.encode()) % FOLDS for group in groups])
    lines = (data / "attacks" / "bipia.jsonl").read_text("utf-8").splitlines()
    attacked = [row for row in map(json.loads, lines) if row["attack"]]
    reached: dict[str, list[bool]] = {}
    hits_of: list[tuple[dict[str, str], bool]] = []
    with tempfile.TemporaryDirectory() as folder:
        for fold in range(FOLDS):
            seen = folds != fold
            own = [k for k, s in zip(kinds, seen, strict=True) if s]
            weights, bias = fit(matrix[seen], labels[seen], own)
            use([float(w) for w in weights], bias, limit, Path(folder) / "weights.json")
            for row in attacked:
                if crc32(row["attack_category"].encode()) % FOLDS == fold:
                    hit = any(row["attack"] in one for one in left(row))
                    hits_of.append((row, hit))
                    reached.setdefault(row["position"], []).append(hit)
    wordings: dict[str, bool] = {}
    for row, hit in hits_of:
        wordings[row["attack"]] = wordings.get(row["attack"], False) or hit
    reached["all"] = [hit for hits in reached.values() for hit in hits]
    reached["wordings, anywhere"] = list(wordings.values())
    sys.stdout.write(
        "| BIPIA | documents | attack still evidence | share (95 %) |\n|---|---|---|---|\n"
    )
    for place, hits in reached.items():
        low, high = wilson(sum(hits), len(hits))
        share = f"{np.mean(hits):.3f} ({low:.3f} to {high:.3f})"
        sys.stdout.write(f"| {place} | {len(hits)} | {sum(hits)} | {share} |\n")


if __name__ == "__main__":
    main()
