"""The model writer: a language model drafts the answer from the passages that were found.

    writer = ModelWriter(model, quoting)
    async for drafted in writer.write(read_question("why did Abe court Putin?"), hits): ...

The model's text is cut into sentences while it arrives, each with the numbers of the passages that
it names; whether one holds is for `ground` to say. Passages and question go to the model as data
between tags that they cannot close.
"""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from assistant.answer import FailReason, Turn
from assistant.condense import condense
from assistant.cut import Cutter, Piece
from assistant.ground import Drafted, Ending, Signature
from assistant.hostile import planted, repeats
from assistant.llm import Done, LanguageModel, Message
from assistant.marks import read_marks
from assistant.question import Question, read_question
from assistant.quote import QuotingWriter
from assistant.remarks import GIVES_UP, gives_up, is_remark
from assistant.threads import in_thread
from index.errors import ModelFailure, ModelTimeout
from index.passage import Hit
from prompts import combined_hash, load, quoted

log = logging.getLogger("footnote")

FELL_BACK = (
    "The language model cannot be asked just now; this is what the documents say themselves."
)

_SENTENCES = 4
"""Sentences that the model is asked for, at most, where no list is wanted."""

_MOST_PIECES = 40
"""Sentences that are read of one reply; a model that goes on is stopped."""

_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&amp;": "&"}
_ENTITY = re.compile("|".join(_ENTITIES))

_CONDENSE_SECONDS = 15.0
_REMEMBERED_TURNS = 6
_REMEMBERED_CHARS = 600
_LONGEST_QUESTION = 500


class ModelWriter:
    """Writes answers with a language model; `quoting` offers what is closest when it declines.

    When the model fails before it has said anything, and `fall_back` is set, `quoting` answers
    instead, and says so.
    """

    def __init__(
        self, model: LanguageModel, quoting: QuotingWriter, *, fall_back: bool = False
    ) -> None:
        self._model = model
        self._quoting = quoting
        self._fall_back = fall_back
        self._rules, self._asking = load("answer"), load("question")
        prompt = combined_hash(self._rules, self._asking)
        self.signature = Signature("model", model.name, prompt)

    async def write(
        self, question: Question, hits: Sequence[Hit]
    ) -> AsyncGenerator[Drafted | Ending, None]:
        """Yield sentences as the model completes them, then how the draft ends."""
        if not hits:
            yield Ending("not_in_documents")
            return
        messages = self._messages(question, hits)
        reply = _Reply(len(hits), messages[0].content)
        try:
            async with aclosing(self._model.stream(messages)) as pieces:
                async for piece in pieces:
                    for drafted in reply.read(piece):
                        yield drafted
                    if reply.is_enough:
                        break
        except ModelFailure as error:
            log.warning("%s", error)
            async for drafted_or_ending in self._failed(error, reply, question, hits):
                yield drafted_or_ending
            return
        for drafted in reply.rest():
            yield drafted
        closest = await in_thread(self._quoting.closest, question, hits)
        yield Ending("not_in_documents" if reply.gave_up else None, closest, reply.done.usage)

    def _messages(self, question: Question, hits: Sequence[Hit]) -> list[Message]:
        passages = "\n".join(_passage(number, hit) for number, hit in enumerate(hits, 1))
        rules = self._rules.render(sentences=_SENTENCES, gives_up=GIVES_UP)
        asking = self._asking.render(passages=passages, question=quoted(question.text))
        return [Message("system", rules), Message("user", asking)]

    async def _failed(
        self, error: ModelFailure, reply: "_Reply", question: Question, hits: Sequence[Hit]
    ) -> AsyncGenerator[Drafted | Ending, None]:
        reason: FailReason = (
            "model_timeout" if isinstance(error, ModelTimeout) else "model_unavailable"
        )
        if reply.drafted or not self._fall_back:
            yield Ending(reason, usage=reply.done.usage)
            return
        sentences, ending = await in_thread(self._quoting.draft, question, hits)
        for drafted in (Drafted(FELL_BACK, "remark"), *sentences):
            yield drafted
        yield Ending(ending.reason, ending.closest, signature=self._quoting.signature)


