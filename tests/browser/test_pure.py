"""The widget's pure modules, run by the engine that ships them and without a widget on the page."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import html
from tests.browser.double import Double, Page, citation, sentence

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def tab(browser: "Browser") -> Iterator["Tab"]:
    """Return a page on which modules can be imported; one for all, as they keep nothing."""
    with Double() as double:
        double.pages["/page"] = Page(html(""))
        opened = browser.new_page()
        opened.goto(f"{double.origin}/page")
        yield opened
        opened.close()


def run(tab: "Tab", module: str, code: str, *arguments: Any) -> Any:
    """Return what `code`, a function of (module, ...arguments), returns."""
    script = f"async (given) => ({code})(await import('/widget/{module}.js'), ...given)"
    return tab.evaluate(script, list(arguments))


def parsed(tab: "Tab", *pieces: str) -> list[dict[str, str]]:
    """Return the events that the parser makes of a stream that comes in these pieces."""
    code = "({Parser}, all) => { const p = new Parser(); return all.flatMap((x) => p.push(x)); }"
    found: list[dict[str, str]] = run(tab, "sse", code, list(pieces))
    return found


def test_events_are_the_same_however_the_stream_is_cut(tab: "Tab") -> None:
    """A stream cut at every place, also inside a line's end, gives the same events."""
    stream = (
        '\ufeff: heartbeat\r\nevent: sentence\r\ndata: {"a":\r\ndata: 1}\r\n\r\n'
        "data:two\n\nid: 7\n\n"
    )
    expected = [
        {"event": "sentence", "data": '{"a":\n1}'},
        {"event": "message", "data": "two"},
    ]
    for at in range(len(stream) + 1):
        assert parsed(tab, stream[:at], stream[at:]) == expected, at
    assert parsed(tab, *stream) == expected


def test_an_event_without_its_end_is_none(tab: "Tab") -> None:
    """What a broken connection leaves behind is not taken for an event."""
    assert parsed(tab, "event: answer\ndata: {}\n") == []


def drawn(tab: "Tab", text: str) -> str:
    """Return the HTML that the sentence's nodes would be written as."""
    code = """({draw}, x) => {
      const div = document.createElement('div');
      div.append(draw(document, x));
      return div.innerHTML;
    }"""
    found: str = run(tab, "inline", code, text)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain words.", "plain words."),
        ("**Two** of *four*", "<strong>Two</strong> of <em>four</em>"),
        ("__a__ _b_ snake_case_name", "<strong>a</strong> <em>b</em> snake_case_name"),
        ("**bold with *both* in it**", "<strong>bold with <em>both</em> in it</strong>"),
        ("`a * b` and ``c`d``", "<code>a * b</code> and <code>c`d</code>"),
        (r"\*not\* 2 * 3 * 4", "*not* 2 * 3 * 4"),
        ("an open ** and a ` stay", "an open ** and a ` stay"),
        ("```py\nx = '<b>'\n```", "<pre tabindex=\"0\"><code>x = '&lt;b&gt;'</code></pre>"),
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
        ("[a](javascript:alert(1))", "[a](javascript:alert(1))"),
        ("![a](https://evil.example/x.png)", "![a](https://evil.example/x.png)"),
        ("**<script>1</script>**", "<strong>&lt;script&gt;1&lt;/script&gt;</strong>"),
    ],
)
def test_inline_markdown(tab: "Tab", text: str, expected: str) -> None:
    """Bold, italics and code become nodes; links, images and HTML stay the text they are."""
    assert drawn(tab, text) == expected


def test_a_long_row_of_marks_is_drawn_at_once(tab: "Tab") -> None:
    """Thousands of opening marks neither exhaust the stack nor lose a character."""
    text = "*_" * 3000 + "x"
    assert run(tab, "inline", "({plain}, x) => plain(x)", text) == text


