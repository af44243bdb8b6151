"""Where waiting and working meet: one path in one visit to a thread."""

import asyncio
import threading
from collections.abc import AsyncGenerator

import pytest

from assistant.threads import in_one_thread, in_thread


async def _working() -> AsyncGenerator[int, None]:
    yield await in_thread(threading.get_ident)
    yield await in_thread(threading.get_ident)
    yield threading.get_ident()


async def _waiting() -> AsyncGenerator[int, None]:
    yield 1
    await asyncio.sleep(0)
    yield 2


async def _failing() -> AsyncGenerator[int, None]:
    yield 1
    raise LookupError("gone")


async def _gathered(events: AsyncGenerator[int, None]) -> list[int]:
    return [event async for event in events]


def test_a_path_of_blocking_work_visits_one_thread() -> None:
    """All of it is done in one thread, which is not that of the event loop."""

    async def told() -> tuple[list[int], int]:
        return await _gathered(in_one_thread(_working())), threading.get_ident()

    threads, own = asyncio.run(told())
    assert len(threads) == 3
    assert len(set(threads)) == 1
    assert own not in threads


def test_a_path_that_waits_is_refused() -> None:
    """What waits for anything but work is told, instead of hanging."""
    with pytest.raises(RuntimeError, match="nothing but in_thread"):
        asyncio.run(_gathered(in_one_thread(_waiting())))


def test_what_fails_in_the_thread_fails_outside() -> None:
    """The caller gets the path's own error."""
    with pytest.raises(LookupError, match="gone"):
        asyncio.run(_gathered(in_one_thread(_failing())))
