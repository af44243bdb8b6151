"""The quoting writer: answers with the document's own sentences, chosen to answer this question.

    writer = QuotingWriter(searcher, load_model())
    sentences, ending = writer.draft(read_question("why did Abe court Putin?"), hits)

Which sentences answer is `answerability`'s judgement; this module decides how many the question
wants and in which order they are read: one fact or the few that say it, several reasons from
different parts of the text, the items of a list, both sides of a comparison, an overview. A
sentence that opens with "He" or "This plan" brings the one before it. A planted sentence
(`hostile`) is never among them.
"""

import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from math import exp, log

import numpy as np

from assistant.answerability import AnswerModel, Candidate, features
from assistant.ground import Drafted, Ending, Signature, Source
from assistant.hostile import planted, unplanted
from assistant.question import Question, sides
from assistant.threads import in_thread
from index.passage import Document, Hit, Passage, Span
from index.search import Searcher
from index.words import content_stems, stem

MAX_SENTENCES = 4
"""Sentences in an answer, those included that explain who "he" is."""

_FACT_SENTENCES = 3
_CLEAR = 0.5
_CLOSEST = 3
_PER_SECTION = 2
_REFERS_BACK = re.compile(
    r"(he|she|they|it|his|her|their|its|both|neither|the (former|latter)|"
    r"((on|in|at|under|with|by|for|after|before|during|to|from) )?((one|some|all|each) of )?"
    r"(this|these|those|that|such))(?![\w-])(?! is (clear|likely|possible|true|known))",
    re.IGNORECASE,
)
_PERSONAL = re.compile(r"(he|she|they|it|his|her|their|its)\b", re.IGNORECASE)
_ELABORATES = re.compile(
    r"(?:(?:under|in|with|by|as part of|according to) )?(this|these|those|that|such|the) (\w+)",
    re.IGNORECASE,
)
_ANNOUNCES = re.compile(
    r"\b(two|three|four|five|six|seven|eight|nine|ten|several|various|many|some|following) "
    r"(\w+ ){0,2}(ways|points|parts|kinds|sorts|types|steps|stages|reasons|things|measures|forms|"
    r"aims|goals|changes|conditions|options|examples)\b[^.;,]{0,40}[.:]$",
    re.IGNORECASE,
)
"""A sentence whose list follows: "Moscow hit back in three ways."."""
_GIVES_A_REASON = re.compile(
    r"\b(because|since|due to|owing to|thanks to|on account of|as a result of|in order to|so that|"
    r"so as to|reasons?|motive\w*|motivat\w+|driven|drove|drives?|prompt(ed|s|ing)|caused by|"
    r"aim(s|ed|ing)?|hop(e|es|ed|ing)|want(s|ed|ing)?|sought|seek(s|ing)?|intend(s|ed)?|intention|"
    r"purpose|desire\w*|wish(es|ed|ing)?|fear(s|ed|ing)?|concern(s|ed)?|worr(y|ied|ies)|"
    r"apprehension|belie(f|ve[sd]?)|expect(s|ed|ation)?|interest in|part of an?|in response|"
    r"enabl\w+|allow\w+)\b",
    re.IGNORECASE,
)
_REASON_BONUS = 2.0
"""What a stated reason adds to a sentence's log-odds when the question is "why"."""


@dataclass(frozen=True)
class Choice:
    """A sentence of a passage with the probability that it answers."""

    candidate: Candidate
    document: Document
    passage: Passage
    odds: float

    @property
    def place(self) -> tuple[str, int]:
        """Where it stands; sorts in reading order within a document."""
        return self.document.id, self.candidate.span.start

    @property
    def is_cut_off(self) -> bool:
        """Whether it ends in a colon, and what follows is in another passage: it says nothing."""
        return self.candidate.text.endswith(":") and self.neighbour(1) is None

    def neighbour(self, steps: int) -> Span | None:
        """Return the sentence so many steps on in the passage, if one is there and not planted."""
        sentences = self.passage.sentences
        there = sentences.index(self.candidate.span) + steps
        span = sentences[there] if 0 <= there < len(sentences) else None
        return None if span in planted(self.document, self.passage) else span


