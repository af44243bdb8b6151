"""What a Chroma server costs a search: `python -m eval.bench.vectors http://localhost:8000`.

The bundled article, and 10,000 made-up passages with random vectors (see `eval.bench.growth`), each
as an embedded index and as one on the server at that URL, asked the same questions in turn, one by
one. For each: seconds to write, median and 95th percentile of a search's milliseconds without
embedding the question, and the ratio of the medians. The server's part is in them; the collections
that were made are removed at the end.
"""

import argparse
import tempfile
from collections.abc import Iterable
from pathlib import Path
from secrets import token_hex
from statistics import median, quantiles
from time import perf_counter

from eval.bench.growth import QUESTIONS, SEED, RandomEmbedder, made_entries, made_texts
from index.assemble import Recipe, assemble
from index.bundled import ARTICLES
from index.catalog import Entry
from index.chroma_server import ChromaServer, ServerOptions
from index.engine import entry_for
from index.load import load
from index.search import Searcher


def article() -> list[Entry]:
    """Return the bundled articles, split."""
    files = sorted(ARTICLES.glob("*.md"))
    return [
        entry_for(load(file, id=file.stem, source=file.name, max_bytes=1 << 20), file.name, "")
        for file in files
    ]


def measure(entries: Iterable[Entry], server: ChromaServer, folder: Path) -> list[str]:
    """Return two rows of the table: embedded, and on the server."""
    entries, searchers, written = list(entries), [], []
    collection = f"footnote-bench-{token_hex(8)}"
    for name, where in (("embedded", None), ("server", server)):
        started = perf_counter()
        embedder = RandomEmbedder()
        recipe = Recipe(name, embedder, None, None, server=where, collection=collection)
        assemble(folder / name, recipe, entries, lambda *_: None)
        written.append(perf_counter() - started)
        searchers.append(Searcher(folder / name, RandomEmbedder(), server=server))
    seconds: list[list[float]] = [[], []]
    # In turn, so that whatever else the machine does is done to both.
    for question in made_texts(2 * QUESTIONS, 8, SEED + 1):
        for searcher, taken in zip(searchers, seconds, strict=True):
            searcher.embed_question(question)
            started = perf_counter()
            searcher.search(question, 8)
            taken.append(1000 * (perf_counter() - started))
    passages = searchers[0].manifest.passages
    for searcher in searchers:
        searcher.close()
    server.drop(collection)
    warm = [taken[QUESTIONS:] for taken in seconds]
    return [
        f"| {passages:,} | {name} | {wrote:.1f} | {median(taken):.1f} | "
        f"{quantiles(taken, n=20)[-1]:.1f} | {median(taken) / median(warm[0]):.1f} |"
        for name, wrote, taken in zip(("embedded", "server"), written, warm, strict=True)
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="a Chroma server")
    parser.add_argument("--passages", type=int, default=10_000)
    typed = parser.parse_args()
    server = ChromaServer(ServerOptions(typed.url, seconds=60))
    print("| passages | vectors | write, s | warm, ms | p95, ms | ratio |")
    print("|---" * 6 + "|")
    for entries in (article(), made_entries(typed.passages)):
        with tempfile.TemporaryDirectory() as folder:
            for row in measure(entries, server, Path(folder)):
                print(row, flush=True)


if __name__ == "__main__":
    main()
