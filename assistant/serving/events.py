"""Server-sent events: `EventStream(pieces)` is the response, `event_bytes(…)` one event.

Every event has a name, an id that counts from 1, and one line of JSON. While nothing is said for
ten seconds a comment keeps proxies from hanging up. What goes wrong once the response has begun
comes as an event too, and says whether asking again may help.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import orjson
from fastapi.responses import StreamingResponse
from starlette.types import Send

from assistant.serving.errors import ApiError

HEARTBEAT_SECONDS = 10.0
HEARTBEAT = b": heartbeat\n\n"
MEDIA_TYPE = "text/event-stream"
DESCRIBED = {
    "schema": {
        "type": "object",
        "properties": {name: {"type": "string"} for name in ("event", "id", "data")},
        "required": ["data"],
    }
}
"""One event, for OpenAPI; `data` is JSON."""


class EventStream(StreamingResponse):
    """A response of events; its source is closed whatever ends it, also a client that left."""

    def __init__(self, source: AsyncGenerator[bytes, None], headers: dict[str, str]) -> None:
        # no-transform and X-Accel-Buffering: proxies must pass each event on as it comes.
        unbuffered = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}
        super().__init__(source, headers={**unbuffered, **headers}, media_type=MEDIA_TYPE)
        self._source = source

    async def stream_response(self, send: Send) -> None:
        """Send the events, and close their source."""
        async with aclosing(self._source):
            await super().stream_response(send)


def event_bytes(name: str, number: int, data: dict[str, Any]) -> bytes:
    """Return one event as it is sent."""
    head = f"event: {name}\nid: {number}\ndata: ".encode()
    return head + orjson.dumps(data) + b"\n\n"


async def with_heartbeat(
    events: AsyncGenerator[bytes, None],
    failed: Callable[[ApiError], bytes],
    heartbeat: bytes = HEARTBEAT,
) -> AsyncGenerator[bytes, None]:
    """Yield `events`, a heartbeat when none has come for a while, and an ApiError as an event."""
    async with aclosing(events):
        following: asyncio.Task[bytes] | None = None
        try:
            while True:
                following = following or asyncio.ensure_future(_next(events))
                done, _ = await asyncio.wait([following], timeout=HEARTBEAT_SECONDS)
                if not done:
                    yield heartbeat
                    continue
                event, following = following.result(), None
                if not event:
                    return
                yield event
        except ApiError as error:
            yield failed(error)
        finally:
            if following is not None and not following.done():
                following.cancel()
                await asyncio.wait([following])


async def _next(events: AsyncIterator[bytes]) -> bytes:
    """Return the next event, or nothing at the end."""
    return await anext(events, b"")
