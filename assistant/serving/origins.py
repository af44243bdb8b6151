"""Other origins: which pages elsewhere may read what the server answers (CORS).

    app.add_middleware(CrossOrigin)

Only pages of a site's exact origins, never any page and never with cookies, of which there are
none. This decides what a browser shows to a page; what is answered at all is decided by `access`.
"""

from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.serving.errors import ApiError, response

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
            answer = _no_content if allowed else response(refusal, "")
            await answer(scope, receive, marked)
            return
        await self._app(scope, receive, marked)


async def _no_content(scope: Scope, receive: Receive, send: Send) -> None:
    del scope, receive
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})
