"""The widget on pages that are not kind to it: hostile content, hostile style, strict policies."""

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.article import QUESTION, answered, citations, document
from tests.browser.conftest import OpenPage, ask, html
from tests.browser.double import Double, Page, citation, sentence, told
from tests.browser.test_chat import INLINE, expect

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

pytestmark = pytest.mark.browser

EVIL = (
    "<img src=x onerror='window.hit=1'><script>window.hit=1</script>"
    "[a](javascript:window.hit=1) ![b](/leak.png) <a href='javascript:window.hit=1'>c</a>"
)


def hostile() -> dict[str, object]:
    """Return a document that tries to become more than text."""
    return {
        "id": "evil",
        "title": f"Title {EVIL}",
        "source": "javascript:window.hit=1",
        "text": f"First.\n\n{EVIL} said.\n\nLast.",
        "sections": [{"heading": EVIL, "level": 2, "start": 0, "end": 8}],
    }


def test_what_documents_and_models_say_stays_text(chat: "Tab", double: Double) -> None:
    """Scripts, images and links in an answer, its sources and suggestions are shown as text."""
    double.documents["evil"] = hostile()
    cited = citation(1, hostile(), f"{EVIL} said.", section=EVIL)
    more = {"outcome": "declined", "reason": "<b>", "closest": [cited]}
    double.answers["q"] = told([sentence(EVIL, 1)], [cited])
    double.answers["d"] = told([], [], **more)
    double.suggestions = [EVIL]
    chat.reload()
    expect(chat.get_by_role("button", name="window.hit")).to_be_visible()
    ask(chat, "q")
    chat.get_by_role("button", name="Footnote 1").first.click()
    expect(chat.locator(".source-body mark")).to_have_text(f"{EVIL} said.")
    chat.keyboard.press("Escape")
    ask(chat, "d")
    expect(chat.locator(".closest")).to_be_visible()
    ask(chat, EVIL)
    assert chat.locator(".sentence").inner_text().startswith(EVIL)
    inside = chat.locator("footnote-chat").locator(
        "img, script, iframe, a, [onerror], [style*=url]"
    )
    assert inside.count() == 0
    assert chat.evaluate("window.hit") is None
    assert "/leak.png" not in double.paths


POLICY = (
    "default-src 'none'; base-uri 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'; script-src 'nonce-abc'; connect-src {origin}"
)


def test_a_strict_policy_has_nothing_to_refuse(open_page: OpenPage, double: Double) -> None:
    """With a nonce, no inline style, no eval and trusted types, everything works unreported."""
    body = '<footnote-chat site="test" accent="#8a1c4a" mode="floating"></footnote-chat>'
    page = (
        html(body)
        .replace("<script ", '<script nonce="abc" ')
        .replace('<link rel="icon" href="data:,">', "")
    )
    double.pages["/strict"] = Page(
        page, {"Content-Security-Policy": POLICY.format(origin=double.origin)}
    )
    tab = open_page(path="/strict")
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.reload()
    tab.get_by_role("button", name="Ask a question").click()
    ask(tab, QUESTION)
    tab.get_by_role("button", name="Footnote 1").first.click()
    expect(tab.locator(".source-body mark")).to_be_visible()
    color = tab.locator(".send").evaluate("(e) => getComputedStyle(e).backgroundColor")
    assert color == "rgb(138, 28, 74)"
    assert [text for text in complaints if "favicon" not in text] == []


HOSTILE_STYLE = """<style>
html { font-size: 4px; }
* { color: red !important; font: 40px cursive !important; text-transform: uppercase !important;
  letter-spacing: 9px !important; line-height: 4 !important; direction: rtl; }
button, textarea, p, ul, mark { display: none !important; background: blue !important; }
div { float: left; position: absolute; width: 10px; overflow: hidden; transform: rotate(3deg); }
</style>"""


def test_the_pages_style_does_not_reach_in(open_page: OpenPage, double: Double) -> None:
    """Under rules made to break it, the widget looks and measures as it does without them."""

    def looks(tab: "Tab") -> object:
        ask(tab, QUESTION)
        expect(tab.get_by_role("button", name="Good answer")).to_be_visible()
        return tab.evaluate(
            """() => '.answer .mark .question .send textarea h2 .note'.split(' ').map((s) => {
              const e = document.querySelector('footnote-chat').shadowRoot.querySelector(s);
              const c = getComputedStyle(e), box = e.getBoundingClientRect();
              return [s, c.color, c.fontFamily, c.fontSize, c.textTransform, c.letterSpacing,
                c.display, c.direction, c.backgroundColor,
                Math.round(box.width), Math.round(box.height)];
            })"""
        )

    body = f'<section style="width:600px">{INLINE}</section>'
    plain = looks(open_page(body))
    double.pages["/hostile"] = Page(html(body, HOSTILE_STYLE))
    assert looks(open_page(path="/hostile")) == plain


