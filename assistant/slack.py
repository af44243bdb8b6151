"""The Slack bot: `Bot(bench, rules, connection)`; `run(bot)` serves it by Socket Mode.

    bot = open_slack(settings, index)         # channels.py
    asyncio.run(run(bot))                     # until SIGINT or SIGTERM
    Mounted(EVENTS_PATH, bot.http, …)         # or in `footnote serve`, where Slack calls

A mention in a channel, or any message in the app's own tab, is a question; a thread is a
conversation. The reply stays in the thread. What Slack tells twice is answered once: an event is
claimed in the database of conversations, which replicas share. Slack's parts are in
`assistant/slacking/`.
"""

import asyncio
import json
import logging
import re
import signal
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Any

from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp, AsyncBoltContext, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from assistant.notes import noting
from assistant.slacking.answering import Means, reply_to
from assistant.slacking.bench import Bench
from assistant.slacking.blocks import QUOTES, RATED, REASON, broken, quotes_view, reason_view
from assistant.slacking.connection import Connection, Socket, web_client
from assistant.slacking.events import read_question
from assistant.slacking.manifest import prompts
from assistant.slacking.reply import BEYOND_REPAIR, UNSENT, error_code
from assistant.slacking.rules import Rules
from index.errors import ConversationNotFound, FootnoteError, SlackUnavailable

log = logging.getLogger("footnote.slack")

Ack = Callable[[], Awaitable[Any]]
"""Tells Slack that something was heard."""

GRACE_SECONDS = 30.0
"""How long answers under way may take after the bot was told to stop."""
_LAST_WORD_SECONDS = 10.0

_FORGOTTEN = "That answer is no longer kept. Ask the question again."


