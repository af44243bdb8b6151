"""A language model as the judge: `ModelJudge(chat, model="provider:name", prompt=load("judge"))`.

Optional, and never the default: it needs a model, may change its mind, and has to be measured
against people like any other (`agreement.py`). `chat` is any `async (prompt) -> reply`; the
assistant's own door to models makes one. What it is asked is cleaned and stands between tags; what
it may reply is one of three words, and anything else leaves the claim unscored, with what it said.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol

from eval.cases import KeyFact
from eval.judge import FactVerdict, Told, Value, Verdict, settled_without_reading
from index.errors import FootnoteError
from prompts import quoted

Chat = Callable[[str], Awaitable[str]]

MOST_CHARACTERS: Final = 60_000
"""Of the source. What is longer is unscored: cutting it could hide what supports the claim."""

_SHOWN: Final = 80
_AROUND: Final = " \t\r\n.*_`'\"’“”"

_VALUES: Final[dict[str, Value]] = {
    "supported": "supported",
    "partly": "unsupported",
    "unsupported": "unsupported",
}
_TOLD: Final[dict[str, Told]] = {"supported": "full", "partly": "partial", "unsupported": "missing"}


class Template(Protocol):
    """A prompt with the variables `source` and `statement`; `hash` changes with its words."""

    @property
    def hash(self) -> str:
        """What stands for the prompt in a manifest."""

    def render(self, **values: object) -> str:
        """Return the prompt's words with these values in them."""


class ModelJudge:
    """Asks a language model, once for each claim and each key fact."""

    name = "model"

    def __init__(self, chat: Chat, model: str, prompt: Template) -> None:
        self._chat = chat
        self._model = model
        self._prompt = prompt

    def describe(self) -> dict[str, Any]:
        """Return name, model and the prompt's hash."""
        return {"name": self.name, "model": self._model, "prompt": self._prompt.hash}

    async def claim(self, claim: str, quotes: Sequence[str], /) -> Verdict:
        """Say whether `claim` follows from `quotes`; partly is not enough."""
        settled = settled_without_reading(claim, quotes)
        if settled:
            return settled
        word, reason = await self._asked(claim, quotes)
        if word is None:
            return Verdict("unscored", reason)
        return Verdict(_VALUES[word], "" if word == "supported" else f"the model said {word}")

    async def fact(self, fact: KeyFact, sentences: Sequence[str], /) -> FactVerdict:
        """Say whether `fact` follows from the answer's `sentences`."""
        settled = settled_without_reading(fact.text, sentences)
        if settled:
            told: Told = "unscored" if settled.value == "unscored" else "missing"
            return FactVerdict(told, settled.reason)
        word, reason = await self._asked(fact.text, sentences)
        return FactVerdict("unscored", reason) if word is None else FactVerdict(_TOLD[word])

    async def _asked(self, statement: str, sources: Sequence[str]) -> tuple[str | None, str]:
        """Return the model's word, or None and why there is none."""
        source = "\n\n".join(quoted(one) for one in sources)
        if len(source) > MOST_CHARACTERS:
            return None, f"the source has more than {MOST_CHARACTERS:,} characters"
        try:
            reply = await self._chat(
                self._prompt.render(source=source, statement=quoted(statement))
            )
        except (FootnoteError, TimeoutError, OSError) as error:
            return None, f"the model could not be asked: {type(error).__name__}"
        word = reply.strip(_AROUND).casefold()
        if word in _VALUES:
            return word, ""
        said = " ".join(reply.split())
        return None, f"the model replied {said[:_SHOWN]!r}, which is no verdict"
