"""What findings and marked words are worth: `python -m eval.bench.findings DATA [--limit 200]`.

DATA/support holds ragtruth_qa.jsonl and ragtruth_summary.jsonl, in which people marked the words of
whole answers that conflict with the text or have no basis in it. Each answer is cut into sentences;
a sentence is what the first mark that it shares says. The signs and the marking are not fitted, but
`support` was fitted on answers of these texts: only how the kinds compare is a finding here. Beside
the marked words stands a baseline, content words that are nowhere in the text.
"""

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.findings import contradicted, finding, unsupported_words
from assistant.support import load_support
from eval.agreement import SEED
from index.split import split_sentences
from index.words import content_stems, words

BAND = 0.1
Marked = tuple[int, int, str]


def sentences(data: Path, limit: int) -> Iterator[tuple[str, str, list[Marked]]]:
    """Yield (context, sentence, marks within the sentence) of `limit` answers of each file."""
    for name in ("ragtruth_qa", "ragtruth_summary"):
        lines = (data / "support" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        for line in random.Random(SEED).sample(lines, min(limit, len(lines))):  # noqa: S311
            row: dict[str, Any] = json.loads(line)
            for one in split_sentences(row["claim"]):
                marks = [
                    (
                        max(mark["start"], one.start) - one.start,
                        min(mark["end"], one.end) - one.start,
                        "conflict" if "Conflict" in mark["type"] else "baseless",
                    )
                    for mark in row["spans"]
                    if mark["start"] < one.end and mark["end"] > one.start
                ]
                yield row["context"], row["claim"][one.start : one.end], marks


def main() -> None:
    """Print the confusion table, and precision and recall of the marked words."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--limit", type=int, default=10_000, help="answers of each file")
    arguments = parser.parse_args()
    support = load_support()
    band = (support.threshold - BAND, support.threshold + BAND)
    table: Counter[tuple[str, str]] = Counter()
    signs: Counter[tuple[str, bool]] = Counter()
    hits: Counter[str] = Counter()
    for context, claim, marks in sentences(arguments.data, arguments.limit):
        value = support(claim, [context])
        if value is None:
            continue
        said = contradicted(claim, [context])
        kind = marks[0][2] if marks else "supported"
        table[kind, finding(value, band, said)] += 1
        signs[kind, bool(said)] += 1
        if not marks:
            continue
        mine = {span.start for span in unsupported_words(claim, [context])}
        there = set(content_stems(context))
        for word in words(claim):
            if not word.is_content:
                continue
            wrong = any(start <= word.start < end for start, end, _ in marks)
            absent = word.stem not in there
            hits.update({"wrong": wrong, "all": 1, "marked": word.start in mine, "absent": absent})
            hits.update(
                {"marked right": wrong and word.start in mine, "absent right": wrong and absent}
            )
    columns = ("supported", "unsure", "not_in_text", "contradicted")
    print("| people say | " + " | ".join(columns) + " | a sign |\n|---|---|---|---|---|---|")
    for kind in ("supported", "baseless", "conflict"):
        total = max(1, signs[kind, True] + signs[kind, False])
        cells = [str(table[kind, column]) for column in columns]
        print(f"| {kind} | {' | '.join(cells)} | {signs[kind, True] / total:.3f} |")
    print("\n| words of sentences with a mark | precision | recall |\n|---|---|---|")
    for name in ("marked", "absent"):
        right = hits[f"{name} right"]
        print(f"| {name} | {right / hits[name]:.3f} | {right / hits['wrong']:.3f} |")
    print(f"| every word | {hits['wrong'] / hits['all']:.3f} | 1.000 |")


if __name__ == "__main__":
    main()
