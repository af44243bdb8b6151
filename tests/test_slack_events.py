"""Reading what Slack tells: words without markup, threads, places, and who is let in."""

from typing import Any

import pytest

from assistant.answer import Turn
from assistant.slacking.events import plain_text, read_question, read_thread
from assistant.slacking.rules import read_doors
from tests.slack_fake import BOT, TEAM
from tests.slack_payloads import CHANNEL, DIRECT, USER, direct, mention


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (f"<@{BOT}> why?", "why?"),
        (f"<@{BOT}|footnote>: why?", "why?"),
        (f"tell us, <@{BOT}>, why?", "tell us, , why?"),
        ("ask <@U2|ben> and <@U3>", "ask ben and"),
        ("see <#C1|general> or <#C2>", "see general or"),
        ("<!here> and <!subteam^S1|@team>", "@here and @team"),
        ("<!date^1392734382^{date}|18 February>", "18 February"),
        ("<https://a.example|the page> of <https://b.example>", "the page of https://b.example"),
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        ("&amp;lt; is typed", "&lt; is typed"),
        ("two\nlines\tand  spaces", "two lines and spaces"),
        ("5 < 6", "5 < 6"),
    ],
)
def test_markup_becomes_words(text: str, plain: str) -> None:
    """Mentions, channels, links, dates and entities, as Slack documents them."""
    assert plain_text(text, BOT) == plain


def test_a_question_knows_where_it_belongs() -> None:
    """A new message begins a thread, a later one belongs to the thread's first."""
    first = read_question(mention("why?"), BOT)
    assert first is not None
    assert (first.channel, first.user, first.text) == (CHANNEL, USER, "why?")
    assert (first.thread, first.follows, first.is_direct) == (first.ts, False, False)
    later = read_question(direct("why?", ts="9.1", thread_ts="1.1"), BOT)
    assert later is not None
    assert (later.channel, later.thread, later.follows, later.is_direct) == (
        DIRECT,
        "1.1",
        True,
        True,
    )


def test_a_reply_that_is_also_sent_to_the_channel_is_a_question() -> None:
    """Slack gives it a subtype, and somebody wrote it all the same."""
    more = {"subtype": "thread_broadcast", "thread_ts": "1.1"}
    assert read_question(direct("why?", ts="9.1", **more), BOT) is not None


def test_a_thread_is_read_up_to_the_question() -> None:
    """People and the bot itself, oldest first; no other bot, nothing that only happened."""
    said: list[dict[str, Any]] = [
        {"user": "U2", "text": "What sank?", "ts": "1.1"},
        {"user": BOT, "bot_id": "B0FOOT", "text": "The Vasa. [1]", "ts": "1.2"},
        {"user": "U3", "subtype": "channel_join", "text": "joined", "ts": "1.3"},
        {"bot_id": "B9", "subtype": "bot_message", "text": "Buy!", "ts": "1.4"},
        {"user": "U2", "text": "", "ts": "1.5"},
        {"user": "U2", "text": f"<@{BOT}> and why?", "ts": "1.6"},
    ]
    assert read_thread(said, BOT, "1.6") == [
        Turn("user", "What sank?"),
        Turn("assistant", "The Vasa. [1]"),
    ]


@pytest.mark.parametrize(
    ("allowed", "denied", "places", "is_direct", "let_in"),
    [
        (None, None, {TEAM, "C1"}, False, True),
        ("T0HOME", None, {TEAM, "C1"}, False, True),
        ("E0ORG", None, {TEAM, "E0ORG", "C1"}, False, True),
        ("T0ELSE T0HOME,C1", None, {TEAM, "C1"}, False, True),
        ("T0HOME,C1", None, {TEAM, "C2"}, False, False),
        ("C1", None, {TEAM, "D1"}, True, True),
        ("T0ELSE", None, {TEAM, "D1"}, True, False),
        (None, "dm", {TEAM, "D1"}, True, False),
        (None, "dm", {TEAM, "C1"}, False, True),
        ("C1", "C1", {TEAM, "C1"}, False, False),
        (None, "E0ORG", {TEAM, "E0ORG", "C1"}, False, False),
        (" , ", "", {TEAM, "C1"}, False, True),
    ],
)
def test_doors(
    allowed: str | None, denied: str | None, places: set[str], is_direct: bool, let_in: bool
) -> None:
    """Denying wins; naming workspaces or channels shuts the others out."""
    assert read_doors(allowed, denied).let_in(places, is_direct=is_direct) == let_in