class _Reply:
    """A model's reply as it is read: which sentences it drafts, and whether it gives up."""

    def __init__(self, passages: int, rules: str) -> None:
        self._passages = passages
        self._rules = [rules]
        self._cutter = Cutter()
        self._said: set[str] = set()
        self.drafted = 0
        self.gave_up = False
        self.done = Done(truncated=True)

    @property
    def is_enough(self) -> bool:
        """Whether no more of it is to be read."""
        return self.drafted >= _MOST_PIECES

    def read(self, piece: str | Done) -> list[Drafted]:
        """Return the sentences that `piece` completes."""
        if isinstance(piece, Done):
            self.done = piece
            return []
        return self._drafts(self._cutter.feed(piece))

    def rest(self) -> list[Drafted]:
        """Return what is left at the end; of a reply that broke off, only whole sentences."""
        return self._drafts(self._cutter.finish(complete=not self.done.truncated))

    def _drafts(self, pieces: Sequence[Piece]) -> list[Drafted]:
        found = (self._draft(piece) for piece in pieces)
        return [drafted for drafted in found if drafted is not None]

    def _draft(self, piece: Piece) -> Drafted | None:
        """Return a piece as a draft; None for what says nothing to a reader.

        That is what was said before, what only gives up, and what repeats the prompt.
        """
        text, numbers = read_marks(
            _ENTITY.sub(lambda match: _ENTITIES[match[0]], piece.text), self._passages
        )
        plain = " ".join(text.split()).casefold().strip(" .*_")
        if not plain or plain in self._said or self.is_enough:
            return None
        self._said.add(plain)
        self.gave_up = self.gave_up or gives_up(text)
        if plain == GIVES_UP.casefold() or repeats(text, self._rules):
            return None
        self.drafted += 1
        if is_remark(text) and not numbers:
            return Drafted(text, "remark", lead=piece.lead)
        return Drafted(text, "claim", passages=numbers, lead=piece.lead)


class ModelCondenser:
    """Lets a language model make a follow-up stand alone; without a usable reply, the rule does."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self._prompt = load("condense")

    async def __call__(self, question: str, history: Sequence[Turn], /) -> str:
        """Return `question` so that it can be searched by itself; `history` is oldest first."""
        spoken = [turn for turn in history if turn.content.strip()]
        if not spoken or read_question(question).shape in {"instruction", "greeting"}:
            return question
        by_rule = condense(question, history)
        conversation = "\n".join(map(_remembered, spoken[-_REMEMBERED_TURNS:]))
        asked = self._prompt.render(conversation=conversation, question=quoted(question))
        try:
            async with asyncio.timeout(_CONDENSE_SECONDS):
                reply = await self._replied(asked)
        except (ModelFailure, TimeoutError) as error:
            log.info("a follow-up was condensed by rule: %s", error)
            return by_rule
        return reply or by_rule

    async def _replied(self, asked: str) -> str:
        """Return the question in a reply that is nothing but a question, else nothing."""
        cutter = Cutter()
        pieces: list[Piece] = []
        async with aclosing(self._model.stream([Message("user", asked)])) as deltas:
            async for delta in deltas:
                if isinstance(delta, str):
                    pieces += cutter.feed(delta)
        pieces += cutter.finish(complete=True)
        if len(pieces) != 1 or len(pieces[0].text) > _LONGEST_QUESTION:
            return ""
        return _ENTITY.sub(lambda match: _ENTITIES[match[0]], pieces[0].text).strip(' "“”')


def _passage(number: int, hit: Hit) -> str:
    title, section = quoted(hit.document.title), quoted(hit.passage.section)
    under = f' section="{section}"' if section else ""
    return (
        f'<passage number="{number}" title="{title}"{under}>\n'
        f"{quoted(_honest_text(hit))}\n</passage>"
    )


def _honest_text(hit: Hit) -> str:
    """Return a passage's text without what was planted in it for the model to read."""
    text, passage = hit.passage.text, hit.passage
    for span in sorted(planted(hit.document, passage), key=lambda span: -span.start):
        text = text[: span.start - passage.start] + text[span.end - passage.start :]
    return text


def _remembered(turn: Turn) -> str:
    said = quoted(" ".join(turn.content.split())[:_REMEMBERED_CHARS])
    return f"<{turn.role}>{said}</{turn.role}>"
