"""The HTTP server: `create_app(service)` is the application, `serve(app, host, port)` runs it.

Routes live in `assistant/serving/`, by what they are about. What holds for all of them is here:
each has an access rule (an application with one that has none is not made), each error one shape,
and the description is complete at `/openapi.json`.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version

import uvicorn
from fastapi import Depends, FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route

from assistant.serving import (
    answers,
    errors,
    middleware,
    openai_protocol,
    reading,
    widget,
)
from assistant.serving import (
    service as operations,
)
from assistant.serving.access import PUBLIC, Mounted, Rule
from assistant.serving.answers import json_response
from assistant.serving.connection import Connection
from assistant.serving.service import Service
from assistant.tracing import open_tracer

App = FastAPI
GRACE_SECONDS = 30
"""How long answers under way may take after the server was told to stop."""

MAX_BODY_BYTES = 1 << 20
"""The largest request body, but for an upload: two hundred long turns and a question."""

GATED = frozenset({"/v1/ask", "/v1/chat/completions", "/v1/search"})
"""Routes that wait for a place among the answers made at once."""

ROUTERS = (answers, reading, openai_protocol, operations, widget)


def create_app(service: Service, mounted: Sequence[Mounted] = ()) -> FastAPI:
    """Return the application for `service`, which it starts and closes.

    `mounted` are further applications in it. Raises RuntimeError for a route without an access
    rule.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with service.running(), AsyncExitStack() as stack:
            for one in mounted:
                await stack.enter_async_context(one.running())
            yield

    app = FastAPI(
        title="Footnote",
        summary="Answers about your documents, each sentence with a footnote that was checked.",
        version=version("footnote"),
        lifespan=lifespan,
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        openapi_url=None,
    )
    app.state.service = service
    errors.install(app)
    app.add_api_route(
        "/openapi.json", _description, include_in_schema=False, dependencies=[Depends(PUBLIC)]
    )
    app.router.routes.extend(Route(one.path, one) for one in mounted)
    for module in ROUTERS:
        # Not include_router, which wraps them: the table of routes stays one list to walk.
        app.router.routes.extend(module.router.routes)
    gated = {r.path: r for r in app.routes if isinstance(r, APIRoute) and r.path in GATED}
    app.add_middleware(middleware.Shedding, routes=gated, is_full=lambda: service.desk.gate.is_full)
    app.add_middleware(middleware.CrossOrigin, allows=service.access.allows)
    upload = service.uploads.max_bytes if service.uploads else 0
    app.add_middleware(
        middleware.Envelope,
        max_body=MAX_BODY_BYTES,
        larger={"/v1/documents": MAX_BODY_BYTES + upload},
        requested=service.desk.figures.requested,
        tracer=open_tracer(),
    )
    bare = [str(getattr(route, "path", route)) for route in app.routes if rule_of(route) is None]
    if bare:
        raise RuntimeError(f"routes without an access rule: {', '.join(bare)}")
    return app


def rule_of(route: BaseRoute) -> Rule | None:
    """Return the access rule of a route, None when it has none."""
    if isinstance(route, APIRoute):
        return next((d.call for d in _within(route.dependant) if isinstance(d.call, Rule)), None)
    endpoint = route.endpoint if isinstance(route, Route) else None
    return endpoint.rule if isinstance(endpoint, Mounted) else None


def serve(app: FastAPI, host: str, port: int, trusted_proxies: str | None = None) -> None:
    """Serve until SIGINT or SIGTERM; then finish the answers under way, and return.

    `trusted_proxies` are addresses whose X-Forwarded-For is believed, parted by commas.
    """
    uvicorn.Server(configuration(app, host, port, trusted_proxies)).run()


def configuration(
    app: FastAPI, host: str, port: int, trusted_proxies: str | None = None
) -> uvicorn.Config:
    """Return how the server runs."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=Connection,
        log_config=None,
        access_log=False,  # ours has the request id, and no query string
        server_header=False,
        proxy_headers=trusted_proxies is not None,
        forwarded_allow_ips=trusted_proxies or "",
        timeout_keep_alive=15,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ws="none",
    )


async def _description(request: Request) -> Response:
    """Return the OpenAPI description."""
    return json_response(request.app.openapi())


def _within(dependant: Dependant) -> Iterator[Dependant]:
    for inner in dependant.dependencies:
        yield inner
        yield from _within(inner)
