"""Footnote, measured by `against` with the verbs and figures of `peer_langchain`.

`warm` counts embedding the question each time: the searcher keeps the vectors of the last 64
questions, and more than that are asked in turn.
"""

import json
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter, process_time

PASSAGES = 8


def build(source: Path, store: Path) -> dict[str, float]:
    """Index a folder; the embedding model was exported before, as it is once on a machine.

    As with the peers, importing libraries is not counted: building something small does it.
    """
    from assistant.settings import Settings
    from index.build import BuildOptions
    from index.build import build as build_index

    options = BuildOptions(cache=Settings().cache_dir)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "one.txt").write_text("One sentence.", encoding="utf-8")
        build_index([Path(folder) / "one.txt"], Path(folder) / "index", options)
    started, spent = perf_counter(), process_time()
    report = build_index([source], store, options)
    return {
        "passages": report.passages,
        "seconds": perf_counter() - started,
        "cpu_seconds": process_time() - spent,
    }


def bare(source: Path, store: Path) -> dict[str, float]:
    """Only run the model on the passages of the index in `store`: what a build cannot go below.

    That is a caller for each core on one session, which is the fastest way that was found.
    """
    from index.embed import open_model
    from index.engine import cores
    from index.generation import current_generation
    from index.passage import found_by
    from index.search import open_index

    del source
    with open_index(store) as searcher:
        texts = [
            found_by(document, passage)
            for document in searcher.documents()
            for passage in searcher.passages(document.id)
        ]
    model = open_model(current_generation(store) / "model", threads=1)
    started, spent = perf_counter(), process_time()
    with ThreadPoolExecutor(cores()) as callers:
        for _ in callers.map(model.embed_question, texts):
            pass
    return {
        "passages": len(texts),
        "seconds": perf_counter() - started,
        "cpu_seconds": process_time() - spent,
    }


def ask(store: Path, question: str) -> None:
    """Print the passages that bear on `question`."""
    from index import open_index

    with open_index(store) as searcher:
        for hit in searcher.search(question, PASSAGES):
            sys.stdout.write(hit.passage.text + "\n\n")


def warm(store: Path, questions: list[str]) -> dict[str, list[float]]:
    """Return what each question took, asked a second time, in other company: seconds, CPU s."""
    from index import open_index

    seconds, spent = [], []
    with open_index(store) as searcher:
        for question in [*questions, *questions]:
            started, before = perf_counter(), process_time()
            searcher.search(question, PASSAGES)
            seconds.append(perf_counter() - started)
            spent.append(process_time() - before)
    return {"seconds": seconds[len(questions) :], "cpu_seconds": spent[len(questions) :]}


def main() -> None:
    """Run the verb that is named first."""
    verb, place, *rest = sys.argv[1:]
    if verb == "ask":
        ask(Path(place), rest[0])
        return
    if verb in {"build", "bare"}:
        made = build if verb == "build" else bare
        figures: object = made(Path(place), Path(rest[0]))
    else:
        figures = warm(Path(place), Path(rest[0]).read_text(encoding="utf-8").splitlines())
    if len(rest) > 1:
        Path(rest[1]).write_text(json.dumps(figures), encoding="utf-8")


if __name__ == "__main__":
    main()