class Bot:
    """The bot in one process. Belongs to one event loop.

    `suggestions` are offered to whoever opens its tab; None: what the documents' titles suggest.
    """

    def __init__(
        self,
        bench: Bench,
        rules: Rules,
        connection: Connection,
        suggestions: Sequence[str] | None = None,
    ) -> None:
        self.bench = bench
        self.connection = connection
        self._rules = rules
        self._offered = suggestions
        self._working: set[asyncio.Task[Any]] = set()
        self.refused = asyncio.Event()
        self.refusal = ""
        # At DEBUG the SDK would log every payload; what people ask has no place in a log.
        log.setLevel(max(logging.INFO, log.getEffectiveLevel()))
        self.client = web_client(connection, log)
        self._me: AuthorizeResult | None = None

        async def authorize() -> AuthorizeResult:
            return await self.introduced()

        self.app = AsyncApp(
            name="footnote",
            client=web_client(replace(connection, bot_token=None), log),
            authorize=authorize,
            signing_secret=connection.signing_secret,
            logger=log,
        )
        listen(self.app, self)

    async def introduced(self) -> AuthorizeResult:
        """Return who the bot is in Slack, asked for once. Raises SlackUnavailable."""
        if self._me is None:
            try:
                who = await self.client.auth_test()
            except UNSENT as error:
                code = error_code(error)
                if code in BEYOND_REPAIR:
                    self.refuse(f"Slack refuses the bot's token ({code})")
                    raise _unavailable(self.refusal) from error
                raise SlackUnavailable(
                    f"Slack cannot be reached ({code or _loggable(error)}); check the network"
                ) from error
            self._me = AuthorizeResult(
                enterprise_id=who.get("enterprise_id"),
                team_id=who.get("team_id"),
                team=who.get("team"),
                user=who.get("user"),
                bot_user_id=who.get("user_id"),
                bot_id=who.get("bot_id"),
                bot_token=self.connection.bot_token,
            )
        return self._me

    async def opened(self, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Offer questions to whoever opens the app's tab."""
        if body["event"].get("tab") == "messages" and context.set_suggested_prompts is not None:
            offered = await self._suggestions()
            if offered:
                await context.set_suggested_prompts(prompts(offered), title="For example")

    async def asked(self, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Answer a mention or a direct message, once."""
        bot = context.bot_user_id or ""
        question = read_question(body, bot)
        if question is None or not self._rules.let_in(question):
            self.bench.figures.slack("ignored")
            return
        number = context["footnote_number"] = uuid.uuid4().hex
        begin = partial(context["say_stream"], buffer_size=1, recipient_team_id=question.team)
        means = Means(_client(context), begin, context["set_status"], bot)
        with self._at_work(), self._telling_of(number, question.channel):
            async with self.bench.turn(question):
                await reply_to(question, means, self.bench, self._rules, number)

    async def quotes(self, ack: Ack, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Show the quotes that an answer rests on."""
        await ack()
        async with self._telling(body, context):
            answer = await self.bench.find(body["actions"][0]["value"], _channel(body))
            await _client(context).views_open(
                trigger_id=body["trigger_id"], view=quotes_view(answer)
            )

    async def rated(self, ack: Ack, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Keep a thumb; ask what was wrong when it points down."""
        await ack()
        async with self._telling(body, context):
            rating, _, answer_id = body["actions"][0]["value"].partition(":")
            channel = _channel(body)
            await self.bench.rate(answer_id, channel, _user(body), rating)
            if rating == "down":
                view = reason_view(answer_id, channel)
                await _client(context).views_open(trigger_id=body["trigger_id"], view=view)

    async def explained(self, ack: Ack, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """Keep what was wrong with an answer."""
        await ack()
        async with self._telling(body, context):
            about = json.loads(body["view"]["private_metadata"])
            given = body["view"]["state"]["values"]
            reason = (given["reason"]["reason"].get("selected_option") or {}).get("value")
            comment = given["comment"]["comment"].get("value")
            await self.bench.rate(
                about["answer"], about["channel"], _user(body), "down", reason, comment
            )

    async def failed(
        self, error: Exception, body: dict[str, Any], context: AsyncBoltContext
    ) -> None:
        """Log what went wrong; whoever asked has the number of it in the thread."""
        if error_code(error) in BEYOND_REPAIR:
            self.refuse(f"Slack refuses the bot's token ({error_code(error)})")
        number = context.get("footnote_number") or uuid.uuid4().hex
        known = isinstance(error, (FootnoteError, *UNSENT))
        log.error("slack %s failed: %s", number, _loggable(error), exc_info=not known)
        if "event" not in body:
            gone = isinstance(error, ConversationNotFound)
            words = _FORGOTTEN if gone else broken(number)
            with suppress(*UNSENT):
                await _client(context).chat_postEphemeral(
                    channel=_channel(body), user=_user(body), text=words
                )

    def refuse(self, why: str) -> None:
        """Note that Slack will not have us any more: `run` ends."""
        self.refusal = self.refusal or why
        self.refused.set()

    async def http(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request of Slack's as an ASGI application; Bolt checks its signature."""
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers: dict[str, str | Sequence[str]] = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        request = AsyncBoltRequest(body=body.decode("utf-8", "replace"), headers=headers)
        told = await self.app.async_dispatch(request)
        sent = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, values in told.headers.items()
            for value in values
        ]
        await send({"type": "http.response.start", "status": told.status, "headers": sent})
        await send({"type": "http.response.body", "body": (told.body or "").encode()})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Finish what was begun when the block ends."""
        try:
            yield
        finally:
            await self.finish()

    async def finish(self, seconds: float = GRACE_SECONDS) -> None:
        """Let answers under way be completed; those that take longer say that they were stopped."""
        if self._working:
            await asyncio.wait(self._working, timeout=seconds)
        # Not the tasks that talk to Slack: what they have begun there would be left half said.
        self.bench.stop()
        if self._working:
            await asyncio.wait(self._working, timeout=_LAST_WORD_SECONDS)
        for task in self._working:
            task.cancel()

    async def _suggestions(self) -> Sequence[str]:
        if self._offered is not None:
            return self._offered
        return [f"What is “{title}” about?" for title in await self.bench.titles(3)]

    @asynccontextmanager
    async def _telling(
        self, body: dict[str, Any], context: AsyncBoltContext
    ) -> AsyncIterator[None]:
        """Do what a button asks for, and tell whoever pressed it when that fails."""
        with self._at_work():
            try:
                yield
            # Not left to Bolt, which takes an acknowledgement back when a listener fails at once.
            except (FootnoteError, *UNSENT) as error:
                await self.failed(error, body, context)

    @contextmanager
    def _telling_of(self, number: str, channel: str) -> Iterator[None]:
        """Log a question as one event, and count what became of it."""
        started = perf_counter()
        with noting(request_id=number, channel=channel, did="failed") as notes:
            try:
                yield
            finally:
                notes["ms"] = round((perf_counter() - started) * 1000, 1)
                self.bench.figures.slack(notes["did"])
                log.info("question", extra={"facts": notes})

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Have `finish` wait for the block."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("work is done in tasks")
        self._working.add(task)
        try:
            yield
        finally:
            self._working.discard(task)


def listen(app: AsyncApp, bot: Bot) -> None:
    """Register what the bot listens to; the manifest subscribes to these events."""
    app.event("app_home_opened")(bot.opened)
    app.event("app_mention")(bot.asked)
    app.event("message")(bot.asked)
    app.action(QUOTES)(bot.quotes)
    app.action(RATED)(bot.rated)
    app.view(REASON)(bot.explained)
    # Bolt would log the whole of what nobody listens to.
    app.event(re.compile(""))(_ignored)
    app.error(bot.failed)


async def run(bot: Bot, told: Callable[[str], None] = log.info) -> None:
    """Serve by Socket Mode until SIGINT or SIGTERM; then finish what was begun.

    `told` is called once connected. Raises SlackUnavailable when Slack cannot be reached or
    refuses a token, at the start or later.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(one, stopped.set)
    try:
        await _serve(bot, stopped, told)
    finally:
        await bot.finish()
        bot.bench.close()
    if bot.refused.is_set():
        raise _unavailable(bot.refusal)


async def _serve(bot: Bot, stopped: asyncio.Event, told: Callable[[str], None]) -> None:
    """Take what comes through the socket until `stopped`, or until Slack refuses the bot."""
    me = await bot.introduced()
    socket = Socket(bot.connection, bot.client, log, bot.refuse)
    socket.socket_mode_request_listeners.append(partial(_taken, bot.app))
    waiting = [asyncio.create_task(one.wait()) for one in (stopped, bot.refused)]
    caring = (bot.bench.library.keep_fresh(), socket.renew())
    connecting = asyncio.create_task(socket.connect())  # type: ignore[no-untyped-call]
    background = [connecting, *map(asyncio.create_task, caring)]
    try:
        await asyncio.wait([connecting, *waiting], return_when=asyncio.FIRST_COMPLETED)
        if connecting.done() and not bot.refused.is_set():
            told(f"answering in Slack as {me.user} in {me.team} (Ctrl-C stops)")
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*waiting, *background):
            task.cancel()
        await socket.close()  # type: ignore[no-untyped-call]


async def _taken(
    app: AsyncApp, socket: AsyncBaseSocketModeClient, taken: SocketModeRequest
) -> None:
    """Dispatch what came through the socket, and acknowledge it there."""
    await send_async_response(socket, taken, await run_async_bolt_app(app, taken), 0.0)


async def _ignored() -> None:
    pass


def _unavailable(why: str) -> SlackUnavailable:
    return SlackUnavailable(
        f"{why}; install the app in the workspace again, at https://api.slack.com/apps, and set "
        "FOOTNOTE_SLACK_BOT_TOKEN and FOOTNOTE_SLACK_APP_TOKEN to its tokens"
    )


def _loggable(error: BaseException) -> str:
    """Return an error for the log: Slack's own would quote its whole response."""
    return error_code(error) or str(error) or type(error).__name__


def _client(context: AsyncBoltContext) -> Any:
    return context.client


def _user(body: dict[str, Any]) -> str:
    return str(body["user"]["id"])


def _channel(body: dict[str, Any]) -> str:
    """Return the channel that a button was pressed in, or that a modal is about."""
    if "container" in body:
        return str(body["container"]["channel_id"])
    return str(json.loads(body["view"]["private_metadata"])["channel"])
