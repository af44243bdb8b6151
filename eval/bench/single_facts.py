"""What the judge shows of changed sentences: `python -m eval.bench.single_facts DATA`.

Sentences of public documents (DATA/qa) are changed by `eval/reader/changes.py`, one fact each, or
reworded by `eval/reader/rewording.py`, and judged against the five sentences that they stand among.
Printed is, by kind, how many and the share shown at the shipped threshold. The rules know no
meaning: a few of the changes leave a sentence true, and a few of the rewordings make it false.
"""

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from assistant.evidence import sentences_of
from assistant.support import load_support
from eval.reader.changes import changes, stock
from eval.reader.rewording import reword

SETS = ("squad2", "emanual", "policyqa", "covidqa")
SEED = 7
_WINDOW, _READ, _LEAST, _MOST = 5, 8000, 40, 260


def texts(data: Path, sets: Sequence[str], rng: random.Random) -> list[str]:
    """Return the documents of the sets, shuffled."""
    found = [
        json.loads(line)["text"]
        for name in sets
        for line in (data / "qa" / f"{name}_documents.jsonl").read_text("utf-8").splitlines()
    ]
    rng.shuffle(found)
    return found


def pairs(data: Path, sets: Sequence[str], most: int) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, evidence, claim) for three sentences of each document, `most` pairs or more."""
    rng = random.Random(SEED)
    count = 0
    for text in texts(data, sets, rng):
        sentences = [s for s in sentences_of(text[:_READ]) if _LEAST < len(s) < _MOST]
        if len(sentences) <= _WINDOW:
            continue
        offered = stock(text[:_READ], sentences)
        for _ in range(3):
            at = rng.randrange(len(sentences) - _WINDOW + 1)
            window = sentences[at : at + _WINDOW]
            sentence, evidence = rng.choice(window), " ".join(window)
            made = [("true", reword(sentence, rng))]
            made += [(one.kind, one.text) for one in changes(sentence, offered, rng)]
            yield from ((kind, evidence, claim) for kind, claim in made)
            count += len(made)
        if count >= most:
            return


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the public sets")
    parser.add_argument("--sets", nargs="+", default=SETS, help="whose documents are read")
    parser.add_argument("--most", type=int, default=3000, help="pairs")
    typed = parser.parse_args()
    support = load_support()
    shown: dict[str, list[bool]] = defaultdict(list)
    for kind, evidence, claim in pairs(typed.data, typed.sets, typed.most):
        verdict = support(claim, [evidence])
        shown[kind].append(verdict is not None and verdict >= support.threshold)
    print("| kind | pairs | shown |\n|---|---|---|")
    for kind, found in sorted(shown.items()):
        print(f"| {kind} | {len(found)} | {sum(found) / len(found):.2f} |")


if __name__ == "__main__":
    main()
