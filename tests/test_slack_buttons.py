"""Buttons under an answer in Slack: quotes in a modal, thumbs that are kept, reasons."""

import asyncio
import json
from pathlib import Path
from typing import Any

from assistant.ask import Assistant
from assistant.slacking.blocks import reason_view
from tests.serving import QUESTION
from tests.slack_bot import Workspace, workspace
from tests.slack_fake import Message, texts
from tests.slack_payloads import CHANNEL, USER, mention, pressed, submitted


def action(reply: Message, kind: str, button: str = "") -> dict[str, Any]:
    """Return what Slack sends when a button of `reply` is pressed."""
    for block in reply.blocks:
        for element in block.get("elements", []):
            if element["type"] == kind:
                value = element[button]["value"] if button else element["value"]
                return {"type": kind, "action_id": element["action_id"], "value": value}
    raise AssertionError(f"no {kind} in {reply}")


def rated(w: Workspace) -> list[tuple[str, str | None, str | None]]:
    """Return the feedback that is kept."""
    return [(f.rating, f.reason, f.comment) for f in w.bot.bench.conversations.feedback()]


def test_the_quotes_open_in_their_sections(bundled_assistant: Assistant, tmp_path: Path) -> None:
    """Every footnote's words stand in a modal, under the section that they come from."""

    async def talk() -> None:
        async with workspace(bundled_assistant, tmp_path) as w:
            (reply,) = await w.tell(mention(QUESTION))
            await w.tell(pressed(action(reply, "button")))
            (view,) = w.slack.views
            shown = "\n".join(texts(view["blocks"]))
            for citation in bundled_assistant.ask(QUESTION).citations:
                section, quote = str(citation.section), " ".join(citation.quote.split())
                assert shown.index(section) < shown.index(f"[{citation.number}]")
                assert shown.index(f"[{citation.number}]") < shown.index(quote)

    asyncio.run(talk())


def test_a_thumb_is_kept_and_a_bad_one_asks_why(
    bundled_assistant: Assistant, tmp_path: Path
) -> None:
    """The last word of each person counts; a reason and a comment may be left out."""

    async def talk() -> None:
        async with workspace(bundled_assistant, tmp_path) as w:
            (reply,) = await w.tell(mention(QUESTION))
            up = action(reply, "feedback_buttons", "positive_button")
            down = action(reply, "feedback_buttons", "negative_button")
            await w.tell(pressed(up))
            assert rated(w) == [("up", None, None)]
            assert w.slack.views == []
            await w.tell(pressed(down))
            assert rated(w) == [("down", None, None)]
            (view,) = w.slack.views
            response = await w.dispatch(submitted(view, "incomplete", "the price is missing"))
            assert (response.status, response.body) == (200, "")
            await w.bot.finish()
            assert rated(w) == [("down", "incomplete", "the price is missing")]
            await w.tell(submitted(view, None, None))
            assert rated(w) == [("down", None, None)]
            await w.tell(pressed(up, user="U0BEN"))
            assert sorted(r for r, _, _ in rated(w)) == ["down", "up"]

    asyncio.run(talk())


def test_an_answer_opens_in_its_own_channel_only(
    bundled_assistant: Assistant, tmp_path: Path
) -> None:
    """An id brought from elsewhere, or of an answer that is gone, says so to whoever pressed."""

    async def talk() -> None:
        async with workspace(bundled_assistant, tmp_path) as w:
            (reply,) = await w.tell(mention(QUESTION))
            button = action(reply, "button")
            await w.tell(pressed(button, channel="C0ELSE"))
            await w.tell(pressed({**button, "value": "never-was"}))
            assert w.slack.views == []
            assert ["no longer kept" in one["text"] for one in w.slack.ephemeral] == [True, True]
            assert [one["channel"] for one in w.slack.ephemeral] == ["C0ELSE", CHANNEL]

    asyncio.run(talk())


def test_a_modal_that_came_too_late_is_told(bundled_assistant: Assistant, tmp_path: Path) -> None:
    """When Slack refuses to open it, the person hears of it, with a number."""

    async def talk() -> None:
        async with workspace(bundled_assistant, tmp_path) as w:
            (reply,) = await w.tell(mention(QUESTION))
            w.slack.broken["views.open"] = "expired_trigger_id"
            await w.tell(pressed(action(reply, "button")))
            (told,) = w.slack.ephemeral
            assert "this number" in told["text"]

    asyncio.run(talk())


def test_a_reason_for_an_answer_that_is_gone_is_told(
    bundled_assistant: Assistant, tmp_path: Path
) -> None:
    """Also what comes from a modal, which knows its channel."""

    async def talk() -> None:
        async with workspace(bundled_assistant, tmp_path) as w:
            await w.tell(submitted(reason_view("never-was", CHANNEL), "wrong", None))
            (told,) = w.slack.ephemeral
            assert (told["channel"], told["user"]) == (CHANNEL, USER)
            assert "no longer kept" in told["text"]

    asyncio.run(talk())


def test_the_modal_says_which_answer_it_is_about(
    bundled_assistant: Assistant, tmp_path: Path
) -> None:
    """What comes back with a reason is the answer's id and its channel, nothing else."""

    async def talk() -> None:
        async with workspace(bundled_assistant, tmp_path) as w:
            (reply,) = await w.tell(mention(QUESTION))
            down = action(reply, "feedback_buttons", "negative_button")
            await w.tell(pressed(down))
            about = json.loads(w.slack.views[0]["private_metadata"])
            assert about == {"answer": down["value"].partition(":")[2], "channel": CHANNEL}

    asyncio.run(talk())
