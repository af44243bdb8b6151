"""A stand-in for Slack on loopback: its Web API and its Socket Mode, with its limits.

    async with FakeSlack() as slack:
        ... slack.url, slack.replies(channel, thread), slack.calls

It refuses what Slack refuses (too long, too many blocks, a stream that has ended, a token that was
revoked) with Slack's own words, and remembers what people would see. Methods and limits are those
of Slack's documentation; what is not documented is an unknown method here.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import WSMsgType, web

BOT, BOT_ID, TEAM = "U0FOOT", "B0FOOT", "T0HOME"
MOST_MESSAGE = 13_200
"""Characters that a streamed message may grow to, as people have measured."""


class Refused(Exception):
    """A call that is answered with `{"ok": false, "error": …}`."""


@dataclass
class Message:
    """A message as people see it."""

    channel: str
    ts: str
    thread: str | None
    text: str = ""
    markdown: str = ""
    blocks: list[dict[str, Any]] = field(default_factory=list)
    streaming: bool = False
    unfurls: bool = False

    @property
    def body(self) -> str:
        """The running text: what was streamed, or stands in blocks of Markdown."""
        told = [b["text"] for b in self.blocks if b["type"] == "markdown"]
        return self.markdown + "".join(told)

    def shown(self) -> str:
        """Everything that can be read in it."""
        return "\n".join([self.markdown, *texts(self.blocks)])


class FakeSlack:
    """One workspace. Use it in the event loop that it is entered in."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.messages: dict[tuple[str, str], Message] = {}
        self.threads: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.ephemeral: list[dict[str, Any]] = []
        self.views: list[dict[str, Any]] = []
        self.broken: dict[str, str] = {}
        self.appends_until_expiry: int | None = None
        self.limited: Counter[str] = Counter()
        self.revoked = False
        self.acknowledged: list[str] = []
        self.handshakes = 0
        self.refused_handshakes = 0
        self.sockets: list[web.WebSocketResponse] = []
        self.changed = asyncio.Condition()
        self._tickets: set[str] = set()
        self._count = 0
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=1 << 24)
        app.router.add_route("*", "/api/{method}", self._call)
        app.router.add_get("/link", self._link)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}/api/"
        self._socket_url = f"ws://127.0.0.1:{port}/link"
        return self

    async def __aexit__(self, *_: object) -> None:
        for socket in self.sockets:
            await socket.close()
        assert self._runner is not None
        await self._runner.cleanup()

    def replies(self, channel: str, thread: str) -> list[Message]:
        """Return the messages of the bot in a thread, oldest first."""
        return [m for m in self.messages.values() if (m.channel, m.thread) == (channel, thread)]

    def called(self, method: str) -> list[dict[str, Any]]:
        """Return the arguments of every call of a method."""
        return [arguments for name, arguments in self.calls if name == method]

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until something has become true by what was called or connected."""
        async with asyncio.timeout(90), self.changed:
            await self.changed.wait_for(true)

    async def send(self, payload: dict[str, Any], envelope: str = "e1", **more: Any) -> None:
        """Send an envelope through the newest socket."""
        kind = "events_api" if payload.get("type") == "event_callback" else "interactive"
        told = {"type": kind, "envelope_id": envelope, "payload": payload, **more}
        await self.sockets[-1].send_str(json.dumps(told))

    async def _call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if request.content_type == "application/json":
            arguments = await request.json()
        else:
            form = {**request.query, **await request.post()}
            arguments = {key: _unpacked(str(value)) for key, value in form.items()}
        self.calls.append((method, arguments))
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            if self.limited[method] > 0:
                self.limited[method] -= 1
                body = {"ok": False, "error": "ratelimited"}
                return web.json_response(body, status=429, headers={"Retry-After": "0"})
            if self.revoked or not token.startswith(("xoxb-", "xapp-")):
                raise Refused("token_revoked" if self.revoked else "invalid_auth")
            if method in self.broken:
                raise Refused(self.broken[method])
            handler = getattr(self, f"_{method.casefold().replace('.', '_')}", None)
            if handler is None:
                raise Refused("unknown_method")
            answer = {"ok": True, **(handler(arguments) or {})}
        except Refused as refusal:
            answer = {"ok": False, "error": str(refusal)}
        async with self.changed:
            self.changed.notify_all()
        return web.json_response(answer)

    def _auth_test(self, _: dict[str, Any]) -> dict[str, Any]:
        names = {"team": "Home", "user": "footnote", "url": "https://home.slack.example/"}
        return {**names, "team_id": TEAM, "user_id": BOT, "bot_id": BOT_ID}

    def _apps_connections_open(self, _: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        self._tickets.add(str(self._count))
        return {"url": f"{self._socket_url}?ticket={self._count}"}

    def _chat_postmessage(self, given: dict[str, Any]) -> dict[str, Any]:
        check_message(given)
        message = self._new(given, given.get("thread_ts"))
        message.text, message.blocks = given.get("text", ""), given.get("blocks", [])
        message.unfurls = not (
            given.get("unfurl_links") is False and given.get("unfurl_media") is False
        )
        return {"ts": message.ts, "channel": message.channel}

    def _chat_update(self, given: dict[str, Any]) -> dict[str, Any]:
        check_message(given)
        message = self._found(given)
        if message.streaming:
            raise Refused("streaming_state_conflict")
        message.text, message.blocks = given.get("text", ""), given.get("blocks", [])
        message.markdown = ""
        return {"ts": message.ts, "channel": message.channel}

    def _chat_postephemeral(self, given: dict[str, Any]) -> dict[str, Any]:
        check_message(given)
        self.ephemeral.append(given)
        return {"message_ts": "1.0"}

    def _chat_startstream(self, given: dict[str, Any]) -> dict[str, Any]:
        if not given.get("thread_ts"):
            raise Refused("invalid_thread_ts")
        in_channel = not given["channel"].startswith("D")
        if in_channel and not (given.get("recipient_team_id") and given.get("recipient_user_id")):
            raise Refused("missing_recipient_team_id")
        message = self._new(given, given["thread_ts"])
        message.streaming = True
        self._grow(message, given)
        return {"ts": message.ts, "channel": message.channel}

    def _chat_appendstream(self, given: dict[str, Any]) -> dict[str, Any]:
        message = self._streamed(given)
        self._grow(message, given)
        return {"ts": message.ts, "channel": message.channel}

    def _chat_stopstream(self, given: dict[str, Any]) -> dict[str, Any]:
        message = self._streamed(given)
        self._grow(message, given)
        check_blocks(given.get("blocks", []))
        message.blocks, message.streaming = given.get("blocks", []), False
        return {"ts": message.ts, "channel": message.channel}

    def _assistant_threads_setstatus(self, given: dict[str, Any]) -> None:
        _require(given, "channel_id", "thread_ts", "status")

    def _assistant_threads_setsuggestedprompts(self, given: dict[str, Any]) -> None:
        _require(given, "channel_id", "prompts")
        if len(given["prompts"]) > 4:
            raise Refused("too_many_prompts")

    def _conversations_replies(self, given: dict[str, Any]) -> dict[str, Any]:
        _require(given, "channel", "ts")
        if (given["channel"], given["ts"]) not in self.threads:
            raise Refused("thread_not_found")
        return {"messages": self.threads[given["channel"], given["ts"]], "has_more": False}

    def _views_open(self, given: dict[str, Any]) -> dict[str, Any]:
        _require(given, "trigger_id", "view")
        view = given["view"] if isinstance(given["view"], dict) else json.loads(given["view"])
        check_view(view)
        self.views.append(view)
        return {"view": {"id": "V1"}}

    def _new(self, given: dict[str, Any], thread: str | None) -> Message:
        self._count += 1
        message = Message(given["channel"], f"1764000000.{self._count:06d}", thread)
        self.messages[message.channel, message.ts] = message
        return message

    def _found(self, given: dict[str, Any]) -> Message:
        message = self.messages.get((given["channel"], given["ts"]))
        if message is None:
            raise Refused("message_not_found")
        return message

    def _streamed(self, given: dict[str, Any]) -> Message:
        message = self._found(given)
        if self.appends_until_expiry is not None:
            self.appends_until_expiry -= 1
            if self.appends_until_expiry < 0:
                message.streaming = False
        if not message.streaming:
            raise Refused("message_not_in_streaming_state")
        return message

    def _grow(self, message: Message, given: dict[str, Any]) -> None:
        chunks = [c["text"] for c in given.get("chunks", []) if c["type"] == "markdown_text"]
        added = given.get("markdown_text", "") + "".join(chunks)
        if len(added) > 12_000 or len(message.markdown) + len(added) > MOST_MESSAGE:
            raise Refused("msg_too_long")
        message.markdown += added

    async def _link(self, request: web.Request) -> web.WebSocketResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            raise web.HTTPForbidden
        self._tickets.remove(ticket)  # good for one attempt
        if self.refused_handshakes > 0:
            self.refused_handshakes -= 1
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        self.handshakes += 1
        await socket.send_str(json.dumps({"type": "hello", "num_connections": 1}))
        async with self.changed:
            self.changed.notify_all()
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self.acknowledged.append(json.loads(message.data)["envelope_id"])
                async with self.changed:
                    self.changed.notify_all()
        return socket


def check_message(given: dict[str, Any]) -> None:
    """Refuse a message that Slack would refuse."""
    _require(given, "channel")
    if not given.get("text") and not given.get("blocks"):
        raise Refused("no_text")
    if len(given.get("text", "")) > 40_000:
        raise Refused("msg_too_long")
    check_blocks(given.get("blocks", []))


def check_blocks(blocks: list[dict[str, Any]], most: int = 50) -> None:
    """Refuse blocks over Slack's limits."""
    markdown = sum(len(b["text"]) for b in blocks if b["type"] == "markdown")
    if len(blocks) > most or markdown > 12_000 or not all(map(_fits, blocks)):
        raise Refused("invalid_blocks")


