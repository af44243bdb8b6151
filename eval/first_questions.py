"""Ask the first questions: `python -m eval.first_questions [--index DIR] [--verbose]`.

Two lists of our own about Japan and Russia (`eval/data/first_questions.jsonl`), written before
there is an evaluation set: each answerable question names its expected facts as patterns, an
unanswerable one has none. Prints the share of facts that the answers hold, the share of
unanswerable questions declined, and sentences an answer. Both lists were looked at while the
assistant was built, so these are development figures; without --index they are about the bundled
article.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from statistics import mean
from typing import Any

from assistant.answer import Answer
from assistant.settings import load_settings
from assistant.wiring import open_assistant

QUESTIONS = Path(__file__).with_name("data") / "first_questions.jsonl"


def facts_held(answer: Answer, facts: list[str]) -> int:
    """Return how many of `facts` the answer's text holds."""
    return sum(re.search(fact, answer.text, re.IGNORECASE) is not None for fact in facts)


def summary(asked: list[tuple[dict[str, Any], Answer]]) -> str:
    """Return one line of figures about rows and their answers."""
    answerable = [(row["facts"], answer) for row, answer in asked if row["facts"]]
    expected = sum(len(facts) for facts, _ in answerable)
    held = sum(facts_held(answer, facts) for facts, answer in answerable)
    declined = [answer.outcome == "declined" for row, answer in asked if not row["facts"]]
    lengths = [len(a.sentences) for _, a in answerable if a.outcome == "answered"]
    return (
        f"facts {held}/{expected} = {held / expected:.2f}; "
        f"declined {sum(declined)}/{len(declined)} = {mean(declined):.2f}; "
        f"sentences {mean(lengths):.2f}, at most {max(lengths)}"
    )


def main() -> None:
    """Ask everything and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", type=Path, help="another index than the bundled article's")
    parser.add_argument("--verbose", action="store_true", help="show what was missed")
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    with open_assistant(load_settings(), arguments.index) as assistant:
        asked = [(row, assistant.ask(row["question"])) for row in rows]
    for row, answer in asked if arguments.verbose else ():
        missed = facts_held(answer, row["facts"]) < len(row["facts"])
        if missed or (not row["facts"] and answer.outcome != "declined"):
            sys.stdout.write(f"{row['question']}\n    {answer.outcome}: {answer.text}\n")
    for name in ("first", "second"):
        chosen = [(row, answer) for row, answer in asked if row["list"] == name]
        sys.stdout.write(f"{name:<6}  {summary(chosen)}\n")
    sys.stdout.write(f"both    {summary(asked)}\n")


if __name__ == "__main__":
    main()
