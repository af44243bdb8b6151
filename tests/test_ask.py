"""The main path: from question to Answer, with every stage timed, and the same from any thread."""

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.answer import Answer, Turn
from assistant.ask import GREETING, Assistant, find
from index.errors import UsageError
from index.passage import Hit
from index.search import Searcher
from tests.asked import ANSWERED, DECLINED
from tests.source import ROOT

ASK = """
import sys
from pathlib import Path
from assistant.settings import Settings
from assistant.wiring import open_assistant
answer = open_assistant(Settings(cache_dir=Path(sys.argv[1])), None).ask("What is the Quad?")
assert answer.outcome == "answered"
heavy = {"torch", "transformers", "sentence_transformers", "chromadb", "langchain_core"}
heavy |= {"langchain", "rich", "prompt_toolkit", "sklearn", "scipy", "onnx", "typer"}
heavy |= {"structlog", "opentelemetry", "requests"}
sys.stdout.write(" ".join(sorted(heavy & set(sys.modules))))
"""


QUAD = "What is the Quad?"


def plain(answer: Answer) -> Answer:
    """Return an answer without what differs from call to call."""
    return replace(answer, id="", timings_ms={})


def test_an_answer_says_where_it_is_from(bundled_assistant: Assistant) -> None:
    """Writer, index and both forms of the question are on the Answer, and its id is its own."""
    asked = "wat  did abe giv putin as gift??"
    answer, again = bundled_assistant.ask(asked), bundled_assistant.ask(asked)
    assert answer.question == asked
    assert answer.standalone_question == "wat did abe give putin as gift??"
    assert (answer.writer, answer.model, answer.prompt, answer.usage) == ("quote", None, None, None)
    assert answer.index
    assert answer.id != again.id
    assert plain(answer) == plain(again)


