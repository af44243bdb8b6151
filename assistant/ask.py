"""THE MAIN PATH: a question in, an Answer out.

    question ─ condense ─ search ─ write ─ ground ─ Answer

`Assistant.astream` is all of it on one screen: each sentence as soon as it has been checked, then
the Answer. `ask`, `stream` and `aask` are that same path for callers who want less. What it is made
of is given to it (`wiring.py`), so that evaluation, tests and every channel run the same steps.
"""

import logging
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from assistant.answer import FAILURES, Answer, Event, Outcome, Turn
from assistant.condense import by_rule, last_question
from assistant.ground import Drafted, Ending, Grounder, Signature
from assistant.notes import UNWATCHED, Watch
from assistant.question import Question, read_question
from assistant.support import Support
from assistant.threads import Loop, in_one_thread, in_thread, meanwhile
from index.errors import IndexUnavailable, UsageError
from index.passage import Hit
from index.search import Searcher
from index.spans import SILENT, Span, running, within

if TYPE_CHECKING:
    from assistant.langchain import AnswerRunnable

log = logging.getLogger("footnote")
T = TypeVar("T")

_ABOUT_THE_WHOLE = {"overview", "instruction", "greeting"}
GREETING = "Hello! Ask me anything about the documents I have read; I answer with footnotes."


class Writer(Protocol):
    """Drafts an answer from hits; its `signature` stands on every Answer.

    One that waits for nothing but work that it hands to `in_thread` may say so: `waits = False`.
    """

    signature: Signature

    def write(
        self, question: Question, hits: Sequence[Hit]
    ) -> AsyncGenerator[Drafted | Ending, None]:
        """Yield sentences as they are complete, then one Ending."""


class Condenser(Protocol):
    """Makes a follow-up stand alone."""

    async def __call__(self, question: str, history: Sequence[Turn], /) -> str:
        """Return `question` so that it can be searched by itself; `history` is oldest first."""


class Assistant:
    """Answers questions from one index. Threads and event loops may share it."""

    def __init__(
        self,
        searcher: Searcher,
        writer: Writer,
        support: Support,
        *,
        condenser: Condenser = by_rule,
        hits: int = 8,
        history_turns: int = 20,
        max_question_chars: int = 2_000,
    ) -> None:
        self._searcher = searcher
        self._writer = writer
        self._waits: bool = getattr(writer, "waits", True)
        self._support = support
        self._condenser = condenser
        self._hits = hits
        self._history_turns = history_turns
        self._max_question_chars = max_question_chars
        self._watch = UNWATCHED
        self._loop = Loop()

    @classmethod
    def open(cls, index: str | Path | None = None) -> "Assistant":
        """Open an index, with the settings that the command line has; None is the bundled article.

        Raises SettingError, IndexUnavailable, ModelError or MissingExtra.
        """
        from assistant.settings import load_settings
        from assistant.wiring import open_assistant

        return open_assistant(load_settings(), None if index is None else Path(index))

    def watched(self, by: Watch) -> Self:
        """Have what it does told beside its answers; return it."""
        self._watch = by
        return self

    @property
    def searcher(self) -> Searcher:
        """The index that it answers from."""
        return self._searcher

    def close(self) -> None:
        """Give the index's files back."""
        self._loop.close()
        self._searcher.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def as_runnable(self) -> "AnswerRunnable":
        """Return this assistant as a LangChain Runnable: a question in, an Answer out.

        Raises MissingExtra when langchain-core is not installed.
        """
        from assistant.langchain import AnswerRunnable

        return AnswerRunnable(self)

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """Answer `question`; `history` are the turns before it, oldest first.

        Only the newest turns are read (FOOTNOTE_HISTORY_TURNS). Raises UsageError for a question
        that is too long. Everything else, declining and failing included, is an Answer.
        """
        return self._loop.run(self.aask(question, history))

    async def aask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """Answer `question`, for callers with an event loop; see `ask`."""
        async with aclosing(self.astream(question, history)) as events:
            async for event in events:
                if isinstance(event, Answer):
                    return event
        raise AssertionError("a stream ends with its Answer")

    def stream(self, question: str, history: Sequence[Turn] = ()) -> Iterator[Event]:
        """Yield each sentence as soon as it may be shown, then the Answer; see `ask`.

        Closing the iterator early stops the work, at the language model too.
        """
        return self._loop.iterate(self.astream(question, history))

    async def astream(
        self, question: str, history: Sequence[Turn] = ()
    ) -> AsyncGenerator[Event, None]:
        """Yield each sentence as soon as it may be shown, then the Answer; see `ask`."""
        if len(question) > self._max_question_chars:
            raise UsageError(
                f"the question has {len(question):,} characters; at most "
                f"{self._max_question_chars:,} are read (FOOTNOTE_MAX_QUESTION_CHARS)"
            )
        asking = _Asking(
            _sayable(question), self._writer.signature, Grounder(self._support), self._watch
        )
        try:
            async with aclosing(self._path(asking, history)) as events:
                async for event in events:
                    yield event
        # The one place that turns a failure into an Answer: whatever broke, the asker gets one.
        except Exception as error:
            known = isinstance(error, IndexUnavailable)
            # What is not ours may quote what it choked on, which is nothing for a log.
            says = error if known else type(error).__name__
            log.error("answer %s failed: %s", asking.id, says, exc_info=not known)
            yield asking.answer(Ending("index_unavailable" if known else "internal"))
        finally:
            asking.span.end()

    async def _path(
        self, asking: "_Asking", history: Sequence[Turn]
    ) -> AsyncGenerator[Event, None]:
        with asking.timed("condense"):
            recent = history[max(0, len(history) - self._history_turns) :]
            typed = " ".join(asking.question.split())
            alone = await self._condenser(typed, recent)
            before = last_question(recent) if alone == typed else ""
        answering = self._answering(asking, _sayable(alone), _sayable(before))
        # What waits for nobody is one piece of work for a thread, not one for each step.
        events = answering if self._waits else in_one_thread(answering)
        async with aclosing(events):
            async for event in events:
                yield event

    async def _answering(
        self, asking: "_Asking", alone: str, before: str
    ) -> AsyncGenerator[Event, None]:
        with asking.timed("condense"):
            asked = await in_thread(self._understood, alone)
        asking.standalone = asked.text
        asking.index = self._searcher.generation
        draft, ahead = _without_search(asked), False
        if draft is None:
            with asking.timed("search"):
                hits = await in_thread(find, self._searcher, asked.text, before, self._hits)
            asking.rest_on(hits)
            draft = self._writer.write(asked, hits)
            # A language model takes its time to begin; what it will be checked by is read in it.
            ahead = self._writer.signature.model is not None
        ending = Ending("internal")
        async with (
            aclosing(draft),
            aclosing(asking.timing("write", draft)) as pieces,
            meanwhile(asking.grounder.prepare) if ahead else nullcontext(),
        ):
            async for piece in pieces:
                if isinstance(piece, Ending):
                    ending = piece
                    break
                with asking.timed("ground"):
                    said = await in_thread(asking.grounder.check, piece)
                for one in said:
                    yield one
        with asking.timed("ground"):
            rest = asking.grounder.finish(ending)
        for one in rest:
            yield one
        yield asking.answer(ending)

    def _understood(self, alone: str) -> Question:
        """Read a question that stands alone, its misspelt words mended."""
        asked = read_question(alone)
        # Mending knows the documents' words, not those that ask for an overview.
        if asked.shape in _ABOUT_THE_WHOLE:
            return asked
        mended = self._searcher.mend(alone)
        return asked if mended == alone else read_question(mended)


