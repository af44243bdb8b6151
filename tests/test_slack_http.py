"""Slack's events over HTTP, mounted in the server: signed, or refused; answered like the others."""

import asyncio
import hashlib
import hmac
import html
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from pydantic import SecretStr

from assistant.ask import Assistant
from assistant.channels import open_slack_events
from assistant.settings import Settings
from index.errors import SettingError
from tests.serving import QUESTION, running
from tests.slack_fake import FakeSlack
from tests.slack_payloads import CHANNEL, mention, pressed

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"  # noqa: S105  ours, for nothing
PATH = "/slack/events"


def signed(body: str, *, secret: str = SECRET, age: float = 0) -> dict[str, str]:
    """Return the headers that Slack sends with a body, made `age` seconds ago."""
    stamp = str(int(time.time() - age))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256)
    return {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest.hexdigest()}",
        "Content-Type": "application/json" if body[:1] == "{" else FORM,
    }


FORM = "application/x-www-form-urlencoded"


def configured(slack: FakeSlack) -> dict[str, Any]:
    """Return the settings of a server that takes Slack's events."""
    return {
        "slack_bot_token": SecretStr("xoxb-1"),
        "slack_signing_secret": SecretStr(SECRET),
        "slack_api_url": slack.url,
    }


def test_signed_events_are_answered_once(
    bundled_assistant: Assistant, cache_folder: Path, tmp_path: Path
) -> None:
    """A retry changes nothing; buttons work; the server's figures count the answer."""
    body = json.dumps(mention(QUESTION))
    retried = {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"}

    async def talk() -> None:
        async with FakeSlack() as slack, httpx.AsyncClient() as client:
            with running(tmp_path, cache_folder, **configured(slack)) as server:
                url = server.url + PATH
                heard = await client.post(url, content=body, headers=signed(body))
                assert (heard.status_code, heard.text) == (200, "")
                await slack.until(lambda: slack.called("chat.stopStream"))
                again = await client.post(url, content=body, headers={**signed(body), **retried})
                assert again.status_code == 200
                (reply,) = slack.replies(CHANNEL, "1764000001.000100")
                assert html.unescape(reply.markdown) == bundled_assistant.ask(QUESTION).text
                (button,) = next(b["elements"] for b in reply.blocks if b["type"] == "actions")
                form = urlencode({"payload": json.dumps(pressed(button))})
                assert (await client.post(url, content=form, headers=signed(form))).is_success
                await slack.until(lambda: slack.views)
                metrics = (await client.get(f"{server.url}/metrics")).text
                assert 'footnote_answers_total{outcome="answered",reason=""} 1.0' in metrics
                await asyncio.to_thread(server.stop)

    asyncio.run(talk())


def test_what_slack_did_not_sign_is_refused(
    bundled_assistant: Assistant, cache_folder: Path, tmp_path: Path
) -> None:
    """No signature, somebody else's, one of another body, or an old one: 401, and not a word."""
    assert bundled_assistant.searcher.generation
    body = json.dumps(mention(QUESTION))
    challenge = json.dumps({"type": "url_verification", "challenge": "abc", "token": "x"})

    async def talk() -> None:
        async with FakeSlack() as slack, httpx.AsyncClient() as client:
            with running(tmp_path, cache_folder, **configured(slack)) as server:
                url = server.url + PATH
                for headers in (
                    {"Content-Type": "application/json"},
                    signed(body, secret="somebody's"),  # noqa: S106
                    signed(body + " "),
                    signed(body, age=301),
                ):
                    refused = await client.post(url, content=body, headers=headers)
                    assert refused.status_code == 401
                assert (await client.get(url)).status_code == 401
                told = await client.post(url, content=challenge, headers=signed(challenge))
                assert (told.status_code, told.json()) == (200, {"challenge": "abc"})
                assert slack.calls == []
                await asyncio.to_thread(server.stop)

    asyncio.run(talk())


def test_an_answer_under_way_is_finished_when_the_server_stops(
    bundled_assistant: Assistant, cache_folder: Path, tmp_path: Path
) -> None:
    """Slack was told that the event was heard, so its answer is owed."""
    assert bundled_assistant.searcher.generation
    body = json.dumps(mention(QUESTION))

    async def talk() -> None:
        async with FakeSlack() as slack, httpx.AsyncClient() as client:
            with running(tmp_path, cache_folder, **configured(slack)) as server:
                await client.post(server.url + PATH, content=body, headers=signed(body))
                await asyncio.to_thread(server.stop)
                (reply,) = slack.messages.values()
                assert not reply.streaming
                assert reply.blocks

    asyncio.run(talk())


def test_without_a_signing_secret_there_is_no_such_address(
    bundled_assistant: Assistant, cache_folder: Path, tmp_path: Path
) -> None:
    """A server that was not set up for Slack does not speak to it; a secret needs its token."""
    assert bundled_assistant.searcher.generation
    with running(tmp_path, cache_folder) as server:
        assert httpx.post(server.url + PATH, json={}).status_code == 404
        secret = Settings(slack_signing_secret=SecretStr(SECRET))
        with pytest.raises(SettingError, match="FOOTNOTE_SLACK_BOT_TOKEN is not set"):
            open_slack_events(secret, server.service, bundled=True)
