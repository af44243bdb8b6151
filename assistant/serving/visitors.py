"""The door for widgets: a session for a page at an allowed origin."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from assistant.serving.access import PUBLIC, Caller
from assistant.serving.errors import ApiError
from assistant.serving.schemas import SessionModel, errors
from assistant.serving.service import TheService
from assistant.serving.sessions import new_session

router = APIRouter(tags=["widget"])
SiteName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", examples=["demo"])]


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
    service.sessions.spend(who.address)
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
