"""What happens to every request and response: an id, a limit on its body, headers, a log line.

    app.add_middleware(Envelope, max_body=65_536, larger={…}, requested=figures.requested)
    app.add_middleware(CrossOrigin, allows=access.allows)
    app.add_middleware(Shedding, routes=…, is_full=…)

Written against ASGI itself: Starlette's convenience class would buffer streams and cost a task each
request. The log line is one event: method, path, status, time, and what `notes` collected below.
"""

import asyncio
import logging
import re
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from time import perf_counter

from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.notes import Notes, note, noting
from assistant.serving.errors import ApiError, response
from assistant.serving.limits import busy
from assistant.tracing import Tracer
from index.spans import within

log = logging.getLogger("footnote.http")

BODY_SECONDS = 30.0
"""How long a client may keep us waiting for its request body, and"""
BODY_BYTES_PER_SECOND = 16_384
"""a second more for so much of it: a large upload may take its time, a trickle may not."""

Requested = Callable[[str, int, float, str | None], None]
"""Is told of each request: route, status, seconds, and the code of what refused it."""

_FAILED, _LEFT = 500, 499
_CARRIERS = ("traceparent", "tracestate", "baggage")
_UNTRACED = {"/healthz", "/readyz", "/metrics"}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
"""On every response that does not set its own."""


class Envelope:
    """ASGI middleware around the whole application."""

    def __init__(
        self,
        app: ASGIApp,
        max_body: int,
        larger: Mapping[str, int],
        requested: Requested,
        tracer: Tracer | None = None,
    ) -> None:
        self._app = app
        self._requested = requested
        self._tracer = tracer
        self._max_body = max_body
        self._larger = dict(larger)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        with noting(request_id=request_id) as notes, self._traced(scope, headers):
            exchange = _Exchange(scope, send, request_id)
            try:
                await self._exchanged(exchange, receive, headers)
            finally:
                exchange.tell(notes, self._requested)

    async def _exchanged(self, exchange: "_Exchange", receive: Receive, headers: Headers) -> None:
        scope = exchange.scope
        limit = self._larger.get(scope["path"], self._max_body)
        try:
            body = _Body(receive, limit)
            body.refuse_declared(headers.get("content-length"))
            await self._app(scope, body.receive, exchange.send)
        except ApiError as error:
            # Raised while the body was read: too large, or too slow.
            if exchange.status:
                raise
            with suppress(OSError):
                refusal = response(error, exchange.request_id)
                await refusal(scope, receive, exchange.send)

    @contextmanager
    def _traced(self, scope: Scope, headers: Headers) -> Iterator[None]:
        """Keep a span of the request, where traces are kept and it was for one of our routes."""
        if self._tracer is None or scope["path"] in _UNTRACED:
            yield
            return
        carried = {name: headers[name] for name in _CARRIERS if name in headers}
        span = self._tracer.begin(scope["method"], carried)
        note(trace_id=span.trace_id)
        try:
            with within(span):
                yield
        finally:
            span.set(route=_route(scope))
            span.end(sys.exception())


class _Body:
    """A request's body as it is read, up to a limit."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._read = 0
        self._waited = 0.0
        self._done = False

    def refuse_declared(self, length: str | None) -> None:
        if length and length.isdigit() and int(length) > self._limit:
            raise self._too_large()

    async def receive(self) -> Message:
        if self._done:  # waiting for a disconnect may take as long as the answer does
            return await self._receive()
        started, allowed = perf_counter(), BODY_SECONDS + self._read / BODY_BYTES_PER_SECOND
        try:
            async with asyncio.timeout(allowed - self._waited):
                message = await self._receive()
        except TimeoutError as error:
            late = "the request's body did not arrive in time"
            raise ApiError(408, "too_slow", late, {"Connection": "close"}) from error
        self._waited += perf_counter() - started
        self._read += len(message.get("body", b""))
        self._done = not message.get("more_body", False)
        if self._read > self._limit:
            raise self._too_large()
        return message

    def _too_large(self) -> ApiError:
        message = f"the request's body is larger than {self._limit:,} bytes"
        return ApiError(413, "too_large", message, {"Connection": "close"})


class _Exchange:
    """One request and its response: headers on the way out, one line in the log."""

    def __init__(self, scope: Scope, send: Send, request_id: str) -> None:
        self.scope = scope
        self.request_id = request_id
        self._send = send
        self._started = perf_counter()
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self.request_id
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)

    def tell(self, notes: Notes, requested: Requested) -> None:
        """Count the request, and log it as one event."""
        seconds = perf_counter() - self._started
        # A defect's response is made outside of this; a client that left gets none.
        failed = isinstance(sys.exception(), Exception)
        status = self.status or (_FAILED if failed else _LEFT)
        route = _route(self.scope)
        requested(route, status, seconds, notes.get("code"))
        facts = {
            "method": self.scope["method"],
            "path": self.scope["path"],
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
            **notes,
        }
        log.info("request", extra={"facts": facts})


def _route(scope: Scope) -> str:
    """Return the pattern of the route that took a request, never the path that was asked for."""
    return str(getattr(scope.get("route") or scope.get("endpoint"), "path", "none"))


class Shedding:
    """ASGI middleware that refuses a question at once while there is no room for it.

    `routes` are those that make answers, by path. Reading and checking a request that will be
    refused anyway costs as much as refusing ten, and under a rush it is those who are answered that
    would pay for it. So the refusal comes before the caller is known.
    """

    def __init__(
        self, app: ASGIApp, routes: Mapping[str, BaseRoute], is_full: Callable[[], bool]
    ) -> None:
        self._app = app
        self._routes = dict(routes)
        self._is_full = is_full

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        route = self._routes.get(scope["path"]) if scope["type"] == "http" else None
        if route is None or not self._is_full():
            await self._app(scope, receive, send)
            return
        scope["route"] = route  # what the figures count it under
        await response(busy(), scope["state"]["request_id"])(scope, receive, send)


_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Request-Id",
    "Access-Control-Max-Age": "600",
}
_EXPOSED = "X-Conversation-Id, X-Request-Id, Retry-After"


class CrossOrigin:
    """ASGI middleware; `allows` tells whether any site may be embedded at an origin."""

    def __init__(self, app: ASGIApp, allows: Callable[[str], bool]) -> None:
        self._app = app
        self._allows = allows

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        origin = Headers(scope=scope).get("origin") if scope["type"] == "http" else None
        if origin is None:
            await self._app(scope, receive, send)
            return
        allowed = self._allows(origin)
        asked = "access-control-request-method" in Headers(scope=scope)

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Origin")
                if allowed:
                    headers["Access-Control-Allow-Origin"] = origin
                    headers["Access-Control-Expose-Headers"] = _EXPOSED
                    # Readable by that page, so not held back from it by our own default either.
                    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
                    if asked:
                        headers.update(_PREFLIGHT)
            await send(message)

        if scope["method"] == "OPTIONS" and asked:
            refusal = ApiError(403, "wrong_origin", "this page's origin is not allowed here")
            number = scope.get("state", {}).get("request_id", "")
            answer = _no_content if allowed else response(refusal, number)
            await answer(scope, receive, marked)
            return
        await self._app(scope, receive, marked)


async def _no_content(scope: Scope, receive: Receive, send: Send) -> None:
    del scope, receive
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})
