"""What users type: `typed_question`, `typed_history` for arguments, `typed_lines` for a chat."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from index.errors import UsageError

if TYPE_CHECKING:
    from assistant.answer import Turn
    from assistant.settings import Settings


MAX_HISTORY_BYTES = 4 * 1024 * 1024
"""Largest file of turns that is read."""


def typed_question(words: Sequence[str] | None, command: str) -> str:
    """Return the one question in `words`, read from standard input for "-".

    Raises UsageError for none, for more than one (a question without quotation marks), and for
    bytes that are no text.
    """
    if not words:
        raise UsageError(
            f"say what to {command}{' for' if command == 'search' else ''}, in quotation marks: "
            f'footnote {command} "why did Abe court Putin?"; footnote chat asks in turns'
        )
    # Bytes that were no UTF-8 arrive as lone surrogates, which nothing further on can write.
    typed = " ".join(words).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if len(words) > 1:
        said = typed.replace('"', "'")
        raise UsageError(f'put the question in quotation marks: footnote {command} "{said}"')
    if typed != "-":
        return typed
    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError("standard input is not UTF-8 text; convert it first") from error


def refuse_long(question: str, settings: "Settings") -> None:
    """Raise UsageError for a question longer than the settings allow."""
    if len(question) > settings.max_question_chars:
        raise UsageError(
            f"the question has {len(question):,} characters; at most "
            f"{settings.max_question_chars:,} are read (FOOTNOTE_MAX_QUESTION_CHARS)"
        )


def typed_history(file: Path | None) -> "Sequence[Turn]":
    """Read the turns in `file`. Raises UsageError naming the row that is wrong."""
    if file is None:
        return ()
    from assistant.answer import Turn

    try:
        size = file.stat().st_size
        if size > MAX_HISTORY_BYTES:
            raise UsageError(
                f"--history {file} has {size:,} bytes; at most {MAX_HISTORY_BYTES:,} are read: "
                "give the newest turns only"
            )
        rows = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--history {file}: {error.strerror}") from error
    except RecursionError as error:
        raise UsageError(f"--history {file}: brackets are nested too deep") from error
    except ValueError as error:
        raise UsageError(f"--history {file} is no JSON: {error}") from error
    if not isinstance(rows, list):
        raise UsageError(f'--history {file} must be a list of {{"role": …, "content": …}}')
    turns = []
    for number, row in enumerate(rows, 1):
        role = row.get("role") if isinstance(row, dict) else None
        content = row.get("content") if isinstance(row, dict) else None
        if role not in {"user", "assistant"} or not isinstance(content, str):
            raise UsageError(
                f'--history {file}, row {number}: needs "role" ("user" or "assistant") and '
                '"content" (text)'
            )
        turns.append(Turn(role, content))
    return turns


def typed_lines() -> Iterator[str]:
    """Yield what is typed, line by line, until Ctrl-D or /quit; empty lines are left out."""
    for line in _edited() if sys.stdin.isatty() else sys.stdin:
        if line.strip() == "/quit":
            return
        if line.strip() == "/help":
            typer.echo("Type a question. /quit or Ctrl-D leaves, Ctrl-C clears the line.")
        elif line.strip():
            yield line.strip()


def _edited() -> Iterator[str]:
    from prompt_toolkit import PromptSession

    session: PromptSession[str] = PromptSession()
    typer.echo("Ask away; /help helps, Ctrl-D leaves.", err=True)
    while True:
        try:
            yield session.prompt("> ")
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
