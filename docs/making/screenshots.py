"""The pictures of the widget in docs/images, taken of the page that the real server serves.

    make test-browser                             # once: it installs the browser's driver
    python -m docs.making.screenshots             # starts a server, asks, and takes them

They differ by fonts from machine to machine, so no test compares them.
"""

import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from assistant.settings import Settings
from tests.browser.conftest import chromium_path
from tests.serving import running

IMAGES = Path(__file__).parents[1] / "images"
QUESTION = "Why did Abe court Putin?"
INLINE = """
document.body.style.padding = '20px';
document.body.replaceChildren(document.createElement('footnote-chat'));
document.querySelector('footnote-chat').setAttribute('site', 'demo');
document.querySelector('footnote-chat').style.height = '680px';
"""


def take(browser: Browser, url: str) -> None:
    """Take the pictures: an article with a footnote open, a source panel, a phone."""
    tab = _asked(browser, url, QUESTION, viewport={"width": 1280, "height": 760})
    tab.get_by_role("button", name="Footnote 2").first.click()
    tab.wait_for_timeout(600)
    tab.screenshot(path=IMAGES / "widget-demo.png")
    tab = _asked(
        browser, url, QUESTION, INLINE, viewport={"width": 1040, "height": 720}, color_scheme="dark"
    )
    tab.get_by_role("button", name="Footnote 1").first.click()
    tab.wait_for_timeout(600)
    tab.screenshot(path=IMAGES / "widget-source.png")
    declined = "who won the world cup?"
    tab = _asked(browser, url, declined, viewport={"width": 390, "height": 760})
    tab.screenshot(path=IMAGES / "widget-phone.png")


def _asked(browser: Browser, url: str, question: str, script: str = "", **options: Any) -> Any:
    tab = browser.new_page(reduced_motion="reduce", **options)
    tab.goto(url)
    if script:
        tab.evaluate(script)
    box = tab.get_by_role("textbox", name="Ask a question")
    closed = tab.get_by_role("button", name="Ask a question")
    box.or_(closed).first.wait_for()
    if not box.is_visible():
        closed.click()
    box.fill(question)
    tab.get_by_role("button", name="Ask", exact=True).click()
    tab.get_by_role("button", name="Good answer").wait_for()
    return tab


def main() -> None:
    """Serve the bundled article on a port of its own and take the pictures."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), Settings().cache_dir) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium_path())
        take(browser, server.url)
        browser.close()


if __name__ == "__main__":
    main()
