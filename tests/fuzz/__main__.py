"""Run the fuzzer: `python -m tests.fuzz [--seconds 10] [--keep DIR] [NAME…]`; needs extra `fuzz`.

Each target runs for so many seconds in a process of its own, guided by the coverage of our code
(Atheris over libFuzzer). What breaks one is left in DIR, as `NAME-crash-…` or `NAME-timeout-…`, and
makes the exit code 1; `python -m tests.fuzz NAME FILE` runs the target on such a file again.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.seeds import seeds

MOST_SECONDS = 30
"""Seconds that one input may take on a busy machine; most take less than a millisecond."""

MOST_MEMORY = 2_048
"""MiB that a target may take."""

MOST_BYTES = 4_096
"""Longest input that is tried: short ones find more; long ones have tests of their own."""


def run(name: str, seconds: int, keep: Path) -> int:
    """Fuzz the target `name` in a process of its own; return its exit code."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = keep / "corpus" / name
        corpus.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(seeds(name)):
            (Path(folder) / str(number)).write_bytes(seed)
        command = [
            *(sys.executable, "-m", "tests.fuzz", "--inside", name, str(corpus), folder),
            *(f"-max_total_time={seconds}", f"-timeout={MOST_SECONDS}", "-verbosity=0"),
            *(f"-rss_limit_mb={MOST_MEMORY}", f"-max_len={MOST_BYTES}", "-print_final_stats=1"),
            f"-artifact_prefix={keep}/{name}-",
        ]
        return subprocess.run(command, check=False).returncode


def fuzz(name: str, arguments: list[str]) -> None:
    """Fuzz `name` in this process, by libFuzzer's own arguments; does not return."""
    import atheris  # type: ignore[import-untyped,unused-ignore]  # it has no types; an extra

    with atheris.instrument_imports(include=["assistant", "index", "eval", "prompts"]):
        from tests.fuzz.targets import TARGETS
    atheris.Setup([sys.argv[0], *arguments], TARGETS[name])
    atheris.Fuzz()


def main() -> int:
    """Fuzz the targets that are named, or all; or run one on one file."""
    if sys.argv[1:2] == ["--inside"]:
        fuzz(sys.argv[2], sys.argv[3:])
    from tests.fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(TARGETS)}; then files to run")
    parser.add_argument("--seconds", type=int, default=10, help="for each target")
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz"), help="folder of findings")
    chosen = parser.parse_args()
    names = [name for name in chosen.names if name in TARGETS] or list(TARGETS)
    files = [Path(name) for name in chosen.names if name not in TARGETS]
    for file in files:
        TARGETS[names[0]](file.read_bytes())
    codes = {} if files else {name: run(name, chosen.seconds, chosen.keep) for name in names}
    broken = [name for name, code in codes.items() if code]
    sys.stderr.write(f"fuzz: {len(codes)} targets, broken: {', '.join(broken) or 'none'}\n")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
