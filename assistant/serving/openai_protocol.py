"""The OpenAI protocol: chat completions and models, for any client or front end that speaks it.

The last message is the question and those before it are its history. Footnotes are in the text:
marks where they belong and a list at the end. As structure they are `annotations` of the message,
of OpenAI's type `url_citation`: `start_index` and `end_index` are the mark's place in `content`,
`url` is the document with the cited characters (RFC 5147), `citation` is ours. The whole Answer is
in `footnote`. Sampling parameters are ignored: there is one answer.
"""

import re
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import asdict
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from assistant.answer import Answer, Citation, Sentence, Turn
from assistant.draw import DECLINED
from assistant.serving.access import READ, Caller
from assistant.serving.answers import (
    DESCRIBED,
    MEDIA_TYPE,
    EventStream,
    json_response,
    unless_gone,
    with_heartbeat,
)
from assistant.serving.desk import Asked, Done, Taken
from assistant.serving.errors import ApiError, error_body, request_id
from assistant.serving.schemas import MAX_TURN_CHARS, MAX_TURNS, errors
from assistant.serving.service import TheService

router = APIRouter(tags=["openai"])
MODEL = "footnote"
_MARKUP = re.compile(r"(?<=!)\[|(?<=\])\(|<(?=[A-Za-z/!?])")
"""What would make a front end that renders Markdown load an image, link or HTML from a document."""


class TextPart(BaseModel):
    """A piece of a message; only text is read."""

    type: Literal["text"]
    text: str = Field(max_length=MAX_TURN_CHARS)


class Message(BaseModel):
    """A message; those of the system are not obeyed: what is said is what the documents say."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[TextPart] | None = None

    def text(self) -> str:
        """Return the message's words."""
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text for part in self.content or ())


class StreamOptions(BaseModel):
    """Whether the last chunk tells the tokens used."""

    include_usage: StrictBool | None = False


