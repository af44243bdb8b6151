"""Where questions are taken and answered, whatever the protocol: `desk.take(…)`, then its events.

    taken = await desk.take(caller, Asked("why?", conversation=None, history=None))
    async for event in taken.events(): ...        # Said, …, Done; or: done = await taken.done()

Everything that refuses a question does so in `take`, before a response has begun: a conversation
that is somebody else's, a full queue, a spent share. An answer is made by a task of its own, at the
speed of the assistant and not of its reader; when the reader leaves, the task is cancelled.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, aclosing, suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from assistant.answer import Answer, Said, Turn
from assistant.ask import Assistant
from assistant.conversations import Conversations
from assistant.notes import note
from assistant.serving.access import Caller
from assistant.serving.errors import ApiError
from assistant.serving.figures import Figures, Views
from assistant.serving.library import Library
from assistant.serving.limits import Gate, Rates, Ticket
from assistant.threads import in_thread
from index.errors import FootnoteError, UsageError

log = logging.getLogger("footnote")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what it may lean on: turns that the client sent, or a conversation kept here.

    `keep` is False for a client that keeps its own conversations.
    """

    question: str
    history: Sequence[Turn] | None = None
    conversation: str | None = None
    keep: bool = True


@dataclass(frozen=True, slots=True)
class Done:
    """The whole answer, and the conversation that it was kept in."""

    answer: Answer
    conversation: str | None


Piece = Said | Done


@dataclass(frozen=True, slots=True)
class Caps:
    """Questions a minute that widgets may ask: from one address, and on one site altogether."""

    address: Rates
    site: Rates


class Desk:
    """Takes questions. Belongs to one event loop."""

    def __init__(
        self,
        library: Library,
        conversations: Conversations,
        gate: Gate,
        caps: Caps,
        *,
        history_turns: int,
        max_question_chars: int,
    ) -> None:
        self.library = library
        self.conversations = conversations
        self.gate = gate
        self.figures = Figures(Views(gate, lambda: library.opened.searcher.manifest))
        self.ledger = Ledger(conversations, self.figures.written)
        self._caps = caps
        self._history_turns = history_turns
        self.max_question_chars = max_question_chars

    async def take(self, who: Caller, asked: Asked) -> "Taken":
        """Take a question, or raise the ApiError that says why not."""
        if len(asked.question) > self.max_question_chars:
            message = f"the question has more than {self.max_question_chars:,} characters"
            raise ApiError(413, "too_large", message)
        if asked.history is not None and asked.conversation is not None:
            raise ApiError(400, "invalid_request", "send history or conversation_id, not both")
        await self.spend(who)
        ticket = self.gate.admit()
        with ExitStack() as unless_taken:
            unless_taken.callback(ticket.give_back)
            turns = await self._turns(who, asked)
            unless_taken.pop_all()
        return Taken(self, who, asked, turns, ticket)

    async def spend(self, who: Caller) -> None:
        """Count a question of a widget's visitor. Raises ApiError 429."""
        if who.kind == "site":
            await self._caps.address.spend(who.address)
            await self._caps.site.spend(who.site or "")

    async def keep(self, who: Caller, asked: Asked, answer: Answer) -> str | None:
        """Keep an answer and return its conversation; None when it is not, or cannot be, kept."""
        if asked.history is not None or not asked.keep:
            return None
        try:
            return await self.ledger.keep(who.owner, asked.conversation, answer)
        except FootnoteError as error:
            # The asker still gets the answer; that it was not kept is told by the missing id.
            log.error("answer %s was not kept: %s", answer.id, error)
            return None

    async def _turns(self, who: Caller, asked: Asked) -> Sequence[Turn]:
        if asked.conversation is None:
            return asked.history or ()
        return await in_thread(
            self.conversations.history, asked.conversation, who.owner, self._history_turns
        )


