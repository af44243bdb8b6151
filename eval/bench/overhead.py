"""What Footnote adds around a language model: `python -m eval.bench.overhead DATA [--keep FOLDER]`.

A scripted model takes a moment, then says four sentences in words that are not quite the passages',
a few characters at a time. Told are wall clock and CPU milliseconds (of all threads), median and
95th percentile, from the question to the first token asked for, and for each sentence: from the
moment that the model has said a piece until it is asked for the next one, over the sentence's
pieces, which is cutting, checking and handing it on. Each question is about another passage of the
public sets' documents, so that most of what is checked was never read before; "again" are the same
questions once more, "unprepared" others, without reading ahead while the model begins.
"""

import argparse
import asyncio
import random
import re
import sys
import tempfile
from collections.abc import AsyncGenerator, Iterable, Sequence
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from assistant.answerability import load_model
from assistant.ask import Assistant
from assistant.llm import Done, Message
from assistant.quote import QuotingWriter
from assistant.settings import load_settings
from assistant.support import Judge, load_support
from assistant.wiring import open_searcher
from assistant.write import ModelWriter
from eval.condense_recall import public_index
from eval.corrupt import corruptions, paraphrases
from eval.elliptic import asked
from index.search import Searcher
from index.split import split_sentences

QUESTIONS = 60
SENTENCES = 4
BEGINS_AFTER = 0.15
"""Seconds until the model's first token: less than any served model takes for eight passages."""

_PIECE = 12
_PASSAGE = re.compile(r"<passage [^>]*>\n(.*?)\n</passage>", re.DOTALL)
Moment = tuple[float, float]


def _now() -> Moment:
    return perf_counter(), process_time()


def _since(start: Moment) -> Moment:
    end = _now()
    return 1000 * (end[0] - start[0]), 1000 * (end[1] - start[1])


class TimedModel:
    """Says claims on the first passage that it is given, and keeps the time between its pieces."""

    name = "scripted:timed"

    def __init__(self) -> None:
        self.started: Moment = (0.0, 0.0)
        self.until_asked: list[Moment] = []
        self.sentences: list[list[Moment]] = []
        self._rng = random.Random(1)  # noqa: S311  varies wordings, guards nothing

    async def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str | Done, None]:
        """Yield the claims, a piece at a time, then Done."""
        self.until_asked.append(_since(self.started))
        said = self._claims(messages[-1].content)
        await asyncio.sleep(BEGINS_AFTER)
        spent = []
        # The last one only ends the sentence before it, as a sentence ends when the next begins.
        for claim in [*said, "I"]:
            wall, cpu = 0.0, 0.0
            for start in range(0, len(claim), _PIECE):
                before = _now()
                yield claim[start : start + _PIECE]
                more = _since(before)
                wall, cpu = wall + more[0], cpu + more[1]
            spent.append((wall, cpu))
        # What a sentence costs is paid while the first piece of the next one is taken in.
        self.sentences.append(spent[1:])
        yield Done()

    def _claims(self, asking: str) -> list[str]:
        found = _PASSAGE.search(asking)
        text = found[1] if found else ""
        claims = []
        for span in split_sentences(text):
            sentence = " ".join(text[span.start : span.end].split())
            made = [*paraphrases(sentence, self._rng), *corruptions(sentence, [], self._rng)]
            claims += [f"{claim} [1] " for _, claim in made[:1]]
        return claims[:SENTENCES]


class Unprepared:
    """A judge that reads nothing ahead."""

    def __init__(self, judge: Judge) -> None:
        self.threshold = judge.threshold
        self.narrow = judge.narrow
        self._judge = judge

    def __call__(self, claim: str, quotes: Sequence[str], /) -> float | None:
        """Judge as the other one does."""
        return self._judge(claim, quotes)

    def prepare(self, quotes: Sequence[str], /) -> None:
        """Do nothing."""


def run(searcher: Searcher, judge: Judge, questions: Iterable[str]) -> TimedModel:
    """Ask every question once; return the model with the times."""
    model = TimedModel()
    assistant = Assistant(
        searcher, ModelWriter(model, QuotingWriter(searcher, load_model())), judge
    )
    for question in questions:
        model.started = _now()
        assistant.ask(question)
    return model


def lines(name: str, model: TimedModel) -> list[str]:
    """Return the table's lines about one run."""
    first = [times[0] for times in model.sentences if times]
    further = [one for times in model.sentences for one in times[1:]]
    parts = {
        "to the first token asked for": model.until_asked,
        "first sentence": first,
        "further sentences": further,
    }
    return [_line(f"{name}, {part}", times) for part, times in parts.items()]


def _line(name: str, times: Sequence[Moment]) -> str:
    wall, cpu = np.array(times).T
    cells = [f"{np.median(one):.1f} | {np.percentile(one, 95):.1f}" for one in (wall, cpu)]
    return f"| {name} | {len(times)} | {' | '.join(cells)} |"


def main() -> None:
    """Print the table: half of the questions are new and then asked again, half are unprepared."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the public sets")
    parser.add_argument("--keep", type=Path, help="folder of the index; condense_recall's will do")
    arguments = parser.parse_args()
    settings, judge = load_settings(), load_support()
    groups = asked(arguments.data)
    step = max(1, len(groups) // (2 * QUESTIONS))
    questions = [group[0].question for group in groups[::step]]
    with tempfile.TemporaryDirectory() as made:
        index = public_index(settings, arguments.data, arguments.keep or Path(made))
        with open_searcher(settings, index) as searcher:
            run(searcher, judge, questions[:2])  # loads what is loaded once
            prepared = run(searcher, judge, questions[2::2])
            again = run(searcher, judge, questions[2::2])
            unprepared = run(searcher, Unprepared(judge), questions[3::2])
    sys.stdout.write("| | n | wall median | p95 | CPU median | p95 |\n|---|---|---|---|---|---|\n")
    rows = [*lines("new", prepared), *lines("again", again), *lines("unprepared", unprepared)]
    sys.stdout.write("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
