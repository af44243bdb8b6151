"""One connection of the server, with patience that ends: `uvicorn.Config(app, http=Connection)`.

uvicorn waits for ever for a request's head and for a client to read. Whoever opens connections and
stops half-way would hold them until no more can be opened. Here the head must be complete within
HEAD_SECONDS and HEAD_BYTES, and what was written must be taken within TAKE_SECONDS; a connection
that is late is cut off. The request's body has its limit in `middleware.py`.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEAD_SECONDS = 15.0
"""From the opening of a connection, or from the first byte of a further request, to the end of the
request's headers."""

HEAD_BYTES = 32_768
"""httptools itself has no limit."""

TAKE_SECONDS = 30.0
"""How long nothing of what was written may be taken; whoever reads slowly loses nothing."""


class Connection(HttpToolsProtocol):
    """uvicorn's connection on httptools, with time limits on what the client does."""

    _head: asyncio.TimerHandle | None = None
    _take: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        # Whatever the client's side has no room for counts as not taken, not only 64 KiB of it.
        transport.set_write_buffer_limits(high=0)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Read on; the time for the head is over once it is complete."""
        super().data_received(data)
        # uvicorn has none before the first request, whatever its annotation says.
        cycle: RequestResponseCycle | None = self.cycle
        if cycle and not cycle.response_complete:
            _stop(self._head)
            self._head, self._head_bytes = None, 0
            return
        self._await_head()
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("the request's headers are too large")

    def pause_writing(self) -> None:
        """Begin to wait for the client to take what was written."""
        super().pause_writing()
        if self._take is None:
            self._await_taking()

    def resume_writing(self) -> None:
        """It was taken."""
        super().resume_writing()
        _stop(self._take)
        self._take = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        _stop(self._head)
        _stop(self._take)
        super().connection_lost(exc)

    def _await_taking(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._take = self.loop.call_later(TAKE_SECONDS, self._look_again, left)

    def _look_again(self, before: int) -> None:
        if self.transport.get_write_buffer_size() < before:
            self._await_taking()
        else:
            self.transport.abort()

    def _await_head(self) -> None:
        self._head = self._head or self.loop.call_later(HEAD_SECONDS, self.transport.abort)


def _stop(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
