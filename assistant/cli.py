"""The command line: `footnote index | search | ask | chat | doctor`.

Draws and decides nothing. What a command needs is imported inside it, so that `--help` is instant
and a cold `ask` pays for no more than asking. Exit codes: 0 done, 1 the work failed, 2 wrong usage.
"""

import logging
import os
import sys
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from assistant.terminal import (
    DEFAULT_INDEX,
    WIDEST,
    AsJson,
    Index,
    Question,
    complain,
    hint,
    log_structured,
    log_to_terminal,
    print_json,
    show_answer,
    show_progress,
    show_report,
    terminal_style,
    terminal_width,
)
from assistant.typed import refuse_long, typed_history, typed_question
from index.errors import (
    FootnoteError,
    IndexUnavailable,
    UsageError,
)

if TYPE_CHECKING:
    from assistant.answer import Answer
    from assistant.settings import Settings
    from assistant.wiring import Wanted
    from index.build import BuildReport, Cluster

log = logging.getLogger("footnote")

Target = Annotated[
    Path | None,
    typer.Option(
        "--index", metavar="DIR", help="Where. Default: FOOTNOTE_INDEX, else ./footnote-index."
    ),
]
"""The index that is written."""

ELSEWHERE = {
    "chat": "assistant.chat:app",
    "db": "assistant.upkeep:db",
    "demo": "assistant.commands:demo",
    "eval": "eval.commands:app",
    "keys": "assistant.commands:keys",
    "mcp": "assistant.commands:mcp",
    "serve": "assistant.commands:serve",
    "slack": "assistant.commands:slack",
}
"""Commands of other modules: a typer.Typer each, imported when it is used or listed.

Nobody else imports `eval`, and here it is only a name until somebody types it.
"""


class Engine(StrEnum):
    """Who does the work of a build."""

    local = "local"
    ray = "ray"


class _Commands(TyperGroup):
    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return [*super().list_commands(ctx), *ELSEWHERE]

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        if cmd_name not in ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = ELSEWHERE[cmd_name].partition(":")
        command = get_command(getattr(import_module(module), attribute))
        command.name = cmd_name
        return command


app = typer.Typer(
    name="footnote",
    cls=_Commands,
    help="Ask your documents, and get answers whose every sentence is footnoted.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDEST},
)


def main() -> None:
    """Run the command line; the entry point of the `footnote` command."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets "?" for it, not a crash.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    log_to_terminal()
    try:
        app()
    except FootnoteError as error:
        # Logged, which is a complaint unless the command has structured logs.
        log.error("%s", error)
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except BrokenPipeError:
        # Whoever read the output has enough. Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        log.error("%s%s; footnote doctor looks for the cause", error.strerror or error, where)
        sys.exit(1)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"footnote {version('footnote')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    del version


Include = Annotated[
    list[str] | None,
    typer.Option("--include", metavar="PATTERN", help="Of folders, only files like '*.md'."),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="PATTERN", help="Of folders, no files like 'drafts/**'."),
]


@app.command(
    epilog="\b\nExamples:\n"
    "  footnote index notes/ report.pdf\n"
    "  footnote index handbook/ --include '*.md' --exclude 'drafts/**'\n"
    "  footnote index https://example.com/article --index web\n"
    "  footnote index archive/ --engine ray --address 10.0.0.5:6379"
)
def index(  # noqa: PLR0913, PLR0917  a command's options are its parameters
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH...", help="Files, folders, and URLs of web pages."),
    ] = None,
    sitemap: Annotated[
        list[str] | None,
        typer.Option("--sitemap", metavar="URL", help="Every page of a sitemap; repeatable."),
    ] = None,
    include: Include = None,
    exclude: Exclude = None,
    index: Target = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on: build again when a file changes; Ctrl-C ends.")
    ] = False,
    engine: Annotated[
        Engine, typer.Option("--engine", help="Who reads and embeds: this process, or Ray.")
    ] = Engine.local,
    address: Annotated[
        str | None,
        typer.Option(
            "--address", metavar="HOST:PORT", help="A Ray cluster. Default: one on this machine."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Build an index of documents, or bring it up to date.

    Text, Markdown, HTML, PDF, DOCX and EPUB are read. What has not changed is not embedded again.
    Files that vanished from a folder named here, or that its patterns keep out, leave the index. If
    it fails, the index answers as it did before.
    """
    from assistant.wiring import Wanted, build_index

    if not paths and not sitemap:
        raise UsageError("nothing to index; name files, folders or URLs, or give --sitemap")
    cluster = _cluster(engine, address)
    if watch:
        from assistant import watching

        watching.check([*(paths or ()), *(sitemap or ())], as_json=as_json, cluster=bool(cluster))
    settings = _settings()
    where = index or settings.index or DEFAULT_INDEX
    wanted = Wanted(*(tuple(one or ()) for one in (paths, sitemap, include, exclude)))
    say = log_structured(settings) if settings.log_format else complain
    with show_progress(say) as progress:
        report = build_index(settings, wanted, where, progress, cluster)
    show_report(report, as_json=as_json, default=where == DEFAULT_INDEX)
    if watch:
        files = [Path(path) for path in wanted.typed]
        watching.watch(files, where, lambda: build_index(settings, wanted, where))
    elif _failed(report, wanted):
        raise typer.Exit(1)


