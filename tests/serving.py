"""A real server in a thread on loopback, for the tests of everything that speaks HTTP.

    with running(service) as url: httpx.get(f"{url}/healthz")

`Scripted` is a writer that says its sentences when it is told to, so that a test can stop in the
middle of an answer.
"""

import socket
import threading
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from pydantic import SecretStr

from assistant.api import configuration
from assistant.ask import Assistant
from assistant.channels import open_app, open_service, open_slack_events
from assistant.ground import Drafted, Ending, Signature, Source
from assistant.question import Question
from assistant.serving.library import Library
from assistant.serving.service import Service
from assistant.settings import Settings
from assistant.support import verbatim
from assistant.threads import in_thread
from index.passage import Hit

QUESTION = "why did Abe court Putin?"


@contextmanager
def running(
    folder: Path,
    cache: Path,
    index: Path | None = None,
    writer: "Scripted | None" = None,
    *,
    on_loopback: bool = True,
    **settings: Any,
) -> Iterator["Server"]:
    """Run a server that keeps what it keeps in `folder`, made as `footnote serve` makes it."""
    database = f"sqlite:///{folder / 'kept.db'}"
    chosen = Settings(cache_dir=cache, conversations_url=SecretStr(database), **settings)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        service = open_service(chosen, index, port=port, on_loopback=on_loopback)
        if writer:
            _use(service, writer)
        events = open_slack_events(chosen, service, bundled=index is None)
        app = open_app(service, *([events] if events else []))
        server = uvicorn.Server(configuration(app, "127.0.0.1", port, chosen.trusted_proxies))
        thread = threading.Thread(target=server.run, args=[[listening]])
        thread.start()
        one = Server(f"http://127.0.0.1:{port}", service, server, thread)
        try:
            one.wait_until_up(port)
            yield one
        finally:
            one.stop()


class Server:
    """A running server: its `url`, and what it is made of."""

    def __init__(
        self, url: str, service: Service, server: uvicorn.Server, thread: threading.Thread
    ) -> None:
        self.url = url
        self.service = service
        self.port = int(url.rpartition(":")[2])
        self._server = server
        self._thread = thread

    def wait_until_up(self, port: int) -> None:
        """Return once it answers."""
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            with socket.create_connection(("127.0.0.1", port), timeout=5):
                self._thread.join(0.02)

    def begin_to_stop(self) -> None:
        """Tell it to stop, as SIGTERM does."""
        self._server.should_exit = True

    def stop(self) -> None:
        """Stop it and wait until it has stopped."""
        self.begin_to_stop()
        self._thread.join(60)
        assert not self._thread.is_alive()


class Scripted:
    """A Writer that quotes the first sentences that were found, one for each `say`."""

    signature = Signature("scripted")

    def __init__(self) -> None:
        self.started = threading.Event()
        self.left = threading.Event()
        self._steps = threading.Semaphore(0)

    def say(self, sentences: int = 1) -> None:
        """Let it say so many more sentences; after the third it is done."""
        for _ in range(sentences):
            self._steps.release()

    async def write(
        self, question: Question, hits: Sequence[Hit]
    ) -> AsyncGenerator[Drafted | Ending, None]:
        """Yield three sentences, each when it may."""
        del question
        self.started.set()
        try:
            for span in hits[0].passage.sentences[:3]:
                while not await in_thread(self._steps.acquire, timeout=0.05):
                    pass
                source = Source(hits[0].document, span)
                yield Drafted(" ".join(source.quote.split()), "claim", (source,))
            yield Ending()
        finally:
            self.left.set()


def _use(service: Service, writer: Scripted) -> None:
    """Let `service` answer with another writer on the same index."""
    before = service.desk.library
    searcher = before.opened.searcher
    assistant = Assistant(searcher, writer, verbatim)
    service.desk.library = Library(before.index, assistant, _one_generation)


def _one_generation() -> Assistant:
    """Refuse: a scripted server's index does not change."""
    raise AssertionError("a scripted server has one generation")


def raw(port: int, request: str) -> socket.socket:
    """Return a socket on which `request` was sent and nothing was read."""
    one = socket.create_connection(("127.0.0.1", port), timeout=10)
    one.sendall(request.encode())
    return one


def raw_ask(
    port: int, question: str = QUESTION, accept: str = "text/event-stream"
) -> socket.socket:
    """Return a socket on which a question was asked and nothing was read."""
    body = f'{{"question": "{question}"}}'
    head = (
        f"POST /v1/ask HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: {accept}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return raw(port, head + body)
