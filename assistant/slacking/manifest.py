"""The manifest of the Slack app: `manifest(suggestions)` is what `footnote slack manifest` prints.

It asks for the scopes that the code needs and subscribes to the events that it listens to, and to
nothing else; a test holds it to both.
"""

from collections.abc import Sequence
from typing import Any

SCOPES = {
    "app_mentions:read": "hear a mention in a channel",
    "assistant:write": "show a status while it works, and offer questions",
    "channels:history": "read the thread of a public channel that it is mentioned in",
    "chat:write": "answer",
    "groups:history": "the same in a private channel that it was invited to",
    "im:history": "hear what people write to it directly",
    "mpim:history": "read the thread of a group message that it is mentioned in",
}
"""Scopes of the bot token, and what each is for."""

EVENTS = ("app_home_opened", "app_mention", "message.im")
EVENTS_PATH = "/slack/events"
"""Where `footnote serve` takes events and interactions."""

_DESCRIPTION = "Answers from your documents, every sentence with a footnote that was checked."
MOST_PROMPTS, _MOST_TITLE = 4, 75


def manifest(
    suggestions: Sequence[str] = (), *, name: str = "Footnote", url: str | None = None
) -> dict[str, Any]:
    """Return the manifest of an app called `name`, with at most four suggested questions.

    Slack reaches the app by Socket Mode, or with `url` (https://host) by HTTP.
    """
    request_url = {} if url is None else {"request_url": url.rstrip("/") + EVENTS_PATH}
    return {
        "display_information": {"name": name, "description": _DESCRIPTION},
        "features": {
            "agent_view": {
                "agent_description": _DESCRIPTION,
                "suggested_prompts": prompts(suggestions),
            },
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": name, "always_online": True},
        },
        "oauth_config": {"scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            "event_subscriptions": {**request_url, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **request_url},
            "org_deploy_enabled": False,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }


def prompts(suggestions: Sequence[str]) -> list[dict[str, str]]:
    """Return questions as the prompts that Slack shows: a short title, and what it sends."""
    return [
        {
            "title": one if len(one) <= _MOST_TITLE else f"{one[: _MOST_TITLE - 1]}…",
            "message": one,
        }
        for one in suggestions[:MOST_PROMPTS]
    ]
