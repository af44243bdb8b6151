"""The arithmetic of what is measured; the figures are those of `make bench`."""

import asyncio
import subprocess
import sys

import pytest

from assistant.llm import Done, Message
from eval.bench.cold_ask import Run, compare, measure, table
from eval.bench.overhead import TimedModel, lines

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


ASKING = """<passage number="1" title="a mill">
In 1871, the mill at Sarn burnt down. It had 4 floors. The mill was not built again.
</passage>"""


def test_the_timed_model_counts_what_is_between_its_pieces() -> None:
    """It says claims on the passage, and has a time for each once the next one has begun."""
    model = TimedModel()

    async def listening() -> list[str | Done]:
        return [one async for one in model.stream([Message("user", ASKING)])]

    *pieces, done = asyncio.run(listening())
    said = "".join(str(piece) for piece in pieces)
    assert isinstance(done, Done)
    assert "[1] " in said
    (spent,) = model.sentences
    assert len(spent) == said.count("[1] ") > 1
    assert len(model.until_asked) == 1


def test_first_and_further_sentences_are_told_apart() -> None:
    """Medians of wall clock and CPU by hand: the first sentences 1 and 3, the others 5 and 7."""
    model = TimedModel()
    model.until_asked = [(2.0, 1.0), (4.0, 1.0)]
    model.sentences = [[(1.0, 1.0), (5.0, 5.0)], [(3.0, 1.0), (7.0, 5.0)], []]
    until, first, further = lines("x", model)
    assert until.startswith("| x, to the first token asked for | 2 | 3.0 | ")
    assert first.startswith("| x, first sentence | 2 | 2.0 | ")
    assert further.startswith("| x, further sentences | 2 | 6.0 | ")
