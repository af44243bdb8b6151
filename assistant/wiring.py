"""The composition root: Settings in, an Assistant out. Only this module knows concrete classes.

assistant = open_assistant(load_settings(), index=None)     # None: the bundled article
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.answerability import load_model
from assistant.ask import Assistant, Condenser, Writer
from assistant.condense import by_rule
from assistant.quote import QuotingWriter
from assistant.settings import Settings
from assistant.support import SupportModel, load_support
from index.errors import MissingExtra
from index.search import Searcher, open_index

if TYPE_CHECKING:
    from assistant.api import App
    from assistant.conversations import Conversations
    from assistant.llm import LanguageModel
    from assistant.serving.keys import Keys
    from assistant.serving.service import Service
    from index.assemble import Progress
    from index.build import BuildOptions, BuildReport


def open_assistant(
    settings: Settings, index: Path | None, progress: "Progress | None" = None
) -> Assistant:
    """Return an assistant for `index`, or for the one in the settings, or for the bundled article.

    The bundled article is indexed on first use; `progress` is told of that. Raises SettingError,
    IndexUnavailable, ModelError or MissingExtra.
    """
    model = open_language_model(settings)
    searcher = open_searcher(settings, index, progress)
    quoting = QuotingWriter(searcher, load_model(), settings.answer_threshold)
    writer: Writer = quoting
    condenser: Condenser = by_rule
    if model:
        from assistant.write import ModelCondenser, ModelWriter

        writer = ModelWriter(model, quoting, fall_back=settings.model_fallback)
        condenser = ModelCondenser(model)
    return Assistant(
        searcher,
        writer,
        open_support(settings),
        condenser=condenser,
        hits=settings.hits,
        max_question_chars=settings.max_question_chars,
    )


def open_language_model(settings: Settings) -> "LanguageModel | None":
    """Return the language model in the settings, None when they name none.

    Raises SettingError for a name or key that cannot do, MissingExtra for a missing package.
    """
    if settings.model is None:
        return None
    from assistant.llm import ModelOptions, open_model

    key = settings.model_api_key
    return open_model(
        ModelOptions(
            settings.model,
            base_url=settings.model_base_url,
            api_key=key.get_secret_value() if key else None,
            temperature=settings.model_temperature,
            max_tokens=settings.model_max_tokens,
            first_token_seconds=settings.model_first_token_seconds,
            total_seconds=settings.model_seconds,
            retries=settings.model_retries,
        )
    )


def open_support(settings: Settings) -> SupportModel:
    """Return the judge of claims; it needs no index and no embedding model."""
    return load_support(settings.min_support)


def open_searcher(
    settings: Settings, index: Path | None, progress: "Progress | None" = None
) -> Searcher:
    """Return a searcher for `index`, or for the one in the settings, or for the bundled article."""
    return open_index(_chosen(settings, index, progress))


def _chosen(settings: Settings, index: Path | None, progress: "Progress | None") -> Path:
    chosen = index or settings.index
    if chosen is None:
        from index.bundled import bundled_index

        chosen = bundled_index(settings.cache_dir, settings.embedding_model, progress)
    return chosen


def build_index(
    settings: Settings, paths: Sequence[Path], index: Path, progress: "Progress | None" = None
) -> "BuildReport":
    """Bring `index` up to date with `paths`; see `index.build.build`."""
    from index.build import build

    return build(paths, index, _build_options(settings), progress)


def _build_options(settings: Settings) -> "BuildOptions":
    from index.build import MEBIBYTE, BuildOptions

    return BuildOptions(
        cache=settings.cache_dir,
        model=settings.embedding_model,
        max_file_bytes=settings.max_file_mb * MEBIBYTE,
        lock_seconds=settings.lock_seconds,
        generations=settings.generations,
    )


def open_conversations(settings: Settings) -> "Conversations":
    """Return the kept conversations; close them when done.

    Raises MissingExtra, SettingError or ConversationsUnavailable.
    """
    try:
        from assistant.conversations import Conversations
    except ImportError as error:
        raise MissingExtra(
            "keeping conversations needs SQLAlchemy: pip install 'footnote[conversations]'"
        ) from error
    return Conversations(
        settings.conversations_url.get_secret_value(), days=settings.conversation_days
    )


def open_keys(settings: Settings) -> "Keys":
    """Return the keys and sites; they lie in the conversations' database.

    Raises MissingExtra, SettingError or ConversationsUnavailable.
    """
    try:
        from assistant.serving.keys import Keys
    except ImportError as error:
        raise _no_server() from error
    return Keys(settings.conversations_url.get_secret_value())


def open_service(
    settings: Settings,
    index: Path | None,
    *,
    port: int,
    on_loopback: bool,
    progress: "Progress | None" = None,
) -> "Service":
    """Return what `assistant.api.create_app` serves; `on_loopback`: nobody else reaches it.

    Raises MissingExtra and what `open_assistant` and `open_conversations` raise.
    """
    try:
        from assistant.serving import desk, library, limits, service, uploads
        from assistant.serving.access import Access, demo_site
    except ImportError as error:
        raise _no_server() from error
    place, own = _chosen(settings, index, progress).resolve(), index or settings.index

    def build(paths: Sequence[Path], told: "Progress") -> object:
        from index.build import build

        options = replace(_build_options(settings), base=place.parent, empty_folders=True)
        return build(paths, place, options, told)

    books = library.Library(
        place, open_assistant(settings, place), lambda: open_assistant(settings, place)
    )
    return service.Service(
        desk=desk.Desk(
            books,
            open_conversations(settings),
            limits.Gate(settings.max_answering, settings.max_waiting),
            desk.Caps(limits.Rates(settings.address_rate), limits.Rates(settings.site_rate)),
            history_turns=settings.history_turns,
            max_question_chars=settings.max_question_chars,
        ),
        access=Access(open_to_loopback=on_loopback, demo=demo_site(port, bundled=own is None)),
        keys=open_keys(settings),
        sessions=limits.Rates(settings.address_rate),
        uploads=uploads.Uploads(books, build, settings.max_file_mb << 20) if own else None,
    )


def open_app(service: "Service") -> "App":
    """Return the server's application; with MCP at /mcp where its SDK is installed."""
    from assistant.api import create_app
    from assistant.serving.access import READ
    from assistant.serving.desk import Internal
    from assistant.serving.mounted import Mounted

    try:
        from assistant.mcp import http_manager
    except ImportError:
        return create_app(service)
    manager = http_manager(Internal(service.desk))
    return create_app(service, [Mounted("/mcp", manager.handle_request, READ, manager.run)])


def _no_server() -> MissingExtra:
    return MissingExtra("serving needs a web framework: pip install 'footnote[serve]'")
