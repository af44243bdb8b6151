"""The manifest asks for what the code needs and hears, and for nothing else."""

import ast
import asyncio
import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from assistant import slack
from assistant.ask import Assistant
from assistant.slacking import answering, connection, reply
from assistant.slacking.manifest import EVENTS, SCOPES, manifest
from tests.command import run
from tests.serving import QUESTION
from tests.slack_bot import workspace
from tests.slack_fake import TEAM
from tests.slack_payloads import direct, mention, opened

HISTORY = {"channels:history", "groups:history", "im:history", "mpim:history"}
NEEDED: dict[str, set[str]] = {
    # By what Slack documents for each method, and for each event.
    "auth_test": set(),
    "chat_postEphemeral": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_replies": HISTORY,
    "say_stream": {"chat:write"},
    "set_status": {"assistant:write"},
    "set_suggested_prompts": {"assistant:write"},
    "views_open": set(),
    "app_home_opened": set(),
    "app_mention": {"app_mentions:read"},
    "message.im": {"im:history"},
}
WAYS = {"set_status", "set_suggested_prompts", "say_stream"}
"""Bolt's own words for methods."""


class Listening:
    """Stands where the app does, and notes what is listened to."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def event(self, name: Any) -> Any:
        """Note an event."""
        self.events.append(name)
        return lambda listener: listener

    def action(self, name: str) -> Any:
        """Ignore an action: it needs no scope."""
        return lambda listener: (name, listener)

    view = action

    def error(self, listener: Any) -> None:
        """Ignore the listener for errors."""


def called() -> set[str]:
    """Return the methods of Slack that the code calls, by its text."""
    names: set[str] = set()
    for module in (slack, answering, reply, connection):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Attribute):
                names.add(node.attr)
            if isinstance(node, ast.Constant) and node.value in WAYS:
                names.add(node.value)
    families = ("chat_", "conversations_", "views_", "users_", "files_", "reactions_", "auth_test")
    return {name for name in names if name.startswith(families)} | (names & WAYS)


def test_every_scope_is_needed_and_every_need_has_its_scope() -> None:
    """The scopes are those of the methods that are called and of the events that are heard."""
    found = called()
    assert found == NEEDED.keys() - set(EVENTS)
    needed = set().union(*(NEEDED[name] for name in (*found, *EVENTS)))
    assert needed == set(SCOPES)
    assert manifest()["oauth_config"]["scopes"]["bot"] == sorted(needed)


def test_every_event_is_listened_to_and_nothing_else() -> None:
    """What the manifest subscribes to has a listener, and a listener its subscription."""
    listening = Listening()
    slack.listen(listening, _anything())  # type: ignore[arg-type]
    listened = {name for name in listening.events if isinstance(name, str)}
    assert listened == {event.partition(".")[0] for event in EVENTS}
    assert manifest()["settings"]["event_subscriptions"]["bot_events"] == list(EVENTS)


@pytest.mark.parametrize("payload", [opened(), mention(QUESTION), direct(QUESTION)])
def test_each_event_of_the_manifest_does_something(
    payload: dict[str, Any], bundled_assistant: Assistant, tmp_path: Path
) -> None:
    """No event is subscribed to in vain."""

    async def talk() -> set[str]:
        async with workspace(bundled_assistant, tmp_path) as w:
            await w.tell(payload)
            return {name for name, _ in w.slack.calls} - {"auth.test"}

    assert asyncio.run(talk())
    assert payload["team_id"] == TEAM


def test_the_manifest_is_that_of_an_agent_in_socket_mode() -> None:
    """The current surface, with a messages tab to write to and buttons that are heard."""
    made = manifest([f"Question {n}?" for n in range(6)])
    assert "assistant_view" not in made["features"]
    assert len(made["features"]["agent_view"]["suggested_prompts"]) == 4
    assert made["features"]["app_home"]["messages_tab_enabled"]
    assert not made["features"]["app_home"]["messages_tab_read_only_enabled"]
    assert made["settings"]["socket_mode_enabled"]
    assert made["settings"]["interactivity"] == {"is_enabled": True}
    assert len(made["display_information"]["description"]) <= 140
    assert len(made["features"]["agent_view"]["agent_description"]) <= 300
    assert len(made["display_information"]["name"]) <= 35


def test_over_http_slack_is_told_where_to_call(tmp_path: Path) -> None:
    """`footnote slack manifest --url` prints one JSON document, with both addresses."""
    told = run(
        "slack", "manifest", "--url", "https://foot.example/", "--name", "Foot", cwd=tmp_path
    )
    assert told.returncode == 0
    settings = json.loads(told.stdout)["settings"]
    address = "https://foot.example/slack/events"
    assert settings["event_subscriptions"]["request_url"] == address
    assert settings["interactivity"]["request_url"] == address
    assert settings["socket_mode_enabled"] is False


def _anything() -> Any:
    class Anything:
        def __getattr__(self, name: str) -> Any:
            return name

    return Anything()