def test_two_widgets_on_a_page_are_two_conversations(open_page: OpenPage, double: Double) -> None:
    """Each has its own log and memory; they share one session."""
    tab = open_page(INLINE + INLINE)
    first, second = tab.locator("footnote-chat").all()
    first.get_by_role("button", name=QUESTION).click()
    expect(first.locator(".sentence")).to_have_count(3)
    expect(second.locator(".turn")).to_have_count(0)
    second.get_by_role("button", name="what was in").click()
    assert double.sessions == 1
    tab.reload()
    expect(first.locator(".sentence")).to_have_count(3)
    expect(second.locator(".question")).to_contain_text("what was in")


def test_loading_the_script_twice_does_no_harm(open_page: OpenPage) -> None:
    """Two script tags, even with two addresses, define the element once and raise nothing."""
    tab = open_page(INLINE + '<script type="module" src="/widget/footnote-chat.js?v=2"></script>')
    ask(tab, QUESTION)
    expect(tab.locator(".sentence")).to_have_count(3)


@pytest.mark.parametrize("mode", ["inline", "floating"])
def test_removed_and_put_back(open_page: OpenPage, mode: str) -> None:
    """Taken out of the page and put elsewhere, it stands there with its conversation and works."""
    tab = open_page(
        f'<footnote-chat site="test" mode="{mode}" open></footnote-chat><aside></aside>'
    )
    ask(tab, QUESTION)
    expect(tab.get_by_role("button", name="Good answer")).to_be_visible()
    tab.evaluate(
        """() => { const chat = document.querySelector('footnote-chat');
          chat.remove(); document.querySelector('aside').append(chat); }"""
    )
    expect(tab.locator(".sentence")).to_have_count(3)
    ask(tab, "who won the cup?")
    expect(tab.locator(".closest").first).to_be_visible()


def test_removed_while_it_answers(open_page: OpenPage, double: Double) -> None:
    """An element that leaves the page stops asking, and comes back with the turn as stopped."""
    import threading

    gate = threading.Event()
    double.answers[QUESTION] = [answered()[0], ("wait", gate), *answered()[1:]]
    tab = open_page(INLINE)
    ask(tab, QUESTION)
    expect(tab.locator(".sentence")).to_have_count(1)
    tab.evaluate("(window.chat = document.querySelector('footnote-chat')).remove()")
    gate.set()
    tab.evaluate("document.body.append(window.chat)")
    expect(tab.get_by_text("Stopped.")).to_be_visible()
    expect(tab.locator(".sentence")).to_have_count(1)


def test_a_page_of_another_origin(open_page: OpenPage, double: Double) -> None:
    """A static page elsewhere embeds the widget with one script tag and one element."""
    with Double() as publisher:
        double.origins.add(publisher.origin)
        page = html(INLINE).replace("/widget/", f"{double.origin}/widget/")
        publisher.pages["/page"] = Page(page)
        tab = open_page(path="/page")  # a context of ours
        tab.goto(f"{publisher.origin}/page")
        ask(tab, QUESTION)
        tab.get_by_role("button", name="Footnote 1").first.click()
        expect(tab.locator(".source-body mark")).to_be_visible()
        assert [path for path in publisher.paths if path.startswith("/v1")] == []


def test_an_origin_that_is_not_allowed_is_told_so(open_page: OpenPage, double: Double) -> None:
    """On a page that the site does not list, the widget says that it cannot be used there."""
    double.pages["/page"] = Page(html(INLINE))
    with Double() as stranger:
        stranger.pages["/page"] = Page(html(INLINE).replace("/widget/", f"{double.origin}/widget/"))
        tab = open_page(path="/page")
        tab.goto(f"{stranger.origin}/page")
        expect(tab.get_by_text("cannot be reached from this page")).to_be_visible()
        ask(tab, QUESTION)
        expect(tab.locator(".turn .notice.failed")).to_be_visible()
        assert double.asked == []


def test_a_missing_site_is_told_to_the_publisher(open_page: OpenPage) -> None:
    """Without the attribute `site`, the widget says what is missing."""
    tab = open_page("<footnote-chat></footnote-chat>")
    expect(tab.get_by_text("its site id is missing")).to_be_visible()


def test_storage_may_be_forbidden(open_page: OpenPage) -> None:
    """Where a page may not store anything, the conversation works and is not remembered."""
    tab = open_page(
        "<script>Object.defineProperty(window, 'sessionStorage', "
        "{ get() { throw new DOMException('no', 'SecurityError'); } })</script>" + INLINE
    )
    ask(tab, QUESTION)
    expect(tab.locator(".sentence")).to_have_count(3)


