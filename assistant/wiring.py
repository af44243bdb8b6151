"""The composition root: Settings in, an Assistant out. Only this module knows concrete classes.

assistant = open_assistant(load_settings(), index=None)     # None: the bundled article
"""

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.answerability import load_model
from assistant.ask import Assistant, Condenser, Writer
from assistant.condense import by_rule
from assistant.quote import QuotingWriter
from assistant.settings import Settings
from assistant.support import SupportModel, load_support
from index.errors import BuildError, MissingExtra, SettingError
from index.rerank import open_reranker
from index.search import Searcher, open_index

if TYPE_CHECKING:
    from assistant.api import App
    from assistant.conversations import Conversations
    from assistant.dialogue import Dialogue
    from assistant.llm import LanguageModel
    from assistant.serving.access import Mounted
    from assistant.serving.keys import Keys
    from assistant.serving.service import Service
    from assistant.slack import Bot
    from assistant.slacking.bench import Bench
    from index.assemble import Progress
    from index.build import BuildOptions, BuildReport
    from index.web import Fetched


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
        history_turns=settings.history_turns,
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
    reranker = open_reranker(settings.reranker, settings.cache_dir)
    return open_index(_chosen(settings, index, progress), reranker=reranker)


def _chosen(settings: Settings, index: Path | None, progress: "Progress | None") -> Path:
    if chosen := index or settings.index:
        return chosen
    from index.bundled import bundled_index

    return bundled_index(settings.cache_dir, settings.embedding_model, progress)


@dataclass(frozen=True)
class Wanted:
    """What to index: paths and URLs as typed, sitemaps, and patterns for files in folders."""

    typed: tuple[str, ...]
    sitemaps: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


def build_index(
    settings: Settings, wanted: Wanted, index: Path, progress: "Progress | None" = None
) -> "BuildReport":
    """Bring `index` up to date with what is wanted; see `index.build.build`.

    Web pages are fetched first, and those that cannot be become problems of the report.
    """
    from index.address import is_url
    from index.build import Problem, build

    paths = [Path(typed) for typed in wanted.typed if not is_url(typed)]
    urls = [typed for typed in wanted.typed if is_url(typed)]
    options = replace(_build_options(settings), include=wanted.include, exclude=wanted.exclude)
    if not urls and not wanted.sitemaps:
        return build(paths, index, options, progress)
    with tempfile.TemporaryDirectory(prefix="footnote-") as folder:
        fetched = _fetch(settings, Path(folder), urls, wanted.sitemaps, progress)
        problems = tuple(Problem(url, message) for url, message in fetched.problems.items())
        if problems and not paths and not fetched.files:
            raise BuildError("\n".join(f"{one.source}: {one.message}" for one in problems))
        options = replace(options, sources=fetched.files)
        report = build([*paths, *fetched.files], index, options, progress)
    return replace(report, problems=(*problems, *report.problems))


def _fetch(
    settings: Settings,
    folder: Path,
    urls: Sequence[str],
    sitemaps: Sequence[str],
    progress: "Progress | None",
) -> "Fetched":
    from index.web import Web, WebOptions

    hosts = (host.strip().lower() for host in (settings.web_hosts or "").split(","))
    web = Web(
        folder,
        WebOptions(
            max_bytes=settings.max_file_mb << 20,
            max_pages=settings.web_pages,
            hosts=frozenset(host for host in hosts if host),
        ),
    )
    listed = list(urls)
    unread: dict[str, str] = {}
    for sitemap in sitemaps:
        pages, problems = web.listed(sitemap)
        listed += pages
        unread |= problems
    fetched = web.fetch(
        listed, lambda done, of: progress("fetching", done, of) if progress else None
    )
    fetched.problems = unread | fetched.problems
    return fetched


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


def open_dialogue(settings: Settings, conversation: str | None) -> "Dialogue":
    """Return a terminal's conversation; `conversation` is the id of one to go on with.

    Raises what `open_conversations` raises, and ConversationNotFound.
    """
    from assistant.dialogue import Dialogue

    with ExitStack() as opened:
        kept = opened.enter_context(open_conversations(settings))
        dialogue = Dialogue(kept, turns=settings.history_turns, conversation=conversation)
        opened.pop_all()
    return dialogue


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
        from assistant.serving import desk, library, limits, service
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
        uploads=library.Uploads(books, build, settings.max_file_mb << 20) if own else None,
    )


