"""Who may come in: API keys and sites, kept in the conversations' database, and visitors' sessions.

    keys = Keys(url)                                      # also: footnote keys …
    made, token = keys.create("reports", ["client"])      # the token is shown once, never again
    keys.put_site("handbook", ["https://example.com"])
    directory = keys.directory()                          # all of them as they are now
    token, session = new_session(site, origin="https://example.com")
    session = read_session(token, site)        # None when it is forged, stale or another site's

A key is 32 random bytes and only its SHA-256 is kept: of something that nobody can guess, a slow
hash would protect no better. The server works from a `Directory`, which it reads again every few
seconds, so that no request waits for the database and a revoked key stops working soon.

A session is short-lived, signed, good for one site at one origin, and kept nowhere. Its token holds
nothing secret: site, visitor, origin, end. The signature (HMAC-SHA256) is made with the site's own
random key, so that revoking a site ends all of its sessions. It leads to nothing but asking: no
other token can be had for it but its own renewal.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

import sqlalchemy as sa

from assistant import database
from assistant.database import Database
from index.errors import UsageError

SCOPES = ("client", "admin")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_keys, _sites = database.api_keys, database.sites


@dataclass(frozen=True, slots=True)
class Key:
    """An API key without its token; times are seconds since 1970."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created: float
    revoked: float | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """A site that may embed the widget: its publishable name, and the origins it is served from."""

    name: str
    origins: tuple[str, ...]
    suggestions: tuple[str, ...] = ()
    signing_key: bytes = field(default=b"", repr=False)
    created: float = 0.0
    revoked: float | None = None


@dataclass(frozen=True)
class Directory:
    """All keys and sites at one moment; `by_hash` and `sites` hold those that work.

    `had_keys` tells whether a key was ever made, also when it was revoked since.
    """

    by_hash: Mapping[str, Key]
    sites: Mapping[str, Site]
    had_keys: bool

    def key(self, token: str) -> Key | None:
        """Return the key of this token, None for an unknown or revoked one."""
        return self.by_hash.get(_hash(token))


NOTHING = Directory({}, {}, had_keys=False)


