"""Conversations are kept, private to their owner, whole, in order, and gone when they should be.

Every test of the contract runs on SQLite, and also on PostgreSQL where POSTGRES_TEST_URL names one,
as in .ci/run (`tests/postgres.sh` starts it).
"""

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant import conversations as module
from assistant.answer import Answer, Citation, Sentence, Turn
from assistant.conversations import Conversations
from index.errors import ConversationNotFound, ConversationsUnavailable, UsageError
from tests.source import ROOT

DAY = 86_400.0
HOSTILE = "a\x00b\ud800'; DROP TABLE footnote_answers; -- \u202e漢字 🐕 \r\n %s :x \\u0000"


class Clock:
    """A clock that stands still until it is told otherwise."""

    now = 1_000_000.0

    def __call__(self) -> float:
        """Return the time that it was told."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock of the test's own."""
    return Clock()


@pytest.fixture
def kept(database_url: str, clock: Clock) -> Iterator[Conversations]:
    """Return empty conversations that expire after ten days."""
    with Conversations(database_url, days=10, clock=clock) as conversations:
        yield conversations


def an_answer(question: str = "Who keeps bees?", text: str = "Ada does. [1]") -> Answer:
    """Return an Answer with something in every field."""
    citation = Citation(1, "hives", "Hives", "hives.md", 3, 12, "Ada does.", "Keepers", 2)
    return Answer(
        id=uuid4().hex,
        outcome="answered",
        reason=None,
        question=question,
        standalone_question=question,
        text=text,
        sentences=(Sentence("Ada does.", "claim", (1,), 0.97),),
        citations=(citation,),
        closest=(citation,),
        timings_ms={"total": 4.25},
        usage={"tokens": 3},
    )


def test_what_was_kept_comes_back_whole(kept: Conversations) -> None:
    """An Answer is read back equal, by its conversation and by its own id."""
    conversation, answer = kept.start("ann"), an_answer()
    kept.append(conversation, "ann", answer)
    assert kept.answers(conversation, "ann") == (answer,)
    assert kept.answer(answer.id, "ann") == answer


def test_history_is_the_newest_turns_oldest_first(kept: Conversations) -> None:
    """A follow-up sees at most the turns that it asks for, in the order in which they were said."""
    conversation = kept.start("ann")
    assert kept.history(conversation, "ann", 4) == ()
    for number in range(3):
        kept.append(conversation, "ann", an_answer(f"q{number}", f"a{number}"))
    newest = (Turn("assistant", "a1"), Turn("user", "q2"), Turn("assistant", "a2"))
    assert kept.history(conversation, "ann", 3) == newest
    assert len(kept.history(conversation, "ann", 100)) == 6
    assert kept.history(conversation, "ann", 0) == ()


