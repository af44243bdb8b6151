"""Asking over HTTP, and what belongs to an answer: its conversation and its feedback.

An answer comes whole or as server-sent events: `EventStream(pieces)` is the response,
`event_bytes(…)` one event. Every event has a name, an id that counts from 1, and one line of JSON.
While nothing is said for ten seconds a comment keeps proxies from hanging up. What goes wrong once
the response has begun comes as an event too, and says whether asking again may help.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import aclosing, suppress
from functools import partial
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Send

from assistant.answer import Said, Turn
from assistant.serving.access import ASK, Caller
from assistant.serving.desk import Asked, Taken
from assistant.serving.errors import ApiError, error_body, request_id
from assistant.serving.schemas import (
    AnswerModel,
    AskBody,
    ConversationModel,
    FeedbackBody,
    errors,
)
from assistant.serving.service import TheService
from assistant.threads import in_thread

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
            # Cancelled here until it has ended, however often this task is cancelled meanwhile, as
            # it is for a client that left: a generator that runs cannot be closed.
            while following is not None and not following.done():
                following.cancel()
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([following])


async def _next(events: AsyncIterator[bytes]) -> bytes:
    """Return the next event, or nothing at the end."""
    return await anext(events, b"")


T = TypeVar("T")

router = APIRouter(tags=["answers"])
CONVERSATION = "X-Conversation-Id"
Who = Annotated[Caller, Depends(ASK)]
ConversationId = Annotated[str, Path(min_length=1, max_length=64)]

_ASK = {
    200: {
        "model": AnswerModel,
        "description": "The Answer; or, by `Accept: text/event-stream`, its sentences as they are "
        "checked (`event: sentence`), then the Answer (`event: answer`).",
        "headers": {CONVERSATION: {"schema": {"type": "string"}}},
        "content": {MEDIA_TYPE: DESCRIBED},
    },
    **errors(404, 413, 503),
}


@router.post("/v1/ask", responses=_ASK, response_model=None)
async def ask(body: AskBody, who: Who, service: TheService, request: Request) -> Response:
    """Answer a question, with footnotes; declining is an answer too."""
    history = None
    if body.history is not None:
        history = [Turn(turn.role, turn.content) for turn in body.history]
    taken = await service.desk.take(who, Asked(body.question, history, body.conversation_id))
    if MEDIA_TYPE in request.headers.get("accept", ""):
        return EventStream(_events(taken, request_id(request)), {})
    done = await unless_gone(request, taken.done())
    if done is None:
        return Response(status_code=499)
    headers = {CONVERSATION: done.conversation} if done.conversation else {}
    return json_response(done.answer.to_dict(), headers)


@router.get("/v1/conversations/{id}", responses=errors(404))
async def conversation(
    id: ConversationId,  # noqa: A002  the path's own word
    who: Who,
    service: TheService,
) -> ConversationModel:
    """Return a conversation of the caller's own."""
    kept = await in_thread(service.desk.conversations.answers, id, who.owner)
    told: Any = {"id": id, "answers": [answer.to_dict() for answer in kept]}
    return ConversationModel.model_validate(told)


@router.delete("/v1/conversations/{id}", status_code=204, responses=errors(404))
async def forget(
    id: ConversationId,  # noqa: A002  the path's own word
    who: Who,
    service: TheService,
) -> None:
    """Delete a conversation of the caller's own, with its answers and their feedback."""
    await in_thread(service.desk.conversations.delete, id, who.owner)


@router.post("/v1/feedback", status_code=204, responses=errors(404))
async def feedback(body: FeedbackBody, who: Who, service: TheService) -> None:
    """Keep what the caller thinks of an answer of their own."""
    await service.desk.spend(who)
    rate = partial(service.desk.conversations.rate, reason=body.reason, comment=body.comment)
    await in_thread(rate, body.answer_id, who.owner, body.rating)


def json_response(content: Any, headers: dict[str, str] | None = None) -> Response:
    """Return `content` as JSON."""
    return Response(orjson.dumps(content), headers=headers, media_type="application/json")


async def unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """Return what `work` returns; when the client leaves, `work` is cancelled, and None."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait([task, gone], return_when=asyncio.FIRST_COMPLETED)
        return await task if task.done() else None
    finally:
        for one in (task, gone):
            if not one.done():
                one.cancel()
                with suppress(asyncio.CancelledError):
                    await one


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _events(taken: Taken, request: str) -> AsyncGenerator[bytes, None]:
    numbers = iter(range(1, 1 << 62))

    async def told() -> AsyncGenerator[bytes, None]:
        async with aclosing(taken.events()) as pieces:
            async for piece in pieces:
                if isinstance(piece, Said):
                    yield event_bytes("sentence", next(numbers), piece.to_dict())
                else:
                    data = {"answer": piece.answer.to_dict(), "conversation_id": piece.conversation}
                    yield event_bytes("answer", next(numbers), data)

    def failed(error: ApiError) -> bytes:
        return event_bytes("error", next(numbers), error_body(error, request))

    return with_heartbeat(told(), failed)
