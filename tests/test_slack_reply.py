"""A reply reaches people whole, whatever Slack does to it on the way."""

import asyncio
import html
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState

from assistant.ask import Assistant
from assistant.slacking.connection import Patience
from tests.serving import QUESTION
from tests.slack_bot import Workspace, saying, workspace
from tests.slack_fake import Message
from tests.slack_payloads import CHANNEL, direct, mention

SENTENCES = [f"Line {number} of the log says that bell {number * 7} rang." for number in range(12)]


def spoken(assistant: Assistant, *sentences: str | None) -> Assistant:
    """Return an assistant that says these, or twelve of our own."""
    return saying(assistant, *(sentences or SENTENCES))


def kept(w: Workspace) -> str:
    """Return the text of the answer that was kept."""
    owner = f"slack:{CHANNEL}"
    conversation = w.bot.bench.conversations.start(owner, "1764000001.000100")
    (answer,) = w.bot.bench.conversations.answers(conversation, owner)
    return answer.text


def whole(replies: list[Message]) -> str:
    """Return the running text of some messages, one after the other."""
    return " ".join(html.unescape(reply.body).strip() for reply in replies)


@pytest.mark.parametrize("appends", [0, 1])
def test_a_stream_that_expires_is_rewritten_with_nothing_lost(
    appends: int, bundled_assistant: Assistant, tmp_path: Path
) -> None:
    """The same message holds all of the answer in the end, with its footnotes and buttons."""

    async def talk() -> None:
        spoke = spoken(bundled_assistant, *SENTENCES[:4], None, *SENTENCES[4:8])
        async with workspace(spoke, tmp_path) as w:
            w.slack.appends_until_expiry = appends
            telling = asyncio.create_task(w.tell(mention(QUESTION)))
            await w.slack.until(lambda: w.slack.messages)
            spoke._writer.go.set()  # type: ignore[attr-defined]  # noqa: SLF001
            (reply,) = await telling
            assert whole([reply]) == kept(w)
            assert reply.blocks[-1]["type"] == "context_actions"
            assert w.slack.called("chat.update")

    asyncio.run(talk())


@pytest.mark.parametrize("broken", ["chat.startStream", "chat.appendStream", "chat.stopStream"])
def test_where_slack_does_not_stream_the_message_is_written(
    broken: str, bundled_assistant: Assistant, tmp_path: Path
) -> None:
    """Also a workspace whose plan has no streaming gets one complete message."""

    async def talk() -> None:
        async with workspace(spoken(bundled_assistant), tmp_path) as w:
            w.slack.broken[broken] = "message_not_in_streaming_state"
            replies = [r for r in await w.tell(mention(QUESTION)) if not r.streaming]
            assert whole(replies) == kept(w)
            assert not any(reply.unfurls for reply in replies)

    asyncio.run(talk())


def test_a_message_that_is_gone_is_sent_anew(bundled_assistant: Assistant, tmp_path: Path) -> None:
    """When it can be neither streamed nor rewritten, everything comes in a new one."""

    async def talk() -> None:
        async with workspace(spoken(bundled_assistant), tmp_path) as w:
            w.slack.broken |= {
                "chat.stopStream": "message_not_in_streaming_state",
                "chat.update": "message_not_found",
            }
            replies = await w.tell(mention(QUESTION))
            assert whole(replies[-1:]) == kept(w)

    asyncio.run(talk())


def test_a_very_long_answer_goes_on_in_the_next_message(
    bundled_assistant: Assistant, tmp_path: Path
) -> None:
    """It is parted between sentences, every message within the limits, buttons under the last."""
    long = [f"Entry {n}: {'the tide & the wind rose ' * 40}again." for n in range(30)]

    async def talk() -> None:
        async with workspace(spoken(bundled_assistant, *long), tmp_path) as w:
            replies = await w.tell(mention(QUESTION))
            assert len(replies) > 2
            assert whole(replies) == kept(w)
            assert all(re.match(r"Entry \d+: ", reply.body) for reply in replies)
            buttons = [any(b["type"] == "actions" for b in reply.blocks) for reply in replies]
            assert buttons == [*[False] * (len(replies) - 1), True]

    asyncio.run(talk())


def test_a_long_answer_that_cannot_be_streamed_keeps_to_the_limits_too(
    bundled_assistant: Assistant, tmp_path: Path
) -> None:
    """Blocks of Markdown hold 12,000 characters in a message; a sentence may be longer."""
    long = ["one word & another " * 1_400 + "end.", *SENTENCES]

    async def talk() -> None:
        async with workspace(spoken(bundled_assistant, *long), tmp_path) as w:
            w.slack.broken["chat.startStream"] = "not_allowed"
            replies = await w.tell(mention(QUESTION))
            assert len(replies) > 2
            assert "".join(whole(replies).split()) == "".join(kept(w).split())

    asyncio.run(talk())


