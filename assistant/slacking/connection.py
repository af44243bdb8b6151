"""The way to Slack and back: `web_client(connection, log)` calls, `Socket` listens.

Calls wait as long as Slack asks them to. What may have arrived is not sent again: a reply that is
given twice is worse than one that says it failed.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import ClientConnectorError
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import AsyncConnectionErrorRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient

from assistant.slacking.reply import BEYOND_REPAIR, error_code

CALL_SECONDS = 30
_REPEATS = 5
_TOO_MANY_REQUESTS = 429


@dataclass(frozen=True, slots=True)
class Connection:
    """Slack's address and our tokens; `ping_seconds` is how often the socket is tried."""

    bot_token: str | None = field(repr=False)
    app_token: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    api_url: str = AsyncWebClient.BASE_URL
    ping_seconds: float = 5.0


def web_client(connection: Connection, log: logging.Logger) -> AsyncWebClient:
    """Return what calls Slack's Web API."""
    unsent = AsyncConnectionErrorRetryHandler(max_retry_count=2, error_types=[ClientConnectorError])
    return AsyncWebClient(
        connection.bot_token,
        base_url=connection.api_url,
        timeout=CALL_SECONDS,
        logger=log,
        retry_handlers=[Patience(), unsent],
    )


class Patience(AsyncRetryHandler):
    """Waits as long as a 429 says in Retry-After, and calls again."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        super().__init__(max_retry_count=_REPEATS)
        self._sleep = sleep

    async def _can_retry_async(
        self,
        *,
        state: RetryState,  # noqa: ARG002  the interface's
        request: HttpRequest,  # noqa: ARG002
        response: HttpResponse | None = None,
        error: Exception | None = None,  # noqa: ARG002
    ) -> bool:
        return response is not None and response.status_code == _TOO_MANY_REQUESTS

    async def prepare_for_next_attempt_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,  # noqa: ARG002  the interface's
        response: HttpResponse | None = None,
        error: Exception | None = None,  # noqa: ARG002
    ) -> None:
        """Wait."""
        state.next_attempt_requested = True
        headers = response.headers if response else {}
        asked = next((v for k, v in headers.items() if k.lower() == "retry-after"), ["1"])
        await self._sleep(float(asked[0]))
        state.increment_current_attempt()


class Socket(SocketModeClient):
    """The Socket Mode connection; `refused` is told when Slack will not open one any more."""

    def __init__(
        self,
        connection: Connection,
        client: AsyncWebClient,
        log: logging.Logger,
        refused: Callable[[str], None],
    ) -> None:
        super().__init__(
            connection.app_token,
            logger=log,
            web_client=client,
            ping_interval=connection.ping_seconds,
        )
        self._refused = refused

    async def renew(self) -> None:
        """Watch over the connection for ever: an address that has failed is not tried again.

        An address is good for one attempt, and the SDK would repeat it until it is let in.
        """
        while True:
            await asyncio.sleep(2 * self.ping_interval)
            if not await self.is_connected():
                self.wss_uri = None

    async def issue_new_wss_url(self) -> str:
        """Return where to connect, this once. Raises SlackApiError."""
        try:
            return await super().issue_new_wss_url()
        except SlackApiError as error:
            if error_code(error) in BEYOND_REPAIR | {"not_allowed_token_type", "missing_scope"}:
                # Not closed here: `run` does. This only stops the SDK from trying for ever.
                self.closed = True
                self._refused(f"Slack refuses the app-level token ({error_code(error)})")
            raise