def check_view(view: dict[str, Any]) -> None:
    """Refuse a modal over Slack's limits."""
    check_blocks(view["blocks"], 100)
    titles = [view[name]["text"] for name in ("title", "submit", "close") if name in view]
    if any(not 0 < len(title) <= 24 for title in titles) or view["type"] != "modal":
        raise Refused("invalid_arguments")
    if len(view.get("private_metadata", "")) > 3_000 or len(view.get("callback_id", "")) > 255:
        raise Refused("invalid_arguments")


def texts(node: Any) -> list[str]:
    """Return every text in blocks."""
    if isinstance(node, list):
        return [text for one in node for text in texts(one)]
    if isinstance(node, dict):
        own = [node["text"]] if isinstance(node.get("text"), str) else []
        return own + [text for one in node.values() for text in texts(one)]
    return []


def _fits(block: dict[str, Any]) -> bool:
    match block:
        case {"type": "section", "text": {"type": "mrkdwn" | "plain_text", "text": str(text)}}:
            fits = 0 < len(text) <= 3_000
        case {"type": "markdown", "text": str(text)}:
            fits = len(text) > 0
        case {"type": "context", "elements": list(elements)}:
            fits = 0 < len(elements) <= 10 and all(0 < len(e["text"]) <= 3_000 for e in elements)
        case {"type": "actions", "elements": list(elements)}:
            fits = 0 < len(elements) <= 25 and all(map(_button_fits, elements))
        case {"type": "context_actions", "elements": list(elements)}:
            fits = 0 < len(elements) <= 5 and all(map(_thumbs_fit, elements))
        case {"type": "input", "label": {"text": str(label)}, "element": dict(element)}:
            fits = len(label) <= 2_000 and len(element.get("options", [])) <= 10
        case _:
            fits = False
    return fits


def _button_fits(one: dict[str, Any]) -> bool:
    is_short = len(one["text"]["text"]) <= 75 and len(one["value"]) <= 2_000
    return one["type"] == "button" and is_short and len(one["action_id"]) <= 255


def _thumbs_fit(one: dict[str, Any]) -> bool:
    buttons = (one["positive_button"], one["negative_button"])
    return one["type"] == "feedback_buttons" and all(
        len(b["text"]["text"]) <= 75 and len(b["value"]) <= 2_000 for b in buttons
    )


def _require(given: dict[str, Any], *names: str) -> None:
    if any(name not in given for name in names):
        raise Refused("invalid_arguments")


def _unpacked(value: str) -> Any:
    """Return a form's value; lists and objects come in it as JSON."""
    return json.loads(value) if value[:1] in {"[", "{"} else value