@app.command(
    epilog="\b\nExamples:\n"
    '  footnote search "economic cooperation" -k 3\n'
    '  footnote search "notice period" --where author="Quill*" --where since=2016-05'
)
def search(
    question: Question = None,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="At most so many passages.")] = 8,
    document: Annotated[
        list[str] | None, typer.Option("--document", metavar="ID", help="Only this; repeatable.")
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option("--source", metavar="PATTERN", help="Only sources like '*.md'; repeatable."),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="NAME=PATTERN", help="Only author='Quill*', since=2016."),
    ] = None,
    as_json: AsJson = False,
    index: Index = None,
) -> None:
    """Show the passages that bear on a question, best first, and why each was found.

    --where keeps to documents that say so about themselves, in a Markdown file's front matter or a
    PDF's, DOCX's, EPUB's or web page's metadata: author, tags, language and whatever else stands
    there; since= and until= a year, a month or a day. Repeatable: all of them have to hold, of
    several patterns for one name one.
    """
    from assistant.draw import draw_hits, hits_fields
    from assistant.wiring import open_searcher
    from index.filters import typed_filter

    text = typed_question(question, "search")
    if not text.strip():
        raise UsageError("the question is empty; say what to search for")
    only = typed_filter(document, source, where)
    settings = _settings()
    refuse_long(text, settings)
    with show_progress() as progress, open_searcher(settings, index, progress) as searcher:
        hits = searcher.search(text, k, only)
        generation = searcher.generation
    if as_json:
        print_json(hits_fields(text, generation, hits))
    else:
        typer.echo(draw_hits(hits, terminal_width(), terminal_style()))


@app.command(
    epilog="\b\nExamples:\n"
    '  footnote ask "why did Abe court Putin?"\n'
    '  footnote ask "what is the notice period?" --index contracts\n'
    "  footnote ask - --json < question.txt"
)
def ask(
    question: Question = None,
    as_json: AsJson = False,
    history: Annotated[
        Path | None,
        typer.Option(
            "--history", metavar="FILE", help='Turns before: a JSON list of {"role", "content"}.'
        ),
    ] = None,
    index: Index = None,
) -> None:
    """Answer a question from the documents, with footnotes."""
    from assistant.wiring import open_assistant

    text, turns = typed_question(question, "ask"), typed_history(history)
    settings = _settings()
    if len(turns) > settings.history_turns:
        complain(
            f"--history {history} has {len(turns)} turns; the newest {settings.history_turns} are "
            "read (FOOTNOTE_HISTORY_TURNS)"
        )
    try:
        with show_progress() as progress:
            assistant = open_assistant(settings, index, progress)
    except IndexUnavailable:
        if as_json:
            print_json(_unavailable(text).to_dict())
        raise
    with assistant:
        if as_json:
            answer = assistant.ask(text, turns)
            print_json(answer.to_dict())
        else:
            answer = show_answer(assistant.stream(text, turns))
    hint(settings, index)
    raise typer.Exit(_exit_code(answer))


@app.command(epilog="\b\nExample:\n  footnote doctor --index contracts")
def doctor(as_json: AsJson = False, index: Index = None) -> None:
    """Tell what is installed, configured and broken, and what to do about it."""
    from assistant.doctor import examine
    from assistant.wiring import open_language_model, open_server

    settings = _settings()
    checks = examine(
        settings, index, lambda: open_language_model(settings), lambda: open_server(settings)
    )
    broken = any(check.state == "broken" for check in checks)
    if as_json:
        print_json({"broken": broken, "checks": [vars(check) for check in checks]})
    else:
        style, widest = terminal_style(), max(len(check.name) for check in checks)
        for check in checks:
            mark = {"ok": "ok    ", "note": "note  ", "broken": "BROKEN"}[check.state]
            role = "place" if check.state == "ok" else "notice"
            typer.echo(f"{style(mark, role)}  {check.name:<{widest}}  {check.found}")
            if check.remedy:
                typer.echo(f"{'':<8}{'':<{widest}}  → {check.remedy}")
    raise typer.Exit(1 if broken else 0)


def _settings() -> "Settings":
    from assistant.settings import load_settings

    return load_settings()


def _unavailable(question: str) -> "Answer":
    import uuid

    from assistant.answer import Answer

    return Answer(
        id=uuid.uuid4().hex,
        outcome="failed",
        reason="index_unavailable",
        question=question,
        standalone_question=question,
        text="",
    )


def _exit_code(answer: "Answer") -> int:
    if answer.reason == "empty_question":
        return 2
    return 1 if answer.outcome == "failed" else 0


def _failed(report: "BuildReport", wanted: "Wanted") -> bool:
    """Tell whether something failed that was named itself; in a folder, the rest is what counts."""
    paths = {str(Path(path)) for path in wanted.typed}
    typed = {*paths, *wanted.typed, *wanted.sitemaps}
    return any(problem.source in typed for problem in report.problems)


def _cluster(engine: Engine, address: str | None) -> "Cluster | None":
    from index.build import Cluster

    if engine is Engine.ray:
        return Cluster(address)
    if address:
        raise UsageError("--address names a Ray cluster; add --engine ray")
    return None


if __name__ == "__main__":
    main()