def test_texts_can_be_replaced(open_page: OpenPage) -> None:
    """A JSON block inside the element, or its property, changes single texts and keeps the rest."""
    own = '<script type="application/json">{"title": "Ask us", "declined": {}}</script>'
    tab = open_page(f'<footnote-chat site="test">{own}</footnote-chat>')
    expect(tab.get_by_role("heading", name="Ask us")).to_be_visible()
    tab.evaluate("document.querySelector('footnote-chat').texts = {send: 'Go'}")
    expect(tab.get_by_role("button", name="Go")).to_be_visible()
    expect(tab.get_by_role("heading", name="Ask us")).to_be_visible()


def test_japanese(open_page: OpenPage) -> None:
    """Where the page is Japanese, so is the widget; an Enter that ends a word asks nothing."""
    tab = open_page(f'<div lang="ja-JP">{INLINE}</div>')
    box = tab.get_by_role("textbox", name="質問を入力してください")
    box.fill(QUESTION)
    box.evaluate(
        "(e) => e.dispatchEvent(new KeyboardEvent('keydown', "
        "{key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))"
    )
    assert tab.locator(".turn").count() == 0
    box.press("Enter")
    expect(tab.get_by_role("button", name="良い回答", exact=True)).to_be_visible()
    expect(tab.get_by_role("button", name=re.compile("^脚注 1")).first).to_be_visible()


def test_attributes_change_a_living_widget(open_page: OpenPage) -> None:
    """Theme, accent, heading and language follow their attributes; the conversation stays."""
    tab = open_page(INLINE)
    ask(tab, QUESTION)
    expect(tab.get_by_role("button", name="Good answer")).to_be_visible()
    element = tab.locator("footnote-chat")
    element.evaluate(
        "(e) => Object.entries({heading: 'Mine', lang: 'ja', theme: 'dark'})"
        ".forEach(([name, value]) => e.setAttribute(name, value))"
    )
    expect(tab.get_by_role("heading", name="Mine")).to_be_visible()
    expect(tab.get_by_role("button", name="質問する", exact=True)).to_be_visible()
    expect(tab.locator(".sentence")).to_have_count(3)
    assert tab.locator(".panel").evaluate(BACKGROUND) == "rgb(28, 27, 25)"


BACKGROUND = "(e) => getComputedStyle(e).backgroundColor"


@pytest.mark.parametrize(
    ("scheme", "attribute", "background"),
    [
        ("light dark", "", "rgb(28, 27, 25)"),
        ("light", "", "rgb(255, 253, 249)"),
        ("light dark", 'theme="light"', "rgb(255, 253, 249)"),
        ("light", 'theme="dark"', "rgb(28, 27, 25)"),
    ],
)
def test_light_and_dark_follow_the_page(
    open_page: OpenPage, double: Double, scheme: str, attribute: str, background: str
) -> None:
    """For a reader who prefers dark, it is dark where the page is, unless told otherwise."""
    body = f'<footnote-chat site="test" {attribute}></footnote-chat>'
    double.pages["/page"] = Page(html(body, f'<meta name="color-scheme" content="{scheme}">'))
    tab = open_page(path="/page", color_scheme="dark")
    assert tab.locator(".panel").evaluate(BACKGROUND) == background


def test_custom_properties_theme_it(open_page: OpenPage) -> None:
    """The page's --footnote-… properties are the colours, the corners and the font."""
    style = (
        "--footnote-background: rgb(1, 2, 3); --footnote-radius: 0px; --footnote-font: monospace"
    )
    tab = open_page(f'<footnote-chat site="test" style="{style}"></footnote-chat>')
    panel = tab.locator(".panel")
    assert panel.evaluate(BACKGROUND) == "rgb(1, 2, 3)"
    assert panel.evaluate("(e) => getComputedStyle(e).borderRadius") == "0px"
    assert panel.evaluate("(e) => getComputedStyle(e).fontFamily") == "monospace"


def test_the_demo_page_marks_its_own_article(open_page: OpenPage, double: Double) -> None:
    """On the demo page, a footnote of the founding question marks the words of the article."""
    double.site = "demo"
    tab = open_page(path="/widget/", viewport={"width": 1280, "height": 800})
    tab.get_by_role("button", name=QUESTION).click()
    for cited in citations():
        tab.get_by_role("button", name=f"Footnote {cited['number']}").first.click()
        marked = tab.evaluate("[...CSS.highlights.get('footnote-chat')].map(String)")
        assert marked == [cited["quote"]]
    assert document()["title"] == tab.title()
