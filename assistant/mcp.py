"""The assistant as an MCP server: tools `ask` and `search`, the documents as resources.

    serve_stdio(assistant)                  # `footnote mcp`, for clients that start a process
    manager = http_manager(source)          # the same over streamable HTTP, mounted at /mcp

A Source says who answers: one assistant, or the HTTP server's desk with its queue. Results come as
text for the model that reads them and as structure: the Answer, the hits.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import Any, Protocol

from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListResourcesResult,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    TextContent,
    TextResourceContents,
    Tool,
    ToolAnnotations,
)

from assistant.answer import Answer
from assistant.ask import Assistant
from assistant.draw import draw_answer, hits_fields
from assistant.threads import in_thread
from index.errors import FootnoteError

SCHEME = "footnote://documents/"
_PAGE = 100
_MOST_HITS = 50

TOOLS = [
    Tool(
        name="ask",
        title="Ask the documents",
        description="Answer a question from the documents, every sentence with a footnote that "
        "was checked against the text; says so when the documents do not answer.",
        input_schema={
            "type": "object",
            "properties": {"question": {"type": "string", "description": "One question."}},
            "required": ["question"],
            "additionalProperties": False,
        },
        annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
    ),
    Tool(
        name="search",
        title="Search the documents",
        description="Return the passages that bear on a question, best first.",
        input_schema={
            "type": "object",
            "properties": {
                "question": {"type": "string"},
                "k": {"type": "integer", "minimum": 1, "maximum": _MOST_HITS, "default": 8},
            },
            "required": ["question"],
            "additionalProperties": False,
        },
        annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
    ),
]


class Source(Protocol):
    """Who answers."""

    async def ask(self, question: str) -> Answer:
        """Answer a question."""

    def reading(self) -> AbstractAsyncContextManager[Assistant]:
        """Lend the assistant, for its index."""


class Alone:
    """The Source of a process that serves one client."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant

    async def ask(self, question: str) -> Answer:
        """Answer a question."""
        return await self._assistant.aask(question)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Assistant]:
        """Lend the assistant."""
        yield self._assistant


def serve_stdio(assistant: Assistant) -> None:
    """Serve one client over standard input and output, until it hangs up."""

    async def run() -> None:
        server = make_server(Alone(assistant))
        async with stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())

    asyncio.run(run())


def http_manager(source: Source) -> StreamableHTTPSessionManager:
    """Return the server over streamable HTTP: without sessions, each request by itself.

    Who may use it and from which host is decided by whoever mounts it.
    """
    return StreamableHTTPSessionManager(make_server(source), json_response=True, stateless=True)


def make_server(source: Source) -> Server[Any]:
    """Return the MCP server of `source`."""

    async def list_tools(_: Any, __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=TOOLS)

    async def call_tool(_: Any, params: CallToolRequestParams) -> CallToolResult:
        arguments = params.arguments or {}
        question = arguments.get("question")
        if params.name not in {"ask", "search"}:
            raise MCPError(INVALID_PARAMS, f"there is no tool {params.name!r}")
        if not isinstance(question, str):
            raise MCPError(INVALID_PARAMS, "question must be a text")
        try:
            if params.name == "ask":
                return _told(await source.ask(question))
            return await _searched(source, question, arguments.get("k", 8))
        except FootnoteError as error:
            return CallToolResult(content=[_text(str(error))], is_error=True)

    async def list_resources(_: Any, params: PaginatedRequestParams | None) -> ListResourcesResult:
        return await _listed(source, params.cursor if params else None)

    async def read_resource(_: Any, params: ReadResourceRequestParams) -> ReadResourceResult:
        return await _read(source, str(params.uri))

    return Server(
        "footnote",
        version=version("footnote"),
        instructions="Answers from a fixed set of documents. Cite its footnotes; do not add to "
        "what it says as if the documents said it.",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_read_resource=read_resource,
    )


def _told(answer: Answer) -> CallToolResult:
    return CallToolResult(
        content=[_text(draw_answer(answer, width=100))],
        structured_content=answer.to_dict(),
        is_error=answer.outcome == "failed",
    )


async def _searched(source: Source, question: str, k: object) -> CallToolResult:
    if not isinstance(k, int) or isinstance(k, bool) or not 1 <= k <= _MOST_HITS:
        raise MCPError(INVALID_PARAMS, f"k must be a whole number from 1 to {_MOST_HITS}")
    async with source.reading() as assistant:
        hits = await in_thread(assistant.searcher.search, question, k)
        found = hits_fields(question, assistant.searcher.generation, hits)
    return CallToolResult(
        content=[_text(json.dumps(found, ensure_ascii=False))], structured_content=found
    )


async def _listed(source: Source, cursor: str | None) -> ListResourcesResult:
    start = int(cursor) if cursor and cursor.isascii() and cursor.isdigit() else 0
    async with source.reading() as assistant:
        found = await in_thread(assistant.searcher.documents, _PAGE + 1, start)
    resources = [
        Resource(
            uri=f"{SCHEME}{one.id}",
            name=one.id,
            title=one.title,
            description=one.source,
            mime_type="text/plain",
        )
        for one in found[:_PAGE]
    ]
    more = str(start + _PAGE) if len(found) > _PAGE else None
    return ListResourcesResult(resources=resources, next_cursor=more)


async def _read(source: Source, uri: str) -> ReadResourceResult:
    async with source.reading() as assistant:
        try:
            found = await in_thread(assistant.searcher.document, uri.removeprefix(SCHEME))
        except KeyError as error:
            raise MCPError(INVALID_PARAMS, f"there is no document {uri!r}") from error
    text = TextResourceContents(uri=uri, mime_type="text/plain", text=found.text)
    return ReadResourceResult(contents=[text])


def _text(text: str) -> TextContent:
    return TextContent(type="text", text=text)
