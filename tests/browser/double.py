"""A stand-in for `footnote serve` that says what a test tells it to: slowly, brokenly, hostilely.

    with Double() as double:
        double.answers["why?"] = [sentence("Because.", cites(1)), answer(...)]
        double.pages["/page"] = Page("<footnote-chat …>")

It speaks the widget's protocol and serves the widget's own files and whatever pages a test needs.
tests/browser/test_contract.py holds it to the real server.
"""

import json
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

WIDGET = Path(__file__).parents[2] / "assistant" / "widget"
TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html; charset=utf-8"}
Step = tuple[str, Any]
"""What an answer is made of: ("sentence" | "answer" | "error", data) is an event, ("wait", a
threading.Event) holds the stream until it is set, ("break", None) ends it without a word, and
("status", (code, body, headers)), first, refuses."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a publisher's, with what HTTP says about it."""

    html: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Double:
    """The server; `asked` and `rated` are the bodies sent to it, `sessions` counts those opened,
    `renewed` has the tokens that were shown for a new one.
    """

    site: str = "test"
    origins: set[str] = field(default_factory=set)
    suggestions: list[str] = field(default_factory=list)
    answers: dict[str, list[Step]] = field(default_factory=dict)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    rated: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    sessions: int = 0
    renewed: list[str] = field(default_factory=list)
    expired: set[str] = field(default_factory=set)
    ends_in: float = 3600.0
    origin: str = ""
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        """Listen on a free port; `origin` says where."""
        handler = type("Handler", (_Handler,), {"double": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.origins.add(self.origin)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    double: Double

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  the base's name
        """Keep the test's output clean."""

    def do_OPTIONS(self) -> None:
        """Answer a browser that asks before it sends."""
        self._send(204, b"", {})

    def do_GET(self) -> None:
        """Serve pages, the widget's files and documents."""
        path = unquote(self.path.partition("?")[0])
        self.double.paths.append(path)
        if page := self.double.pages.get(path):
            self._send(200, page.html.encode(), {"Content-Type": TYPES[".html"], **page.headers})
        elif path == "/" or path.startswith("/widget/"):
            self._file(path.removeprefix("/").removeprefix("widget/") or "demo.html")
        elif path.startswith("/v1/documents/"):
            self._document(path.removeprefix("/v1/documents/"))
        else:
            self._refuse(404, "not_found")

    def do_POST(self) -> None:
        """Open sessions, answer questions and take feedback."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.double.paths.append(self.path)
        if self.path == f"/v1/sites/{self.double.site}/session":
            self._session()
        elif self.path == "/v1/ask" and self._may():
            self.double.asked.append(json.loads(body))
            self._answer(self.double.asked[-1]["question"])
        elif self.path == "/v1/feedback" and self._may():
            self.double.rated.append(json.loads(body))
            self._send(204, b"", {})
        elif self.path not in {"/v1/ask", "/v1/feedback"}:
            self._refuse(404, "not_found")

    def _session(self) -> None:
        if self.headers.get("Origin", self.double.origin) not in self.double.origins:
            self._refuse(403, "wrong_origin")
            return
        self.double.sessions += 1
        if token := self.headers.get("Authorization"):
            self.double.renewed.append(token)
        end = time.gmtime(time.time() + self.double.ends_in)
        session = {
            "token": f"token-{self.double.sessions}",
            "expires_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", end),
            "suggestions": self.double.suggestions,
        }
        self._json(200, session)

    def _may(self) -> bool:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        good = token.startswith("token-") and token not in self.double.expired
        if not good:
            self._refuse(401, "unauthorized")
        return good

    def _document(self, name: str) -> None:
        if not self._may():
            return
        if name in self.double.documents:
            self._json(200, self.double.documents[name])
        else:
            self._refuse(404, "not_found")

    def _answer(self, question: str) -> None:
        steps = self.double.answers.get(question, [])
        if steps and steps[0][0] == "status":
            code, body, headers = steps[0][1]
            self._json(code, body, headers)
            return
        self.send_response(200)
        self._head({"Content-Type": "text/event-stream"})
        self.end_headers()
        try:
            for number, step in enumerate(steps, 1):
                if not self._step(number, *step):
                    return
        except OSError:
            return  # the reader has left

    def _step(self, number: int, kind: str, data: Any) -> bool:
        if kind == "break":
            return False
        if kind == "wait":
            while not data.wait(0.2):
                self.wfile.write(b": heartbeat\n\n")
            return True
        event = f"event: {kind}\nid: {number}\ndata: {json.dumps(data)}\n\n"
        self.wfile.write(event.encode())
        self.wfile.flush()
        return True

    def _file(self, name: str) -> None:
        file = WIDGET / Path(name).name
        if file.is_file():
            kind = {"Content-Type": TYPES[file.suffix], "Access-Control-Allow-Origin": "*"}
            self._send(200, file.read_bytes(), kind)
        else:
            self._refuse(404, "not_found")

    def _refuse(self, code: int, name: str) -> None:
        error = {"code": name, "message": name, "request_id": "r1", "retryable": code >= 429}
        self._json(code, {"error": error})

    def _json(self, code: int, body: Any, headers: dict[str, str] | None = None) -> None:
        kind = {"Content-Type": "application/json", **(headers or {})}
        self._send(code, json.dumps(body).encode(), kind)

    def _send(self, code: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(code)
        self._head({"Content-Length": str(len(body)), **headers})
        self.end_headers()
        self.wfile.write(body)

    def _head(self, headers: dict[str, str]) -> None:
        origin = self.headers.get("Origin", "")
        if origin in self.double.origins:
            headers = {
                "Access-Control-Allow-Origin": origin,
                "Access-Control-Allow-Headers": "Authorization, Content-Type",
                "Access-Control-Expose-Headers": "Retry-After",
                **headers,
            }
        for name, value in headers.items():
            self.send_header(name, value)


def citation(number: int, document: dict[str, Any], quote: str, **more: Any) -> dict[str, Any]:
    """Return a footnote to `quote`, where it stands in `document`."""
    start = document["text"].index(quote)
    section = next(
        (s["heading"] for s in document["sections"] if s["start"] <= start < s["end"]), ""
    )
    return {
        "number": number,
        "document_id": document["id"],
        "title": document["title"],
        "source": document["source"],
        "start": start,
        "end": start + len(quote),
        "quote": quote,
        "section": section or None,
        "page": None,
        **more,
    }


def sentence(text: str, *numbers: int, lead: str = "") -> dict[str, Any]:
    """Return one sentence of an answer, citing `numbers`."""
    kind = "claim" if numbers else "remark"
    support = 1.0 if numbers else None
    cited = list(numbers)
    return {"text": text, "kind": kind, "citations": cited, "support": support, "lead": lead}


def answer(
    sentences: Iterable[dict[str, Any]] = (),
    citations: Iterable[dict[str, Any]] = (),
    outcome: str = "answered",
    **more: Any,
) -> dict[str, Any]:
    """Return an Answer as JSON."""
    return {
        "id": "a1",
        "outcome": outcome,
        "reason": None,
        "question": "?",
        "standalone_question": "?",
        "text": "",
        "sentences": list(sentences),
        "citations": list(citations),
        "withheld": 0,
        "closest": [],
        "writer": "quote",
        "model": None,
        "prompt": None,
        "index": "i1",
        "timings_ms": {},
        "usage": None,
        **more,
    }


def told(
    sentences: list[dict[str, Any]], citations: list[dict[str, Any]], **more: Any
) -> list[Step]:
    """Return the steps of an answer that goes well: each sentence, then the Answer."""
    first: set[int] = set()
    steps: list[Step] = []
    for one in sentences:
        new = [c for c in citations if c["number"] in one["citations"]]
        new = [c for c in new if c["number"] not in first]
        first |= {c["number"] for c in new}
        steps.append(("sentence", {"sentence": one, "citations": new}))
    whole = answer(sentences, citations, **more)
    return [*steps, ("answer", {"answer": whole, "conversation_id": "c1"})]
