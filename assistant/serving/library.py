"""What is served, exchanged under its readers when the index has a new generation.

    library = Library(index, open_it)
    async with library.reading() as assistant: ...    # stays open until the block ends
    await library.refresh()                           # open the new generation, if there is one

Whoever reads keeps what they began with: an answer never mixes two generations. Administrators
change what is served by files, kept beside the index and indexed in the background:

    uploads = Uploads(library, build, max_bytes)
    uploads.add(name, file)            # checked and kept; a file of the same name is replaced
    uploads.remove(document)           # taken away again
    uploads.state                      # how far the build is that follows

A build makes a new generation aside, as `footnote index` does, and the library switches to it;
until then the one before answers. Uploads that come while a build runs are in the next one.
Both belong to one event loop.
"""

import asyncio
import logging
import os
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Literal

from assistant.ask import Assistant
from assistant.serving.errors import ApiError
from assistant.threads import in_thread
from index.errors import BuildInProgress, FootnoteError, LoadError
from index.generation import current_generation
from index.load import READABLE, load
from index.passage import Document

log = logging.getLogger("footnote")

REFRESH_SECONDS = 2.0
"""How often the index is looked at for a new generation."""

CLOSE_SECONDS = 5.0
"""How long after its last reader an old generation is closed: work that was cancelled in a thread
may still be looking at it."""


