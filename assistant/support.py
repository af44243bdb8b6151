"""How far a claim follows from given text: `support(claim, quotes)`, 0 to 1, or None: no verdict.

    support = load_support()
    support("Abe met Putin 27 times.", ["He met Putin twenty-seven times."])    # near 1
    support("Abe met Putin 28 times.", ["He met Putin twenty-seven times."])    # near 0
    support.narrow("Abe met Putin 27 times.", sentences)                        # which of them

A claim without a verdict is not shown. What is quoted word for word has support 1. Anything else is
judged by what can be read off the words: how much of the claim stands in the few sentences that
come nearest (`evidence.py`), and signs that it says something else (`signs.py`). A small fitted
model weighs all that into a probability; its weights are fitted by `eval/fit_support.py` on public
sets labelled by people, and docs/design/0002-support.md says why it is built this way. A trained
reader can take this module's place: all that the rest of the assistant sees is `Support`.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from assistant import signs
from assistant.edits import UNCHANGED, Edits, edits
from assistant.evidence import Match, match, sentences_of
from assistant.lexicon import lexicon
from assistant.reading import Reading, read
from index.words import content_stems

WEIGHTS = Path(__file__).with_name("support.json")
Floats = NDArray[np.float64]
Unsure = Literal["threshold", "show", "withhold"]

UNSURE: Final = 0.1
"""How far about its threshold a support is unsure."""

FEATURES = (
    "covered_core",
    "covered_best",
    "covered_near",
    "covered_all",
    "exact_core",
    "exact_all",
    "heaviest_missing",
    "second_missing",
    "heaviest_missing_all",
    "unmatched",
    "pairs",
    "in_order",
    "cosine",
    "quantities_missing_core",
    "quantities_missing_all",
    "names_missing_core",
    "names_missing_near",
    "names_missing_all",
    "pronoun_in_core",
    "turned",
    "denials_differ",
    "opposed",
    "swapped",
    "replaced",
    "recounted",
    "misquoted",
    "surer",
    "claim_length",
    "evidence_length",
    "core_sentences",
    "core_excess",
)
_SIGNS = {
    name: FEATURES.index(name)
    for name in (
        "quantities_missing_all",
        "turned",
        "opposed",
        "swapped",
        "replaced",
        "recounted",
        "misquoted",
    )
}
_MATCHED, _EXACT = 0.5, 0.9
_CLOSE = 0.6
"""Share of the claim that a sentence must hold for a sign in it to count."""

_SAYS_SOMETHING = 3
"""Content words from which on a sentence is judged by itself."""

_SHORT = 150
"""Content words of evidence that is read as one place, not searched."""


class Support(Protocol):
    """Judges one claim by the text it cites; a plain function will do, see `Judge` for more."""

    def __call__(self, claim: str, quotes: Sequence[str], /) -> float | None:
        """Return how far `claim` follows from `quotes` together, 0 to 1; None without a verdict."""


@runtime_checkable
class Judge(Support, Protocol):
    """A Support that knows its own scale and can look for evidence, as `SupportModel` does."""

    threshold: float
    """Support from which on a claim may be shown."""

    def narrow(self, claim: str, sentences: Sequence[str], /) -> Sequence[int]:
        """Return the indices of those of `sentences`, three at most, that carry `claim`."""

    def prepare(self, quotes: Sequence[str], /) -> None:
        """Read `quotes` ahead, so that the first claim on them is judged as fast as the others.

        Called in a thread while a language model is still writing; judging does not depend on it.
        """


def verbatim(claim: str, quotes: Sequence[str]) -> float | None:
    """Return 1 for a claim that stands word for word in one quote, white space aside, else None."""
    said = " ".join(claim.split())
    return 1.0 if said and any(said in " ".join(quote.split()) for quote in quotes) else None


def parts(claim: str) -> list[str]:
    """Return the sentences of `claim`, one at least; one that hardly says anything is no part by
    itself but of the next, or of the last.
    """
    found: list[str] = []
    begun = ""
    for sentence in sentences_of(claim):
        begun = f"{begun} {sentence}".strip()
        if len(content_stems(begun)) >= _SAYS_SOMETHING:
            found.append(begun)
            begun = ""
    if begun and found:
        found[-1] = f"{found[-1]} {begun}"
    return found if len(found) > 1 else [claim]


class SupportModel:
    """The fitted judgement. Threads may share it. Raises KeyError on weights of other features."""

    def __init__(self, weights: dict[str, Any], threshold: float | None = None) -> None:
        if tuple(weights["features"]) != FEATURES:
            raise KeyError("support.json was fitted on other features: fit it again")
        self.threshold: float = weights["threshold"] if threshold is None else threshold
        self._linear = np.array(weights["linear"])
        self._bias: float = weights["bias"]
        self._penalties = {_SIGNS[name]: odds for name, odds in weights["penalties"].items()}

    def __call__(self, claim: str, quotes: Sequence[str]) -> float | None:
        """Return how far `claim` follows from `quotes`; None for an empty claim or no quotes."""
        if not claim.strip() or not any(quote.strip() for quote in quotes):
            return None
        if verbatim(claim, quotes):
            return 1.0
        if not any(c.isalnum() for c in claim):
            return None
        # What one sentence of it invents is not made good by what another one quotes.
        return min(self._one(part, quotes) for part in parts(claim))

    def _one(self, claim: str, quotes: Sequence[str]) -> float:
        """Return how far a claim of one sentence follows."""
        exact = verbatim(claim, quotes)
        return exact or float(self.probabilities(features(claim, quotes)[None, :])[0])

    def probabilities(self, rows: Floats) -> Floats:
        """Return for each row of features (n, FEATURES) the probability of support, (n,)."""
        score = rows @ self._linear + self._bias
        for column, less in self._penalties.items():
            score = score - less * (rows[:, column] > 0)
        odds: Floats = 1.0 / (1.0 + np.exp(-score))
        return odds

    def narrow(self, claim: str, sentences: Sequence[str]) -> tuple[int, ...]:
        """Return the indices of the fewest of `sentences`, at most 3, that carry `claim`."""
        if (exact := _standing(claim, sentences)) is not None:
            return (exact,)
        return match(read(claim), sentences).narrow()

    def prepare(self, quotes: Sequence[str]) -> None:
        """Read `quotes` ahead; what is read is cached for all judgements of the process."""
        for quote in quotes:
            for sentence in sentences_of(quote):
                read(sentence)


def unsure_band(threshold: float) -> tuple[float, float]:
    """Return from which support on, and below which, nobody should be sure."""
    return max(0.0, threshold - UNSURE), min(1.0, threshold + UNSURE)


def shown_from(threshold: float, unsure: Unsure) -> float:
    """Return the support from which on claims are shown when those in the band are treated so."""
    low, high = unsure_band(threshold)
    return {"threshold": threshold, "show": low, "withhold": high}[unsure]


@lru_cache(maxsize=4)
def load_support(threshold: float | None = None, unsure: Unsure = "threshold") -> SupportModel:
    """Load the fitted judgement; `threshold` (0 to 1) in place of the fitted one.

    `unsure` shows or withholds all of the band about it.
    """
    weights = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    base = weights["threshold"] if threshold is None else threshold
    return SupportModel(weights, shown_from(base, unsure))


def features(claim: str, quotes: Sequence[str]) -> Floats:
    """Return the evidence for and against `claim`, shape (FEATURES,)."""
    sentences = tuple(dict.fromkeys(s for quote in quotes for s in sentences_of(quote)))
    own = read(claim)
    found = match(own, sentences)
    core = found.narrow()
    near = sorted({j for i in core for j in (i - 2, i - 1, i, i + 1) if 0 <= j < len(sentences)})
    readings = [found.readings[i] for i in core]
    close = [found.readings[i] for i in _close(found, core)]
    changed = _changed(found)
    replaced, recounted = _in_their_place(found)
    return np.array(
        [
            *_covered(found, core, near),
            *_missing(found, core),
            _pairs(own, readings),
            _in_order(own, readings),
            _cosine(own, readings),
            *_absent(found, core, near),
            float(any(one.has_pronoun for one in readings)),
            min(max(signs.turned(own, close), changed.denied), 2),
            signs.denials_differ(own, close),
            min(max(signs.opposed(own, close), changed.contrasted), 2),
            min(max(signs.swapped(own, close), changed.moved), 2),
            min(max(replaced, changed.renamed, changed.reworded), 2),
            min(recounted, 2),
            min(signs.misquoted(claim, " ".join(quotes)), 2),
            float(signs.surer(own, close)),
            np.log1p(len(own.content)),
            np.log1p(sum(len(one.content) for one in found.readings)),
            len(core),
            np.log1p(sum(len(one.content) for one in readings)) - np.log1p(len(own.content)),
        ]
    )


def _standing(claim: str, sentences: Sequence[str]) -> int | None:
    return next((i for i, one in enumerate(sentences) if verbatim(claim, [one])), None)


def _close(found: Match, core: Sequence[int]) -> list[int]:
    """Return those of the core that tell what the claim tells about: they can contradict it."""
    total = float(found.weights.sum()) or 1.0
    return [i for i in core if found.weights @ found.grades[:, i] >= _CLOSE * total]


def _nearest(found: Match) -> tuple[Reading | None, float]:
    """Return the sentence nearest in words, and the share of them that it holds."""
    words = len(found.claim.content)
    if not words or not found.readings:
        return None, 0.0
    weights = found.weights[:words]
    shares = weights @ found.grades[:words] / max(float(weights.sum()), 1e-9)
    best = int(shares.argmax())
    return found.readings[best], float(shares[best])


def _changed(found: Match) -> Edits:
    nearest, _ = _nearest(found)
    return edits(found.claim, nearest) if nearest else UNCHANGED


def _in_their_place(found: Match) -> tuple[int, int]:
    """Return how many names and quantities the sentence nearest in words has others for.

    In a long text some other sentence may say it of another, so there it is no sign.
    """
    nearest, share = _nearest(found)
    if nearest is None or share < _CLOSE or sum(len(r.content) for r in found.readings) > _SHORT:
        return 0, 0
    return signs.replaced(found.claim, nearest), signs.recounted(found.claim, nearest)


def _covered(found: Match, core: Sequence[int], near: Sequence[int]) -> list[float]:
    total = float(found.weights.sum()) or 1.0
    held = [found.held(core), found.held(near), found.grades.max(axis=1, initial=0)]
    best = float((found.weights @ found.grades).max(initial=0))
    soft = [float(found.weights @ one) / total for one in held]
    exact = [float(found.weights @ (one >= _EXACT)) / total for one in (held[0], held[2])]
    return [soft[0], best / total, soft[1], soft[2], *exact]


def _missing(found: Match, core: Sequence[int]) -> list[float]:
    """Return the two heaviest parts that lack a counterpart, the heaviest in all, and how many."""
    lacking = np.sort(found.weights * (1 - found.held(core)))[::-1]
    everywhere = found.weights * (1 - found.grades.max(axis=1, initial=0))
    unmatched = int(((found.held(core) < _MATCHED) & (found.weights > 0)).sum())
    first, second = [*lacking[:2], 0.0, 0.0][:2]
    return [float(first), float(second), float(everywhere.max(initial=0)), min(unmatched, 6)]


def _pairs(claim: Reading, core: Sequence[Reading]) -> float:
    mine = set(pairwise(t.key for t in claim.tokens))
    theirs = {pair for one in core for pair in pairwise(t.key for t in one.tokens)}
    return len(mine & theirs) / max(len(mine), 1)


def _in_order(claim: Reading, core: Sequence[Reading]) -> float:
    """Return the longest common subsequence of content words with one sentence, as a share."""
    mine = [t.key for t in claim.content]
    best = 0
    for one in core:
        row = [0] * (len(mine) + 1)
        for token in one.content:
            before = 0
            for i, key in enumerate(mine, 1):
                kept = row[i]
                row[i] = before + 1 if key == token.key else max(row[i], row[i - 1])
                before = kept
        best = max(best, row[-1])
    return best / max(len(mine), 1)


def _cosine(claim: Reading, core: Sequence[Reading]) -> float:
    table = lexicon().vectors
    one = sum((t.weight * table[t.row] for t in claim.content), np.zeros(table.shape[1]))
    two = sum((t.weight * table[t.row] for r in core for t in r.content), np.zeros(table.shape[1]))
    return float(one @ two / max(float(np.linalg.norm(one) * np.linalg.norm(two)), 1e-9))


def _absent(found: Match, core: Sequence[int], near: Sequence[int]) -> list[float]:
    """Count the quantities and names of the claim that are not in the core, near it, anywhere."""
    words = found.claim.content
    core_held, near_held = found.held(core), found.held(near)
    everywhere = found.grades.max(axis=1, initial=0)
    amounts = slice(len(words), None)
    named = [i for i, t in enumerate(words) if t.key in found.claim.names]
    spoken = [q for i in core for q in found.readings[i].quantities]
    return [
        min(signs.missing(found.claim.quantities, spoken), 3),
        min(int((everywhere[amounts] < 1).sum()), 3),
        *(
            min(float(sum(1 - (held[i] >= _MATCHED) for i in named)), 3)
            for held in (core_held, near_held, everywhere)
        ),
    ]
