"""Who is answered in Slack, and how much: `Rules(doors, Cap("user", 20), 2_000)`.

rules.let_in(question)       # False: not a word is said
await rules.refusal(question)      # None, or why not, in words for the person
"""

import logging
import re
from collections.abc import Collection
from dataclasses import dataclass

from assistant.counters import Cap
from assistant.slacking.events import Question

log = logging.getLogger("footnote.slack")

_ONLY_WORDS = "I cannot read files here. Ask me in words; I answer from the documents I was given."
_TOO_LONG = "Your question is too long: I read at most {most:,} characters."
_TOO_MANY = "You have asked a lot just now. Ask again in {seconds:.0f} s."


@dataclass(frozen=True, slots=True)
class Doors:
    """Who is answered, by ids of workspaces (T…, E…) and channels (C…, G…); denying wins.

    Where workspaces are allowed, the others are not; where channels are, the others are not,
    direct messages aside. "dm" denies direct messages.
    """

    allowed: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()

    def let_in(self, places: Collection[str], *, is_direct: bool) -> bool:
        """Tell whether somebody who asks from these places is answered."""
        if self.denied.intersection(places) or (is_direct and "dm" in self.denied):
            return False
        workspaces = {one for one in self.allowed if one[0] in "TE"}
        channels = self.allowed - workspaces
        if workspaces and workspaces.isdisjoint(places):
            return False
        return not channels or is_direct or not channels.isdisjoint(places)


class Rules:
    """What the keeper has set. Belongs to one event loop."""

    def __init__(self, doors: Doors, cap: Cap, max_question_chars: int) -> None:
        self._doors = doors
        self._cap = cap
        self._most = max_question_chars

    def let_in(self, question: Question) -> bool:
        """Tell whether whoever asks is answered at all."""
        let_in = self._doors.let_in(question.places, is_direct=question.is_direct)
        if not let_in:
            log.info("not answered: %s is not let in", ", ".join(sorted(question.places)))
        return let_in

    async def refusal(self, question: Question) -> str | None:
        """Return why a question is not put to the assistant; None when it is, and is counted."""
        wait = await self._cap.take(question.user)
        if wait:
            return _TOO_MANY.format(seconds=wait + 0.5)
        if question.has_files and not question.text:
            return _ONLY_WORDS
        if len(question.text) > self._most:
            return _TOO_LONG.format(most=self._most)
        return None


def read_doors(allowed: str | None, denied: str | None) -> Doors:
    """Return the doors that two lists of ids make, parted by commas or white space."""
    return Doors(*(frozenset(re.split(r"[,\s]+", ids or "")) - {""} for ids in (allowed, denied)))
