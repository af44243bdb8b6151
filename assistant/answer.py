"""The Answer: what every channel draws and nobody changes.

An Answer is frozen. `Answer.to_dict()` is the JSON of `footnote ask --json`, of the HTTP API and of
an evaluation run; `Answer.from_dict()` reads it back, equal. While an answer is being made, each
sentence that has been checked is a `Said`; the Answer comes last and holds the same sentences.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

Outcome = Literal["answered", "declined", "failed"]
DeclineReason = Literal["not_in_documents", "unsupported", "off_limits", "empty_question"]
FailReason = Literal["model_unavailable", "model_timeout", "index_unavailable", "internal"]
Kind = Literal["claim", "remark"]
FAILURES = frozenset(get_args(FailReason))
Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One past message of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A footnote: `document.text[start:end] == quote`, in characters of the canonical text."""

    number: int
    document_id: str
    title: str
    source: str
    start: int
    end: int
    quote: str
    section: str | None
    page: int | None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the answer.

    A "claim" says something about the world and cites; a "remark" (a greeting, "here is what the
    article says") claims nothing. `support` is 0 to 1 for a claim, None for a remark. `lead` is
    what stands before it: a space, a paragraph's break, a list's marker on a new line. `text` may
    hold inline Markdown (bold, italics, code), or be a fenced block of code.
    """

    text: str
    kind: Kind
    citations: tuple[int, ...]
    support: float | None
    lead: str = ""

    def marked(self) -> str:
        """Return the sentence with its footnote marks: "It sank. [1] [2]"."""
        return " ".join([self.text, *(f"[{number}]" for number in self.citations)])


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence that was checked and may be shown now, before the answer is complete.

    `citations` are the footnotes that it is the first to cite.
    """

    sentence: Sentence
    citations: tuple[Citation, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, dicts, strings and numbers, ready for `json.dumps`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the assistant says, with what it rests on; `outcome` is one of three different things.

    `text` is its sentences with their leads and marks. `withheld` counts the sentences that were
    drafted and not shown. `closest` holds citations worth offering when it declines. A failed
    answer keeps what was said before it failed. `model` and `prompt` (a hash) are None where no
    language model wrote; `usage` counts its tokens. `timings_ms` are milliseconds by stage.
    """

    id: str
    outcome: Outcome
    reason: DeclineReason | FailReason | None
    question: str
    standalone_question: str
    text: str
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    withheld: int = 0
    closest: tuple[Citation, ...] = ()
    writer: str = "quote"
    model: str | None = None
    prompt: str | None = None
    index: str | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)
    usage: dict[str, int] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, dicts, strings and numbers, ready for `json.dumps`."""
        # As `asdict` would, which copies every string on the way: a tenth of the time.
        plain = {name: getattr(self, name) for name in self.__slots__}
        for name in ("sentences", "citations", "closest"):
            plain[name] = tuple(
                {field: getattr(one, field) for field in one.__slots__} for one in plain[name]
            )
        plain["timings_ms"] = dict(self.timings_ms)
        plain["usage"] = None if self.usage is None else dict(self.usage)
        return plain

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Answer":
        """Read what `to_dict` wrote, also after a trip through JSON.

        Raises KeyError or TypeError for a dict that is not an Answer's.
        """
        fields = dict(data)
        fields["sentences"] = tuple(
            Sentence(**{**s, "citations": tuple(s["citations"])}) for s in data["sentences"]
        )
        fields["citations"] = tuple(Citation(**c) for c in data["citations"])
        fields["closest"] = tuple(Citation(**c) for c in data["closest"])
        return cls(**fields)


Event = Said | Answer
"""What a stream brings: sentences as they are checked, then the Answer, once and last."""
