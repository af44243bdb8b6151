"""Where the bot's answers are made and kept: `Bench(library, conversations, slots, …)`.

    if await bench.is_new(question):                       # once, whatever the number of replicas
        conversation, turns = await bench.remembered(question)
        async for batch in bench.answering(question.text, turns): ...
        await bench.keep(conversation, question, answer)

A thread is a conversation, and belongs to its channel: whoever reads the channel may see what an
answer there rests on, and nobody else.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from functools import partial
from weakref import WeakValueDictionary

from assistant.answer import Answer, Event, Turn
from assistant.conversations import Conversations, Rating
from assistant.serving.library import Library
from assistant.slacking.events import Question
from assistant.threads import in_thread
from index.errors import FootnoteError

log = logging.getLogger("footnote.slack")


class Stopped(Exception):
    """An answer was not completed, because the bot is told to stop."""


DID = ("answered", "failed", "ignored", "refused", "repeated")
"""What becomes of an event of Slack: an answer (declining is one), a failure, nothing because it is
no question or not let in, a refusal in words, nothing because it was told before."""


class Told:
    """Figures that nobody reads."""

    def answered(self, answer: Answer) -> None:
        """Hear of an answer."""

    def slack(self, did: str) -> None:
        """Hear of an event, one of DID."""


class Bench:
    """The assistant of the moment, the kept conversations, and how many answers are made at once.

    `figures` are told of every answer and event. Belongs to one event loop. Its methods raise
    ConversationsUnavailable, and ConversationNotFound for what is another channel's.
    """

    def __init__(
        self,
        library: Library,
        conversations: Conversations,
        slots: asyncio.Semaphore,
        history_turns: int,
        figures: "Told | None" = None,
    ) -> None:
        self.library = library
        self.conversations = conversations
        self.history_turns = history_turns
        self._slots = slots
        self.figures = figures or Told()
        self._making: set[asyncio.Task[None]] = set()
        self._threads: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._stops = False

    def turn(self, question: Question) -> asyncio.Lock:
        """Return what is held while a question is answered: those of a thread take turns.

        So one that follows at once can lean on the answer before it.
        """
        thread = f"{question.channel} {question.thread}"
        lock = self._threads.get(thread) or asyncio.Lock()
        self._threads[thread] = lock
        return lock

    def stop(self) -> None:
        """Make no answer any further; whoever waits for one gets Stopped."""
        self._stops = True
        for making in self._making:
            making.cancel()

    def close(self) -> None:
        """Give back the index's files and the database's connections."""
        self.library.close()
        self.conversations.close()

    async def is_new(self, question: Question) -> bool:
        """Claim a question, before any replica does; tell whether it is ours to answer."""
        return await in_thread(self._is_new, question)

    async def remembered(self, question: Question) -> tuple[str, Sequence[Turn]]:
        """Return the conversation of the question's thread, and the turns kept of it."""
        kept, owner = self.conversations, owner_of(question.channel)
        conversation = await in_thread(kept.start, owner, question.thread)
        return conversation, await in_thread(kept.history, conversation, owner, self.history_turns)

    async def answering(
        self, text: str, turns: Sequence[Turn]
    ) -> AsyncGenerator[list[Event], None]:
        """Yield what was said since the last time, at the reader's pace; the Answer comes last.

        The answer is made at its own pace: a slow reader holds no slot. Raises Stopped.
        """
        if self._stops:
            raise Stopped
        events: asyncio.Queue[Event | None] = asyncio.Queue()
        making = asyncio.create_task(self._make(text, turns, events))
        making.add_done_callback(lambda _: events.put_nowait(None))
        self._making.add(making)
        try:
            ended = False
            while not ended:
                batch = [await events.get()]
                while not events.empty():
                    batch.append(events.get_nowait())
                ended = batch[-1] is None
                yield [event for event in batch if event is not None]
            if making.cancelled():
                raise Stopped
            await making
        finally:
            self._making.discard(making)
            making.cancel()
            with suppress(asyncio.CancelledError):
                await making

    async def keep(self, conversation: str, question: Question, answer: Answer) -> bool:
        """Keep an answer; tell whether it could be."""
        try:
            await in_thread(
                self.conversations.append, conversation, owner_of(question.channel), answer
            )
        except FootnoteError as error:
            # The person gets the answer all the same, without buttons.
            log.error("answer %s was not kept: %s", answer.id, error)
            return False
        return True

    async def find(self, answer_id: str, channel: str) -> Answer:
        """Return an answer that was given in this channel."""
        return await in_thread(self.conversations.answer, answer_id, owner_of(channel))

    async def rate(
        self,
        answer_id: str,
        channel: str,
        user: str,
        rating: Rating,
        reason: str | None = None,
        comment: str | None = None,
    ) -> None:
        """Keep what somebody thinks of an answer in this channel."""
        rate = partial(self.conversations.rate, reason=reason, comment=comment)
        await in_thread(rate, answer_id, owner_of(channel), rating, rater=f"slack:{user}")

    async def titles(self, most: int) -> list[str]:
        """Return the titles of the first documents."""
        found = await in_thread(self.library.opened.searcher.documents, most)
        return [document.title for document in found]

    def _is_new(self, question: Question) -> bool:
        claim = self.conversations.claim_event
        if not claim(f"slack {question.event}"):
            return False
        # An edit that leaves the mention in is announced as a mention again.
        return claim(f"slack message {question.message}") or not question.is_edited

    async def _make(
        self, text: str, turns: Sequence[Turn], events: "asyncio.Queue[Event | None]"
    ) -> None:
        async with (
            self._slots,
            self.library.reading() as assistant,
            aclosing(assistant.astream(text, turns)) as made,
        ):
            async for event in made:
                if isinstance(event, Answer):
                    self.figures.answered(event)
                events.put_nowait(event)


def owner_of(channel: str) -> str:
    """Return whom a channel's conversations belong to."""
    return f"slack:{channel}"
