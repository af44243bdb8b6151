"""How an index grows: `python -m eval.bench.growth 1000 10000 100000 300000`.

Made-up passages of fifty words drawn from a vocabulary of 50,000 by Zipf's law, one to a document,
with random unit vectors, for embedding so many would take hours: what is measured is writing and
searching, not finding. For each size: seconds to write and the writer's peak of resident MiB, MiB
on disk, seconds to open, warm milliseconds of a search without embedding the question (median, 95th
percentile, and median of processor time), and the searcher's peak of resident MiB; all sizes are
searched in turns, and what is told of searching are medians of the rounds.

`python -m eval.bench.growth --build 20000 200000` builds from text files, as `footnote index` does,
some so many passages (of `against`'s made-up texts), with random vectors too; `--model` has the
bundled model make them. For each size: passages, seconds, processor seconds, and the peak of
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

from assistant.settings import Settings
from eval.bench.against import make_texts
from index.assemble import Recipe, assemble
from index.build import BuildOptions, build
from index.catalog import Entry
from index.embed import Vectors, unit
from index.passage import Document, Passage, Span, vector_key
from index.search import Searcher

SEED = 20_160_115
DIMENSION = 384
VOCABULARY = 50_000
WORDS = 50
QUESTIONS = 200
PASSAGES_A_FILE = 12.4
"""Of `make_texts`, on average."""


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


def made_texts(count: int, words: int, seed: int) -> Iterator[str]:
    """Yield so many texts of so many made-up words."""
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
    document = Document(name, "", name, text)
    return Entry(document, name, "", (passage,), (vector_key(document, passage),))


def made_entries(passages: int) -> Iterator[Entry]:
    """Yield documents of one made-up passage each."""
    return (_entry(n, text) for n, text in enumerate(made_texts(passages, WORDS, SEED)))


def write(folder: Path, passages: int) -> str:
    """Write a generation of made-up passages; return the seconds that took and the peak of MiB."""
    entries = made_entries(passages)
    started = perf_counter()
    assemble(folder, Recipe("growth", RandomEmbedder(), None, None), entries, lambda *_: None)
    return f"{perf_counter() - started:.0f} | {_peak():.0f}"


def _peak() -> float:
    """Return the most MiB that this process has had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def build_texts(folder: Path, passages: int, *, model: bool) -> str:
    """Build an index of so many passages from files; return cells of the table."""
    make_texts(folder / "texts", round(passages / PASSAGES_A_FILE))
    embedder = None if model else RandomEmbedder()
    options = BuildOptions(cache=Settings().cache_dir, embedder=embedder)
    started, spent = perf_counter(), process_time()
    report = build([folder / "texts"], folder / "index", options, _told)
    seconds, cpu = perf_counter() - started, process_time() - spent
    return f"{report.passages:,} | {seconds:.0f} | {cpu:.0f} | {_peak():.0f}"


_stages: list[str] = []


def _told(stage: str, done: int, total: int) -> None:
    """Note on standard error how much memory each stage needed."""
    if stage not in _stages:
        _stages.append(stage)
        sys.stderr.write(f"{_peak():6.0f} MiB before {stage} ({done} of {total})\n")


def search(folder: Path) -> str:
    """Return cells of the table: to open, median, 95th percentile, processor time, memory."""
    started = perf_counter()
    searcher = Searcher(folder, RandomEmbedder())
    opened = perf_counter() - started
    seconds, spent = [], []
    for question in made_texts(2 * QUESTIONS, 8, SEED + 1):
        started, before = perf_counter(), process_time()
        searcher.search(question, 8)
        seconds.append(perf_counter() - started)
        spent.append(process_time() - before)
    warm = [1000 * one for one in seconds[QUESTIONS:]]
    cpu = 1000 * median(spent[QUESTIONS:])
    p95 = quantiles(warm, n=20)[-1]
    return f"{opened:.2f} | {median(warm):.1f} | {p95:.1f} | {cpu:.1f} | {_peak():.0f}"


def _apart(*arguments: str) -> str:
    """Run one measurement in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "eval.bench.growth", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def grown(sizes: Sequence[int], rounds: int, folder: Path) -> Iterator[str]:
    """Yield the table of how searching slows down, a row for each size; medians of the rounds.

    The indexes are written into `folder`, then searched in turns.
    """
    yield "| passages | write, s | MiB | disk, MiB | open, s | warm, ms | p95, ms | CPU, ms | MiB |"
    yield "|---" * 9 + "|"
    places = {passages: folder / str(passages) for passages in sizes}
    written = {n: _apart("--write", str(place), str(n)) for n, place in places.items()}
    searched = [
        {n: _apart("--search", str(place)).split(" | ") for n, place in places.items()}
        for _ in range(rounds)
    ]
    for n, place in places.items():
        size = sum(f.stat().st_size for f in place.rglob("*") if f.is_file()) / (1 << 20)
        columns = zip(*(found[n] for found in searched), strict=True)
        cells = " | ".join(f"{median(map(float, column)):.4g}" for column in columns)
        yield f"| {n:,} | {written[n]} | {size:.0f} | {cells} |"


def built(sizes: Sequence[int], *, model: bool) -> Iterator[str]:
    """Yield the table of what building needs, a row for each size."""
    yield "| passages | s | CPU s | peak, MiB |"
    yield "|---" * 4 + "|"
    for passages in sizes:
        with tempfile.TemporaryDirectory() as folder:
            how = ["--model"] if model else []
            yield f"| {_apart('--texts', folder, str(passages), *how)} |"


def main() -> None:
    """Print a row for each size, each measured in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("passages", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3, help="searches of all sizes, in turns")
    parser.add_argument("--build", action="store_true", help="build from files instead")
    parser.add_argument("--model", action="store_true", help="and let the model embed")
    for hidden in ("--search", "--write", "--texts"):
        parser.add_argument(hidden, type=Path, help=argparse.SUPPRESS)
    typed = parser.parse_args()
    if typed.search:
        print(search(typed.search))
    elif typed.write:
        print(write(typed.write, *typed.passages))
    elif typed.texts:
        print(build_texts(typed.texts, *typed.passages, model=typed.model))
    else:
        sizes = typed.passages
        with tempfile.TemporaryDirectory() as folder:
            grows = grown(sizes, typed.rounds, Path(folder))
            for row in built(sizes, model=typed.model) if typed.build else grows:
                print(row, flush=True)


if __name__ == "__main__":
    main()
