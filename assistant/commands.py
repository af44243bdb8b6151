"""Commands of the server: `footnote serve`, `demo`, `keys`, `slack` and `mcp`.

Apart from `cli.py`, which attaches them, because a module has four hundred lines at most. Like
there, what a command needs is imported inside it.
"""

import os
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.terminal import (
    AsJson,
    Index,
    complain,
    log_structured,
    print_json,
    show_progress,
)
from index.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from assistant.serving.keys import Key, Keys, Site

serve = typer.Typer(rich_markup_mode=None, add_completion=False)
demo = typer.Typer(rich_markup_mode=None, add_completion=False)
keys = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="API keys for the server, and sites that may embed the widget.",
    add_completion=False,
)
slack = typer.Typer(
    rich_markup_mode=None,
    invoke_without_command=True,
    help="The assistant in a Slack workspace, by Socket Mode.",
    add_completion=False,
)
mcp = typer.Typer(rich_markup_mode=None, add_completion=False)


@serve.command(
    epilog="\b\nExamples:\n  footnote serve\n  footnote serve --index contracts --port 8080"
)
def _serve(
    host: Annotated[str, typer.Option("--host", metavar="H", help="Address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", metavar="N", min=1, max=65_535)] = 8000,
    index: Index = None,
) -> None:
    """Serve the HTTP API, the widget and a demo page.

    On 127.0.0.1 this machine needs no key until the first one is made. At any other address it
    starts only when there is a key.
    """
    _serving(host, port, index)


@demo.command(epilog="\b\nExamples:\n  footnote demo\n  footnote demo --index contracts")
def _demo(index: Index = None) -> None:
    """Serve an article with a chat beside it, and open it in the browser; Ctrl-C stops.

    Like footnote serve on this machine, at port 8000 or another one that is free.
    """
    port = free_port()
    threading.Thread(target=show_page, args=[port], daemon=True).start()
    _serving("127.0.0.1", port, index)


def _serving(host: str, port: int, index: Path | None) -> None:
    from assistant.channels import open_app, open_keys, open_service, open_slack_events
    from assistant.settings import load_settings

    settings = load_settings()
    say = log_structured(settings)
    on_loopback = host in {"127.0.0.1", "localhost", "::1"}
    with open_keys(settings) as known:
        directory = known.directory()
    if not (on_loopback or directory.by_hash):
        raise UsageError(
            f"--host {host} can be reached from elsewhere and there is no key yet; "
            "make one first: footnote keys create NAME --scope client"
        )
    with show_progress(say) as progress:
        service = open_service(
            settings, index, port=port, on_loopback=on_loopback, progress=progress
        )
    bundled = index is None and settings.index is None
    slack_events = open_slack_events(settings, service, bundled=bundled)
    app = open_app(service, *([slack_events] if slack_events else []))
    from assistant.api import serve as run

    shown = f"[{host}]" if ":" in host else host
    say(f"serving http://{shown}:{port}/ (Ctrl-C stops)")
    run(app, host, port, settings.trusted_proxies)


def free_port(first: int = 8000) -> int:
    """Return `first`, or where that is taken another port that is free on this machine."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", first))
        except OSError:
            one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def show_page(port: int) -> None:
    """Open the page once it is there; where no browser has a screen, say where it is."""
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                break
        except OSError:
            time.sleep(0.2)
    url = f"http://127.0.0.1:{port}/"
    # On a machine without a screen a browser would be one for terminals, in this very terminal.
    screen = sys.platform in {"darwin", "win32"} or bool(
        {"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"} & set(os.environ)
    )
    if not (screen and webbrowser.open(url)):
        complain(f"open this in a browser: {url}")


@keys.command(epilog="\b\nExample:\n  footnote keys create reports --scope client")
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="client (ask, search) or admin (everything); repeatable."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key and print it, this once."""
    with _keys() as store:
        key, token = store.create(name, scope or ["client"])
    if as_json:
        print_json({"id": key.id, "name": key.name, "scopes": key.scopes, "token": token})
        return
    typer.echo(token)
    complain(f"key {key.id}; it is shown this once. To revoke it: footnote keys revoke {key.id}")


