"""The vectors of passages on a Chroma server: `ChromaServer(ServerOptions("http://chroma:8000"))`.

    with ChromaServer(ServerOptions("http://localhost:8000")) as server:
        server.fill("footnote-1f0c9a2e-…", vectors, told)      # a build, complete before it counts
        ServerVectors(server, "footnote-1f0c9a2e-…", vectors).nearest(vector, 8)

Meant for the Rust server that `chroma run` starts, and for what speaks the same protocol. Only its
six calls are made that are needed, over HTTP: chromadb's own client waits for an answer for ever,
takes settings from every `.env` file it finds, and costs half a second to import.

The server proposes and the index decides. Passages' vectors stay in the generation's files too,
from which a server that lost them is filled again; of an answer only the numbers are taken, checked
and compared anew, so that a damaged or a lying server can at worst find less.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count
from pathlib import Path
from time import sleep
from typing import Any, Self
from urllib.parse import quote, urlsplit

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexUnavailable, SettingError
from index.store import Vectors, nearest_among

_BATCH = 500
"""Vectors in one request: some four megabytes of JSON, of the forty that the server takes."""

_PAGE = 500
_MOST_BYTES = 16 << 20
"""Of an answer; what is asked for is some kilobytes."""

_DONE = range(200, 300)
_REFUSED = {401, 403}
_RETRIED = {429, 500, 502, 503, 504}
_WAITS = (0.05, 0.2, 0.8)
"""Seconds before a request is repeated; what has not worked four times is an error."""

_LOCAL = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class ServerOptions:
    """Where the server is and how to speak to it.

    `token` is sent as a bearer token, for the proxy in front of the server, which itself knows no
    keys; `ca` is a file of certificates to trust instead of the system's. A request takes at most
    `seconds`.
    """

    url: str
    token: str = field(default="", repr=False)
    ca: Path | None = None
    tenant: str = "default_tenant"
    database: str = "default_database"
    seconds: float = 10.0


class ChromaServer:
    """A Chroma server; threads may share it. Close it when done.

    What goes wrong is an IndexUnavailable that names the setting and says what to do. Raises
    SettingError at once for a URL that cannot be one, and for a token that would go out in clear.
    """

    def __init__(self, options: ServerOptions) -> None:
        import ssl

        import httpx

        place = _checked(options)
        trusted = ssl.create_default_context(cafile=options.ca) if options.ca else True
        self.url = options.url.rstrip("/")
        self._wrong: tuple[type[Exception], ...] = (httpx.HTTPError, httpx.InvalidURL)
        self._client = httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {options.token}"} if options.token else {},
            timeout=httpx.Timeout(options.seconds, connect=min(options.seconds, 5.0)),
            verify=trusted if place.scheme == "https" else True,
            # Neither a proxy of the environment's nor wherever the server points to.
            trust_env=False,
            follow_redirects=False,
        )
        tenant, database = quote(options.tenant, safe=""), quote(options.database, safe="")
        self._home = f"/api/v2/tenants/{tenant}/databases/{database}/collections"

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def version(self) -> str:
        """Return the version of the server's protocol, to see whether it is there."""
        return str(self._said("GET", "/api/v2/version"))

    def names(self, start: str) -> Iterator[str]:
        """Yield the names of the collections that begin so."""
        for page in count():
            asked = f"{self._home}?limit={_PAGE}&offset={page * _PAGE}"
            rows = self._said("GET", asked)
            if not isinstance(rows, list):
                raise self._nonsense()
            for row in rows:
                name = row.get("name") if isinstance(row, dict) else None
                if isinstance(name, str) and name.startswith(start):
                    yield name
            if len(rows) < _PAGE:
                return

    def fill(
        self, name: str, vectors: NDArray[Any], told: Callable[[int, int], None] | None = None
    ) -> None:
        """Make the collection `name` of unit vectors, shape (passages, dimension), afresh.

        `told` hears how many are there and of how many. It is whole when this returns.
        """
        self.drop(name)
        fields = {"name": name, "configuration": {"hnsw": {"space": "cosine"}}}
        made = self._id_in(self._said("POST", self._home, fields))
        for start in range(0, len(vectors), _BATCH):
            batch = np.asarray(vectors[start : start + _BATCH], np.float32)
            ids = [str(start + i) for i in range(len(batch))]
            rows = {"ids": ids, "embeddings": batch.tolist()}
            # Adding the same again is no harm, so this too may be repeated.
            self._said("POST", f"{self._home}/{made}/upsert", rows)
            if told:
                told(start + len(batch), len(vectors))
        held = self.holds(name)
        if held != len(vectors):
            raise IndexUnavailable(
                f"{self._named()} holds {held} of {len(vectors)} vectors after all were sent; "
                "index the documents again"
            )

    def holds(self, name: str) -> int:
        """Return how many vectors the collection `name` has, -1 when there is none of the name."""
        found = self._said("GET", f"{self._home}/{quote(name, safe='')}", missing=None)
        if found is None:
            return -1
        held = self._said("GET", f"{self._home}/{self._id_in(found)}/count")
        if not isinstance(held, int):
            raise self._nonsense()
        return held

    def drop(self, name: str) -> None:
        """Remove the collection `name`, if there is one."""
        self._said("DELETE", f"{self._home}/{quote(name, safe='')}", missing=None)

    def find(self, name: str) -> str | None:
        """Return what the server calls the collection `name`, None when there is none."""
        found = self._said("GET", f"{self._home}/{quote(name, safe='')}", missing=None)
        return None if found is None else self._id_in(found)

    def ask(self, made: str, vector: Vectors, k: int) -> list[int] | None:
        """Return the numbers of `k` vectors near `vector`, None when the collection is gone.

        `made` is what `find` returned.
        """
        asked = {"query_embeddings": [vector.tolist()], "n_results": k, "include": []}
        found = self._said("POST", f"{self._home}/{made}/query", asked, missing=None)
        if found is None:
            return None
        try:
            return [int(name) for name in found["ids"][0]]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise self._nonsense() from error

    _MUST = object()

    def _said(self, method: str, path: str, fields: Any = None, missing: Any = _MUST) -> Any:
        """Return what the server answers, `missing` for a 404 if that is given."""
        for wait in (*_WAITS, None):
            try:
                status, body = self._sent(method, path, fields)
            except self._wrong as error:
                if wait is None:
                    raise self._unreachable(type(error).__name__) from error
            else:
                if status == HTTPStatus.NOT_FOUND and missing is not self._MUST:
                    return missing
                if status in _DONE:
                    return self._read(body)
                if wait is None or status not in _RETRIED:
                    raise self._unreachable(f"it answered {status}", status)
            sleep(wait or 0)
        raise AssertionError("the last round returns or raises")

    def _sent(self, method: str, path: str, fields: Any) -> tuple[int, bytes]:
        """Return the status and the body of the answer; raise for one that is too long."""
        with self._client.stream(method, path, json=fields) as answer:
            body = bytearray()
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > _MOST_BYTES:
                    raise self._nonsense()
            return answer.status_code, bytes(body)

    def _read(self, body: bytes) -> Any:
        try:
            return json.loads(body) if body else None
        except (ValueError, RecursionError) as error:
            raise self._nonsense() from error

    def _id_in(self, collection: Any) -> str:
        made = collection.get("id") if isinstance(collection, dict) else None
        if not isinstance(made, str) or not made.replace("-", "").isalnum():
            raise self._nonsense()
        return made

    def _named(self) -> str:
        return f"the Chroma server FOOTNOTE_CHROMA_URL={self.url}"

    def _unreachable(self, why: str, status: int = 0) -> IndexUnavailable:
        remedy = (
            "check FOOTNOTE_CHROMA_TOKEN" if status in _REFUSED else "see whether it runs there"
        )
        return IndexUnavailable(f"{self._named()} cannot be used ({why}); {remedy}")

    def _nonsense(self) -> IndexUnavailable:
        return IndexUnavailable(
            f"{self._named()} answers with what no Chroma server says; check the address"
        )


