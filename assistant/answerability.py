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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
    columns = _Evidence(question, candidates, rarity).columns()
    matrix = np.empty((len(candidates), len(FEATURES)))
    for place, name in enumerate(FEATURES):
        matrix[:, place] = columns[name]
    return matrix


def summary(matrix: Floats, odds: Floats) -> Floats:
    """Return what the question-level regression sees: SUMMARY, then the best row of `matrix`."""
    order = np.argsort(-odds)
    best = odds[order[0]]
    second = odds[order[1]] if len(odds) > 1 else 0.0
    stats = [best, np.log(best + 1e-4), second, odds[order[:3]].sum(), best - second]
    return np.concatenate([stats, matrix[order[0]]])


class _Evidence:
    """A question against all that was found for it, a row or an entry for each candidate.

    `own` and `near` say how well a sentence, and a sentence with its context, hold each of the
    question's stems: 1, less by a kindred one, or 0. What holds a hit or all hits follows from
    them, because a union holds a stem as well as the best of its parts does.
    """

    def __init__(self, question: Question, candidates: Sequence[Candidate], rarity: Rarity) -> None:
        self.question = question
        self.candidates = candidates
        self.profiles = [_profile(one.text) for one in candidates]
        self.contexts = [_stems(one.context) for one in candidates]
        self.found = frozenset[str]().union(*(p.stems for p in self.profiles), *self.contexts)
        self.stems = question.stems
        self.weights = np.array(
            [_LIGHT_WEIGHT if stem in _LIGHT else 0.2 + rarity(stem) for stem in self.stems]
        )
        self.whole = float(self.weights.sum()) or 1.0
        kin = _kin(self.stems, self.found)
        self.own = np.array([_held(self.stems, kin, one.stems) for one in self.profiles])
        context = np.array([_held(self.stems, kin, stems) for stems in self.contexts])
        self.near = np.maximum(self.own, context)

    def columns(self) -> dict[str, Floats | float]:
        """Return FEATURES by name: one value for each candidate, or one for all of them."""
        question = self.question
        cosines = np.array([candidate.cosine for candidate in self.candidates])
        below = cosines - cosines.max()
        covered = self._covered(self.own)
        why = float(question.asks == "reason")
        known = frozenset(question.stems)
        pairs = _pairs(question.text)
        profiles = self.profiles
        return {
            "cosine": cosines,
            "cosine_below_best": below,
            "covered_by_sentence": covered,
            "covered_with_context": self._covered(self.near),
            "covered_by_passage": self._covered_by_passage(),
            "covered_by_hits": float(self._covered(self.near.max(axis=0))),
            "shared_pairs": _column(len(pairs & one.pairs) for one in profiles)
            / max(len(pairs), 1),
            **self._missing(),
            **self._focus(),
            "new_names": _column(min(len(one.names - known), 5) for one in profiles) / 5,
            "new_words": _column(len(one.stems - known) / (len(one.stems) + 1) for one in profiles),
            "length": _column(min(one.words, 60) for one in profiles) / 60,
            "question_length": min(len(question.stems), 12) / 12,
            "reason_and_cosine": why * below,
            "reason_and_covered": why * covered,
            **self._kinds(known),
        }

    def _covered(self, held: Floats) -> Floats:
        """Return how much of the question is held, by weight, 0 to 1."""
        covered: Floats = held @ self.weights / self.whole
        return covered

    def _covered_by_passage(self) -> Floats:
        hits = np.array([candidate.hit for candidate in self.candidates])
        covered = np.zeros(len(hits))
        for hit in np.unique(hits):
            covered[hits == hit] = self._covered(self.near[hits == hit].max(axis=0))
        return covered

    def _missing(self) -> dict[str, Floats | float]:
        names, figures = self.question.names, self.question.figures
        named = max(len(names), 1)
        nearby = list(zip(self.profiles, self.contexts, strict=True))
        absent = zip(self.stems, self.near.max(axis=0), strict=True)
        unseen = sum(not held and stem not in _LIGHT for stem, held in absent)
        return {
            "names_missing": _column(len(names - own.stems - near) for own, near in nearby) / named,
            "names_missing_in_hits": len(names - self.found) / named,
            "figures_missing": _column(
                min(len(figures - own.stems - near), 2) for own, near in nearby
            ),
            "figures_missing_in_hits": min(len(figures - self.found), 2),
            "unseen_share": unseen / max(len(self.stems), 1),
            "heaviest_missing": (self.weights * (self.near == 0)).max(axis=1, initial=0.0),
        }

    def _focus(self) -> dict[str, Floats | float]:
        focus, asks = self.question.focus, self.question.asks
        own = _column(focus in one.stems for one in self.profiles)
        near = np.maximum(own, _column(focus in stems for stems in self.contexts))
        counted = focus is not None and asks == "number"
        return {
            "focus_in_sentence": own,
            "focus_in_context": near,
            "focus_in_hits": float(focus in self.found),
            "focus_missing": float(focus is not None) * (1.0 - near),
            "number_before_focus": _column(
                counted and focus in one.counted for one in self.profiles
            ),
        }

    def _kinds(self, known: frozenset[str]) -> dict[str, Floats | float]:
        """Tell what kind of thing is asked for, and whether a sentence gives a new one of it."""
        asks, old = self.question.asks, self.question.figures | known
        gives: dict[str, Callable[[_Profile], bool]] = {
            "number": lambda one: bool(one.numbers - old),
            "time": lambda one: bool(one.times - known),
            "reason": lambda one: one.has_reason,
            "person": lambda one: bool(one.names - known),
            "place": lambda one: one.has_place and bool(one.names - known),
        }
        return {
            **{f"asks_{kind}": float(asks == kind) for kind in _ASKED},
            **{
                f"gives_{kind}": _column(given(one) for one in self.profiles)
                if asks == kind
                else 0.0
                for kind, given in gives.items()
            },
        }


