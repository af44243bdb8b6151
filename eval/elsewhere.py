"""Answers that another program gave: `read_answers(file, cases)`, to be scored like ours.

A line is `{"id": CASE, "answer": …}`. The answer is an Answer as `footnote ask --json` has it, of
which only "text" must be there, or plain text. Plain text has no footnotes; it counts as declined
when the line says `"outcome": "declined"`, or when every one of its sentences says that the text
does not tell.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.answer import Answer, Sentence
from eval.cases import Case
from index.errors import UsageError
from index.split import split_sentences

OUTCOMES = ("answered", "declined", "failed")

_REFUSAL = re.compile(
    r"\b(sorry|apologi[sz]e|unable to"
    r"|(can|could|do|does|did|is|are|was|were|has|have)(\s+not|n[’']t)"
    r"|cannot|no (answer|information|mention)|nothing (in|about))\b",
    re.IGNORECASE,
)
_OF_THE_TEXT = re.compile(
    r"\b(I|we|articles?|documents?|texts?|sources?|passages?|context|information|answer)\b"
)


def read_answers(file: Path, cases: Sequence[Case]) -> dict[str, Answer]:
    """Return the answers in `file` by case. Raises UsageError naming file and line."""
    questions = {case.id: case.question for case in cases}
    found: dict[str, Answer] = {}
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise UsageError(f"--answers {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"--answers {file} is not UTF-8 text") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            row = _row(line, f"--answers {file}, line {number}")
            # What belongs to a case that was filtered away is no mistake.
            if row["id"] in questions:
                found[row["id"]] = _answer(row, questions[row["id"]], f"{file}, line {number}")
    if not found:
        raise UsageError(f"--answers {file}: not one of its ids is a case's")
    return found


def _row(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise UsageError(f"{where}: no JSON ({error})") from error
    if not (isinstance(row, dict) and isinstance(row.get("id"), str) and "answer" in row):
        raise UsageError(f'{where}: needs "id" (text) and "answer" (an Answer, or text)')
    if row.get("outcome", "answered") not in OUTCOMES:
        raise UsageError(f'{where}: "outcome" is one of {", ".join(OUTCOMES)}')
    return row


def _answer(row: Mapping[str, Any], question: str, where: str) -> Answer:
    given = row["answer"]
    if isinstance(given, str):
        return _from_text(given, question, row.get("outcome"))
    if not isinstance(given, dict) or not isinstance(given.get("text"), str):
        raise UsageError(f'{where}: "answer" is an Answer with its "text", or a text')
    plain = _from_text(given["text"], question, given.get("outcome", row.get("outcome")))
    try:
        answer = Answer.from_dict({**plain.to_dict(), **given})
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{where}: not an Answer: {error!r}") from error
    if answer.outcome not in OUTCOMES:
        raise UsageError(f'{where}: "outcome" is one of {", ".join(OUTCOMES)}')
    return answer


def _from_text(text: str, question: str, outcome: Any) -> Answer:
    spans = split_sentences(text)
    sentences = [text[span.start : span.end] for span in spans]
    if outcome not in OUTCOMES:
        refused = bool(sentences) and all(map(_is_refusal, sentences))
        outcome = "declined" if refused else "answered"
    return Answer(
        id="",
        outcome=outcome,
        reason="not_in_documents" if outcome == "declined" else None,
        question=question,
        standalone_question=question,
        text=text,
        sentences=()
        if outcome == "declined"
        else tuple(Sentence(one, "claim", (), None) for one in sentences),
        writer="elsewhere",
    )


def _is_refusal(sentence: str) -> bool:
    return bool(_REFUSAL.search(sentence) and _OF_THE_TEXT.search(sentence))
