"""A collector of OpenTelemetry's traces on this machine: `with collecting() as collector: …`.

It takes what OTLP over HTTP brings and decodes it with the protocol's own messages.
"""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    """What was collected: `requests` as they came, spans by name, in the order of their ends."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.paths: list[str] = []
        self.bodies: list[bytes] = []

    def _resources(self) -> Iterator[Any]:
        for body in self.bodies:
            yield from ExportTraceServiceRequest.FromString(body).resource_spans

    @property
    def spans(self) -> list[Any]:
        """All spans."""
        return [
            span for one in self._resources() for scope in one.scope_spans for span in scope.spans
        ]

    @property
    def service(self) -> dict[str, str]:
        """What the sender says of itself."""
        return {
            attribute.key: attribute.value.string_value
            for one in self._resources()
            for attribute in one.resource.attributes
        }

    def named(self, name: str) -> Any:
        """Return the one span of this name."""
        (found,) = (span for span in self.spans if span.name == name)
        return found

    def below(self, span: Any) -> list[str]:
        """Return the names of a span's children, in the order in which they began."""
        inner = [one for one in self.spans if one.parent_span_id == span.span_id]
        return [one.name for one in sorted(inner, key=lambda one: one.start_time_unix_nano)]


def attributes(span: Any) -> dict[str, Any]:
    """Return a span's attributes."""
    return {
        one.key: getattr(one.value, str(one.value.WhichOneof("value"))) for one in span.attributes
    }


@contextmanager
def collecting() -> Iterator[Collector]:
    """Collect until the block ends."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    collector = Collector(f"http://127.0.0.1:{http.server_port}")
    http.told = collector  # type: ignore[attr-defined]  # where the handler finds it
    thread = threading.Thread(target=http.serve_forever, args=[0.05], daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Takes everything."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        collector: Collector = self.server.told  # type: ignore[attr-defined]
        collector.paths.append(self.path)
        collector.bodies.append(body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name
        """Say nothing."""
