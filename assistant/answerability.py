"""How likely a sentence answers a question, and whether any of those found does.

    model = load_model()
    odds = model.sentences(features(question, candidates, idf))   # one probability a sentence
    model.any(...)                                                # one for the whole search

The judgement is two logistic regressions on evidence that can be read off the words: how much of
the question a sentence and its surroundings repeat, how near its vector is, whether it holds the
kind of thing asked for (a number, a date, a reason, a name that the question does not already
give), whether a name or number of the question is missing. The weights are fitted by
`eval/fit_answerability.py` on public question sets, split by document; docs/experiments.md has the
figures. A trained reader can take this module's place: all that the rest of the assistant sees is
`AnswerModel`.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.question import Question
from index.passage import Span
from index.words import Word, words

Floats = NDArray[np.float64]
Idf = Callable[[str], float]

WEIGHTS = Path(__file__).with_name("answerability.json")

FEATURES = (
    "cosine",
    "cosine_below_best",
    "covered_by_sentence",
    "covered_with_context",
    "covered_by_passage",
    "covered_by_hits",
    "shared_pairs",
    "names_missing",
    "names_missing_in_hits",
    "figures_missing",
    "figures_missing_in_hits",
    "focus_in_sentence",
    "focus_in_context",
    "focus_in_hits",
    "focus_missing",
    "number_before_focus",
    "new_names",
    "new_words",
    "length",
    "question_length",
    *(f"asks_{kind}" for kind in ("number", "time", "reason", "person", "place", "manner", "open")),
    *(f"gives_{kind}" for kind in ("number", "time", "reason", "person", "place")),
)
"""What a sentence is judged by, in the order of the columns that `features` returns."""

SUMMARY = ("best", "log_best", "second", "top_three", "lead")
"""What the second regression sees of all sentences' probabilities, beside the best one's features.
"""

_NUMBER_WORDS = frozenset(
    """one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety
    hundred hundreds thousand thousands million millions billion billions trillion half third
    quarter dozen dozens twice once double several""".split()
)
_TIME_WORDS = frozenset(
    """january february march april may june july august september october november december monday
    tuesday wednesday thursday friday saturday sunday today yesterday century decade decades year
    years month months week weeks annually ago""".split()
)
_YEAR = re.compile(r"(1\d{3}|20\d{2})s?$")
_REASON = re.compile(
    r"\b(because|since|due to|owing to|so that|in order|therefore|thus|hence|as a result|thanks to|"
    r"result(ed|ing|s)? (in|from)|led to|leads? to|leading to|caus\w+|prompt\w+|motivat\w+|driv\w+|"
    r"drove|"
    r"reason\w*|aim\w*|hop(e|ed|ing)|want\w*|sought|seek\w*|intend\w*|believ\w+|fear\w*|concern\w*|"
    r"(in )?response|to (help|make|protect|prevent|avoid|improve|bring|gain|secure|counter|reduce|"
    r"increase|ensure)|for the purpose|enabl\w+|allow\w+|contribut\w+|on account)\b",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\b(in|at|to|from|near|on|across|throughout|of|into|outside|inside|off) (the )?[A-Z]\w+"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer: its place, its words, and what stands around it.

    `context` is the title, the heading and the sentence before it in its passage; `hit` says which
    of the hits it is from, counted from 0; `cosine` is that of question and sentence, -1 to 1.
    """

    document_id: str
    span: Span
    text: str
    context: str
    hit: int
    cosine: float


class AnswerModel:
    """Two fitted logistic regressions. Raises KeyError on weights for other features."""

    def __init__(self, weights: dict[str, Any]) -> None:
        if tuple(weights["features"]) != FEATURES:
            raise KeyError("answerability.json was fitted on other features: fit it again")
        self.threshold: float = weights["threshold"]
        self.companion_ratio: float = weights["companion_ratio"]
        self._sentence = (np.array(weights["sentence"]["weights"]), weights["sentence"]["bias"])
        self._question = (np.array(weights["question"]["weights"]), weights["question"]["bias"])

    def sentences(self, matrix: Floats) -> Floats:
        """Return for each row of `matrix` (n, features) the probability that it answers, (n,)."""
        return _logistic(matrix, self._sentence)

    def any(self, matrix: Floats, odds: Floats) -> float:
        """Return the probability that any of the sentences answers; 0 when there are none."""
        if not len(odds):
            return 0.0
        return float(_logistic(summary(matrix, odds)[None, :], self._question)[0])


@lru_cache(maxsize=1)
def load_model() -> AnswerModel:
    """Load the fitted weights that come with the package."""
    return AnswerModel(json.loads(WEIGHTS.read_text(encoding="utf-8")))