class Keys:
    """Keys and sites in one database. Raises what `Database` raises, also from every method."""

    def __init__(self, url: str, clock: Callable[[], float] = time.time) -> None:
        self._database = Database(url)
        self._clock = clock

    def close(self) -> None:
        """Give the connections back."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def create(self, name: str, scopes: Sequence[str]) -> tuple[Key, str]:
        """Make a key and return it with its token, which is kept nowhere. Raises UsageError."""
        unknown = set(scopes) - set(SCOPES)
        if unknown or not scopes:
            raise UsageError(f"a key's scopes are {' and '.join(SCOPES)}, not {sorted(unknown)}")
        if not name.strip() or not name.isprintable():
            raise UsageError("a key's name says what it is for, in printable characters")
        key = Key(secrets.token_hex(6), name, tuple(sorted(set(scopes))), self._clock())
        token = f"fn_{secrets.token_urlsafe(32)}"
        row = {"id": key.id, "name": name, "scopes": json.dumps(key.scopes), "hash": _hash(token)}
        with self._database.writing() as connection:
            connection.execute(_keys.insert().values({**row, "created": key.created}))
        return key, token

    def put_site(self, name: str, origins: Sequence[str], suggestions: Sequence[str] = ()) -> Site:
        """Make a site, or give one that is there these origins. Raises UsageError.

        Its signing key is made anew, so that sessions from before it was revoked stay ended.
        """
        if not _NAME.fullmatch(name):
            raise UsageError("a site's name is lower-case letters, digits and -, at most 40")
        if not origins:
            raise UsageError("a site needs at least one --origin, such as https://example.com")
        site = Site(
            name=name,
            origins=tuple(dict.fromkeys(checked_origin(origin) for origin in origins)),
            suggestions=tuple(suggestions),
            signing_key=secrets.token_bytes(32),
            created=self._clock(),
        )
        row = {
            "name": name,
            "origins": json.dumps(site.origins),
            "suggestions": json.dumps(site.suggestions),
            "signing_key": site.signing_key,
            "created": site.created,
        }
        with self._database.writing() as connection:
            connection.execute(_sites.delete().where(_sites.c.name == name))
            connection.execute(_sites.insert().values(row))
        return site

    def revoke(self, name: str) -> None:
        """Revoke the key with this id, or the site of this name. Raises UsageError."""
        with self._database.writing() as connection:
            done = sum(
                connection.execute(
                    table.update()
                    .where(column == name, table.c.revoked.is_(None))
                    .values(revoked=self._clock())
                ).rowcount
                for table, column in ((_keys, _keys.c.id), (_sites, _sites.c.name))
            )
        if not done:
            raise UsageError(f"there is no key or site {name!r} to revoke; see: footnote keys list")

    def listed(self) -> tuple[list[Key], list[Site]]:
        """Return every key and site, revoked ones too, oldest first; sites without signing keys."""
        with self._database.reading() as connection:
            keys = connection.execute(sa.select(_keys).order_by(_keys.c.created)).all()
            sites = connection.execute(sa.select(_sites).order_by(_sites.c.created)).all()
        return [_key(row) for row in keys], [_site(row, b"") for row in sites]

    def directory(self) -> Directory:
        """Return the keys and sites that work now."""
        with self._database.reading() as connection:
            keys = connection.execute(sa.select(_keys)).all()
            sites = connection.execute(sa.select(_sites).where(_sites.c.revoked.is_(None))).all()
        return Directory(
            by_hash={row.hash: _key(row) for row in keys if row.revoked is None},
            sites={row.name: _site(row, row.signing_key) for row in sites},
            had_keys=bool(keys),
        )


def checked_origin(origin: str) -> str:
    """Return an origin as browsers send it. Raises UsageError for anything but scheme://host[:port].

    There is no pattern: `*` and `https://*.example.com` are refused.
    """
    parts = urlsplit(origin)
    bare = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme not in {"http", "https"} or not parts.hostname or "*" in origin:
        raise UsageError(f"{origin!r} is no origin; write one like https://example.com")
    if origin.rstrip("/") != bare or "@" in parts.netloc:
        raise UsageError(f"{origin!r} is more than an origin; leave it at {bare}")
    default = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = "" if parts.port in {None, default} else f":{parts.port}"
    return f"{parts.scheme}://{host if host.isascii() else host.encode('idna').decode()}{port}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _key(row: sa.Row[Any]) -> Key:
    return Key(row.id, row.name, tuple(json.loads(row.scopes)), row.created, row.revoked)


def _site(row: sa.Row[Any], signing_key: bytes) -> Site:
    return Site(
        name=row.name,
        origins=tuple(json.loads(row.origins)),
        suggestions=tuple(json.loads(row.suggestions)),
        signing_key=signing_key,
        created=row.created,
        revoked=row.revoked,
    )


SESSION_SECONDS = 3_600
"""How long a session lasts; the widget asks for the next one before it ends."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a token says; `expires_at` is in seconds since 1970."""

    site: str
    visitor: str
    origin: str
    expires_at: int


def new_session(site: Site, origin: str, visitor: str | None = None) -> tuple[str, Session]:
    """Return the token of a new session, and the session.

    `visitor` is taken from a session that is being renewed: conversations belong to it.
    """
    session = Session(
        site=site.name,
        visitor=visitor or secrets.token_urlsafe(18),
        origin=origin,
        expires_at=int(time.time()) + SESSION_SECONDS,
    )
    told = json.dumps([session.visitor, session.origin, session.expires_at])
    payload = base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")
    return f"fs_{site.name}.{payload}.{_signature(site, payload)}", session


def read_session(token: str, site: Site) -> Session | None:
    """Return the session of `token`, None unless it is `site`'s, intact, current and allowed."""
    name, _, rest = token.removeprefix("fs_").partition(".")
    payload, _, signature = rest.partition(".")
    if name != site.name or not signature.isascii():
        return None
    if not hmac.compare_digest(signature, _signature(site, payload)):
        return None
    try:
        told = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        visitor, origin, expires_at = json.loads(told)
    except (binascii.Error, ValueError):
        return None
    if expires_at < time.time() or origin not in site.origins:
        return None
    return Session(name, visitor, origin, expires_at)


def _signature(site: Site, payload: str) -> str:
    text = f"{site.name}.{payload}".encode("utf-8", "surrogatepass")
    digest = hmac.new(site.signing_key, text, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
