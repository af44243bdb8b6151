"""The bot before the stand-in for Slack, for tests: `async with workspace(assistant, folder) as w`.

    replies = await w.tell(mention("why did Abe court Putin?"))

Payloads go through Bolt's real dispatcher, as they come through the socket.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from assistant.ask import Assistant
from assistant.conversations import Conversations
from assistant.counters import Cap
from assistant.ground import Drafted, Ending, Signature, Source
from assistant.question import Question
from assistant.serving.library import Library
from assistant.slack import Bot
from assistant.slacking.bench import Bench
from assistant.slacking.connection import Connection
from assistant.slacking.rules import Rules, read_doors
from assistant.support import verbatim
from index.passage import Hit, Span
from tests.slack_fake import FakeSlack, Message


class Workspace:
    """A stand-in workspace with the bot in it."""

    def __init__(self, slack: FakeSlack, bot: Bot) -> None:
        self.slack = slack
        self.bot = bot

    async def tell(self, payload: dict[str, Any], *, settle: bool = True) -> list[Message]:
        """Deliver a payload; return the bot's messages in its thread once it has finished."""
        before = asyncio.all_tasks()
        response = await self.dispatch(payload)
        assert response.status == 200
        event = payload.get("event", {})
        if settle:
            await settled(before)
        return self.slack.replies(
            event.get("channel", ""), event.get("thread_ts") or event.get("ts", "")
        )

    async def dispatch(self, payload: dict[str, Any]) -> BoltResponse:
        """Deliver a payload; return as soon as it is acknowledged."""
        request = AsyncBoltRequest(mode="socket_mode", body=payload)
        return await self.bot.app.async_dispatch(request)


async def settled(before: set[asyncio.Task[Any]]) -> None:
    """Wait until everything that began since then has ended."""
    async with asyncio.timeout(90):
        while later := asyncio.all_tasks() - before:
            await asyncio.wait(later)


@asynccontextmanager
async def workspace(
    assistant: Assistant,
    folder: Path,
    *,
    slack: FakeSlack | None = None,
    database: str | None = None,
    suggestions: Sequence[str] | None = None,
    **changes: Any,
) -> AsyncIterator[Workspace]:
    """Open a workspace whose bot answers with `assistant`.

    Conversations are kept in `database`, by default a file in `folder`.
    """
    rules = {"allow": None, "deny": None, "user_rate": 1_000, "most": 2_000, "turns": 20} | changes
    one = slack or FakeSlack()
    if slack is None:
        await one.__aenter__()
    with Conversations(database or f"sqlite:///{folder / 'kept.db'}") as kept:
        bot = Bot(
            Bench(Library(folder, assistant, _refuse), kept, asyncio.Semaphore(4), rules["turns"]),
            Rules(
                read_doors(rules["allow"], rules["deny"]),
                Cap("user", rules["user_rate"]),
                rules["most"],
            ),
            Connection("xoxb-1", "xapp-1", "signing", one.url, ping_seconds=0.1),
            suggestions,
        )
        try:
            yield Workspace(one, bot)
        finally:
            if slack is None:
                await one.__aexit__()


def _refuse() -> Assistant:
    raise AssertionError("this index has one generation")


class Saying:
    """A Writer that quotes given sentences of a passage, and waits where it is told to.

    `sentences` are texts, or None to wait until `go` is set.
    """

    signature = Signature("saying")

    def __init__(self, *sentences: str | None, reason: Any = None) -> None:
        self._sentences = sentences
        self._reason = reason
        self.go = asyncio.Event()

    async def write(
        self, question: Question, hits: Sequence[Hit]
    ) -> AsyncGenerator[Drafted | Ending, None]:
        """Yield the sentences, each as a quote of a document that holds them all."""
        del question
        document = hits[0].document
        text = "\n".join(one for one in self._sentences if one)
        held = replace(document, text=text, sections=(), pages=())
        start = 0
        for one in self._sentences:
            if one is None:
                await self.go.wait()
                continue
            start = text.index(one, start)
            yield Drafted(one, "claim", (Source(held, Span(start, start + len(one))),))
        yield Ending(self._reason)


def saying(assistant: Assistant, *sentences: str | None, reason: Any = None) -> Assistant:
    """Return an assistant on the same index that says these sentences."""
    return Assistant(assistant.searcher, Saying(*sentences, reason=reason), verbatim)
