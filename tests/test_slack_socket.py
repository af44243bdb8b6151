"""The bot as a process: Socket Mode over a real WebSocket, connections lost, tokens refused."""

import asyncio
import html
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from assistant.ask import Assistant
from assistant.channels import open_slack
from assistant.settings import Settings
from assistant.slack import Bot, run
from index.errors import MissingExtra, SettingError, SlackUnavailable
from tests.command import COMMAND
from tests.serving import QUESTION
from tests.slack_fake import FakeSlack
from tests.slack_payloads import CHANNEL, direct, mention, pressed


def made(slack: FakeSlack, folder: Path, cache: Path) -> Bot:
    """Return the bot as `footnote slack` makes it, but quicker to notice a lost connection."""
    bot = open_slack(
        Settings(
            cache_dir=cache,
            conversations_url=SecretStr(f"sqlite:///{folder / 'kept.db'}"),
            slack_bot_token=SecretStr("xoxb-1"),
            slack_app_token=SecretStr("xapp-1"),
            slack_api_url=slack.url,
        ),
        None,
    )
    bot.connection = replace(bot.connection, ping_seconds=0.1)
    return bot


@asynccontextmanager
async def running(folder: Path, cache: Path) -> AsyncIterator[tuple[FakeSlack, list[str]]]:
    """Run the bot until the block ends; then it is told to stop, as by SIGTERM."""
    told: list[str] = []
    async with FakeSlack() as slack:
        serving = asyncio.create_task(run(made(slack, folder, cache), told.append))
        await slack.until(lambda: slack.sockets)
        try:
            yield slack, told
        finally:
            signal.raise_signal(signal.SIGTERM)
            async with asyncio.timeout(90):
                await serving


def test_an_event_through_the_socket_is_acknowledged_and_answered(
    bundled_assistant: Assistant, cache_folder: Path, tmp_path: Path
) -> None:
    """An envelope is acknowledged once, before its answer; a retry is acknowledged and ignored."""

    async def talk() -> None:
        async with running(tmp_path, cache_folder) as (slack, told):
            await slack.send(mention(QUESTION), "first")
            await slack.until(lambda: slack.called("chat.stopStream"))
            assert slack.acknowledged == ["first"]
            again = {"retry_attempt": 1, "retry_reason": "timeout"}
            await slack.send(mention(QUESTION), "second", **again)
            await slack.until(lambda: len(slack.acknowledged) == 2)
            (reply,) = slack.replies(CHANNEL, "1764000001.000100")
            assert html.unescape(reply.markdown) == bundled_assistant.ask(QUESTION).text
            assert told == ["answering in Slack as footnote in Home (Ctrl-C stops)"]

    asyncio.run(talk())


@pytest.mark.parametrize("how", ["dropped", "told"])
def test_a_lost_connection_is_made_again(
    how: str, bundled_assistant: Assistant, cache_folder: Path, tmp_path: Path
) -> None:
    """Whether it breaks off or Slack announces it, the bot comes back and goes on answering."""
    assert bundled_assistant.searcher.generation

    async def talk() -> None:
        async with running(tmp_path, cache_folder) as (slack, _):
            if how == "told":
                gone = {"type": "disconnect", "reason": "refresh_requested", "debug_info": {}}
                await slack.sockets[-1].send_json(gone)
            else:
                transport = slack.sockets[-1]._req.transport  # type: ignore[union-attr]  # noqa: SLF001
                assert transport is not None
                transport.abort()
            await slack.until(lambda: slack.handshakes == 2)
            await slack.send(direct(QUESTION), "after")
            await slack.until(lambda: slack.called("chat.stopStream"))
            assert slack.acknowledged == ["after"]

    asyncio.run(talk())


def test_a_connection_that_slack_does_not_take_is_asked_for_anew(
    bundled_assistant: Assistant, cache_folder: Path, tmp_path: Path
) -> None:
    """An address is good for one attempt; after a failed one, the next address is used."""
    assert bundled_assistant.searcher.generation

    async def talk() -> None:
        async with FakeSlack() as slack:
            slack.refused_handshakes = 2
            serving = asyncio.create_task(run(made(slack, tmp_path, cache_folder)))
            await slack.until(lambda: slack.sockets)
            signal.raise_signal(signal.SIGTERM)
            async with asyncio.timeout(90):
                await serving

    asyncio.run(talk())


