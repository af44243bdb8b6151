"""Traces: the path of a question, to whom OpenTelemetry's variables name and to nobody else."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import httpx
import pytest
from langchain_core.messages import AIMessageChunk

from assistant.answerability import load_model
from assistant.ask import Assistant
from assistant.llm import LangChainModel, ModelOptions
from assistant.notes import Watch
from assistant.quote import QuotingWriter
from assistant.support import load_support, verbatim
from assistant.tracing import Tracer, open_tracer, wanted
from assistant.write import ModelWriter
from index.spans import SILENT, current, span
from tests.collector import attributes, collecting
from tests.serving import QUESTION, running

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture(autouse=True)
def _afresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the variables read again, and batches sent at once."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    open_tracer.cache_clear()
    yield
    open_tracer.cache_clear()


def opened(monkeypatch: pytest.MonkeyPatch, url: str) -> Tracer:
    """Return the tracer for a collector."""
    monkeypatch.setenv(ENDPOINT, url)
    tracer = open_tracer()
    assert tracer is not None
    return tracer


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({}, None),
        ({ENDPOINT: "http://127.0.0.1:4318"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, "otlp"),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, "otlp"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
        ({ENDPOINT: "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"}, None),
        ({ENDPOINT: "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"}, None),
        ({"OTEL_SERVICE_NAME": "handbook"}, None),
    ],
)
def test_only_opentelemetrys_own_variables_ask_for_traces(
    variables: dict[str, str], found: str | None
) -> None:
    """Somebody has to name a place, and whoever disables the SDK or the exporter has no traces."""
    assert wanted(variables) == found


def test_without_variables_there_is_no_tracer() -> None:
    """Nothing is spanned, whatever is asked."""
    assert open_tracer() is None
    with span("anything") as one:
        assert one is SILENT
        assert current() is None


@pytest.mark.parametrize(
    "variables", [{"OTEL_TRACES_EXPORTER": "zipkin"}, {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}]
)
def test_what_cannot_be_sent_is_told_and_answered_all_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, variables: dict[str, str]
) -> None:
    """Another exporter or protocol costs the traces, not the program."""
    for name, value in {ENDPOINT: "http://127.0.0.1:1", **variables}.items():
        monkeypatch.setenv(name, value)
    with caplog.at_level(logging.WARNING, "footnote"):
        assert open_tracer() is None
    assert "OTEL_TRACES_EXPORTER may be otlp or console" in caplog.text


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A variable that the whole machine has must not keep anything from answering."""
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:1")
    exporter = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
    monkeypatch.setitem(sys.modules, exporter, None)
    with caplog.at_level(logging.WARNING, "footnote"):
        assert open_tracer() is None
    assert "pip install 'footnote[trace]'" in caplog.text


