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
from index.words import Word, stem, words

Floats = NDArray[np.float64]
Rarity = Callable[[str], float]

WEIGHTS = Path(__file__).with_name("answerability.json")

_ASKED = ("number", "time", "reason", "person", "place", "manner", "open")

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
    "unseen_share",
    "heaviest_missing",
    "focus_in_sentence",
    "focus_in_context",
    "focus_in_hits",
    "focus_missing",
    "number_before_focus",
    "new_names",
    "new_words",
    "length",
    "question_length",
    "reason_and_cosine",
    "reason_and_covered",
    *(f"asks_{kind}" for kind in _ASKED),
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
_LIGHT_WEIGHT = 0.3
_LIGHT = frozenset(
    stem(word)
    for word in """aim amount article became become began begin begun big call called came come
    deep describe document example examples fact facts far fast find found gave get give given
    go goal got happen happened high include involve keep kept kind knew know known large like
    long look made make mean meant mention name named names need number often old part phrase
    play purpose put reason reasons role said saw say section see seen sort start started state
    take taken tall tell term text thing things think thought told took tried try type use used
    want way ways went wide word""".split()
)
"""Words so common, or so much of the asking, that a text may well answer without them."""

_SHORTEST_KIN = 4
_KIN_WEIGHT = 0.7
_KIN_SHARE = 0.7
_LONGEST_ENDING = 5
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
        self.companion_ratio: dict[str, float] = weights["companion_ratio"]
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


def features(question: Question, candidates: Sequence[Candidate], rarity: Rarity) -> Floats:
    """Return the evidence for each candidate, shape (candidates, FEATURES).

    `rarity` tells how rare a stem is in the index: 0 in every passage, 1 in none.
    """
    if not candidates:
        return np.zeros((0, len(FEATURES)))
    evidence = _Evidence(question, candidates, rarity)
    return np.array([evidence.row(candidate) for candidate in candidates])


def summary(matrix: Floats, odds: Floats) -> Floats:
    """Return what the question-level regression sees: SUMMARY, then the best row of `matrix`."""
    order = np.argsort(-odds)
    best = odds[order[0]]
    second = odds[order[1]] if len(odds) > 1 else 0.0
    stats = [best, np.log(best + 1e-4), second, odds[order[:3]].sum(), best - second]
    return np.concatenate([stats, matrix[order[0]]])


class _Evidence:
    """A question against all that was found for it; gives one row of numbers for each candidate."""

    def __init__(self, question: Question, candidates: Sequence[Candidate], rarity: Rarity) -> None:
        self.question = question
        self.weights = {
            stem: _LIGHT_WEIGHT if stem in _LIGHT else 0.2 + rarity(stem) for stem in question.stems
        }
        self.best_cosine = max(candidate.cosine for candidate in candidates)
        hits: dict[int, frozenset[str]] = {}
        for one in candidates:
            stems = _stems(one.text) | _stems(one.context)
            hits[one.hit] = hits.get(one.hit, frozenset()) | stems
        self.found = frozenset[str]().union(*hits.values())
        self.kin = {stem: _kin(stem, self.found) for stem in self.weights}
        self.whole = sum(self.weights.values()) or 1.0
        self.covered_by = {number: self._covered(stems) for number, stems in hits.items()}
        self.covered_by_hits = self._covered(self.found)
        unseen = [s for s in self.weights if s not in _LIGHT and not self._held(s, self.found)]
        self.unseen_share = len(unseen) / max(len(self.weights), 1)
        self.pairs = _pairs(question.text)

    def row(self, candidate: Candidate) -> list[float]:
        """Return the candidate's FEATURES."""
        question, own = self.question, _profile(candidate.text)
        near = own.stems | _stems(candidate.context)
        below = candidate.cosine - self.best_cosine
        covered = self._covered(own.stems)
        why = float(question.asks == "reason")
        fresh = frozenset(question.stems)
        return [
            candidate.cosine,
            below,
            covered,
            self._covered(near),
            self.covered_by[candidate.hit],
            self.covered_by_hits,
            len(self.pairs & _pairs(candidate.text)) / max(len(self.pairs), 1),
            *self._missing(near),
            *self._focus(candidate.text, own.stems, near),
            min(len(own.names - fresh), 5) / 5,
            len(own.stems - fresh) / (len(own.stems) + 1),
            min(len(words(candidate.text)), 60) / 60,
            min(len(question.stems), 12) / 12,
            why * below,
            why * covered,
            *self._kinds(own),
        ]

    def _covered(self, stems: frozenset[str]) -> float:
        """Return how much of the question `stems` hold, by weight, 0 to 1."""
        held = sum(weight * self._held(stem, stems) for stem, weight in self.weights.items())
        return held / self.whole

    def _held(self, stem: str, stems: frozenset[str]) -> float:
        """Tell how well `stems`, of those found, hold `stem`: 1, or less by a kindred one."""
        if stem in stems:
            return 1.0
        return 0.0 if self.kin[stem].isdisjoint(stems) else _KIN_WEIGHT

    def _missing(self, near: frozenset[str]) -> list[float]:
        names, figures = self.question.names, self.question.figures
        named = max(len(names), 1)
        absent = (weight for stem, weight in self.weights.items() if not self._held(stem, near))
        return [
            len(names - near) / named,
            len(names - self.found) / named,
            min(len(figures - near), 2),
            min(len(figures - self.found), 2),
            self.unseen_share,
            max(absent, default=0.0),
        ]

    def _focus(self, text: str, own: frozenset[str], near: frozenset[str]) -> list[float]:
        focus, asks = self.question.focus, self.question.asks
        return [
            float(focus in own),
            float(focus in near),
            float(focus in self.found),
            float(focus is not None and focus not in near),
            float(focus is not None and asks == "number" and _counts(text, focus)),
        ]

    def _kinds(self, own: "_Profile") -> list[float]:
        """Tell what kind of thing is asked for, and whether the sentence gives a new one of it."""
        asks, known = self.question.asks, frozenset(self.question.stems)
        gives = {
            "number": bool(own.numbers - self.question.figures - known),
            "time": bool(own.times - known),
            "reason": own.has_reason,
            "person": bool(own.names - known),
            "place": own.has_place and bool(own.names - known),
        }
        return [
            *(float(asks == kind) for kind in _ASKED),
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


def _kin(stem: str, found: frozenset[str]) -> frozenset[str]:
    """Return the stems among `found` that are kindred to `stem` ("russia" to "russian").

    Looked for once a question: there are thousands of pairs, and few that begin alike.
    """
    beginning = stem[:_SHORTEST_KIN]
    return frozenset(
        other for other in found if other.startswith(beginning) and _kindred(stem, other)
    )


def _kindred(one: str, other: str) -> bool:
    """Tell whether two stems share all but an ending: "agre" and "agreement"."""
    short, long = sorted((one, other), key=len)
    differing = (i for i, pair in enumerate(zip(short, long, strict=False)) if pair[0] != pair[1])
    common = next(differing, len(short))
    return common >= max(_SHORTEST_KIN, _KIN_SHARE * len(short)) and (
        len(long) - common <= _LONGEST_ENDING
    )


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
