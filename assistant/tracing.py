"""Traces by OpenTelemetry, when its own variables ask for them: `tracer = open_tracer()`.

    with within(tracer.begin("answer", headers={"traceparent": "…"})): ...     # index.spans

Set are OTEL_EXPORTER_OTLP_ENDPOINT (or …_TRACES_ENDPOINT), or OTEL_TRACES_EXPORTER, and not
OTEL_SDK_DISABLED: else there is no tracer, nothing of OpenTelemetry is imported, and nothing
leaves. Sampling, resources, headers, time-outs and batches are the SDK's own variables.
"""

import logging
import os
import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from index.spans import Attribute, Span

if TYPE_CHECKING:
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

log = logging.getLogger("footnote")

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_EXPORTERS = ("otlp", "console")


def wanted(environment: Mapping[str, str]) -> str | None:
    """Return where OpenTelemetry's variables want traces to go: "otlp", "console" or nowhere."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().casefold() == "true":
        return None
    named = environment.get("OTEL_TRACES_EXPORTER", "").strip().casefold()
    if not named and any(environment.get(name) for name in _ENDPOINTS):
        named = "otlp"
    return None if named in {"", "none"} else named


@lru_cache(maxsize=1)
def open_tracer() -> "Tracer | None":
    """Return this process's tracer; None where none is wanted, or cannot be had, which is logged.

    A program does not go without its answers because it cannot be watched.
    """
    exporter = wanted(os.environ)
    if exporter is None:
        return None
    protocol = next((os.environ[name] for name in _PROTOCOLS if os.environ.get(name)), "")
    if exporter not in _EXPORTERS or (exporter == "otlp" and protocol not in _SPOKEN):
        log.warning(
            "no traces: OTEL_TRACES_EXPORTER may be otlp or console, "
            "OTEL_EXPORTER_OTLP_PROTOCOL http/protobuf"
        )
        return None
    try:
        return Tracer(_provider(exporter))
    except ImportError:
        log.warning("no traces: OpenTelemetry is not installed: pip install 'footnote[trace]'")
        return None


_SPOKEN = ("", "http/protobuf")


def _provider(exporter: str) -> "TracerProvider":
    """Return what makes spans and sends them; the SDK flushes it when the process ends."""
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import (
        BatchSpanProcessor,
        ConsoleSpanExporter,
        SimpleSpanProcessor,
    )

    ours = {SERVICE_VERSION: version("footnote")}
    named = "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    if not named and not os.environ.get("OTEL_SERVICE_NAME"):
        ours[SERVICE_NAME] = "footnote"
    provider = TracerProvider(resource=Resource.create(ours))
    if exporter == "console":
        provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=sys.stderr)))
    else:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


class Tracer:
    """Begins traces; spans below are begun by the spans themselves."""

    def __init__(self, provider: "TracerProvider") -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("footnote", version("footnote"))

    def begin(self, name: str, headers: Mapping[str, str] | None = None) -> "OtelSpan":
        """Begin a span, below the caller's whose `headers` name one (traceparent, tracestate)."""
        from opentelemetry import propagate, trace

        parent = propagate.extract(headers or {})
        kind = trace.SpanKind.INTERNAL if headers is None else trace.SpanKind.SERVER
        return OtelSpan(self._tracer, self._tracer.start_span(name, parent, kind))

    def flush(self) -> None:
        """Send what was not sent yet."""
        self._provider.force_flush()


class OtelSpan(Span):
    """A Span that OpenTelemetry keeps."""

    def __init__(self, tracer: "trace.Tracer", span: "trace.Span") -> None:
        self._tracer = tracer
        self._span = span

    @property
    def trace_id(self) -> str:
        """The trace's id, 32 hexadecimal digits."""
        return f"{self._span.get_span_context().trace_id:032x}"

    def child(self, name: str) -> "OtelSpan":
        """Begin a span inside of this one."""
        from opentelemetry.trace import set_span_in_context

        inside = set_span_in_context(self._span)
        return OtelSpan(self._tracer, self._tracer.start_span(name, inside))

    def set(self, **attributes: Attribute) -> None:
        """Say something about it; our own names begin with "footnote."."""
        for name, value in attributes.items():
            self._span.set_attribute(f"footnote.{name}", value)

    def end(self, failed: BaseException | None = None) -> None:
        """End it; of what it failed by the kind is kept, and no word."""
        if failed is not None:
            from opentelemetry.trace import StatusCode

            self._span.set_attribute("error.type", type(failed).__qualname__)
            self._span.set_status(StatusCode.ERROR)
        self._span.end()
