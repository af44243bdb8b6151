"""Everything that one server holds, and what it does beside answering: `Service`.

Made by `wiring.open_service`, given to `api.create_app`, reached by every route as `service`.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from assistant.serving.access import Access
from assistant.serving.desk import Desk
from assistant.serving.keys import Keys
from assistant.serving.limits import Rates
from assistant.serving.uploads import Uploads
from assistant.threads import in_thread
from index.errors import FootnoteError

log = logging.getLogger("footnote")

KEYS_SECONDS = 5.0
"""How often keys and sites are read again: how long a revoked one may still work."""


@dataclass(frozen=True)
class Service:
    """One server's parts; `uploads` is None where the index is not the keeper's own to change."""

    desk: Desk
    access: Access
    keys: Keys
    sessions: Rates
    uploads: Uploads | None

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
