"""The widget's files and the demo page: `router`, read from `assistant/widget/` when asked for.

A file is served by its own name only (letters, digits, - and one ending), never by a path, so there
is nothing to traverse. It is sent compressed to whoever takes that, and browsers check back with
its ETag instead of asking for the whole file.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Depends, Request, Response

from assistant.serving.access import PUBLIC
from assistant.serving.errors import ApiError
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

router = APIRouter(tags=["widget"], include_in_schema=False, dependencies=[Depends(PUBLIC)])


@router.get("/")
async def demo(request: Request) -> Response:
    """Return the demo page: an article with the widget on it, as a publisher would have it."""
    return await _file("demo.html", request)


@router.get("/widget.js")
async def widget(request: Request) -> Response:
    """Return the one file that a page loads, by its short name."""
    return await _file(ENTRY, request)


@router.get("/{name}")
@router.get("/widget/{name}")
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
