"""MCP: the SDK's own client asks, searches and reads documents, by stdio and by HTTP."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from mcp import Client, MCPError, StdioServerParameters, stdio_client
from mcp_types import TextContent, TextResourceContents

from assistant.ask import Assistant
from tests.serving import QUESTION, running
from tests.test_api import refused

Check = Callable[[Client], Awaitable[None]]


def check_of(assistant: Assistant) -> Check:
    """Return what a client of this assistant must find."""

    async def check(client: Client) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"ask", "search"}
        asked = await client.call_tool("ask", {"question": QUESTION})
        ours = assistant.ask(QUESTION).to_dict()
        assert asked.structured_content is not None
        assert asked.structured_content["text"] == ours["text"]
        assert asked.structured_content["citations"] == list(ours["citations"])
        assert isinstance(asked.content[0], TextContent)
        assert "[1]" in asked.content[0].text
        found = await client.call_tool("search", {"question": QUESTION, "k": 2})
        assert found.structured_content is not None
        assert len(found.structured_content["hits"]) <= 2
        (document,) = (await client.list_resources()).resources
        (read,) = (await client.read_resource(document.uri)).contents
        assert isinstance(read, TextResourceContents)
        for citation in ours["citations"]:
            assert read.text[citation["start"] : citation["end"]] == citation["quote"]

    return check


async def complain_about(client: Client) -> None:
    """Ask for what there is not."""
    for name, arguments in (("nothing", {}), ("ask", {}), ("search", {"question": "a", "k": 0})):
        with pytest.raises(MCPError):
            await client.call_tool(name, arguments)
    with pytest.raises(MCPError, match="no document"):
        await client.read_resource("footnote://documents/nothing")
    told = await client.call_tool("ask", {"question": "a" * 3_000})
    assert told.is_error


def test_a_client_that_starts_the_command(bundled_assistant: Assistant, cache_folder: Path) -> None:
    """`footnote mcp` answers over standard input and output, and prints nothing else there."""
    parameters = StdioServerParameters(
        command=sys.executable,
        args=["-m", "assistant.cli", "mcp"],
        env={**os.environ, "FOOTNOTE_CACHE_DIR": str(cache_folder)},
    )

    async def talk() -> None:
        async with Client(stdio_client(parameters)) as client:
            await check_of(bundled_assistant)(client)
            await complain_about(client)

    asyncio.run(talk())


def test_a_client_over_http(
    bundled_assistant: Assistant, cache_folder: Path, tmp_path: Path
) -> None:
    """The same at /mcp of a running server, under the server's access rules."""
    with running(tmp_path, cache_folder) as server:

        async def talk() -> None:
            async with Client(f"{server.url}/mcp") as client:
                await check_of(bundled_assistant)(client)
                await complain_about(client)

        asyncio.run(talk())
        rebound = httpx.post(f"{server.url}/mcp", json={}, headers={"Host": "rebound.example"})
        refused(rebound, 403, "wrong_host")
        elsewhere = httpx.post(
            f"{server.url}/mcp", json={}, headers={"Origin": "https://evil.example"}
        )
        refused(elsewhere, 403, "wrong_origin")
