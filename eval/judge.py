"""Verdicts on an answer: `await judge_case(judge, case, answer)` gives a Judgement to score.

A judge says of a claim whether the quotes that it cites support it, and of a key fact whether the
answer tells it. It always answers with a Verdict, and one of them is "unscored", with its reason:
a claim that says nothing, a source without words, a model that replied with something else. What
is unscored counts as neither right nor wrong (`metrics.py` counts it beside each mean).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from assistant.answer import Answer, Sentence
from assistant.ground import MIN_SUPPORT
from assistant.support import Support, unsure_band
from eval.cases import Case, KeyFact
from eval.matching import says_something, share_a_word, told

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
    """One claim of the answer; `sentence` is its place in `answer.sentences`, from 0.

    `verdict` is by its own citations. `elsewhere` is by everything that the answer cites or
    retrieval brought: asked only where its own do not carry it, to tell a wrong footnote from an
    invention.
    """

    sentence: int
    text: str
    quotes: tuple[str, ...]
    verdict: Verdict
    citations: tuple[JudgedCitation, ...]
    elsewhere: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that was judged about one answer: its claims, and the case's key facts in their order."""

    judge: str
    claims: tuple[JudgedClaim, ...]
    facts: tuple[FactVerdict, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, dicts, strings and numbers, ready for `json.dumps`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Judgement":
        """Read what `to_dict` wrote. Raises KeyError or TypeError for anything else."""
        claims = [
            JudgedClaim(
                sentence=one["sentence"],
                text=one["text"],
                quotes=tuple(one["quotes"]),
                verdict=Verdict(**one["verdict"]),
                citations=tuple(_citation(cited) for cited in one["citations"]),
                elsewhere=Verdict(**one["elsewhere"]) if one["elsewhere"] else None,
            )
            for one in data["claims"]
        ]
        facts = tuple(FactVerdict(**fact) for fact in data["facts"])
        return cls(data["judge"], tuple(claims), facts)


def _citation(data: dict[str, Any]) -> JudgedCitation:
    alone, without = (
        None if data[side] is None else Verdict(**data[side]) for side in ("alone", "without")
    )
    return JudgedCitation(data["number"], alone, without)


class DeterministicJudge:
    """Judges with the assistant's own support model and by matching words: no key, no network.

    `support` is asked; at `threshold` and above the claim is supported. `identity` names the
    support model for the manifest. Within `unsure` (from, below) it should not be believed. A
    verifier in the own model's place has a `name` of its own.
    """

    def __init__(
        self,
        support: Support,
        threshold: float = MIN_SUPPORT,
        identity: str = "",
        unsure: tuple[float, float] | None = None,
        name: str = "deterministic",
    ) -> None:
        self.name = name
        self._support = support
        self.threshold = threshold
        self._identity = identity
        self.unsure = unsure or unsure_band(threshold)

    def describe(self) -> dict[str, Any]:
        """Return name, threshold and identity."""
        return {"name": self.name, "threshold": self.threshold, "support": self._identity}

    async def claim(self, claim: str, quotes: Sequence[str], /) -> Verdict:
        """Say whether `claim` follows from `quotes`; unscored where there is nothing to judge.

        What shares no word with its source is not supported, whatever the support model makes of
        it: a model asked about gibberish answers something.
        """
        settled = settled_without_reading(claim, quotes)
        if settled:
            return settled
        if not share_a_word(claim, quotes):
            return Verdict("unsupported", "shares no word with what it cites", 0.0)
        support = self._support(claim, [quote for quote in quotes if says_something(quote)])
        if support is None:
            return Verdict("unscored", "the support model gives no verdict")
        if not 0 <= support <= 1:  # NaN is not either
            return Verdict("unscored", f"the support model gave {support}, which is no share")
        if support >= self.threshold:
            return Verdict("supported", "", support)
        return Verdict("unsupported", f"support {support:.2f} < {self.threshold:g}", support)

    async def fact(self, fact: KeyFact, sentences: Sequence[str], /) -> FactVerdict:
        """Say by numbers, names and stems whether `sentences` tell `fact`."""
        return FactVerdict(told(fact, sentences))


def settled_without_reading(claim: str, quotes: Sequence[str]) -> Verdict | None:
    """Return the verdict where no judge need be asked, or None where one has to read.

    Every judge asks this first, so that nothing is ever credited for saying nothing.
    """
    if not says_something(claim):
        return Verdict("unscored", "the claim says nothing")
    if not quotes:
        return Verdict("unsupported", "cites nothing", 0.0)
    if not any(says_something(quote) for quote in quotes):
        return Verdict("unscored", "what it cites has no words")
    return None


async def judge_case(
    judge: Judge, case: Case, answer: Answer, passages: Sequence[str] = ()
) -> Judgement:
    """Ask `judge` all that scoring needs: each claim by all it cites, as ALCE asks for; each fact.

    `passages` are the texts that retrieval brought, where they are known. A declined or failed
    answer has no claims and tells no facts: nothing is asked.
    """
    if answer.outcome != "answered":
        return Judgement(judge.name, (), ())
    quotes = {citation.number: citation.quote for citation in answer.citations}
    everything = [*dict.fromkeys([*quotes.values(), *passages])]
    claims = [
        await _judged(judge, place, sentence, quotes, everything)
        for place, sentence in enumerate(answer.sentences)
        if sentence.kind == "claim"
    ]
    said = [claim.text for claim in claims if says_something(claim.text)]
    nothing = FactVerdict("missing", "the answer says nothing")
    facts = [await judge.fact(fact, said) if said else nothing for fact in case.key_facts]
    return Judgement(judge.name, tuple(claims), tuple(facts))


async def _judged(
    judge: Judge,
    place: int,
    sentence: Sentence,
    quotes: dict[int, str],
    everything: Sequence[str],
) -> JudgedClaim:
    cited = {number: quotes.get(number) for number in sentence.citations}
    known = [quote for quote in cited.values() if quote is not None]
    verdict = await judge.claim(sentence.text, known)
    citations = []
    for number, quote in cited.items():
        alone = without = None
        if quote is None:
            alone, without = Verdict("unsupported", "there is no such footnote", 0.0), verdict
        elif verdict.value == "supported" and len(cited) > 1:
            alone = await judge.claim(sentence.text, [quote])
            if alone.value != "supported":
                rest = [q for n, q in cited.items() if n != number and q is not None]
                without = await judge.claim(sentence.text, rest)
        citations.append(JudgedCitation(number, alone, without))
    elsewhere = None
    if verdict.value == "unsupported" and set(everything) - set(known):
        elsewhere = await judge.claim(sentence.text, everything)
    return JudgedClaim(place, sentence.text, tuple(known), verdict, tuple(citations), elsewhere)