class QuotingWriter:
    """Writes answers by quoting; `threshold` overrides the fitted one."""

    signature = Signature("quote")
    waits = False

    def __init__(
        self, searcher: Searcher, model: AnswerModel, threshold: float | None = None
    ) -> None:
        self._searcher = searcher
        self._model = model
        self._threshold = model.threshold if threshold is None else threshold

    async def write(
        self, question: Question, hits: Sequence[Hit]
    ) -> AsyncGenerator[Drafted | Ending, None]:
        """Yield the sentences that answer `question`, then how the draft ends."""
        sentences, ending = await in_thread(self.draft, question, hits)
        for sentence in sentences:
            yield sentence
        yield ending

    def draft(self, question: Question, hits: Sequence[Hit]) -> tuple[tuple[Drafted, ...], Ending]:
        """Return the sentences that answer `question`, or none and the reason in the ending."""
        if question.shape == "overview":
            whole = self._overview(question, hits)
            if whole or not question.topic:
                return _drafted(question, whole)
            question = question.topic
        hits = self._widened(question, hits)
        choices, answerable = self.judge(question.topic or question, hits)
        if question.sides:
            # All that is compared in one place, or each side somewhere.
            apart = min(self.judge(side, hits)[1] for side in question.sides)
            answerable = max(answerable, apart)
        if question.shape == "reasons":
            choices = [_with_reason_bonus(choice) for choice in choices]
        best_first = sorted(choices, key=lambda choice: (-choice.odds, choice.place))
        best_first = [choice for choice in best_first if not choice.is_cut_off] or best_first
        chosen: list[Choice] = []
        if answerable >= self._threshold and question.shape == "comparison":
            chosen = _both_sides(question, best_first)
        elif answerable >= self._threshold:
            chosen = self._chosen(question, best_first)
        if chosen:
            return _drafted(question, chosen)
        return (), Ending("not_in_documents", _closest(best_first))

    def closest(self, question: Question, hits: Sequence[Hit]) -> tuple[Source, ...]:
        """Return the sentences of `hits` that come nearest to answering, best first."""
        choices, _ = self.judge(question.topic or question, hits)
        return _closest(sorted(choices, key=lambda choice: (-choice.odds, choice.place)))

    def judge(self, question: Question, hits: Sequence[Hit]) -> tuple[list[Choice], float]:
        """Return every sentence of `hits` with its odds, and the probability that any answers."""
        vector = self._searcher.embed_question(question.text)
        found: dict[tuple[str, Span], Candidate] = {}
        for number, hit in enumerate(hits):
            vectors = self._searcher.sentence_vectors(hit.passage)
            cosines: list[float] = np.dot(vectors, vector).tolist()
            for candidate in sentence_candidates(number, hit, cosines):
                found.setdefault((hit.document.id, candidate.span), candidate)
        candidates = list(found.values())
        matrix = features(question, candidates, self._searcher.rarity)
        odds = self._model.sentences(matrix)
        judged = [
            Choice(candidate, hits[candidate.hit].document, hits[candidate.hit].passage, one)
            for candidate, one in zip(candidates, odds.tolist(), strict=True)
        ]
        return judged, self._model.any(matrix, odds)

    def _widened(self, question: Question, hits: Sequence[Hit]) -> list[Hit]:
        """Add what is found for each side of a comparison, which one search may leave out."""
        compared = (sides(question.text) or ()) if question.shape == "comparison" else ()
        return [*hits, *(hit for side in compared for hit in self._searcher.search(side, 3))]

    def _chosen(self, question: Question, best_first: Sequence[Choice]) -> list[Choice]:
        wanted = _limit(question, best_first)
        floor = self._model.companion_ratio[question.shape] * best_first[0].odds
        chosen: list[Choice] = []
        for choice in best_first:
            if len(chosen) == wanted or choice.odds < floor:
                break
            section = choice.passage.section
            crowded = sum(one.passage.section == section for one in chosen) >= _PER_SECTION
            if not (question.shape == "reasons" and crowded):
                chosen.append(choice)
        reasons = [choice for choice in chosen if _gives_reason(choice)]
        # What states no reason is padding once two sentences do.
        return reasons if question.shape == "reasons" and len(reasons) > 1 else chosen

    def _overview(self, question: Question, hits: Sequence[Hit]) -> list[Choice]:
        """Tell what the documents, or the section that is named, are about; else say nothing."""
        documents = list({hit.document.id: hit.document for hit in hits}.values())
        if question.topic:
            asked = set(question.topic.stems)
            for one in documents:
                passages = self._searcher.passages(one.id)
                named = [p for p in passages if asked <= set(content_stems(p.section))]
                if named:
                    return self._central(named, one, MAX_SENTENCES)
            documents = [one for one in documents if asked <= set(content_stems(one.title))]
        if len(documents) > 1:
            openings = [(self._searcher.passages(one.id)[:1], one) for one in documents]
            return [c for opening, one in openings for c in self._central(opening, one, 1)]
        if not documents:
            return []
        passages = self._searcher.passages(documents[0].id)
        sound = unplanted(documents[0], passages[0])
        opening = [_choice(documents[0], passages[0], span, 1.0) for span in sound[:1]]
        rest = self._central(passages[1:], documents[0], MAX_SENTENCES - len(opening))
        return [*opening, *rest]

    def _central(self, passages: Sequence[Passage], document: Document, count: int) -> list[Choice]:
        """Return `count` sentences nearest to what all of them say, each section's first."""
        found = []
        vectors = [self._searcher.sentence_vectors(passage) for passage in passages]
        middle = np.concatenate(vectors).mean(axis=0) if vectors else np.zeros(0)
        for passage, rows in zip(passages, vectors, strict=True):
            pairs = zip(passage.sentences, rows @ middle, strict=True)
            sound = unplanted(document, passage)
            found += [_choice(document, passage, s, float(near)) for s, near in pairs if s in sound]
        alone = [c for c in found if not _REFERS_BACK.match(c.candidate.text)] or found
        alone.sort(key=lambda choice: (-choice.odds, choice.place))
        firsts = {choice.passage.section: choice for choice in reversed(alone)}.values()
        spare = [choice for choice in alone if choice not in firsts]
        return [*sorted(firsts, key=lambda choice: -choice.odds), *spare][:count]


