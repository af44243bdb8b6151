"""Check what a writer drafted and number its footnotes, sentence by sentence.

    grounder = Grounder(support)
    grounder.rest_on(hits)
    for drafted in …: grounder.check(drafted)   # what may be shown now: one Said, several or none
    grounder.finish(ending)                     # what may be shown at the end; mostly nothing
    shown = grounder.shown(ending)              # what belongs on the Answer

Each claim gets the support of the slices it cites; those that do not hold are withheld, and what
remains is numbered in the order in which a reader meets it. A claim that names whole passages, or
none, is given the sentences that carry it. Fails closed: a claim without a source, without a
verdict or below the judge's threshold is not shown. A remark that opens an answer ("here is what
the article says") waits for the first claim that holds, and is not shown when there is none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise

from assistant.answer import FAILURES, Citation, DeclineReason, FailReason, Kind, Said, Sentence
from assistant.hostile import defuse, unplanted
from assistant.remarks import is_aside
from assistant.support import Judge, Support
from index.passage import Document, Hit, Span

MIN_SUPPORT = 0.5
"""Support below which a claim is withheld when what judges it is no `Judge`."""

_MOST_SENTENCES = 3
"""Sentences that a claim may rest on, at most: what needs more is not one claim."""


Narrow = Callable[[str, Sequence[str]], Sequence[int]]
"""Called as (claim, sentences): the places of those, three at most, that carry the claim."""


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
    """A sentence as a writer proposes it.

    `sources` are the exact slices it rests on, where the writer knows them. Where it only knows
    `passages` (numbers of the hits, from 1), or nothing, the sentences that carry it are looked up.
    `lead` is what stands before it: see `Sentence`.
    """

    text: str
    kind: Kind
    sources: tuple[Source, ...] = ()
    passages: tuple[int, ...] = ()
    lead: str = " "


@dataclass(frozen=True, slots=True)
class Signature:
    """Who wrote a draft: the writer's name, and the language model's and its prompt's (a hash)."""

    writer: str
    model: str | None = None
    prompt: str | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a draft ends: of itself, or with the reason why there is none or no more of it.

    `closest` is what comes nearest to the question, best first; `usage` counts a model's tokens;
    `signature` is given when another than the writer that was asked has written.
    """

    reason: DeclineReason | FailReason | None = None
    closest: tuple[Source, ...] = ()
    usage: dict[str, int] | None = None
    signature: Signature | None = None


@dataclass(frozen=True, slots=True)
class Grounded:
    """What may be shown; `reason` is set when nothing may, or when the draft broke off."""

    text: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    withheld: int
    reason: DeclineReason | FailReason | None
    closest: tuple[Citation, ...]


class Grounder:
    """Grounds one answer; not to be shared."""

    def __init__(self, support: Support) -> None:
        judge = support if isinstance(support, Judge) else None
        self._support = support
        self._judge = judge
        self._min_support = judge.threshold if judge else MIN_SUPPORT
        self._narrow: Narrow = judge.narrow if judge else partial(_by_trying, support)
        self._hits: Sequence[Hit] = ()
        self._sentences: list[Sentence] = []
        self._footnotes: dict[tuple[str, Span], Source] = {}
        self._held: list[Drafted] = []
        self._withheld = 0
        self._owed_lead = ""

    def rest_on(self, hits: Sequence[Hit]) -> None:
        """Let claims rest on the sentences of `hits`, which drafts number from 1.

        What somebody planted in a document for the assistant to read is no evidence.
        """
        self._hits = hits

    @cached_property
    def _passages(self) -> list[list[Source]]:
        return [
            [Source(hit.document, span) for span in unplanted(hit.document, hit.passage)]
            for hit in self._hits
        ]

    def prepare(self) -> None:
        """Let the judge read what claims may rest on, before the first claim comes."""
        if self._judge:
            self._judge.prepare([one.quote for sources in self._passages for one in sources])

    def check(self, drafted: Drafted) -> tuple[Said, ...]:
        """Return what may be shown now that `drafted` is known; nothing when it is withheld."""
        if drafted.kind == "remark":
            if not self._sentences:
                self._held.append(drafted)
                return ()
            return (self._said(drafted),)
        aside = not drafted.sources and is_aside(drafted.text)
        sources, support = ((), None) if aside else self._carried(drafted)
        if support is None or not support >= self._min_support:
            self._withheld += 1
            if "\n" in drafted.lead:
                # A line that nothing stands on yet: the next sentence begins it.
                self._owed_lead = drafted.lead
            return ()
        return (*self._released(), self._said(drafted, sources, support))

    def finish(self, ending: Ending) -> tuple[Said, ...]:
        """Return what may be shown now that no more comes: remarks, when there is nothing else."""
        lone = not (ending.reason or self._sentences or self._withheld)
        return self._released() if lone else ()

    def shown(self, ending: Ending) -> Grounded:
        """Return everything that was shown, or the reason why nothing is.

        Declining is for an answer of which nothing was said; what fails may have said something.
        """
        reason = ending.reason
        if self._sentences and reason not in FAILURES:
            reason = None
        elif reason is None and not self._sentences:
            reason = "unsupported" if self._withheld else "not_in_documents"
        return Grounded(
            text="".join(sentence.lead + sentence.marked() for sentence in self._sentences),
            sentences=tuple(self._sentences),
            citations=citations(tuple(self._footnotes.values())),
            withheld=self._withheld,
            reason=reason,
            closest=citations(ending.closest) if reason else (),
        )

    def _released(self) -> tuple[Said, ...]:
        held, self._held = self._held, []
        return tuple(self._said(remark) for remark in held)

    def _said(
        self, drafted: Drafted, sources: Sequence[Source] = (), support: float | None = None
    ) -> Said:
        """Number the footnotes of a sentence that may be shown, and note that it is."""
        lead = drafted.lead if "\n" in drafted.lead else self._owed_lead or drafted.lead
        self._owed_lead = ""
        # A quotation stands in the document as it is; a model's own words bring no links along.
        text = drafted.text
        if not drafted.sources:
            text = defuse(text, [source.quote for source in sources])
        known = len(self._footnotes)
        for source in sources:
            self._footnotes.setdefault(source.place, source)
        numbers = {place: number for number, place in enumerate(self._footnotes, 1)}
        sentence = Sentence(
            text=text,
            kind=drafted.kind,
            citations=tuple(dict.fromkeys(numbers[source.place] for source in sources)),
            support=support,
            lead=lead if self._sentences else lead.lstrip(),
        )
        self._sentences.append(sentence)
        return Said(sentence, citations(tuple(self._footnotes.values()))[known:])

    def _carried(self, drafted: Drafted) -> tuple[tuple[Source, ...], float | None]:
        """Return what a sentence rests on, and how far; the passages it names come first."""
        if drafted.sources:
            quotes = [source.quote for source in drafted.sources]
            return drafted.sources, self._support(drafted.text, quotes)
        named = [self._passages[n - 1] for n in drafted.passages if 0 < n <= len(self._passages)]
        best: tuple[tuple[Source, ...], float | None] = ((), None)
        for passages in (named, self._passages):
            sentences = [source for passage in passages for source in passage]
            found = self._narrowed(drafted.text, sentences)
            if found[1] is not None and (best[1] is None or found[1] > best[1]):
                best = found
            if best[1] is not None and best[1] >= self._min_support:
                break
        return best

    def _narrowed(
        self, claim: str, sentences: Sequence[Source]
    ) -> tuple[tuple[Source, ...], float | None]:
        """Return those of `sentences` that carry `claim`, and how far: together, or one alone."""
        chosen = [sentences[i] for i in self._narrow(claim, [s.quote for s in sentences])]
        together = [chosen] if len(chosen) > 1 else []
        tried = [
            (verdict, -len(sources), sources)
            for sources in (*([one] for one in chosen), *together)
            if (verdict := self._support(claim, [source.quote for source in sources])) is not None
        ]
        if not tried:
            return (), None
        support, _, sources = max(tried, key=lambda one: one[:2])
        return _joined(sources), support


def _by_trying(support: Support, claim: str, sentences: Sequence[str]) -> tuple[int, ...]:
    """Narrow for a judge that cannot: take the best sentence, then what adds to it."""
    chosen: list[int] = []
    reached = 0.0
    while len(chosen) < _MOST_SENTENCES:
        tried = [
            (support(claim, [sentences[j] for j in (*chosen, i)]) or 0.0, -i)
            for i in range(len(sentences))
            if i not in chosen
        ]
        best, place = max(tried, default=(0.0, 0))
        if best <= reached:
            break
        reached = best
        chosen.append(-place)
    return tuple(chosen)


def _joined(sources: Sequence[Source]) -> tuple[Source, ...]:
    """Put sources in reading order, and those that follow one another directly together."""
    ordered = sorted(sources, key=lambda source: (source.document.id, source.span.start))
    joined = ordered[:1]
    for before, here in pairwise(ordered):
        same = before.document.id == here.document.id
        if same and not before.document.text[before.span.end : here.span.start].strip(" "):
            joined[-1] = Source(here.document, Span(joined[-1].span.start, here.span.end))
        else:
            joined.append(here)
    return tuple(joined)


def citations(sources: Sequence[Source]) -> tuple[Citation, ...]:
    """Return the footnotes of `sources`, numbered from 1."""
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
