"""A run on disk: `RunFolder(path)` holds what was asked with, what was answered and how it scored.

    RUN/manifest.json     what was measured, with what; its "state" says whether that is finished
        answers.jsonl     a line for each answer, appended and flushed as it comes
        cases.jsonl       what was asked and expected
        documents.jsonl   the texts that the answers and the cases' evidence speak of
        scores.jsonl      a line for each case, in the order of the cases
        summary.json      every figure; report.html, summary.md and junit.xml say the same
        timings.json      how long it took, apart, because that is never the same twice

A process that is killed leaves at most one half-written line, the last of answers.jsonl. Reading
passes it by, and `keep_answers` takes it out before more are appended.
"""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from index.errors import RunError

FORMAT = 1
"""Version of the layout above."""

Row = dict[str, Any]


class RunFolder:
    """The files of one run. Only `begin` makes the folder; reading makes nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._answers = path / "answers.jsonl"

    def exists(self) -> bool:
        """Tell whether a run was ever begun here."""
        return (self.path / "manifest.json").is_file()

    def begin(self, manifest: Row) -> None:
        """Make the folder, if it is not there, and write its manifest."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.write("manifest.json", dump(manifest, indent=1) + "\n")
        except OSError as error:
            raise RunError(
                f"{self.path} cannot be written ({error.strerror}); choose another --out"
            ) from error

    def manifest(self) -> Row:
        """Return the manifest. Raises RunError when there is none, or another Footnote's."""
        found = self._json("manifest.json")
        if found.get("format") != FORMAT:
            raise RunError(
                f"{self.path} has format {found.get('format')!r}, this Footnote reads {FORMAT}; "
                "run the evaluation again"
            )
        return found

    def summary(self) -> Row:
        """Return the figures of a finished run. Raises RunError when it did not finish."""
        return self._json("summary.json")

    def timings(self) -> Row:
        """Return latencies by stage, and how many answers came from the cache."""
        return self._json("timings.json")

    def answers(self) -> list[Row]:
        """Return the answers recorded so far; a half-written last one is left out."""
        return list(_rows(self._answers))

    def keep_answers(self, rows: Iterable[Row]) -> None:
        """Replace the recorded answers by `rows`."""
        self.write("answers.jsonl", "".join(f"{dump(row)}\n" for row in rows))

    def append_answer(self, row: Row) -> None:
        """Add one answer; once this returns, killing the process does not lose it."""
        with self._answers.open("a", encoding="utf-8", newline="\n") as stream:
            stream.write(f"{dump(row)}\n")

    def documents(self) -> dict[str, Row]:
        """Return title, source and text of each document that the run speaks of, by its id."""
        return {row["id"]: row for row in _rows(self.path / "documents.jsonl")}

    def scores(self) -> list[Row]:
        """Return a row for each case. Raises RunError when the run was never scored."""
        if not (self.path / "scores.jsonl").is_file():
            raise RunError(f"{self.path} has no scores; finish it: {self.finish_command}")
        return list(_rows(self.path / "scores.jsonl"))

    def write_rows(self, name: str, rows: Iterable[Row]) -> None:
        """Write a file of JSON lines."""
        self.write(name, "".join(f"{dump(row)}\n" for row in rows))

    def write(self, name: str, text: str) -> None:
        """Write a file; what was there before stays until all of it is written."""
        aside = self.path / f".{name}.{os.getpid()}.new"
        aside.write_text(text, encoding="utf-8", newline="\n")
        aside.replace(self.path / name)

    @property
    def finish_command(self) -> str:
        """What to type to go on with this run."""
        return f"footnote eval run --out {self.path}"

    def _json(self, name: str) -> Row:
        file = self.path / name
        try:
            found: Row = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            if name != "manifest.json" and self.exists():
                raise RunError(
                    f"the run in {self.path} is not finished; go on: {self.finish_command}"
                ) from error
            raise RunError(f"there is no evaluation run in {self.path}") from error
        except (OSError, ValueError) as error:
            raise RunError(f"{file} cannot be read ({error}); run the evaluation again") from error
        return found


def dump(value: Any, indent: int | None = None) -> str:
    """Return `value` as JSON. NaN and infinities, which are no JSON, raise ValueError."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)


def _rows(file: Path) -> Iterator[Row]:
    """Yield the rows of a file of JSON lines, none if it is missing.

    Raises RunError for a damaged line, unless it is a last one that was never finished.
    """
    try:
        *lines, rest = file.read_text(encoding="utf-8", errors="replace").split("\n")
    except FileNotFoundError:
        return
    except OSError as error:
        raise RunError(f"{file} cannot be read ({error.strerror})") from error
    del rest  # empty, or what a killed process was writing
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise RunError(f"{file}, line {number}: no JSON ({error}); start a new run") from error
        yield row
