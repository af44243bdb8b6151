"""The quoting writer: answers with the document's own sentences, chosen to answer this question.

    writer = QuotingWriter(searcher, load_model())
    draft = writer.write(read_question("why did Abe court Putin?"), hits)

Which sentences answer is `answerability`'s judgement; this module decides how many the question
wants and in which order they are read: one fact or the few that say it, several reasons from
different parts of the text, the items of a list, both sides of a comparison, an overview. A
sentence that opens with "He" or "This plan" brings the one before it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.answerability import AnswerModel, Candidate, features
from assistant.ground import Draft, Drafted, Source
from assistant.question import Question, sides
from index.passage import Document, Hit, Passage, Span
from index.search import Searcher
from index.words import content_stems

MAX_SENTENCES = 4
"""Sentences in an answer, those included that explain who "he" is."""

_FACT_SENTENCES = 3
_CLOSEST = 3
_PER_SECTION = 2
_REFERS_BACK = re.compile(
    r"(he|she|they|it|his|her|their|its|this|these|those|that|such|both|neither|the (former|latter))"
    r"(?![\w-])(?! is (clear|likely|possible|true|known))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Choice:
    """A sentence with the probability that it answers, and the sentence before it, if it has one."""

    candidate: Candidate
    document: Document
    section: str
    odds: float
    before: Span | None

    @property
    def place(self) -> tuple[str, int]:
        """Where it stands; sorts in reading order within a document."""
        return self.document.id, self.candidate.span.start


class QuotingWriter:
    """Writes answers out of a searcher's own sentences; `threshold` overrides the fitted one."""

    name = "quote"

    def __init__(
        self, searcher: Searcher, model: AnswerModel, threshold: float | None = None
    ) -> None:
        self._searcher = searcher
        self._model = model
        self._threshold = model.threshold if threshold is None else threshold

    def write(self, question: Question, hits: Sequence[Hit]) -> Draft:
        """Return the sentences that answer `question`, or a draft that declines and says why."""
        if question.shape == "overview":
            about = self._overview(question, hits)
            if about:
                return _drafted(about)
        hits = self._widened(question, hits)
        choices, answerable = self.judge(question, hits)
        best_first = sorted(choices, key=lambda choice: (-choice.odds, choice.place))
        if answerable < self._threshold:
            closest = tuple(_source(choice) for choice in best_first[:_CLOSEST])
            return Draft(reason="not_in_documents", closest=closest)
        return _drafted(self._chosen(question, best_first))

    def judge(self, question: Question, hits: Sequence[Hit]) -> tuple[list[Choice], float]:
        """Return every sentence of `hits` with its odds, and the probability that any answers."""
        vector = self._searcher.embed_question(question.text)
        candidates: list[Candidate] = []
        for number, hit in enumerate(hits):
            cosines = self._searcher.sentence_vectors(hit.passage) @ vector
            candidates += sentence_candidates(number, hit, [float(cosine) for cosine in cosines])
        matrix = features(question, candidates, self._searcher.rarity)
        odds = self._model.sentences(matrix)
        choices = []
        for candidate, chance in zip(candidates, odds, strict=True):
            passage, document = hits[candidate.hit].passage, hits[candidate.hit].document
            before = _before(passage, candidate.span)
            choices.append(Choice(candidate, document, passage.section, float(chance), before))
        return choices, self._model.any(matrix, odds)

    def _widened(self, question: Question, hits: Sequence[Hit]) -> list[Hit]:
        """Add what is found for each side of a comparison, which one search may leave out."""
        found = list(hits)
        for side in sides(question.text) or () if question.shape == "comparison" else ():
            seen = {hit.passage.id for hit in found}
            found += [hit for hit in self._searcher.search(side, 3) if hit.passage.id not in seen]
        return found

    def _chosen(self, question: Question, best_first: Sequence[Choice]) -> list[Choice]:
        if question.shape == "comparison":
            return self._both_sides(question, best_first)
        wanted = MAX_SENTENCES if question.shape in {"reasons", "several"} else _FACT_SENTENCES
        floor = best_first[0].odds * self._model.companion_ratio[_appetite(question)]
        chosen: list[Choice] = []
        for choice in best_first:
            if len(chosen) == wanted or choice.odds < floor:
                break
            crowded = sum(other.section == choice.section for other in chosen) >= _PER_SECTION
            if not (question.shape == "reasons" and crowded):
                chosen.append(choice)
        return chosen

    def _both_sides(self, question: Question, best_first: Sequence[Choice]) -> list[Choice]:
        """Take the best two sentences about each side; without two sides, the best of all."""
        chosen: list[Choice] = []
        for side in sides(question.text) or ():
            own = set(content_stems(side))
            others = {stem for other in sides(question.text) or () for stem in content_stems(other)}
            telling = (own - (others - own)) or own
            about = [c for c in best_first if telling & set(content_stems(c.candidate.text))]
            chosen += [choice for choice in about if choice not in chosen][: MAX_SENTENCES // 2]
        return chosen or list(best_first[: MAX_SENTENCES // 2])

    def _overview(self, question: Question, hits: Sequence[Hit]) -> list[Choice]:
        """Tell what the documents, or the section that the question names, are about."""
        documents = list({hit.document.id: hit.document for hit in hits}.values())
        if not documents:
            return []
        if len(documents) > 1 and len(self._searcher.documents()) > 1:
            leads = [self._central(self._searcher.passages(d.id)[:1], d, 1) for d in documents]
            return [choice for lead in leads for choice in lead][:MAX_SENTENCES]
        document = documents[0]
        passages = self._searcher.passages(document.id)
        asked = set(question.stems)
        named = [p for p in passages if asked & set(content_stems(p.section))]
        if named:
            return self._central(named, document, MAX_SENTENCES)
        opening = self._first(passages[0], document)
        rest = self._central(passages[1:], document, MAX_SENTENCES - 1)
        return [opening, *(choice for choice in rest if choice.place != opening.place)]

    def _first(self, passage: Passage, document: Document) -> Choice:
        span = passage.sentences[0]
        candidate = _candidate(0, passage, document, span, 1.0)
        return Choice(candidate, document, passage.section, 1.0, None)

    def _central(self, passages: Sequence[Passage], document: Document, count: int) -> list[Choice]:
        """Return `count` sentences nearest to what all of them say, each section's first."""
        vectors = [self._searcher.sentence_vectors(passage) for passage in passages]
        if not passages or not sum(map(len, vectors)):
            return []
        middle = np.concatenate(vectors).mean(axis=0)
        scored = []
        for passage, rows in zip(passages, vectors, strict=True):
            for span, nearness in zip(passage.sentences, rows @ middle, strict=True):
                candidate = _candidate(0, passage, document, span, float(nearness))
                before = _before(passage, span)
                scored.append(Choice(candidate, document, passage.section, float(nearness), before))
        standing = [c for c in scored if not _REFERS_BACK.match(c.candidate.text)] or scored
        standing.sort(key=lambda choice: (-choice.odds, choice.place))
        firsts = list({choice.section: choice for choice in reversed(standing)}.values())
        firsts.sort(key=lambda choice: (-choice.odds, choice.place))
        spare = [choice for choice in standing if choice not in firsts]
        return [*firsts, *spare][:count]


def sentence_candidates(number: int, hit: Hit, cosines: Sequence[float]) -> list[Candidate]:
    """Return the sentences of hit `number` as candidates; `cosines` has one for each sentence."""
    pairs = zip(hit.passage.sentences, cosines, strict=True)
    return [_candidate(number, hit.passage, hit.document, span, near) for span, near in pairs]


def _candidate(
    number: int, passage: Passage, document: Document, span: Span, cosine: float
) -> Candidate:
    before = _before(passage, span)
    previous = document.text[before.start : before.end] if before else ""
    return Candidate(
        document_id=document.id,
        span=span,
        text=document.text[span.start : span.end],
        context=f"{document.title}\n{passage.section}\n{previous}",
        hit=number,
        cosine=cosine,
    )


def _before(passage: Passage, span: Span) -> Span | None:
    place = passage.sentences.index(span)
    return passage.sentences[place - 1] if place else None


def _appetite(question: Question) -> str:
    return question.shape if question.shape in {"reasons", "several"} else "fact"


def _drafted(choices: Sequence[Choice]) -> Draft:
    """Order the choices as a reader meets them, each with the sentence that it refers back to."""
    spans: dict[tuple[str, int], tuple[Document, Span]] = {}
    kept: list[Choice] = []
    for choice in choices:
        needed = [choice.candidate.span]
        if choice.before and _REFERS_BACK.match(choice.candidate.text):
            needed.insert(0, choice.before)
        fresh = {(choice.document.id, s.start): (choice.document, s) for s in needed}
        if kept and len(spans | fresh) > MAX_SENTENCES:
            continue
        spans |= fresh
        kept.append(choice)
    rank = {document: i for i, document in enumerate(dict.fromkeys(c.document.id for c in kept))}
    order = sorted(spans, key=lambda place: (rank[place[0]], place[1]))
    return Draft(sentences=tuple(_quoted(Source(*spans[place])) for place in order))


def _quoted(source: Source) -> Drafted:
    return Drafted(" ".join(source.quote.split()), "claim", (source,))


def _source(choice: Choice) -> Source:
    return Source(choice.document, choice.candidate.span)
