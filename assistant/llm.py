"""The one door to a language model: `LanguageModel` streams a reply to messages.

    model = open_model(ModelOptions("openai:gpt-5-mini"))
    async for piece in model.stream([Message("system", "…"), Message("user", "…")]): ...

Any chat model that LangChain's `init_chat_model` knows is opened by `provider:name`. Whatever a
provider's package raises leaves this door as a ModelFailure: the model is unavailable, or it took
too long. Only what is worth trying again is tried again, and never once a reply has begun.
"""

import asyncio
import logging
import os
import random
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from importlib.util import find_spec
from typing import Any, Literal, Protocol

from index.errors import MissingExtra, ModelTimeout, ModelUnavailable, SettingError
from index.spans import SILENT, current

log = logging.getLogger("footnote")

Usage = dict[str, int]
"""Tokens: "input_tokens", "output_tokens" and "total_tokens", as the provider counts them."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to a model."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Done:
    """The end of a reply; `truncated` when the model was stopped before it had finished."""

    usage: Usage | None = None
    truncated: bool = False


class LanguageModel(Protocol):
    """Something that replies; `name` is "provider:name"."""

    name: str

    def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str | Done, None]:
        """Yield the reply as it arrives, then one Done. Closing it early stops the model.

        Raises ModelUnavailable or ModelTimeout.
        """


@dataclass(frozen=True)
class ModelOptions:
    """Which model, and how long to bear with it.

    `name` is "provider:name". `base_url` is that of a server that speaks the provider's protocol,
    `api_key` the key to show (by default that of the provider's usual variable). A reply has to
    begin within `first_token_seconds` and to end within `total_seconds`, and has at most
    `max_tokens`; a failed request is repeated up to `retries` times.
    """

    name: str
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    temperature: float | None = None
    max_tokens: int = 1_024
    first_token_seconds: float = 30.0
    total_seconds: float = 120.0
    retries: int = 2


@dataclass(frozen=True, slots=True)
class Provider:
    """What differs between providers: the extra to install, its package, the key's variable."""

    extra: str
    package: str
    key: str | None
    tells_why_it_stopped: bool = False


PROVIDERS: Mapping[str, Provider] = {
    "openai": Provider("openai", "langchain_openai", "OPENAI_API_KEY", tells_why_it_stopped=True),
    "anthropic": Provider(
        "anthropic", "langchain_anthropic", "ANTHROPIC_API_KEY", tells_why_it_stopped=True
    ),
    "google_genai": Provider("google", "langchain_google_genai", "GOOGLE_API_KEY"),
    "ollama": Provider("ollama", "langchain_ollama", None),
}
"""Those with an extra of ours; `init_chat_model` knows more, and names their packages itself."""

_RETRIED = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_REFUSED = frozenset({401, 403})
_UNKNOWN = 404
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.5, 20.0
_CHARS_A_TOKEN = 8
"""More characters than this a token holds no language; it bounds a server that ignores limits."""

_CUT_SHORT = frozenset({"length", "max_tokens", "MAX_TOKENS"})
_SECRET = re.compile(r"\b(?:sk|key|pk|AIza|Bearer)[-_ ]?[\w*.-]{6,}", re.IGNORECASE)


def open_model(options: ModelOptions) -> "LangChainModel":
    """Open the model that `options` name; nothing is sent yet.

    Raises SettingError for a name or key that cannot do, MissingExtra for a missing package.
    """
    provider, _, name = options.name.partition(":")
    if not provider or not name:
        raise SettingError(
            f"FOOTNOTE_MODEL={options.name!r} must be provider:name, such as openai:gpt-5-mini, "
            "anthropic:claude-sonnet-4-5 or ollama:llama3.2"
        )
    known = PROVIDERS.get(provider)
    if known and not find_spec(known.package):
        raise _missing(options.name, f"footnote[{known.extra}]")
    key = options.api_key or (os.environ.get(known.key) if known and known.key else None)
    if known and known.key and not key and not options.base_url:
        raise SettingError(
            f"FOOTNOTE_MODEL={options.name!r} needs a key: set {known.key}, or "
            "FOOTNOTE_MODEL_API_KEY, or FOOTNOTE_MODEL_BASE_URL for a server of your own"
        )
    try:
        from langchain.chat_models import init_chat_model
    except ImportError as error:
        raise _missing(options.name, "footnote[openai]") from error
    try:
        chat = init_chat_model(options.name, **_arguments(options, provider, key))
    except ImportError as error:
        package = re.search(r"langchain[-_][\w-]+", str(error))
        raise _missing(options.name, package[0] if package else "footnote[openai]") from error
    except ValueError as error:
        raise SettingError(f"FOOTNOTE_MODEL={options.name!r}: {_told(error)}") from error
    if hasattr(chat, "stream_chunk_timeout"):
        # langchain-openai's own time-out, 120 s, would end what first_token_seconds allows.
        chat.stream_chunk_timeout = None
    return LangChainModel(chat, options)


def _missing(name: str, package: str) -> MissingExtra:
    return MissingExtra(f"FOOTNOTE_MODEL={name!r} needs a package: pip install '{package}'")


def _arguments(options: ModelOptions, provider: str, key: str | None) -> dict[str, Any]:
    """Return what the provider's class is made with; time-outs and retries are kept here."""
    given: dict[str, Any] = {"max_tokens": options.max_tokens, "max_retries": 0}
    if provider == "ollama":
        given = {"num_predict": options.max_tokens}
    if provider == "openai":
        given["stream_usage"] = True
    if options.temperature is not None:
        given["temperature"] = options.temperature
    if options.base_url:
        given["base_url"] = options.base_url
        if provider == "openai":
            # Servers of the protocol know the older name of the limit, and want no key.
            given["extra_body"] = {"max_tokens": given.pop("max_tokens")}
            given["use_responses_api"] = False
            key = key or "none"
    if key:
        given["api_key"] = key
    return given


class LangChainModel:
    """A LanguageModel on any LangChain chat model; one event loop's tasks may share it."""

    def __init__(self, chat: Any, options: ModelOptions) -> None:
        self.name = options.name
        self._chat = chat
        self._options = options
        known = PROVIDERS.get(options.name.partition(":")[0])
        self._tells_why_it_stopped = known is not None and known.tells_why_it_stopped

    async def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str | Done, None]:
        """Yield the reply as it arrives, then one Done; see `LanguageModel`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._options.total_seconds
        for attempt in range(self._options.retries + 1):
            begun = False
            try:
                async with aclosing(self._reply(messages, deadline)) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
                return
            # A provider's package raises what it likes; no failure of it may leave this door.
            except Exception as error:
                wait = _wait(error, attempt)
                last = attempt == self._options.retries or loop.time() + wait >= deadline
                if begun or last or not _worth_retrying(error):
                    raise self._failure(error) from error
                log.info("%s: %s; trying again in %.1f s", self.name, type(error).__name__, wait)
                await asyncio.sleep(wait)

    async def _reply(
        self, messages: Sequence[Message], deadline: float
    ) -> AsyncGenerator[str | Done, None]:
        """Ask once. Raises TimeoutError, _CutOff and whatever the provider's package does."""
        chunks: AsyncIterator[Any] = self._chat.astream([(m.role, m.content) for m in messages])
        by = asyncio.get_running_loop().time() + self._options.first_token_seconds
        usage: Usage = {}
        stopped = ""
        room = self._options.max_tokens * _CHARS_A_TOKEN
        span = (current() or SILENT).child("model")
        try:
            while True:
                async with asyncio.timeout_at(min(by, deadline)):
                    chunk = await anext(chunks, None)
                if chunk is None:
                    break
                text = str(chunk.text)
                _add(usage, getattr(chunk, "usage_metadata", None))
                stopped = stopped or _why_it_stopped(chunk)
                if text:
                    by = deadline
                    yield text[:room]
                    room -= len(text)
                if room <= 0:
                    stopped = "length"
                    break
        finally:
            span.set(model=self.name, **usage)
            span.end()
            await _close(chunks)
        if not stopped and self._tells_why_it_stopped:
            raise _CutOffError("the reply broke off")
        yield Done(usage or None, truncated=stopped in _CUT_SHORT)

    def _failure(self, error: Exception) -> ModelUnavailable | ModelTimeout:
        if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
            limit = f"{self._options.first_token_seconds:g} s"
            limit += f" to begin with, {self._options.total_seconds:g} s in all"
            return ModelTimeout(
                f"{self.name} took too long ({limit}); wait longer: "
                "FOOTNOTE_MODEL_FIRST_TOKEN_SECONDS, FOOTNOTE_MODEL_SECONDS"
            )
        return ModelUnavailable(f"{self.name} {self._what_happened(error)}")

    def _what_happened(self, error: Exception) -> str:
        status = _status(error)
        provider = PROVIDERS.get(self.name.partition(":")[0])
        if status in _REFUSED:
            key = provider.key if provider and provider.key else "the provider's key"
            return f"refused the key ({status}); look at {key} or FOOTNOTE_MODEL_API_KEY"
        if status == _UNKNOWN:
            return f"is not known there ({status}); look at FOOTNOTE_MODEL and its base URL"
        if status:
            return f"answered with status {status}: {_told(error)}"
        where = f" at {self._options.base_url}" if self._options.base_url else ""
        return f"cannot be reached{where}, or broke off: {_told(error)}"