def find(searcher: Searcher, question: str, before: str, k: int) -> list[Hit]:
    """Return the `k` best hits for `question`, asked as it was typed after the question `before`.

    "How many volumes are there?" may be about the library of the question before, and nothing in it
    says so. So the last place goes to what both together find and it alone does not. `before` is
    empty where nothing was asked, or where the question says what it carries over.
    """
    hits = searcher.search(question, k)
    together = searcher.search(f"{before} {question}", k) if before else []
    fresh = [one for one in together if not any(_overlap(one, known) for known in hits)]
    return [*hits[: k - 1], fresh[0]] if fresh and k > 1 else hits


def _overlap(one: Hit, other: Hit) -> bool:
    a, b = one.passage, other.passage
    return a.document_id == b.document_id and a.start < b.end and b.start < a.end


@dataclass
class _Asking:
    """One question on its way: what becomes of it, and how long each stage takes."""

    question: str
    signature: Signature
    grounder: Grounder
    watch: Watch
    standalone: str = ""
    index: str | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    timings_ms: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=perf_counter)
    hits: int = 0
    span: Span = SILENT

    def __post_init__(self) -> None:
        self.span = self.watch.begin()

    def rest_on(self, hits: Sequence[Hit]) -> None:
        """Let the answer rest on what was found."""
        self.hits = len(hits)
        self.grounder.rest_on(hits)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time that the block takes to `stage`."""
        started = perf_counter()
        with running(self.span.child(stage)):
            yield
        self._add(stage, started)

    async def timing(self, stage: str, pieces: AsyncIterator[T]) -> AsyncGenerator[T, None]:
        """Yield `pieces`, and add the time that each one was waited for to `stage`."""
        span = self.span.child(stage)
        try:
            while True:
                started = perf_counter()
                with within(span):
                    piece = await anext(pieces, None)
                self._add(stage, started)
                if piece is None:
                    return
                yield piece
        finally:
            span.end()

    def answer(self, ending: Ending) -> Answer:
        """Return the Answer of what was said, ended by `ending`."""
        self._add("total", self.started)
        shown, signature = self.grounder.shown(ending), ending.signature or self.signature
        outcome: Outcome = "declined" if shown.reason else "answered"
        answer = Answer(
            id=self.id,
            outcome="failed" if shown.reason in FAILURES else outcome,
            reason=shown.reason,
            question=self.question,
            standalone_question=self.standalone or self.question,
            text=shown.text,
            sentences=shown.sentences,
            citations=shown.citations,
            withheld=shown.withheld,
            closest=shown.closest,
            writer=signature.writer,
            model=signature.model,
            prompt=signature.prompt,
            index=self.index,
            timings_ms=self.timings_ms,
            usage=ending.usage,
        )
        self.watch.tell(answer, self.hits, self.span)
        return answer

    def _add(self, stage: str, started: float) -> None:
        spent = (perf_counter() - started) * 1000
        self.timings_ms[stage] = round(self.timings_ms.get(stage, 0.0) + spent, 3)


async def _said_without_search(
    *pieces: Drafted | Ending,
) -> AsyncGenerator[Drafted | Ending, None]:
    for piece in pieces:
        yield piece


def _without_search(question: Question) -> AsyncGenerator[Drafted | Ending, None] | None:
    """Return what is said without looking anything up, or None for a question to search for."""
    if not question.text.strip():
        return _said_without_search(Ending("empty_question"))
    if question.shape == "instruction":
        return _said_without_search(Ending("off_limits"))
    if question.shape == "greeting":
        return _said_without_search(Drafted(GREETING, "remark"), Ending())
    return None


def _sayable(text: str) -> str:
    """Replace half characters, such as undecodable bytes of a command line, by question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
