"""THE MAIN PATH: a question in, an Answer out.

    question ─ condense ─ search ─ write ─ ground ─ Answer

`Assistant.ask` is all of it on one screen. What it is made of is given to it (`wiring.py`), so that
evaluation, tests and every channel run the same steps.
"""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Protocol, Self

from assistant.answer import Answer, Outcome, Turn
from assistant.condense import condense
from assistant.ground import Draft, Drafted, ground
from assistant.question import Question, read_question
from assistant.support import Support
from index.errors import UsageError
from index.passage import Hit
from index.search import Searcher

if TYPE_CHECKING:
    from assistant.langchain import AnswerRunnable

_ABOUT_THE_WHOLE = {"overview", "instruction", "greeting"}
GREETING = "Hello! Ask me anything about the documents I have read; I answer with footnotes."


class Writer(Protocol):
    """Makes a draft from hits; `name` stands on every Answer."""

    name: str

    def write(self, question: Question, hits: Sequence[Hit]) -> Draft:
        """Return sentences, each with the slices it rests on, or a draft that declines."""


class Assistant:
    """Answers questions from one index. Threads may share it."""

    def __init__(
        self,
        searcher: Searcher,
        writer: Writer,
        support: Support,
        *,
        hits: int = 8,
        max_question_chars: int = 2_000,
    ) -> None:
        self._searcher = searcher
        self._writer = writer
        self._support = support
        self._hits = hits
        self._max_question_chars = max_question_chars

    @classmethod
    def open(cls, index: str | Path | None = None) -> "Assistant":
        """Open an index, with the settings that the command line has; None is the bundled article.

        Raises SettingError, IndexUnavailable or ModelError.
        """
        from assistant.settings import load_settings
        from assistant.wiring import open_assistant

        return open_assistant(load_settings(), None if index is None else Path(index))

    @property
    def searcher(self) -> Searcher:
        """What this assistant searches with: evaluation measures this one, not another."""
        return self._searcher

    def close(self) -> None:
        """Give the index's files back."""
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

        Raises UsageError for a question that is too long, and what the index raises when it is
        damaged. Everything else, declining included, is an Answer.
        """
        if len(question) > self._max_question_chars:
            raise UsageError(
                f"the question has {len(question):,} characters; at most "
                f"{self._max_question_chars:,} are read (FOOTNOTE_MAX_QUESTION_CHARS)"
            )
        question = _sayable(question)
        timings: dict[str, float] = {}
        with _timed(timings, "total"):
            with _timed(timings, "condense"):
                alone = _sayable(condense(" ".join(question.split()), history))
                asked = read_question(alone)
                # Mending knows the documents' words, not those that ask for an overview.
                if asked.shape not in _ABOUT_THE_WHOLE:
                    alone = self._searcher.mend(alone)
                    asked = read_question(alone)
            hits: list[Hit] = []
            draft = _without_search(asked)
            if draft is None:
                with _timed(timings, "search"):
                    hits = self._searcher.search(alone, self._hits)
                with _timed(timings, "write"):
                    draft = self._writer.write(asked, hits)
            with _timed(timings, "ground"):
                shown = ground(draft, self._support)
        outcome: Outcome = "declined" if shown.reason else "answered"
        return Answer(
            id=uuid.uuid4().hex,
            outcome=outcome,
            reason=shown.reason,
            question=question,
            standalone_question=alone,
            text=shown.text,
            sentences=shown.sentences,
            citations=shown.citations,
            withheld=shown.withheld,
            closest=shown.closest,
            writer=self._writer.name,
            index=self._searcher.generation,
            timings_ms=timings,
        )


def _without_search(question: Question) -> Draft | None:
    """Return what is said without looking anything up, or None for a question to search for."""
    if not question.text.strip():
        return Draft(reason="empty_question")
    if question.shape == "instruction":
        return Draft(reason="off_limits")
    if question.shape == "greeting":
        return Draft(sentences=(Drafted(GREETING, "remark"),))
    return None


def _sayable(text: str) -> str:
    """Replace half characters, such as undecodable bytes of a command line, by question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    started = perf_counter()
    yield
    timings[stage] = round((perf_counter() - started) * 1000, 3)