READERS: dict[str, Callable[[Conversations, str, str], object]] = {
    "history": lambda kept, conversation, _: kept.history(conversation, "eve", 9),
    "answers": lambda kept, conversation, _: kept.answers(conversation, "eve"),
    "answer": lambda kept, _, answer: kept.answer(answer, "eve"),
    "append": lambda kept, conversation, _: kept.append(conversation, "eve", an_answer()),
    "delete": lambda kept, conversation, _: kept.delete(conversation, "eve"),
    "rate": lambda kept, _, answer: kept.rate(answer, "eve", "down"),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_an_id_opens_nothing_by_itself(
    kept: Conversations, read: Callable[[Conversations, str, str], object]
) -> None:
    """Somebody else's conversation is as unknown as none, with the same words, and untouched."""
    conversation, answer = kept.start("ann"), an_answer()
    kept.append(conversation, "ann", answer)
    said = []
    for ids in ((conversation, answer.id), ("none", "none"), (HOSTILE, HOSTILE), ("", "")):
        with pytest.raises(ConversationNotFound) as caught:
            read(kept, *ids)
        said.append(str(caught.value))
    assert len(set(said)) == 1
    assert kept.answers(conversation, "ann") == (answer,)
    assert list(kept.feedback()) == []
    assert kept.conversations("eve") == ()


def test_a_clock_that_jumps_loses_nothing(kept: Conversations, clock: Clock) -> None:
    """Put back or ahead by a day, it hides no conversation; what has expired is unreadable."""
    old = kept.start("ada")
    conversation = kept.start("ada")
    for days in (1, -2, 1):
        clock.now += days * DAY
        kept.append(conversation, "ada", an_answer())
        kept.start("bob")
    assert len(kept.answers(conversation, "ada")) == 3
    assert old in {one.id for one in kept.conversations("ada")}
    clock.now += 9 * DAY + 1
    kept.append(conversation, "ada", an_answer())
    clock.now += 2 * DAY
    kept.start("bob")
    assert {one.id for one in kept.conversations("ada")} == {conversation}


def test_ids_cannot_be_guessed(kept: Conversations) -> None:
    """A conversation's id is 128 random bits, new each time."""
    ids = {kept.start("ann") for _ in range(20)}
    assert len(ids) == 20
    assert {len(one) for one in ids} == {22}


def test_a_thread_continues_its_conversation(kept: Conversations, clock: Clock) -> None:
    """The same thread of the same owner is one conversation, and a new one once that expired."""
    first = kept.start("ann", thread="t1")
    assert kept.start("ann", thread="t1") == first
    assert kept.start("ann", thread="t2") != first
    assert kept.start("bob", thread="t1") != first
    clock.now += 11 * DAY
    assert kept.start("ann", thread="t1") != first


def test_the_owner_sees_their_conversations(kept: Conversations, clock: Clock) -> None:
    """The list has what was changed last on top, and how much each holds."""
    older, newer = kept.start("ann"), kept.start("ann")
    kept.start("bob")
    clock.now += 5
    kept.append(older, "ann", an_answer())
    listed = kept.conversations("ann")
    assert [(one.id, one.answers) for one in listed] == [(older, 1), (newer, 0)]
    assert listed[0].started == datetime.fromtimestamp(1_000_000, UTC)
    assert listed[0].changed == datetime.fromtimestamp(1_000_005, UTC)
    assert len(kept.conversations("ann", limit=1)) == 1


def test_deleted_is_gone(kept: Conversations) -> None:
    """Deleting takes the answers and their feedback along, and nothing else."""
    gone, stays, answer = kept.start("ann"), kept.start("ann"), an_answer()
    kept.append(gone, "ann", answer)
    kept.append(stays, "ann", an_answer())
    kept.rate(answer.id, "ann", "up")
    kept.delete(gone, "ann")
    with pytest.raises(ConversationNotFound):
        kept.history(gone, "ann", 2)
    with pytest.raises(ConversationNotFound):
        kept.answer(answer.id, "ann")
    assert list(kept.feedback()) == []
    assert len(kept.answers(stays, "ann")) == 1


def test_feedback_is_one_a_rater_and_can_be_changed(kept: Conversations, clock: Clock) -> None:
    """Sending again replaces; people who share an owner are told apart."""
    conversation, answer = kept.start("channel"), an_answer()
    kept.append(conversation, "channel", answer)
    kept.rate(answer.id, "channel", "up", rater="ann")
    kept.rate(answer.id, "channel", "up", reason="ok")
    clock.now += 1
    kept.rate(answer.id, "channel", "down", reason="wrong", comment=HOSTILE, rater="ann")
    first, second = kept.feedback()
    assert (first.rating, first.reason, first.comment) == ("up", "ok", None)
    assert (second.rating, second.reason, second.comment) == ("down", "wrong", HOSTILE)
    assert second.answer == answer
    assert second.to_dict()["given"] == "1970-01-12T13:46:41+00:00"
    assert list(kept.feedback(since=second.given)) == [second]


def test_feedback_is_exported_page_by_page(
    kept: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every row comes once, also when all were given in the same instant."""
    monkeypatch.setattr(module, "_PAGE", 3)
    conversation, answer = kept.start("ann"), an_answer()
    kept.append(conversation, "ann", answer)
    for number in range(7):
        kept.rate(answer.id, "ann", "up", reason=str(number), rater=str(number))
    assert sorted(one.reason or "" for one in kept.feedback()) == list("0123456")


def test_what_is_too_long_is_refused(kept: Conversations, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing grows without bound, and a refused row leaves nothing behind."""
    conversation, answer = kept.start("ann"), an_answer()
    kept.append(conversation, "ann", answer)
    with pytest.raises(UsageError, match="the comment has 4,001 characters"):
        kept.rate(answer.id, "ann", "up", comment="x" * 4_001)
    with pytest.raises(UsageError, match="the reason has 201"):
        kept.rate(answer.id, "ann", "up", reason="x" * 201)
    with pytest.raises(UsageError, match=r'"up" or "down", not \'sideways\''):
        kept.rate(answer.id, "ann", "sideways")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="bytes"):
        kept.append(conversation, "ann", an_answer(text="x" * module.MAX_ANSWER_BYTES))
    monkeypatch.setattr(module, "MAX_ANSWERS", 1)
    with pytest.raises(UsageError, match="start a new one"):
        kept.append(conversation, "ann", an_answer())
    assert [one.answers for one in kept.conversations("ann")] == [1]


def test_several_begin_in_one_step(kept: Conversations, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each begins a conversation of its own; when one cannot be kept, none is."""
    answers = [an_answer("one?"), an_answer("two?")]
    begun = kept.begin([("ann", answers[0]), ("ben", answers[1])])
    assert [kept.answers(begun[0], "ann"), kept.answers(begun[1], "ben")] == [
        (answers[0],),
        (answers[1],),
    ]
    assert kept.begin([]) == []
    with pytest.raises(ConversationsUnavailable):
        kept.begin([("cem", an_answer()), ("cem", answers[0])])
    monkeypatch.setattr(module, "MAX_ANSWER_BYTES", 10)
    with pytest.raises(UsageError):
        kept.begin([("cem", an_answer())])
    assert kept.conversations("cem") == ()


def test_an_answer_is_kept_once(kept: Conversations) -> None:
    """An id that is there already is a mistake of the caller's, and changes nothing."""
    conversation, answer = kept.start("ann"), an_answer()
    kept.append(conversation, "ann", answer)
    with pytest.raises(ValueError, match="kept already"):
        kept.append(conversation, "ann", answer)
    with pytest.raises(ValueError, match="letters, digits"):
        kept.append(conversation, "ann", replace(answer, id="a/b"))
    assert kept.answers(conversation, "ann") == (answer,)
    assert kept.conversations("ann")[0].answers == 1


def test_old_conversations_expire(kept: Conversations, clock: Clock) -> None:
    """What nobody adds to is unreadable after the days set, and then deleted with its feedback."""
    old, answer = kept.start("ann"), an_answer()
    kept.append(old, "ann", answer)
    kept.rate(answer.id, "ann", "up")
    clock.now += 9 * DAY
    used = kept.start("ann")
    clock.now += 2 * DAY
    with pytest.raises(ConversationNotFound):
        kept.answers(old, "ann")
    assert list(kept.feedback()) == []
    assert [one.id for one in kept.conversations("ann")] == [used]
    assert kept.expire() == 1
    clock.now -= 11 * DAY
    with pytest.raises(ConversationNotFound):
        kept.answers(old, "ann")


def test_an_event_is_claimed_once(kept: Conversations, clock: Clock) -> None:
    """A second delivery is told apart for a day, whatever the id looks like."""
    assert kept.claim_event("Ev1")
    assert not kept.claim_event("Ev1")
    assert kept.claim_event(HOSTILE)
    assert not kept.claim_event(HOSTILE)
    clock.now += DAY
    assert kept.claim_event("Ev1")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(text=st.text(st.characters(codec=None), max_size=60), owner=st.text(max_size=20))
def test_any_text_comes_back_as_it_was(kept: Conversations, text: str, owner: str) -> None:
    """NUL, half surrogates, quotes and every script survive, in turns and in owners."""
    conversation = kept.start(owner, thread=text)
    answer = an_answer(text + HOSTILE, text)
    kept.append(conversation, owner, answer)
    assert kept.answer(answer.id, owner) == answer
    kept.delete(conversation, owner)


def test_threads_lose_nothing(kept: Conversations) -> None:
    """Many threads add to one conversation: every answer is there, once, at its own place."""
    conversation = kept.start("ann")
    answers = [an_answer(f"q{number}") for number in range(24)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda one: kept.append(conversation, "ann", one), answers))
    held = kept.answers(conversation, "ann")
    assert sorted(one.id for one in held) == sorted(one.id for one in answers)
    assert kept.conversations("ann")[0].answers == 24


WRITER = """
import sys
from assistant.conversations import Conversations
from tests.test_conversations import an_answer
url, name = sys.argv[1:]
with Conversations(url) as kept:
    conversation = kept.start("ann", thread="one")
    won = 0
    for number in range(10):
        kept.append(conversation, "ann", an_answer(f"{name} {number}"))
        won += kept.claim_event(f"Ev{number}")
    print(conversation, won)
"""


def test_processes_lose_nothing(database_url: str) -> None:
    """Processes that meet at an empty database share one conversation and claim an event once."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, database_url, name],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        for name in "abc"
    ]
    told = [process.communicate()[0].split() for process in started]
    assert [process.returncode for process in started] == [0, 0, 0]
    assert len({conversation for conversation, _ in told}) == 1
    assert sum(int(won) for _, won in told) == 10
    with Conversations(database_url) as kept:
        asked = [one.question for one in kept.answers(told[0][0], "ann")]
    assert sorted(asked) == [f"{n} {i}" for n, i in itertools.product("abc", range(10))]
    for name in "abc":
        own = [question for question in asked if question.startswith(name)]
        assert own == [f"{name} {number}" for number in range(10)]
