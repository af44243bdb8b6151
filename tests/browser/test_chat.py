"""A conversation in the widget, from the question to the thumb, against the stand-in server."""

import re
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.article import QUESTION, QUOTES, answered, citations, document
from tests.browser.conftest import OpenPage, ask
from tests.browser.double import Double, answer, citation, sentence, told

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

pytestmark = pytest.mark.browser

INLINE = '<footnote-chat site="test"></footnote-chat>'


def expect(one: Any) -> Any:
    """Return Playwright's waiting assertions, imported only where they are needed."""
    from playwright.sync_api import expect as playwright_expect

    return playwright_expect(one)


def test_an_answer_with_its_footnotes(chat: "Tab") -> None:
    """The sentences stand in order, each with its mark, and the footnotes are listed below."""
    ask(chat, QUESTION)
    expect(chat.get_by_role("button", name="Good answer")).to_be_visible()
    said = chat.locator(".answer").inner_text()
    assert re.sub(r"\s+", " ", said).replace("\u2060", "") == " ".join(
        f"{quote}{number}" for number, quote in enumerate(QUOTES, 1)
    )
    assert chat.locator(".note .number").all_inner_texts() == ["1", "2", "3"]
    assert chat.locator(".note .place").all_inner_texts() == [c["section"] for c in citations()]


def test_sentences_appear_one_by_one(chat: "Tab", double: Double) -> None:
    """A sentence is shown whole when it comes, while the next is still awaited."""
    gate = threading.Event()
    first, *rest = answered()
    double.answers[QUESTION] = [first, ("wait", gate), *rest]
    ask(chat, QUESTION)
    expect(chat.get_by_role("log").locator(".sentence")).to_have_count(1)
    assert chat.get_by_role("button", name="Stop").is_visible()
    assert not chat.get_by_role("button", name="Good answer").is_visible()
    chat.locator(".sentence").evaluate("(e) => { window.kept = e; }")
    gate.set()
    expect(chat.get_by_role("log").locator(".sentence")).to_have_count(3)
    expect(chat.get_by_role("button", name="Ask", exact=True)).to_be_visible()
    # What was said is not drawn anew: a screen reader would say it twice.
    assert chat.evaluate("window.kept.isConnected")


def test_a_mark_opens_the_source_at_the_words(chat: "Tab") -> None:
    """Pressing a mark shows the quote, marked in its paragraph; Escape leads back to the mark."""
    ask(chat, QUESTION)
    mark = chat.get_by_role("button", name="Footnote 2: The shadow of China").first
    mark.click()
    panel = chat.get_by_role("dialog", name=document()["title"])
    expect(panel.locator("mark")).to_have_text(QUOTES[1])
    expect(panel.locator("mark")).to_be_in_viewport()
    assert "The shadow of China" in panel.inner_text()
    assert chat.evaluate(FOCUSED) == "source-title"
    chat.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(mark).to_be_focused()


FOCUSED = "document.activeElement.shadowRoot.activeElement.id"


def test_a_far_away_text_is_shown_on_demand(chat: "Tab") -> None:
    """The panel starts around the words; the rest of the document is a press away."""
    ask(chat, QUESTION)
    chat.get_by_role("button", name="Footnote 1").first.click()
    body = chat.locator(".source-body")
    last = document()["text"].rstrip()[-40:]
    expect(body.locator("mark")).to_be_visible()
    expect(body).not_to_contain_text(last)
    while chat.get_by_role("button", name="Show later text").is_visible():
        chat.get_by_role("button", name="Show later text").click()
    expect(body).to_contain_text(last)
    expect(body.locator("mark")).to_have_text(QUOTES[0])


def test_a_source_that_cannot_be_read_still_gives_the_quote(chat: "Tab", double: Double) -> None:
    """Without the document, the quoted words are shown and it is said that they are all."""
    double.documents.clear()
    ask(chat, QUESTION)
    chat.get_by_role("button", name="Footnote 1").first.click()
    expect(chat.locator(".source-body")).to_contain_text("cannot be opened")
    expect(chat.locator(".source-body mark")).to_have_text(QUOTES[0])


def test_a_changed_document_is_not_marked_at_random(chat: "Tab", double: Double) -> None:
    """If the slice is not the quote any more, the panel says so and marks no other words."""
    double.documents["japan-russia"] = {**document(), "text": "x" + document()["text"]}
    ask(chat, QUESTION)
    chat.get_by_role("button", name="Footnote 1").first.click()
    expect(chat.locator(".source-body")).to_contain_text("has changed")