class Library:
    """The one assistant that is open, and those before it until nobody reads them any more."""

    def __init__(self, index: Path, opened: Assistant, opener: Callable[[], Assistant]) -> None:
        self.index = index
        self._open = opener
        self._now = opened
        self._readers: dict[Assistant, int] = {}
        self._lock = asyncio.Lock()

    @property
    def opened(self) -> Assistant:
        """The assistant that serves now, for whoever does not read."""
        return self._now

    @property
    def generation(self) -> str:
        """The id of the generation that answers now."""
        return self._now.searcher.generation

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Assistant]:
        """Lend the assistant that serves now."""
        one = self._now
        self._readers[one] = self._readers.get(one, 0) + 1
        try:
            yield one
        finally:
            self._readers[one] -= 1
            self._close_unread(one)

    async def refresh(self) -> bool:
        """Serve the newest generation; tell whether it is another one than before.

        Raises IndexUnavailable or ModelError; what served before goes on serving.
        """
        async with self._lock:
            newest = await in_thread(current_generation, self.index)
            if newest.name == self.generation:
                return False
            fresh = await in_thread(self._open)
            before, self._now = self._now, fresh
            self._close_unread(before)
            log.info("serving generation %s", self.generation)
            return True

    async def keep_fresh(self) -> None:
        """Refresh for ever."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            try:
                await self.refresh()
            except FootnoteError as error:
                log.warning("the previous generation goes on serving: %s", error)

    def close(self) -> None:
        """Close what is open."""
        self._now.close()
        for one in list(self._readers):
            one.close()
        self._readers.clear()

    def _close_unread(self, one: Assistant) -> None:
        if one is self._now or self._readers.get(one, 0) > 0:
            return
        self._readers[one] = 0
        asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._close, one)

    def _close(self, one: Assistant) -> None:
        if one in self._readers and not self._readers[one]:
            del self._readers[one]
            one.close()


FOLDER = "uploads"
_MOST_NAME = 60
Progress = Callable[[str, int, int], None]
Build = Callable[[Sequence[Path], Progress], object]
State = Literal["idle", "waiting", "building", "failed"]


@dataclass(frozen=True, slots=True)
class BuildState:
    """How far a build is: its stage with `done` of `total`; `error` when the last one failed."""

    state: State = "idle"
    stage: str | None = None
    done: int = 0
    total: int = 0
    error: str | None = None


class Uploads:
    """The uploaded documents of one index. Belongs to one event loop."""

    def __init__(self, library: Library, build: Build, max_bytes: int) -> None:
        self._library = library
        self._build = build
        self.max_bytes = max_bytes
        self._index = library.index.resolve()
        self._folder = self._index / FOLDER
        self._wanted = asyncio.Event()
        self.state = BuildState()

    async def add(self, name: str, content: BinaryIO) -> str:
        """Keep a document and have it indexed; return the source that it will be cited by.

        Raises ApiError 415 for what cannot be read as a document, 413 for too much.
        """
        kept = await in_thread(self._add, name, content)
        self._want()
        return f"{self._index.name}/{FOLDER}/{kept}"

    async def remove(self, document: Document) -> None:
        """Take an uploaded document away. Raises ApiError 409 for one that was not uploaded."""
        folder, _, name = document.source.rpartition("/")
        if folder != f"{self._index.name}/{FOLDER}":
            message = "it was not uploaded: take its file away and index its folder again"
            raise ApiError(409, "not_uploaded", message)
        file = self._inside(name)
        try:
            await in_thread(file.unlink, missing_ok=True)
        except OSError as error:
            raise _unwritable() from error
        self._want()

    async def keep_building(self) -> None:
        """Build whenever something has changed, for ever.

        The first time at once: what was taken before a process ended may not be indexed yet.
        """
        if self._folder.is_dir():
            self._want()
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            self.state = BuildState("building")
            try:
                await in_thread(self._build, [self._folder], self._tell)
                await self._library.refresh()
            except BuildInProgress:
                # Another server's; it may have begun before the last upload came.
                self._want()
                self.state = BuildState("waiting")
            except FootnoteError as error:
                log.error("indexing the uploads failed: %s", error)
                self.state = BuildState("failed", error=str(error))
            else:
                self.state = BuildState("waiting" if self._wanted.is_set() else "idle")

    def _want(self) -> None:
        self._wanted.set()
        if self.state.state != "building":
            self.state = BuildState("waiting")

    def _tell(self, stage: str, done: int, total: int) -> None:
        self.state = replace(self.state, stage=stage, done=done, total=total)

    def _add(self, name: str, content: BinaryIO) -> str:
        given = safe_name(name)
        aside = self._folder / f".aside-{secrets.token_hex(8)}"
        try:
            aside.mkdir(parents=True)
            file = aside / given
            with file.open("wb") as stream:
                shutil.copyfileobj(content, stream)
                stream.flush()
                os.fsync(stream.fileno())
            if file.stat().st_size > self.max_bytes:
                message = f"a document may have {self.max_bytes:,} bytes"
                raise ApiError(413, "too_large", message)
            load(file, id="check", source=given, max_bytes=self.max_bytes)
            file.replace(self._inside(given))
        except LoadError as error:
            raise ApiError(415, "unsupported_type", str(error)) from error
        except OSError as error:
            raise _unwritable() from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return given

    def _inside(self, name: str) -> Path:
        """Return the path of an upload; whatever `name` is, it lies in the uploads' folder."""
        file = (self._folder / name).resolve()
        if not file.is_relative_to(self._folder.resolve()) or file == self._folder.resolve():
            raise ApiError(400, "invalid_request", "this is no name for a document")
        return file


def _unwritable() -> ApiError:
    return ApiError(503, "index_unavailable", "the index's folder cannot be written to")


def safe_name(name: str) -> str:
    """Return a file name made from `name`'s letters, digits and ending; nothing else of it is kept.

    Raises ApiError 415 for an ending that no document has.
    """
    stem, _, ending = re.split(r"[/\\]", name)[-1].rpartition(".")
    suffix = f".{ending.casefold()}"
    if suffix not in READABLE:
        kinds = ", ".join(sorted(READABLE))
        raise ApiError(415, "unsupported_type", f"documents are files that end in {kinds}")
    slug = re.sub(r"[^\w]+", "-", stem.casefold()).strip("-_")[:_MOST_NAME].strip("-_")
    return f"{slug or 'document'}{suffix}"
