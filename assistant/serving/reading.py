"""The index over HTTP: searching it, its documents, and for administrators changing them."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.datastructures import UploadFile

from assistant.draw import hits_fields
from assistant.serving.access import ADMIN, ASK, READ
from assistant.serving.answers import json_response
from assistant.serving.errors import ApiError
from assistant.serving.library import Uploads
from assistant.serving.schemas import (
    BuildModel,
    DocumentModel,
    DocumentsModel,
    SearchModel,
    UploadModel,
    errors,
)
from assistant.serving.service import Service, TheService
from assistant.threads import in_thread
from index.filters import typed_filter
from index.passage import Document

router = APIRouter(tags=["documents"])
DocumentId = Annotated[str, Path(min_length=1, max_length=200)]

_UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@router.get(
    "/v1/search",
    dependencies=[Depends(READ)],
    responses={200: {"model": SearchModel}, **errors(413)},
    response_model=None,
)
async def search(
    q: Annotated[str, Query(min_length=1, examples=["economic cooperation"])],
    service: TheService,
    k: Annotated[int, Query(ge=1, le=100)] = 8,
    document: Annotated[list[str] | None, Query(max_length=100)] = None,
    source: Annotated[list[str] | None, Query(max_length=20, examples=[["*.md"]])] = None,
    where: Annotated[
        list[str] | None, Query(max_length=20, examples=[["author=Quill*", "since=2016-05"]])
    ] = None,
) -> Response:
    """Return the passages that bear on a question, best first, and why each was found; of the
    documents, of the sources like a pattern, and of the documents that say so of themselves
    (`author=Quill*`, `since=2016-05`, `until=2016`), where some are named.
    """
    if len(q) > service.desk.max_question_chars:
        raise ApiError(413, "too_large", "the question is too long")
    async with service.desk.gate.admit(), service.desk.library.reading() as assistant:
        only = typed_filter(document, source, where)
        hits = await in_thread(assistant.searcher.search, q, k, only)
        return json_response(hits_fields(q, assistant.searcher.generation, hits))


@router.get("/v1/documents", dependencies=[Depends(READ)], responses=errors())
async def documents(
    service: TheService,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    offset: Annotated[int, Query(ge=0, le=1 << 31)] = 0,
) -> DocumentsModel:
    """Return what the index holds, in the order in which it was indexed."""
    async with service.desk.library.reading() as assistant:
        found = await in_thread(assistant.searcher.documents, limit, offset)
        generation = assistant.searcher.generation
    rows: Any = [
        {"id": one.id, "title": one.title, "source": one.source, "characters": len(one.text)}
        for one in found
    ]
    return DocumentsModel(index=generation, documents=rows)


@router.get("/v1/build", dependencies=[Depends(ADMIN)], responses=errors())
async def build_state(service: TheService) -> BuildModel:
    """Return how far the indexing of uploaded documents is."""
    return _build_state(service)


@router.get("/v1/documents/{id}", dependencies=[Depends(ASK)], responses=errors(404))
async def document(
    id: DocumentId,  # noqa: A002  the path's own word
    service: TheService,
) -> DocumentModel:
    """Return a document's text and sections, so that a citation can be shown in its place."""
    async with service.desk.library.reading() as assistant:
        found = await _document(service, id)
        generation = assistant.searcher.generation
    return DocumentModel.model_validate({**asdict(found), "index": generation})


@router.post(
    "/v1/documents",
    dependencies=[Depends(ADMIN)],
    status_code=202,
    responses=errors(400, 409, 413, 415, 503),
    openapi_extra=_UPLOAD,
)
async def upload(request: Request, service: TheService) -> UploadModel:
    """Take a document and index it in the background; one of the same name is replaced."""
    uploads = _uploads(service)
    # Read here and not by the framework, which would take the whole body in before it asks who
    # sends it.
    async with request.form(max_files=1, max_fields=0) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            raise ApiError(400, "invalid_request", "send the document as the form's part 'file'")
        source = await uploads.add(file.filename, file.file)
    return UploadModel(source=source, build=_build_state(service))


@router.delete(
    "/v1/documents/{id}",
    dependencies=[Depends(ADMIN)],
    status_code=202,
    responses=errors(404, 409, 503),
)
async def remove(
    id: DocumentId,  # noqa: A002  the path's own word
    service: TheService,
) -> BuildModel:
    """Take away a document that was uploaded, and index in the background what is left."""
    await _uploads(service).remove(await _document(service, id))
    return _build_state(service)


async def _document(service: Service, document_id: str) -> Document:
    async with service.desk.library.reading() as assistant:
        try:
            return await in_thread(assistant.searcher.document, document_id)
        except KeyError as error:
            raise ApiError(404, "not_found", "there is no document of this id") from error


def _uploads(service: Service) -> Uploads:
    if service.uploads is None:
        message = "this server answers from the bundled article; start it with --index DIR"
        raise ApiError(409, "no_uploads", message)
    return service.uploads


def _build_state(service: Service) -> BuildModel:
    generation = service.desk.library.generation
    state = asdict(service.uploads.state) if service.uploads else {"state": "idle"}
    filled = {"stage": None, "done": 0, "total": 0, "error": None, **state, "index": generation}
    return BuildModel.model_validate(filled)
