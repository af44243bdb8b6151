"""An index kept in step with its folders, for `index --watch`: `watch(paths, index, build)`.

The operating system tells what changes (watchfiles); what is read of it, the build decides.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from assistant.terminal import complain
from index.address import is_url
from index.errors import FootnoteError, MissingExtra, UsageError

if TYPE_CHECKING:
    from index.build import BuildReport

QUIET_MS = 200
"""Building waits until nothing has changed for so long: saving one file is several changes."""

LONGEST_MS = 2000
"""But where something changes all the time, no longer than this."""


def check(typed: Sequence[str], *, as_json: bool, cluster: bool) -> None:
    """Refuse what does not go with --watch. Raises UsageError or MissingExtra."""
    if any(map(is_url, typed)):
        raise UsageError("--watch is for files and folders; index web pages without it")
    if as_json:
        raise UsageError("--watch prints a line a build, not one document; leave out --json")
    if cluster:
        raise UsageError("--watch builds in this process; leave out --engine ray")
    require_watchfiles()


def require_watchfiles() -> None:
    """Raise MissingExtra where watchfiles is not installed: before a first build, not after it."""
    try:
        import watchfiles  # noqa: F401
    except ImportError as error:
        raise MissingExtra(
            "--watch needs watchfiles; install what building needs: pip install 'footnote[build]'"
        ) from error


def watch(paths: Sequence[Path], index: Path, build: "Callable[[], BuildReport]") -> None:
    """Call `build` whenever something under `paths` changes, and say what it did, until Ctrl-C.

    What changes under `index` counts for nothing: a build writes there. A build that fails is told
    and the next change is waited for. Raises OSError when the system cannot watch the paths.
    """
    try:
        for number, _ in enumerate(_changes(paths, index)):
            if number == 0:
                complain(f"watching {', '.join(map(str, paths))}; Ctrl-C ends it")
            _rebuild(build)
    except KeyboardInterrupt:
        return


def _rebuild(build: "Callable[[], BuildReport]") -> None:
    try:
        report = build()
    except (FootnoteError, OSError) as error:
        complain(f"not built, the index answers as before: {error}")
        return
    if line := summary(report):
        typer.echo(f"{time.strftime('%H:%M:%S')}  {line}")
    for problem in report.problems:
        complain(f"{problem.source}: {problem.message}")


def summary(report: "BuildReport") -> str:
    """Return what a build did as one line; "" when it changed nothing."""
    kinds = ("added", "changed", "moved", "removed")
    told = [f"{len(getattr(report, kind))} {kind}" for kind in kinds if getattr(report, kind)]
    if not told:
        return ""
    return (
        f"{', '.join(told)}; {report.documents:,} documents, {report.embedded:,} passages "
        f"embedded in {report.seconds:.1f} s"
    )


def _changes(paths: Sequence[Path], index: Path) -> Iterator[None]:
    """Yield when there may be something to build: at once, then after every change.

    Folders are watched with all that is in them. Beside that the folder that each path lies in is
    watched, for an editor may put a new file in the place of the old one, which whoever watched
    that one would never hear of. A folder put in another's place is watched anew.
    """
    while True:
        rooms = {path.resolve() for path in paths if path.is_dir()}
        try:
            for first, (inside, beside) in enumerate(_told(paths, rooms, index.resolve())):
                if any(path in rooms or path.is_dir() for path in beside):
                    break
                if first == 0 or inside or beside:
                    yield
        except FileNotFoundError:
            # A folder vanished while it was about to be watched. Of what lies nowhere nobody tells.
            if not all(path.absolute().parent.is_dir() for path in paths):
                raise


def _told(
    paths: Sequence[Path], rooms: set[Path], index: Path
) -> Iterator[tuple[set[Path], set[Path]]]:
    """Yield the paths changed inside of `rooms`, and those of `paths` that changed themselves."""
    from watchfiles import Change, watch

    named = {path.parent.resolve() / path.name for path in map(Path.absolute, paths)}

    def told(
        places: set[Path], wanted: Callable[[Change, str], bool], *, recursive: bool
    ) -> Iterator[set[Path]]:
        changed = watch(
            *places,
            watch_filter=wanted,
            debounce=LONGEST_MS,
            step=QUIET_MS,
            rust_timeout=QUIET_MS,
            yield_on_timeout=True,
            recursive=recursive,
        )
        return ({Path(path) for _, path in some} for some in changed)

    def is_inside(_: Change, path: str) -> bool:
        return not Path(path).is_relative_to(index)

    def is_named(change: Change, path: str) -> bool:
        # What is in a folder changes the folder too; only its coming and going is meant.
        return Path(path) in named and (change is not Change.modified or Path(path) not in rooms)

    nothing: Iterator[set[Path]] = repeat(set())
    inside = told(rooms, is_inside, recursive=True) if rooms else nothing
    beside = told({path.parent for path in named}, is_named, recursive=False)
    return zip(inside, beside, strict=False)
