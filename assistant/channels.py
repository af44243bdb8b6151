"""The composition root of the channels: Settings in; a server, a Slack bot or their keys out.

app = open_app(open_service(settings, index=None, port=8000, on_loopback=True))

What every channel is given, the assistant itself, comes from `wiring`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.settings import Settings
from assistant.wiring import (
    build_options,
    chosen_index,
    open_assistant,
    open_conversations,
    open_database,
)
from index.errors import MissingExtra, SettingError

if TYPE_CHECKING:
    from assistant.api import App
    from assistant.counters import Counters
    from assistant.serving.access import Mounted
    from assistant.serving.keys import Keys
    from assistant.serving.service import Service
    from assistant.slack import Bot
    from assistant.slacking.bench import Bench
    from index.assemble import Progress


def open_keys(settings: Settings) -> "Keys":
    """Return the keys and sites; they lie in the conversations' database.

    Raises MissingExtra, SettingError or ConversationsUnavailable.
    """
    try:
        from assistant.serving.keys import Keys
    except ImportError as error:
        raise _no_server() from error
    return Keys(settings.conversations_url.get_secret_value())


def open_counters(settings: Settings) -> "Counters | None":
    """Return what counts shares for all replicas; None where the database is one machine's file.

    Raises what `open_database` raises.
    """
    database = open_database(settings)
    if not database.is_shared:
        database.close()
        return None
    from assistant.counters import Counters

    return Counters(database)


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
        from assistant.counters import Cap
        from assistant.serving import desk, library, limits, service
        from assistant.serving.access import Access, demo_site
    except ImportError as error:
        raise _no_server() from error
    place, own = chosen_index(settings, index, progress).resolve(), index or settings.index

    def build(paths: Sequence[Path], told: "Progress") -> object:
        from index.build import build

        options = replace(build_options(settings), base=place.parent, empty_folders=True)
        return build(paths, place, options, told)

    counters = open_counters(settings)

    def rates(name: str, per_minute: int) -> "limits.Rates":
        return limits.Rates(Cap(name, per_minute, counters))

    books = library.Library(
        place, open_assistant(settings, place), lambda: open_assistant(settings, place)
    )
    return service.Service(
        desk=desk.Desk(
            books,
            open_conversations(settings),
            limits.Gate(settings.max_answering, settings.max_waiting),
            desk.Caps(rates("address", settings.address_rate), rates("site", settings.site_rate)),
            history_turns=settings.history_turns,
            max_question_chars=settings.max_question_chars,
        ),
        access=Access(open_to_loopback=on_loopback, demo=demo_site(port, bundled=own is None)),
        keys=open_keys(settings),
        sessions=rates("session", settings.address_rate),
        uploads=library.Uploads(books, build, settings.max_file_mb << 20) if own else None,
        counters=counters,
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
    place = chosen_index(settings, index, progress).resolve()
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
        open_counters(settings),
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
        desk.figures,
    )
    bot = _open_bot(settings, bench, service.counters, bundled=bundled)
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


def _open_bot(
    settings: Settings, bench: "Bench", counters: "Counters | None", *, bundled: bool
) -> "Bot":
    from assistant import slack
    from assistant.counters import Cap
    from assistant.slacking.connection import Connection
    from assistant.slacking.rules import Rules, read_doors

    return slack.Bot(
        bench,
        Rules(
            read_doors(settings.slack_allow, settings.slack_deny),
            Cap("slack", settings.slack_user_rate, counters),
            settings.max_question_chars,
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