@keys.command(
    epilog="\b\nExample:\n  footnote keys site handbook --origin https://handbook.example.com"
)
def site(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its publishable name.")],
    origin: Annotated[
        list[str], typer.Option("--origin", help="Where its pages are served from; repeatable.")
    ],
    suggest: Annotated[
        list[str] | None, typer.Option("--suggest", help="A question to offer; repeatable.")
    ] = None,
) -> None:
    """Let pages of these origins, and no other, embed the widget; replaces what was set before."""
    with _keys() as store:
        made = store.put_site(name, origin, suggest or ())
    typer.echo(f"{made.name} at {', '.join(made.origins)}")


@keys.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show keys and sites; no key can be read back."""
    with _keys() as store:
        known, sites = store.listed()
    rows = [
        *(_row("key", one.id, one.name, one.scopes, one) for one in known),
        *(_row("site", one.name, one.name, one.origins, one) for one in sites),
    ]
    if as_json:
        print_json({"keys": rows})
        return
    for row in rows:
        state = "revoked" if row["revoked"] else row["name"]
        typer.echo(f"{row['kind']:<5}{row['id']:<14}{', '.join(row['may'])}  {state}")


@keys.command()
def revoke(
    name: Annotated[str, typer.Argument(metavar="ID", help="A key's id, or a site's name.")],
) -> None:
    """End a key, or a site with all of its sessions; a running server heeds it within seconds."""
    with _keys() as store:
        store.revoke(name)


@slack.callback(
    epilog="\b\nExamples:\n  footnote slack manifest\n  footnote slack --index contracts"
)
def _slack(context: typer.Context, index: Index = None) -> None:
    """Answer in a Slack workspace until Ctrl-C; `footnote slack manifest` makes its app.

    Needs FOOTNOTE_SLACK_BOT_TOKEN and FOOTNOTE_SLACK_APP_TOKEN.
    """
    if context.invoked_subcommand:
        return
    import asyncio

    from assistant.channels import open_slack
    from assistant.settings import load_settings

    settings = load_settings()
    say = log_structured(settings)
    with show_progress(say) as progress:
        bot = open_slack(settings, index, progress)
    from assistant.slack import run

    asyncio.run(run(bot, say))


@slack.command(epilog="\b\nExample:\n  footnote slack manifest > manifest.json")
def manifest(
    name: Annotated[str, typer.Option("--name", help="What the app is called.")] = "Footnote",
    url: Annotated[
        str | None,
        typer.Option(
            "--url", metavar="URL", help="Where footnote serve is, for HTTP instead of a socket."
        ),
    ] = None,
) -> None:
    """Print the manifest to make the Slack app from."""
    from assistant.channels import slack_suggestions
    from assistant.settings import load_settings
    from assistant.slacking.manifest import manifest as made

    settings = load_settings()
    suggestions = slack_suggestions(settings, bundled=settings.index is None)
    print_json(made(suggestions or (), name=name, url=url))


@mcp.command(epilog="\b\nExample:\n  footnote mcp --index contracts")
def _mcp(index: Index = None) -> None:
    """Serve the assistant to an MCP client over standard input and output."""
    from assistant.settings import load_settings
    from assistant.wiring import open_assistant

    try:
        from assistant.mcp import serve_stdio
    except ImportError as error:
        raise MissingExtra("MCP needs its SDK: pip install 'footnote[mcp]'") from error
    settings = load_settings()
    if sys.stdin.isatty():
        complain("this speaks MCP on standard input; it is for clients to start, not for typing")
    with open_assistant(settings, index) as assistant:
        serve_stdio(assistant)


def _keys() -> "Keys":
    from assistant.channels import open_keys
    from assistant.settings import load_settings

    return open_keys(load_settings())


def _row(
    kind: str, number: str, name: str, may: Sequence[str], one: "Key | Site"
) -> dict[str, Any]:
    created = datetime.fromtimestamp(one.created, UTC).isoformat(timespec="seconds")
    return {
        "kind": kind,
        "id": number,
        "name": name,
        "may": list(may),
        "created": created,
        "revoked": one.revoked is not None,
    }
