"""The one shape of every error that the server sends, and the errors that it raises itself.

    raise ApiError(404, "not_found", "there is no document of this id")
    {"error": {"code": "not_found", "message": "…", "request_id": "…", "retryable": false}}

`install(app)` gives that shape to everything that goes wrong: refusals, invalid bodies, unknown
paths, errors of the index and defects. A defect's message is not shown; its request id is.
"""

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from assistant.notes import note
from index.errors import (
    BuildInProgress,
    ConversationNotFound,
    ConversationsUnavailable,
    FootnoteError,
    IndexUnavailable,
    UsageError,
)

log = logging.getLogger("footnote")

_CODES = {
    400: "invalid_request",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
    415: "unsupported_type",
}
_RETRYABLE = {408, 429, 502, 503, 504}


class ApiError(HTTPException):
    """A request is refused: an HTTP `status`, a stable `code` for programs, a message for people.

    A HTTPException, because FastAPI makes a 400 of anything else that is raised while it reads a
    body.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, message, headers)
        self.status = status
        self.code = code
        self.message = message

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed a little later."""
        return self.status in _RETRYABLE


def error_body(error: ApiError, request_id: str) -> dict[str, Any]:
    """Return the JSON of `error`; the request's event has its code."""
    note(code=error.code)
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            "request_id": request_id,
            "retryable": error.retryable,
        }
    }


def as_api_error(error: FootnoteError) -> ApiError:
    """Return what an error of ours is over HTTP."""
    match error:
        case UsageError():
            return ApiError(400, "invalid_request", str(error))
        case IndexUnavailable():
            # Its message names folders of the server, which are none of the client's business.
            return ApiError(503, "index_unavailable", "the index cannot be read; try again later")
        case ConversationNotFound():
            return ApiError(404, "not_found", str(error))
        case ConversationsUnavailable():
            return ApiError(
                503, "conversations_unavailable", "what was said cannot be kept or read"
            )
        case BuildInProgress():
            return ApiError(503, "build_in_progress", "another build of the index is under way")
        case _:
            return ApiError(500, "internal", "the server could not do this; its log says why")


def install(app: FastAPI) -> None:
    """Make `app` answer every error in the one shape."""
    app.exception_handler(ApiError)(_refused)
    app.exception_handler(FootnoteError)(_failed)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_plain)
    app.exception_handler(Exception)(_defect)


def response(error: ApiError, request_id: str) -> JSONResponse:
    """Return the response that refuses with `error`."""
    return JSONResponse(error_body(error, request_id), error.status, error.headers)


def request_id(request: Request) -> str:
    """Return the id of a request, which its response and the log carry too."""
    return str(request.scope.get("state", {}).get("request_id", ""))


async def _refused(request: Request, error: ApiError) -> JSONResponse:
    return response(error, request_id(request))


async def _failed(request: Request, error: FootnoteError) -> JSONResponse:
    found = as_api_error(error)
    if found.status >= 500:  # noqa: PLR2004  a server's failure
        log.error("request %s failed: %s", request_id(request), error)
    return response(found, request_id(request))


async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    refusal = ApiError(422, "invalid_request", f"{where}: {first['msg']}")
    return response(refusal, request_id(request))


async def _plain(request: Request, error: HTTPException) -> JSONResponse:
    code = _CODES.get(error.status_code, "invalid_request")
    headers = dict(error.headers or {})
    if error.status_code == 405:  # noqa: PLR2004  Starlette names the first route's methods only
        headers["Allow"] = _allowed(request)
    refusal = ApiError(error.status_code, code, str(error.detail), headers)
    return response(refusal, request_id(request))


def _allowed(request: Request) -> str:
    path = request.scope["path"]
    routes = [route for route in request.app.routes if isinstance(route, APIRoute)]
    here = [route.methods or () for route in routes if route.path_regex.match(path)]
    return ", ".join(sorted({method for methods in here for method in methods}))


async def _defect(request: Request, error: Exception) -> JSONResponse:
    # The framework raises it again afterwards, so that the log has the traceback.
    del error
    number = request_id(request)
    message = "the server failed; tell its keeper this request id"
    # Outside of what gives every other response its headers.
    headers = {"X-Request-Id": number, "X-Content-Type-Options": "nosniff"}
    return response(ApiError(500, "internal", message, headers), number)