def test_a_question_that_names_nothing_is_sought_with_the_one_before(
    bundled_assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last hit is then what both together find; no other conversation is searched twice."""
    alone, before = "Which islands are the largest?", "Why did the talks at Sochi fail?"
    asked: list[str] = []
    searchers: list[Searcher] = []
    search = Searcher.search

    def heard(searcher: Searcher, question: str, k: int = 8) -> list[Hit]:
        asked.append(question)
        searchers.append(searcher)
        return search(searcher, question, k)

    with monkeypatch.context() as patch:
        patch.setattr(Searcher, "search", heard)
        earlier = [Turn("user", before), Turn("assistant", "Nobody gave way.")]
        bundled_assistant.ask(alone, earlier)
        assert asked == [alone, f"{before} {alone}"]
        bundled_assistant.ask("and why did it matter?", earlier)
        bundled_assistant.ask(alone)
        assert len(asked) == 4

    searcher = searchers[0]
    hits = find(searcher, alone, before, 3)
    plainly, together = searcher.search(alone, 3), searcher.search(f"{before} {alone}", 3)
    assert hits[:2] == plainly[:2]
    assert hits[2] in together
    assert hits[2] not in plainly
    assert find(searcher, alone, "", 3) == plainly
    assert find(searcher, alone, alone, 3) == plainly


@pytest.mark.parametrize("question", ["why did Abe court Putin?", "What is tennis?", "hello", ""])
def test_every_stage_is_timed(bundled_assistant: Assistant, question: str) -> None:
    """A stage that ran has its milliseconds, and together they are no more than the total."""
    answer = bundled_assistant.ask(question)
    stages = {"condense", "write", "ground"}
    if question not in {"hello", ""}:
        stages |= {"search"}
    assert set(answer.timings_ms) == stages | {"total"}
    assert all(spent >= 0 for spent in answer.timings_ms.values())
    assert sum(answer.timings_ms[stage] for stage in stages) <= answer.timings_ms["total"] + 0.01


def test_a_follow_up_is_asked_with_what_came_before(bundled_assistant: Assistant) -> None:
    """A bare "why?" is answered for the last question, and the Answer tells how it was read."""
    history = [Turn("user", "Did Abe court Putin?"), Turn("assistant", "Yes. [1]")]
    answer = bundled_assistant.ask("why?", history)
    assert (answer.question, answer.standalone_question) == ("why?", "Why did Abe court Putin?")
    assert "because" in answer.text


def test_a_long_conversation_does_not_cloud_a_new_question(bundled_assistant: Assistant) -> None:
    """What stands alone gets the answer that it gets without a history."""
    history = [Turn("user", "why did Abe court Putin?"), Turn("assistant", "Because … [1]")]
    for question in ("What is the Quad?", "What is this article about?", "hello", ""):
        asked = bundled_assistant.ask(question, history)
        assert plain(asked) == plain(bundled_assistant.ask(question))


def test_a_greeting_is_answered_by_a_remark(bundled_assistant: Assistant) -> None:
    """It claims nothing, cites nothing and searches nothing."""
    answer = bundled_assistant.ask("Good morning!")
    assert (answer.outcome, answer.text, answer.citations) == ("answered", GREETING, ())
    assert [sentence.kind for sentence in answer.sentences] == ["remark"]


@pytest.mark.parametrize("request_", ["Summarise the article", "what is the gist?"])
def test_the_words_of_a_request_are_not_mended(bundled_assistant: Assistant, request_: str) -> None:
    """No document holds "summarise" or "gist", and yet they are no typing errors."""
    answer = bundled_assistant.ask(request_)
    assert (answer.outcome, answer.standalone_question) == ("answered", request_)


def test_a_question_that_is_too_long_is_refused(bundled_assistant: Assistant) -> None:
    """The message names the setting; a question of just that length is read."""
    with pytest.raises(UsageError, match=r"2,001 characters.*2,000.*FOOTNOTE_MAX_QUESTION_CHARS"):
        bundled_assistant.ask("x" * 2_001)
    assert bundled_assistant.ask("why? " * 400).question == "why? " * 400


@pytest.mark.parametrize(
    "question",
    ["\x00", "\ud800", "🙂" * 50, "%s {} \\", "'; DROP TABLE passages; --", "日本はなぜ?", "1 2 3"],
    ids=["null", "surrogate", "emoji", "format", "sql", "Japanese", "digits"],
)
def test_an_odd_question_is_an_answer_all_the_same(
    bundled_assistant: Assistant, question: str
) -> None:
    """Nothing typed makes it raise."""
    assert bundled_assistant.ask(question).outcome in {"answered", "declined"}


def test_it_opens_as_the_readme_says(
    bundled_assistant: Assistant, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`Assistant.open()` is the bundled article's, with the settings of the environment."""
    monkeypatch.setenv("FOOTNOTE_CACHE_DIR", str(cache_folder))
    monkeypatch.setenv("FOOTNOTE_MAX_QUESTION_CHARS", "20")
    with Assistant.open() as assistant:
        assert plain(assistant.ask(QUAD)) == plain(bundled_assistant.ask(QUAD))
        with pytest.raises(UsageError):
            assistant.ask("x" * 21)


def test_threads_get_the_same_answers(bundled_assistant: Assistant) -> None:
    """Eight threads that share one assistant hear what one alone hears."""
    questions = [*list(ANSWERED)[::3], *list(DECLINED)[::3]]
    alone = [plain(bundled_assistant.ask(question)) for question in questions]

    def ask_all(turn: int) -> Sequence[Answer]:
        order = questions[turn:] + questions[:turn]
        answers = {question: plain(bundled_assistant.ask(question)) for question in order}
        return [answers[question] for question in questions]

    with ThreadPoolExecutor(8) as pool:
        assert all(answers == alone for answers in pool.map(ask_all, range(8)))


@pytest.mark.usefixtures("bundled_assistant")
def test_asking_loads_nothing_heavy(cache_folder: Path) -> None:
    """A process that only asks starts without PyTorch, Chroma, LangChain or a terminal library."""
    asked = subprocess.run(
        [sys.executable, "-c", ASK, str(cache_folder)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert (asked.stdout, asked.stderr) == ("", "")
