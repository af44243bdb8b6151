"""Asking the cases: `ask_all(subject, cases, folder, plan)` leaves an answer to each in the folder.

What the folder holds already is not asked again, nor what the cache knows; an answer is on disk
before it counts as given. So a run can be killed at any line, and goes on where it was.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

from eval.cache import Cache
from eval.cases import Case
from eval.folder import RunFolder
from eval.subject import Subject, question_key
from index.errors import RunError

Row = dict[str, Any]
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Plan:
    """How to ask: so many times each, so many at once, so many a minute; failures borne."""

    repeat: int = 1
    jobs: int = 1
    per_minute: float | None = None
    max_failures: int = 10


class Pace:
    """Lets through at most so many a minute, evenly; threads share it."""

    def __init__(
        self,
        per_minute: float | None,
        clock: Callable[[], float] = monotonic,
        wait: Callable[[float], None] = sleep,
    ) -> None:
        self._gap = 60 / per_minute if per_minute else 0.0
        self._clock, self._wait = clock, wait
        self._lock = threading.Lock()
        self._next = 0.0

    def take(self) -> None:
        """Wait for one's turn."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + self._gap
        if turn > now:
            self._wait(turn - now)


def ask_all(
    subject: Subject,
    cases: Sequence[Case],
    folder: RunFolder,
    plan: Plan,
    cache: Cache | None,
    tell: Tell,
) -> None:
    """Ask every case that the folder has no answer to.

    Raises RunError when more answers failed than the plan bears; what was answered stays.
    """
    asker = _Asker(subject, plan, cache)
    wanted = {(case.id, turn): case for case in cases for turn in range(plan.repeat)}
    keys = {place: asker.key(case) for place, case in wanted.items()}
    kept = [
        row
        for row in folder.answers()
        if keys.get((row["id"], row["repeat"])) == row["key"]
        and row["answer"]["outcome"] != "failed"
    ]
    folder.keep_answers(kept)
    done = {(row["id"], row["repeat"]) for row in kept}
    left = [(place, case) for place, case in wanted.items() if place not in done]
    failures = 0
    tell("asking", len(done), len(wanted))
    for count, row in enumerate(asker.rows(left), len(done) + 1):
        folder.append_answer(row)
        tell("asking", count, len(wanted))
        failures += row["answer"]["outcome"] == "failed"
        if failures > plan.max_failures:
            raise RunError(
                f"stopped: {failures} answers failed, the last ({row['id']}) with "
                f"{row['answer']['reason']}: {row['answer']['text'] or 'no more is known'}; "
                f"mend that, then go on: {folder.finish_command}"
            )


class _Asker:
    def __init__(self, subject: Subject, plan: Plan, cache: Cache | None) -> None:
        self._subject, self._plan, self._cache = subject, plan, cache
        self._identity = subject.identity()
        self._pace = Pace(plan.per_minute)

    def key(self, case: Case) -> str:
        return question_key(self._identity, case)

    def rows(self, left: Sequence[tuple[tuple[str, int], Case]]) -> Iterator[Row]:
        """Yield each answer as it comes."""
        if self._plan.jobs == 1:
            for (_, turn), case in left:
                yield self._row(case, turn)
            return
        with ThreadPoolExecutor(self._plan.jobs) as pool:
            asked: list[Future[Row]] = [
                pool.submit(self._row, case, turn) for (_, turn), case in left
            ]
            try:
                for one in as_completed(asked):
                    yield one.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _row(self, case: Case, turn: int) -> Row:
        key = self.key(case)
        # Asked again to see whether it stays the same: what was said before is no answer to that.
        kept = self._cache.get(key) if self._cache and self._plan.repeat == 1 else None
        if kept is not None:
            return {"id": case.id, "repeat": turn, "key": key, "cached": True, **kept}
        self._pace.take()
        answer, hits = self._subject.ask(case)
        found = {"answer": answer.to_dict(), "hits": hits}
        if self._cache and answer.outcome != "failed":
            self._cache.put(key, found)
        return {"id": case.id, "repeat": turn, "key": key, "cached": False, **found}


def unstable(rows: Sequence[Row]) -> list[str]:
    """Return the cases that were asked several times and not always answered alike."""
    said: dict[str, list[Row]] = {}
    for row in rows:
        changing = {"id", "timings_ms", "usage"}
        plain = {name: value for name, value in row["answer"].items() if name not in changing}
        said.setdefault(row["id"], []).append(plain)
    return [name for name, answers in said.items() if any(one != answers[0] for one in answers)]
