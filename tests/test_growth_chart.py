"""The charts of how an index grows, drawn from the table that is printed."""

from pathlib import Path

from eval.bench.growth_chart import draw

TABLE = """| passages | write, s | MiB | disk, MiB | open, s | warm, ms | p95, ms | CPU, ms | MiB |
|---|---|---|---|---|---|---|---|---|
| 1,000 | 2 | 100 | 7 | .02 | 1.5 | 2.0 | 1.5 | 50 |
| 2,000 | 4 | 200 | 14 | .03 | 3.0 | 4.0 | 3.0 | 75 |
"""


def test_a_printed_table_is_drawn(tmp_path: Path) -> None:
    """Both columns called MiB have a line; the highest point stands a tenth below the top."""
    draw(TABLE, tmp_path)
    memory = (tmp_path / "growth-memory.svg").read_text("utf-8")
    # 2,000 passages at the right edge, 200 MiB at 1/1.1 of 212 above 256, 100 at half of that.
    assert 'points="340.0,159.6 620.0,63.3" fill="none" stroke="#2563eb"' in memory
    assert ">writing<" in memory
    assert ">searching<" in memory
    assert ">p95<" in (tmp_path / "growth-search.svg").read_text("utf-8")
