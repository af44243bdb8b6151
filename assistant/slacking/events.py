"""What Slack tells, read: `read_question(body, bot)` is the question in an event, if there is one.

Shapes are those that Slack documents for `app_mention` and `message.im`. What is edited, deleted,
hidden or said by a bot is no question; neither is a message of another kind of channel, where a
mention is what calls. Pure.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from assistant.answer import Turn

_QUESTIONS = {None, "file_share", "thread_broadcast"}
"""Subtypes of messages that somebody wrote."""

_MARKUP = re.compile(r"<(?P<what>[^<>|\s][^<>|]*)(?:\|(?P<label>[^<>]*))?>")


@dataclass(frozen=True, slots=True)
class Question:
    """Somebody's question, and where its answer belongs.

    `thread` is the message that the thread hangs on: the question itself, where it begins one.
    `places` are the ids of the workspaces, organisation and channel that it comes from.
    """

    event: str
    places: frozenset[str]
    team: str
    channel: str
    user: str
    text: str
    ts: str
    thread: str
    is_direct: bool
    is_edited: bool
    has_files: bool

    @property
    def follows(self) -> bool:
        """Whether it was asked in a thread that somebody began before."""
        return self.thread != self.ts

    @property
    def message(self) -> str:
        """The message's own name, the same in every event about it."""
        return f"{self.channel} {self.ts}"


def read_question(body: dict[str, Any], bot: str) -> Question | None:
    """Return the question in an event, or None; `bot` is the bot's user id."""
    event = body.get("event") or {}
    user, channel, ts = event.get("user"), event.get("channel"), event.get("ts")
    if not (user and channel and ts) or user == bot or not _is_asked(event, channel):
        return None
    return Question(
        event=body.get("event_id") or f"{channel} {ts}",
        places=frozenset(_places(body)),
        team=event.get("user_team") or event.get("team") or body.get("team_id") or "",
        channel=channel,
        user=user,
        text=plain_text(event.get("text") or "", bot),
        ts=ts,
        thread=event.get("thread_ts") or ts,
        is_direct=_is_direct(event, channel),
        is_edited="edited" in event,
        has_files=bool(event.get("files")),
    )


def plain_text(text: str, bot: str) -> str:
    """Return what Slack's markup says: without the mention of the bot, links by their words."""

    def words(match: re.Match[str]) -> str:
        what, label = match["what"], match["label"]
        if what in {f"@{bot}", f"!subteam^{bot}"}:
            return " "
        if what[0] in "@#":
            return str(label or "")  # an id says nothing
        if what[0] == "!":
            return str(label or f"@{what[1:]}")
        return str(label or what)

    # "@Footnote: why …" asks why.
    return " ".join(html.unescape(_MARKUP.sub(words, text)).split()).lstrip(",: ")


def read_thread(messages: list[dict[str, Any]], bot: str, before: str) -> list[Turn]:
    """Return what people and the bot said in a thread until `before`, oldest first."""
    turns = []
    for message in messages:
        said = plain_text(message.get("text") or "", bot)
        by_us = message.get("user") == bot
        by_other_bot = "bot_id" in message and not by_us
        is_earlier = message.get("ts", "") < before and message.get("subtype") in _QUESTIONS
        if said and is_earlier and not by_other_bot:
            turns.append(Turn("assistant" if by_us else "user", said))
    return turns


def _is_asked(event: dict[str, Any], channel: str) -> bool:
    """Tell whether a person asks the bot by this event."""
    if event.get("bot_id") or event.get("hidden") or event.get("subtype") not in _QUESTIONS:
        return False
    if event.get("type") == "app_mention":
        # Slack announces a mention in a direct message as that message; once is enough.
        return not _is_direct(event, channel)
    return event.get("type") == "message" and _is_direct(event, channel)


def _is_direct(event: dict[str, Any], channel: str) -> bool:
    kind = event.get("channel_type")
    return kind == "im" if kind else channel.startswith("D")


def _places(body: dict[str, Any]) -> Iterator[str]:
    """Yield the ids of where an event comes from; a shared channel has several workspaces."""
    event = body.get("event") or {}
    # Where the person belongs says more than where the app is installed.
    person = event.get("user_team") or event.get("team") or body.get("team_id")
    enterprise = body.get("enterprise_id") if person == body.get("team_id") else None
    yield from (one for one in (person, enterprise, event.get("channel")) if one)
