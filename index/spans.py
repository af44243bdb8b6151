"""Where time goes: `with span("embed"): …`, for a trace where somebody keeps one.

Nobody does by default, and then a span is nothing but a look at a variable. A tracer
(`assistant.tracing`) hands in the first Span by `within(one)`; what is spanned below it in the same
task or thread, and in those that it starts, become its children. Names and numbers only: no span of
ours carries what was asked or found.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from types import TracebackType
from typing import Protocol

Attribute = str | int | float | bool


class Span(Protocol):
    """A stretch of time in a trace."""

    def child(self, name: str) -> "Span":
        """Begin a span inside of this one."""

    def set(self, **attributes: Attribute) -> None:
        """Say something about it."""

    def end(self, failed: BaseException | None = None) -> None:
        """End it; `failed` is what it was ended by."""


class Silent:
    """A Span that nobody keeps."""

    def child(self, name: str) -> "Silent":
        """Return another one that nobody keeps."""
        del name
        return self

    def set(self, **attributes: Attribute) -> None:
        """Forget it."""

    def end(self, failed: BaseException | None = None) -> None:
        """Do nothing."""


SILENT = Silent()
_NOTHING = nullcontext(SILENT)
_current: ContextVar[Span | None] = ContextVar("footnote_span", default=None)


def current() -> Span | None:
    """Return the span that the caller is in; None where nobody keeps a trace."""
    return _current.get()


def span(name: str) -> AbstractContextManager[Span]:
    """Time the block as a child of the span that the caller is in, if any.

    The block must not yield: a generator's pieces may run in other contexts than its beginning.
    """
    parent = _current.get()
    return _NOTHING if parent is None else running(parent.child(name))


def running(one: Span) -> AbstractContextManager[Span]:
    """Let the block be the time of `one`, which ends with it; it must not yield either."""
    return _NOTHING if one is SILENT else _Running(one)


@contextmanager
def within(one: Span) -> Iterator[None]:
    """Let what is spanned in the block be children of `one`, which is not ended by that."""
    token = _current.set(one)
    try:
        yield
    finally:
        _current.reset(token)


class _Running:
    """The block that is a span's time."""

    def __init__(self, one: Span) -> None:
        self._one = one
        self._within = within(one)

    def __enter__(self) -> Span:
        self._within.__enter__()
        return self._one

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._within.__exit__(kind, error, traceback)
        self._one.end(error)
