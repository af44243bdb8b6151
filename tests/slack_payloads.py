"""Payloads in the shapes that Slack documents, for the tests of the bot; all words are ours."""

from typing import Any

from tests.slack_fake import BOT, TEAM

CHANNEL, DIRECT, USER = "C0TALK", "D0TALK", "U0ANNA"


def envelope(event: dict[str, Any], number: str) -> dict[str, Any]:
    """Return an event as Slack delivers it."""
    return {
        "token": "verification",
        "team_id": TEAM,
        "api_app_id": "A0FOOT",
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{number}",
        "event_time": 1_764_000_000,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": BOT,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": "4-context",
    }


def mention(text: str, number: str = "1", ts: str = "1764000001.000100", **more: Any) -> Any:
    """Return a mention of the bot in a channel."""
    event = {
        "type": "app_mention",
        "user": USER,
        "text": f"<@{BOT}> {text}".strip(),
        "ts": ts,
        "client_msg_id": "0f6a",
        "team": TEAM,
        "channel": CHANNEL,
        "event_ts": ts,
        "blocks": [],
        **more,
    }
    return envelope(event, number)


def direct(text: str, number: str = "1", ts: str = "1764000001.000100", **more: Any) -> Any:
    """Return a message in the bot's own tab."""
    event = {
        "type": "message",
        "user": USER,
        "text": text,
        "ts": ts,
        "team": TEAM,
        "channel": DIRECT,
        "event_ts": ts,
        "channel_type": "im",
        "blocks": [],
        **more,
    }
    return envelope(event, number)


def opened(tab: str = "messages") -> Any:
    """Return that somebody opened the app's tab."""
    event = {
        "type": "app_home_opened",
        "user": USER,
        "channel": DIRECT,
        "event_ts": "1764000000.1",
        "tab": tab,
    }
    return envelope(event, "home")


def pressed(action: dict[str, Any], channel: str = CHANNEL, user: str = USER) -> Any:
    """Return that somebody pressed a button under an answer."""
    return {
        "type": "block_actions",
        "user": {"id": user, "username": "anna", "name": "anna", "team_id": TEAM},
        "api_app_id": "A0FOOT",
        "token": "verification",
        "container": {
            "type": "message",
            "message_ts": "1764000002.1",
            "channel_id": channel,
            "is_ephemeral": False,
            "thread_ts": "1764000001.000100",
        },
        "trigger_id": "12345.98765.abcd",
        "team": {"id": TEAM, "domain": "home"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": channel, "name": "talk"},
        "message": {"type": "message", "user": BOT, "thread_ts": "1764000001.000100"},
        "state": {"values": {}},
        "response_url": "https://hooks.slack.example/actions/1",
        "actions": [{"block_id": "b1", "action_ts": "1764000003.1", **action}],
    }


def submitted(view: dict[str, Any], reason: str | None, comment: str | None) -> Any:
    """Return that somebody sent the modal that asks what was wrong."""
    chosen = {"value": reason, "text": {"type": "plain_text", "text": "x"}} if reason else None
    values = {
        "reason": {"reason": {"type": "radio_buttons", "selected_option": chosen}},
        "comment": {"comment": {"type": "plain_text_input", "value": comment}},
    }
    return {
        "type": "view_submission",
        "team": {"id": TEAM, "domain": "home"},
        "user": {"id": USER, "username": "anna", "name": "anna", "team_id": TEAM},
        "api_app_id": "A0FOOT",
        "token": "verification",
        "trigger_id": "12345.98765.efgh",
        "view": {**view, "id": "V1", "team_id": TEAM, "state": {"values": values}, "hash": "1.a"},
        "response_urls": [],
        "is_enterprise_install": False,
        "enterprise": None,
    }
