"""The composition root: Settings in, an Assistant out. Only here and in `channels` are concrete
classes known.

assistant = open_assistant(load_settings(), index=None)     # None: the bundled article
"""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.answerability import load_model
from assistant.ask import Assistant, Condenser, Writer
from assistant.condense import by_rule
from assistant.notes import Watch
from assistant.quote import QuotingWriter
from assistant.settings import Settings
from assistant.support import Judge, load_support, shown_from
from assistant.tracing import open_tracer
from assistant.verifier import THRESHOLD, VerifiedSupport
from index.errors import BuildError, MissingExtra
from index.rerank import open_reranker
from index.search import Searcher, open_index
from index.verify import open_verifier

if TYPE_CHECKING:
    from assistant.conversations import Conversations
    from assistant.database import Database
    from assistant.dialogue import Dialogue
    from assistant.llm import LanguageModel
    from index.assemble import Progress
    from index.build import BuildOptions, BuildReport, Cluster
    from index.chroma_server import ChromaServer, ServerOptions
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
    ).watched(Watch(open_tracer(), text=settings.log_text))


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


def open_support(settings: Settings) -> Judge:
    """Return the judge of claims, the own one or by the verifier in the settings.

    It needs no index and no embedding model. Raises MissingExtra or ModelError.
    """
    verifier = open_verifier(settings.verifier, settings.cache_dir)
    if verifier is None:
        return load_support(settings.min_support, settings.unsure)
    base = THRESHOLD if settings.min_support is None else settings.min_support
    return VerifiedSupport(verifier, shown_from(base, settings.unsure))


def open_searcher(
    settings: Settings, index: Path | None, progress: "Progress | None" = None
) -> Searcher:
    """Return a searcher for `index`, or for the one in the settings, or for the bundled article."""
    reranker = open_reranker(settings.reranker, settings.cache_dir)
    chosen = chosen_index(settings, index, progress)
    return open_index(chosen, reranker=reranker, server=open_server(settings))


def open_server(settings: Settings) -> "ChromaServer | None":
    """Return the Chroma server in the settings, None when they name none. Raises SettingError."""
    if settings.chroma_url is None:
        return None
    from index.chroma_server import ServerOptions

    token = settings.chroma_token
    options = ServerOptions(
        settings.chroma_url,
        token.get_secret_value() if token else "",
        settings.chroma_ca,
        settings.chroma_tenant,
        settings.chroma_database,
        settings.chroma_seconds,
    )
    return _server(options)


@lru_cache(maxsize=4)
def _server(options: "ServerOptions") -> "ChromaServer":
    """Return one client for the process: each new generation is asked for over its connections."""
    from index.chroma_server import ChromaServer

    return ChromaServer(options)


def chosen_index(
    settings: Settings, index: Path | None, progress: "Progress | None" = None
) -> Path:
    """Return `index`, or the one in the settings, or the bundled article's, built if need be."""
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
    settings: Settings,
    wanted: Wanted,
    index: Path,
    progress: "Progress | None" = None,
    cluster: "Cluster | None" = None,
) -> "BuildReport":
    """Bring `index` up to date with what is wanted; see `index.build.build`.

    Web pages are fetched first, and those that cannot be become problems of the report. A `cluster`
    reads and embeds in the place of this process.
    """
    from index.address import is_url
    from index.build import Problem, build

    paths = [Path(typed) for typed in wanted.typed if not is_url(typed)]
    urls = [typed for typed in wanted.typed if is_url(typed)]
    options = replace(
        build_options(settings), include=wanted.include, exclude=wanted.exclude, cluster=cluster
    )
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


def build_options(settings: Settings) -> "BuildOptions":
    """Return how the settings want an index built."""
    from index.build import MEBIBYTE, BuildOptions

    return BuildOptions(
        cache=settings.cache_dir,
        model=settings.embedding_model,
        max_file_bytes=settings.max_file_mb * MEBIBYTE,
        lock_seconds=settings.lock_seconds,
        generations=settings.generations,
        server=open_server(settings),
    )


def open_conversations(settings: Settings) -> "Conversations":
    """Return the kept conversations; close them when done.

    Raises MissingExtra, SettingError or ConversationsUnavailable.
    """
    try:
        from assistant.conversations import Conversations
    except ImportError as error:
        raise _no_sqlalchemy() from error
    return Conversations(
        settings.conversations_url.get_secret_value(), days=settings.conversation_days
    )


def open_database(settings: Settings, *, prepare: bool = True) -> "Database":
    """Return the conversations' database by itself; `prepare=False` leaves its tables alone.

    Raises what `open_conversations` raises.
    """
    try:
        from assistant.database import Database
    except ImportError as error:
        raise _no_sqlalchemy() from error
    return Database(settings.conversations_url.get_secret_value(), prepare=prepare)


def _no_sqlalchemy() -> MissingExtra:
    return MissingExtra(
        "keeping conversations needs SQLAlchemy: pip install 'footnote[conversations]'"
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
