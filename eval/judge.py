"""Verdicts on an answer: `await judge_case(judge, case, answer)` gives a Judgement to score.

A judge says of a claim whether the quotes that it cites support it, and of a key fact whether the
answer tells it. It always answers with a Verdict, and one of them is "unscored", with its reason:
a claim that says nothing, a source without words, a model that replied with something else. What
is unscored counts as neither right nor wrong (`metrics.py` counts it beside each mean).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from assistant.answer import Answer
from assistant.ground import MIN_SUPPORT
from assistant.support import Support
from eval.cases import Case, KeyFact

Value = Literal["supported", "unsupported", "unscored"]
Told = Literal["full", "partial", "missing", "unscored"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judge's word on one claim. `reason` says why it is unscored, or why it fails ("").

    `support` is the judge's own measure, 0 to 1, where it has one.
    """

    value: Value
    reason: str = ""
    support: float | None = None


@dataclass(frozen=True, slots=True)
class FactVerdict:
    """A judge's word on one key fact: whether the answer tells it fully, partly or not at all."""

    value: Told
    reason: str = ""


class Judge(Protocol):
    """Gives verdicts; the same question must get the same verdict, whatever was asked before."""

    name: str

    def describe(self) -> dict[str, Any]:
        """Return what could change a verdict, as JSON: for a run's manifest and its cache."""

    async def claim(self, claim: str, quotes: Sequence[str], /) -> Verdict:
        """Say whether `claim` follows from `quotes` taken together."""

    async def fact(self, fact: KeyFact, sentences: Sequence[str], /) -> FactVerdict:
        """Say whether the answer's `sentences` tell `fact`."""


@dataclass(frozen=True, slots=True)
class JudgedCitation:
    """What one footnote brings to its sentence: the verdict by it `alone`, and `without` it.

    Either is None where it need not be asked: `alone` when the sentence has one citation or does
    not hold, `without` when the citation holds alone.
    """

    number: int
    alone: Verdict | None
    without: Verdict | None


@dataclass(frozen=True, slots=True)
class JudgedClaim:
    """One claim of the answer; `sentence` is its place in `answer.sentences`, from 0."""

    sentence: int
    text: str
    quotes: tuple[str, ...]
    verdict: Verdict
    citations: tuple[JudgedCitation, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that was judged about one answer: its claims, and the case's key facts in their order."""

    judge: str
    claims: tuple[JudgedClaim, ...]
    facts: tuple[FactVerdict, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, dicts, strings and numbers, ready for `json.dumps`."""
        raise NotImplementedError

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Judgement":
        """Read what `to_dict` wrote. Raises KeyError or TypeError for anything else."""
        raise NotImplementedError


class DeterministicJudge:
    """Judges with the assistant's own support model and by matching words: no key, no network.

    `support` is asked; at `threshold` and above the claim is supported. `identity` names the
    support model for the manifest.
    """

    name = "deterministic"

    def __init__(
        self, support: Support, threshold: float = MIN_SUPPORT, identity: str = ""
    ) -> None:
        raise NotImplementedError

    def describe(self) -> dict[str, Any]:
        """Return name, threshold and identity."""
        raise NotImplementedError

    async def claim(self, claim: str, quotes: Sequence[str], /) -> Verdict:
        """Say whether `claim` follows from `quotes`; unscored where there is nothing to judge."""
        raise NotImplementedError

    async def fact(self, fact: KeyFact, sentences: Sequence[str], /) -> FactVerdict:
        """Say by numbers, names and stems whether `sentences` tell `fact`."""
        raise NotImplementedError


async def judge_case(judge: Judge, case: Case, answer: Answer) -> Judgement:
    """Ask `judge` all that scoring needs: each claim by all it cites, as ALCE asks for; each fact.

    A declined or failed answer has no claims and tells no facts: nothing is asked.
    """
    raise NotImplementedError
