"""Footnotes, withholding, declining: `ground(draft, support)` turns a draft into what may be shown.

A draft's sentence names the slices it rests on. Each claim is judged by those alone; one that does
not hold is withheld, and what remains is numbered in the order in which a reader meets it. Fails
closed: a claim without a source, without a verdict or below the judge's threshold is not shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answer import Citation, DeclineReason, Kind, Sentence
from assistant.support import Support
from index.passage import Document, Span

MIN_SUPPORT = 0.5
"""Support below which a claim is withheld when the judge has no `threshold` of its own."""


@dataclass(frozen=True, slots=True)
class Source:
    """The slice of a document that a drafted sentence rests on."""

    document: Document
    span: Span

    @property
    def place(self) -> tuple[str, Span]:
        """What tells one source from another."""
        return self.document.id, self.span

    @property
    def quote(self) -> str:
        """The slice itself."""
        return self.document.text[self.span.start : self.span.end]


@dataclass(frozen=True, slots=True)
class Drafted:
    """A sentence as a writer proposes it."""

    text: str
    kind: Kind
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """What a writer proposes: sentences, or a reason and what is `closest` to the question."""

    sentences: tuple[Drafted, ...] = ()
    reason: DeclineReason | None = None
    closest: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Grounded:
    """What may be shown; `reason` is set when nothing may."""

    text: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    withheld: int
    reason: DeclineReason | None
    closest: tuple[Citation, ...]


def ground(draft: Draft, support: Support) -> Grounded:
    """Check every sentence of `draft` and number the footnotes of those that hold."""
    footnotes: dict[tuple[str, Span], Source] = {}
    sentences = []
    for drafted in draft.sentences:
        checked = _checked(drafted, support)
        if checked is not None:
            for source in drafted.sources:
                footnotes.setdefault(source.place, source)
            numbers = {place: number for number, place in enumerate(footnotes, 1)}
            cited = tuple(dict.fromkeys(numbers[source.place] for source in drafted.sources))
            sentences.append(Sentence(drafted.text, drafted.kind, cited, checked[0]))
    withheld = len(draft.sentences) - len(sentences)
    nothing_held = withheld and not any(s.kind == "claim" for s in sentences)
    if draft.reason or nothing_held or not sentences:
        reason = draft.reason or ("unsupported" if withheld else "not_in_documents")
        return Grounded("", (), (), withheld, reason, _citations(draft.closest))
    text = " ".join(_marked(sentence) for sentence in sentences)
    return Grounded(
        text, tuple(sentences), _citations(tuple(footnotes.values())), withheld, None, ()
    )


def _checked(drafted: Drafted, support: Support) -> tuple[float | None] | None:
    """Return the sentence's support in a tuple, or None when it must not be shown."""
    if drafted.kind == "remark":
        return (None,)
    if not drafted.sources:
        return None
    verdict = support(drafted.text, [source.quote for source in drafted.sources])
    least: float = getattr(support, "threshold", MIN_SUPPORT)
    return (verdict,) if verdict is not None and verdict >= least else None


def _marked(sentence: Sentence) -> str:
    return " ".join([sentence.text, *(f"[{number}]" for number in sentence.citations)])


def _citations(sources: Sequence[Source]) -> tuple[Citation, ...]:
    return tuple(_citation(number, source) for number, source in enumerate(sources, 1))


def _citation(number: int, source: Source) -> Citation:
    document, span = source.document, source.span
    section = document.section_at(span.start)
    return Citation(
        number=number,
        document_id=document.id,
        title=document.title,
        source=document.source,
        start=span.start,
        end=span.end,
        quote=source.quote,
        section=(section.heading or None) if section else None,
        page=document.page_at(span.start),
    )
