"""An Answer as Slack shows it: text sentence by sentence, blocks below it, and two modals.

    draw_sentence(sentence)             # Markdown, with its footnote marks
    end_blocks(answer, kept=True)       # notices, footnotes, buttons
    quotes_view(answer)                 # the modal with the quotes in their sections

Pure, and within Slack's limits. What documents, models and users say is escaped: it mentions
nobody, and makes no link and no image. Marks and sentences are those of every other channel.
"""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from assistant.answer import Answer, Citation, Sentence
from assistant.draw import DECLINED, FENCE, clean, quoted, withheld_notice

Block = dict[str, Any]

MOST_BLOCKS, MOST_SECTION, MOST_MARKDOWN = 50, 3_000, 12_000
"""Slack's limits: blocks in a message, characters in a section, in all of a message's Markdown."""

QUOTES, RATED, REASON = "footnote_quotes", "footnote_rated", "footnote_reason"
"""Action and callback ids."""

NO_QUESTION = "Ask me something about the documents, in words; I answer with footnotes."
_DECLINED = {**DECLINED, "empty_question": NO_QUESTION}
_FAILED = {
    "model_unavailable": "The language model cannot be reached just now. Ask again in a minute.",
    "model_timeout": "The language model took too long. Ask again, or ask for less at once.",
    "index_unavailable": "I cannot read the documents just now.",
    "internal": "Something went wrong here.",
}
REASONS = {
    "wrong": "It is not true",
    "unsupported": "The source does not say that",
    "off_topic": "It does not answer my question",
    "incomplete": "Something is missing",
    "other": "Something else",
}
"""What may be wrong with an answer: the values are those of every channel's feedback."""

_JOINER = "\N{WORD JOINER}"
_LINKS = re.compile(r"(?<=\])(?=\()|(?<=\w:)(?=//)|^(?=#)")
"""Where something invisible keeps Markdown and Slack from making a link, an image or a heading."""
_MOST_NOTES, _MOST_CLOSEST, _MOST_CLOSEST_CHARS = 60, 5, 500
_NUMBER_ROOM = 12


def draw_sentence(sentence: Sentence) -> str:
    """Return a sentence as Slack's Markdown: its lead, its words escaped, its marks."""
    marks = "".join(f" [{number}]" for number in sentence.citations)
    lead = _lead(sentence.lead)
    if sentence.text.startswith(FENCE):
        lines = [clean_code(line) for line in sentence.text.splitlines()[1:-1]]
        code = escape("\n".join([FENCE, *lines, FENCE]))
        below = f"{marks.strip()}\n" if marks else ""
        return (lead if "\n" in lead else "\n\n") + f"{code}\n{below}"
    return f"{lead}{escape(clean(sentence.text))}{marks}"


def escape(text: str) -> str:
    """Return `text` so that Slack shows it and does nothing because of it."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _LINKS.sub(_JOINER, text)


def clean_code(line: str) -> str:
    """Return a line of code without control characters and fences; its spaces stay."""
    indent = len(line) - len(line.lstrip())
    return " " * indent + clean(line).replace(FENCE, "'''")


def fitted(text: str, limit: int) -> Iterator[str]:
    """Yield `text` in pieces of at most `limit` characters, cut at white space where there is any.

    A block of code that is cut is closed, and opened again.
    """
    in_code = text.lstrip().startswith(f"{FENCE}\n")
    room = limit - 2 * (len(FENCE) + 1)
    while len(text) > limit:
        cut = max(text.rfind(" ", 1, room), text.rfind("\n", 1, room))
        cut = cut if cut > room // 2 else _outside_entity(text, room)
        head, text = text[:cut], text[cut:]
        yield f"{head}\n{FENCE}" if in_code else head
        text = f"{FENCE}\n{text.lstrip(chr(10))}" if in_code else text.lstrip()
    yield text


def end_blocks(answer: Answer, *, kept: bool) -> list[Block]:
    """Return what stands below the answer's own sentences: notices, footnotes, buttons.

    `kept`: the answer can be found again, so its quotes can be shown and it can be rated.
    """
    blocks = [*_notice(answer), *_closest(answer.closest)]
    blocks += [_context(text) for text in _notes(answer.citations)]
    if answer.withheld and answer.sentences:
        blocks.append(_context(withheld_notice(answer)))
    if kept and (answer.citations or any(map(_is_cut, answer.closest))):
        button = {"type": "button", "action_id": QUOTES, "value": answer.id}
        label = "Show the quotes" if answer.citations else "Show the passages"
        blocks.append({"type": "actions", "elements": [{**button, "text": _plain(label)}]})
    if kept and answer.outcome != "failed" and answer.reason != "empty_question":
        blocks.append(_thumbs(answer.id))
    return blocks


def section(text: str) -> Block:
    """Return a section; `text` is Slack's own markup, escaped, of at most 3,000 characters."""
    return {"type": "section", "text": _marked(text)}


