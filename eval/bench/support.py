"""What judging a claim costs: `python -m eval.bench.support`.

Each claim of our own pairs is judged and narrowed against 24 sentences, as from four passages. The
baseline is counting shared words. Medians of milliseconds, evidence read once before (as for the
second sentence of an answer) and never before (as for the first).
"""

import json
from pathlib import Path
from statistics import median
from time import perf_counter

from assistant import evidence, reading
from assistant.lexicon import lexicon
from assistant.support import load_support
from index.words import content_stems

PAIRS = Path(__file__).parents[1] / "data" / "support_pairs.jsonl"
SENTENCES = 24


def main() -> None:
    """Print the table."""
    started = perf_counter()
    lexicon()
    support = load_support()
    print(f"loading: {1000 * (perf_counter() - started):.0f} ms")
    rows = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
    texts = [s for row in rows for s in evidence.sentences_of(row["evidence"])]
    cold: list[float] = []
    warm: list[float] = []
    words: list[float] = []
    for number, row in enumerate(rows):
        sentences = [texts[(7 * number + i) % len(texts)] for i in range(SENTENCES)]
        reading.read.cache_clear()
        evidence.gather.cache_clear()
        for one in row["false"]:
            started = perf_counter()
            support.narrow(one["claim"], sentences)
            support(one["claim"], sentences)
            (warm if one is not row["false"][0] else cold).append(1000 * (perf_counter() - started))
            started = perf_counter()
            mine = set(content_stems(one["claim"]))
            max(len(mine & set(content_stems(s))) for s in sentences)
            words.append(1000 * (perf_counter() - started))
    base = median(words)
    print("| | ms | times shared words |\n|---|---|---|")
    for name, times in (("first claim", cold), ("further claims", warm), ("shared words", words)):
        print(f"| {name} | {median(times):.2f} | {median(times) / base:.1f} |")


if __name__ == "__main__":
    main()