def test_a_web_source_is_linked_to_and_a_file_is_not(chat: "Tab", double: Double) -> None:
    """The panel links to an https source, in a new tab that learns nothing of this one."""
    web = {**document(), "source": "https://example.com/a"}
    double.documents["japan-russia"] = web
    first = citation(1, web, QUOTES[0])
    second = citation(2, web, QUOTES[1], source="javascript:alert(1)")
    double.answers[QUESTION] = told(
        [sentence("A.", 1), sentence("B.", 2, lead=" ")], [first, second]
    )
    ask(chat, QUESTION)
    chat.get_by_role("button", name="Footnote 1").first.click()
    link = chat.get_by_role("link", name="Open the source")
    assert link.get_attribute("href") == "https://example.com/a"
    assert link.get_attribute("rel") == "noopener noreferrer nofollow"
    chat.keyboard.press("Escape")
    chat.get_by_role("button", name="Footnote 2").first.click()
    expect(link).to_have_count(0)


def test_the_words_are_marked_on_the_page_that_holds_them(open_page: OpenPage) -> None:
    """With `highlight`, a mark scrolls to the words and the page's DOM stays as it was."""
    tall = f'<div style="height:3000px"></div><p id="a">Before. {QUOTES[1]} After.</p>'
    tab = open_page(f'<footnote-chat site="test" highlight="main"></footnote-chat>{tall}')
    ask(tab, QUESTION)
    before = tab.locator("#a").inner_html()
    tab.get_by_role("button", name="Footnote 2").first.click()
    expect(tab.locator("#a")).to_be_in_viewport()
    assert tab.evaluate("[...CSS.highlights.get('footnote-chat')].map(String)") == [QUOTES[1]]
    assert tab.locator("#a").inner_html() == before
    expect(tab.get_by_role("status")).to_contain_text(QUOTES[1])
    # What the page does not hold is read in the panel, and the page's mark goes.
    tab.get_by_role("button", name="Footnote 3").first.click()
    expect(tab.get_by_role("dialog").locator("mark")).to_have_text(QUOTES[2])
    assert not tab.evaluate("CSS.highlights.has('footnote-chat')")


def test_a_wrong_selector_leaves_the_panel(open_page: OpenPage) -> None:
    """A `highlight` that is no selector costs the marks on the page and nothing else."""
    tab = open_page('<footnote-chat site="test" highlight="###"></footnote-chat>')
    ask(tab, QUESTION)
    tab.get_by_role("button", name="Footnote 1").first.click()
    expect(tab.get_by_role("dialog").locator("mark")).to_have_text(QUOTES[0])


def test_a_browser_without_highlights_selects_the_words(open_page: OpenPage) -> None:
    """Where the Custom Highlight API is missing, the words on the page are selected."""
    tab = open_page(
        "<script>delete window.Highlight</script>"
        f'<p>{QUOTES[0]}</p><footnote-chat site="test" highlight="p"></footnote-chat>'
    )
    ask(tab, QUESTION)
    tab.get_by_role("button", name="Footnote 1").first.click()
    assert tab.evaluate("String(getSelection())") == QUOTES[0]


def test_declining_offers_what_comes_closest(chat: "Tab") -> None:
    """A decline says so in its own words and offers passages that open in the source."""
    ask(chat, "who won the cup?")
    expect(chat.get_by_text("The documents do not answer this.")).to_be_visible()
    assert chat.locator(".failed").count() == 0
    assert chat.locator(".closest .quote").all_inner_texts() == list(QUOTES[:2])
    chat.locator(".closest").first.click()
    expect(chat.get_by_role("dialog").locator("mark")).to_have_text(QUOTES[0])


def test_paragraphs_and_lists_are_built_as_they_come(chat: "Tab", double: Double) -> None:
    """Leads become paragraphs, lists and lists in lists; a fenced block becomes code."""
    said = [
        sentence("Three things:"),
        sentence("one", lead="\n- "),
        sentence("inner", lead="\n  - "),
        sentence("More of inner.", lead=" "),
        sentence("two", lead="\n- "),
        sentence("first", lead="\n1. "),
        sentence("```\nx < 1\n```", lead="\n\n"),
        sentence("The end.", lead="\n\n"),
    ]
    double.answers["list"] = told(said, [])
    ask(chat, "list")
    expect(chat.get_by_text("The end.")).to_be_visible()
    skeleton = """(e) => [...e.children].map(function walk(n) {
      const inner = [...n.children].map(walk).join('');
      return n.localName === 'span' ? inner : `<${n.localName}>${inner}</${n.localName}>`;
    }).join('')"""
    assert chat.locator(".answer").evaluate(skeleton) == (
        "<p></p><ul><li><ul><li></li></ul></li><li></li></ul><ol><li></li></ol>"
        "<div><pre><code></code></pre></div><p></p>"
    )
    expect(chat.locator(".answer pre")).to_have_text("x < 1")


