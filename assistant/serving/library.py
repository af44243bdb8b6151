"""The assistant that serves now, exchanged under its readers when the index has a new generation.

    library = Library(index, open_it)
    async with library.reading() as assistant: ...    # stays open until the block ends
    await library.refresh()                           # open the new generation, if there is one

Whoever reads keeps what they began with: an answer never mixes two generations. Belongs to one
event loop.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from assistant.ask import Assistant
from assistant.threads import in_thread
from index.errors import FootnoteError
from index.generation import current_generation

log = logging.getLogger("footnote")

REFRESH_SECONDS = 2.0
"""How often the index is looked at for a new generation."""

CLOSE_SECONDS = 5.0
"""How long after its last reader an old generation is closed: work that was cancelled in a thread
may still be looking at it."""


class Library:
    """The one assistant that is open, and those before it until nobody reads them any more."""

    def __init__(self, index: Path, opened: Assistant, opener: Callable[[], Assistant]) -> None:
        self.index = index
        self._open = opener
        self._now = opened
        self._readers: dict[Assistant, int] = {}
        self._lock = asyncio.Lock()

    @property
    def opened(self) -> Assistant:
        """The assistant that serves now, for whoever does not read."""
        return self._now

    @property
    def generation(self) -> str:
        """The id of the generation that answers now."""
        return self._now.searcher.generation

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Assistant]:
        """Lend the assistant that serves now."""
        one = self._now
        self._readers[one] = self._readers.get(one, 0) + 1
        try:
            yield one
        finally:
            self._readers[one] -= 1
            self._close_unread(one)

    async def refresh(self) -> bool:
        """Serve the newest generation; tell whether it is another one than before.

        Raises IndexUnavailable or ModelError; what served before goes on serving.
        """
        async with self._lock:
            newest = await in_thread(current_generation, self.index)
            if newest.name == self.generation:
                return False
            fresh = await in_thread(self._open)
            before, self._now = self._now, fresh
            self._close_unread(before)
            log.info("serving generation %s", self.generation)
            return True

    async def keep_fresh(self) -> None:
        """Refresh for ever."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            try:
                await self.refresh()
            except FootnoteError as error:
                log.warning("the previous generation goes on serving: %s", error)

    def close(self) -> None:
        """Close what is open."""
        self._now.close()
        for one in list(self._readers):
            one.close()
        self._readers.clear()

    def _close_unread(self, one: Assistant) -> None:
        if one is self._now or self._readers.get(one, 0) > 0:
            return
        self._readers[one] = 0
        asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._close, one)

    def _close(self, one: Assistant) -> None:
        if one in self._readers and not self._readers[one]:
            del self._readers[one]
            one.close()
