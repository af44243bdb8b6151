"""A headless Chromium, a page in it, and the stand-in server that the page talks to.

The browser is the system's (`apt-get install chromium`), or the one that FOOTNOTE_TEST_BROWSER
names; Playwright's own is not downloaded. Playwright is imported only when a test needs it, so that
the rest of the suite runs without the extra `browser`.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.article import QUESTION, answered, declined, document
from tests.browser.double import Double, Page

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Read before tests/conftest.py takes FOOTNOTE_… out of the environment.
CHOSEN = os.environ.get("FOOTNOTE_TEST_BROWSER")

OpenPage = Callable[..., "Tab"]


def chromium_path() -> str:
    """Return the Chromium to drive; a test that needs it fails without one."""
    found = CHOSEN or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        pytest.fail("these tests drive a Chromium: apt-get install chromium", pytrace=False)
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Return the browser, started once for each worker."""
    from playwright.sync_api import sync_playwright

    # Nothing of it calls home; a name that is not of this machine leads nowhere.
    quiet = [
        "--disable-background-networking",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    ]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path(), args=quiet)
        yield started
        started.close()


@pytest.fixture
def double() -> Iterator[Double]:
    """Return the stand-in server, ready to answer the founding question from the article."""
    with Double() as running:
        running.suggestions = [QUESTION, "what was in the eight-point plan?"]
        running.answers[QUESTION] = answered()
        running.answers["who won the cup?"] = declined()
        running.documents["japan-russia"] = document()
        yield running


@pytest.fixture
def open_page(browser: "Browser", double: Double) -> Iterator[OpenPage]:
    """Return a function that opens a page with the widget and fails the test for script errors."""
    contexts = []
    complaints: list[str] = []

    def opened(body: str | None = None, path: str = "/page", **options: Any) -> "Tab":
        if body is not None:
            double.pages[path] = Page(html(body))
        options = {"viewport": {"width": 1000, "height": 800}, "reduced_motion": "reduce"} | options
        context = browser.new_context(**options)
        context.set_default_timeout(8_000)
        contexts.append(context)
        tab = context.new_page()
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.goto(double.origin + path)
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def chat(open_page: OpenPage) -> "Tab":
    """Return a page with one inline widget."""
    return open_page('<footnote-chat site="test"></footnote-chat>')


def html(body: str, head: str = "") -> str:
    """Return a small page of a publisher's that loads the widget."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A page</title>
<link rel="icon" href="data:,">
{head}
<script type="module" src="/widget/footnote-chat.js"></script>
</head>
<body><main><h1>A page</h1>{body}</main></body>
</html>"""


def ask(tab: "Tab", question: str) -> None:
    """Type a question and send it."""
    tab.get_by_role("textbox", name="Ask a question").fill(question)
    tab.get_by_role("button", name="Ask", exact=True).click()