def open_app(service: "Service", *further: "Mounted") -> "App":
    """Return the server's application; with MCP at /mcp where its SDK is installed."""
    try:
        from assistant.api import create_app
    except ImportError as error:
        raise _no_server() from error
    from assistant.serving.access import READ, Mounted
    from assistant.serving.desk import Internal

    try:
        from assistant.mcp import http_manager
    except ImportError:
        return create_app(service, further)
    manager = http_manager(Internal(service.desk))
    mcp = Mounted("/mcp", manager.handle_request, READ, manager.run)
    return create_app(service, [mcp, *further])


def open_slack(settings: Settings, index: Path | None, progress: "Progress | None" = None) -> "Bot":
    """Return the Slack bot for `assistant.slack.run`.

    Raises SettingError for a token that is missing, MissingExtra, and what `open_assistant` and
    `open_conversations` raise.
    """
    from assistant.serving.library import Library

    bench = _slack_module().Bench
    _slack_token(settings, "slack_bot_token", "xoxb-")
    _slack_token(settings, "slack_app_token", "xapp-")
    place = _chosen(settings, index, progress).resolve()
    return _open_bot(
        settings,
        bench(
            Library(
                place, open_assistant(settings, place), lambda: open_assistant(settings, place)
            ),
            open_conversations(settings),
            asyncio.Semaphore(settings.max_answering),
            settings.history_turns,
        ),
        bundled=index is None and settings.index is None,
    )


def open_slack_events(settings: Settings, service: "Service", *, bundled: bool) -> "Mounted | None":
    """Return where the server takes Slack's events; None without a signing secret.

    Raises SettingError without a bot token, and MissingExtra.
    """
    if settings.slack_signing_secret is None:
        return None
    from assistant.serving.access import PUBLIC, Mounted
    from assistant.slacking.manifest import EVENTS_PATH

    desk = service.desk
    _slack_token(settings, "slack_bot_token", "xoxb-")
    bench = _slack_module().Bench(
        desk.library,
        desk.conversations,
        desk.gate.slots,
        settings.history_turns,
        desk.figures.answered,
    )
    bot = _open_bot(settings, bench, bundled=bundled)
    # Public, as a rule: Slack has no key of ours. Its signature is checked by the bot.
    return Mounted(EVENTS_PATH, bot.http, PUBLIC, bot.running)


def slack_suggestions(settings: Settings, *, bundled: bool) -> tuple[str, ...] | None:
    """Return the questions to offer in Slack; None: those that the documents' titles suggest."""
    from index.bundled import SUGGESTIONS

    if settings.slack_suggestions is None:
        return SUGGESTIONS if bundled else None
    return tuple(one.strip() for one in settings.slack_suggestions.split("|") if one.strip())


def _slack_module() -> Any:
    try:
        from assistant import slack
    except ImportError as error:
        raise MissingExtra("Slack needs its SDK: pip install 'footnote[slack]'") from error
    return slack


def _slack_token(settings: Settings, name: str, start: str) -> None:
    """Raise SettingError for a token that is missing, or is another kind of token."""
    value = _secret(settings, name)
    if not value.startswith(start):
        raise SettingError(
            f"FOOTNOTE_{name.upper()} is {'no such token' if value else 'not set'}: it begins with "
            f'{start}; README.md, "In Slack", says where it comes from'
        )


def _secret(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    return str(value.get_secret_value()) if value else ""


def _open_bot(settings: Settings, bench: "Bench", *, bundled: bool) -> "Bot":
    from assistant import slack
    from assistant.slacking.connection import Connection
    from assistant.slacking.rules import Rules, read_doors

    return slack.Bot(
        bench,
        Rules(
            read_doors(settings.slack_allow, settings.slack_deny),
            user_rate=settings.slack_user_rate,
            max_question_chars=settings.max_question_chars,
        ),
        Connection(
            _secret(settings, "slack_bot_token"),
            _secret(settings, "slack_app_token"),
            _secret(settings, "slack_signing_secret"),
            settings.slack_api_url,
        ),
        slack_suggestions(settings, bundled=bundled),
    )


def _no_server() -> MissingExtra:
    return MissingExtra("serving needs a web framework: pip install 'footnote[serve]'")
