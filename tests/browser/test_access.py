"""The widget for everybody: keyboard, screen reader, contrast, small screens, large type."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.article import QUESTION, QUOTES, answered
from tests.browser.conftest import OpenPage, ask
from tests.browser.double import Double
from tests.browser.test_chat import INLINE, expect

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

pytestmark = pytest.mark.browser

FLOATING = '<footnote-chat site="test" mode="floating"></footnote-chat>'
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FOCUSED = """() => { let e = document.activeElement;
  while (e.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
  return e.getAttribute('aria-label') || e.textContent || e.localName; }"""
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 760},
    "has_touch": True,
    "is_mobile": True,
}


def violations(tab: "Tab") -> list[str]:
    """Return what axe-core has against the page as it stands."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(tab, options={"runOnly": RULES}).response["violations"]
    return [
        f"{one['id']}: {node['html'][:120]} {node['failureSummary']}"
        for one in found
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1000, 320])
def test_axe_finds_nothing(open_page: OpenPage, scheme: str, width: int) -> None:
    """In every state, in both themes, wide and narrow, axe-core has no complaint."""
    body = f'<footnote-chat site="test" theme="{scheme}"></footnote-chat>'
    tab = open_page(body, viewport={"width": width, "height": 700})
    expect(tab.get_by_role("button", name=QUESTION)).to_be_visible()
    assert violations(tab) == []
    ask(tab, QUESTION)
    tab.get_by_role("button", name="Bad answer").click()
    assert violations(tab) == []
    tab.get_by_role("button", name="Footnote 2").first.click()
    expect(tab.locator(".source-body mark")).to_be_visible()
    assert violations(tab) == []
    tab.keyboard.press("Escape")
    ask(tab, "who won the cup?")
    expect(tab.locator(".closest").first).to_be_visible()
    ask(tab, "nobody answers this")
    expect(tab.get_by_role("button", name="Try again")).to_be_visible()
    assert violations(tab) == []


def test_axe_finds_nothing_in_the_floating_panel_and_in_the_demo(
    open_page: OpenPage, double: Double
) -> None:
    """The button, the opened panel and the demo page pass axe-core too."""
    tab = open_page(FLOATING)
    assert violations(tab) == []
    tab.get_by_role("button", name="Ask a question").click()
    ask(tab, QUESTION)
    expect(tab.get_by_role("button", name="Good answer")).to_be_visible()
    assert violations(tab) == []
    double.site = "demo"
    for scheme in ("light", "dark"):
        assert violations(open_page(path="/widget/", color_scheme=scheme)) == []


def test_the_checker_was_seen_to_find(open_page: OpenPage) -> None:
    """axe-core does look into the shadow root: a nameless button there is reported."""
    tab = open_page(INLINE)
    tab.locator(".panel").evaluate("(e) => e.append(document.createElement('button'))")
    assert any(one.startswith("button-name") for one in violations(tab))


def test_all_by_keyboard(open_page: OpenPage) -> None:
    """From the floating button to a footnote's source and back, with no pointer at all."""
    tab = open_page(FLOATING)
    keys = tab.keyboard
    keys.press("Tab")
    assert tab.evaluate(FOCUSED) == "Ask a question"
    keys.press("Enter")
    assert tab.evaluate(FOCUSED) == "Ask a question"  # the input has the same words
    keys.type(QUESTION)
    keys.press("Enter")
    expect(tab.get_by_role("button", name="Good answer")).to_be_visible()
    while not tab.evaluate(FOCUSED).startswith("Footnote 1"):
        keys.press("Shift+Tab")
    keys.press("Enter")
    expect(tab.locator(".source-body mark")).to_have_text(QUOTES[0])
    keys.press("Tab")
    assert tab.evaluate(FOCUSED) == "Close the source"
    keys.press("Enter")
    assert tab.evaluate(FOCUSED).startswith("Footnote 1")
    keys.press("Escape")
    expect(tab.locator(".panel")).to_be_hidden()
    assert tab.evaluate(FOCUSED) == "Ask a question"


def test_what_is_covered_is_out_of_reach(chat: "Tab") -> None:
    """While the source covers the conversation, Tab does not go behind it."""
    chat.set_viewport_size({"width": 500, "height": 700})
    ask(chat, QUESTION)
    chat.get_by_role("button", name="Footnote 1").first.click()
    expect(chat.locator(".chat")).to_have_attribute("inert", "")
    chat.set_viewport_size({"width": 1000, "height": 700})
    expect(chat.locator(".chat")).not_to_have_attribute("inert", "")


def test_the_log_announces_whole_sentences_and_no_buttons(chat: "Tab") -> None:
    """The log is a live region to which each sentence is added in one piece, tools aside."""
    chat.evaluate(
        """() => { window.added = [];
        const log = document.querySelector('footnote-chat').shadowRoot.querySelector('[role=log]');
        new MutationObserver((all) => all.forEach((one) => one.addedNodes.forEach((n) => {
          const quiet = n.parentElement?.closest('[aria-live=off]');
          if (!quiet && n.localName === 'span') window.added.push(n.textContent);
        }))).observe(log, {childList: true, subtree: true}); }"""
    )
    ask(chat, QUESTION)
    expect(chat.get_by_role("button", name="Good answer")).to_be_visible()
    assert chat.evaluate("window.added") == [f"{q}{n}" for n, q in enumerate(QUOTES, 1)]
    assert chat.locator(".tools").evaluate("(e) => e.closest('[aria-live]').ariaLive") == "off"


