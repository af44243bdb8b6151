"""Turns and feedback, kept: `Conversations(url, days=30)`; `wiring.open_conversations` makes one.

    conversation = kept.start(owner)
    answer = assistant.ask(question, kept.history(conversation, owner, turns=20))
    kept.append(conversation, owner, answer)
    kept.rate(answer.id, owner, "up", reason="helpful")

`owner` is whoever may read a conversation, in words that the channel chooses ("widget:" and a
session, "slack:" and a channel). Every access names it, and a conversation of somebody else's is as
unknown as one that never was: an id by itself opens nothing.

An Answer is kept whole, as JSON; owners, threads and raters are kept as hashes only. A conversation
that nobody has added to for `days` is gone: unreadable at once, deleted when the next one starts.
Threads may share a Conversations, and any number of processes its database. Needs the extra
`conversations`, and `postgres` for PostgreSQL.
"""

import hashlib
import json
import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Self, cast

import sqlalchemy as sa

from assistant import database
from assistant.answer import Answer, Turn
from assistant.database import Database, to_json
from index.errors import ConversationNotFound, UsageError

Rating = Literal["up", "down"]
Clock = Callable[[], float]
"""Seconds since 1970, as `time.time` gives them."""

MAX_ANSWERS = 1_000
"""Answers that one conversation holds."""
MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""Longest Answer, as JSON: some hundred times what the quoting writer makes."""
MAX_REASON_CHARS, MAX_COMMENT_CHARS = 200, 4_000
EVENT_SECONDS = 24 * 60 * 60
"""How long a claimed event is remembered; whoever delivers again does so within the hour."""

_DAY = 24 * 60 * 60
_SWEEP_SECONDS = 60 * 60
_PAGE = 200
_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{database.ID}}}", re.ASCII)
_conversations, _answers = database.conversations, database.answers
_feedback = database.feedback


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is known of a conversation without reading it; `answers` is how many it holds."""

    id: str
    started: datetime
    changed: datetime
    answers: int


