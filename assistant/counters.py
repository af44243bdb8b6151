"""A share of so many a minute, over all replicas that share a database: `Cap(…).take(caller)`.

    cap = Cap("address", per_minute=20)                       # this process alone
    cap = Cap("address", 20, counters=Counters(database))     # every process on that database
    wait = await cap.take("203.0.113.7")                      # 0.0, or seconds until there is one

Whoever has spent their share at one replica is refused there without asking the database, so a
flood costs it nothing. While the database cannot be reached each replica goes by its own count: a
question is worth more than an exact count.
"""

import hashlib
import logging
import time
from collections.abc import Callable

import sqlalchemy as sa

from assistant.database import Database
from assistant.shares import Shares
from assistant.threads import in_thread
from index.errors import ConversationsUnavailable

log = logging.getLogger("footnote")

_MINUTE = 60.0
_SWEEP_SECONDS = 60.0
"""How often a replica deletes what is full again, which is as good as not there."""

# A little more than a minute, for what adding fractions loses.
_TAKE = sa.text(
    """
    INSERT INTO footnote_shares AS kept (caller, full_at)
    VALUES (:caller, extract(epoch from statement_timestamp()) + :step)
    ON CONFLICT (caller) DO UPDATE
    SET full_at = greatest(kept.full_at, extract(epoch from statement_timestamp())) + :step
    WHERE greatest(kept.full_at, extract(epoch from statement_timestamp())) + :step
        <= extract(epoch from statement_timestamp()) + 60.000001
    RETURNING caller
    """
)
_WAIT = sa.text(
    "SELECT full_at + :step - extract(epoch from statement_timestamp()) - 60 "
    "FROM footnote_shares WHERE caller = :caller"
)
_SWEEP = sa.text(
    "DELETE FROM footnote_shares WHERE full_at < extract(epoch from statement_timestamp())"
)


class Counters:
    """Shares in one PostgreSQL database; times are that server's, not the replicas'.

    A share is kept as the moment when it is full again (the generic cell rate algorithm of ATM
    Forum's UNI 3.1): taking one is a single statement that moves it on, or changes nothing.
    Raises what `Database` raises, also from every method.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._swept = clock()

    def close(self) -> None:
        """Give the connections back."""
        self._database.close()

    def take(self, name: str, caller: str, per_minute: int) -> float:
        """Take one of `caller`'s share `name`; return 0, or in how many seconds there is one."""
        step = _MINUTE / per_minute
        who = hashlib.sha256(f"{name}\0{caller}".encode("utf-8", "surrogatepass")).hexdigest()
        taken = {"caller": who, "step": step}
        with self._database.at_once() as connection:
            self._sweep(connection)
            if connection.execute(_TAKE, taken).first() is not None:
                return 0.0
            return max(float(connection.scalar(_WAIT, taken) or 0.0), 0.001)

    def _sweep(self, connection: sa.Connection) -> None:
        if self._clock() - self._swept >= _SWEEP_SECONDS:
            self._swept = self._clock()
            connection.execute(_SWEEP)


class Cap:
    """A share of `per_minute` for each caller; `name` keeps apart what one caller has shares of."""

    def __init__(
        self,
        name: str,
        per_minute: int,
        counters: Counters | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._per_minute = per_minute
        self._counters = counters
        self._here = Shares(per_minute, clock)

    async def take(self, caller: str) -> float:
        """Take one from the caller's share; return 0, or in how many seconds there is one again."""
        wait = self._here.take(caller)
        if wait or self._counters is None:
            return wait
        try:
            return await in_thread(self._counters.take, self._name, caller, self._per_minute)
        except ConversationsUnavailable as error:
            log.warning("shares are counted by each server for itself: %s", error)
            return 0.0
