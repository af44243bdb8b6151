"""Open the judge of a run: `open_judge()`, or `open_judge("openai:gpt-5-mini")` for a model.

The first is the assistant's own support model, or the verifier that FOOTNOTE_VERIFIER names in its
place: no key, no network, the same verdict every time. A language model is asked through the
assistant's own door, with the settings of the environment.
"""

import hashlib
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

from assistant.settings import Settings, load_settings
from eval.judge import DeterministicJudge, Judge

if TYPE_CHECKING:
    from assistant.llm import LanguageModel


def open_judge(model: str | None = None) -> Judge:
    """Return the deterministic judge, or the language model `model` ("provider:name") as one.

    Raises SettingError or MissingExtra when that model cannot be opened.
    """
    settings = load_settings()
    if model is None:
        return _deterministic(settings)
    from assistant.wiring import open_language_model
    from eval.model_judge import ModelJudge
    from prompts import load

    opened = open_language_model(settings.model_copy(update={"model": model}))
    if opened is None:
        raise AssertionError("a model that is named is opened or refused")
    return ModelJudge(_chat(opened), opened.name, load("judge"))


def _deterministic(settings: Settings) -> Judge:
    from assistant.support import WEIGHTS, load_support, unsure_band
    from assistant.verifier import THRESHOLD, VerifiedSupport
    from assistant.wiring import open_support

    support = open_support(settings)
    if isinstance(support, VerifiedSupport):
        base = THRESHOLD if settings.min_support is None else settings.min_support
        identity = f"verifier {support.identity}"
        name = f"verifier {support.name}"
        return DeterministicJudge(support, support.threshold, identity, unsure_band(base), name)
    band = unsure_band(load_support(settings.min_support).threshold)
    identity = hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()[:16]
    return DeterministicJudge(support, support.threshold, f"support.json {identity}", band)


def _chat(model: "LanguageModel") -> Callable[[str], Awaitable[str]]:
    from assistant.llm import Message

    async def chat(prompt: str) -> str:
        async with aclosing(model.stream([Message("user", prompt)])) as pieces:
            return "".join([piece async for piece in pieces if isinstance(piece, str)])

    return chat
