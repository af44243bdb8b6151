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

    number: int = Field(description="the mark in the text, from 1, in reading order")
    document_id: str = Field(description="the document, for `GET /v1/documents/{id}`")
    title: str = Field(description="the document's title")
    source: str = Field(description="the file or address it was read from")
    start: int = Field(description="first character of the quote in the document's text, from 0")
    end: int = Field(description="one past the last")
    quote: str = Field(description="the slice itself, letter for letter")
    section: str | None = Field(description="the heading it stands under")
    page: int | None = Field(description="the page it begins on, from 1; null where there are none")


class SentenceModel(BaseModel):
    """A sentence with the numbers of the citations that it rests on."""

    text: str = Field(description="the sentence, without marks; may hold inline Markdown")
    kind: Literal["claim", "remark"] = Field(
        description="a claim cites and was checked; a remark claims nothing"
    )
    citations: list[int] = Field(description="numbers of the footnotes that it rests on")
    support: float | None = Field(
        description="how far it follows from them, 0 to 1; null for a remark"
    )
    lead: str = Field(
        description="what stands before it: a space, a paragraph's break, a list's marker"
    )


class AnswerModel(BaseModel):
    """An Answer, the same in every channel."""

    id: str = Field(description="names this answer, for feedback and in the log")
    outcome: Literal["answered", "declined", "failed"] = Field(
        description="three different things, never to be told from the text"
    )
    reason: str | None = Field(description="why it declined or failed; null when it answered")
    question: str = Field(description="as it was asked")
    standalone_question: str = Field(
        description="as it was searched: a follow-up made to stand alone"
    )
    text: str = Field(description="the sentences with their leads and marks")
    sentences: list[SentenceModel] = Field(description="what is said, in order")
    citations: list[CitationModel] = Field(description="the footnotes, each once")
    withheld: int = Field(
        description="sentences that were drafted, did not hold, and are not shown"
    )
    closest: list[CitationModel] = Field(description="when it declines: passages worth offering")
    writer: str = Field(description="`quote`, or `model`")
    model: str | None = Field(description="the language model that wrote; null when none did")
    prompt: str | None = Field(description="a hash of the words that it was given")
    index: str | None = Field(description="the generation that was asked")
    timings_ms: dict[str, float] = Field(
        description="milliseconds by stage: condense, search, write, ground, total"
    )
    usage: dict[str, int] | None = Field(description="tokens by kind, when a language model wrote")


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
    page: int | None
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
