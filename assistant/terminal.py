"""The terminal that the command line draws on: answers, builds, colours, progress, complaints."""

import json
import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

if TYPE_CHECKING:
    from assistant.answer import Answer, Event
    from assistant.draw import Style
    from assistant.settings import Settings
    from index.assemble import Progress
    from index.build import BuildReport

log = logging.getLogger("footnote")

WIDEST = 100
"""Characters in a line, at most: longer ones are hard to read."""

DEFAULT_INDEX = Path("footnote-index")
"""Where `footnote index` writes when neither --index nor FOOTNOTE_INDEX says otherwise."""

Index = Annotated[
    Path | None,
    typer.Option(
        "--index",
        metavar="DIR",
        help="The index. Default: FOOTNOTE_INDEX, else the bundled article.",
    ),
]
Question = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="QUESTION",
        show_default=False,
        help='In quotation marks; "-" reads it from standard input.',
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]
"""Options that many commands share."""


def print_json(value: Any) -> None:
    """Print one JSON document, in UTF-8 whatever the terminal's encoding: programs read it."""
    sys.stdout.flush()
    sys.stdout.buffer.write(json.dumps(value, ensure_ascii=False, indent=2).encode("utf-8") + b"\n")
    sys.stdout.flush()


def show_answer(events: "Iterable[Event]") -> "Answer":
    """Write each sentence as it comes, then the footnotes; return the Answer."""
    from assistant.answer import Answer
    from assistant.draw import Flow, draw_end

    width, style = terminal_width(), terminal_style()
    flow = Flow(width, style)
    for event in events:
        if isinstance(event, Answer):
            end = draw_end(event, width, style)
            typer.echo(("\n\n" if event.sentences and end else "") + end)
            return event
        typer.echo(flow.add(event.sentence), nl=False)
        sys.stdout.flush()
    raise AssertionError("a stream ends with its Answer")


def show_report(report: "BuildReport", *, as_json: bool, default: bool) -> None:
    """Show what a build did, and log it; `default`: the index lies where it does unless told."""
    if as_json:
        print_json(_report_fields(report))
    else:
        _print_report(report, default=default)
    log.info("built", extra={"facts": _counts(report)})
    for problem in report.problems:
        log.warning("%s: %s", problem.source, problem.message)


def _print_report(report: "BuildReport", *, default: bool) -> None:
    style = terminal_style()
    told = {"added": report.added, "changed": report.changed, "removed": report.removed}
    told["moved"] = tuple(f"{old} → {new}" for old, new in report.moved)
    for kind, sources in told.items():
        for source in sources:
            typer.echo(f"{style(f'{kind:<8}', 'number')} {source}")
    typer.echo(
        f"{_counted(report.documents, 'document')}, {_counted(report.passages, 'passage')}; "
        f"{report.unchanged} unchanged, {_counted(report.embedded, 'passage')} embedded "
        f"in {report.seconds:.1f} s"
    )
    where = "" if os.environ.get("FOOTNOTE_INDEX") and not default else f" --index {report.index}"
    typer.echo(f'ask it:  footnote ask "…"{where}')


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _counts(report: "BuildReport") -> dict[str, Any]:
    """Return what a build did, in numbers, for the log."""
    kinds = ("added", "changed", "moved", "removed", "problems")
    same = ("documents", "passages", "unchanged", "embedded", "seconds")
    counts = {kind: len(getattr(report, kind)) for kind in kinds}
    return {**counts, **{name: getattr(report, name) for name in same}, "index": str(report.index)}


def _report_fields(report: "BuildReport") -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(report), "index": str(report.index)}


def complain(message: str) -> None:
    """Say `message` on standard error, in one line."""
    from assistant.draw import clean

    typer.echo(f"footnote: {'; '.join(map(clean, message.splitlines()))}", err=True)


def log_to_terminal() -> None:
    """Say what is logged as a warning or worse as a complaint: in one line, without traceback."""

    class Complaining(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            complain(record.getMessage())

    logging.getLogger("footnote").addHandler(Complaining(logging.WARNING))


def log_structured(settings: "Settings") -> Callable[[str], None]:
    """Log from now on as the settings say; return what says something to whoever started us.

    That is a complaint for people, and a line of the log where programs read it.
    """
    from assistant.logs import LogOptions, configure

    options = LogOptions(settings.log_format, settings.log_level, settings.log_text)
    return complain if configure(options) == "text" else logging.getLogger("footnote").info


def terminal_style() -> "Style":
    """Return colours where standard output is a terminal, and none where NO_COLOR is set."""
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        from assistant.draw import plain

        return plain
    looks: dict[str, dict[str, Any]] = {
        "answer": {"bold": True},
        "number": {"fg": "cyan", "bold": True},
        "place": {"dim": True},
        "notice": {"fg": "yellow"},
    }
    return lambda text, role: typer.style(text, **looks[role])


def terminal_width() -> int:
    """Return the terminal's width in characters, but no more than reads well."""
    return min(shutil.get_terminal_size().columns, WIDEST)


@contextmanager
def show_progress(say: Callable[[str], None] = complain) -> "Iterator[Progress]":
    """Show what takes long on standard error: bars on a terminal, elsewhere a line a stage."""
    if say is not complain or not sys.stderr.isatty():
        seen: set[str] = set()

        def tell(stage: str, _done: int, total: int) -> None:
            if stage not in seen:
                seen.add(stage)
                say(f"{stage} ({total})" if total else stage)

        yield tell
        return
    with _Bars() as bars:
        yield bars.show


class _Bars:
    """A bar for each stage, from the first report on: a command that reports nothing shows none."""

    def __init__(self) -> None:
        self._progress: Any = None
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress:
            for task in self._tasks.values():
                self._progress.update(task, total=1, completed=1)
            self._progress.stop()

    def show(self, stage: str, done: int, total: int) -> None:
        """Show how far `stage` is."""
        if self._progress is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            # The time left, and once a stage is done, the time that it took.
            left = TimeRemainingColumn(elapsed_when_finished=True)
            columns = (TextColumn("{task.description}"), BarColumn(), left)
            self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
            self._progress.start()
        if stage not in self._tasks:
            for task in self._tasks.values():
                self._progress.update(task, total=1, completed=1)
            self._tasks[stage] = self._progress.add_task(stage, total=None)
        self._progress.update(self._tasks[stage], total=total or None, completed=done)


def hint(settings: "Settings", index: "Path | None") -> None:
    """Say that the bundled article answered, where somebody has made an index and names none."""
    if index is None and settings.index is None and (DEFAULT_INDEX / "current").exists():
        complain(
            f"answered from the bundled article; to ask {DEFAULT_INDEX}: --index {DEFAULT_INDEX}"
        )