class CompletionBody(BaseModel):
    """What the protocol's clients send; what is not listed is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    messages: list[Message] = Field(
        min_length=1,
        max_length=MAX_TURNS + 1,
        examples=[[{"role": "user", "content": "why did Abe court Putin?"}]],
    )
    model: str = MODEL
    stream: StrictBool | None = False
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None


@router.get("/v1/models", dependencies=[Depends(READ)], responses=errors())
async def models() -> dict[str, Any]:
    """Return the one model that there is."""
    only = {"id": MODEL, "object": "model", "created": 0, "owned_by": "footnote"}
    return {"object": "list", "data": [only]}


@router.post(
    "/v1/chat/completions",
    response_model=None,
    responses={
        200: {
            "content": {
                "application/json": {"schema": {"type": "object"}},
                MEDIA_TYPE: DESCRIBED,
            }
        },
        **errors(413, 503),
    },
)
async def completions(
    body: CompletionBody,
    who: Annotated[Caller, Depends(READ)],
    service: TheService,
    request: Request,
) -> Response:
    """Answer the last message, whole or as a stream of its sentences."""
    last = body.messages[-1]
    if last.role != "user":
        raise ApiError(400, "invalid_request", "the last message must be the user's")
    history = [
        Turn("user" if message.role == "user" else "assistant", message.text())
        for message in body.messages[:-1]
        if message.role in {"user", "assistant"}
    ]
    taken = await service.desk.take(who, Asked(last.text(), history))
    drawn = _Drawn(str(request.base_url))
    if body.stream:
        usage = bool(body.stream_options and body.stream_options.include_usage)
        return EventStream(_chunks(taken, drawn, usage, request_id(request)), {})
    done = await unless_gone(request, taken.done())
    return Response(status_code=499) if done is None else json_response(drawn.whole(done.answer))


class _Drawn:
    """An answer as a message that grows: its text, and where its marks stand in it."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._length = 0
        self._known: dict[int, Citation] = {}
        self.created = int(time.time())

    def sentence(
        self, sentence: Sentence, citations: tuple[Citation, ...]
    ) -> tuple[str, list[dict[str, Any]]]:
        """Return the words of a sentence with its marks, and the annotations of those."""
        self._known |= {citation.number: citation for citation in citations}
        text = sentence.lead + harmless(sentence.text)
        annotations = []
        for number in sentence.citations:
            mark = f"[{number}]"
            start = self._length + len(text) + 1
            annotations.append(self._annotation(start, start + len(mark), self._known[number]))
            text += f" {mark}"
        self._length += len(text)
        return text, annotations

    def ending(self, answer: Answer) -> str:
        """Return what follows the sentences: the list of footnotes, or why there is no answer."""
        if answer.outcome == "failed":
            raise ApiError(503, answer.reason or "internal", "the question could not be answered")
        if answer.outcome == "declined":
            return DECLINED[answer.reason or "not_in_documents"]
        notes = "\n".join(_note(citation) for citation in answer.citations)
        return f"\n\n{notes}" if notes else ""

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return the complete response."""
        pieces = [self.sentence(sentence, answer.citations) for sentence in answer.sentences]
        message = {
            "role": "assistant",
            "content": "".join(text for text, _ in pieces) + self.ending(answer),
            "refusal": None,
            "annotations": [one for _, annotations in pieces for one in annotations],
        }
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return {
            **self.head(answer.id, "chat.completion"),
            "choices": [choice],
            "usage": usage_of(answer),
            "footnote": answer.to_dict(),
        }

    def head(self, number: str, kind: str) -> dict[str, Any]:
        """Return the fields that every object of the protocol begins with."""
        return {
            "id": f"chatcmpl-{number}",
            "object": kind,
            "created": self.created,
            "model": MODEL,
        }

    def _annotation(self, start: int, end: int, citation: Citation) -> dict[str, Any]:
        place = f"v1/documents/{citation.document_id}#char={citation.start},{citation.end}"
        cited = {
            "start_index": start,
            "end_index": end,
            "title": citation.title,
            "url": self._base_url + place,
        }
        return {"type": "url_citation", "url_citation": cited, "citation": asdict(citation)}


async def _chunks(
    taken: Taken, drawn: _Drawn, with_usage: bool, request: str
) -> AsyncGenerator[bytes, None]:
    """Yield the protocol's stream: a chunk for each sentence, one that ends it, [DONE]."""

    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return _data({**drawn.head(request, "chat.completion.chunk"), "choices": [choice], **more})

    async def told() -> AsyncGenerator[bytes, None]:
        yield chunk({"role": "assistant", "content": ""})
        async with aclosing(taken.events()) as pieces:
            async for piece in pieces:
                if isinstance(piece, Done):
                    yield chunk({"content": drawn.ending(piece.answer)})
                    yield chunk({}, "stop", footnote=piece.answer.to_dict())
                    for last in _usage_chunk(drawn, piece.answer, request, with_usage):
                        yield last
                else:
                    text, annotations = drawn.sentence(piece.sentence, piece.citations)
                    yield chunk({"content": text, "annotations": annotations})
        yield b"data: [DONE]\n\n"

    def failed(error: ApiError) -> bytes:
        return _data(error_body(error, request))

    async with aclosing(with_heartbeat(told(), failed)) as events:
        async for event in events:
            yield event


def _usage_chunk(drawn: _Drawn, answer: Answer, number: str, wanted: bool) -> Iterator[bytes]:
    if wanted:
        head = drawn.head(number, "chat.completion.chunk")
        yield _data({**head, "choices": [], "usage": usage_of(answer)})


def usage_of(answer: Answer) -> dict[str, int]:
    """Return the tokens that a language model used, in the protocol's words; zeros without one."""
    used = answer.usage or {}
    prompt, completion = used.get("input_tokens", 0), used.get("output_tokens", 0)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def harmless(text: str) -> str:
    """Return `text` so that a front end that renders Markdown fetches nothing because of it."""
    return _MARKUP.sub(r"\\\g<0>", text)


def _note(citation: Citation) -> str:
    place = ", ".join(part for part in (citation.title, citation.section) if part)
    return harmless(f"[{citation.number}] {place}: “{' '.join(citation.quote.split())}”")


def _data(content: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(content) + b"\n\n"