def markdown(text: str) -> Block:
    """Return a block of Markdown, escaped, of at most 12,000 characters."""
    return {"type": "markdown", "text": text}


def aside(text: str) -> Block:
    """Return a remark of ours in small letters."""
    return _context(text)


def broken(number: str, reason: str = "internal") -> str:
    """Return what people are told of a failure; the log has the rest, under `number`."""
    words = _FAILED.get(reason, _FAILED["internal"])
    return f"{words} If it stays so, tell whoever runs me this number: `{number}`"


def summary(text: str, blocks: Sequence[Block]) -> str:
    """Return the words that a notification shows for a message: they are shown nowhere else."""
    words = text or next((b["text"]["text"] for b in blocks if b["type"] == "section"), "…")
    return next(fitted(words, MOST_SECTION))


def quotes_view(answer: Answer) -> dict[str, Any]:
    """Return the modal with every footnote's quote, in its document and section."""
    cited = answer.citations or answer.closest
    blocks: list[Block] = []
    for (title, inside), group in groupby(cited, lambda one: (_title(one), one.section)):
        head = " – ".join(part for part in (title, escape(clean(inside or ""))) if part)
        told = [section(f"*{next(fitted(head, MOST_SECTION - _NUMBER_ROOM))}*")]
        told += [section(text) for one in group for text in _quote(one)]
        if len(blocks) + len(told) >= MOST_BLOCKS:
            blocks.append(_context("There are more than fit here."))
            break
        blocks += told
    return {
        "type": "modal",
        "title": _plain("Footnotes" if answer.citations else "What comes closest"),
        "close": _plain("Close"),
        "blocks": blocks or [section("This answer has no footnotes.")],
    }


def reason_view(answer_id: str, channel: str) -> dict[str, Any]:
    """Return the modal that asks what was wrong with an answer."""
    options = [{"text": _plain(text), "value": value} for value, text in REASONS.items()]
    comment = {"type": "plain_text_input", "action_id": "comment", "multiline": True}
    return {
        "type": "modal",
        "callback_id": REASON,
        "private_metadata": json.dumps({"answer": answer_id, "channel": channel}),
        "title": _plain("What was wrong?"),
        "submit": _plain("Send"),
        "close": _plain("Cancel"),
        "blocks": [
            {
                "type": "input",
                "block_id": "reason",
                "optional": True,
                "label": _plain("What was wrong?"),
                "element": {"type": "radio_buttons", "action_id": "reason", "options": options},
            },
            {
                "type": "input",
                "block_id": "comment",
                "optional": True,
                "label": _plain("In your own words"),
                "element": {**comment, "max_length": MOST_SECTION},
            },
        ],
    }


