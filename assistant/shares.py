"""A share of so many a minute for each caller: `Shares(per_minute=20).take("203.0.113.7")`.

What a share is of (questions, mostly) and how a refusal is told is up to the channel.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

_REMEMBERED = 50_000
"""Callers whose share is remembered; the one not seen for longest is forgotten first."""


class Shares:
    """A share of `per_minute` for each caller, refilled steadily; a full share may go at once."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = float(per_minute)
        self._per_second = per_minute / 60
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> float:
        """Take one from the caller's share; return 0, or in how many seconds there is one again."""
        now = self._clock()
        left, seen = self._left.pop(caller, (self._most, now))
        left = min(self._most, left + (now - seen) * self._per_second)
        self._left[caller] = (left - 1 if left >= 1 else left, now)
        if len(self._left) > _REMEMBERED:
            self._left.popitem(last=False)
        return 0.0 if left >= 1 else (1 - left) / self._per_second
