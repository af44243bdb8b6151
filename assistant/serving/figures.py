"""Figures about the server for Prometheus: `Figures().answered(answer)`, `Figures().text()`.

Counts and durations only; nothing of what was asked or answered.
"""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from assistant.answer import Answer

CONTENT_TYPE = CONTENT_TYPE_LATEST
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Figures:
    """The counters of one server."""

    def __init__(self, active: Callable[[], float], waiting: Callable[[], float]) -> None:
        self._registry = CollectorRegistry()
        own = self._registry
        self._answers = Counter(
            "footnote_answers", "Answers by outcome and reason", ["outcome", "reason"], registry=own
        )
        self._withheld = Counter("footnote_withheld_sentences", "Sentences not shown", registry=own)
        self._cancelled = Counter("footnote_cancelled", "Questions whose asker left", registry=own)
        self._stages = Histogram(
            "footnote_stage_seconds", "Time by stage", ["stage"], buckets=_BUCKETS, registry=own
        )
        self._requests = Counter(
            "footnote_http_requests",
            "Requests by route and status",
            ["route", "status"],
            registry=own,
        )
        self._refused = Counter(
            "footnote_refused", "Requests refused, by code", ["code"], registry=own
        )
        Gauge("footnote_active", "Answers admitted now", registry=own).set_function(active)
        Gauge("footnote_waiting", "Questions waiting now", registry=own).set_function(waiting)

    def answered(self, answer: Answer) -> None:
        """Count an answer."""
        self._answers.labels(answer.outcome, answer.reason or "").inc()
        if answer.withheld:
            self._withheld.inc(answer.withheld)
        for stage, milliseconds in answer.timings_ms.items():
            self._stages.labels(stage).observe(milliseconds / 1000)

    def cancelled(self) -> None:
        """Count a question whose asker left before its answer."""
        self._cancelled.inc()

    def requested(self, route: str, status: int) -> None:
        """Count a request; `route` is the route's pattern, never the path that was asked for."""
        self._requests.labels(route, str(status)).inc()

    def refused(self, code: str) -> None:
        """Count a request that was refused."""
        self._refused.labels(code).inc()

    def text(self) -> bytes:
        """Return all figures in Prometheus' text format."""
        return generate_latest(self._registry)