def _lead(lead: str) -> str:
    """Return what stands before a sentence: a space, or new lines with a list's marker."""
    breaks = "\n" * min(lead.count("\n"), 2)
    if not breaks:
        return escape(lead) if not lead or lead.isspace() else f"{escape(clean(lead))} "
    last = lead.rpartition("\n")[2]
    indent = " " * min(len(last) - len(last.lstrip()), 8)
    marker = clean(last)
    return breaks + (f"{indent}{escape(marker)} " if marker else "")


def _notice(answer: Answer) -> Iterator[Block]:
    if answer.outcome == "declined":
        yield section(escape(_DECLINED.get(answer.reason or "", _DECLINED["not_in_documents"])))
    elif answer.outcome == "failed":
        yield section(broken(answer.id, answer.reason or ""))


def _closest(citations: Sequence[Citation]) -> Iterator[Block]:
    """Yield the passages to offer, those of one place together; no marks: nothing is claimed."""
    if citations:
        yield section("*What comes closest:*")
    for place, group in groupby(citations[:_MOST_CLOSEST], _whole_place):
        quotes = []
        for citation in group:
            quote = next(_quoted_lines(citation, _MOST_CLOSEST_CHARS))
            quotes.append(f"{quote} …" if _is_cut(citation) else quote)
        yield section("\n".join(quotes))
        yield _context(place)


def _is_cut(citation: Citation) -> bool:
    return len(escape(quoted(citation))) > _MOST_CLOSEST_CHARS


def _notes(citations: Sequence[Citation]) -> Iterator[str]:
    """Yield the list of footnotes in texts of at most 3,000 characters, a line a document."""
    lines = []
    for title, document in groupby(citations[:_MOST_NOTES], _title):
        notes = []
        for place, group in groupby(document, _place):
            numbers = " ".join(f"[{citation.number}]" for citation in group)
            notes.append(f"{numbers} {place}".rstrip())
        lines += [f"*{title}*", " · ".join(notes)]
    if len(citations) > _MOST_NOTES:
        lines.append(f"and {len(citations) - _MOST_NOTES} more")
    if lines:
        yield from fitted("\n".join(lines), MOST_SECTION)


def _whole_place(citation: Citation) -> str:
    return " · ".join(part for part in (_place(citation), _title(citation)) if part)


def _title(citation: Citation) -> str:
    """Return the document's name; never nothing, for Slack refuses a block without text."""
    named = clean(citation.title) or clean(citation.source) or "untitled"
    return next(fitted(escape(named), 200))


def _place(citation: Citation) -> str:
    page = f"page {citation.page}" if citation.page else ""
    parts = [next(fitted(escape(clean(citation.section or "")), 200)), page]
    return ", ".join(part for part in parts if part)


def _quote(citation: Citation) -> Iterator[str]:
    page = f", page {citation.page}" if citation.page else ""
    lines = _quoted_lines(citation, MOST_SECTION - 2 * _NUMBER_ROOM)
    yield f"[{citation.number}]{page}\n{next(lines)}"
    yield from lines


def _quoted_lines(citation: Citation, limit: int) -> Iterator[str]:
    for piece in fitted(escape(quoted(citation)), limit):
        yield f">{piece}"


def _thumbs(answer_id: str) -> Block:
    def button(rating: str, label: str) -> dict[str, Any]:
        return {
            "text": _plain(label),
            "accessibility_label": label,
            "value": f"{rating}:{answer_id}",
        }

    element = {
        "type": "feedback_buttons",
        "action_id": RATED,
        "positive_button": button("up", "Good answer"),
        "negative_button": button("down", "Bad answer"),
    }
    return {"type": "context_actions", "elements": [element]}


def _outside_entity(text: str, cut: int) -> int:
    """Return a place to cut that is not inside `&amp;` and its like."""
    start = text.rfind("&", max(cut - 5, 1), cut)
    return start if start > 0 and ";" not in text[start:cut] else cut


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_marked(text)]}


def _marked(text: str) -> dict[str, Any]:
    # verbatim: Slack looks for no names and no addresses in it.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": True}
