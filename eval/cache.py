"""What was asked before: `Cache(file).get(key)`, `put(key, value)`; `key_of(parts)` makes the key.

Keys are made of everything that could change the value, so nothing here ever has to be declared
stale: what changed has another key. The file can be deleted at any time.
"""

import hashlib
import json
import sqlite3
import threading
from pathlib import Path
from typing import Any, Self

from index.errors import RunError

ROWS = 50_000
"""Values kept, the latest; some 100 MB of answers."""


def key_of(parts: Any) -> str:
    """Return what stands for `parts`, which can be written as JSON: 32 hexadecimal digits."""
    written = json.dumps(parts, ensure_ascii=True, sort_keys=True, allow_nan=False)
    return hashlib.sha256(written.encode()).hexdigest()[:32]


class Cache:
    """JSON values by key, in one SQLite file; threads and processes may share it."""

    def __init__(self, file: Path) -> None:
        self._lock = threading.Lock()
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(file, timeout=30, check_same_thread=False)
            # Losing the last values in a power cut costs asking again; waiting for the disk after
            # each of them would cost more, every time.
            self._database.execute("PRAGMA synchronous = OFF")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value TEXT NOT NULL)"
            )
        except (OSError, sqlite3.Error) as error:
            raise RunError(
                f"{file} cannot be used ({error}); delete it, or set FOOTNOTE_CACHE_DIR"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._database.execute(
                "DELETE FROM kept WHERE rowid <= (SELECT MAX(rowid) FROM kept) - ?", (ROWS,)
            )
            self._database.commit()
            self._database.close()

    def get(self, key: str) -> Any:
        """Return the value kept under `key`, or None."""
        with self._lock:
            query = "SELECT value FROM kept WHERE key = ?"
            found = self._database.execute(query, (key,)).fetchone()
        return None if found is None else json.loads(found[0])

    def put(self, key: str, value: Any) -> None:
        """Keep `value` under `key`."""
        written = json.dumps(value, ensure_ascii=False, allow_nan=False)
        with self._lock, self._database:
            self._database.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (key, written))
