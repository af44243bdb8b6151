"""What `footnote serve` does with more questions than it can answer: answers, refusals, memory.

    python -m eval.bench.overload [--rates 50,100,200,400] [--seconds 20] [--out FILE.json]

Starts the server on the bundled article and asks at fixed moments, whatever the server does (an
open loop, so that a slow answer does not make fewer questions), at each rate in turn. After the
last one it asks 20 times a second for five seconds, to see how soon all is as before. Every
response counts as an answer (200), a refusal (429, which must say when to come again) or an error:
any other status, a connection that broke, nothing within 30 seconds. Memory is noted every second.

One rate for ten minutes is the memory run: `--rates 50 --seconds 600`. `--source DIR` serves
another checkout; `python -m eval.bench.load_charts` draws what `--out` wrote. The client shares the
machine with the server. Linux: memory and CPU time are read from /proc.
"""

import argparse
import asyncio
import itertools
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.bench.http_load import (
    Connection,
    Load,
    bundled_requests,
    cpu_seconds,
    memory_mib,
    served,
    sustained,
)

PATIENCE_SECONDS = 30.0
AFTERWARDS = 20
ANSWERED, REFUSED = 200, 429


@dataclass
class Step:
    """What one rate came to; times in seconds, `refused` and `answered` one for each response."""

    rate: int
    seconds: float = 0.0
    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    errors: int = 0
    cpu: float = 0.0
    memory: list[int] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """Return the step as figures: milliseconds, questions a second, MiB."""
        return {
            "rate": self.rate,
            "answers_per_second": round(len(self.answered) / self.seconds, 1),
            "refusals_per_second": round(len(self.refused) / self.seconds, 1),
            "errors": self.errors,
            "p50_ms": centile(self.answered, 50),
            "p99_ms": centile(self.answered, 99),
            "refusal_p50_ms": centile(self.refused, 50),
            "refusal_p99_ms": centile(self.refused, 99),
            "server_cpu": round(self.cpu / self.seconds, 2),
            "memory_mib": self.memory,
        }


def centile(times: Sequence[float], which: int) -> float | None:
    """Return the nearest-rank percentile of `times` in milliseconds, None of nothing."""
    if not times:
        return None
    place = max(0, -(-len(times) * which // 100) - 1)
    return round(sorted(times)[place] * 1e3, 1)


async def step(process: int, requests: Iterator[bytes], rate: int, seconds: float) -> Step:
    """Ask `rate` times a second for `seconds`, and wait for what was asked."""
    found, started = Step(rate), time.perf_counter()
    spent = cpu_seconds(process)
    idle: list[Connection] = []
    watching = asyncio.create_task(_watch(process, found))
    tasks = []
    for number in range(int(seconds * rate)):
        await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(_one(idle, next(requests), found)))
    await asyncio.gather(*tasks)
    watching.cancel()
    found.seconds = time.perf_counter() - started
    found.cpu = cpu_seconds(process) - spent
    for connection in idle:
        connection.close()
    return found


async def _one(idle: list[Connection], request: bytes, found: Step) -> None:
    load, started = Load(), time.perf_counter()
    connection: Connection | None = None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while idle and not idle[-1].is_open:  # the server hangs up on idle ones
                idle.pop()
            connection = idle.pop() if idle else await Connection.open()
            response = await connection.ask(request, load)
    except OSError:  # also a time-out
        found.errors += 1
        if connection is not None:
            connection.close()
        return
    took = time.perf_counter() - started
    head = response.partition(b"\r\n\r\n")[0]
    match int(response[9:12]):
        case code if code == ANSWERED:
            found.answered.append(took)
        case code if code == REFUSED and b"retry-after:" in head.lower():
            found.refused.append(took)
        case _:
            found.errors += 1
    if b"connection: close" in head.lower():
        connection.close()
    else:
        idle.append(connection)


async def _watch(process: int, found: Step) -> None:
    while True:
        found.memory.append(memory_mib(process))
        await asyncio.sleep(1)


async def measure(process: int, rates: Sequence[int], seconds: float) -> list[dict[str, Any]]:
    """Warm up, run the rates in turn and the one afterwards; print a row for each."""
    requests = itertools.cycle(bundled_requests())
    await sustained(requests, 3.0)
    print(
        "| asked a second | answers/s | p50 ms | p99 ms | 429/s | their p50 ms | p99 ms | errors "
        "| server CPU | memory MiB |\n|---|---|---|---|---|---|---|---|---|---|"
    )
    rows = []
    for rate, long in [*((rate, seconds) for rate in rates), (AFTERWARDS, 5.0)]:
        row = (await step(process, requests, rate, long)).row()
        rows.append(row)
        told = [v if v is not None else "" for k, v in row.items() if k not in _ELSEWHERE]
        cells = [*told, row["errors"], row["server_cpu"], row["memory_mib"][-1]]
        order = (0, 1, 3, 4, 2, 5, 6, 7, 8, 9)
        print("| " + " | ".join(str(cells[i]) for i in order) + " |", flush=True)
    print(f"\nload average {os.getloadavg()[0]:.1f} at the end; the last row is afterwards")
    return rows


_ELSEWHERE = {"errors", "server_cpu", "memory_mib"}


def main() -> None:
    """Start a server, ask it too much, stop it."""
    parser = argparse.ArgumentParser(description="more questions than can be answered")
    parser.add_argument("--rates", default="50,100,200,400")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--source", type=Path, default=Path(__file__).parents[2])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rates = [int(rate) for rate in options.rates.split(",")]
    with served(options.source, {}) as process:
        rows = asyncio.run(measure(process, rates, options.seconds))
    if options.out:
        options.out.write_text(json.dumps({"kind": "overload", "rows": rows}), encoding="utf-8")


if __name__ == "__main__":
    main()
