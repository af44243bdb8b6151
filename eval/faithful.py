"""For tests of your own: `assert_faithful(answer)` fails if an answer says what its text does not.

from eval import assert_faithful

def test_the_answer_holds(assistant):
    assert_faithful(assistant.ask("why did Abe court Putin?"))
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from assistant.answer import Answer
from eval.cases import Case
from eval.judge import Judge, JudgedClaim, Judgement, judge_case

__all__ = ["assert_faithful"]

_NO_CASE = Case("", "", answerable=True, reference="", key_facts=(), evidence=(), kind="fact")


def assert_faithful(
    answer: Answer,
    judge: Judge | None = None,
    *,
    at_least: float = 1.0,
    passages: Sequence[str] = (),
) -> None:
    """Assert that at least the share `at_least` of the answer's claims follows from what they cite.

    `judge` is the deterministic one unless you bring another. With `passages`, a claim may also
    follow from those. A claim that the judge could not score does not count as following. An
    answer that declines, or claims nothing, is not faithful and not unfaithful: it fails, so that
    a test cannot pass on nothing; assert on `answer.outcome` where declining is what you want.

    Raises AssertionError, whose message lists each claim that does not hold with what it cites.
    """
    __tracebackhide__ = True  # pytest then shows the caller's line
    judgement = _judged(judge or _shipped(), answer, passages)
    claims = judgement.claims
    if not claims:
        raise AssertionError(f"the answer claims nothing: {answer.outcome}, {answer.text!r}")
    failing = [claim for claim in claims if not _holds(claim, own=not passages)]
    share = 1 - len(failing) / len(claims)
    if share < at_least:
        listed = "\n".join(_shown(claim) for claim in failing)
        raise AssertionError(
            f"{len(failing)} of {len(claims)} claims do not follow from what they cite "
            f"(judge: {judgement.judge})\n{listed}"
        )


def _shipped() -> Judge:
    from eval.opening import open_judge

    return open_judge()


def _judged(judge: Judge, answer: Answer, passages: Sequence[str]) -> Judgement:
    # A thread of its own: the caller's may be running an event loop already.
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, judge_case(judge, _NO_CASE, answer, passages)).result()


def _holds(claim: JudgedClaim, *, own: bool) -> bool:
    verdict = claim.verdict if own or claim.elsewhere is None else claim.elsewhere
    return verdict.value == "supported"


def _shown(claim: JudgedClaim) -> str:
    cited = "".join(f"\n      {quote!r}" for quote in claim.quotes) or " nothing"
    verdict = claim.verdict
    return f"  {claim.text!r}\n    {verdict.value}: {verdict.reason}\n    cites:{cited}"