class _CutOffError(Exception):
    """A stream ended before the model had said that it was done."""


async def _close(chunks: Any) -> None:
    if hasattr(chunks, "aclose"):
        await chunks.aclose()


def _add(usage: Usage, told: Mapping[str, Any] | None) -> None:
    """Add the token counts that a chunk brings: what each chunk tells is what it adds."""
    for name in ("input_tokens", "output_tokens", "total_tokens"):
        if told and told.get(name):
            usage[name] = usage.get(name, 0) + int(told[name])


def _why_it_stopped(chunk: Any) -> str:
    told = getattr(chunk, "response_metadata", None) or {}
    return str(
        told.get("finish_reason") or told.get("stop_reason") or told.get("done_reason") or ""
    )


def _status(error: Exception) -> int | None:
    """Return the HTTP status that an error carries, under whatever name; None if it has none."""
    for name in ("status_code", "code", "status"):
        status = getattr(error, name, None)
        if isinstance(status, int):
            return status
    return None


def _worth_retrying(error: Exception) -> bool:
    status = _status(error)
    if status is not None:
        return status in _RETRIED
    names = " ".join(kind.__name__ for kind in type(error).__mro__)
    return "Connect" in names or "Transport" in names or isinstance(error, _CutOffError)


def _wait(error: Exception, attempt: int) -> float:
    """Return the seconds to wait: what the server asks for, else twice as long each time."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    asked = _seconds(headers.get("retry-after", ""))
    if asked is not None:
        return asked
    backoff = min(_FIRST_WAIT_SECONDS * 2**attempt, _LONGEST_WAIT_SECONDS)
    # Spread, so that many who failed together do not come back together.
    return float(backoff) * random.uniform(0.75, 1.25)  # noqa: S311  no secret hangs on it


def _seconds(asked: str) -> float | None:
    """Read a Retry-After header: seconds or a date; None when it is neither."""
    try:
        return max(0.0, float(asked))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(asked).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _told(error: Exception) -> str:
    """Return an error's first line, short and without anything that looks like a key."""
    line = (str(error).strip().splitlines() or [""])[0] or type(error).__name__
    return _SECRET.sub("…", line)[:200]
