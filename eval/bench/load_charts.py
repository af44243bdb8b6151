"""Draw what `overload --out` wrote, as SVG.

    python -m eval.bench.load_charts RATES.json MEMORY.json [--folder DIR]

Writes load-rates.svg and load-delays.svg (what becomes of questions, and how soon, by how many are
asked) and load-memory.svg (the server's memory by time) into docs/images or `--folder`.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 300, 60, 44, 44
COLOURS = ("#2563eb", "#dc2626", "#059669", "#9333ea")
Line = tuple[str, Sequence[tuple[float, float]]]


def chart(title: str, across: str, up: str, lines: Sequence[Line]) -> str:
    """Return lines over one pair of axes that begin at 0, as SVG; each with its name in a legend.

    `lines` are (name, points); a point is (across, up).
    """
    points = [point for _, line in lines for point in line]
    right, top = max(x for x, _ in points), 1.1 * max(y for _, y in points)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{title}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        '<g font-family="sans-serif" font-size="12" fill="#374151">',
    ]
    for step in range(5):
        parts.append(_tick(_place(0, step / 4)[1], step / 4 * top))
        x, _ = _place(step / 4, 0)
        anchor = "end" if step == 4 else "middle"  # noqa: PLR2004  the last one, at the edge
        parts.append(
            f'<text x="{x}" y="{HEIGHT - BOTTOM + 16}" text-anchor="{anchor}">'
            f"{step / 4 * right:,.0f}</text>"
        )
    for number, (name, line) in enumerate(lines):
        drawn = " ".join("{},{}".format(*_place(x / right, y / top)) for x, y in line)
        colour = COLOURS[number % len(COLOURS)]
        parts.append(f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(
            f'<text x="{LEFT + number * 150}" y="{TOP - 12}" fill="{colour}">{name}</text>'
        )
    parts += [
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 8}" text-anchor="middle">{across}</text>',
        f'<text x="8" y="16" font-weight="bold">{title}: {up}</text>',
        "</g></svg>",
    ]
    return "\n".join(parts) + "\n"


def _place(across: float, up: float) -> tuple[float, float]:
    """Return where a point stands whose shares of both axes these are."""
    x = LEFT + across * (WIDTH - LEFT - 20)
    return round(x, 1), round(HEIGHT - BOTTOM - up * (HEIGHT - BOTTOM - TOP), 1)


def _tick(y: float, value: float) -> str:
    return (
        f'<line x1="{LEFT}" x2="{WIDTH - 20}" y1="{y}" y2="{y}" stroke="#e5e7eb"/>'
        f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{value:,.0f}</text>'
    )


def draw(rates: Path, memory: Path, folder: Path) -> None:
    """Write both charts."""
    rows = json.loads(rates.read_text("utf-8"))["rows"][:-1]  # the last is the one afterwards
    told = {
        "answers a second": "answers_per_second",
        "refused a second": "refusals_per_second",
    }
    lines: list[Line] = [
        (name, [(row["rate"], row[key]) for row in rows]) for name, key in told.items()
    ]
    (folder / "load-rates.svg").write_text(
        chart("Past saturation", "questions asked a second", "what became of them", lines), "utf-8"
    )
    delays: list[Line] = [
        (name, [(row["rate"], row[key]) for row in rows if row[key] is not None])
        for name, key in {
            "answer, p50": "p50_ms",
            "answer, p99": "p99_ms",
            "refusal, p50": "refusal_p50_ms",
            "refusal, p99": "refusal_p99_ms",
        }.items()
    ]
    (folder / "load-delays.svg").write_text(
        chart("Past saturation", "questions asked a second", "milliseconds", delays), "utf-8"
    )
    held = json.loads(memory.read_text("utf-8"))["rows"][0]
    line = [(float(second), float(mib)) for second, mib in enumerate(held["memory_mib"])]
    name = f"{held['rate']} questions a second"
    (folder / "load-memory.svg").write_text(
        chart("Memory", "seconds", "MiB resident", [(name, line)]), "utf-8"
    )


def main() -> None:
    """Read two files of figures, write the charts."""
    parser = argparse.ArgumentParser(description="charts of a load")
    parser.add_argument("rates", type=Path)
    parser.add_argument("memory", type=Path)
    parser.add_argument(
        "--folder", type=Path, default=Path(__file__).parents[2] / "docs" / "images"
    )
    options = parser.parse_args()
    draw(options.rates, options.memory, options.folder)


if __name__ == "__main__":
    main()
