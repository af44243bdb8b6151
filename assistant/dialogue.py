"""A conversation in a terminal: `Dialogue(kept, turns=20)`; `wiring.open_dialogue` makes one.

    answer = assistant.ask(question, dialogue.history)
    dialogue.add(answer)
    dialogue.id         # what `footnote chat --conversation` takes; None while nothing is kept

Kept like everybody's conversations, or, without a place for that, only until the process ends.
"""

import getpass
from typing import TYPE_CHECKING

from assistant.answer import Answer, Turn

if TYPE_CHECKING:
    from assistant.conversations import Conversations


class Dialogue:
    """One conversation of whoever is logged in.

    `conversation` is the id of one to go on with. Raises what `Conversations` raises, above all
    ConversationNotFound.
    """

    def __init__(
        self,
        kept: "Conversations | None" = None,
        *,
        turns: int,
        conversation: str | None = None,
    ) -> None:
        self.id = conversation
        self._kept = kept
        self._keeping = kept is not None
        self._owner = f"terminal:{_login()}"
        self._turns = turns
        self._history: tuple[Turn, ...] = ()
        if kept and conversation:
            self._history = kept.history(conversation, self._owner, turns)

    @property
    def history(self) -> tuple[Turn, ...]:
        """The newest turns, as many as a question may lean on, oldest first."""
        return self._history

    def add(self, answer: Answer) -> None:
        """Go on with a question and its answer; once keeping one has failed, in memory only."""
        told = (*self._history, Turn("user", answer.question), Turn("assistant", answer.text))
        self._history = told[max(0, len(told) - self._turns) :]
        if not self._kept or not self._keeping:
            return
        self._keeping = False
        if self.id is None:
            (self.id,) = self._kept.begin([(self._owner, answer)])
        else:
            self._kept.append(self.id, self._owner, answer)
        self._keeping = True

    def close(self) -> None:
        """Give the database back."""
        if self._kept:
            self._kept.close()


def _login() -> str:
    """Return the name of who is logged in; a system that knows nobody has one user."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return ""
