"""What is measured: `open_subject(settings, index)` is the assistant as it ships, and its searcher.

The assistant comes from `assistant.wiring`, like everybody's. Its own searcher is asked once more
for what an answer was written from, because an Answer does not say; the same question of the same
generation finds the same passages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from assistant.answer import Answer, FailReason
from assistant.ask import Assistant
from assistant.settings import Settings
from assistant.wiring import open_assistant
from eval.cache import key_of
from eval.cases import Case
from eval.provenance import answering_settings, code_hash, prompt_hashes, versions
from index.errors import FootnoteError, IndexUnavailable
from index.search import Searcher

if TYPE_CHECKING:
    from index.assemble import Progress

Hits = list[tuple[str, int, int]]
"""Document, start and end of each retrieved passage, best first."""


@dataclass(frozen=True)
class Subject:
    """An assistant and the settings that it was opened with."""

    assistant: Assistant
    settings: Settings

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.assistant.close()

    @property
    def searcher(self) -> Searcher:
        """What the assistant searches with."""
        return self.assistant.searcher

    @property
    def model(self) -> str | None:
        """The language model in the settings, if there is one."""
        named: str | None = getattr(self.settings, "model", None)
        return named

    def identity(self) -> dict[str, Any]:
        """Return everything beside the question that could change an answer."""
        return {
            "index": self.searcher.generation,
            "settings": answering_settings(self.settings),
            "model": self.model,
            "prompts": prompt_hashes(),
            "code": code_hash(),
            "versions": versions(),
            "assistant": type(self.assistant).__qualname__,
            "searcher": type(self.searcher).__qualname__,
        }

    def ask(self, case: Case) -> tuple[Answer, Hits | None]:
        """Return the answer and what was retrieved for it; None where nothing was searched for.

        What goes wrong with this question is an Answer that failed; what is wrong with the whole
        index raises IndexUnavailable.
        """
        try:
            answer = self.assistant.ask(case.question, case.history)
        except IndexUnavailable:
            raise
        except FootnoteError as error:
            return failed(case.question, "internal", str(error)), None
        if "search" not in answer.timings_ms:
            return answer, None
        return answer, self._hits(answer.standalone_question)

    def _hits(self, question: str) -> Hits:
        found = self.searcher.search(question, self.settings.hits)
        return [(h.document.id, h.passage.start, h.passage.end) for h in found]


def open_subject(
    settings: Settings, index: Path | None = None, progress: "Progress | None" = None
) -> Subject:
    """Open what ships. Raises IndexUnavailable or ModelError."""
    return Subject(open_assistant(settings, index, progress), settings)


def question_key(identity: dict[str, Any], case: Case) -> str:
    """Return what stands for a question and everything that could change its answer."""
    history = [[turn.role, turn.content] for turn in case.history]
    return key_of([identity, case.question, history])


def failed(question: str, reason: FailReason, text: str = "") -> Answer:
    """Return an Answer that failed; `text` tells people why."""
    return Answer("", "failed", reason, question, question, text)


def document_rows(searcher: Searcher, wanted: Sequence[str]) -> list[dict[str, Any]]:
    """Return the documents named, those that the index knows, for the run's folder."""
    rows = []
    for name in dict.fromkeys(wanted):
        try:
            one = searcher.document(name)
        except KeyError:
            continue
        rows.append({"id": one.id, "title": one.title, "source": one.source, "text": one.text})
    return rows
