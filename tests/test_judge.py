"""Verdicts: the same every time, nothing for nothing; facts found by words, numbers and names."""

import asyncio
import json
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.cases import BUNDLED_CASES, KeyFact, read_cases
from eval.judge import DeterministicJudge, Judgement, judge_case
from eval.matching import told
from tests.judged import DECLINED, FAILED, TEXT, Scripted, asked, cite, claim, judge, quoted, reply


def always(_claim: str, _quotes: Sequence[str], /) -> float | None:
    """Believe anything."""
    return 1.0


def verdict(claim: str, quotes: Sequence[str], support: float | None = 1.0) -> tuple[str, str]:
    """Return what the judge says when its support model answers `support` to everything."""
    found = asyncio.run(DeterministicJudge(lambda _c, _q: support).claim(claim, quotes))
    return found.value, found.reason


@pytest.mark.parametrize(
    ("claim", "quotes", "value"),
    [
        ("", ["The ferry sank."], "unscored"),
        (" \n ", ["The ferry sank."], "unscored"),
        ("...", ["The ferry sank..."], "unscored"),
        ("It is what it is.", ["It is what it is."], "unscored"),
        ("The ferry sank.", ["", "…", " "], "unscored"),
        ("The ferry sank.", ["It was."], "unscored"),
        ("The ferry sank.", [], "unsupported"),
        ("Blorf wuzzle gribbit.", ["The ferry sank."], "unsupported"),
        ("idk", ["The ferry sank."], "unsupported"),
    ],
)
def test_nonsense_never_holds(claim: str, quotes: list[str], value: str) -> None:
    """Not even a support model that believes anything makes something of nothing."""
    assert verdict(claim, quotes)[0] == value


@pytest.mark.parametrize(
    ("support", "value"),
    [
        (1.0, "supported"),
        (0.5, "supported"),
        (0.49, "unsupported"),
        (0.0, "unsupported"),
        (None, "unscored"),
        (float("nan"), "unscored"),
        (1.5, "unscored"),
        (-0.1, "unscored"),
    ],
)
def test_verdicts_are_closed(support: float | None, value: str) -> None:
    """At the threshold and above it holds; no verdict, or no share, is unscored with a reason."""
    found, reason = verdict("The ferry sank.", ["The ferry sank."], support)
    assert found == value
    assert bool(reason) == (value != "supported")


def test_only_the_support_model_of_the_manifest_is_asked() -> None:
    """What could change a verdict stands in the judge's description, as JSON."""
    described = DeterministicJudge(always, 0.7, "model-3").describe()
    assert json.loads(json.dumps(described)) == {
        "name": "deterministic",
        "threshold": 0.7,
        "support": "model-3",
    }


def test_the_order_of_cases_does_not_change_a_verdict() -> None:
    """Every case is judged alone: forwards, backwards and shuffled give the same."""
    answers = [
        quoted(0),
        quoted(1, 2),
        quoted(3),
        reply(claim("The ferry burnt.", 1), citations=[cite(1, 0)]),
    ]
    case, one = asked(), DeterministicJudge(Scripted())

    async def run(order: list[int]) -> dict[int, Judgement]:
        return {i: await judge_case(one, case, answers[i]) for i in order}

    forwards = asyncio.run(run([0, 1, 2, 3]))
    assert forwards == asyncio.run(run([3, 2, 1, 0])) == asyncio.run(run([2, 0, 3, 1]))


def test_a_footnote_is_judged_alone_only_where_it_matters() -> None:
    """One footnote is asked about once; with two, each alone, and what is left without it."""
    support, case = Scripted(), asked()
    asyncio.run(judge_case(DeterministicJudge(support), case, quoted(0)))
    assert len(support.asked) == 1
    both = reply(claim(cite(1, 0).quote, 1, 2), citations=[cite(1, 0), cite(2, 1)])
    (found,) = judge(case, both).claims
    first, second = found.citations
    assert first.alone is not None
    assert (first.alone.value, first.without) == ("supported", None)
    assert second.alone is not None
    assert second.without is not None
    assert (second.alone.value, second.without.value) == ("unsupported", "supported")


