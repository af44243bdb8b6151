"""One reply in a thread, sent as it is made: `Reply(client, channel, thread, begin_stream)`.

    await reply.say(["It sank. [1]"])        # any number of times
    await reply.end(blocks)                  # once

Text is streamed. Slack ends a stream by itself after some minutes, and does not stream everywhere;
then the message is rewritten instead, whole each time, so that nothing is lost. What is too long
for one message goes on in the next.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_chat_stream import AsyncChatStream
from slack_sdk.web.async_client import AsyncWebClient

from assistant.slacking.blocks import MOST_MARKDOWN, Block, fitted, markdown, summary

log = logging.getLogger("footnote.slack")

UNSENT = (SlackClientError, aiohttp.ClientError, TimeoutError, OSError)
"""What is raised when Slack refuses a call or cannot be reached."""

BEYOND_REPAIR = frozenset(
    {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"}
)
"""Errors after which no call with the same token can succeed."""

_ROOM = MOST_MARKDOWN - 500
_LAST_WORD_SECONDS = 5.0

BeginStream = Callable[[], Awaitable[AsyncChatStream]]


def error_code(error: BaseException) -> str:
    """Return Slack's word for what went wrong, "" when it is not Slack who says so."""
    # What stands between us and Slack may answer for it, with no JSON.
    data = getattr(getattr(error, "response", None), "data", None)
    return str(data.get("error", "")) if isinstance(data, dict) else ""


class Reply:
    """A reply: one message, or several when it is long. `is_ended` once its end was sent."""

    def __init__(
        self, client: AsyncWebClient, channel: str, thread: str, begin_stream: BeginStream
    ) -> None:
        self._client = client
        self._channel = channel
        self._thread = thread
        self._begin_stream = begin_stream
        self._streams = True
        self._stream: AsyncChatStream | None = None
        self._text = ""
        self._ts: str | None = None
        self.is_ended = False

    async def say(self, sentences: Iterable[str]) -> None:
        """Add sentences to what was said. Raises one of UNSENT."""
        added = ""
        for piece in (piece for one in sentences for piece in fitted(one, _ROOM)):
            if self._text and len(self._text) + len(piece) > _ROOM:
                await self._show(added)
                await self._turn_over()
                added = ""
            new = piece if self._text else piece.lstrip()
            self._text += new
            added += new
        await self._show(added)

    async def end(self, blocks: Sequence[Block]) -> None:
        """Finish the reply with what stands below its text. Raises one of UNSENT."""
        stream = self._stream
        if stream is not None and self._streams:
            try:
                await stream.stop(blocks=list(blocks))
            except UNSENT as error:
                self._give_up_streaming(error)
        if stream is None or not self._streams:
            await self._rewrite(blocks)
        self.is_ended = True

    async def break_off(self, blocks: Sequence[Block]) -> None:
        """Finish a reply that cannot be completed, if that much can still be said."""
        with suppress(*UNSENT):
            async with asyncio.timeout(_LAST_WORD_SECONDS):
                await self.end(blocks)

    async def _show(self, added: str) -> None:
        if not added:
            return
        if self._streams:
            try:
                if self._stream is None:
                    self._stream = await self._begin_stream()
                await self._stream.append(markdown_text=added)
            except UNSENT as error:
                self._give_up_streaming(error)
            else:
                return
        await self._rewrite(())

    def _give_up_streaming(self, error: BaseException) -> None:
        """Rewrite from now on; whatever the stream has shown is in the message, or will be."""
        if error_code(error) in BEYOND_REPAIR:
            raise error
        log.info("a stream ended early (%s); its message is rewritten", error_code(error) or error)
        self._streams = False
        self._ts = self._stream.ts if self._stream is not None else None

    async def _turn_over(self) -> None:
        """Finish the message, and begin the next one."""
        await self.end(())
        self.is_ended = False
        self._streams, self._stream, self._text, self._ts = True, None, "", None

    async def _rewrite(self, blocks: Sequence[Block]) -> None:
        """Write the message anew, with all of its text."""
        whole = [*([markdown(self._text)] if self._text else []), *blocks]
        text = summary(self._text, whole)
        if self._ts is not None:
            try:
                await self._client.chat_update(
                    channel=self._channel, ts=self._ts, text=text, blocks=whole
                )
            except SlackApiError as error:
                if error_code(error) in BEYOND_REPAIR:
                    raise
                log.warning("a message cannot be rewritten (%s); sent anew", error_code(error))
            else:
                return
        sent = await self._client.chat_postMessage(
            channel=self._channel,
            thread_ts=self._thread,
            text=text,
            blocks=whole,
            unfurl_links=False,
            unfurl_media=False,
        )
        self._ts = str(sent["ts"])