class ServerVectors:
    """A `VectorIndex` whose neighbours a Chroma server proposes."""

    def __init__(self, server: ChromaServer, name: str, vectors: NDArray[np.float16]) -> None:
        self._server = server
        self._name = name
        self._vectors = vectors
        # Looked up when first asked: a server that is down while an index is opened may come back.
        self._made: str | None = None

    def nearest(self, vector: Vectors, k: int) -> tuple[NDArray[np.int64], Vectors]:
        """Return the numbers and cosines of the `k` nearest; see `VectorIndex`."""
        most = min(k, len(self._vectors))
        found = self._asked(vector, most)
        if found is None:  # made anew since it was looked up, by a build that mended it
            self._made = None
            found = self._asked(vector, most)
        if found is None:
            raise self._lost()
        numbers = np.unique(np.array([n for n in found if 0 <= n < len(self._vectors)], np.int64))
        return nearest_among(self._vectors, vector, k, numbers)

    def nearest_of(
        self, vector: Vectors, k: int, allowed: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], Vectors]:
        """Return the same of the `allowed`, compared one by one; see `VectorIndex`."""
        return nearest_among(self._vectors, vector, k, allowed)

    def _asked(self, vector: Vectors, k: int) -> list[int] | None:
        if self._made is None:
            held = self._server.holds(self._name)
            if held != len(self._vectors):
                raise self._lost(max(held, 0))
            self._made = self._server.find(self._name)
        return None if self._made is None else self._server.ask(self._made, vector, k)

    def _lost(self, held: int = 0) -> IndexUnavailable:
        return IndexUnavailable(
            f"the Chroma server FOOTNOTE_CHROMA_URL={self._server.url} holds {held} of "
            f"{len(self._vectors)} vectors of this index; index the documents again, which puts "
            "them back without embedding anything"
        )


def _checked(options: ServerOptions) -> Any:
    place = urlsplit(options.url)
    if place.scheme not in {"http", "https"} or not place.hostname or place.query or place.fragment:
        raise SettingError(
            f"FOOTNOTE_CHROMA_URL={_bare(options.url)!r} is no address of a server; give one like "
            "http://localhost:8000"
        )
    if place.username or place.password:
        raise SettingError("FOOTNOTE_CHROMA_URL has a password in it; use FOOTNOTE_CHROMA_TOKEN")
    if options.token and place.scheme == "http" and place.hostname not in _LOCAL:
        raise SettingError(
            f"FOOTNOTE_CHROMA_TOKEN would go to {place.hostname} in clear; use https, or no token"
        )
    if options.ca and not options.ca.is_file():
        raise SettingError(f"FOOTNOTE_CHROMA_CA={str(options.ca)!r} is no file of certificates")
    return place


def _bare(url: str) -> str:
    """Return `url` without what stands before an "@", which may be a password."""
    head, at, tail = url.rpartition("@")
    return f"…@{tail}" if at and head else url
