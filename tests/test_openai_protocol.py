"""OpenAI's own client gets our answers, with the footnotes that every other channel has."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from assistant.answer import Answer
from assistant.ask import Assistant
from assistant.serving.openai_protocol import MODEL, harmless, usage_of
from tests.serving import QUESTION, Scripted, Server, running

ASKED: Any = [{"role": "user", "content": QUESTION}]


@pytest.fixture(scope="module")
def server(
    bundled_assistant: Assistant, cache_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Return a server on the bundled article."""
    assert bundled_assistant.searcher.generation
    with running(tmp_path_factory.mktemp("openai"), cache_folder) as one:
        yield one


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[openai.OpenAI]:
    """Return the official client, pointed at that server."""
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as one:
        yield one


def test_there_is_one_model(client: openai.OpenAI) -> None:
    """A front end finds what to choose."""
    assert [model.id for model in client.models.list().data] == [MODEL]


def test_a_completion_has_the_same_footnotes(
    client: openai.OpenAI, bundled_assistant: Assistant
) -> None:
    """Text, marks, annotations and the Answer itself agree with what Python gets."""
    answer = bundled_assistant.ask(QUESTION)
    done = client.chat.completions.create(model=MODEL, messages=ASKED)
    message = done.choices[0].message
    assert message.content is not None
    assert message.content.startswith(answer.text)
    assert done.choices[0].finish_reason == "stop"
    marks = [number for sentence in answer.sentences for number in sentence.citations]
    assert message.annotations is not None
    for number, one in zip(marks, message.annotations, strict=True):
        cited = one.url_citation
        assert message.content[cited.start_index : cited.end_index] == f"[{number}]"
        citation = answer.citations[number - 1]
        assert cited.title == citation.title
        assert cited.url.endswith(f"#char={citation.start},{citation.end}")
        read = httpx.get(cited.url.partition("#")[0]).json()
        assert read["text"][citation.start : citation.end] == citation.quote
        assert citation.quote in message.content.partition(answer.text)[2]
    whole = done.model_dump()["footnote"]
    ours = json.loads(json.dumps(answer.to_dict()))
    assert {k: whole[k] for k in ("text", "sentences", "citations")} == {
        k: ours[k] for k in ("text", "sentences", "citations")
    }


def test_a_stream_adds_up_to_the_completion(client: openai.OpenAI) -> None:
    """Its pieces are sentences; together they are the text and the annotations of the whole."""
    whole = client.chat.completions.create(model=MODEL, messages=ASKED).choices[0].message
    chunks = list(
        client.chat.completions.create(
            model=MODEL, messages=ASKED, stream=True, stream_options={"include_usage": True}
        )
    )
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == whole.content
    annotations = [one for delta in deltas for one in delta.model_dump().get("annotations") or ()]
    assert whole.annotations is not None
    assert annotations == [one.model_dump() for one in whole.annotations]
    assert chunks[-1].usage is not None
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert len({chunk.id for chunk in chunks}) == 1


def test_messages_before_are_the_history(client: openai.OpenAI) -> None:
    """A follow-up leans on them; the system's words and parts of a message are no question."""
    messages: Any = [
        {"role": "system", "content": "Talk like a pirate."},
        {"role": "user", "content": "how many times did Abe meet Putin?"},
        {"role": "assistant", "content": "Twenty-seven times."},
        {"role": "user", "content": [{"type": "text", "text": "why did he court him?"}]},
    ]
    done = client.chat.completions.create(model="anything", messages=messages, temperature=0.3)
    told = done.model_dump()["footnote"]
    assert told["question"] == "why did he court him?"
    assert told["standalone_question"] != told["question"]
    assert told["outcome"] == "answered"


def test_declining_is_said_in_words(client: openai.OpenAI) -> None:
    """A front end that shows text only shows that there is no answer."""
    asked: Any = [{"role": "user", "content": "how do I bake sourdough bread?"}]
    done = client.chat.completions.create(model=MODEL, messages=asked)
    assert done.choices[0].message.content == "The documents do not answer this."
    assert done.choices[0].message.annotations == []
    assert done.model_dump()["footnote"]["outcome"] == "declined"


def test_errors_are_understood(client: openai.OpenAI) -> None:
    """The client raises its own errors with our message."""
    with pytest.raises(openai.UnprocessableEntityError, match="messages"):
        client.chat.completions.create(model=MODEL, messages=[])
    last: Any = [{"role": "assistant", "content": "Hello."}]
    with pytest.raises(openai.BadRequestError, match="last message"):
        client.chat.completions.create(model=MODEL, messages=last)


def test_a_full_queue_is_a_rate_limit(
    bundled_assistant: Assistant, cache_folder: Path, tmp_path: Path
) -> None:
    """The client's own back-off knows what to do."""
    assert bundled_assistant.searcher.generation
    writer = Scripted()
    with running(tmp_path, cache_folder, writer=writer, max_answering=1, max_waiting=0) as server:
        one = openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)
        with one, one.chat.completions.create(model=MODEL, messages=ASKED, stream=True):
            assert writer.started.wait(60)
            with pytest.raises(openai.RateLimitError):
                one.chat.completions.create(model=MODEL, messages=ASKED)


def test_a_front_end_that_renders_markdown_fetches_nothing() -> None:
    """Images, links and HTML of a document lose what makes them such; words and emphasis stay."""
    hostile = (
        "See ![x](http://evil.example/?q=1), [here](javascript:x) and <img src=x>. 3 < 4, *so*"
    )
    shown = harmless(hostile)
    assert "![" not in shown
    assert "](" not in shown
    assert "<img" not in shown.replace("\\<img", "")
    assert shown.endswith("3 < 4, *so*")


def test_tokens_are_told_where_a_model_wrote() -> None:
    """Usage in OpenAI's words; zeros where nothing was used."""
    plain = Answer("1", "answered", None, "", "", "")
    assert usage_of(plain)["total_tokens"] == 0
    written = Answer(
        "1", "answered", None, "", "", "", usage={"input_tokens": 3, "output_tokens": 4}
    )
    assert usage_of(written) == {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
