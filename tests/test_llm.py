"""The one door to a language model, tried with the providers' own packages on their wire formats.

The scripted model that the rest of the suite talks to is held to the same contract.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import replace
from typing import Any

import pytest

from assistant.llm import Done, LanguageModel, Message, ModelOptions, open_model
from index.errors import MissingExtra, ModelFailure, ModelTimeout, ModelUnavailable, SettingError
from tests.fakes import ScriptedModel
from tests.wire import Script, Server, serving

ASKED = [Message("system", "Be brief."), Message("user", "What became of it?")]
PROTOCOLS = ("openai", "anthropic")
QUICK = {"retries": 0, "first_token_seconds": 5.0, "total_seconds": 10.0}


def options(server: Server, protocol: str, **changes: Any) -> ModelOptions:
    """Return the options to talk to a local server in one of the protocols."""
    base = f"{server.url}/v1" if protocol == "openai" else server.url
    return ModelOptions(f"{protocol}:m", base_url=base, api_key="key-1", **(QUICK | changes))


def listen(model: LanguageModel) -> tuple[str, Done]:
    """Return the whole reply and how it ended."""

    async def listening() -> list[str | Done]:
        return [piece async for piece in model.stream(ASKED)]

    *pieces, done = asyncio.run(listening())
    assert isinstance(done, Done)
    assert all(isinstance(piece, str) for piece in pieces)
    return "".join(str(piece) for piece in pieces), done


@contextmanager
def replying(kind: str, pieces: list[str]) -> Iterator[LanguageModel]:
    """Open a model of one kind that replies with `pieces`."""
    if kind == "scripted":
        yield ScriptedModel([*pieces])
        return
    with serving(Script(kind, pieces)) as server:
        yield open_model(options(server, kind))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_time_out_but_ours_ends_a_slow_beginning(
    protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that takes as long as our setting allows is heard, whatever a package would wait."""
    monkeypatch.setenv("LANGCHAIN_OPENAI_STREAM_CHUNK_TIMEOUT_S", "0.2")
    with serving(Script(protocol, ["It sank."], first_pause=0.6)) as server:
        assert listen(open_model(options(server, protocol)))[0] == "It sank."


@pytest.mark.parametrize("kind", ["scripted", *PROTOCOLS])
def test_a_reply_arrives_in_pieces_and_ends_once(kind: str) -> None:
    """The contract of a LanguageModel: texts in order, then one Done that counts the tokens."""
    with replying(kind, ["It sank ", "in 1912. ", "[1]", " 日本 “”"]) as model:
        text, done = listen(model)
    assert text == "It sank in 1912. [1] 日本 “”"
    assert done.usage
    assert set(done.usage) == {"input_tokens", "output_tokens", "total_tokens"}
    assert not done.truncated


@pytest.mark.parametrize("kind", ["scripted", *PROTOCOLS])
def test_a_stream_can_be_left(kind: str) -> None:
    """Who closes it early gets nothing more, and no error."""

    async def leave(model: LanguageModel) -> str | Done:
        stream: AsyncGenerator[str | Done, None] = model.stream(ASKED)
        async with aclosing(stream):
            return await anext(stream)

    with replying(kind, ["It ", *["sank "] * 50]) as model:
        assert asyncio.run(leave(model)) == "It "


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_is_sent(protocol: str) -> None:
    """Both messages, the limit, the key and a wish for a stream."""
    with serving(Script(protocol, ["Yes."])) as server:
        listen(open_model(options(server, protocol, max_tokens=77, temperature=0.5)))
    (sent,) = server.requests
    assert sent["stream"] is True
    assert (sent["max_tokens"], sent["temperature"], sent["model"]) == (77, 0.5, "m")
    told = str(sent["messages"]) + str(sent.get("system", ""))
    assert "Be brief." in told
    assert "What became of it?" in told
    assert server.keys[0].endswith("key-1")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_token_usage_is_counted(protocol: str) -> None:
    """As the provider counts it."""
    with serving(Script(protocol, ["It sank."])) as server:
        _, done = listen(open_model(options(server, protocol)))
    assert done.usage == {"input_tokens": 11, "output_tokens": 5, "total_tokens": 16}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_reply_at_its_limit_is_truncated(protocol: str) -> None:
    """The model was stopped; whoever reads on must know."""
    with serving(Script(protocol, ["It sank in"], finish="length")) as server:
        assert listen(open_model(options(server, protocol)))[1].truncated


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_server_that_ignores_the_limit_is_stopped(protocol: str) -> None:
    """More characters than the tokens could hold are not read."""
    with serving(Script(protocol, ["word "] * 5_000)) as server:
        text, done = listen(open_model(options(server, protocol, max_tokens=16)))
    assert len(text) <= 16 * 8
    assert done.truncated


