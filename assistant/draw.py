"""An Answer as text for a terminal: `draw_answer(answer, width=80)`.

Pure. What comes from documents and from users is cleaned first: a control character in a document
must not move a reader's cursor or colour their screen. `style` marks what stands out; by default
nothing does.
"""

import re
import textwrap
from collections.abc import Callable, Sequence

from assistant.answer import Answer, Citation
from index.passage import Hit

Style = Callable[[str, str], str]
"""Called as (text, role) with role "answer", "number", "place" or "notice"; returns the text."""

DECLINED = {
    "not_in_documents": "The documents do not answer this.",
    "unsupported": "Nothing that could be said about this is supported by the documents.",
    "off_limits": "That asks for something other than what the documents say.",
    "empty_question": "The question is empty; ask something, in quotation marks.",
}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain(text: str, role: str) -> str:  # noqa: ARG001  a Style that styles nothing
    """Return the text as it is."""
    return text


def clean(text: str) -> str:
    """Return `text` without control characters, and with every white space a single space."""
    return " ".join(_CONTROL.sub(" ", text).split())


def draw_answer(answer: Answer, width: int = 80, style: Style = plain) -> str:
    """Return the answer, then its numbered footnotes; or why there is none, and what is closest."""
    if answer.outcome == "failed":
        return style(_wrapped(f"It failed ({answer.reason}).", width), "notice")
    if answer.outcome == "declined":
        parts = [style(_wrapped(DECLINED.get(answer.reason or "", "Declined."), width), "notice")]
        if answer.closest:
            parts.append("What comes closest:")
            parts += [draw_citation(citation, width, style) for citation in answer.closest]
        return "\n\n".join(parts)
    parts = [style(_wrapped(clean(answer.text), width), "answer")]
    if answer.withheld:
        parts.append(style(f"({answer.withheld} withheld: not supported by the text)", "notice"))
    parts += [draw_citation(citation, width, style) for citation in answer.citations]
    return "\n\n".join(parts)


def draw_citation(citation: Citation, width: int = 80, style: Style = plain) -> str:
    """Return one footnote: its number, the quote, the section and where it stands."""
    mark = f"[{citation.number}] "
    quote = _wrapped(f"“{clean(citation.quote)}”", width, " " * len(mark), mark)
    page = f", page {citation.page}" if citation.page else ""
    place = " · ".join(
        clean(part)
        for part in (
            *([citation.section] if citation.section else []),
            citation.title,
            f"{citation.source}{page}, characters {citation.start}-{citation.end}",
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
        found = [
            f"score {hit.score:.4f}",
            *([f"cosine {hit.dense:.2f}"] if hit.dense is not None else []),
            *([f"BM25 {hit.lexical:.1f}"] if hit.lexical is not None else []),
        ]
        mark = f"{rank}. "
        place = " · ".join(clean(part) for part in (passage.section, document.title) if part)
        where = f"{document.source}, characters {passage.start}-{passage.end} ({', '.join(found)})"
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


def _wrapped(text: str, width: int, indent: str = "", first: str = "") -> str:
    return textwrap.fill(
        text, max(width, 20), initial_indent=first, subsequent_indent=indent, break_on_hyphens=False
    )
