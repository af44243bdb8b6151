"""Draw the table of `growth` as SVG: `python -m eval.bench.growth_chart TABLE [--folder DIR]`.

Writes growth-search.svg (milliseconds of a search) and growth-memory.svg (MiB of the process that
writes and of the one that searches), by passages, into docs/images or `--folder`.
"""

import argparse
from pathlib import Path

from eval.bench.load_charts import Line, chart

_HEAD = 2
"""Lines of the table before its first row."""


def draw(table: str, folder: Path) -> None:
    """Write both charts of a table as `growth` prints it."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    names = [cell.strip() for cell in lines[0].strip("|").split("|")]
    rows = [
        [float(cell.replace(",", "")) for cell in line.strip("|").split("|")]
        for line in lines[_HEAD:]
    ]

    def line(name: str, column: int) -> Line:
        return name, [(row[0], row[column]) for row in rows]

    warm, slow = names.index("warm, ms"), names.index("p95, ms")
    searching = chart(
        "Growth", "passages", "ms of a search", [line("median", warm), line("p95", slow)]
    )
    (folder / "growth-search.svg").write_text(searching, "utf-8")
    wrote, read = names.index("MiB"), len(names) - 1
    memory = chart("Growth", "passages", "MiB", [line("writing", wrote), line("searching", read)])
    (folder / "growth-memory.svg").write_text(memory, "utf-8")


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--folder", type=Path, default=Path("docs/images"))
    typed = parser.parse_args()
    draw(typed.table.read_text("utf-8"), typed.folder)


if __name__ == "__main__":
    main()