def test_offsets_count_characters_and_not_units(tab: "Tab") -> None:
    """An emoji is one character of a document and two units of a JavaScript string."""
    text = "a😀b👩‍🚀c"
    offsets = list(range(len(text) + 2))
    expected = [len(text[:n].encode("utf-16-le")) // 2 for n in offsets]
    assert run(tab, "offsets", "({units}, t, o) => units(t, o)", text, offsets) == expected


EMOJI = {
    "id": "d",
    "title": "On 😀",
    "source": "d.md",
    "text": "On 😀\n\nFirst 🚀 paragraph.\n\nPart 👩‍🚀\n\n"
    "Here 😀 it says 🎉 so. More.\n\nThe end 🏁.",
    "sections": [
        {"heading": "", "level": 0, "start": 6, "end": 25},
        {"heading": "Part 👩‍🚀", "level": 2, "start": 35, "end": 75},
    ],
}


def test_the_cited_words_are_cut_out_of_their_paragraph(tab: "Tab") -> None:
    """Among emoji, the marked part is exactly the quote, and headings are known as such."""
    cited = citation(1, EMOJI, "it says 🎉 so.")
    found = run(tab, "offsets", "({around}, d, c) => around(d, c, 9999)", EMOJI, cited)
    assert (found["before"], found["after"]) == (False, False)
    assert [p["heading"] for p in found["paragraphs"]] == [1, 0, 2, 0, 0]
    assert found["paragraphs"][3]["parts"] == [
        {"text": "Here 😀 ", "cited": False},
        {"text": "it says 🎉 so.", "cited": True},
        {"text": " More.", "cited": False},
    ]


def test_a_long_document_is_shown_around_the_words(tab: "Tab") -> None:
    """Whole paragraphs within reach are shown, and it is known that there are more."""
    paragraphs = [f"Paragraph {n:03} says something." for n in range(100)]
    long = {"id": "l", "title": "", "source": "", "text": "\n\n".join(paragraphs), "sections": []}
    cited = citation(1, long, paragraphs[50])
    found = run(tab, "offsets", "({around}, d, c) => around(d, c, 60)", long, cited)
    shown = ["".join(part["text"] for part in p["parts"]) for p in found["paragraphs"]]
    assert shown == paragraphs[48:53]
    assert (found["before"], found["after"]) == (True, True)


def test_a_quote_may_go_over_paragraphs(tab: "Tab") -> None:
    """Each paragraph's share of the quote is marked."""
    two = {"id": "t", "title": "", "source": "", "text": "One two.\n\nThree four.", "sections": []}
    cited = citation(1, two, "two.\n\nThree")
    found = run(tab, "offsets", "({around}, d, c) => around(d, c, 99)", two, cited)
    marked = [part["text"] for p in found["paragraphs"] for part in p["parts"] if part["cited"]]
    assert marked == ["two.", "Three"]


def test_a_document_that_changed_is_not_guessed_at(tab: "Tab") -> None:
    """Where the slice is not the quote any more, no place is claimed."""
    cited = citation(1, EMOJI, "it says 🎉 so.", start=3, end=15)
    assert run(tab, "offsets", "({around}, d, c) => around(d, c, 99)", EMOJI, cited) is None


@pytest.mark.parametrize(
    ("pieces", "quote", "expected"),
    [
        (["He said: it sank. Then"], "it sank.", [[0, 9], [0, 17]]),
        (["it ", "sank", ". x"], "it sank.", [[0, 0], [2, 1]]),
        (["The “big”\n  ship’s\u00ad end"], '"big" ship\'s end', [[0, 4], [0, 23]]),
        (["😀 it sank"], "it sank", [[0, 3], [0, 10]]),
        (["it sunk"], "it sank", None),
        (["anything"], "  ", None),
    ],
)
def test_words_are_found_in_a_page(
    tab: "Tab", pieces: list[str], quote: str, expected: list[list[int]] | None
) -> None:
    """Line breaks, nodes and kinds of quotation marks do not matter; every letter does."""
    assert run(tab, "highlight", "({find}, p, q) => find(p, q)", pieces, quote) == expected


@pytest.mark.parametrize(
    ("lead", "expected"),
    [
        ("", {"kind": "run", "gap": ""}),
        (" ", {"kind": "run", "gap": " "}),
        ("\n\n", {"kind": "paragraph"}),
        ("\n- ", {"kind": "item", "depth": 0, "ordered": False, "number": None}),
        ("\n\n  - ", {"kind": "item", "depth": 1, "ordered": False, "number": None}),
        ("\n1. ", {"kind": "item", "depth": 0, "ordered": True, "number": 1}),
        ("\n    12) ", {"kind": "item", "depth": 2, "ordered": True, "number": 12}),
    ],
)
def test_what_stands_before_a_sentence(tab: "Tab", lead: str, expected: dict[str, Any]) -> None:
    """A lead is a space, a paragraph or a list's item with its depth and number."""
    assert run(tab, "state", "({opening}, x) => opening(x)", lead) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("https://example.com/a?b#c", "https://example.com/a?b#c"),
        ("http://example.com", "http://example.com/"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("notes/a.md", None),
        (" java\nscript:alert(1)", None),
    ],
)
def test_only_the_web_is_linked_to(tab: "Tab", source: str, expected: str | None) -> None:
    """A source becomes a link when it is an http or https address."""
    assert run(tab, "state", "({webAddress}, x) => webAddress(x)", source) == expected