def test_a_footnote_that_is_not_there_supports_nothing() -> None:
    """A number without a citation is judged unsupported, not passed over."""
    (found,) = judge(asked(), reply(claim("The ferry sank.", 9), citations=[cite(1, 0)])).claims
    assert (found.verdict.value, found.verdict.reason) == ("unsupported", "cites nothing")
    assert [c.alone.reason for c in found.citations if c.alone] == ["there is no such footnote"]


def test_who_declines_or_fails_is_not_judged() -> None:
    """There is nothing to ask about."""
    for answer in (DECLINED, FAILED):
        assert judge(asked(), answer) == Judgement("deterministic", (), ())


def test_a_judgement_survives_a_trip_through_json() -> None:
    """What a run keeps is what was judged."""
    swapped = reply(claim(cite(1, 1).quote, 1, 7), citations=[cite(1, 0)])
    for answer in (quoted(0, 1), swapped, DECLINED):
        found = judge(asked(), answer, [TEXT])
        assert Judgement.from_dict(json.loads(json.dumps(found.to_dict()))) == found


MET = KeyFact("The pilot saved nineteen people.", vital=True)


@pytest.mark.parametrize(
    ("fact", "said", "expected"),
    [
        (MET, ["Nineteen people were saved by the pilot."], "full"),
        (MET, ["The pilot saved 19 people."], "full"),
        (MET, ["The pilot saved 20 people."], "partial"),
        (MET, ["The pilot did not save nineteen people."], "missing"),
        (MET, ["The board met in May."], "missing"),
        (MET, [], "missing"),
        (KeyFact("The ferry Alder sank.", vital=True), ["The ferry sank in a storm."], "partial"),
        (KeyFact("It was never found out.", vital=True), ["It was found out."], "missing"),
        (KeyFact("It was never found out.", vital=True), ["It was never found out."], "full"),
        (KeyFact("It is.", vital=True), ["It is."], "missing"),
    ],
)
def test_facts_without_accepted_wordings(fact: KeyFact, said: list[str], expected: str) -> None:
    """Numbers and names must be there, most of the other words, and no negation of them."""
    assert told(fact, said) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (["He met him 27 times."], "full"),
        (["He met him twenty-seven times."], "full"),
        (["They met on twenty-seven occasions, and times were hard."], "full"),
        (["He met him often.", "Twenty-seven. Times were hard."], "full"),
        (["He met him 28 times."], "partial"),
        (["He never met him 27 times."], "missing"),
        (["He didn't meet him 27 times."], "missing"),
        (["He felt no hurry, although he met him 27 times."], "full"),
    ],
)
def test_accepted_wordings(said: list[str], expected: str) -> None:
    """All words of one wording in one sentence, numbers in letters or digits, not denied."""
    fact = KeyFact("He met him twenty-seven times.", vital=True, accept=("27 times",))
    assert told(fact, said) == expected


@given(st.lists(st.text(max_size=40), max_size=4), st.randoms())
def test_facts_do_not_depend_on_the_order_of_sentences(
    said: list[str], shuffler: random.Random
) -> None:
    """Any sentences, in any order, tell the same."""
    shuffled = said.copy()
    shuffler.shuffle(shuffled)
    assert told(MET, said) == told(MET, shuffled)


def test_the_bundled_facts_are_told_by_their_own_evidence() -> None:
    """Whoever quotes what a case marks as evidence for a fact has told it; a stranger has not."""
    pairs = [
        (fact, [one.quote for one in case.evidence if number in one.facts])
        for case in read_cases(BUNDLED_CASES)
        for number, fact in enumerate(case.key_facts)
    ]
    assert [fact.text for fact, quotes in pairs if quotes and told(fact, quotes) != "full"] == []
    stranger = "The pilot saved the passengers, and the harbour board paid for a new boat."
    assert {told(fact, [stranger]) for fact, _ in pairs} == {"missing"}
