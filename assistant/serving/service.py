"""Everything that one server holds, and what it does beside answering: `Service`.

Made by `channels.open_service`, given to `api.create_app`, reached by every route as `service`. The
routes here are for those who run the server: is it alive, is it ready, what are its figures.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from assistant.counters import Counters
from assistant.serving.access import ADMIN, PUBLIC, Access
from assistant.serving.desk import Desk
from assistant.serving.errors import ApiError
from assistant.serving.figures import CONTENT_TYPE
from assistant.serving.keys import Keys
from assistant.serving.library import Uploads
from assistant.serving.limits import Rates
from assistant.serving.schemas import ErrorModel, errors
from assistant.threads import in_thread
from index.errors import FootnoteError

log = logging.getLogger("footnote")

KEYS_SECONDS = 5.0
"""How often keys and sites are read again: how long a revoked one may still work."""


@dataclass(frozen=True)
class Service:
    """One server's parts; `uploads` is None where the index is not the keeper's own to change.

    `counters` is None where shares are counted by this process alone.
    """

    desk: Desk
    access: Access
    keys: Keys
    sessions: Rates
    uploads: Uploads | None
    counters: Counters | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do what has to be done while requests are served; close everything at the end."""
        # As many as can compute at once, and two for what waits: the database, a build.
        pool = ThreadPoolExecutor((os.cpu_count() or 1) + 2, thread_name_prefix="footnote")
        asyncio.get_running_loop().set_default_executor(pool)
        await self.refresh_keys()
        background = [
            asyncio.create_task(self._keep_keys_fresh()),
            asyncio.create_task(self.desk.library.keep_fresh()),
        ]
        if self.uploads:
            background.append(asyncio.create_task(self.uploads.keep_building()))
        try:
            yield
        finally:
            for task in background:
                task.cancel()
            for task in background:
                with suppress(asyncio.CancelledError):
                    await task
            await self.desk.ledger.finish()
            await asyncio.get_running_loop().shutdown_default_executor()
            self.desk.library.close()
            self.desk.conversations.close()
            self.keys.close()
            if self.counters:
                self.counters.close()

    async def refresh_keys(self) -> None:
        """Read keys and sites again."""
        self.access.use(await in_thread(self.keys.directory))

    async def _keep_keys_fresh(self) -> None:
        while True:
            await asyncio.sleep(KEYS_SECONDS)
            try:
                await self.refresh_keys()
            except FootnoteError as error:
                log.warning("keys and sites stay as they were: %s", error)


def service_of(request: Request) -> Service:
    """Return the service that a request is for."""
    service: Service = request.app.state.service
    return service


async def _dependency(request: Request) -> Service:
    return service_of(request)


TheService = Annotated[Service, Depends(_dependency)]
"""What a route asks for to reach the service."""


router = APIRouter(tags=["operations"])
_NOT_READY: dict[int | str, dict[str, Any]] = {503: {"model": ErrorModel}}


@router.get("/healthz", dependencies=[Depends(PUBLIC)])
async def healthz() -> dict[str, str]:
    """Answer as long as the process lives."""
    return {"status": "ok"}


@router.get("/readyz", dependencies=[Depends(PUBLIC)], responses=_NOT_READY)
async def readyz(service: TheService) -> dict[str, str]:
    """Answer when a question would be taken; 503 while the queue is full."""
    if service.desk.gate.is_full:
        raise ApiError(503, "busy", "the queue is full")
    return {"status": "ready", "index": service.desk.library.generation}


@router.get(
    "/metrics",
    dependencies=[Depends(ADMIN)],
    responses={200: {"content": {"text/plain": {}}}, **errors()},
    response_class=Response,
)
async def metrics(service: TheService) -> Response:
    """Return counts and durations; nothing of what was asked."""
    return Response(service.desk.figures.text(), media_type=CONTENT_TYPE)
