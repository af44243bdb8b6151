"""A small model that invents freely, end to end: `python -m eval.small_model --out FILE`.

Asks the development questions of the bundled set that need no history, through the assistant that
the settings open (FOOTNOTE_MODEL and FOOTNOTE_MODEL_BASE_URL name the model; docs/models.md has one
that runs anywhere), and counts what became of its sentences. FILE gets a line for each claim that
was shown, with the slices that it cites, for a person to fill in whether it is false; `--read FILE`
counts that. Not part of any suite: a model of this size takes seconds a question.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from assistant.answer import Answer
from assistant.ask import Assistant
from assistant.settings import load_settings
from assistant.wiring import open_assistant
from eval.cases import BUNDLED_CASES, read_cases


def questions(limit: int) -> list[str]:
    """Return the first `limit` development questions that are not follow-ups."""
    cases = [
        one for one in read_cases(BUNDLED_CASES) if one.split == "development" and not one.history
    ]
    return [case.question for case in cases[:limit]]


def ask(assistant: Assistant, asked: Sequence[str]) -> Iterator[Answer]:
    """Yield the answer to each question, and tell how far it is."""
    for number, question in enumerate(asked, 1):
        answer = assistant.ask(question)
        told = f"{answer.outcome} {answer.reason or ''}".strip()
        sys.stderr.write(f"{number}/{len(asked)} {told}, {answer.withheld} withheld\n")
        yield answer


def claims(answer: Answer) -> Iterator[dict[str, Any]]:
    """Yield a row for each claim shown; `false` is for a person to fill in."""
    quotes = {citation.number: citation.quote for citation in answer.citations}
    for sentence in answer.sentences:
        if sentence.kind == "claim":
            yield {
                "question": answer.question,
                "claim": sentence.text,
                "quotes": [quotes[number] for number in sentence.citations],
                "support": sentence.support,
                "false": None,
            }


def summary(answers: Sequence[Answer]) -> str:
    """Return one line for how the answers ended, and one for their sentences."""
    outcomes = Counter(f"{one.outcome} {one.reason or ''}".strip() for one in answers)
    shown = sum(len(list(claims(one))) for one in answers)
    withheld = sum(one.withheld for one in answers)
    ended = ", ".join(f"{name} {count}" for name, count in outcomes.most_common())
    return (
        f"{len(answers)} questions: {ended}\n"
        f"{shown + withheld} claims written, {withheld} withheld, {shown} shown\n"
    )


def read_sheet(lines: Sequence[str]) -> str:
    """Return how many of the claims that somebody has read are false."""
    read = [row["false"] for row in map(json.loads, lines) if row["false"] is not None]
    return f"{sum(read)} of {len(read)} claims shown are false\n"


def main() -> None:
    """Ask and count, or count what was read."""
    parser = argparse.ArgumentParser(description=__doc__)
    todo = parser.add_mutually_exclusive_group(required=True)
    todo.add_argument("--out", type=Path, help="ask, and write the claims shown there")
    todo.add_argument("--read", type=Path, help="count what was filled in")
    parser.add_argument("--limit", type=int, default=1_000, help="only the first N questions")
    arguments = parser.parse_args()
    if arguments.read:
        sys.stdout.write(read_sheet(arguments.read.read_text("utf-8").splitlines()))
        return
    settings = load_settings()
    if settings.model is None:
        parser.error("FOOTNOTE_MODEL names no model; docs/models.md shows how to run a small one")
    answers = []
    with open_assistant(settings, None) as assistant, arguments.out.open("w") as sheet:
        for answer in ask(assistant, questions(arguments.limit)):
            answers.append(answer)
            sheet.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in claims(answer))
            sheet.flush()
    sys.stdout.write(summary(answers))


if __name__ == "__main__":
    main()