def sentence_candidates(number: int, hit: Hit, cosines: Sequence[float]) -> list[Candidate]:
    """Return the sentences of hit `number` as candidates, but for those that are planted.

    `cosines` has one for each sentence of the passage.
    """
    document, passage = hit.document, hit.passage
    hostile = planted(document, passage)
    before = ""
    found = []
    for span, cosine in zip(passage.sentences, cosines, strict=True):
        text = document.text[span.start : span.end]
        context = f"{document.title}\n{passage.section}\n{before}"
        if span not in hostile:
            found.append(Candidate(document.id, span, text, context, number, cosine))
        before = text
    return found


def _choice(document: Document, passage: Passage, span: Span, odds: float) -> Choice:
    return Choice(_candidate(document, passage, span, 0, odds), document, passage, odds)


def _candidate(
    document: Document, passage: Passage, span: Span, number: int, cosine: float
) -> Candidate:
    place = passage.sentences.index(span)
    before = passage.sentences[place - 1] if place else Span(0, 0)
    return Candidate(
        document_id=document.id,
        span=span,
        text=document.text[span.start : span.end],
        context=f"{document.title}\n{passage.section}\n{document.text[before.start : before.end]}",
        hit=number,
        cosine=cosine,
    )


def _gives_reason(choice: Choice) -> bool:
    return _GIVES_A_REASON.search(choice.candidate.text) is not None


def _with_reason_bonus(choice: Choice) -> Choice:
    if not _gives_reason(choice):
        return choice
    log_odds = log(choice.odds / (1 - choice.odds)) + _REASON_BONUS
    return replace(choice, odds=1 / (1 + exp(-log_odds)))


