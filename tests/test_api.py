"""The HTTP API answers as every other channel does, refuses in one shape, and holds under load."""

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.answer import Answer
from assistant.ask import Assistant
from assistant.serving import answers
from assistant.serving.schemas import AnswerModel
from assistant.serving.widget import ENTRY, WIDGET
from tests.serving import QUESTION, Scripted, Server, raw, raw_ask, running

SECONDS = 60


@pytest.fixture(scope="module")
def server(
    bundled_assistant: Assistant, cache_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Return a server on the bundled article, open to this machine."""
    assert bundled_assistant.searcher.generation
    with running(tmp_path_factory.mktemp("api"), cache_folder) as one:
        yield one


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    """Return a client of that server."""
    with httpx.Client(base_url=server.url, timeout=SECONDS) as one:
        yield one


@pytest.fixture
def scripted(bundled_assistant: Assistant, cache_folder: Path, tmp_path: Path) -> Iterator[Any]:
    """Return a server whose writer waits to be told, and the writer; one answer at a time."""
    assert bundled_assistant.searcher.generation
    writer = Scripted()
    with running(tmp_path, cache_folder, writer=writer, max_answering=1, max_waiting=0) as one:
        yield one, writer
        writer.say(30)


def same(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without what differs each time."""
    return {key: value for key, value in answer.items() if key not in {"id", "timings_ms"}}


def sent_events(text: str) -> list[tuple[str, int, dict[str, Any]]]:
    """Read server-sent events: (name, id, data)."""
    found = []
    for block in text.split("\n\n"):
        told = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if told:
            found.append((told["event"], int(told["id"]), json.loads(told["data"])))
    return found


def refused(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check that a response refuses in the one shape, and return its error."""
    assert response.status_code == status, response.text
    (error,) = response.json().values()
    assert set(error) == {"code", "message", "request_id", "retryable"}
    assert error["code"] == code
    assert error["request_id"] == response.headers["x-request-id"]
    return dict(error)


def test_an_answer_is_the_one_that_python_gets(
    client: httpx.Client, bundled_assistant: Assistant
) -> None:
    """`POST /v1/ask` gives Answer.to_dict(), to the last footnote."""
    response = client.post("/v1/ask", json={"question": QUESTION})
    ours = json.loads(json.dumps(bundled_assistant.ask(QUESTION).to_dict()))
    assert same(response.json()) == same(ours)
    assert response.headers["x-conversation-id"]
    assert Answer.from_dict(response.json()).citations


def test_a_stream_brings_the_sentences_and_then_the_same_answer(client: httpx.Client) -> None:
    """Events are numbered; the sentences' texts and citations are those of the Answer."""
    whole = client.post("/v1/ask", json={"question": QUESTION}).json()
    streamed = client.post(
        "/v1/ask", json={"question": QUESTION}, headers={"Accept": "text/event-stream"}
    )
    assert streamed.headers["content-type"].startswith("text/event-stream")
    told = sent_events(streamed.text)
    assert [number for _, number, _ in told] == list(range(1, len(told) + 1))
    assert [data["sentence"] for name, _, data in told if name == "sentence"] == whole["sentences"]
    cited = [c for name, _, data in told if name == "sentence" for c in data["citations"]]
    assert cited == whole["citations"]
    name, _, last = told[-1]
    assert name == "answer"
    assert same(last["answer"]) == same(whole)
    assert client.get(f"/v1/conversations/{last['conversation_id']}").status_code == 200


def test_a_stream_is_asked_again_and_not_resumed(client: httpx.Client) -> None:
    """Whoever names the last event they saw gets the whole answer anew, from its first event on."""
    headers = {"Accept": "text/event-stream", "Last-Event-ID": "2"}
    told = sent_events(client.post("/v1/ask", json={"question": QUESTION}, headers=headers).text)
    assert [number for _, number, _ in told] == list(range(1, len(told) + 1))
    sentences = [data["sentence"] for name, _, data in told if name == "sentence"]
    assert sentences == told[-1][2]["answer"]["sentences"]


def test_declining_is_an_answer(client: httpx.Client) -> None:
    """What the documents do not hold gives 200 with the outcome and its reason."""
    response = client.post("/v1/ask", json={"question": "how do I bake sourdough bread?"})
    assert response.status_code == 200
    assert (response.json()["outcome"], response.json()["citations"]) == ("declined", [])
    assert client.post("/v1/ask", json={"question": " "}).json()["reason"] == "empty_question"


def test_a_conversation_goes_on_is_read_and_is_deleted(client: httpx.Client) -> None:
    """A follow-up leans on the conversation that it names; deleted, it is not there any more."""
    first = client.post("/v1/ask", json={"question": "how many times did Abe meet Putin?"})
    kept = first.headers["x-conversation-id"]
    second = client.post(
        "/v1/ask", json={"question": "why did he court him?", "conversation_id": kept}
    )
    assert second.headers["x-conversation-id"] == kept
    assert second.json()["standalone_question"] != "why did he court him?"
    read = client.get(f"/v1/conversations/{kept}").json()
    assert read == {"id": kept, "answers": [first.json(), second.json()]}
    assert client.delete(f"/v1/conversations/{kept}").status_code == 204
    refused(client.get(f"/v1/conversations/{kept}"), 404, "not_found")
    refused(client.delete(f"/v1/conversations/{kept}"), 404, "not_found")


def test_a_client_that_keeps_its_own_history_leaves_nothing_behind(client: httpx.Client) -> None:
    """`history` is used and no conversation is kept; both at once make no sense."""
    turns = [
        {"role": "user", "content": "how many times did Abe meet Putin?"},
        {"role": "assistant", "content": "Twenty-seven times."},
    ]
    body = {"question": "why did he court him?", "history": turns}
    response = client.post("/v1/ask", json=body)
    assert response.json()["standalone_question"] != "why did he court him?"
    assert "x-conversation-id" not in response.headers
    refused(client.post("/v1/ask", json={**body, "conversation_id": "x"}), 400, "invalid_request")


def test_feedback_is_tied_to_an_answer(server: Server, client: httpx.Client) -> None:
    """A rating is kept with its answer; an answer that there is not cannot be rated."""
    answer = client.post("/v1/ask", json={"question": QUESTION}).json()
    body = {"answer_id": answer["id"], "rating": "down", "reason": "incomplete", "comment": "why?"}
    assert client.post("/v1/feedback", json=body).status_code == 204
    kept = [
        one for one in server.service.desk.conversations.feedback() if one.answer.id == answer["id"]
    ]
    assert [(one.rating, one.reason, one.comment) for one in kept] == [
        ("down", "incomplete", "why?")
    ]
    refused(client.post("/v1/feedback", json={**body, "answer_id": "0" * 32}), 404, "not_found")
    refused(client.post("/v1/feedback", json={**body, "rating": "meh"}), 422, "invalid_request")


def test_what_is_found_and_what_is_cited_can_be_read(
    client: httpx.Client, bundled_assistant: Assistant
) -> None:
    """Search gives ranked passages, and every citation is a slice of the document served."""
    found = client.get("/v1/search", params={"q": "economic cooperation", "k": 3}).json()
    hits = bundled_assistant.searcher.search("economic cooperation", 3)
    assert [hit["text"] for hit in found["hits"]] == [hit.passage.text for hit in hits]
    (listed,) = client.get("/v1/documents").json()["documents"]
    document = client.get(f"/v1/documents/{listed['id']}").json()
    assert listed["characters"] == len(document["text"])
    for citation in client.post("/v1/ask", json={"question": QUESTION}).json()["citations"]:
        assert document["text"][citation["start"] : citation["end"]] == citation["quote"]
        assert any(s["start"] <= citation["start"] < s["end"] for s in document["sections"])
    assert client.get("/v1/documents", params={"offset": 1}).json()["documents"] == []
    refused(client.get("/v1/documents/nothing"), 404, "not_found")


def test_every_error_has_one_shape(client: httpx.Client) -> None:
    """Whatever goes wrong is told with a code, a message and the request's id."""
    text = {"Content-Type": "application/json"}
    refused(client.get("/no/such/path"), 404, "not_found")
    refused(client.get("/v1/ask"), 405, "method_not_allowed")
    refused(client.post("/v1/ask", json={}), 422, "invalid_request")
    refused(client.post("/v1/ask", content=b"{", headers=text), 422, "invalid_request")
    refused(client.post("/v1/ask", json={"question": 3}), 422, "invalid_request")
    refused(client.post("/v1/ask", json={"question": "a", "histroy": []}), 422, "invalid_request")
    refused(client.post("/v1/ask", json={"question": "a" * 2_001}), 413, "too_large")
    none = {"q": "economic cooperation", "source": "*.pdf"}
    assert client.get("/v1/search", params=none).json()["hits"] == []
    refused(client.get("/v1/search", params={"q": "a", "k": 0}), 422, "invalid_request")
    later = {"q": "treaty", "where": "since=2999"}
    assert client.get("/v1/search", params=later).json()["hits"] == []
    none = {"q": "a", "where": "since=May"}
    refused(client.get("/v1/search", params=none), 400, "invalid_request")
    named = client.get("/nothing", headers={"X-Request-Id": "mine-1234"})
    assert refused(named, 404, "not_found")["request_id"] == "mine-1234"
    forged = client.get("/nothing", headers={"X-Request-Id": "a b\tc" * 9})
    assert refused(forged, 404, "not_found")["request_id"].isalnum()


def test_a_body_that_is_too_large_is_refused(server: Server, client: httpx.Client) -> None:
    """Neither a declared length nor one that only shows while it arrives gets past the limit."""
    headers = {"Content-Type": "application/json"}
    large = b'{"question": "' + b"a" * (1 << 20) + b'"}'
    refused(client.post("/v1/ask", content=large, headers=headers), 413, "too_large")
    pieces = iter([large[:500_000], large[500_000:]])
    refused(client.post("/v1/ask", content=pieces, headers=headers), 413, "too_large")
    assert client.get("/healthz").status_code == 200
    assert server.service.desk.gate.admitted == 0


def test_operators_see_counts_and_no_words(client: httpx.Client) -> None:
    """Metrics count outcomes, reasons and stages, and hold nothing of what was asked."""
    client.post("/v1/ask", json={"question": "zygomorphic questions about xylophones?"})
    text = client.get("/metrics").text
    assert 'footnote_answers_total{outcome="declined",reason="not_in_documents"}' in text
    assert 'footnote_stage_seconds_bucket{le="0.001",stage="search"}' in text
    assert 'footnote_http_requests_total{route="/v1/ask",status="200"}' in text
    assert "footnote_waiting 0.0" in text
    assert "xylophone" not in text
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json()["status"] == "ready"


def test_the_description_is_complete(client: httpx.Client) -> None:
    """Each route is in OpenAPI with its errors, and an Answer's model has the Answer's fields."""
    description = client.get("/openapi.json").json()
    operations = [o for path in description["paths"].values() for o in path.values()]
    assert all("summary" in o and o["responses"] for o in operations)
    guarded = [o for o in operations if "401" in o["responses"]]
    assert len(guarded) == len(operations) - 2, "only health and readiness need nobody's leave"
    assert set(AnswerModel.model_fields) == {field.name for field in fields(Answer)}
    answer = client.post("/v1/ask", json={"question": QUESTION}).json()
    assert AnswerModel.model_validate(answer).model_dump() == answer


def test_the_widgets_files_are_served_and_nothing_else(client: httpx.Client) -> None:
    """A file comes with its type, a tag and a strict policy, compressed to whoever takes that.

    Other paths lead nowhere.
    """
    tags = set()
    for encoding in ("gzip", "identity"):
        accepting = {"Accept-Encoding": encoding}
        script = client.get("/widget.js", headers=accepting)
        assert script.headers.get("content-encoding", "identity") == encoding
        assert script.headers["vary"] == "Accept-Encoding"
        assert script.content == (WIDGET / ENTRY).read_bytes()
        assert script.headers["content-type"].startswith("text/javascript")
        assert "unsafe" not in script.headers["content-security-policy"]
        known = {"If-None-Match": script.headers["etag"], **accepting}
        assert client.get("/widget.js", headers=known).status_code == 304
        tags.add(script.headers["etag"])
    assert len(tags) == 2
    for path in ("/../settings.py", "/%2e%2e%2fsettings.py", "/widget/..%2f..%2fcli.py", "/a.py"):
        response = client.get(path)
        assert response.status_code in {404, 422}, path
        assert set(response.json()) == {"error"}


def test_a_client_that_leaves_cancels_its_question(scripted: tuple[Server, Scripted]) -> None:
    """Both for JSON and for a stream, nobody works on for a reader that is gone."""
    server, writer = scripted
    for accept in ("application/json", "text/event-stream"):
        writer.started.clear()
        writer.left.clear()
        asked = raw_ask(server.port, accept=accept)
        assert writer.started.wait(SECONDS)
        asked.close()
        assert writer.left.wait(SECONDS)
        until(lambda: server.service.desk.gate.admitted == 0)


def test_a_full_queue_says_when_to_come_again(scripted: tuple[Server, Scripted]) -> None:
    """What does not fit is refused at once with 429, and readiness says so too."""
    server, writer = scripted
    with raw_ask(server.port):
        assert writer.started.wait(SECONDS)
        response = httpx.post(f"{server.url}/v1/ask", json={"question": QUESTION})
        assert refused(response, 429, "busy")["retryable"]
        assert int(response.headers["retry-after"]) >= 1
        refused(httpx.get(f"{server.url}/readyz"), 503, "busy")
        # Nothing of it was read: what would have been refused otherwise costs no more than that.
        refused(httpx.post(f"{server.url}/v1/ask", content=b"{"), 429, "busy")
        counted = 'footnote_http_requests_total{route="/v1/ask",status="429"} 2.0'
        assert counted in httpx.get(f"{server.url}/metrics").text


def test_a_quiet_stream_is_kept_alive(
    scripted: tuple[Server, Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While nothing is said a comment is sent, and the events after it are whole."""
    server, writer = scripted
    monkeypatch.setattr(answers, "HEARTBEAT_SECONDS", 0.02)
    headers = {"Accept": "text/event-stream"}
    body = {"question": QUESTION}
    with httpx.stream("POST", f"{server.url}/v1/ask", json=body, headers=headers) as response:
        text = ""
        for piece in response.iter_text():
            text += piece
            if ": heartbeat\n\n" in text:
                writer.say(3)
    assert [name for name, _, _ in sent_events(text)] == ["sentence"] * 3 + ["answer"]


def test_stopping_finishes_what_was_begun(scripted: tuple[Server, Scripted]) -> None:
    """A stream under way gets its answer after the server was told to stop; then it is down."""
    server, writer = scripted
    headers = {"Accept": "text/event-stream"}
    body = {"question": QUESTION}
    with httpx.stream("POST", f"{server.url}/v1/ask", json=body, headers=headers) as response:
        assert writer.started.wait(SECONDS)
        server.begin_to_stop()
        until(lambda: not listens(server.port))
        writer.say(3)
        told = sent_events("".join(response.iter_text()))
    assert [name for name, _, _ in told] == ["sentence"] * 3 + ["answer"]
    server.stop()


def test_slow_readers_do_not_stall_the_others(server: Server, client: httpx.Client) -> None:
    """A hundred who ask and do not read hold no place in the queue that others need."""
    held = [raw_ask(server.port) for _ in range(60)]
    idle = [raw(server.port, "POST /v1/ask HTTP/1.1\r\n") for _ in range(40)]
    try:
        until(lambda: server.service.desk.gate.admitted == 0)
        answer = client.post("/v1/ask", json={"question": QUESTION}).json()
        assert answer["outcome"] == "answered"
    finally:
        for one in (*held, *idle):
            one.close()


def until(holds: Any) -> None:
    """Wait until `holds()` is true."""
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, "this did not come about"
        time.sleep(0.01)


def listens(port: int) -> bool:
    """Tell whether somebody accepts connections on `port`."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
