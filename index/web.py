"""Fetch web pages that a user named: `Web(folder).fetch(urls)` saves each as a file to be indexed.

Only `footnote index` with a URL comes here, never a question and never a server. Every hop of a
redirect is parsed, resolved and checked anew (`address.py`), robots.txt is honoured, requests to a
site are a pause apart, and each is held to a size and a time. No cookies, no proxy, no scripts.
"""

import gzip
import hashlib
import http.client
import io
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from index.address import Place, Resolver, addresses, parse, system_resolver
from index.archive import parsed_xml
from index.errors import LoadError

if TYPE_CHECKING:
    from protego import Protego

MAX_HOPS: Final = 5
MAX_SITEMAPS: Final = 50
_ROBOTS_BYTES: Final = 512 << 10
_LONGEST_PAUSE: Final = 30.0
_XML = "sitemap"

_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "application/pdf": ".pdf",
    "application/epub+zip": ".epub",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class WebOptions:
    """How pages are fetched.

    A page may have `max_bytes`, take `seconds`, and `max_pages` are fetched at most; requests to
    one site are `pause` seconds apart, or what its robots.txt asks for. `hosts` are sites ("host"
    or "host:port") that may be fetched although not public or on another port. `resolve`, `sleep`
    and `clock` are for tests to stand in for.
    """

    max_bytes: int = 20 << 20
    seconds: float = 30.0
    max_pages: int = 500
    pause: float = 1.0
    hosts: frozenset[str] = frozenset()
    resolve: Resolver = system_resolver
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


