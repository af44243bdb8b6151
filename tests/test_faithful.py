"""`assert_faithful`: two lines in a test of one's own, and a message that shows what is wrong."""

import asyncio

import pytest

from assistant.ask import Assistant
from eval import assert_faithful
from eval.judge import DeterministicJudge
from tests.judged import DECLINED, EMPTY, TEXT, Scripted, cite, claim, quoted, reply

JUDGE = DeterministicJudge(Scripted())


def test_two_lines_are_enough(bundled_assistant: Assistant) -> None:
    """What the assistant quotes passes, with the judge that comes with it."""
    assert_faithful(bundled_assistant.ask("why did Abe court Putin?"))


def test_the_message_lists_what_does_not_hold() -> None:
    """The claim, the verdict, and what it cites; what holds is not listed."""
    answer = reply(*quoted(0).sentences, claim("The pilot sank it.", 1), citations=[cite(1, 0)])
    with pytest.raises(AssertionError) as caught:
        assert_faithful(answer, JUDGE)
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("1 of 2 claims do not follow from what they cite")
    assert lines[1].strip() == "'The pilot sank it.'"
    assert lines[4].strip() == repr(cite(1, 0).quote)
    assert len(lines) == 5


def test_a_share_may_be_allowed() -> None:
    """One of two is enough where a half is asked for, and not where more is."""
    answer = reply(*quoted(0).sentences, claim("The pilot sank it.", 1), citations=[cite(1, 0)])
    assert_faithful(answer, JUDGE, at_least=0.5)
    with pytest.raises(AssertionError, match="1 of 2"):
        assert_faithful(answer, JUDGE, at_least=0.51)


def test_passages_may_carry_a_claim() -> None:
    """A wrong footnote fails alone; given what was retrieved, the claim follows from that."""
    answer = reply(claim(cite(1, 1).quote, 1), citations=[cite(1, 0)])
    with pytest.raises(AssertionError, match="do not follow"):
        assert_faithful(answer, JUDGE)
    assert_faithful(answer, JUDGE, passages=[TEXT])


@pytest.mark.parametrize("answer", [DECLINED, EMPTY, reply(claim("..."))])
def test_a_test_cannot_pass_on_nothing(answer: object) -> None:
    """Declining, silence and punctuation are not faithful."""
    with pytest.raises(AssertionError):
        assert_faithful(answer, JUDGE)  # type: ignore[arg-type]


def test_it_works_inside_a_running_loop() -> None:
    """A test that is itself asynchronous may call it."""

    async def test() -> None:
        assert_faithful(quoted(0), JUDGE)

    asyncio.run(test())
