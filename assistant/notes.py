"""What is told of one request when it ends: whoever knows something of it says `note(…)`.

    with noting(request_id="…") as notes:        # the server, the Slack bot: around one request
        note(status=200)                         # anybody below, in tasks and threads of it too
    log.info("request", extra={"facts": notes})
    assistant.watched(Watch(tracer))         # notes what becomes of an answer, and traces it

So a request is one event with everything in it, and no layer hands facts up through the others.
Where nobody collects, `note` does nothing. `facts_of` is what there is to tell of an Answer, for
this event and for a trace.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

from assistant.answer import Answer
from index.spans import SILENT, Span, current

Notes = dict[str, Any]

IDS = ("request_id", "trace_id")
"""What other lines that are logged meanwhile carry as well."""

_notes: ContextVar[Notes | None] = ContextVar("footnote_notes", default=None)


@contextmanager
def noting(**known: object) -> Iterator[Notes]:
    """Collect what is noted in the block, beginning with what is `known`."""
    notes = dict(known)
    _notes.set(notes)
    # Not reset: what is logged of this request's task after the block is about it too.
    yield notes


def note(**facts: object) -> None:
    """Add to what is told of the request under way."""
    notes = _notes.get()
    if notes is not None:
        notes.update(facts)


def ids() -> Notes:
    """Return the ids of the request under way."""
    notes = _notes.get()
    return {key: notes[key] for key in IDS if key in notes} if notes else {}


def facts_of(answer: Answer, hits: int, *, text: bool) -> Notes:
    """Return what is told of an answer made from so many hits; its words only with `text`."""
    facts: Notes = {
        "answer_id": answer.id,
        "outcome": answer.outcome,
        "reason": answer.reason,
        "writer": answer.writer,
        "model": answer.model,
        "index": answer.index,
        "hits": hits,
        "sentences": len(answer.sentences),
        "citations": len(answer.citations),
        "withheld": answer.withheld,
        "timings_ms": answer.timings_ms,
        "usage": answer.usage,
    }
    if text:
        facts |= {
            "question": answer.question,
            "standalone_question": answer.standalone_question,
            "answer": answer.text,
        }
    return facts


class Tracer(Protocol):
    """Begins the spans that no other span is above of."""

    def begin(self, name: str) -> Span:
        """Begin a span."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What is told of answers beside the answers: a trace by `tracer`, words only with `text`."""

    tracer: Tracer | None = None
    text: bool = False

    def begin(self) -> Span:
        """Begin the span of an answer, below the caller's where there is one."""
        above = current()
        if above is not None:
            return above.child("answer")
        return self.tracer.begin("answer") if self.tracer else SILENT

    def tell(self, answer: Answer, hits: int, span: Span) -> None:
        """Tell of an answer, in the trace and in the request's event."""
        facts = facts_of(answer, hits, text=self.text)
        note(**facts)
        plain = {k: v for k, v in facts.items() if v is not None and not isinstance(v, dict)}
        span.set(**plain, **(answer.usage or {}))


UNWATCHED = Watch()
"""No trace, and no words."""