class Taken:
    """A question that was taken: read its `events()`, or wait until it is `done()`, once."""

    def __init__(
        self, desk: Desk, who: Caller, asked: Asked, turns: Sequence[Turn], ticket: Ticket
    ) -> None:
        self._desk = desk
        self._who = who
        self._asked = asked
        self._turns = turns
        self._ticket = ticket
        self._pieces: asyncio.Queue[Piece | ApiError] = asyncio.Queue()
        self._task = asyncio.create_task(self._answer())
        self._task.add_done_callback(self._ended)

    async def events(self) -> AsyncGenerator[Piece, None]:
        """Yield sentences, then Done. Raises ApiError; closing it early cancels the work."""
        try:
            while True:
                piece = await self._pieces.get()
                if isinstance(piece, ApiError):
                    raise piece
                yield piece
                if isinstance(piece, Done):
                    return
        finally:
            await self.leave()

    async def done(self) -> Done:
        """Return the whole answer. Raises ApiError; being cancelled cancels the work."""
        async with aclosing(self.events()) as events:
            async for piece in events:
                if isinstance(piece, Done):
                    return piece
        raise AssertionError("events end with Done or an error")

    async def leave(self) -> None:
        """Cancel the work, unless it is done."""
        if not self._task.done():
            self._task.cancel()
            self._desk.figures.cancelled()
            note(cancelled=True)
            with suppress(asyncio.CancelledError):
                await self._task
        self._ticket.give_back()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Tell the reader of a defect: nobody else would, and it would wait for ever."""
        defect = None if task.cancelled() else task.exception()
        if defect is not None:
            log.error("a question broke off", exc_info=defect)
            message = "the server failed; tell its keeper this request id"
            self._pieces.put_nowait(ApiError(500, "internal", message))

    async def _answer(self) -> None:
        try:
            async with (
                self._ticket,
                self._desk.library.reading() as assistant,
                aclosing(assistant.astream(self._asked.question, self._turns)) as events,
            ):
                async for event in events:
                    if isinstance(event, Said):
                        self._pieces.put_nowait(event)
                        continue
                    kept = await self._desk.keep(self._who, self._asked, event)
                    note(caller=self._who.kind, conversation_id=kept)
                    self._desk.figures.answered(event)
                    self._pieces.put_nowait(Done(event, kept))
        except UsageError as error:
            self._pieces.put_nowait(ApiError(400, "invalid_request", str(error)))


@dataclass(frozen=True, slots=True)
class _Entry:
    """An answer to be kept."""

    owner: str
    conversation: str | None
    answer: Answer


class Ledger:
    """Writes answers into their conversations, those that come at once in one transaction.

    Whoever keeps one waits until it is written: an answer that a client has seen whole survives the
    process, however it ends. `written` is told of each batch how many answers were kept, how many
    could not be, and the seconds it took. Belongs to one event loop.
    """

    def __init__(
        self,
        conversations: Conversations,
        written: Callable[[int, int, float], None] = lambda *_: None,
    ) -> None:
        self._conversations = conversations
        self._told = written
        self._entries: list[_Entry] = []
        self._coming: asyncio.Task[list[str | FootnoteError]] | None = None
        self._last: asyncio.Task[list[str | FootnoteError]] | None = None

    async def keep(self, owner: str, conversation: str | None, answer: Answer) -> str:
        """Keep an answer and return its conversation, a new one for None.

        Raises what `Conversations.append` raises. It is kept also when nobody waits any more.
        """
        if self._coming is None:
            self._coming = self._last = asyncio.create_task(self._write(self._last))
        place = len(self._entries)
        self._entries.append(_Entry(owner, conversation, answer))
        kept = (await asyncio.shield(self._coming))[place]
        if isinstance(kept, FootnoteError):
            raise kept
        return kept

    async def finish(self) -> None:
        """Return when everything is written."""
        if self._last is not None:
            await asyncio.wait([self._last])

    async def _write(self, before: asyncio.Task[Any] | None) -> list[str | FootnoteError]:
        """Write what has come by the time that the batch before is written."""
        if before is not None:
            await asyncio.wait([before])
        entries, self._entries, self._coming = self._entries, [], None
        started = perf_counter()
        kept = await in_thread(self._written, entries)
        failed = sum(isinstance(one, FootnoteError) for one in kept)
        self._told(len(kept) - failed, failed, perf_counter() - started)
        return kept

    def _written(self, entries: Sequence[_Entry]) -> list[str | FootnoteError]:
        """Return the conversation of each, or why it was not kept."""
        new = [entry for entry in entries if entry.conversation is None]
        try:
            ids = self._conversations.begin([(entry.owner, entry.answer) for entry in new])
        except FootnoteError:
            ids = []  # one of them cannot be kept, or none: each by itself
        begun = dict(zip((entry.answer.id for entry in new), ids, strict=False))
        return [begun.get(entry.answer.id) or self._alone(entry) for entry in entries]

    def _alone(self, entry: _Entry) -> str | FootnoteError:
        try:
            if entry.conversation is None:
                return self._conversations.begin([(entry.owner, entry.answer)])[0]
            self._conversations.append(entry.conversation, entry.owner, entry.answer)
        except FootnoteError as error:
            return error
        return entry.conversation


class Internal:
    """What answers for a protocol that has no callers of its own, in the same queue as all."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._who = Caller("key", "internal", "", frozenset({"client"}))

    async def ask(self, question: str) -> Answer:
        """Answer a question. Raises UsageError when it is not taken."""
        try:
            taken = await self._desk.take(self._who, Asked(question, keep=False))
            return (await taken.done()).answer
        except ApiError as error:
            raise UsageError(error.message) from error

    def reading(self) -> AbstractAsyncContextManager[Assistant]:
        """Lend the assistant that serves now."""
        return self._desk.library.reading()
