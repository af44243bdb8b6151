"""An Answer as text for a terminal: `draw_answer(answer, width=80)`.

Pure. What comes from documents and from users is cleaned first: a control character in a document
must not move a reader's cursor or colour their screen. `style` marks what stands out; by default
nothing does.
"""

import re
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

from assistant.answer import Answer, Citation, Sentence
from index.passage import Hit

Style = Callable[[str, str], str]
"""Called as (text, role) with role "answer", "number", "place" or "notice"; returns the text."""

DECLINED = {
    "not_in_documents": "The documents do not answer this.",
    "unsupported": "Nothing that could be said about this is supported by the documents.",
    "off_limits": "That asks for something other than what the documents say.",
    "empty_question": "The question is empty; ask something, in quotation marks.",
}
FAILED = {
    "model_unavailable": "The language model could not be reached, or broke off "
    "(model_unavailable); footnote doctor tells why.",
    "model_timeout": "The language model took too long (model_timeout); "
    "FOOTNOTE_MODEL_SECONDS sets how long it may take.",
    "index_unavailable": "The index cannot be read (index_unavailable); footnote doctor tells why.",
    "internal": "Something went wrong inside Footnote (internal); the log has the details.",
}
FENCE = "```"
_BOLD = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_UNSEEN = re.compile(
    "[\xad\u115f\u1160\u180e\u200b\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_HALF = re.compile("[\ud800-\udfff]")
"""Half a surrogate pair, which no terminal can be sent."""


def plain(text: str, role: str) -> str:  # noqa: ARG001  a Style that styles nothing
    """Return the text as it is."""
    return text


def clean(text: str) -> str:
    """Return `text` on one line of single spaces, without what commands, turns or is not seen."""
    return " ".join(_printable(text).split())


def _printable(text: str) -> str:
    if text.isascii():
        return _CONTROL.sub(" ", text)
    return _HALF.sub("\ufffd", _CONTROL.sub(" ", _UNSEEN.sub("", text)))


class Flow:
    """The sentences of an answer as lines of text, drawn one by one as they come.

    What `add` returns, put together, is the same whether a sentence came alone or all came at once.
    """

    def __init__(self, width: int = 80, style: Style = plain) -> None:
        self._width = max(width, 20)
        self._style = style
        self._column = 0
        self._indent = 0

    def add(self, sentence: Sentence) -> str:
        """Return what to write for `sentence` behind what was written before; no line's end."""
        opening = self._opened(sentence.lead)
        if sentence.text.startswith(FENCE):
            opening = opening or "\n\n" * (self._column > 0)
            return opening + self._style(self._code(sentence), "answer")
        words = clean(_unmarked(sentence.marked())).split()
        return opening + self._style("".join(map(self._word, words)), "answer")

    def _opened(self, lead: str) -> str:
        """Return the new lines and the list's marker that `lead` asks for."""
        breaks = "\n" * min(lead.count("\n"), 2)
        marker = clean(lead)
        if breaks or marker:
            nested = len(lead.rpartition("\n")[2]) - len(lead.rpartition("\n")[2].lstrip())
            opening = " " * min(nested, 8) + (f"{marker} " if marker else "")
            self._indent = self._column = len(opening)
            return breaks + self._style(opening, "answer") if opening else breaks
        return ""

    def _word(self, word: str) -> str:
        at_start = self._column == self._indent
        if at_start or self._column + 1 + len(word) <= self._width:
            gap = "" if at_start else " "
            self._column += len(gap) + len(word)
            return gap + word
        self._column = self._indent + len(word)
        return "\n" + " " * self._indent + word

    def _code(self, sentence: Sentence) -> str:
        lines = [_printable(line) for line in sentence.text.splitlines()[1:-1]]
        marks = " ".join(f"[{number}]" for number in sentence.citations)
        self._column, self._indent = len(marks), 0
        return "\n".join([*(f"    {line}" for line in lines), marks])


def draw_answer(answer: Answer, width: int = 80, style: Style = plain) -> str:
    """Return the answer, then its numbered footnotes; or why there is none, and what is closest."""
    flow = Flow(width, style)
    said = "".join(map(flow.add, answer.sentences))
    return "\n\n".join(part for part in (said, draw_end(answer, width, style)) if part)


def draw_end(answer: Answer, width: int = 80, style: Style = plain) -> str:
    """Return what stands below the answer's own sentences: notices, then footnotes."""
    parts = []
    if answer.outcome == "failed":
        parts.append(
            style(_wrapped(FAILED.get(answer.reason or "", "It failed."), width), "notice")
        )
    elif answer.outcome == "declined":
        parts.append(
            style(_wrapped(DECLINED.get(answer.reason or "", "Declined."), width), "notice")
        )
    if answer.withheld and answer.sentences:
        parts.append(style(f"({withheld_notice(answer)})", "notice"))
    if answer.closest:
        parts.append("What comes closest:")
    parts += [draw_citation(one, width, style) for one in (*answer.citations, *answer.closest)]
    return "\n\n".join(parts)


def withheld_notice(answer: Answer) -> str:
    """Return what is said about the sentences that were drafted and not shown."""
    return f"{answer.withheld} withheld: not supported by the text"


def quoted(citation: Citation) -> str:
    """Return a footnote's quote in quotation marks, on one line."""
    return f"“{clean(citation.quote)}”"


def draw_citation(citation: Citation, width: int = 80, style: Style = plain) -> str:
    """Return one footnote: its number, the quote, the section and where it stands."""
    mark = f"[{citation.number}] "
    quote = _wrapped(quoted(citation), width, " " * len(mark), mark)
    at = _at(citation.source, citation.page, citation.start, citation.end)
    place = " · ".join(
        clean(part)
        for part in (
            *([citation.section] if citation.section else []),
            citation.title,
            at,
        )
    )
    placed = _wrapped(place, width, " " * len(mark), " " * len(mark))
    return f"{style(mark, 'number')}{quote[len(mark) :]}\n{style(placed, 'place')}"


def draw_hits(hits: Sequence[Hit], width: int = 80, style: Style = plain) -> str:
    """Return passages, best first, each with where it stands and what found it."""
    if not hits:
        return style("Nothing in the index bears on this.", "notice")
    drawn = []
    for rank, hit in enumerate(hits, 1):
        passage, document = hit.passage, hit.document
        found = _why(hit)
        mark = f"{rank}. "
        place = " · ".join(clean(part) for part in (passage.section, document.title) if part)
        page = document.page_at(passage.start)
        where = _at(document.source, page, passage.start, passage.end)
        where += f" ({', '.join(found)})"
        indent = " " * len(mark)
        drawn.append(
            "\n".join(
                [
                    style(mark, "number") + _wrapped(place, width, indent, indent)[len(indent) :],
                    style(_wrapped(clean(where), width, indent, indent), "place"),
                    _wrapped(clean(passage.text), width, indent, indent),
                ]
            )
        )
    return "\n\n".join(drawn)


def _at(source: str, page: int | None, start: int, end: int) -> str:
    return f"{source}{f', page {page}' if page else ''}, characters {start}-{end}"


def _why(hit: Hit) -> list[str]:
    """Return what found a passage: its score, what it is made of, and both halves with ranks."""
    parts = (
        ("reranker {:.2f}", hit.rerank, None),
        ("score {:.2f}", hit.score, hit.fused_rank),
        ("best sentence {:.2f}", hit.best_sentence, None),
        ("words {:.0%}", hit.coverage, None),
        ("cosine {:.2f}", hit.dense, hit.dense_rank),
        ("BM25 {:.1f}", hit.lexical, hit.lexical_rank),
    )
    return [
        shape.format(value) + (f" (#{rank})" if rank else "")
        for shape, value, rank in parts
        if value is not None
    ]


def hits_fields(question: str, generation: str, hits: Sequence[Hit]) -> dict[str, Any]:
    """Return what a search found as plain data: the JSON of the command line and of the API."""
    return {
        "question": question,
        "index": generation,
        "hits": [
            {
                "rank": rank,
                "document_id": hit.document.id,
                "title": hit.document.title,
                "source": hit.document.source,
                "start": hit.passage.start,
                "end": hit.passage.end,
                "section": hit.passage.section or None,
                "page": hit.document.page_at(hit.passage.start),
                "text": hit.passage.text,
                "score": hit.score,
                "dense": hit.dense,
                "lexical": hit.lexical,
                "dense_rank": hit.dense_rank,
                "lexical_rank": hit.lexical_rank,
                "best_sentence": hit.best_sentence,
                "coverage": hit.coverage,
                "rerank": hit.rerank,
                "fused_rank": hit.fused_rank,
                "metadata": [list(pair) for pair in hit.document.metadata],
            }
            for rank, hit in enumerate(hits, 1)
        ],
    }


def _unmarked(text: str) -> str:
    """Return Markdown's bold as bare words: a terminal shows no stars."""
    return _BOLD.sub(r"\2", text)


def _wrapped(text: str, width: int, indent: str = "", first: str = "") -> str:
    return textwrap.fill(
        text, max(width, 20), initial_indent=first, subsequent_indent=indent, break_on_hyphens=False
    )
