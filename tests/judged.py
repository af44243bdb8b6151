"""Short ways to make cases, answers and verdicts, for the tests of evaluation."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from assistant.answer import Answer, Citation, Outcome, Sentence
from eval.cases import Case, Evidence, KeyFact, Kind
from eval.judge import (
    DeterministicJudge,
    FactVerdict,
    JudgedCitation,
    JudgedClaim,
    Judgement,
    Verdict,
    judge_case,
)

TEXT = (
    "The ferry Alder sank in 1956 off the north quay. Nineteen people were saved by the pilot. "
    "The harbour board paid for a new ferry. It was never found out why the Alder sank."
)
"""A document of its own, with the id "alder"."""

YES, NO = Verdict("supported", "", 1.0), Verdict("unsupported", "no", 0.0)
UNSCORED = Verdict("unscored", "out of reach")


def slices(text: str = TEXT) -> list[tuple[int, int]]:
    """Return where each of the document's sentences stands."""
    ends = [i + 1 for i, character in enumerate(text) if character == "."]
    return [(0 if i == 0 else ends[i - 1] + 1, end) for i, end in enumerate(ends)]


def cite(number: int, sentence: int) -> Citation:
    """Return footnote `number` on a sentence of the document, counted from 0."""
    start, end = slices()[sentence]
    return Citation(
        number, "alder", "The Alder", "alder.md", start, end, TEXT[start:end], None, None
    )


def claim(text: str, *numbers: int) -> Sentence:
    """Return a sentence that claims `text` and cites."""
    return Sentence(text, "claim", numbers, 1.0)


def reply(
    *sentences: Sentence, citations: Sequence[Citation] = (), outcome: Outcome = "answered"
) -> Answer:
    """Return an answer of these sentences."""
    text = " ".join(sentence.text for sentence in sentences)
    reason: Any = {"answered": None, "declined": "not_in_documents", "failed": "model_timeout"}
    return Answer("i", outcome, reason[outcome], "q", "q", text, tuple(sentences), tuple(citations))


def quoted(*places: int) -> Answer:
    """Return the answer that quotes these sentences of the document, a footnote for each."""
    citations = [cite(number, place) for number, place in enumerate(places, 1)]
    return reply(*(claim(c.quote, c.number) for c in citations), citations=citations)


DECLINED = reply(outcome="declined")
FAILED = reply(outcome="failed")
EMPTY = reply()


def asked(
    kind: Kind = "fact", *, answerable: bool = True, places: Sequence[int] = (0,), **fields: Any
) -> Case:
    """Return a case whose evidence are these sentences of the document, a key fact each."""
    stood = [(*slices()[place], number) for number, place in enumerate(places)]
    facts = tuple(KeyFact(TEXT[s:e], vital=n == 0) for s, e, n in stood) if answerable else ()
    evidence = tuple(
        Evidence(TEXT[s:e], s, e, None, (n,) if answerable else ()) for s, e, n in stood
    )
    case = Case(
        "alder.1", "When did the Alder sink?", answerable, "In 1956.", facts, evidence, kind
    )
    return replace(case, **fields)


class Scripted:
    """A support model that finds a claim in the quotes if they hold all of its words."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def __call__(self, claim: str, quotes: Sequence[str], /) -> float | None:
        """Return 1 or 0."""
        self.asked.append((claim, tuple(quotes)))
        there = set(" ".join(quotes).casefold().replace(".", "").split())
        return float(set(claim.casefold().replace(".", "").split()) <= there)


def judge(case: Case, answer: Answer, passages: Sequence[str] = ()) -> Judgement:
    """Return the deterministic judge's verdicts, with the support model above."""
    return asyncio.run(judge_case(DeterministicJudge(Scripted()), case, answer, passages))


def verdicts(*claims: tuple[Verdict, Sequence[JudgedCitation]]) -> Judgement:
    """Return a judgement made by hand."""
    made = [
        JudgedClaim(i, f"claim {i}", ("quote",), verdict, tuple(citations))
        for i, (verdict, citations) in enumerate(claims)
    ]
    return Judgement("hand", tuple(made), (FactVerdict("full"),))
