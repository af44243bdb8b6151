"""What a file says about itself besides its title: `told([("Author", "Martha Quill"), …])`.

Pure. Readers hand over what their format has, whatever it is called there; a document keeps it as
pairs of a name in small letters and a value. A name that several formats have their own word for is
one name here, so that a filter need not know the format: `date`, `author`, `tags`, `language`.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

Metadata = tuple[tuple[str, str], ...]
"""Pairs of name and value; a name with several values stands in several pairs."""

_NAMES = {
    "author": "author authors creator dc.creator article:author byl".split(),
    "date": """date dc.date dcterms.date datepublished article:published_time pubdate published
        creationdate created dc.date.issued dcterms.created""".split(),
    "tags": "tags tag keywords keyword subject dc.subject article:tag categories".split(),
    "language": "language lang dc.language".split(),
}
_SAME = {word: name for name, words in _NAMES.items() for word in words}
_NAME = re.compile(r"[\w][\w.:-]{0,63}")
_DATE = re.compile(
    r"(?:D:)?(\d{4})(?:[-/.]?(0[1-9]|1[0-2])(?:[-/.]?(0[1-9]|[12]\d|3[01]))?)?(?!\d)"
)
_STAMP = re.compile(r"(?:D:)?(\d{4})(\d\d)(\d\d)\d{4,6}")
_FRONT_LINE = re.compile(r"^([A-Za-z][\w.-]*)[ \t]*:(?:[ \t]+(.*))?$")
_FRONT_ITEM = re.compile(r"^[ \t]*-[ \t]+(.*)$")
_SHORTEST_DATE = len("2016")
_MOST = 50
_LONGEST = 500


def told(pairs: Iterable[tuple[str, str]]) -> Metadata:
    """Return what can be kept of `pairs`: known names under one word, values in one line.

    A date becomes 2016, 2016-05 or 2016-05-06, and is left out when it is none; of several dates
    the first counts. Tags are parted at commas and semicolons. What is empty is left out, what is
    longer than 500 characters is cut, and of more than 50 pairs the first are kept.
    """
    kept: dict[tuple[str, str], None] = {}
    for raw, value in pairs:
        name = raw.strip().casefold()
        name = _SAME.get(name, name)
        if not _NAME.fullmatch(name) or (name == "date" and any(n == name for n, _ in kept)):
            continue
        parts = re.split(r"[,;]", value) if name == "tags" else [value]
        for part in parts:
            line = iso_date(part) if name == "date" else _line(part)
            if line:
                kept[name, line] = None
    return tuple(kept)[:_MOST]


def iso_date(text: str) -> str:
    """Return the date at the start of `text` as 2016, 2016-05 or 2016-05-06, "" for none."""
    stamp = _STAMP.match(text.strip())
    found = _DATE.match("-".join(stamp.groups()) if stamp else text.strip())
    return "-".join(part for part in found.groups() if part) if found else ""


def first_day(date: str) -> str:
    """Return the first day of a year, a month or a day: "2016-01-01" of "2016"."""
    return date + "-01-01"[len(date) - _SHORTEST_DATE :]


def last_day(date: str) -> str:
    """Return a day that none of the year, the month or the day comes after."""
    return date + "-12-31"[len(date) - _SHORTEST_DATE :]


def front_matter(text: str) -> Iterator[tuple[str, str]]:
    """Yield the pairs of a Markdown file's front matter: `name: value`, and lists of values.

    Only that much of YAML: what is nested deeper is passed by.
    """
    name = ""
    for line in text.splitlines():
        pair, item = _FRONT_LINE.match(line), _FRONT_ITEM.match(line)
        if pair:
            name, value = pair[1], (pair[2] or "").strip()
            listed = value.startswith("[") and value.endswith("]")
            for one in value[1:-1].split(",") if listed else [value]:
                yield name, _unquoted(one)
        elif item and name:
            yield name, _unquoted(item[1])


def _unquoted(value: str) -> str:
    return value.strip().strip("\"'")


def _line(value: str) -> str:
    """Return a value without control characters, in one line."""
    visible = (" " if unicodedata.category(c)[0] in "CZ" else c for c in value[: 4 * _LONGEST])
    return " ".join("".join(visible).split())[:_LONGEST]
