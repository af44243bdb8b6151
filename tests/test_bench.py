"""The arithmetic of what is measured; the figures are those of `make bench`."""

import subprocess
import sys

import pytest

from eval.bench.cold_ask import Run, compare, measure, table

RUNS = {
    "footnote": [Run(0.5, 100.0), Run(1.0, 120.0), Run(0.8, 110.0)],
    "peer": [Run(5.0, 500.0), Run(6.0, 700.0), Run(8.0, 600.0)],
}


def test_medians_and_ratios_by_hand() -> None:
    """Ratios of time are taken pair by pair (10, 6, 10), that of memory between medians."""
    assert compare(RUNS) == {
        "footnote_seconds": 0.8,
        "peer_seconds": 6.0,
        "footnote_mebibytes": 110.0,
        "peer_mebibytes": 600.0,
        "times_faster": 10.0,
        "share_of_memory": 110 / 600,
    }


def test_the_table_says_what_was_compared() -> None:
    """A reader sees medians, spread and both ratios."""
    shown = table(RUNS, compare(RUNS))
    assert "0.80    0.50    1.00     110" in shown
    assert "10.0 times faster, 0.18 of the memory (medians of 3 pairs)" in shown


MEASURED = """
import sys
from eval.bench.cold_ask import measure
small = measure([sys.executable, "-c", "import time; time.sleep(0.2)"])
large = measure([sys.executable, "-c", "block = bytearray(200 << 20)"])
assert 0.2 <= small.seconds < 30
assert large.mebibytes - small.mebibytes > 150
"""


def test_a_process_is_measured() -> None:
    """Time and memory are those of the process that was started.

    Measured from a small process, as the benchmark is: Linux counts a child's memory from the fork,
    when it still shares its parent's.
    """
    subprocess.run([sys.executable, "-c", MEASURED], check=True)


def test_a_process_that_fails_is_no_figure() -> None:
    """A run that ended badly raises with what it said."""
    with pytest.raises(RuntimeError, match="no such luck"):
        measure([sys.executable, "-c", "raise SystemExit('no such luck')"])