def test_a_request_is_a_trace_below_its_callers(
    bundled_assistant: Assistant,
    cache_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It hangs below the caller's span, has every step, and not a word of what was said."""
    assert bundled_assistant.searcher.generation
    asked = {"question": f"xylophone? {QUESTION}"}
    with collecting() as collector:
        tracer = opened(monkeypatch, collector.url)
        with running(tmp_path, cache_folder) as server:
            told = httpx.post(
                f"{server.url}/v1/ask",
                json=asked,
                headers={"traceparent": f"00-{TRACE}-{PARENT}-01"},
                timeout=60,
            ).json()
            httpx.get(f"{server.url}/healthz")
        tracer.flush()
    request, answer = collector.named("POST"), collector.named("answer")
    assert collector.paths[0] == "/v1/traces"
    assert collector.service["service.name"] == "footnote"
    assert (request.trace_id.hex(), request.parent_span_id.hex()) == (TRACE, PARENT)
    assert attributes(request)["footnote.route"] == "/v1/ask"
    assert collector.below(request) == ["answer"]
    steps = collector.below(answer)
    assert steps[:3] == ["condense", "condense", "search"]
    assert set(steps[3:]) == {"write", "ground"}
    assert collector.below(collector.named("search")) == ["embed", "dense", "lexical", "fuse"]
    assert attributes(answer)["footnote.answer_id"] == told["id"]
    words = [text for one in collector.spans for text in map(str, attributes(one).values())]
    assert not any(word in text for text in words for word in ("xylophone", "court", "Abe"))


class Chat:
    """A chat model as LangChain has them, which has one thing to say."""

    async def astream(self, messages: object) -> AsyncIterator[AIMessageChunk]:
        """Say it."""
        del messages
        yield AIMessageChunk(
            content="Abe met Vladimir Putin twenty-seven times [1].",
            response_metadata={"finish_reason": "stop"},
            usage_metadata={"input_tokens": 11, "output_tokens": 5, "total_tokens": 16},
        )


def test_what_a_model_is_asked_for_is_in_the_trace(
    bundled_assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its span stands below the writing, and tells its name and the tokens."""
    searcher = bundled_assistant.searcher
    model = LangChainModel(Chat(), ModelOptions("openai:m"))
    writer = ModelWriter(model, QuotingWriter(searcher, load_model(), None))
    with collecting() as collector:
        tracer = opened(monkeypatch, collector.url)
        own = Assistant(searcher, writer, load_support()).watched(Watch(tracer))
        assert own.ask("how many times did Abe meet Putin?").outcome == "answered"
        tracer.flush()
    assert collector.below(collector.named("write")) == ["model"]
    found = attributes(collector.named("model"))
    assert found["footnote.model"] == "openai:m"
    assert (found["footnote.input_tokens"], found["footnote.output_tokens"]) == (11, 5)
    assert attributes(collector.named("answer"))["footnote.total_tokens"] == 16


def test_words_are_traced_only_where_that_is_set(
    bundled_assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With FOOTNOTE_LOG_TEXT the answer's span has the question and the answer."""
    writer = bundled_assistant._writer  # noqa: SLF001  the same, watched in another way
    with collecting() as collector:
        tracer = opened(monkeypatch, collector.url)
        own = Assistant(bundled_assistant.searcher, writer, verbatim)
        answer = own.watched(Watch(tracer, text=True)).ask(QUESTION)
        tracer.flush()
    found = attributes(collector.named("answer"))
    assert (found["footnote.question"], found["footnote.answer"]) == (QUESTION, answer.text)
    assert "ground" in collector.below(collector.named("answer"))


def test_whoever_leaves_early_leaves_no_span_open(
    bundled_assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream that is closed after its first sentence is a finished trace all the same."""
    writer = bundled_assistant._writer  # noqa: SLF001  the same, watched in another way

    async def first_only(assistant: Assistant) -> None:
        async with aclosing(assistant.astream(QUESTION)) as events:
            await anext(events)

    with collecting() as collector:
        tracer = opened(monkeypatch, collector.url)
        own = Assistant(bundled_assistant.searcher, writer, verbatim).watched(Watch(tracer))
        asyncio.run(first_only(own))
        tracer.flush()
    assert {"answer", "search", "write"} <= {one.name for one in collector.spans}
    assert current() is None


def test_a_failure_is_marked_by_its_kind_alone(
    bundled_assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an exception says may be what was asked."""
    with collecting() as collector:
        tracer = opened(monkeypatch, collector.url)

        def broken(_: str, __: int) -> None:
            raise KeyError("xylophone")

        monkeypatch.setattr(bundled_assistant.searcher, "search", broken)
        writer = bundled_assistant._writer  # noqa: SLF001  the same, watched in another way
        own = Assistant(bundled_assistant.searcher, writer, verbatim).watched(Watch(tracer))
        assert own.ask(QUESTION).reason == "internal"
        tracer.flush()
    assert attributes(collector.named("search")) == {"error.type": "KeyError"}
    assert b"xylophone" not in b"".join(collector.bodies)