def test_withheld_sentences_are_counted(chat: "Tab", double: Double) -> None:
    """What was left out for want of support is told."""
    double.answers["q"] = told([sentence("So.")], [], withheld=2)
    ask(chat, "q")
    expect(chat.get_by_text("Left out, because the documents do not support it: 2")).to_be_visible()


def test_an_error_in_the_stream_keeps_what_was_said(chat: "Tab", double: Double) -> None:
    """Sentences before the error stay; "Try again" asks anew and replaces the turn."""
    failure = {"code": "model_timeout", "message": "", "request_id": "r", "retryable": True}
    double.answers[QUESTION] = [answered()[0], ("error", {"error": failure})]
    ask(chat, QUESTION)
    expect(chat.get_by_text("The language model took too long.")).to_be_visible()
    expect(chat.locator(".sentence")).to_have_count(1)
    double.answers[QUESTION] = answered()
    chat.get_by_role("button", name="Try again").click()
    expect(chat.locator(".sentence")).to_have_count(3)
    expect(chat.locator(".turn")).to_have_count(1)


def test_what_cannot_be_mended_offers_no_retry(chat: "Tab", double: Double) -> None:
    """An error that says it is final has no "Try again"."""
    failure = {"code": "internal", "message": "", "request_id": "r", "retryable": False}
    double.answers["q"] = [("error", {"error": failure})]
    ask(chat, "q")
    expect(chat.get_by_text("Something went wrong.")).to_be_visible()
    assert chat.get_by_role("button", name="Try again").count() == 0


def test_a_stream_that_breaks_off_is_no_answer(chat: "Tab", double: Double) -> None:
    """A connection that ends before the Answer is told as such."""
    double.answers["q"] = [answered()[0], ("break", None)]
    ask(chat, "q")
    expect(chat.get_by_text("The connection broke off")).to_be_visible()


def test_a_full_server_is_waited_for(chat: "Tab", double: Double) -> None:
    """With 429, the wait of Retry-After is told and no retry goes out before."""
    error = {"code": "busy", "message": "", "request_id": "r", "retryable": True}
    double.answers["q"] = [("status", (429, {"error": error}, {"Retry-After": "2"}))]
    chat.clock.install()
    ask(chat, "q")
    expect(chat.get_by_text("Try again in 2 s.")).to_be_visible()
    double.answers["q"] = told([sentence("Now.")], [])
    again = chat.get_by_role("button", name="Try again")
    again.click(force=True)
    assert len(double.asked) == 1
    chat.clock.run_for(3_000)
    expect(again).not_to_have_attribute("aria-disabled", "true")
    again.click()
    expect(chat.get_by_text("Now.")).to_be_visible()


def test_stop_ends_the_stream_and_keeps_what_was_said(chat: "Tab", double: Double) -> None:
    """After "Stop" the sentences stay, and the same question can be asked again."""
    gate = threading.Event()
    double.answers[QUESTION] = [answered()[0], ("wait", gate), *answered()[1:]]
    ask(chat, QUESTION)
    expect(chat.locator(".sentence")).to_have_count(1)
    chat.get_by_role("button", name="Stop").click()
    expect(chat.get_by_text("Stopped.")).to_be_visible()
    gate.set()
    expect(chat.locator(".sentence")).to_have_count(1)
    chat.get_by_role("button", name="Try again").click()
    expect(chat.locator(".sentence")).to_have_count(3)


def test_offline_and_back(chat: "Tab") -> None:
    """Without a connection the widget says so; once it is back, "Try again" answers."""
    expect(chat.get_by_role("button", name=QUESTION)).to_be_visible()
    chat.context.set_offline(True)
    ask(chat, QUESTION)
    expect(chat.get_by_text("You are offline.")).to_be_visible()
    chat.context.set_offline(False)
    chat.get_by_role("button", name="Try again").click()
    expect(chat.locator(".sentence")).to_have_count(3)


def test_an_expired_session_is_renewed_once(chat: "Tab", double: Double) -> None:
    """A refused token is replaced and the question asked again, without a word to the reader."""
    expect(chat.get_by_role("button", name=QUESTION)).to_be_visible()
    double.expired.add("token-1")
    ask(chat, QUESTION)
    expect(chat.locator(".sentence")).to_have_count(3)
    assert double.sessions == 2


def test_a_session_is_renewed_before_it_ends(open_page: OpenPage, double: Double) -> None:
    """With less than a minute to go, the token is shown for a new one before the question."""
    double.ends_in = 30
    tab = open_page(INLINE)
    expect(tab.get_by_role("button", name=QUESTION)).to_be_visible()
    double.ends_in = 3600
    ask(tab, QUESTION)
    expect(tab.locator(".sentence")).to_have_count(3)
    assert (double.sessions, double.renewed) == (2, ["Bearer token-1"])


