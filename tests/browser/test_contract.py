"""The stand-in server against the real one: what the widget relies on is the same in both."""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.browser.article import QUESTION
from tests.browser.double import Double, Page
from tests.browser.test_chat import expect
from tests.command import run
from tests.serving import Server, running
from tests.source import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

OFF_TOPIC = "who won the cup?"


@pytest.fixture(scope="module")
def real(
    bundled_assistant: object, cache_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Return a real server on the bundled article."""
    assert bundled_assistant
    with running(tmp_path_factory.mktemp("served"), cache_folder) as server:
        yield server


def shape(value: Any) -> Any:
    """Return the names and kinds of a JSON value; an empty list and None fit anything."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def missing(double: Any, real: Any, place: str = "") -> list[str]:
    """Return what the stand-in says and the real server does not; more of the real is allowed."""
    if double in ([], "NoneType") or real in ([], "NoneType"):
        return []
    if isinstance(double, dict) and isinstance(real, dict):
        absent = [f"{place}.{key}" for key in double if key not in real]
        known = [key for key in double if key in real]
        return absent + [m for k in known for m in missing(double[k], real[k], f"{place}.{k}")]
    if isinstance(double, list) and isinstance(real, list):
        return missing(double[0], real[0], f"{place}[]")
    return [] if double == real else [f"{place}: {double} is {real}"]


def said(base: str, site: str) -> dict[str, Any]:
    """Go through what the widget does and return the shape of every reply."""
    origin = {"Origin": base}
    found: dict[str, Any] = {}
    with httpx.Client(base_url=base, headers=origin, timeout=30, trust_env=False) as client:
        opened = client.post(f"/v1/sites/{site}/session")
        found["session"] = shape(opened.json())
        client.headers["Authorization"] = f"Bearer {opened.json()['token']}"
        stream = {"Accept": "text/event-stream"}
        for question in (QUESTION, OFF_TOPIC):
            reply = client.post("/v1/ask", json={"question": question}, headers=stream)
            assert reply.headers["content-type"].startswith("text/event-stream")
            events = list(sent(reply.text))
            found[question] = [name for name, _ in events]
            found[f"{question} first"] = shape(events[0][1])
            found[f"{question} last"] = shape(events[-1][1])
        answered = events[-1][1]["answer"]
        cited = answered["closest"][0]
        document = client.get(f"/v1/documents/{cited['document_id']}").json()
        assert document["text"][cited["start"] : cited["end"]] == cited["quote"]
        found["document"] = shape(document)
        rating = {"answer_id": answered["id"], "rating": "down", "reason": "incomplete"}
        found["feedback"] = client.post("/v1/feedback", json=rating).is_success
        found["unknown"] = shape(client.get("/v1/documents/nothing").json())
        client.headers["Authorization"] = "Bearer fs_forged"
        refused = client.post("/v1/ask", json={"question": QUESTION}, headers=stream)
        found["refused"] = [refused.status_code, shape(refused.json())]
        found["readable"] = refused.headers.get("access-control-allow-origin") == base
    return found


def sent(stream: str) -> Iterator[tuple[str, Any]]:
    """Yield the name and the data of each event; heartbeats are none."""
    for block in stream.split("\n\n"):
        fields = dict(
            line.split(": ", 1) for line in block.splitlines() if not line.startswith(":")
        )
        if "data" in fields:
            yield fields["event"], json.loads(fields["data"])


def test_the_stand_in_speaks_like_the_server(double: Double, real: Server) -> None:
    """Whatever the stand-in says, in names and kinds, the real server says too."""
    assert missing(said(double.origin, "test"), said(real.url, "demo")) == []


def test_the_comparison_was_seen_to_fail() -> None:
    """A missing name and another kind are reported with their place."""
    assert missing(shape({"a": 1, "b": [{"c": "x"}]}), shape({"b": [{"c": 2}]})) == [
        ".a",
        ".b[].c: str is number",
    ]
    assert missing(shape({"a": 1}), shape({"a": 2.5, "more": None})) == []


@pytest.fixture
def tabs(browser: "Browser") -> Iterator[Callable[..., Any]]:
    """Return a function that opens a new page of the browser."""
    opened: list[Any] = []

    def new(**options: Any) -> Any:
        opened.append(browser.new_page(reduced_motion="reduce", **options))
        return opened[-1]

    yield new
    for one in opened:
        one.close()


def test_the_demo_page_from_the_question_to_the_words(
    real: Server, tabs: Callable[..., Any]
) -> None:
    """On the real server's first page, a footnote leads to its words in the article."""
    tab = tabs(viewport={"width": 1280, "height": 800})
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.goto(real.url)
    tab.get_by_role("button", name=QUESTION).click()
    expect(tab.get_by_role("button", name="Good answer")).to_be_visible()
    count = tab.locator(".note").count()
    assert count >= 1
    for number in range(1, count + 1):
        tab.get_by_role("button", name=f"Footnote {number}").first.click()
        (marked,) = tab.evaluate("[...CSS.highlights.get('footnote-chat')].map(String)")
        assert marked.replace("\n", " ") in tab.locator("#article").inner_text()
    assert complaints == []


def test_the_widget_shows_the_footnotes_that_the_api_gives(
    real: Server, tabs: Callable[..., Any]
) -> None:
    """Numbers, quotes and order are those of the API's own answer to the same question."""
    answer = httpx.post(f"{real.url}/v1/ask", json={"question": QUESTION}, trust_env=False).json()
    tab = tabs()
    tab.goto(real.url)
    suggested, closed = (tab.get_by_role("button", name=n) for n in (QUESTION, "Ask a question"))
    expect(suggested.or_(closed)).to_be_visible()
    if closed.is_visible():
        closed.click()
    suggested.click()
    expect(tab.get_by_role("button", name="Good answer")).to_be_visible()
    shown = tab.locator(".answer .sentence")
    expected = [one["text"] + "".join(map(str, one["citations"])) for one in answer["sentences"]]
    assert shown.all_text_contents() == expected
    # Somebody who reloads stays the same: the server takes their thumb for the earlier answer.
    tab.reload()
    with tab.expect_response(lambda reply: reply.url.endswith("/v1/feedback")) as rated:
        tab.get_by_role("button", name="Good answer").click()
    assert rated.value.ok


def test_the_five_minutes_of_the_documentation(
    bundled_assistant: object, cache_folder: Path, tmp_path: Path, tabs: Callable[..., Any]
) -> None:
    """The command and the page of docs/widget.md, as they stand there, answer on another origin."""
    assert bundled_assistant
    page = (ROOT / "docs" / "widget.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"^ *(<!doctype html>.*?</html>)$", page, re.DOTALL | re.MULTILINE)
    (line,) = re.findall(r"^ *footnote (keys site .*)$", page, re.MULTILINE)
    with Double() as publisher:
        command = line.replace("http://localhost:9000", publisher.origin)
        database = f"sqlite:///{tmp_path / 'kept.db'}"
        made = run(*shlex.split(command), cwd=tmp_path, FOOTNOTE_CONVERSATIONS_URL=database)
        assert made.returncode == 0, made.stderr
        with running(tmp_path, cache_folder) as server:
            publisher.pages["/"] = Page(snippet.replace("http://localhost:8000", server.url))
            tab = tabs()
            tab.goto(publisher.origin)
            tab.get_by_role("button", name=QUESTION).click()
            tab.get_by_role("button", name="Footnote 1").first.click()
            expect(tab.locator(".source-body mark")).to_be_visible()