BROKEN = {
    "cut off": Script(pieces=["It "], finish=None),
    "hung up": Script(pieces=["It "], finish=None, hang_up=True),
    "malformed": Script(frames=['data: {"choices": [\n\n']),
    "empty": Script(frames=[]),
    "a server error": Script(status=500),
    "not known": Script(status=404),
    "too many requests": Script(status=429),
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("script", BROKEN.values(), ids=BROKEN.keys())
def test_whatever_breaks_is_unavailable(protocol: str, script: Script) -> None:
    """No exception of a provider's package leaves the door, and no message shows a key."""
    with (
        serving(replace(script, protocol=protocol)) as server,
        pytest.raises(ModelUnavailable) as raised,
    ):
        listen(open_model(options(server, protocol)))
    assert f"{protocol}:m" in str(raised.value)
    assert "secret" not in str(raised.value)
    assert "key-1" not in str(raised.value)


LIES = {
    "a list": ["data: []\n\n"],
    "a number for a text": ['data: {"choices": [{"index": 0, "delta": {"content": 5}}]}\n\n'],
    "a page": ["<html>Please log in</html>"],
    "brackets without end": [f"data: {'[' * 100_000}\n\n"],
}


@pytest.mark.parametrize("frames", LIES.values(), ids=LIES.keys())
def test_what_is_no_reply_is_unavailable(frames: list[str]) -> None:
    """With status 200 and the right type, something else than the protocol is no reply either."""
    with serving(Script(frames=frames)) as server, pytest.raises(ModelUnavailable):
        listen(open_model(options(server, "openai", retries=0)))


@pytest.mark.parametrize("frame", [": still there\n\n", "data: " + "x" * 1_000])
def test_noise_without_end_is_a_time_out(frame: str) -> None:
    """Signs of life, or a line that never ends, are no beginning of a reply."""
    with (
        serving(Script(frames=[frame] * 100, pause=0.02)) as server,
        pytest.raises(ModelTimeout),
    ):
        listen(open_model(options(server, "openai", retries=0, first_token_seconds=0.3)))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_refused_key_names_its_variable(protocol: str) -> None:
    """The message says where to look; the provider's own words, with the key in them, stay away."""
    with (
        serving(Script(status=401)) as server,
        pytest.raises(ModelUnavailable, match=f"{protocol.upper()}_API_KEY"),
    ):
        listen(open_model(options(server, protocol, retries=3)))
    assert len(server.requests) == 1


def test_nobody_there_is_unavailable() -> None:
    """A server that does not run is named with its address."""
    nowhere = ModelOptions("openai:m", base_url="http://127.0.0.1:9/v1", retries=0)
    with pytest.raises(ModelUnavailable, match=re.escape("http://127.0.0.1:9/v1")):
        listen(open_model(nowhere))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_slow_beginning_is_a_time_out(protocol: str) -> None:
    """A reply has to begin in time; the message names the settings."""
    with (
        serving(Script(protocol, ["It sank."], first_pause=1.5)) as server,
        pytest.raises(ModelTimeout, match="FOOTNOTE_MODEL_FIRST_TOKEN_SECONDS"),
    ):
        listen(open_model(options(server, protocol, first_token_seconds=0.3)))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_reply_that_drags_on_is_a_time_out(protocol: str) -> None:
    """A reply has to end in time, however steadily it drips."""
    with (
        serving(Script(protocol, ["word "] * 40, pause=0.1)) as server,
        pytest.raises(ModelTimeout),
    ):
        listen(open_model(options(server, protocol, total_seconds=0.6)))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_is_worth_it_is_tried_again(protocol: str) -> None:
    """Too many requests, then an error, then the reply; Retry-After is waited for."""
    scripts = (
        Script(status=429, headers={"Retry-After": "0"}),
        Script(status=503, headers={"Retry-After": "0.01"}),
        Script(protocol, ["It sank."]),
    )
    with serving(*scripts) as server:
        assert listen(open_model(options(server, protocol, retries=2)))[0] == "It sank."
    assert len(server.requests) == 3


def test_a_long_wait_is_not_waited() -> None:
    """A server that asks for more time than there is has failed at once."""
    with (
        serving(Script(status=429, headers={"Retry-After": "3600"})) as server,
        pytest.raises(ModelUnavailable),
    ):
        listen(open_model(options(server, "openai", retries=2)))
    assert len(server.requests) == 1


def test_what_has_begun_is_not_tried_again() -> None:
    """A reply that breaks off in the middle would be said twice."""
    with (
        serving(Script(pieces=["It "], finish=None, hang_up=True)) as server,
        pytest.raises(ModelFailure),
    ):
        listen(open_model(options(server, "openai", retries=3)))
    assert len(server.requests) == 1


def test_the_server_sees_that_the_asker_left() -> None:
    """Closing the stream closes the connection, so that the model stops."""

    async def leave(model: LanguageModel) -> None:
        async with aclosing(model.stream(ASKED)) as stream:
            await anext(stream)
        await asyncio.sleep(0.05)

    with serving(Script(pieces=["word " * 2_000] * 400, pause=0.01)) as server:
        asyncio.run(leave(open_model(options(server, "openai"))))
        assert server.left.wait(10)


def test_calls_of_tools_are_no_text() -> None:
    """Noise in other parts of a message is passed by."""
    noise = (
        'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":'
        '[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","type":"function","function":'
        '{"name":"f","arguments":"{}"}}]},"finish_reason":null}]}\n\n'
    )
    script = Script(pieces=["It sank."])
    with serving(replace(script, frames=[noise, *script.body()])) as server:
        assert listen(open_model(options(server, "openai")))[0] == "It sank."


@pytest.mark.parametrize("name", ["", "gpt", ":m", "openai:"])
def test_a_name_without_provider_is_refused(name: str) -> None:
    """The message shows what a name looks like."""
    with pytest.raises(SettingError, match="provider:name"):
        open_model(ModelOptions(name))


def test_a_missing_key_is_named() -> None:
    """Before anything is sent."""
    with pytest.raises(SettingError, match="OPENAI_API_KEY"):
        open_model(ModelOptions("openai:gpt-5-mini"))


@pytest.mark.parametrize(
    ("name", "install"),
    [("google_genai:gemini", "footnote[google]"), ("mistralai:small", "langchain-mistralai")],
)
def test_a_missing_package_is_named(
    name: str, install: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message is the command to type."""
    monkeypatch.setattr("assistant.llm.find_spec", lambda _name: None)
    with pytest.raises(MissingExtra, match=re.escape(f"pip install '{install}'")):
        open_model(ModelOptions(name))


def test_a_key_is_not_in_the_options_repr() -> None:
    """Options can be logged."""
    assert "key-1" not in repr(ModelOptions("openai:m", api_key="key-1"))
