"""What a page with the widget asks for: its files, the demo page, and the door to a session.

A file is served by its own name only (letters, digits, - and one ending), never by a path, so there
is nothing to traverse. It is sent compressed to whoever takes that, and browsers check back with
its ETag instead of asking for the whole file.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi import Path as InPath

from assistant.serving.access import PUBLIC, Caller
from assistant.serving.errors import ApiError
from assistant.serving.keys import new_session
from assistant.serving.schemas import SessionModel, errors
from assistant.serving.service import TheService
from assistant.threads import in_thread

WIDGET = Path(__file__).parents[1] / "widget"
ENTRY = "footnote-chat.js"
TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
}
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}\.(css|html|js|json|svg)", re.ASCII)
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

router = APIRouter(tags=["widget"])
_files = APIRouter(include_in_schema=False, dependencies=[Depends(PUBLIC)])


@_files.get("/")
async def demo(request: Request) -> Response:
    """Return the demo page: an article with the widget on it, as a publisher would have it."""
    return await _file("demo.html", request)


@_files.get("/widget.js")
async def widget(request: Request) -> Response:
    """Return the one file that a page loads, by its short name."""
    return await _file(ENTRY, request)


@_files.get("/{name}")
@_files.get("/widget/{name}")
async def widget_file(name: str, request: Request) -> Response:
    """Return one of the widget's files."""
    return await _file(name, request)


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it is sent, plain and compressed; the two have tags of their own."""

    content: bytes
    zipped: bytes
    tag: str


async def _file(name: str, request: Request) -> Response:
    file = (WIDGET / name).resolve()
    missing = ApiError(404, "not_found", "there is nothing at this path")
    if not (_NAME.fullmatch(name) and file.is_relative_to(WIDGET.resolve())):
        raise missing
    try:
        found = await in_thread(_read, file)
    except OSError as error:
        raise missing from error
    zipped = "gzip" in request.headers.get("accept-encoding", "")
    tag = f'"{found.tag}-gzip"' if zipped else f'"{found.tag}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "public, max-age=300",
        "Content-Security-Policy": PAGE_POLICY,
        "Vary": "Accept-Encoding",
        # Any page may load the script, as any page may copy it: what it may ask is decided by the
        # session. Modules are fetched with CORS, so without this no other site could embed them.
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if zipped:
        headers["Content-Encoding"] = "gzip"
    content = found.zipped if zipped else found.content
    return Response(content, headers=headers, media_type=TYPES[file.suffix[1:]])


def _read(file: Path) -> _File:
    """Return a file as it is now; it is compressed again only when it has changed."""
    return _compressed(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _compressed(file: Path, changed: int) -> _File:
    del changed
    content = file.read_bytes()
    tag = hashlib.sha256(content).hexdigest()[:32]
    return _File(content, gzip.compress(content, mtime=0), tag)


SiteName = Annotated[str, InPath(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", examples=["demo"])]


@router.post("/v1/sites/{site}/session", responses=errors(404))
async def session(
    site: SiteName,
    who: Annotated[Caller, Depends(PUBLIC)],
    service: TheService,
    request: Request,
) -> SessionModel:
    """Begin a session, or renew one: with a good token in `Authorization`, the visitor stays.

    The browser says at which origin the page is; it must be one of the site's.
    """
    await service.sessions.spend(who.address)
    found = service.access.site(site)
    if found is None:
        raise ApiError(404, "not_found", "there is no site of this name")
    origin = request.headers.get("origin", "")
    if origin not in found.origins:
        message = f"the site {site!r} is not for this page's origin ({origin or 'none was sent'})"
        raise ApiError(403, "wrong_origin", message)
    token = request.headers.get("authorization", "").partition(" ")[2].strip()
    before = service.access.session(token) if token else None
    same = before is not None and (before.site, before.origin) == (site, origin)
    made, new = new_session(found, origin, before.visitor if before and same else None)
    return SessionModel(
        token=made,
        expires_at=datetime.fromtimestamp(new.expires_at, UTC).isoformat(),
        suggestions=list(found.suggestions),
    )


router.routes.extend(_files.routes)
