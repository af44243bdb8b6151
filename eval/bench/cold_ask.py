"""A cold question, timed: `make bench`, or `python -m eval.bench.cold_ask [--runs N] [--json]`.

Each run starts two new processes, one after the other on the same two cores: `footnote ask`, which
answers from a ready index of the bundled article, and the peer (`peer_langchain`), which opens a
ready collection of the same article, made with the same embedding model, and prints the passages it
finds. The peer writes no answer, so the comparison favours it. Measured from outside: wall-clock
seconds from start to end, and the largest resident memory. A first pair warms the disk and is not
counted.

Ends with 1 when the goal is missed: at least 5 times faster, at most half the memory.
"""

import argparse
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from index.bundled import ARTICLES

QUESTION = "why did Abe court Putin?"
CORES = 2
PEER_NEEDS = ("langchain_chroma", "langchain_huggingface", "langchain_text_splitters")
QUIET = {
    "ANONYMIZED_TELEMETRY": "False",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


@dataclass(frozen=True)
class Run:
    """One process: seconds from start to end, its largest resident memory in MiB, and the seconds
    of processor time that it took, which other work on the machine hardly moves.
    """

    seconds: float
    mebibytes: float
    cpu_seconds: float = 0.0


def measure(command: Sequence[str]) -> Run:
    """Run `command` and measure it. Raises RuntimeError with its last words when it fails."""
    with tempfile.TemporaryFile() as complaints:
        started = perf_counter()
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=complaints, env={**os.environ, **QUIET}
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            complaints.seek(0)
            raise RuntimeError(complaints.read().decode("utf-8", "replace")[-2000:])
    # Linux counts in KiB, macOS in bytes.
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Run(seconds, used.ru_maxrss / unit, used.ru_utime + used.ru_stime)


def commands(folder: Path) -> dict[str, list[str]]:
    """Build both indexes under `folder`; return the command that asks each."""
    (article,) = ARTICLES.glob("*.md")
    python = [sys.executable, "-m"]
    index, peer = str(folder / "footnote"), str(folder / "peer")
    for prepared in (
        [*python, "assistant.cli", "index", str(article), "--index", index],
        [*python, "eval.bench.peer_langchain", "build", str(article), peer],
    ):
        measure(prepared)
    return {
        "footnote": [*python, "assistant.cli", "ask", QUESTION, "--index", index],
        "peer": [*python, "eval.bench.peer_langchain", "ask", peer, QUESTION],
    }


def compare(runs: dict[str, list[Run]]) -> dict[str, float]:
    """Return medians, how many times faster than the peer, and what share of its memory."""
    seconds = {name: median(run.seconds for run in of) for name, of in runs.items()}
    memory = {name: median(run.mebibytes for run in of) for name, of in runs.items()}
    pairs = zip(runs["peer"], runs["footnote"], strict=True)
    return {
        **{f"{name}_seconds": value for name, value in seconds.items()},
        **{f"{name}_mebibytes": value for name, value in memory.items()},
        "times_faster": median(peer.seconds / ours.seconds for peer, ours in pairs),
        "share_of_memory": memory["footnote"] / memory["peer"],
    }


def table(runs: dict[str, list[Run]], figures: dict[str, float]) -> str:
    """Return the figures for people."""
    lines = [f"{'':<10}{'seconds':>9}{'min':>8}{'max':>8}{'MiB':>8}"]
    for name, of in runs.items():
        seconds = [run.seconds for run in of]
        lines.append(
            f"{name:<10}{median(seconds):>9.2f}{min(seconds):>8.2f}{max(seconds):>8.2f}"
            f"{figures[f'{name}_mebibytes']:>8.0f}"
        )
    lines.append(
        f"{figures['times_faster']:.1f} times faster, "
        f"{figures['share_of_memory']:.2f} of the memory "
        f"(medians of {len(runs['footnote'])} pairs)"
    )
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and end with 1 when the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="pairs to measure (5)")
    parser.add_argument("--json", action="store_true", help="print everything for machines")
    parser.add_argument("--goal-speed", type=float, default=5.0, help="times faster (5)")
    parser.add_argument("--goal-memory", type=float, default=0.5, help="share of memory (0.5)")
    arguments = parser.parse_args()
    if missing := [name for name in PEER_NEEDS if not importlib.util.find_spec(name)]:
        sys.exit(f"the peer needs {', '.join(missing)}: make bench installs them")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    runs: dict[str, list[Run]] = {"footnote": [], "peer": []}
    with tempfile.TemporaryDirectory() as folder:
        sys.stderr.write("building both indexes\n")
        asked = commands(Path(folder))
        for number in range(arguments.runs + 1):
            sys.stderr.write(f"pair {number} of {arguments.runs}{' (warm-up)' * (not number)}\n")
            pair = {name: measure(command) for name, command in asked.items()}
            for name, run in pair.items() if number else ():
                runs[name].append(run)
    figures = compare(runs)
    sys.stdout.write(
        json.dumps(_everything(runs, figures), indent=1) if arguments.json else table(runs, figures)
    )
    sys.stdout.write("\n")
    fast, small = figures["times_faster"], figures["share_of_memory"]
    sys.exit(int(fast < arguments.goal_speed or small > arguments.goal_memory))


def _everything(runs: dict[str, list[Run]], figures: dict[str, float]) -> dict[str, Any]:
    packages = ("chromadb", "langchain-chroma", "onnxruntime", "sentence-transformers", "torch")
    return {
        **figures,
        "runs": {name: [asdict(run) for run in of] for name, of in runs.items()},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "versions": {name: version(name) for name in packages},
    }


if __name__ == "__main__":
    main()
