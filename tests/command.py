"""The `footnote` command, typed by a test: `run("ask", "why?", cwd=folder)`.

`run` calls the command's entry point in this process, with the folder, the environment and the
standard streams that a process of its own would have; it saves the second that Python and its
libraries take to start. `run_process` is the real thing, for what is promised of a process: what it
loads, how it ends, signals, pipes, another process beside it.
"""

import io
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess
from unittest.mock import patch

from assistant.cli import main

COMMAND = (sys.executable, "-m", "assistant.cli")


def run_process(*arguments: str | Path, cwd: Path, **changes: str) -> CompletedProcess[str]:
    """Run the command in `cwd`; `changes` are environment variables, `typed` standard input."""
    typed = changes.pop("typed", "")
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **changes},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )


def run(*arguments: str | Path, cwd: Path, **changes: str) -> CompletedProcess[str]:
    """Do what `run_process` does, without a process."""
    typed = io.TextIOWrapper(io.BytesIO(changes.pop("typed", "").encode()), encoding="utf-8")
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    command = ["footnote", *map(str, arguments)]
    code = 0
    with (
        _in_folder(cwd),
        loggers_as_they_were(),
        patch.dict(os.environ, changes),
        patch.object(sys, "argv", command),
        patch.object(sys, "stdin", typed),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return CompletedProcess(command, code, _written(out), _written(err))


@contextmanager
def _in_folder(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def loggers_as_they_were() -> Iterator[None]:
    """Take away again what a command hangs on the loggers, which a process would take with it."""
    loggers = [logging.getLogger(name) for name in ("", "footnote", "uvicorn")]
    before = [(one.handlers[:], one.level) for one in loggers]
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        for one, (handlers, level) in zip(loggers, before, strict=True):
            one.handlers[:] = handlers
            one.setLevel(level)


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    written = stream.buffer
    assert isinstance(written, io.BytesIO)
    return written.getvalue().decode("utf-8")
