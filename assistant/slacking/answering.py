"""A question answered in its thread: `await reply_to(question, means, bench, rules, number)`.

Whatever happens, something is said there, and said once: the answer, why there is none, or a number
under which the log has the rest.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from assistant.answer import Answer, Said, Turn
from assistant.notes import note
from assistant.slacking.bench import Bench, Stopped
from assistant.slacking.blocks import aside, broken, draw_sentence, end_blocks, section
from assistant.slacking.events import Question, read_thread
from assistant.slacking.reply import UNSENT, BeginStream, Reply, error_code
from assistant.slacking.rules import Rules

log = logging.getLogger("footnote.slack")

_MOST_THREAD = 200
"""Messages of a thread that are looked at."""
_STOPPED = "I was stopped before this was finished. Ask again in a minute."
_FILES_UNREAD = "I did not look at the file, only at your words."


@dataclass(frozen=True, slots=True)
class Means:
    """What Bolt has for a question: how to call Slack, stream, show a status; the bot's user id."""

    client: AsyncWebClient
    begin_stream: BeginStream
    set_status: Callable[[str], Awaitable[Any]]
    bot: str


async def reply_to(
    question: Question, means: Means, bench: Bench, rules: Rules, number: str
) -> None:
    """Answer a question in its thread, unless it was answered before; a failure has `number`.

    Raises what went wrong, once the thread knows of it.
    """
    reply = Reply(means.client, question.channel, question.thread, means.begin_stream)
    words = broken(number)
    try:
        if not await bench.is_new(question):
            reply.is_ended = True  # by whoever claimed it
            note(did="repeated")
            return
        refusal = await rules.refusal(question)
        if refusal:
            await reply.end([section(refusal)])
            note(did="refused")
            return
        showing = asyncio.create_task(_show_status(means, bench))
        conversation, turns = await bench.remembered(question)
        if question.follows and not turns:
            turns = await _read_thread(question, means, bench.history_turns)
        answer = await _answer(question, turns, reply, bench, showing)
        kept = await bench.keep(conversation, question, answer)
        note(did="answered", conversation_id=conversation if kept else None)
        unread = [aside(_FILES_UNREAD)] if question.has_files else []
        await reply.end([*end_blocks(answer, kept=kept), *unread])
    except Stopped:
        words = _STOPPED
    finally:
        if not reply.is_ended:
            await reply.break_off([section(words)])


async def _answer(
    question: Question,
    turns: Sequence[Turn],
    reply: Reply,
    bench: Bench,
    showing: asyncio.Task[None],
) -> Answer:
    """Make the answer, and say each sentence as it comes. Raises Stopped."""
    async with aclosing(bench.answering(question.text, turns)) as batches:
        async for batch in batches:
            # A status that came after its reply would stay.
            await showing
            said = [one.sentence for one in batch if isinstance(one, Said)]
            await reply.say(map(draw_sentence, said))
            if batch and isinstance(batch[-1], Answer):
                return batch[-1]
    raise Stopped


async def _read_thread(question: Question, means: Means, most: int) -> Sequence[Turn]:
    """Return what was said in a thread that others began, as far as the bot may read it."""
    try:
        found = await means.client.conversations_replies(
            channel=question.channel,
            ts=question.thread,
            latest=question.ts,
            limit=_MOST_THREAD,
        )
    except SlackApiError as error:
        log.info("a thread was not read (%s)", error_code(error))
        return ()
    messages: list[dict[str, Any]] = found.get("messages") or []
    turns = read_thread(messages, means.bot, question.ts)
    return turns[max(len(turns) - most, 0) :]


async def _show_status(means: Means, bench: Bench) -> None:
    what = "article" if len(await bench.titles(2)) == 1 else "documents"
    try:
        await means.set_status(f"is reading the {what} …")
    except UNSENT as error:
        log.info("no status was shown (%s)", error_code(error) or error)
