"""What telling costs: `python -m eval.bench.observing`, CPU microseconds for one question.

The event that a question is logged as (JSON and text, into nothing), the figures that it is counted
in, and its spans: without a tracer, and with one whose spans go nowhere. The median of five runs,
and the least and the most.
"""

import logging
import os
from collections.abc import Callable
from statistics import median
from time import process_time

from assistant.answer import Answer, Sentence
from assistant.ask import Assistant
from assistant.logs import Format, formatter
from assistant.notes import UNWATCHED, Watch, note, noting
from assistant.serving.figures import Figures, Views
from assistant.serving.limits import Gate
from index.spans import span, within

RUNS, QUESTIONS = 5, 2_000
_MICRO = 1e6

ANSWER = Answer(
    id="0" * 32,
    outcome="answered",
    reason=None,
    question="why?",
    standalone_question="why?",
    text="It sank. [1]",
    sentences=(Sentence("It sank.", "claim", (1,), 1.0),) * 3,
    writer="quote",
    index="0123456789abcdef",
    timings_ms={"condense": 0.3, "search": 1.3, "write": 3.9, "ground": 0.2, "total": 6.2},
)
STEPS = ("condense", "condense", "search", "embed", "dense", "lexical", "fuse", "write", "ground")


def cpu(work: Callable[[], object]) -> list[float]:
    """Return the CPU microseconds of one `work`, for each run, in order of size."""
    found = []
    for _ in range(RUNS):
        started = process_time()
        for _ in range(QUESTIONS):
            work()
        found.append((process_time() - started) / QUESTIONS * _MICRO)
    return sorted(found)


def logging_to_nothing(chosen: Format) -> Callable[[], object]:
    """Return what logs one question's request as the server does."""
    handler = logging.FileHandler(os.devnull)
    handler.setFormatter(formatter(chosen))
    log = logging.getLogger(f"bench.{chosen}")
    log.propagate, log.handlers = False, [handler]
    log.setLevel(logging.INFO)

    def work() -> None:
        with noting(request_id="0" * 32, method="POST", path="/v1/ask", status=200) as notes:
            UNWATCHED.tell(ANSWER, 8, UNWATCHED.begin())
            note(caller="local", conversation_id="x" * 22)
        log.info("request", extra={"facts": notes})

    return work


def counting() -> Callable[[], object]:
    """Return what counts one question."""
    with Assistant.open() as assistant:
        manifest = assistant.searcher.manifest
    figures = Figures(Views(Gate(16, 64), lambda: manifest))

    def work() -> None:
        figures.answered(ANSWER)
        figures.written(1, 0, 0.004)
        figures.requested("/v1/ask", 200, 0.009, None)

    return work


def spanning(watch: Watch) -> Callable[[], object]:
    """Return what spans one question's steps."""

    def work() -> None:
        one = watch.begin()
        with within(one):
            for step in STEPS:
                with span(step):
                    pass
        watch.tell(ANSWER, 8, one)
        one.end()

    return work


def main() -> None:
    """Print the table."""
    from opentelemetry.sdk.trace import TracerProvider

    from assistant.tracing import Tracer

    traced = Watch(Tracer(TracerProvider(shutdown_on_exit=False)))
    rows = {
        "event, JSON": logging_to_nothing("json"),
        "event, text": logging_to_nothing("text"),
        "figures": counting(),
        "spans, no tracer": spanning(UNWATCHED),
        "spans, a tracer": spanning(traced),
    }
    print(f"CPU µs for one question, median of {RUNS} runs of {QUESTIONS} (least to most)")
    for name, work in rows.items():
        found = cpu(work)
        print(f"  {name:<18}{median(found):7.0f}   ({found[0]:.0f} to {found[-1]:.0f})")


if __name__ == "__main__":
    main()
