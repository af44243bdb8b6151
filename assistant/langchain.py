"""Footnote in anybody's chain: `Assistant.open("my-index").as_runnable().invoke("why?")`.

Needs the extra `langchain`; nothing else of the assistant imports this module.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from assistant.answer import Answer, Event, Turn
from index.errors import MissingExtra, UsageError

try:
    from langchain_core.runnables import Runnable, RunnableConfig
except ImportError as error:
    raise MissingExtra(
        "a LangChain Runnable needs langchain-core: pip install 'footnote[langchain]'"
    ) from error

if TYPE_CHECKING:
    from assistant.ask import Assistant

_EXPECTED = (
    'the input is a question or {"question": …, "history": [{"role": …, "content": …}]}, in texts'
)


Asked = str | Mapping[str, Any]


class AnswerRunnable(Runnable[Asked, Any]):
    """A question in, an Answer out.

    The input is a question, or {"question": …, "history": [{"role": …, "content": …}, …]}. `invoke`
    and `batch` return Answers; `stream` yields a Said for each sentence as soon as it has been
    checked, then the Answer. The async forms do the same. Each call is traced as a run of its own.
    """

    def __init__(self, assistant: "Assistant") -> None:
        self._assistant = assistant

    def invoke(
        self,
        input: Asked,  # noqa: A002  LangChain's name for it
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Answer:
        """Answer one question. Raises UsageError for an odd input."""

        def answer(asked: Asked) -> Answer:
            return self._assistant.ask(*_read(asked))

        answered: Answer = self._call_with_config(answer, input, config, run_type="chain", **kwargs)
        return answered

    async def ainvoke(
        self,
        input: Asked,  # noqa: A002  LangChain's name for it
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Answer:
        """Answer one question; see `invoke`."""

        async def answer(asked: Asked) -> Answer:
            return await self._assistant.aask(*_read(asked))

        answered: Answer = await self._acall_with_config(
            answer, input, config, run_type="chain", **kwargs
        )
        return answered

    def stream(
        self,
        input: Asked,  # noqa: A002  LangChain's name for it
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Iterator[Event]:
        """Yield sentences as they are checked, then the Answer."""

        def events(asked: Iterator[Asked]) -> Iterator[Event]:
            for one in asked:
                yield from self._assistant.stream(*_read(one))

        yield from self._transform_stream_with_config(
            iter([input]), events, config, run_type="chain", **kwargs
        )

    async def astream(
        self,
        input: Asked,  # noqa: A002  LangChain's name for it
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[Event]:
        """Yield sentences as they are checked, then the Answer."""

        async def asked() -> AsyncIterator[Asked]:
            yield input

        async def events(asked: AsyncIterator[Asked]) -> AsyncIterator[Event]:
            async for one in asked:
                async with aclosing(self._assistant.astream(*_read(one))) as found:
                    async for event in found:
                        yield event

        async for event in self._atransform_stream_with_config(
            asked(), events, config, run_type="chain", **kwargs
        ):
            yield event


def _read(asked: Asked) -> tuple[str, list[Turn]]:
    """Return the question and the turns before it. Raises UsageError when `asked` has neither."""
    try:
        given: Mapping[str, Any] = {"question": asked} if isinstance(asked, str) else asked
        turns = [Turn(turn["role"], turn["content"]) for turn in given.get("history", ())]
        question = given["question"]
    except (AttributeError, KeyError, TypeError) as error:
        raise UsageError(_EXPECTED) from error
    if not all(isinstance(text, str) for text in (question, *(turn.content for turn in turns))):
        raise UsageError(_EXPECTED)
    return question, turns