def test_a_session_that_stays_refused_is_an_error(chat: "Tab", double: Double) -> None:
    """A second refusal is shown instead of asking for sessions for ever."""
    double.expired |= {f"token-{n}" for n in range(1, 20)}
    ask(chat, QUESTION)
    expect(chat.locator(".notice.failed")).to_be_visible()
    assert double.sessions == 2


def test_suggestions_ask_themselves(chat: "Tab", double: Double) -> None:
    """A suggested question is asked by pressing it, and the suggestions make room."""
    chat.get_by_role("button", name=QUESTION).click()
    expect(chat.locator(".sentence")).to_have_count(3)
    assert [one["question"] for one in double.asked] == [QUESTION]
    expect(chat.locator(".suggestion").first).to_be_hidden()


def test_thumbs_and_the_reason_for_a_bad_one(chat: "Tab", double: Double) -> None:
    """A thumb up goes out at once; a thumb down goes out at once and asks for the reason."""
    ask(chat, QUESTION)
    chat.get_by_role("button", name="Good answer").click()
    expect(chat.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")
    bad = chat.get_by_role("button", name="Bad answer")
    bad.click()
    chat.get_by_role("radio", name="Something is missing").check()
    chat.get_by_role("textbox", name="In your own words").fill("The year.")
    with chat.expect_response(lambda sent: "incomplete" in (sent.request.post_data or "")):
        chat.get_by_role("button", name="Send").click()
    expect(chat.get_by_text("Thank you.")).to_be_visible()
    expect(bad).to_be_focused()
    assert [{k: v for k, v in one.items() if k != "answer_id"} for one in double.rated] == [
        {"rating": "up"},
        {"rating": "down"},
        {"rating": "down", "reason": "incomplete", "comment": "The year."},
    ]
    assert {one["answer_id"] for one in double.rated} == {"a1"}


def test_a_copy_has_the_footnotes(open_page: OpenPage) -> None:
    """The clipboard gets the sentences with numbers, then the quotes with their places."""
    tab = open_page(INLINE, permissions=["clipboard-read", "clipboard-write"])
    ask(tab, QUESTION)
    tab.get_by_role("button", name="Copy the answer").click()
    expect(tab.get_by_text("Copied.")).to_be_visible()
    copied = tab.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"{QUOTES[0]} [1] {QUOTES[1]} [2]")
    assert f"[3] “{QUOTES[2]}” (The shadow of China · {document()['title']}" in copied


def test_a_conversation_is_remembered_in_the_tab(chat: "Tab", double: Double) -> None:
    """After a reload the conversation stands there, and goes on by its id."""
    ask(chat, QUESTION)
    expect(chat.get_by_role("button", name="Good answer")).to_be_visible()
    chat.reload()
    expect(chat.locator(".sentence")).to_have_count(3)
    ask(chat, "who won the cup?")
    expect(chat.locator(".closest").first).to_be_visible()
    assert double.asked[-1]["conversation_id"] == "c1"
    assert double.renewed == ["Bearer token-1"]


def test_a_conversation_that_the_server_forgot_is_told_again(chat: "Tab", double: Double) -> None:
    """When the conversation's id is unknown, the question goes out with what was said."""
    ask(chat, QUESTION)
    expect(chat.get_by_role("button", name="Good answer")).to_be_visible()
    error = {"code": "not_found", "message": "", "request_id": "r", "retryable": False}
    double.answers["and then?"] = [("status", (404, {"error": error}, {}))]
    ask(chat, "and then?")
    expect(chat.locator(".notice.failed")).to_be_visible()
    assert double.asked[-2]["conversation_id"] == "c1"
    assert double.asked[-1]["history"][0] == {"role": "user", "content": QUESTION}


def test_a_new_conversation_forgets_the_old(chat: "Tab", double: Double) -> None:
    """The button clears the log and the tab's memory, and puts the cursor in the input."""
    ask(chat, QUESTION)
    expect(chat.get_by_role("button", name="Good answer")).to_be_visible()
    chat.get_by_role("button", name="New conversation").click()
    expect(chat.locator(".turn")).to_have_count(0)
    expect(chat.get_by_role("textbox", name="Ask a question")).to_be_focused()
    assert chat.evaluate("Object.values(sessionStorage).filter((x) => x.includes('turns'))") == []
    ask(chat, QUESTION)
    assert double.asked[-1] == {"question": QUESTION}


def test_an_answer_without_an_event_before_it_is_shown(chat: "Tab", double: Double) -> None:
    """The Answer alone is enough: what came before it is only sooner."""
    whole = answer([sentence("All at once.", 1)], citations()[:1])
    double.answers["q"] = [("answer", {"answer": whole, "conversation_id": "c1"})]
    ask(chat, "q")
    expect(chat.get_by_text("All at once.")).to_be_visible()
    expect(chat.locator(".mark")).to_have_count(1)
