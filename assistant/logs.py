"""Logs: `configure(LogOptions(…))` has everything that logs in this process written one way.

One JSON object a line, or lines for people; ours, uvicorn's, Slack's and Chroma's alike, by
structlog on the standard library's loggers. A line carries the ids of the request that it was
written in, and what its `extra={"facts": {…}}` holds. What documents, people and models say is in
no line unless `text` is set, secrets never are, and whatever a string holds it stays in its line.
"""

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TextIO

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor

from assistant.draw import clean
from assistant.notes import ids
from index.errors import FootnoteError

Format = Literal["json", "text"]
Level = Literal["debug", "info", "warning", "error"]

TALKATIVE = ("uvicorn",)
"""Libraries whose INFO says something to a keeper; the others are heard from WARNING on. None is
ever at DEBUG, where clients of Slack and of models log whole payloads."""

MOST_CHARS = 2_000
"""Characters of one value, at most."""

_MOST_FRAMES = 30
_SECRET = re.compile(
    r"\b(?:xox[a-z]|xapp)-[\w-]+|\bfn_[\w-]{20,}|\b(?:sk|pk|key|AIza)[-_][\w-]{8,}"
    r"|(?<=[Bb]earer )\S+|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)|(?<=[?&]ticket=)[\w-]+"
)
"""Tokens of Slack's, keys of ours and of providers, and passwords in URLs."""


@dataclass(frozen=True, slots=True)
class LogOptions:
    """How to log; `format` None: for people where `stream` is a terminal, else JSON."""

    format: Format | None = None
    level: Level = "info"
    text: bool = False


def configure(options: LogOptions, stream: TextIO | None = None) -> Format:
    """Have every logger write to `stream` (standard error); return the format that was chosen."""
    out = stream or sys.stderr
    chosen: Format = options.format or ("text" if out.isatty() else "json")
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter(chosen, text=options.text, colours=_colours(out)))
    root, ours = logging.getLogger(), logging.getLogger("footnote")
    level = getattr(logging, options.level.upper())
    for one in (root, ours):
        one.handlers = []
    root.addHandler(handler)
    root.setLevel(max(level, logging.WARNING))
    ours.setLevel(level)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(level, logging.INFO))
    logging.captureWarnings(capture=True)
    return chosen


def formatter(chosen: Format, *, text: bool = False, colours: bool = False) -> logging.Formatter:
    """Return what makes a line of a record."""
    renderer: Processor = structlog.processors.JSONRenderer(serializer=_json)
    if chosen == "text":
        # Strings as their repr, so that one cannot look like the next key.
        renderer = structlog.dev.ConsoleRenderer(
            colors=colours, sort_keys=False, repr_native_str=True, pad_event_to=10
        )
    return ProcessorFormatter(
        foreign_pre_chain=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            _with_facts,
        ],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            _Failure(text=text, margin="  | " if chosen == "text" else ""),
            _harmless,
            renderer,
        ],
    )


def _colours(out: TextIO) -> bool:
    return out.isatty() and not os.environ.get("NO_COLOR")


def _json(event: EventDict, **_: object) -> str:
    # In ASCII: no character above it can end a line or turn it around in whatever shows it.
    return json.dumps(event, separators=(",", ":"), default=lambda one: type(one).__name__)


def _with_facts(_: object, __: str, event: EventDict) -> EventDict:
    """Add the request's ids, and the facts that the record brings."""
    event.update(ids())
    event.update(getattr(event["_record"], "facts", None) or {})
    return event


class _Failure:
    """Makes lines of an exception: where it came from and what it is; its words only with `text`.

    An exception of ours says nothing of what was asked, others may quote what they choked on.
    """

    def __init__(self, *, text: bool, margin: str) -> None:
        self._text = text
        self._margin = margin

    def __call__(self, _: object, __: str, event: EventDict) -> EventDict:
        found = event.pop("exc_info", None)
        event.pop("stack_info", None)
        error = found[1] if isinstance(found, tuple) else None
        if isinstance(error, BaseException):
            told = (f"{self._margin}{_harmless_text(line)}" for line in self._lines(error))
            event["exception"] = "\n".join(told)
        return event

    def _lines(self, error: BaseException) -> Iterator[str]:
        before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if before is not None:
            yield from self._lines(before)
        for frame in traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]:
            yield f"{frame.filename}:{frame.lineno} in {frame.name}"
        says = str(error) if self._text or isinstance(error, FootnoteError) else ""
        yield f"{type(error).__qualname__}{': ' if says else ''}{says}"


def _harmless(_: object, __: str, event: EventDict) -> EventDict:
    """Make every string one line without control characters and secrets."""
    for key, value in event.items():
        if key != "exception":
            event[key] = _harmless_value(value)
    return event


def _harmless_value(value: Any) -> Any:
    if isinstance(value, str):
        return _harmless_text(value)
    if isinstance(value, dict):
        return {key: _harmless_value(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_harmless_value(inner) for inner in value]
    return value


def _harmless_text(text: str) -> str:
    return _SECRET.sub("…", clean(text[:MOST_CHARS]))
