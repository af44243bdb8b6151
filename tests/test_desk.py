"""Answers are kept by a ledger that writes those together which come together."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant import conversations
from assistant.conversations import Conversations
from assistant.serving.desk import Ledger
from index.errors import ConversationNotFound, UsageError
from tests.test_conversations import an_answer


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Conversations]:
    """Return empty conversations."""
    with Conversations(f"sqlite:///{tmp_path / 'kept.db'}") as one:
        yield one


def test_answers_that_come_together_are_kept_apart(kept: Conversations) -> None:
    """Each asker is told the conversation in which their own answer stands, old or new."""

    async def keep() -> tuple[list[str], str]:
        ledger = Ledger(kept)
        old = await ledger.keep("ann", None, an_answer("first?"))
        answers = [an_answer(f"{number}?") for number in range(20)]
        told = await asyncio.gather(
            *(ledger.keep(f"owner {i}", None, answer) for i, answer in enumerate(answers)),
            ledger.keep("ann", old, an_answer("second?")),
        )
        return list(told), old

    told, old = asyncio.run(keep())
    for number, conversation in enumerate(told[:-1]):
        (only,) = kept.answers(conversation, f"owner {number}")
        assert only.question == f"{number}?"
    assert told[-1] == old
    assert [one.question for one in kept.answers(old, "ann")] == ["first?", "second?"]


def test_what_cannot_be_kept_harms_no_other(
    kept: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of answers written together, each has its own verdict."""
    monkeypatch.setattr(conversations, "MAX_ANSWER_BYTES", 5_000)
    long = replace(an_answer(), text="x" * 5_000)

    async def keep() -> list[str | BaseException]:
        ledger = Ledger(kept)
        told = await asyncio.gather(
            ledger.keep("ann", None, an_answer("good?")),
            ledger.keep("ben", None, long),
            ledger.keep("cem", "no-such-conversation", an_answer()),
            return_exceptions=True,
        )
        return list(told)

    good, too_long, unknown = asyncio.run(keep())
    assert isinstance(good, str)
    assert [one.question for one in kept.answers(good, "ann")] == ["good?"]
    assert isinstance(too_long, UsageError)
    assert isinstance(unknown, ConversationNotFound)


def test_what_nobody_waits_for_is_kept_all_the_same(kept: Conversations) -> None:
    """When askers leave before it is written, finishing waits until it is."""

    async def leave() -> None:
        ledger = Ledger(kept)
        waiting = [
            asyncio.create_task(ledger.keep("ann", None, an_answer(f"{number}?")))
            for number in range(3)
        ]
        await asyncio.sleep(0)
        for one in waiting:
            one.cancel()
        await ledger.finish()

    asyncio.run(leave())
    assert len(kept.conversations("ann")) == 3