@pytest.mark.parametrize("when", ["start", "app token", "later", "reconnecting"])
def test_a_refused_token_ends_the_bot_and_says_what_to_do(
    when: str, bundled_assistant: Assistant, cache_folder: Path, tmp_path: Path
) -> None:
    """At the start, in the middle of an answer, or when the connection is made again."""
    assert bundled_assistant.searcher.generation

    async def talk() -> None:
        async with FakeSlack() as slack:
            slack.revoked = when == "start"
            if when == "app token":
                slack.broken["apps.connections.open"] = "invalid_auth"
            serving = asyncio.create_task(run(made(slack, tmp_path, cache_folder)))
            if when in {"later", "reconnecting"}:
                await slack.until(lambda: slack.sockets)
                slack.revoked = True
                if when == "later":
                    await slack.send(mention(QUESTION))
                else:
                    await slack.sockets[-1].close()
            async with asyncio.timeout(90):
                await serving

    expected = "app-level token" if when in {"app token", "reconnecting"} else "bot's token"
    with pytest.raises(SlackUnavailable, match=rf"{expected} \(\w+\); install the app"):
        asyncio.run(talk())


def test_the_command_answers_and_ends_when_slack_refuses_it(
    bundled_assistant: Assistant, cache_folder: Path, tmp_path: Path
) -> None:
    """`footnote slack` says who it is, answers, and ends with 1 and a remedy, not a traceback."""
    environment = {
        **os.environ,
        "FOOTNOTE_CACHE_DIR": str(cache_folder),
        "FOOTNOTE_SLACK_BOT_TOKEN": "xoxb-1",
        "FOOTNOTE_SLACK_APP_TOKEN": "xapp-1",
    }

    async def talk() -> tuple[int | None, str]:
        async with FakeSlack() as slack:
            process = await asyncio.create_subprocess_exec(
                *(*COMMAND, "slack"),
                cwd=tmp_path,
                stderr=subprocess.PIPE,
                env={**environment, "FOOTNOTE_SLACK_API_URL": slack.url},
            )
            try:
                await slack.until(lambda: slack.sockets)
                await slack.send(mention(QUESTION))
                await slack.until(lambda: slack.called("chat.stopStream"))
                (reply,) = slack.messages.values()
                assert html.unescape(reply.markdown) == bundled_assistant.ask(QUESTION).text
                slack.revoked = True
                await slack.send(mention(QUESTION, "2"))
                _, said = await asyncio.wait_for(process.communicate(), 90)
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
            return process.returncode, said.decode()

    code, said = asyncio.run(talk())
    assert code == 1
    # Nobody sits before it, so what it says is for a machine: one JSON document a line.
    events = [json.loads(line)["event"] for line in said.splitlines()]
    assert "answering in Slack as footnote in Home (Ctrl-C stops)" in events
    assert events[-1].startswith("Slack refuses the bot's token (token_revoked); install")
    assert "Traceback" not in said
    assert "xoxb-1" not in said


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        ({}, "FOOTNOTE_SLACK_BOT_TOKEN is not set: it begins with xoxb-"),
        ({"slack_bot_token": "xapp-hidden"}, "FOOTNOTE_SLACK_BOT_TOKEN is no such token"),
        ({"slack_bot_token": "xoxb-1"}, "FOOTNOTE_SLACK_APP_TOKEN is not set"),
    ],
)
def test_a_missing_token_is_named(tokens: dict[str, str], says: str) -> None:
    """Wrong usage, said in one line that never quotes a token."""
    settings = Settings(**{name: SecretStr(token) for name, token in tokens.items()})  # type: ignore[arg-type]
    assert "hidden" not in repr(settings)
    with pytest.raises(SettingError, match=says) as told:
        open_slack(settings, None)
    assert "hidden" not in str(told.value)


def test_without_the_extra_the_command_to_install_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever has no SDK hears which extra brings it, before anything is loaded."""
    for name in [name for name in sys.modules if name.startswith("assistant.slack")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("assistant.slack", raising=False)
    monkeypatch.setitem(sys.modules, "slack_bolt", None)
    monkeypatch.setitem(sys.modules, "slack_bolt.async_app", None)
    with pytest.raises(MissingExtra, match=r"pip install 'footnote\[slack\]'$"):
        open_slack(Settings(), None)


def test_a_button_through_the_socket(
    bundled_assistant: Assistant, cache_folder: Path, tmp_path: Path
) -> None:
    """Interactions come through the same socket, and are acknowledged there."""
    assert bundled_assistant.searcher.generation

    async def talk() -> None:
        async with running(tmp_path, cache_folder) as (slack, _):
            await slack.send(mention(QUESTION), "question")
            await slack.until(lambda: slack.called("chat.stopStream"))
            (reply,) = slack.messages.values()
            (button,) = next(b["elements"] for b in reply.blocks if b["type"] == "actions")
            await slack.send(pressed(button), "press")
            await slack.until(lambda: slack.views and "press" in slack.acknowledged)

    asyncio.run(talk())