@dataclass(frozen=True, slots=True)
class _Profile:
    """What a sentence holds, as stems; `counted` stand shortly behind a number."""

    stems: frozenset[str]
    names: frozenset[str]
    numbers: frozenset[str]
    times: frozenset[str]
    counted: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    words: int
    has_reason: bool
    has_place: bool


@lru_cache(maxsize=8192)
def _profile(text: str) -> _Profile:
    found = words(text)
    return _Profile(
        stems=frozenset(w.stem for w in found if w.is_content),
        names=frozenset(w.stem for w in found if w.text[0].isupper() and w.is_content),
        numbers=frozenset(w.stem for w in found if _is_number(w)),
        times=frozenset(
            w.stem for w in found if w.text.casefold() in _TIME_WORDS or _YEAR.match(w.text)
        ),
        counted=frozenset(_counted(found)),
        pairs=_pairs(text),
        words=len(found),
        has_reason=bool(_REASON.search(text)),
        has_place=bool(_PLACE.search(text)),
    )


@lru_cache(maxsize=8192)
def _stems(text: str) -> frozenset[str]:
    return frozenset(word.stem for word in words(text) if word.is_content)


def _pairs(text: str) -> frozenset[tuple[str, str]]:
    stems = [word.stem for word in words(text)]
    return frozenset(pairwise(stems))


def _column(values: Iterable[float]) -> Floats:
    return np.fromiter(values, np.float64)


def _held(
    stems: Sequence[str], kin: Mapping[str, frozenset[str]], held: frozenset[str]
) -> list[float]:
    """Tell how well `held` holds each of `stems`: 1, or less by a kindred one, or 0."""
    return [
        1.0 if stem in held else 0.0 if kin[stem].isdisjoint(held) else _KIN_WEIGHT
        for stem in stems
    ]


def _kin(stems: Sequence[str], found: frozenset[str]) -> dict[str, frozenset[str]]:
    """Return for each stem those of `found` that are kindred to it ("russia" to "russian").

    Looked for once a question: there are thousands of pairs, and few that begin alike.
    """
    alike: dict[str, list[str]] = {stem[:_SHORTEST_KIN]: [] for stem in stems}
    for other in found:
        if (same := alike.get(other[:_SHORTEST_KIN])) is not None:
            same.append(other)
    return {
        stem: frozenset(other for other in alike[stem[:_SHORTEST_KIN]] if _kindred(stem, other))
        for stem in stems
    }


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


def _counted(found: Sequence[Word]) -> Iterator[str]:
    """Yield the stems that a number stands shortly before: "twenty-seven meetings"."""
    for i, word in enumerate(found):
        if _is_number(word):
            yield from (later.stem for later in found[i + 1 : i + 5])


def _logistic(matrix: Floats, fitted: tuple[Floats, float]) -> Floats:
    weights, bias = fitted
    odds: Floats = 1.0 / (1.0 + np.exp(-(matrix @ weights + bias)))
    return odds
