"""The bodies that the server reads and writes, as OpenAPI describes them.

An Answer is written as `Answer.to_dict()` makes it; the models of what is written serve the
description, and a test holds them to the real thing.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_TURNS = 200
MAX_TURN_CHARS = 100_000
Id = Annotated[str, Field(min_length=1, max_length=64)]


class Body(BaseModel):
    """What a client sends: unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TurnBody(Body):
    """One message before the question."""

    role: Literal["user", "assistant"]
    content: str = Field(max_length=MAX_TURN_CHARS)


class AskBody(Body):
    """A question; `history` of clients that keep it, or the `conversation_id` to go on with."""

    question: str = Field(examples=["why did Abe court Putin?"])
    history: list[TurnBody] | None = Field(default=None, max_length=MAX_TURNS)
    conversation_id: Id | None = None


class FeedbackBody(Body):
    """What somebody thinks of an answer; it takes the place of what they thought before."""

    answer_id: Id = Field(examples=["0f3b6c1e9a7d4a52b8c6d7e8f9a0b1c2"])
    rating: Literal["up", "down"]
    reason: str | None = Field(default=None, max_length=200, examples=["incomplete"])
    comment: str | None = Field(default=None, max_length=4_000)


class CitationModel(BaseModel):
    """A footnote: the characters `start` to `end` of the document's text are `quote`."""

    number: int
    document_id: str
    title: str
    source: str
    start: int
    end: int
    quote: str
    section: str | None
    page: int | None


class SentenceModel(BaseModel):
    """A sentence with the numbers of the citations that it rests on."""

    text: str
    kind: Literal["claim", "remark"]
    citations: list[int]
    support: float | None
    lead: str


class AnswerModel(BaseModel):
    """An Answer, the same in every channel."""

    id: str
    outcome: Literal["answered", "declined", "failed"]
    reason: str | None
    question: str
    standalone_question: str
    text: str
    sentences: list[SentenceModel]
    citations: list[CitationModel]
    withheld: int
    closest: list[CitationModel]
    writer: str
    model: str | None
    prompt: str | None
    index: str | None
    timings_ms: dict[str, float]
    usage: dict[str, int] | None


class ErrorDetail(BaseModel):
    """What went wrong: `code` for programs, `message` for people."""

    code: str
    message: str
    request_id: str
    retryable: bool


class ErrorModel(BaseModel):
    """The shape of every error."""

    error: ErrorDetail


class HitModel(BaseModel):
    """A passage that bears on the question, with the scores that found it."""

    rank: int
    document_id: str
    title: str
    source: str
    start: int
    end: int
    section: str | None
    text: str
    score: float
    dense: float | None
    lexical: float | None
    dense_rank: int | None
    lexical_rank: int | None
    best_sentence: float | None
    coverage: float | None
    rerank: float | None
    fused_rank: int | None
    metadata: list[tuple[str, str]]


class SearchModel(BaseModel):
    """What a search finds, best first."""

    question: str
    index: str
    hits: list[HitModel]


class SectionModel(BaseModel):
    """The part of a document under one heading."""

    heading: str
    level: int
    start: int
    end: int
    path: list[str]


class PageModel(BaseModel):
    """A page of a paged document."""

    number: int
    start: int
    end: int


class ListedDocument(BaseModel):
    """A document without its text."""

    id: str
    title: str
    source: str
    characters: int


class DocumentsModel(BaseModel):
    """The documents of the index, in the order in which they were indexed."""

    index: str
    documents: list[ListedDocument]


class DocumentModel(BaseModel):
    """A document: offsets of citations count the characters (code points) of `text`."""

    id: str
    title: str
    source: str
    index: str
    text: str
    sections: list[SectionModel]
    pages: list[PageModel]


class ConversationModel(BaseModel):
    """A conversation: its answers, oldest first, each with its question."""

    id: str
    answers: list[AnswerModel]


class SessionModel(BaseModel):
    """A widget's session; `expires_at` in ISO 8601."""

    token: str
    expires_at: str
    suggestions: list[str]


class BuildModel(BaseModel):
    """How far the indexing of uploaded documents is."""

    state: Literal["idle", "waiting", "building", "failed"]
    stage: str | None
    done: int
    total: int
    index: str
    error: str | None


class UploadModel(BaseModel):
    """A document that was taken; `build` says how far its indexing is."""

    source: str
    build: BuildModel


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI's description of the errors that a route answers with."""
    return {status: {"model": ErrorModel} for status in (*statuses, 400, 401, 403, 422, 429)}
