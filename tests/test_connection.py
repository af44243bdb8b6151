"""Half-open connections: whoever stops half-way is cut off, and nobody else notices."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import uvicorn

from assistant.api import configuration
from assistant.serving import connection, middleware
from tests.serving import raw

HEAD = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
LARGE = b"x" * (32 << 20)
"""More than the kernel takes in on behalf of a client that does not read."""

finished = threading.Event()


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Read the body, then answer; what is said of /large is large."""
    while (message := await receive())["type"] == "http.request" and message["more_body"]:
        pass
    body = LARGE if scope["path"] == "/large" else b"well"
    length = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
    finished.set()


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Run a server as ours is configured, with little patience; return its port."""
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    monkeypatch.setattr(connection, "TAKE_SECONDS", 0.2)
    monkeypatch.setattr(middleware, "BODY_SECONDS", 0.2)
    finished.clear()
    envelope: Any = middleware.Envelope(app, 1 << 20, {}, lambda *_: None)
    config = configuration(envelope, "127.0.0.1", 0)
    config.lifespan = "off"
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=[[listening]])
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(60)


def rest(one: socket.socket) -> bytes:
    """Return what still comes before the server hangs up."""
    one.settimeout(20)
    got = b""
    try:
        while piece := one.recv(65_536):
            got += piece
    except ConnectionResetError:
        pass
    return got


@pytest.mark.parametrize("sent", ["", "\r\n", "POST", HEAD])
def test_a_head_that_never_ends_is_cut_off(port: int, sent: str) -> None:
    """Nothing, a word, headers without an end: all have one time limit, and others are served."""
    with raw(port, sent) as one:
        assert httpx.get(f"http://127.0.0.1:{port}/").text == "well"
        assert rest(one) == b""


def test_half_of_a_further_request_is_cut_off(port: int) -> None:
    """A connection that was good for one request has no more patience for the next."""
    with raw(port, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n") as one:
        assert one.recv(65_536).startswith(b"HTTP/1.1 200")
        one.sendall(b"GET /hea")
        assert b"HTTP/1.1" not in rest(one)


def test_headers_that_never_end_fill_no_memory(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past 32 KiB of headers the answer is 400, and the connection ends."""
    monkeypatch.setattr(connection, "HEAD_SECONDS", 60)
    with raw(port, HEAD) as one:
        # The last line is the one too many: what is sent after a refusal would hide it.
        for number in range(33):
            one.sendall(b"X-%d: %s\r\n" % (number, b"x" * 1_000))
        assert rest(one).startswith(b"HTTP/1.1 400")


def test_a_body_that_trickles_is_refused(port: int) -> None:
    """A byte now and then does not buy more time: 408, and the connection ends."""
    with raw(port, f"{HEAD}Content-Length: 1000\r\n\r\n") as one:
        one.settimeout(0.05)
        got = b""
        while not got:
            one.sendall(b" ")
            try:
                got = one.recv(65_536)
            except TimeoutError:
                continue
        got += rest(one)
    assert got.startswith(b"HTTP/1.1 408")
    assert b'"retryable":true' in got


def test_a_client_that_never_reads_is_cut_off(port: int) -> None:
    """What nobody takes is thrown away, and whoever was sending it goes on."""
    with raw(port, "GET /large HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n") as one:
        assert finished.wait(20)
        assert len(rest(one)) < len(LARGE)


def test_a_client_that_reads_slowly_gets_everything(port: int) -> None:
    """Only standing still is cut off."""
    got, pieces = 0, 0
    with raw(port, "GET /large HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n") as one:
        while piece := one.recv(2 << 20, socket.MSG_WAITALL):
            got, pieces = got + len(piece), pieces + 1
            time.sleep(0.03)
    assert got > len(LARGE)
    assert pieces * 0.03 > connection.TAKE_SECONDS
