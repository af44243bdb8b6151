"""Logs: one event for each request with all there is to tell of it, and no word that was said."""

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.ask import Assistant
from assistant.logs import LogOptions, configure, formatter
from assistant.notes import note, noting
from index.errors import LoadError
from tests.command import loggers_as_they_were
from tests.serving import QUESTION, Scripted, raw_ask, running
from tests.test_api import until


@contextmanager
def logged(**options: Any) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Log as a command does; yield what reads the events that were logged. Undone at the end."""
    stream = io.StringIO()
    with loggers_as_they_were():
        configure(LogOptions(**options), stream)
        yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def line_of(record: logging.LogRecord, chosen: Any = "json", *, text: bool = False) -> str:
    """Return what a record is written as."""
    return formatter(chosen, text=text).format(record)


def record(message: str, *args: object, **facts: object) -> logging.LogRecord:
    """Return a record."""
    made = logging.LogRecord("footnote", logging.INFO, "a.py", 1, message, args, None)
    made.facts = facts
    return made


def test_a_question_is_one_event(
    bundled_assistant: Assistant, cache_folder: Path, tmp_path: Path
) -> None:
    """It has the ids, what came of it, how long each step took, and not a word of it."""
    assert bundled_assistant.searcher.generation
    with logged() as events, running(tmp_path, cache_folder) as server:
        httpx.post(
            f"{server.url}/v1/ask",
            json={"question": QUESTION, "xylophone": 1},
            headers={"X-Request-Id": "mine-12345", "Authorization": "Bearer wrong-but-secret"},
            timeout=60,
        )
        asked = {"question": "how do I bake xylophone bread?"}
        httpx.post(f"{server.url}/v1/ask", json=asked, timeout=60)
        httpx.get(f"{server.url}/v1/search?q=xylophone")
    told = events()
    refused, declined = (one for one in told if one.get("route") == "/v1/ask")
    assert (refused["request_id"], refused["code"]) == ("mine-12345", "invalid_request")
    assert declined.keys() >= {"answer_id", "conversation_id", "timestamp", "level", "ms", "hits"}
    about = {key: declined[key] for key in ("outcome", "reason", "writer", "status", "withheld")}
    assert about == {
        "outcome": "declined",
        "reason": "not_in_documents",
        "writer": "quote",
        "status": 200,
        "withheld": 0,
    }
    assert declined["timings_ms"]["total"] > 0
    assert not re.search(r"xylophone|bread|wrong-but-secret|Abe", json.dumps(told))
    assert {"footnote.http", "uvicorn.error"} <= {one["logger"] for one in told}


def test_words_are_logged_only_where_that_is_set(
    bundled_assistant: Assistant, cache_folder: Path, tmp_path: Path
) -> None:
    """FOOTNOTE_LOG_TEXT adds the question, how it was understood, and the answer."""
    assert bundled_assistant.searcher.generation
    with logged(text=True) as events, running(tmp_path, cache_folder, log_text=True) as server:
        asked = httpx.post(f"{server.url}/v1/ask", json={"question": QUESTION}, timeout=60).json()
    (told,) = (one for one in events() if one.get("route") == "/v1/ask")
    assert (told["question"], told["answer"]) == (QUESTION, asked["text"][: len(told["answer"])])
    assert told["answer_id"] == asked["id"]


def test_a_client_that_leaves_is_told_as_one_that_left(
    bundled_assistant: Assistant, cache_folder: Path, tmp_path: Path
) -> None:
    """Its request's event says so, and nothing is logged as a defect."""
    assert bundled_assistant.searcher.generation
    writer = Scripted()
    with logged() as events, running(tmp_path, cache_folder, writer=writer) as server:
        for accept in ("text/event-stream", "application/json"):
            writer.started.clear()
            asked = raw_ask(server.port, accept=accept)
            assert writer.started.wait(60)
            asked.close()
            until(lambda: server.service.desk.gate.admitted == 0)
    told = events()
    assert [one.get("cancelled") for one in told if one["event"] == "request"] == [True, True]
    assert [one for one in told if one["level"] == "error"] == []


def test_what_is_logged_meanwhile_carries_the_requests_id() -> None:
    """Any line of any library can be joined to the request that it was written in."""
    with logged() as events:
        with noting(request_id="r1", trace_id="t1", other=1):
            logging.getLogger("chromadb").warning("slow")
            note(status=200)
        (line,) = events()
    assert (line["request_id"], line["trace_id"], line["logger"]) == ("r1", "t1", "chromadb")
    assert "other" not in line


def test_no_library_is_heard_at_debug() -> None:
    """At DEBUG the clients of Slack and of models would log whole payloads."""
    with logged(level="debug") as events:
        logging.getLogger("openai").debug("a payload")
        logging.getLogger("slack_bolt.App").info("a payload")
        logging.getLogger("footnote").debug("ours")
        assert [one["event"] for one in events()] == ["ours"]


MAKING = [formatter("json"), formatter("text")]


@given(st.text(max_size=60))
@settings(max_examples=50)
def test_a_value_never_leaves_its_line(text: str) -> None:
    """Newlines, escapes and what turns text around neither end a line nor reach a terminal."""
    for made in MAKING:
        line = made.format(record("said %s", text, path=text, nested={"a": [text]}))
        assert len(line.splitlines()) == 1
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", line)


def test_a_value_cannot_look_like_another_field() -> None:
    """On a terminal, too, strings stand in quotation marks."""
    line = line_of(record("request", path="/a status=200"), "text")
    assert "path='/a status=200'" in line


@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-1234-abcdef",
        "xapp-1-A2-345-deadbeef",
        "fn_" + "a1B2" * 10,
        "sk-proj-abcdefgh12345",
        "Bearer something.that.is.long",
        "postgresql://anna:hunter2@db.example.com/kept",
        "wss://slack.example.com/link/?ticket=hunter2-and-more",
    ],
)
def test_a_secret_is_not_logged_whoever_logs_it(secret: str) -> None:
    """Tokens, keys and passwords in addresses are masked, in messages and in facts."""
    line = line_of(record("connecting with %s", secret, url=[secret]))
    hidden = re.sub(r"^(Bearer |\w+://(?:anna:)?(?:slack\S+ticket=)?)", "", secret).split("@")[0]
    assert hidden not in line
    assert "\\u2026" in line


def failing(error: Exception) -> logging.LogRecord:
    """Return a record of an error that was raised."""
    try:
        raise error
    except type(error) as raised:
        made = record("broken")
        made.exc_info = (type(raised), raised, raised.__traceback__)
    return made


def test_an_exception_is_told_without_its_words() -> None:
    """Where it came from and what it is; what it quotes only with FOOTNOTE_LOG_TEXT, ours aside."""
    foreign = failing(KeyError("what was asked\nfootnote: forged"))
    told = json.loads(line_of(foreign))["exception"].splitlines()
    assert told[-1] == "KeyError"
    assert told[-2].endswith("in failing")
    shown = line_of(foreign, "text", text=True)
    assert all(line.startswith("  | ") for line in shown.splitlines()[1:])
    assert "what was asked" in shown
    ours = failing(LoadError("the file is locked"))
    assert json.loads(line_of(ours))["exception"].endswith("LoadError: the file is locked")


def test_a_terminal_gets_text_and_a_pipe_gets_json() -> None:
    """Unless FOOTNOTE_LOG_FORMAT says otherwise."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    with loggers_as_they_were():
        assert configure(LogOptions(), Terminal()) == "text"
        assert configure(LogOptions(), io.StringIO()) == "json"
        assert configure(LogOptions("json"), Terminal()) == "json"