def test_a_page_that_opens_the_panel_does_not_take_the_focus(open_page: OpenPage) -> None:
    """`open` set by the page leaves the focus where the reader has it."""
    tab = open_page("<button id='b'>here</button>" + FLOATING)
    tab.locator("#b").focus()
    tab.evaluate("document.querySelector('footnote-chat').setAttribute('open', '')")
    expect(tab.locator(".panel")).to_be_visible()
    assert tab.evaluate(FOCUSED) == "here"


@pytest.mark.parametrize("mode", ["inline", "floating"])
@pytest.mark.parametrize("zoom", [1, 2])
def test_nothing_sticks_out_at_320(open_page: OpenPage, mode: str, zoom: int) -> None:
    """At 320 px, also with the type twice as large, nothing has to be scrolled sideways."""
    style = f"--footnote-font-size: {16 * zoom}px"
    tab = open_page(
        f'<footnote-chat site="test" mode="{mode}" style="{style}" open></footnote-chat>',
        viewport={"width": 320, "height": 640},
    )
    ask(tab, QUESTION)
    tab.get_by_role("button", name="Bad answer").click()
    wide = """() => [...document.querySelector('footnote-chat').shadowRoot.querySelectorAll('*')]
      .filter((e) => !e.closest('.unseen, svg'))
      .filter((e) => e.getBoundingClientRect().right > innerWidth + 0.5)
      .map((e) => e.className || e.localName)"""
    assert tab.evaluate(wide) == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    tab.get_by_role("button", name="Footnote 1").first.click()
    expect(tab.locator(".source-body mark")).to_be_in_viewport()
    assert tab.evaluate(wide) == []


def test_targets_are_large_enough(chat: "Tab") -> None:
    """Every button can be hit within 24 by 24 px, marks by what surrounds them."""
    ask(chat, QUESTION)
    expect(chat.get_by_role("button", name="Good answer")).to_be_visible()
    sizes = chat.evaluate(
        """() => [...document.querySelector('footnote-chat').shadowRoot.querySelectorAll('button')]
          .filter((e) => e.getClientRects().length).map((e) => {
            const box = e.getBoundingClientRect(), more = getComputedStyle(e, '::after');
            const grown = (side) => more.position === 'absolute' ? parseFloat(more[side]) : 0;
            const size = (side) => Math.max(box[side], grown(side));
            return [e.className, size('width'), size('height')]; })"""
    )
    assert [one for one in sizes if min(one[1:]) < 24] == []


def test_a_phones_keyboard_leaves_the_input_in_sight(open_page: OpenPage) -> None:
    """When the visual viewport shrinks, the full-screen panel shrinks with it."""
    tab = open_page(FLOATING, **PHONE)
    tab.get_by_role("button", name="Ask a question").tap()
    assert tab.locator(".panel").evaluate("(e) => e.getBoundingClientRect().height") == 760
    tab.evaluate(
        """() => { Object.defineProperty(visualViewport, 'height', {value: 400});
          visualViewport.dispatchEvent(new Event('resize')); }"""
    )
    expect(tab.locator(".panel")).to_have_css("height", "400px")
    box = tab.get_by_role("textbox").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 400


def test_on_a_phone_the_panel_steps_aside_for_the_page(open_page: OpenPage) -> None:
    """A mark whose words stand on the page behind the panel shows them and offers the way back."""
    tall = f'<div style="height:2000px"></div><p id="a">{QUOTES[0]}</p>'
    body = '<footnote-chat site="test" mode="floating" highlight="main"></footnote-chat>' + tall
    tab = open_page(body, **PHONE)
    tab.get_by_role("button", name="Ask a question").tap()
    ask(tab, QUESTION)
    tab.get_by_role("button", name="Footnote 1").first.tap()
    expect(tab.locator("#a")).to_be_in_viewport()
    expect(tab.locator(".panel")).to_be_hidden()
    back = tab.get_by_role("button", name="Back to the answer")
    expect(back).to_be_focused()
    back.tap()
    expect(tab.locator(".panel")).to_be_visible()
    assert tab.evaluate(FOCUSED).startswith("Footnote 1")


def test_motion_is_spared_on_request(open_page: OpenPage) -> None:
    """Nothing moves for a reader who asked for less motion, and something does for others."""
    for wish, moving in (("reduce", "none"), ("no-preference", "arrive")):
        tab = open_page(INLINE, reduced_motion=wish)
        ask(tab, QUESTION)
        name = tab.locator(".sentence").first.evaluate("(e) => getComputedStyle(e).animationName")
        assert name == moving


def test_forced_colours_keep_marks_visible(open_page: OpenPage) -> None:
    """With the system's high contrast colours, marks have an outline."""
    tab = open_page(INLINE, forced_colors="active")
    ask(tab, QUESTION)
    style = "(e) => getComputedStyle(e).borderTopStyle"
    assert tab.locator(".mark").first.evaluate(style) == "solid"


def test_reading_is_from_the_top_of_a_long_answer(chat: "Tab", double: Double) -> None:
    """A long answer does not scroll its own beginning away."""
    steps = answered()
    double.answers[QUESTION] = (
        steps[:1]
        + steps[1:3] * 12
        + [
            (
                "error",
                {
                    "error": {
                        "code": "internal",
                        "message": "",
                        "request_id": "r",
                        "retryable": False,
                    }
                },
            )
        ]
    )
    ask(chat, QUESTION)
    expect(chat.get_by_text("Something went wrong.")).to_have_count(1)
    expect(chat.locator(".question")).to_be_in_viewport()
