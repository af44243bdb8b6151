"""For those who run the server: is it alive, is it ready, what are its figures."""

from typing import Any

from fastapi import APIRouter, Depends, Response

from assistant.serving.access import ADMIN, PUBLIC
from assistant.serving.errors import ApiError
from assistant.serving.figures import CONTENT_TYPE
from assistant.serving.schemas import ErrorModel, errors
from assistant.serving.service import TheService

router = APIRouter(tags=["operations"])
_NOT_READY: dict[int | str, dict[str, Any]] = {503: {"model": ErrorModel}}


@router.get("/healthz", dependencies=[Depends(PUBLIC)])
async def healthz() -> dict[str, str]:
    """Answer as long as the process lives."""
    return {"status": "ok"}


@router.get("/readyz", dependencies=[Depends(PUBLIC)], responses=_NOT_READY)
async def readyz(service: TheService) -> dict[str, str]:
    """Answer when a question would be taken; 503 while the queue is full."""
    if service.desk.gate.is_full:
        raise ApiError(503, "busy", "the queue is full")
    return {"status": "ready", "index": service.desk.library.generation}


@router.get(
    "/metrics",
    dependencies=[Depends(ADMIN)],
    responses={200: {"content": {"text/plain": {}}}, **errors()},
    response_class=Response,
)
async def metrics(service: TheService) -> Response:
    """Return counts and durations; nothing of what was asked."""
    return Response(service.desk.figures.text(), media_type=CONTENT_TYPE)