@dataclass(frozen=True, slots=True)
class Feedback:
    """What somebody thought of an Answer; who it was is not told."""

    answer: Answer
    conversation: str
    rating: Rating
    reason: str | None
    comment: str | None
    given: datetime

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, dicts, strings and numbers; `given` in ISO 8601."""
        return {**asdict(self), "given": self.given.isoformat()}


class Conversations:
    """Conversations in one database. Raises what `Database` raises, also from every method."""

    def __init__(self, url: str, *, days: int = 30, clock: Clock = time.time) -> None:
        self._database = Database(url)
        self._seconds = days * _DAY
        self._clock = clock
        self._swept = float("-inf")

    def close(self) -> None:
        """Give the connections back."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, owner: str, thread: str | None = None) -> str:
        """Begin a conversation and return its id: 22 random characters that nobody can guess.

        `thread` is an id that the channel has for it, such as a Slack thread's: the same one
        continues the conversation that it began.
        """
        new, row = self._new(owner, 0)
        if thread is None:
            with self._database.writing() as connection:
                connection.execute(_conversations.insert().values(row))
            return new
        known = sa.select(_conversations.c.id).where(
            _conversations.c.owner == _key(owner), _conversations.c.thread == _key(thread)
        )
        with self._database.writing() as connection:
            # Also what has expired and was not deleted yet: its thread starts afresh.
            connection.execute(_conversations.delete().where(~self._fresh()))
            if not self._added(connection, _conversations, {**row, "thread": _key(thread)}):
                new = connection.execute(known).scalar_one()
        return new

    def begin(self, begun: Sequence[tuple[str, Answer]]) -> list[str]:
        """Begin a conversation with each (owner, first Answer), in one step; return their ids.

        Raises UsageError for an Answer that is too long; when it raises, none is kept.
        """
        new = [self._new(owner, 1) for owner, _ in begun]
        firsts = [
            {"id": answer.id, "conversation": one, "position": 1, "body": _body(answer)}
            for (one, _), (_, answer) in zip(new, begun, strict=True)
        ]
        if new:
            with self._database.writing() as connection:
                connection.execute(_conversations.insert(), [row for _, row in new])
                connection.execute(_answers.insert(), firsts)
        return [one for one, _ in new]

    def append(self, conversation: str, owner: str, answer: Answer) -> None:
        """Keep an Answer, with its question, as the newest of a conversation.

        Raises ConversationNotFound, UsageError when the conversation or the Answer is too long to
        be kept, and ValueError when an Answer of this id is kept already.
        """
        body = _body(answer)
        # Counting locks the conversation, so that nobody else gets the same position.
        counted = (
            _conversations.update()
            .where(self._owned(conversation, owner))
            .values(answers=_conversations.c.answers + 1, changed=self._clock())
            .returning(_conversations.c.answers)
        )
        with self._database.writing() as connection:
            count = connection.execute(counted).scalar()
            if count is None:
                raise _unknown("conversation")
            if count > MAX_ANSWERS:
                raise UsageError(
                    f"this conversation holds {MAX_ANSWERS:,} answers already; start a new one"
                )
            row = {"id": answer.id, "conversation": conversation, "position": count, "body": body}
            if not self._added(connection, _answers, row):
                raise ValueError(f"the answer {answer.id} is kept already")

    def history(self, conversation: str, owner: str, turns: int) -> tuple[Turn, ...]:
        """Return the newest `turns` turns, oldest first: what `Assistant.ask` takes as history.

        A question and its answer are two turns. Raises ConversationNotFound.
        """
        told = [
            turn
            for answer in self.answers(conversation, owner, (turns + 1) // 2)
            for turn in (Turn("user", answer.question), Turn("assistant", answer.text))
        ]
        return tuple(told[len(told) - turns :] if turns < len(told) else told)

    def answers(
        self, conversation: str, owner: str, limit: int = MAX_ANSWERS
    ) -> tuple[Answer, ...]:
        """Return the newest `limit` Answers, oldest first. Raises ConversationNotFound."""
        exists = sa.select(_conversations.c.id).where(self._owned(conversation, owner))
        newest = (
            sa.select(_answers.c.body)
            .where(_answers.c.conversation == conversation)
            .order_by(_answers.c.position.desc())
            .limit(limit)
        )
        with self._database.reading() as connection:
            if connection.execute(exists).first() is None:
                raise _unknown("conversation")
            bodies: list[str] = [row.body for row in connection.execute(newest)]
        return tuple(self._answer(body) for body in bodies[::-1])

    def answer(self, answer_id: str, owner: str) -> Answer:
        """Return one Answer. Raises ConversationNotFound."""
        with self._database.reading() as connection:
            body = connection.scalar(self._owned_answer(answer_id, owner))
        if body is None:
            raise _unknown("answer")
        return self._answer(body)

    def conversations(self, owner: str, limit: int = 100) -> tuple[Conversation, ...]:
        """Return the conversations of `owner`, the newest `limit`, last changed first."""
        columns = _conversations.c
        query = (
            sa.select(columns.id, columns.started, columns.changed, columns.answers)
            .where(columns.owner == _key(owner), self._fresh())
            .order_by(columns.changed.desc(), columns.id)
            .limit(limit)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(Conversation(r.id, _utc(r.started), _utc(r.changed), r.answers) for r in rows)

    def delete(self, conversation: str, owner: str) -> None:
        """Delete a conversation, its answers and their feedback. Raises ConversationNotFound."""
        with self._database.writing() as connection:
            gone = connection.execute(
                _conversations.delete().where(self._owned(conversation, owner))
            )
            if not gone.rowcount:
                raise _unknown("conversation")
        self._database.scrub()

    def expire(self) -> int:
        """Delete what has expired, and forget old events; return how many conversations went.

        `start` does so every hour; a process that never starts one may call it.
        """
        now = self._swept = self._clock()
        with self._database.writing() as connection:
            gone = connection.execute(_conversations.delete().where(~self._fresh())).rowcount
            _forget_events(connection, now)
        if gone:
            self._database.scrub()
        return gone

    def rate(
        self,
        answer_id: str,
        owner: str,
        rating: Rating,
        *,
        reason: str | None = None,
        comment: str | None = None,
        rater: str | None = None,
    ) -> None:
        """Keep what somebody thinks of an Answer, in place of what they thought before.

        `rater` tells apart the people who share an owner, such as a Slack channel's; None is the
        owner. Raises ConversationNotFound, and UsageError for another rating or too long a text.
        """
        if rating not in ("up", "down"):
            raise UsageError(f'a rating is "up" or "down", not {rating!r}')
        for name, text, most in (
            ("reason", reason, MAX_REASON_CHARS),
            ("comment", comment, MAX_COMMENT_CHARS),
        ):
            if text is not None and len(text) > most:
                raise UsageError(f"the {name} has {len(text):,} characters; {most:,} are kept")
        row = {
            "answer": answer_id,
            "rater": _key(owner if rater is None else rater),
            "given": self._clock(),
            "body": to_json({"rating": rating, "reason": reason, "comment": comment}),
        }
        # Locked, so that of two ratings at the same time one is the later.
        rated = self._owned_answer(answer_id, owner).with_for_update(of=_answers)
        before = _feedback.delete().where(
            _feedback.c.answer == answer_id, _feedback.c.rater == row["rater"]
        )
        with self._database.writing() as connection:
            if connection.execute(rated).first() is None:
                raise _unknown("answer")
            connection.execute(before)
            connection.execute(_feedback.insert().values(row))

    def feedback(self, since: datetime | None = None) -> Iterator[Feedback]:
        """Yield everybody's feedback given since then, oldest first, with the Answers it is on.

        For the operator and for evaluation: no owner is asked for.
        """
        place = sa.tuple_(_feedback.c.given, _feedback.c.answer, _feedback.c.rater)
        query = (
            sa.select(_feedback, _answers.c.conversation, _answers.c.body.label("answered"))
            .join(_answers, _answers.c.id == _feedback.c.answer)
            .join(_conversations, _conversations.c.id == _answers.c.conversation)
            .where(self._fresh())
            .order_by(_feedback.c.given, _feedback.c.answer, _feedback.c.rater)
            .limit(_PAGE)
        )
        # A page at a time: whoever reads slowly keeps no transaction open.
        page = query.where(_feedback.c.given >= since.timestamp()) if since else query
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(page).all()
            for row in rows:
                yield self._read_feedback(row)
            if len(rows) < _PAGE:
                return
            last = rows[-1]
            page = query.where(place > sa.tuple_(last.given, last.answer, last.rater))

    def claim_event(self, event_id: str) -> bool:
        """Tell whether this event is new, and note it: of all who ask, one is told True.

        Slack delivers an event again when it thinks that it was not heard, to any replica. A claim
        is remembered for a day.
        """
        with self._database.writing() as connection:
            _forget_events(connection, self._clock())
            row = {"id": _key(event_id), "claimed": self._clock()}
            return self._added(connection, database.events, row)

    def _new(self, owner: str, answers: int) -> tuple[str, dict[str, object]]:
        """Return the id and the row of a new conversation; expired ones go first, every hour."""
        # Either way: a clock that was put back must not put it off.
        if abs(self._clock() - self._swept) >= _SWEEP_SECONDS:
            self.expire()
        new, now = secrets.token_urlsafe(16), self._clock()
        row = {"id": new, "owner": _key(owner), "started": now, "changed": now, "answers": answers}
        return new, row

    def _added(self, connection: sa.Connection, table: sa.Table, row: dict[str, object]) -> bool:
        """Insert `row` and return True; False when one of its unique values is there already."""
        try:
            with connection.begin_nested():
                connection.execute(table.insert().values(row))
        except sa.exc.IntegrityError:
            return False
        return True

    def _fresh(self) -> sa.ColumnElement[bool]:
        return _conversations.c.changed > self._clock() - self._seconds

    def _owned(self, conversation: str, owner: str) -> sa.ColumnElement[bool]:
        """Return what is true of the conversation with this id, if `owner` may read it."""
        if not _ID.fullmatch(conversation):
            raise _unknown("conversation")
        columns = _conversations.c
        return sa.and_(columns.id == conversation, columns.owner == _key(owner), self._fresh())

    def _owned_answer(self, answer_id: str, owner: str) -> sa.Select[str]:
        if not _ID.fullmatch(answer_id):
            raise _unknown("answer")
        return (
            sa.select(_answers.c.body)
            .join(_conversations, _conversations.c.id == _answers.c.conversation)
            .where(_answers.c.id == answer_id, _conversations.c.owner == _key(owner), self._fresh())
        )

    def _answer(self, body: str) -> Answer:
        try:
            return Answer.from_dict(json.loads(body))
        except (ValueError, KeyError, TypeError) as error:
            raise self._database.damaged(error) from error

    def _read_feedback(self, row: sa.Row[Any]) -> Feedback:
        try:
            said = json.loads(row.body)
            rating, reason, comment = said["rating"], said["reason"], said["comment"]
        except (ValueError, KeyError, TypeError) as error:
            raise self._database.damaged(error) from error
        return Feedback(
            answer=self._answer(row.answered),
            conversation=row.conversation,
            rating=cast("Rating", rating),
            reason=reason,
            comment=comment,
            given=_utc(row.given),
        )


def _body(answer: Answer) -> str:
    """Return an Answer as it is kept. Raises ValueError for its id, UsageError for its length."""
    if not _ID.fullmatch(answer.id):
        raise ValueError(f"an answer's id is letters, digits, - and _, not {answer.id!r}")
    body = to_json(answer.to_dict())
    if len(body) > MAX_ANSWER_BYTES:
        raise UsageError(f"the answer has {len(body):,} bytes; {MAX_ANSWER_BYTES:,} are kept")
    return body


def _forget_events(connection: sa.Connection, now: float) -> None:
    claimed = database.events.c.claimed
    connection.execute(database.events.delete().where(claimed <= now - EVENT_SECONDS))


def _key(text: str) -> str:
    """Return what stands for `text` in the database: of one length, and any text will do."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _unknown(what: str) -> ConversationNotFound:
    return ConversationNotFound(
        f"there is no such {what}: it may have expired, been deleted, or be somebody else's"
    )
