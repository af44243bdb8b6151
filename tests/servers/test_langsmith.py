"""LangSmith gets what LangChain's own variables send it, and nothing without them."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from assistant.ask import Assistant

pytestmark = pytest.mark.servers

CHAIN = """
import sys
from pathlib import Path
from assistant.settings import Settings
from assistant.wiring import open_assistant
with open_assistant(Settings(cache_dir=Path(sys.argv[1])), None) as assistant:
    assert assistant.as_runnable().invoke("What is the Quad?").outcome == "answered"
if len(sys.argv) > 2:
    from langchain_core.tracers.langchain import wait_for_all_tracers
    wait_for_all_tracers()
"""


@contextmanager
def endpoint() -> Iterator[tuple[str, list[bytes]]]:
    """Stand in for LangSmith; yield its address and what it is sent."""
    sent: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply(b"{}")

        def do_POST(self) -> None:
            if self.headers.get("Transfer-Encoding") == "chunked":
                while size := int(self.rfile.readline(), 16):
                    sent.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
            else:
                sent.append(self.rfile.read(int(self.headers["Content-Length"])))
            self._reply(b"{}")

        def _reply(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, args=[0.05], daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}", sent
    http.shutdown()
    http.server_close()


@pytest.mark.parametrize("tracing", [None, "true"])
def test_langsmith_is_told_only_when_it_is_switched_on(
    bundled_assistant: Assistant, cache_folder: Path, tracing: str | None
) -> None:
    """A key and an endpoint send nothing; LANGSMITH_TRACING sends the run of the Runnable."""
    assert bundled_assistant.searcher.generation
    with endpoint() as (url, sent):
        variables = {"LANGSMITH_ENDPOINT": url, "LANGSMITH_API_KEY": "ls-not-a-key"}
        environment = {k: v for k, v in os.environ.items() if k != "LANGSMITH_TRACING"}
        # A run is a whole Answer: uncompressed, so that the test can read it.
        variables |= {"LANGSMITH_DISABLE_RUN_COMPRESSION": "true"}
        variables |= {} if tracing is None else {"LANGSMITH_TRACING": tracing}
        wait = ["wait"] if tracing == "true" else []
        subprocess.run(
            [sys.executable, "-c", CHAIN, str(cache_folder), *wait],
            env={**environment, **variables},
            check=True,
        )
    said = b"".join(sent)
    assert (b"What is the Quad?" in said) == (tracing == "true")
    assert bool(sent) == (tracing == "true")
