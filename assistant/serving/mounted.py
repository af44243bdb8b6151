"""A further ASGI application behind an access rule: `Mounted("/mcp", app, READ, running)`."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.serving.access import Rule


@dataclass(frozen=True)
class Mounted:
    """An application at exactly `path`; `running` is entered while the server runs."""

    path: str
    app: ASGIApp
    rule: Rule
    running: Callable[[], AbstractAsyncContextManager[None]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request that the rule lets in. Raises ApiError for any other."""
        await self.rule(Request(scope, receive))
        await self.app(scope, receive, send)
