"""A local server that speaks the streaming protocols of OpenAI and of Anthropic, as scripted.

    with serving(Script("openai", ["It ", "sank."])) as server: …server.url…server.requests

The frames are made after the providers' own documentation; the clients are their own packages.
"""

import json
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Script:
    """One reply. `frames`, when given, are sent in place of well-formed ones made of `pieces`."""

    protocol: str = "openai"
    pieces: Sequence[str] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    finish: str | None = "stop"
    frames: Sequence[str] | None = None
    first_pause: float = 0.0
    pause: float = 0.0
    hang_up: bool = False

    def body(self) -> list[str]:
        """Return the frames of the stream."""
        if self.frames is not None:
            return list(self.frames)
        return _openai(self) if self.protocol == "openai" else _anthropic(self)


class Server:
    """What a running server knows: its `url`, the `requests` it was sent, who left early."""

    def __init__(self, url: str, scripts: Sequence[Script]) -> None:
        self.url = url
        self.scripts = deque(scripts)
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.left = threading.Event()


@contextmanager
def serving(*scripts: Script) -> Iterator[Server]:
    """Serve `scripts`, one for each request; the last one again for any more."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http.daemon_threads = True
    server = Server(f"http://127.0.0.1:{http.server_port}", scripts)
    http.told = server  # type: ignore[attr-defined]  # where the handler finds it
    thread = threading.Thread(target=http.serve_forever, args=[0.05], daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Replies as scripted."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server: Server = self.server.told  # type: ignore[attr-defined]
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        server.requests.append(json.loads(sent))
        server.keys.append(self.headers.get("Authorization") or self.headers["x-api-key"])
        script = server.scripts[0]
        if len(server.scripts) > 1:
            server.scripts.popleft()
        try:
            self._reply(script)
        except OSError:
            server.left.set()

    def _reply(self, script: Script) -> None:
        if script.status != 200:
            self._refuse(script)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        time.sleep(script.first_pause)
        for frame in script.body():
            data = frame.encode()
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()
            time.sleep(script.pause)
        if script.hang_up:
            self.close_connection = True
            self.connection.close()
            return
        self.wfile.write(b"0\r\n\r\n")

    def _refuse(self, script: Script) -> None:
        told = json.dumps({"error": {"message": "no, sk-secret12345678", "type": "refused"}})
        self.send_response(script.status)
        for name, value in script.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(told)))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(told.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name
        """Say nothing."""


def _openai(script: Script) -> list[str]:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return _data(
            {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
            | {"choices": [choice]}
        )

    frames = [chunk({"role": "assistant", "content": ""})]
    frames += [chunk({"content": piece}) for piece in script.pieces]
    if script.finish:
        frames.append(chunk({}, script.finish))
        usage = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
        frames.append(
            _data(
                {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
                | {"choices": [], "usage": usage}
            )
        )
        frames.append("data: [DONE]\n\n")
    return frames


def _anthropic(script: Script) -> list[str]:
    def event(kind: str, **fields: Any) -> str:
        return f"event: {kind}\n" + _data({"type": kind, **fields})

    message: dict[str, Any] = {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
    }
    message |= {"stop_reason": None, "stop_sequence": None}
    message |= {"usage": {"input_tokens": 11, "output_tokens": 1}}
    frames = [
        event("message_start", message=message),
        event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        event("ping"),
    ]
    for piece in script.pieces:
        delta = {"type": "text_delta", "text": piece}
        frames.append(event("content_block_delta", index=0, delta=delta))
    if script.finish:
        reason = {"stop": "end_turn", "length": "max_tokens"}.get(script.finish, script.finish)
        frames.append(event("content_block_stop", index=0))
        frames.append(
            event(
                "message_delta",
                delta={"stop_reason": reason, "stop_sequence": None},
                usage={"input_tokens": 11, "output_tokens": 5},
            )
        )
        frames.append(event("message_stop"))
    return frames


def _data(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value)}\n\n"