def test_calls_wait_as_long_as_slack_asks(bundled_assistant: Assistant, tmp_path: Path) -> None:
    """After a 429 the call comes again, and nothing is lost or said twice."""

    async def talk() -> None:
        async with workspace(spoken(bundled_assistant), tmp_path) as w:
            methods = ("chat.startStream", "chat.appendStream", "chat.stopStream", "auth.test")
            w.slack.limited.update(dict.fromkeys(methods, 2))
            (reply,) = await w.tell(mention(QUESTION))
            assert whole([reply]) == kept(w)

    asyncio.run(talk())


def test_retry_after_is_honoured_to_the_second() -> None:
    """It sleeps for what the header says, whatever its case."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def wait() -> None:
        patience, state = Patience(sleep), RetryState()
        request = HttpRequest(method="POST", url="", headers={})
        for headers in ({"Retry-After": "30"}, {"retry-after": "7"}):
            response = HttpResponse(status_code=429, headers=dict(headers))
            assert await patience.can_retry_async(state=state, request=request, response=response)
            await patience.prepare_for_next_attempt_async(
                state=state, request=request, response=response
            )
        fine = HttpResponse(status_code=200, headers={})
        assert not await patience.can_retry_async(state=state, request=request, response=fine)

    asyncio.run(wait())
    assert slept == [30.0, 7.0]


def test_people_hear_of_a_failure_and_the_log_has_the_rest(
    bundled_assistant: Assistant, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The number in the thread is the number in the log; the cause is in the log only."""

    async def talk() -> str:
        async with workspace(bundled_assistant, tmp_path) as w:
            with closing(sqlite3.connect(tmp_path / "kept.db")) as database:
                database.execute("DROP TABLE footnote_events")
            (reply,) = await w.tell(direct(QUESTION))
            return reply.shown()

    shown = asyncio.run(talk())
    number = re.search(r"`([0-9a-f]{32})`", shown)
    assert number is not None
    assert "footnote_events" not in shown
    assert re.search(rf"slack {number[1]} failed: .*footnote_events", caplog.text)


def test_a_failed_answer_keeps_what_was_said(bundled_assistant: Assistant, tmp_path: Path) -> None:
    """The sentences stay, a notice with a number stands below, and there is no thumb."""

    async def talk() -> None:
        failing = saying(bundled_assistant, *SENTENCES[:2], reason="model_timeout")
        async with workspace(failing, tmp_path) as w:
            (reply,) = await w.tell(mention(QUESTION))
            assert SENTENCES[1] in reply.markdown
            assert re.search(r"took too long.*`[0-9a-f]{32}`", reply.shown(), re.DOTALL)
            assert reply.blocks[-1]["type"] != "context_actions"

    asyncio.run(talk())


def test_a_reply_that_slack_refuses_is_ended_with_a_number(
    bundled_assistant: Assistant, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What cannot be posted is logged under the number that the person would have got."""

    async def talk() -> None:
        async with workspace(bundled_assistant, tmp_path) as w:
            w.slack.broken |= dict.fromkeys(("chat.startStream", "chat.postMessage"), "is_archived")
            assert await w.tell(mention(QUESTION)) == []

    asyncio.run(talk())
    assert re.search(r"slack [0-9a-f]{32} failed: is_archived", caplog.text)


def test_shutdown_lets_an_answer_finish_and_stops_one_that_does_not(
    bundled_assistant: Assistant, tmp_path: Path
) -> None:
    """What is under way is completed in the grace period; beyond it, the thread says so."""

    async def talk(*, finishes: bool) -> str:
        spoke = spoken(bundled_assistant, SENTENCES[0], None, SENTENCES[1])
        folder = tmp_path / str(finishes)
        folder.mkdir()
        async with workspace(spoke, folder) as w:
            await w.tell(mention(QUESTION), settle=False)
            await w.slack.until(lambda: w.slack.messages)
            if finishes:
                spoke._writer.go.set()  # type: ignore[attr-defined]  # noqa: SLF001
            await w.bot.finish(10 if finishes else 0)
            (reply,) = w.slack.messages.values()
            assert not reply.streaming
            return reply.shown()

    assert SENTENCES[1] in asyncio.run(talk(finishes=True))
    stopped = asyncio.run(talk(finishes=False))
    assert SENTENCES[0] in stopped
    assert "I was stopped" in stopped
