"""Limits under load: so many answers at once, so many waiting, so many questions a minute.

gate = Gate(active=16, waiting=64)
async with gate.admit(): ...           # ApiError 429 at once when too many wait already
rates = Rates(Cap("address", per_minute=30))
await rates.spend("203.0.113.7")       # ApiError 429 when it had its share
"""

import asyncio
import math
from types import TracebackType

from assistant.counters import Cap
from assistant.serving.errors import ApiError


def busy() -> ApiError:
    """Return the refusal of a question for which there is no room now."""
    message = "too many questions at once; ask again in a moment"
    return ApiError(429, "busy", message, {"Retry-After": "1"})


class Gate:
    """Lets `active` answers be made at once and `waiting` more wait for it."""

    def __init__(self, active: int, waiting: int) -> None:
        self._slots = asyncio.Semaphore(active)
        self.places = active + waiting
        self._active_most = active
        self.admitted = 0

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return max(self.admitted - self._active_most, 0)

    @property
    def is_full(self) -> bool:
        """Whether nobody else is admitted now."""
        return self.admitted >= self.places

    def admit(self) -> "Ticket":
        """Return a place in the queue. Raises ApiError 429 when there is none."""
        if self.is_full:
            raise busy()
        return Ticket(self)

    def enter(self) -> None:
        """Count one more."""
        self.admitted += 1

    def leave(self) -> None:
        """Count one less."""
        self.admitted -= 1

    @property
    def slots(self) -> asyncio.Semaphore:
        """What is held while an answer is made."""
        return self._slots


class Ticket:
    """A place in a Gate's queue, taken at once; entering waits for its turn."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._holds_slot = False
        self._held = True
        gate.enter()

    async def __aenter__(self) -> None:
        try:
            await self._gate.slots.acquire()
        except asyncio.CancelledError:
            self.give_back()
            raise
        self._holds_slot = True

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.give_back()

    def give_back(self) -> None:
        """Leave the queue; twice is once."""
        if self._holds_slot:
            self._holds_slot = False
            self._gate.slots.release()
        if self._held:
            self._held = False
            self._gate.leave()


class Rates:
    """A share for each caller, refilled steadily; a full share may go at once."""

    def __init__(self, cap: Cap) -> None:
        self._cap = cap

    async def spend(self, caller: str) -> None:
        """Take one from the caller's share. Raises ApiError 429, saying when to come again."""
        wait = await self._cap.take(caller)
        if wait:
            seconds = str(math.ceil(wait))
            message = f"too many questions from here; ask again in {seconds} s"
            raise ApiError(429, "rate_limited", message, {"Retry-After": seconds})