def _both_sides(question: Question, best_first: Sequence[Choice]) -> list[Choice]:
    """Take the best two sentences about each side, none when a side is nowhere named.

    A comparison that does not name two sides takes the best of all.
    """
    stems = [set(content_stems(side)) for side in sides(question.text) or ()]
    chosen: list[Choice] = []
    for own in stems:
        shared = set.intersection(*stems)
        telling = (own - shared) or own
        about = [c for c in best_first if telling & set(content_stems(c.candidate.text))]
        if not about:
            return []
        chosen += [choice for choice in about if choice not in chosen][: MAX_SENTENCES // 2]
    return chosen or list(best_first[: MAX_SENTENCES // 2])


def _limit(question: Question, choices: Sequence[Choice]) -> int:
    """Return how many sentences may be said: fewer for a fact, when it is clear which says it."""
    clear = any(choice.odds >= _CLEAR for choice in choices)
    return _FACT_SENTENCES if question.shape == "fact" and clear else MAX_SENTENCES


def _drafted(question: Question, choices: Sequence[Choice]) -> tuple[tuple[Drafted, ...], Ending]:
    """Order the choices as a reader meets them, each with the neighbours that it needs."""
    limit = _limit(question, choices)
    taken: dict[tuple[str, int], Source] = {}
    for choice in choices:
        needed = {place.start: place for place in _with_neighbours(question, choice)}
        fresh = {
            (choice.document.id, start): Source(choice.document, span)
            for start, span in needed.items()
        }
        if not taken or len(taken | fresh) <= limit:
            taken |= fresh
    documents = list(dict.fromkeys(choice.document.id for choice in choices))
    order = sorted(taken, key=lambda place: (documents.index(place[0]), place[1]))
    sentences = tuple(_quoted(taken[place]) for place in order)
    return sentences, Ending(None if sentences else "not_in_documents")


def _with_neighbours(question: Question, choice: Choice) -> list[Span]:
    """Return the sentence, the one before it that "He" is about, the one after that elaborates.

    What ends in a colon says nothing without what follows. "This plan included …" elaborates when
    it is the plan that the question asks about.
    """
    spans = [choice.candidate.span]
    said = choice.candidate.text
    if said.endswith(":") or (question.shape == "several" and _ANNOUNCES.search(said)):
        before = _antecedent(choice)
        return [*before, *spans, *_items(choice, MAX_SENTENCES - len(before) - 1)]
    after = choice.neighbour(1)
    opening = _ELABORATES.match(choice.document.text, after.start, after.end) if after else None
    if after and opening and stem(opening[2]) in question.stems:
        spans.append(after)
    return [*_antecedent(choice), *spans]


def _items(choice: Choice, most: int) -> list[Span]:
    """Return the sentences after the choice, `most` of them, as far as its paragraph or list goes.

    Items of a list are parted from one another by more than white space: by their markers.
    """
    text, last = choice.document.text, choice.candidate.span
    spans: list[Span] = []
    while len(spans) < most and (after := choice.neighbour(len(spans) + 1)):
        between = text[last.end : after.start]
        if "\n\n" in between and not between.strip():
            break
        spans.append(after)
        last = after
    return spans


def _antecedent(choice: Choice) -> list[Span]:
    """Return the sentence that names whom or what the choice opens with, when it does not itself.

    "This plan" is in the sentence before; "He" in the last one that does not say "he" as well.
    """
    opening = _REFERS_BACK.match(choice.candidate.text)
    steps = -1
    while opening and (before := choice.neighbour(steps)):
        if not _PERSONAL.match(opening[0]):
            return [before]
        opening = _REFERS_BACK.match(choice.document.text, before.start, before.end)
        if not opening:
            return [before]
        steps -= 1
    return []


def _quoted(source: Source) -> Drafted:
    return Drafted(" ".join(source.quote.split()), "claim", (source,))


def _closest(best_first: Sequence[Choice]) -> tuple[Source, ...]:
    return tuple(Source(one.document, one.candidate.span) for one in best_first[:_CLOSEST])
