"""How an index grows: `python -m eval.bench.growth 1000 10000 100000`.

Made-up passages of fifty words drawn from a vocabulary of 50,000 by Zipf's law, one to a document,
with random unit vectors, for embedding so many would take a day: what is measured is searching, not
finding. For each size: seconds to write, MiB on disk, seconds to open, warm milliseconds of a
search without embedding the question (median, 95th percentile, and median of processor time), and
resident MiB.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time

import numpy as np

from index.assemble import Recipe, assemble
from index.catalog import Entry
from index.embed import Vectors, unit
from index.passage import Document, Passage, Span
from index.search import Searcher

SEED = 20_160_115
DIMENSION = 384
VOCABULARY = 50_000
WORDS = 50
QUESTIONS = 200


class RandomEmbedder:
    """An Embedder whose vectors say nothing: random, on the unit sphere."""

    name = fingerprint = "random"
    dimension = DIMENSION

    def __init__(self) -> None:
        self._chance = np.random.default_rng(SEED)

    def vocabulary(self) -> list[str]:
        """Return nothing: it knows no language."""
        return []

    def embed_question(self, text: str) -> Vectors:
        """Return a random unit vector."""
        del text
        return unit(self._chance.standard_normal(DIMENSION, np.float32))

    def embed_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, Vectors]:
        """Return random unit vectors of the shapes that are asked for."""
        shape = (sum(map(len, sentences)), DIMENSION)
        whole = self._chance.standard_normal((len(texts), DIMENSION), np.float32)
        return unit(whole), unit(self._chance.standard_normal(shape, np.float32))


def _texts(count: int, words: int, seed: int) -> Iterator[str]:
    chance = np.random.default_rng(seed)
    for _ in range(count):
        numbers = np.minimum(chance.zipf(1.2, words), VOCABULARY)
        yield " ".join(f"w{number}x" for number in numbers)


def _entry(number: int, text: str) -> Entry:
    """Return a document of one passage in two sentences, without splitting it."""
    half = text.index(" ", len(text) // 2)
    spans = (Span(0, half), Span(half + 1, len(text)))
    name = f"d{number}"
    passage = Passage(0, name, 0, len(text), text, "", spans)
    return Entry(Document(name, "", name, text), name, "", (passage,), (f"{number:032}",))


def write(folder: Path, passages: int) -> float:
    """Write a generation of made-up passages; return the seconds that took."""
    entries = [_entry(n, text) for n, text in enumerate(_texts(passages, WORDS, SEED))]
    started = perf_counter()
    assemble(folder, Recipe("growth", RandomEmbedder(), None, None), entries, lambda *_: None)
    return perf_counter() - started


def search(folder: Path) -> str:
    """Return cells of the table: to open, median, 95th percentile, processor time, memory."""
    started = perf_counter()
    searcher = Searcher(folder, RandomEmbedder())
    opened = perf_counter() - started
    seconds, spent = [], []
    for question in _texts(2 * QUESTIONS, 8, SEED + 1):
        started, before = perf_counter(), process_time()
        searcher.search(question, 8)
        seconds.append(perf_counter() - started)
        spent.append(process_time() - before)
    warm = [1000 * one for one in seconds[QUESTIONS:]]
    cpu = 1000 * median(spent[QUESTIONS:])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    p95 = quantiles(warm, n=20)[-1]
    return f"{opened:.2f} | {median(warm):.1f} | {p95:.1f} | {cpu:.1f} | {memory:.0f}"


def main() -> None:
    """Print a row for each size, each searched in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("passages", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--search", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.search:
        sys.stdout.write(search(arguments.search))
        return
    print(
        "| passages | write, s | disk, MiB | open, s | warm, ms | p95, ms | CPU, ms | MiB |\n"
        + "|---" * 8
        + "|"
    )
    for passages in arguments.passages:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "growth"
            seconds = write(place, passages)
            size = sum(f.stat().st_size for f in place.rglob("*") if f.is_file()) / (1 << 20)
            command = [sys.executable, "-m", "eval.bench.growth", "--search", str(place)]
            cells = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        print(f"| {passages:,} | {seconds:.0f} | {size:.0f} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
