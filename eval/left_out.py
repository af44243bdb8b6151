"""The judge fitted anew without a set, to be measured on it: `judges = refit(folder, limit=500)`.

The weights that ship were fitted on every set that people labelled, so what they reach on one of
them is no measure of what they reach on a text they have not seen. `refit` leaves out one set at a
time, with those of its family (`ragtruth_qa` and `ragtruth_sentences`), every row of another set
that shares its claim or its text, and the pairs made from its texts. The recipe, the penalties and
the threshold are `eval/fit_support.py`'s; the pairs are made from these sets' texts only.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from assistant.evidence import sentences_of
from assistant.support import SupportModel, features, load_support
from eval.agreement import (
    SEED,
    KindRate,
    Labelled,
    Refitted,
    Tell,
    drawn,
    labelled_sets,
    read_set,
)
from eval.judge import DeterministicJudge
from index.errors import MissingExtra, UsageError

MADE_SENTENCES: Final = 25
"""True sentences of each set that single facts are changed in."""

_LENGTHS: Final = range(41, 260)
_MOST: Final = 6_000
"""Characters of a text that sentences are taken from."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A claim put through the features; `origin` is the set that its text comes from.

    `kind` is what was done to a true sentence to make it, None for a claim that people labelled.
    """

    origin: str
    kind: str | None
    context: str
    claim: str
    label: bool
    features: NDArray[np.float64]


def refit(folder: Path, *, limit: int | None = None, tell: Tell | None = None) -> Refitted:
    """Return, by the set's name, a judge that was fitted on the other sets in `folder`.

    With them comes what they make of the pairs made from the texts of their own sets, by what was
    changed. `limit` takes at most so many claims of each set. Raises MissingExtra without
    scikit-learn, UsageError where nothing is left to fit on, and what `eval.agreement.read_set`
    raises.
    """
    try:
        from eval.fit_support import Judged, fit
    except ImportError as error:
        raise MissingExtra(
            "fitting the judge anew needs scikit-learn; pip install 'footnote[fit]'"
        ) from error
    sets = {
        file.stem: drawn(read_set(file), limit) for file in labelled_sets(folder, training=True)
    }
    rows = [row for name, found in sets.items() for row in _read(name, found, tell)]
    seen = Judged(
        np.array([row.features for row in rows]),
        np.array([int(row.label) for row in rows]),
        np.array([row.origin if row.kind is None else "made" for row in rows]),
        np.array(["" for _ in rows]),
        np.zeros(len(rows)),
    )
    threshold = load_support().threshold
    models = {
        name: SupportModel(fit(seen, _kept(rows, name)), threshold)
        for name in sets
        if "synthetic" not in name
    }
    judges = {
        name: DeterministicJudge(model, threshold, f"fitted without {name}")
        for name, model in models.items()
    }
    return Refitted(judges, _by_kind(rows, models, threshold))


def _by_kind(
    rows: Sequence[_Row], models: dict[str, SupportModel], threshold: float
) -> list[KindRate]:
    """Return the share shown of the pairs made from each set's texts by that set's judge."""
    shown: dict[tuple[bool, str], list[bool]] = {}
    for row in rows:
        if row.kind is not None and row.origin in models:
            odds = float(models[row.origin].probabilities(row.features[None, :])[0])
            shown.setdefault((row.label, row.kind), []).append(odds >= threshold)
    return [
        KindRate(kind, label, len(found), sum(found) / len(found))
        for (label, kind), found in sorted(shown.items())
    ]


def _read(name: str, found: Sequence[Labelled], tell: Tell | None) -> list[_Row]:
    """Put the claims of one set, and pairs made from its texts, through the features."""
    pairs = [*((None, row.context, row.claim, row.label) for row in found), *_made(found)]
    rows = []
    for done, (kind, context, claim, label) in enumerate(pairs):
        if tell:
            tell(f"reading {name}", done, len(pairs))
        rows.append(_Row(name, kind, context, claim, label, features(claim, [context])))
    return rows


def _made(found: Sequence[Labelled]) -> list[tuple[str, str, str, bool]]:
    """Return (kind, context, claim, label) of true sentences reworded and single facts changed."""
    from eval.corrupt import corruptions, paraphrases
    from eval.fit_support import NAME

    rng = random.Random(SEED)  # noqa: S311
    pairs: list[tuple[str, str, str, bool]] = []
    for text in sorted({row.context[:_MOST] for row in found})[:MADE_SENTENCES]:
        sentences = [one for one in sentences_of(text) if len(one) in _LENGTHS]
        if not sentences:
            continue
        at = rng.randrange(len(sentences))
        context, sentence = " ".join(sentences[max(0, at - 2) : at + 3]), sentences[at]
        changed = corruptions(sentence, NAME.findall(text)[:40], rng)
        pairs += [(kind, context, claim, False) for kind, claim in changed]
        pairs += [(kind, context, claim, True) for kind, claim in paraphrases(sentence, rng)]
    return pairs


def _kept(rows: Sequence[_Row], name: str) -> NDArray[np.bool_]:
    """Tell which rows have nothing to do with the set `name`."""
    family = name.partition("_")[0]
    out = [row for row in rows if row.origin == name]
    claims, contexts = {row.claim for row in out}, {row.context for row in out}
    kept: list[Any] = [
        row.origin.partition("_")[0] != family
        and row.claim not in claims
        and row.context not in contexts
        for row in rows
    ]
    left = {row.label for row, keeps in zip(rows, kept, strict=True) if keeps}
    if len(left) < len((True, False)):
        raise UsageError(f"without {name} there are not both labels left to fit on: add sets")
    return np.array(kept, bool)