def reduced(tab: "Tab", *events: dict[str, Any]) -> dict[str, Any]:
    """Return the state after these events."""
    code = "({reduce, EMPTY}, all) => all.reduce(reduce, EMPTY)"
    found: dict[str, Any] = run(tab, "state", code, list(events))
    return found


ASKED = {"type": "asked", "question": "why?"}


def test_sentences_gather_and_the_answer_ends_the_turn(tab: "Tab") -> None:
    """Sentences come one by one with their footnotes; the Answer's own replace them."""
    one = {"type": "sentence", "sentence": sentence("A.", 1), "citations": [{"number": 1}]}
    state = reduced(tab, ASKED, one)
    assert state["asking"]
    assert state["turns"][0]["status"] == "streaming"
    whole = {"outcome": "answered", "sentences": [sentence("A.", 1)], "citations": [{"number": 1}]}
    state = reduced(tab, ASKED, one, {"type": "answer", "answer": whole, "conversation_id": "c"})
    assert (state["asking"], state["conversation"]) == (False, "c")
    assert state["turns"][0]["status"] == "answered"


@pytest.mark.parametrize(
    ("reason", "retryable"), [("model_timeout", True), ("something_new", False)]
)
def test_a_failed_answer_is_a_failure(tab: "Tab", reason: str, retryable: bool) -> None:
    """An Answer that failed keeps what was said and says whether to try again."""
    whole = {"outcome": "failed", "reason": reason, "sentences": [], "citations": []}
    (turn,) = reduced(tab, ASKED, {"type": "answer", "answer": whole})["turns"]
    assert turn["status"] == "failed"
    assert turn["error"] == {"code": reason, "retryable": retryable}


def test_what_comes_after_the_end_changes_nothing(tab: "Tab") -> None:
    """A sentence that arrives after "stop" is not shown."""
    late = {"type": "sentence", "sentence": sentence("Late."), "citations": []}
    (turn,) = reduced(tab, ASKED, {"type": "stopped"}, late)["turns"]
    assert (turn["status"], turn["sentences"]) == ("stopped", [])


def test_a_retry_starts_the_same_turn_afresh(tab: "Tab") -> None:
    """The failed turn is taken up again and none is added."""
    failed = {"type": "error", "error": {"code": "offline", "retryable": True}}
    state = reduced(tab, ASKED, failed, {"type": "retried"})
    assert state["asking"]
    assert [t["status"] for t in state["turns"]] == ["waiting"]


def test_a_conversation_survives_storage(tab: "Tab") -> None:
    """What was stored comes back; a turn that was under way counts as stopped."""
    code = "({reduce, EMPTY, store, restore}, e) => restore(store(reduce(EMPTY, e)))"
    state = run(tab, "state", code, ASKED)
    assert (state["asking"], state["turns"][0]["status"]) == (False, "stopped")


@pytest.mark.parametrize("text", [None, "", "{", "{}", '{"version": 1, "turns": [{}]}', "[1]"])
def test_foreign_storage_is_no_conversation(tab: "Tab", text: str | None) -> None:
    """Whatever else lies under the key, the conversation starts empty."""
    assert run(tab, "state", "({restore}, x) => restore(x)", text)["turns"] == []


def test_a_question_goes_with_what_was_said_before(tab: "Tab") -> None:
    """A known conversation is named; one that the server has forgotten is told again."""
    said = {"type": "sentence", "sentence": sentence("So."), "citations": []}
    done = {
        "type": "answer",
        "answer": {"outcome": "answered", "sentences": [sentence("So.")], "citations": []},
        "conversation_id": "c",
    }
    code = "({reduce, EMPTY, request}, all) => request(all.reduce(reduce, EMPTY))"
    known = run(tab, "state", code, [ASKED, said, done, {**ASKED, "question": "and?"}])
    assert known == {"question": "and?", "conversation_id": "c"}
    told = [ASKED, said, done, {**ASKED, "question": "and?"}, {"type": "forgotten"}]
    assert run(tab, "state", code, told)["history"] == [
        {"role": "user", "content": "why?"},
        {"role": "assistant", "content": "So."},
    ]


def test_both_languages_say_everything(tab: "Tab") -> None:
    """English and Japanese have the same texts with the same places to fill in."""
    texts = run(tab, "texts", "({TEXTS}) => TEXTS")

    def shape(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: shape(inner) for key, inner in value.items()}
        return "{n}" in value, "{quote}" in value

    assert json.dumps(shape(texts["en"])) == json.dumps(shape(texts["ja"]))
