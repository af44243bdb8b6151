"""Footnote in somebody's LangChain chain: the Answers that `ask` gives, by every way of calling."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda

from assistant.answer import Answer, Said
from assistant.ask import Assistant
from assistant.langchain import AnswerRunnable
from index.errors import UsageError

QUAD = "What is the Quad?"
TIMES = "how many times did Abe meet Putin?"


def plain(answer: Answer) -> Answer:
    """Return an answer without what differs from call to call."""
    return replace(answer, id="", timings_ms={})


@pytest.fixture
def chain(bundled_assistant: Assistant) -> AnswerRunnable:
    """Return the assistant as a Runnable."""
    return bundled_assistant.as_runnable()


def test_it_answers_as_ask_does(bundled_assistant: Assistant, chain: AnswerRunnable) -> None:
    """A text and a dict with a question are the same question."""
    asked = plain(bundled_assistant.ask(QUAD))
    assert plain(chain.invoke(QUAD)) == asked
    assert plain(chain.invoke({"question": QUAD})) == asked


def test_a_batch_keeps_its_order(chain: AnswerRunnable) -> None:
    """Each question gets its own answer, at its own place."""
    answers = chain.batch([QUAD, TIMES, "hello"])
    assert [answer.question for answer in answers] == [QUAD, TIMES, "hello"]
    assert "twenty-seven" in answers[1].text


def test_a_stream_brings_sentences_and_then_the_answer(chain: AnswerRunnable) -> None:
    """What was said on the way is what stands on the Answer, footnotes included."""
    *said, answer = chain.stream(QUAD)
    assert isinstance(answer, Answer)
    assert plain(answer) == plain(chain.invoke(QUAD))
    assert [one.sentence for one in said if isinstance(one, Said)] == list(answer.sentences)
    told = [c for one in said if isinstance(one, Said) for c in one.citations]
    assert told == list(answer.citations)


def test_a_stream_can_be_left(chain: AnswerRunnable) -> None:
    """Who closes it after the first sentence can ask again."""
    left = chain.stream(QUAD)
    assert isinstance(next(left), Said)
    left.close()  # type: ignore[attr-defined]  # it is a generator
    assert chain.invoke(QUAD).outcome == "answered"


def test_the_async_forms(chain: AnswerRunnable) -> None:
    """`ainvoke`, `abatch` and `astream` give what their plain forms give."""

    async def ask() -> list[Answer]:
        batch = await chain.abatch([QUAD])
        streamed = [one async for one in chain.astream(QUAD) if isinstance(one, Answer)]
        return [await chain.ainvoke(QUAD), *batch, *streamed]

    assert [plain(answer) for answer in asyncio.run(ask())] == [plain(chain.invoke(QUAD))] * 3


def test_a_history_comes_with_the_question(chain: AnswerRunnable) -> None:
    """Turns are dicts of role and content, oldest first."""
    history = [{"role": "user", "content": TIMES}, {"role": "assistant", "content": "27. [1]"}]
    answer = chain.invoke({"question": "why?", "history": history})
    assert answer.standalone_question == "Why did Abe meet Putin?"


def test_it_can_be_chained(chain: AnswerRunnable) -> None:
    """What stands before and behind it in a chain is anybody's."""
    ask: RunnableLambda[str, str] = RunnableLambda(lambda name: f"What is the {name}?")
    read: RunnableLambda[Answer, str] = RunnableLambda(lambda answer: answer.text)
    text = (ask | chain | read).invoke("Quad")
    assert "India" in text


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"query": QUAD},
        {"question": None},
        {"question": 7},
        {"question": QUAD, "history": None},
        {"question": QUAD, "history": ["why?"]},
        {"question": QUAD, "history": [{"role": "user"}]},
        {"question": QUAD, "history": [{"role": "user", "content": 7}]},
        [QUAD],
        None,
        7,
    ],
    ids=str,
)
def test_an_odd_input_is_refused(chain: AnswerRunnable, odd: Any) -> None:
    """The error says what an input looks like."""
    with pytest.raises(UsageError, match=r'"question": …, "history"'):
        chain.invoke(odd)


def test_a_question_that_is_too_long_says_so(chain: AnswerRunnable) -> None:
    """The assistant's own refusals come through as they are."""
    with pytest.raises(UsageError, match="FOOTNOTE_MAX_QUESTION_CHARS"):
        chain.invoke("x" * 3_000)