def features(question: Question, candidates: Sequence[Candidate], idf: Idf) -> Floats:
    """Return the evidence for each candidate, shape (candidates, FEATURES).

    `idf` gives a stem's rarity in the index, 0 (in every passage) to 1 (in none).
    """
    if not candidates:
        return np.zeros((0, len(FEATURES)))
    found = _Found(candidates)
    weights = {stem: 0.2 + idf(stem) for stem in question.stems}
    total = sum(weights.values()) or 1.0

    def covered(stems: frozenset[str]) -> float:
        return sum(weight for stem, weight in weights.items() if stem in stems) / total

    best = max(candidate.cosine for candidate in candidates)
    rows = [_row(question, c, found, covered) for c in candidates]
    matrix = np.array(rows)
    matrix[:, FEATURES.index("cosine_below_best")] -= best
    return matrix


def summary(matrix: Floats, odds: Floats) -> Floats:
    """Return what the question-level regression sees: SUMMARY, then the best row of `matrix`."""
    order = np.argsort(-odds)
    best = odds[order[0]]
    second = odds[order[1]] if len(odds) > 1 else 0.0
    stats = [best, np.log(best + 1e-4), second, odds[order[:3]].sum(), best - second]
    return np.concatenate([stats, matrix[order[0]]])


class _Found:
    """The stems of all that was found: of each hit, and of everything together."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.hits: dict[int, frozenset[str]] = {}
        for candidate in candidates:
            known = self.hits.get(candidate.hit, frozenset())
            self.hits[candidate.hit] = known | _stems(candidate.text) | _stems(candidate.context)
        self.all = frozenset().union(*self.hits.values())


def _row(
    question: Question,
    candidate: Candidate,
    found: _Found,
    covered: Callable[[frozenset[str]], float],
) -> list[float]:
    own = _profile(candidate.text)
    near = own.stems | _stems(candidate.context)
    focus = question.focus
    gives = {
        "number": bool(own.numbers - question.figures - frozenset(question.stems)),
        "time": bool(own.times - frozenset(question.stems)),
        "reason": own.has_reason,
        "person": bool(own.names - frozenset(question.stems)),
        "place": own.has_place and bool(own.names - frozenset(question.stems)),
    }
    asks = question.asks
    named = max(len(question.names), 1)
    return [
        candidate.cosine,
        candidate.cosine,  # less the best one's, taken off in `features`
        covered(own.stems),
        covered(near),
        covered(found.hits[candidate.hit]),
        covered(found.all),
        len(_pairs(question.text) & _pairs(candidate.text)) / max(len(_pairs(question.text)), 1),
        len(question.names - near) / named,
        len(question.names - found.all) / named,
        min(len(question.figures - near), 2),
        min(len(question.figures - found.all), 2),
        float(focus in own.stems),
        float(focus in near),
        float(focus in found.all),
        float(focus is not None and focus not in near),
        float(focus is not None and asks == "number" and _counts(candidate.text, focus)),
        min(len(own.names - frozenset(question.stems)), 5) / 5,
        len(own.stems - frozenset(question.stems)) / (len(own.stems) + 1),
        min(len(words(candidate.text)), 60) / 60,
        min(len(question.stems), 12) / 12,
        *(
            float(asks == kind)
            for kind in ("number", "time", "reason", "person", "place", "manner", "open")
        ),
        *(float(asks == kind and given) for kind, given in gives.items()),
    ]


@dataclass(frozen=True, slots=True)
class _Profile:
    """What a sentence holds, as stems."""

    stems: frozenset[str]
    names: frozenset[str]
    numbers: frozenset[str]
    times: frozenset[str]
    has_reason: bool
    has_place: bool


@lru_cache(maxsize=4096)
def _profile(text: str) -> _Profile:
    found = words(text)
    return _Profile(
        stems=_stems(text),
        names=frozenset(w.stem for w in found if w.text[0].isupper() and w.is_content),
        numbers=frozenset(w.stem for w in found if _is_number(w)),
        times=frozenset(
            w.stem for w in found if w.text.casefold() in _TIME_WORDS or _YEAR.match(w.text)
        ),
        has_reason=bool(_REASON.search(text)),
        has_place=bool(_PLACE.search(text)),
    )


@lru_cache(maxsize=4096)
def _stems(text: str) -> frozenset[str]:
    return frozenset(word.stem for word in words(text) if word.is_content)


@lru_cache(maxsize=4096)
def _pairs(text: str) -> frozenset[tuple[str, str]]:
    stems = [word.stem for word in words(text)]
    return frozenset(pairwise(stems))


def _is_number(word: Word) -> bool:
    return word.text[0].isdigit() or word.text.casefold() in _NUMBER_WORDS


def _counts(text: str, focus: str) -> bool:
    """Whether a number stands shortly before `focus`: "twenty-seven meetings"."""
    found = words(text)
    return any(
        _is_number(word) and any(later.stem == focus for later in found[i + 1 : i + 5])
        for i, word in enumerate(found)
    )


def _logistic(matrix: Floats, fitted: tuple[Floats, float]) -> Floats:
    weights, bias = fitted
    odds: Floats = 1.0 / (1.0 + np.exp(-(matrix @ weights + bias)))
    return odds
