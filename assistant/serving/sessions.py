"""A visitor's session: short-lived, signed, good for one site at one origin.

    token, expires = new_session(site, origin="https://example.com")
    session = read_session(token, site)        # None when it is forged, stale or another site's

The token holds nothing secret: site, visitor, origin, end. Its signature (HMAC-SHA256) is made with
the site's own random key, so that revoking a site ends all of its sessions. It leads to nothing but
asking: no other token can be had for it but its own renewal.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass

from assistant.serving.keys import Site

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
