"""Which documents a search may look into: `search(question, only=Filter(sources=("*.md",)))`.

Pure. A filter is decided by the documents, before anything is ranked: what it keeps out takes no
place among the hits.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from index.errors import UsageError
from index.metadata import Metadata, first_day, last_day

_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")


@dataclass(frozen=True)
class Filter:
    """Lets a document through when every part that is given does; an empty part lets all through.

    `documents` are ids. `sources` are patterns as a shell has them (`*`, `?`, `[…]`), of which one
    has to match the whole source; `*` also matches across folders. `metadata` are pairs of a name
    and a pattern for its value, whatever the capitals: each name has to have a value that one of
    its patterns matches. `since` and `until`, a year, a month or a day such as "2016-05", belong to
    what they let through; a document without a date is then kept out.
    """

    documents: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    metadata: Metadata = ()
    since: str = ""
    until: str = ""

    def admits(self, document_id: str, source: str, metadata: Metadata = ()) -> bool:
        """Tell whether the document of this id, source and metadata may be looked into."""
        return (
            (not self.documents or document_id in self.documents)
            and (not self.sources or any(fnmatchcase(source, one) for one in self.sources))
            and all(self._has(name, metadata) for name, _ in self.metadata)
            and self._in_time(dict(metadata).get("date", ""))
        )

    def _has(self, name: str, metadata: Metadata) -> bool:
        patterns = [pattern.casefold() for one, pattern in self.metadata if one == name]
        values = [value.casefold() for one, value in metadata if one == name.casefold()]
        return any(fnmatchcase(value, pattern) for value in values for pattern in patterns)

    def _in_time(self, date: str) -> bool:
        if not self.since and not self.until:
            return True
        return bool(date) and (
            (not self.since or last_day(date) >= first_day(self.since))
            and (not self.until or first_day(date) <= last_day(self.until))
        )


EVERYTHING = Filter()
"""The filter that lets every document through."""


def typed_filter(
    documents: Sequence[str] | None, sources: Sequence[str] | None, where: Sequence[str] | None
) -> Filter:
    """Return the filter of what was typed; `where` are texts such as "author=Quill*", and
    "since=2016-05" and "until=2016-05-06" for the time.

    Raises UsageError for one that cannot be read.
    """
    pairs = []
    time = {"since": "", "until": ""}
    for text in where or ():
        name, is_pair, pattern = (part.strip() for part in text.partition("="))
        if not (name and is_pair and pattern):
            raise UsageError(f"{text!r} is no NAME=PATTERN; type, for example, author='Quill*'")
        if name not in time:
            pairs.append((name, pattern))
        elif _DATE.fullmatch(pattern):
            time[name] = pattern
        else:
            raise UsageError(f"{pattern!r} is no date; type a year, 2016-05 or 2016-05-06")
    return Filter(tuple(documents or ()), tuple(sources or ()), tuple(pairs), **time)
