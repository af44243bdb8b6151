"""Footnote in anybody's chain: `Assistant.open("my-index").as_runnable().invoke("why?")`.

Needs the extra `langchain`; nothing else of the assistant imports this module.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assistant.answer import Answer, Turn
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


class AnswerRunnable(Runnable[str | Mapping[str, Any], Answer]):
    """A question in, an Answer out; `batch`, `stream` and the async forms are LangChain's own.

    The input is a question, or {"question": …, "history": [{"role": …, "content": …}, …]}.
    """

    def __init__(self, assistant: "Assistant") -> None:
        self._assistant = assistant

    def invoke(
        self,
        input: str | Mapping[str, Any],  # noqa: A002  LangChain's name for it
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Answer:
        """Answer one question, traced as a run of its own. Raises UsageError for an odd input."""
        return self._call_with_config(self._answer, input, config, run_type="chain", **kwargs)

    def _answer(self, asked: str | Mapping[str, Any]) -> Answer:
        return self._assistant.ask(*_read(asked))


def _read(asked: str | Mapping[str, Any]) -> tuple[str, list[Turn]]:
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
