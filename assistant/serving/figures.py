"""Figures about the server for Prometheus: `Figures(views).answered(answer)`, `Figures.text()`.

Counts, sizes and durations only; nothing of what was asked or answered. Every label has few values:
those of our own vocabularies, the patterns of routes, never what a client sent.
docs/observability.md lists them; a test holds it and the dashboard to what is here.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from assistant.answer import Answer
from assistant.serving.limits import Gate
from index.generation import Manifest

CONTENT_TYPE = CONTENT_TYPE_LATEST
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_ROWS = (1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True, slots=True)
class Views:
    """What is looked at when figures are asked for: the queue, and the generation that answers."""

    gate: Gate
    manifest: Callable[[], Manifest]


class Figures:
    """The figures of one server."""

    def __init__(self, views: Views) -> None:
        self._registry = CollectorRegistry()
        own = self._registry
        self._answers = Counter(
            "footnote_answers", "Answers by outcome and reason", ["outcome", "reason"], registry=own
        )
        self._sentences = Counter("footnote_sentences", "Sentences shown", registry=own)
        self._withheld = Counter("footnote_withheld_sentences", "Sentences not shown", registry=own)
        self._tokens = Counter(
            "footnote_tokens", "Tokens of the language model", ["direction"], registry=own
        )
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
        self._seconds = Histogram(
            "footnote_http_request_seconds",
            "Time from a request's head to its response's end, by route",
            ["route"],
            buckets=_BUCKETS,
            registry=own,
        )
        self._refused = Counter(
            "footnote_refused", "Requests refused, by code", ["code"], registry=own
        )
        self._kept = Counter(
            "footnote_kept_answers", "Answers kept in conversations", ["result"], registry=own
        )
        self._commits = Histogram(
            "footnote_commit_seconds", "Time of a commit", buckets=_BUCKETS, registry=own
        )
        self._rows = Histogram(
            "footnote_commit_answers", "Answers in a commit", buckets=_ROWS, registry=own
        )
        self._slack = Counter(
            "footnote_slack_events", "Events of Slack by what became of them", ["did"], registry=own
        )
        own.register(_Viewed(views))
        ProcessCollector(registry=own)

    def answered(self, answer: Answer) -> None:
        """Count an answer."""
        self._answers.labels(answer.outcome, answer.reason or "").inc()
        self._sentences.inc(len(answer.sentences))
        if answer.withheld:
            self._withheld.inc(answer.withheld)
        for stage, milliseconds in answer.timings_ms.items():
            self._stages.labels(stage).observe(milliseconds / 1000)
        usage = answer.usage or {}
        for direction in ("input", "output"):
            if count := usage.get(f"{direction}_tokens"):
                self._tokens.labels(direction).inc(count)

    def cancelled(self) -> None:
        """Count a question whose asker left before its answer."""
        self._cancelled.inc()

    def requested(self, route: str, status: int, seconds: float, code: str | None) -> None:
        """Count a request; `code` says why it was refused, when it was.

        `route` is the route's pattern, never the path that was asked for.
        """
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        if code is not None:
            self._refused.labels(code).inc()

    def written(self, kept: int, failed: int, seconds: float) -> None:
        """Count a commit: so many answers kept, so many that could not be."""
        self._kept.labels("kept").inc(kept)
        self._kept.labels("failed").inc(failed)
        self._commits.observe(seconds)
        self._rows.observe(kept + failed)

    def slack(self, did: str) -> None:
        """Count an event of Slack; `did` is one of `assistant.slacking.bench.DID`."""
        self._slack.labels(did).inc()

    def text(self) -> bytes:
        """Return all figures in Prometheus' text format."""
        return generate_latest(self._registry)


class _Viewed(Collector):
    """What is so at the moment of asking; one series each, also for the generation's id."""

    def __init__(self, views: Views) -> None:
        self._views = views

    def collect(self) -> Iterator[Metric]:
        gate, manifest = self._views.gate, self._views.manifest()
        for name, about, value in (
            ("footnote_active", "Answers admitted now", gate.admitted),
            ("footnote_waiting", "Questions waiting now", gate.waiting),
            ("footnote_places", "Answers admitted at most", gate.places),
            ("footnote_index_documents", "Documents in the index", manifest.documents),
            ("footnote_index_passages", "Passages in the index", manifest.passages),
            ("footnote_index_age_seconds", "Time since the index was built", _age(manifest)),
        ):
            yield GaugeMetricFamily(name, about, value=value)
        labels = {"version": version("footnote"), "generation": manifest.id}
        info = GaugeMetricFamily("footnote_info", "What answers: 1", labels=list(labels))
        info.add_metric(list(labels.values()), 1)
        yield info


def _age(manifest: Manifest) -> float:
    return time.time() - datetime.fromisoformat(manifest.created).timestamp()
