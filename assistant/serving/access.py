"""Who may do what: every route has one rule, and everything without one is refused.

    router.get("/v1/search", dependencies=[Depends(READ)])       # a rule on a route
    async def ask(who: Annotated[Caller, Depends(ASK)]): ...      # the rule, and who it let in

There is one way in for each kind of caller: an API key (`Authorization: Bearer fn_…`), a widget's
session (`Authorization: Bearer fs_…`, sent from the origin that it was made for), or none at all
from this very machine, as long as the server listens on loopback only and no key was ever made.
"""

import ipaddress
import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.serving.errors import ApiError
from assistant.serving.keys import NOTHING, Directory, Session, Site, read_session
from index.bundled import SUGGESTIONS

Kind = Literal["local", "key", "site"]

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a rule let in.

    `owner` is what conversations belong to; `address` is the network address that caps count by.
    """

    kind: Kind
    owner: str
    address: str
    scopes: frozenset[str]
    site: str | None = None


class Access:
    """The one place that turns a request into a Caller.

    `open_to_loopback`: see above. `demo` is a site that is there as long as no key was ever made.
    """

    def __init__(self, *, open_to_loopback: bool, demo: Site | None = None) -> None:
        self._directory = NOTHING
        self._open_to_loopback = open_to_loopback
        self._demo = demo

    def use(self, directory: Directory) -> None:
        """Go by these keys and sites from now on."""
        self._directory = directory

    @property
    def is_open(self) -> bool:
        """Whether this machine's own programs need no key."""
        return self._open_to_loopback and not self._directory.had_keys

    def site(self, name: str) -> Site | None:
        """Return the site of this name, None for an unknown or revoked one."""
        if self._demo and self.is_open and name == self._demo.name:
            return self._demo
        return self._directory.sites.get(name)

    def allows(self, origin: str) -> bool:
        """Tell whether any site may be embedded at `origin`; which one is said by its session."""
        demo = self.is_open and self._demo is not None and origin in self._demo.origins
        return demo or any(origin in site.origins for site in self._directory.sites.values())

    def caller(self, request: Request) -> Caller:
        """Return who asks. Raises ApiError 401 without a good credential, 403 elsewhere."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        token = token.strip()
        if not token:
            return self._local(request)
        if scheme.casefold() != "bearer":
            raise _unauthorized("send the key as: Authorization: Bearer …")
        if token.startswith("fs_"):
            return self._visitor(request, token)
        found = self._directory.key(token)
        if found is not None:
            return Caller("key", f"key:{found.id}", address(request), frozenset(found.scopes))
        # A client that cannot do without a key (OpenAI's) sends any; it opens nothing by itself.
        if self.is_open:
            return self._local(request)
        raise _unauthorized("the key is unknown or was revoked")

    def session(self, token: str) -> Session | None:
        """Return the session of `token`, None unless it is a good one."""
        site = self.site(token.removeprefix("fs_").partition(".")[0])
        return read_session(token, site) if site else None

    def _local(self, request: Request) -> Caller:
        """Let in whoever sits at this machine, and no page that merely runs in a browser on it."""
        if not self.is_open:
            raise _unauthorized("send an API key as: Authorization: Bearer …")
        here = address(request)
        if not is_loopback(here) or any(name in request.headers for name in _FORWARDED):
            raise _unauthorized("without a key this server answers its own machine only")
        # The name in Host is the one the browser believes to talk to: a foreign name that was made
        # to resolve to this machine is refused, and so is a page of another origin.
        if (request.url.hostname or "") not in LOOPBACK_NAMES:
            raise ApiError(403, "wrong_host", "without a key this server answers to localhost only")
        origin = request.headers.get("origin")
        if origin is not None and origin != own_origin(request):
            raise _wrong_origin()
        return Caller("local", "local", here, frozenset({"client", "admin"}))

    def _visitor(self, request: Request, token: str) -> Caller:
        session = self.session(token)
        if session is None:
            raise _unauthorized("the session has ended; ask for a new one")
        if request.headers.get("origin", own_origin(request)) != session.origin:
            raise _wrong_origin()
        owner = f"site:{session.site}:{session.visitor}"
        return Caller("site", owner, address(request), frozenset(), session.site)


class Rule:
    """An access rule, as a dependency: returns the Caller or refuses.

    `scope` is what a key needs; `visitors` says whether a widget's session will do as well.
    """

    def __init__(self, scope: str | None, *, visitors: bool = False) -> None:
        self.scope = scope
        self.visitors = visitors

    async def __call__(self, request: Request) -> Caller:
        """Return who asks. Raises ApiError 401 or 403."""
        access: Access = request.app.state.service.access
        if self.scope is None:
            return Caller("local", "nobody", address(request), frozenset())
        who = access.caller(request)
        if who.kind == "site" and self.visitors:
            return who
        if self.scope in who.scopes or "admin" in who.scopes:
            return who
        raise ApiError(403, "forbidden", f"this needs a key with the scope {self.scope!r}")


PUBLIC = Rule(None)
"""Anybody: the widget's files, health, and the door to a session, which checks the origin."""
ASK = Rule("client", visitors=True)
"""Asking, and what belongs to the answer: its conversation, its feedback, the text it cites."""
READ = Rule("client")
"""Searching and listing what there is."""
ADMIN = Rule("admin")
"""Changing what is indexed, and figures about everybody."""


def demo_site(port: int, *, bundled: bool) -> Site:
    """Return the site of the demo page, good at this machine's own origins only."""
    hosts = ("127.0.0.1", "localhost", "[::1]")
    return Site(
        name="demo",
        origins=tuple(f"http://{host}:{port}" for host in hosts),
        suggestions=SUGGESTIONS if bundled else (),
        signing_key=secrets.token_bytes(32),
    )


def address(request: Request) -> str:
    """Return the client's address; IPv6 by its /64, of which one client has any number."""
    host = request.client.host if request.client else ""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(found, ipaddress.IPv6Address) and not found.is_loopback:
        mapped = found.ipv4_mapped
        return str(mapped or ipaddress.ip_network(f"{found}/64", strict=False))
    return str(found)


def is_loopback(host: str) -> bool:
    """Tell whether `host` is an address of this machine that no other can reach."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def own_origin(request: Request) -> str:
    """Return the origin that this server has in the browser that asks."""
    return f"{request.url.scheme}://{request.headers.get('host', '')}"


def _unauthorized(message: str) -> ApiError:
    return ApiError(401, "unauthorized", message, {"WWW-Authenticate": "Bearer"})


def _wrong_origin() -> ApiError:
    return ApiError(403, "wrong_origin", "this page's origin is not allowed here")


@dataclass(frozen=True)
class Mounted:
    """An application at exactly `path`; `running` is entered while the server runs."""

    path: str
    app: ASGIApp
    rule: Rule
    running: Callable[[], AbstractAsyncContextManager[None]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request that the rule lets in. Raises ApiError for any other."""
        await self.rule(Request(scope, receive))
        await self.app(scope, receive, send)