@dataclass
class Fetched:
    """Files by the URL that each was fetched from, and what went wrong, by URL."""

    files: dict[Path, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Reply:
    place: Place
    kind: str
    charset: str
    data: bytes


class _Status(LoadError):
    """A site answered, but not with a page."""

    def __init__(self, status: int) -> None:
        super().__init__(
            f"the site answered {status} {http.client.responses.get(status, '')}".strip()
        )
        self.status = status


class _Unreachable(LoadError):
    """A site gave no whole answer."""


class Web:
    """Fetches pages into `folder`, politely."""

    def __init__(self, folder: Path, options: WebOptions | None = None) -> None:
        self._folder = folder
        self._options = options or WebOptions()
        self._rules: dict[str, Protego | None] = {}
        self._last: dict[str, float] = {}

    def fetch(self, urls: Iterable[str], told: Callable[[int, int], None]) -> Fetched:
        """Fetch every page of `urls`, once; `told` is called with (done, of how many)."""
        fetched = Fetched()
        wanted = list(dict.fromkeys(urls))
        for done, url in enumerate(wanted[: self._options.max_pages]):
            told(done, len(wanted))
            try:
                reply = self._get(url, self._options.max_bytes)
                if reply.kind not in _SUFFIXES:
                    raise LoadError(f"it is {reply.kind}, which is not read")
                fetched.files[self._save(reply)] = reply.place.url
            except LoadError as error:
                fetched.problems[url] = str(error)
        for url in wanted[self._options.max_pages :]:
            fetched.problems[url] = (
                f"not fetched: more than {self._options.max_pages} pages (FOOTNOTE_WEB_PAGES)"
            )
        return fetched

    def listed(self, sitemap: str) -> tuple[list[str], dict[str, str]]:
        """Return the pages of a sitemap, of its own site only, and what of it could not be read.

        A sitemap may list further ones; at most MAX_SITEMAPS are read, and no more pages than are
        fetched.
        """
        problems: dict[str, str] = {}
        pages: list[str] = []
        waiting, seen = [sitemap], {sitemap}
        for _ in range(MAX_SITEMAPS):
            if not waiting or len(pages) > self._options.max_pages:
                break
            url = waiting.pop(0)
            try:
                reply = self._get(url, self._options.max_bytes)
                tree = parsed_xml(_unpacked(reply.data, self._options.max_bytes), _XML)
            except LoadError as error:
                problems[url] = str(error)
                continue
            found = [(one.text or "").strip() for one in tree.iterfind("{*}*/{*}loc")]
            own = [one for one in found if self._same_site(one, reply.place)]
            if str(tree.tag).endswith("sitemapindex"):
                waiting += [one for one in own if one not in seen]
                seen.update(own)
            else:
                pages += own
            if len(own) < len(found):
                problems[url] = f"{len(found) - len(own)} addresses of other sites are left out"
        return list(dict.fromkeys(pages)), problems

    def _same_site(self, url: str, place: Place) -> bool:
        try:
            return parse(url, self._options.hosts).site == place.site
        except LoadError:
            return False

    def _get(self, url: str, limit: int) -> _Reply:
        """Return what `url` leads to. Raises LoadError."""
        for _ in range(MAX_HOPS + 1):
            place = parse(url, self._options.hosts)
            self._ask_robots(place)
            response = self._request(place, limit)
            if isinstance(response, _Reply):
                return response
            url = place.joined(response)
        raise LoadError(f"this URL redirects more than {MAX_HOPS} times")

    def _ask_robots(self, place: Place) -> None:
        """Raise LoadError when the site's robots.txt does not want `place` to be fetched."""
        key = f"{place.scheme}://{place.site}"
        if key not in self._rules:
            self._rules[key] = self._robots(
                Place(place.scheme, place.host, place.port, "/robots.txt")
            )
        rules = self._rules[key]
        if rules is None:
            raise LoadError(
                "its robots.txt cannot be fetched, so nothing of the site is; try later"
            )
        if not rules.can_fetch(place.url, agent()):
            raise LoadError("the site's robots.txt asks programs not to fetch this page")

    def _robots(self, place: Place) -> "Protego | None":
        """Return a site's rules by RFC 9309: none where there is no file, None when unsure."""
        from protego import Protego

        for _ in range(MAX_HOPS + 1):
            try:
                response = self._request(place, _ROBOTS_BYTES)
            except _Status as status:
                return Protego.parse("") if 400 <= status.status < 500 else None  # noqa: PLR2004
            except _Unreachable:
                return None
            if isinstance(response, _Reply):
                return Protego.parse(response.data.decode("utf-8", "replace"))
            place = parse(place.joined(response), self._options.hosts)
        return Protego.parse("")

    def _request(self, place: Place, limit: int) -> "_Reply | str":
        """Ask for one page; return the reply, or where it redirects to. Raises LoadError."""
        self._wait(place)
        found = addresses(place, self._options.resolve, self._options.hosts)
        connection = _connection(place, found, self._options.seconds)
        # Time-outs of a socket are for each read; this one is for all of them.
        overdue = threading.Timer(self._options.seconds, _cut, [connection])
        overdue.start()
        try:
            with closing(connection):
                connection.request("GET", place.target, headers=_headers(place))
                response = connection.getresponse()
                reply = _read(place, response, limit)
                if not overdue.is_alive():  # a cut connection can look like an end
                    raise TimeoutError
                return reply
        except (OSError, http.client.HTTPException, ValueError, zlib.error, EOFError) as error:
            if not overdue.is_alive():
                raise _Unreachable(f"it took more than {self._options.seconds:g} s") from error
            why = str(error) or type(error).__name__
            raise _Unreachable(f"it cannot be fetched: {why}") from error
        finally:
            overdue.cancel()

    def _wait(self, place: Place) -> None:
        rules = self._rules.get(f"{place.scheme}://{place.site}")
        asked = rules.crawl_delay(agent()) if rules else None
        pause = min(max(self._options.pause, asked or 0.0), _LONGEST_PAUSE)
        last = self._last.get(place.site)
        if last is not None and (left := last + pause - self._options.clock()) > 0:
            self._options.sleep(left)
        self._last[place.site] = self._options.clock()

    def _save(self, reply: _Reply) -> Path:
        suffix = _SUFFIXES[reply.kind]
        slug = re.sub(r"[^a-z0-9]+", "-", reply.place.target.lower()).strip("-")[-40:].strip("-")
        digest = hashlib.sha256(reply.place.url.encode()).hexdigest()[:12]
        file = self._folder / digest / f"{slug or reply.place.host.replace('.', '-')}{suffix}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_marked(reply))
        return file


def agent() -> str:
    """Return what this program calls itself to sites: its name and version."""
    try:
        return f"Footnote/{version('footnote')}"
    except PackageNotFoundError:
        return "Footnote"


def _headers(place: Place) -> dict[str, str]:
    return {
        "Host": place.site,
        "User-Agent": agent(),
        "Accept": ", ".join(_SUFFIXES) + ", */*;q=0.1",
        "Accept-Encoding": "gzip",
    }


def _connection(place: Place, found: list[str], seconds: float) -> http.client.HTTPConnection:
    """Return a connection to one of the addresses `found`, which have been checked."""
    refusal: OSError | None = None
    for address in found[:4]:
        try:
            sock = _socket(address, place, seconds)
        except OSError as error:
            refusal = error
            continue
        connection = http.client.HTTPConnection(place.host, place.port)
        connection.sock = sock
        # It would look the name up again.
        connection.auto_open = 0
        return connection
    raise _Unreachable(f"{place.host} cannot be connected to: {refusal}") from refusal


def _socket(address: str, place: Place, seconds: float) -> socket.socket:
    plain = socket.create_connection((address, place.port), timeout=min(seconds, 10.0))
    if place.scheme == "http":
        plain.settimeout(seconds)
        return plain
    try:
        context = ssl.create_default_context()
        return context.wrap_socket(plain, server_hostname=place.host)
    except OSError:
        plain.close()
        raise


def _cut(connection: http.client.HTTPConnection) -> None:
    try:
        connection.sock.shutdown(socket.SHUT_RDWR)
    except (OSError, AttributeError):
        return  # it is closed already


def _read(place: Place, response: http.client.HTTPResponse, limit: int) -> "_Reply | str":
    if response.status in _REDIRECTS and (target := response.getheader("Location")):
        return target
    if response.status != http.client.OK:
        raise _Status(response.status)
    data = response.read(limit + 1)
    if len(data) > limit:
        raise LoadError(f"it is larger than {limit >> 20} MB (FOOTNOTE_MAX_FILE_MB)")
    if response.length:
        raise LoadError("it ended too early; try again")
    if (response.getheader("Content-Encoding") or "").lower() in {"gzip", "x-gzip"}:
        data = _unpacked(data, limit)
    kind = response.headers.get_content_type()
    page = kind in _SUFFIXES
    readable = page or place.target == "/robots.txt" or kind.endswith(("xml", "gzip"))
    if not readable:
        raise LoadError(f"it is {kind}, which is not read")
    return _Reply(place, kind, response.headers.get_content_charset() or "", data)


def _unpacked(data: bytes, limit: int) -> bytes:
    """Return `data` without its gzip wrapping, if it has any, and never more than `limit`."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
        try:
            plain = stream.read(limit + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise LoadError("its gzip wrapping is damaged") from error
    if len(plain) > limit:
        raise LoadError(f"it unpacks to more than {limit >> 20} MB")
    return plain


def _marked(reply: _Reply) -> bytes:
    """Return a text as UTF-8 with a mark, when the site said which encoding it is in."""
    if reply.charset and reply.kind.startswith(("text/", "application/xhtml")):
        try:
            return b"\xef\xbb\xbf" + reply.data.decode(reply.charset).encode()
        except (LookupError, UnicodeError):
            return reply.data
    return reply.data
