"""Where waiting and working meet: the assistant's one path is asynchronous, these join it up.

hits = await in_thread(searcher.search, question)   # blocking work, off the event loop
async for event in in_one_thread(path): ...         # a whole path of such work, in one visit
answer = Loop().run(assistant.aask(question))       # for a caller that has no event loop
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, Self, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run blocking `work` in a thread of the event loop's pool; return or raise what it does.

    Where no event loop runs (see `in_one_thread`) there is none to block, and it is run on the
    spot.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)


async def in_one_thread(events: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """Yield what `events` yields, all of it made in one visit to a thread.

    For a generator that waits for nothing but `in_thread`: going there and back for each step costs
    more than many a step, and under load each way waits for the interpreter. Raises RuntimeError
    for one that waits for anything else.
    """
    for event in await in_thread(_all_of, events):
        yield event


class Loop(AbstractContextManager["Loop"]):
    """An event loop in a thread of its own, started when it is first needed.

    Callers without an event loop, and those inside one that cannot wait (a notebook's cell), share
    it from any thread. It is one loop for all calls because the connections that a language model's
    client keeps open belong to the loop that opened them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def __exit__(self, *_: object) -> None:
        self.close()

    def __enter__(self) -> Self:
        return self

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what `work` returns; when the caller is interrupted, `work` is cancelled."""
        future = asyncio.run_coroutine_threadsafe(work, self._started())
        try:
            return future.result()
        finally:
            future.cancel()  # of no effect when it is done

    def iterate(self, events: AsyncIterator[T]) -> Iterator[T]:
        """Yield what `events` yields; closing this early closes `events` as well."""
        finished = object()

        async def following() -> T | object:
            return await anext(events, finished)

        try:
            while (event := self.run(following())) is not finished:
                yield event  # type: ignore[misc]  # only `finished` is no T
        finally:
            self.run(_closed(events))

    def close(self) -> None:
        """Stop the loop; one that is used again starts anew."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is not None:
            loop.call_soon_threadsafe(loop.stop)

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(
                    target=_run_until_stopped, args=[self._loop], name="footnote", daemon=True
                ).start()
            return self._loop


def _all_of(events: AsyncGenerator[T, None]) -> list[T]:
    """Return all that `events` yields, driven by hand in this thread, which has no event loop."""

    async def gathered() -> list[T]:
        return [event async for event in events]

    work = gathered()
    try:
        work.send(None)
    except StopIteration as done:
        found: list[T] = done.value
        return found
    work.close()
    raise RuntimeError("what is driven in one thread may wait for nothing but in_thread")


async def _closed(events: AsyncIterator[Any]) -> None:
    if hasattr(events, "aclose"):
        await events.aclose()


def _run_until_stopped(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()
