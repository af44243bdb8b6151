"""How many questions a second `footnote serve` answers, and how long they take.

    python -m eval.bench.http_load [--seconds 10] [--rounds 3]

Starts the server on the bundled article, warms it up, and asks the questions of `eval/data` over
HTTP: first as fast as 8 connections can ("sustained"), then at half of 100 a second, at fixed
moments whatever the server does ("paced"), so that a slow answer does not make fewer questions. The
client shares the machine with the server. Linux: CPU time and memory are read from /proc.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from eval.cases import BUNDLED_CASES, read_cases

PORT = 8799
CONNECTIONS = 8
PACE = 50
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Load:
    """What one run of questions came to; times in seconds."""

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    failures: int = 0

    def line(self, name: str, cpu: float) -> str:
        """Return the run as a row of a table."""
        asked = len(self.times)
        cuts = statistics.quantiles(self.times, n=100)
        return (
            f"| {name} | {asked / self.seconds:.0f} | {cuts[49] * 1e3:.1f} | {cuts[98] * 1e3:.1f} "
            f"| {self.failures} | {cpu / asked * 1e3:.1f} |"
        )


class Connection:
    """One connection that is kept open; as little client as will do, to measure the server."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def open(self) -> "Connection":
        """Connect."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def ask(self, request: bytes, load: Load) -> None:
        """Send `request`, read the response, note how long it took."""
        started = time.perf_counter()
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        await self._reader.readexactly(int(length))
        load.times.append(time.perf_counter() - started)
        load.failures += not head.startswith(b"HTTP/1.1 200")

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


async def sustained(port: int, requests: Sequence[bytes], seconds: float) -> Load:
    """Ask as fast as the connections can."""
    load, started = Load(), time.perf_counter()

    async def client(number: int) -> None:
        connection = await Connection(port).open()
        while time.perf_counter() - started < seconds:
            number += CONNECTIONS
            await connection.ask(requests[number % len(requests)], load)
        connection.close()

    await asyncio.gather(*(client(number) for number in range(CONNECTIONS)))
    load.seconds = time.perf_counter() - started
    return load


async def paced(port: int, requests: Sequence[bytes], seconds: float) -> Load:
    """Ask at fixed moments; a question waits for no other."""
    load, started = Load(), time.perf_counter()
    idle = [await Connection(port).open() for _ in range(CONNECTIONS)]

    async def one(number: int) -> None:
        # The one that was idle longest: the server hangs up on one that is never used.
        connection = idle.pop(0) if idle else await Connection(port).open()
        await connection.ask(requests[number % len(requests)], load)
        idle.append(connection)

    tasks = []
    for number in range(int(seconds * PACE)):
        await asyncio.sleep(max(0.0, started + number / PACE - time.perf_counter()))
        tasks.append(asyncio.create_task(one(number)))
    await asyncio.gather(*tasks)
    load.seconds = time.perf_counter() - started
    for connection in idle:
        connection.close()
    return load


def cpu_seconds(process: int) -> float:
    """Return the CPU time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def memory_mib(process: int) -> int:
    """Return the memory that a process holds."""
    status = Path(f"/proc/{process}/status").read_text("ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


def as_request(question: str) -> bytes:
    """Return the HTTP request that asks."""
    body = json.dumps({"question": question}).encode()
    head = f"POST /v1/ask HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def measure(process: int, requests: Sequence[bytes], seconds: float, rounds: int) -> None:
    """Run the loads in turns and print a row for each."""
    await sustained(PORT, requests, 3.0)
    print("| load | questions/s | p50 ms | p99 ms | errors | server CPU ms a question |")
    print("|---|---|---|---|---|---|")
    before = memory_mib(process)
    for _ in range(rounds):
        for name, run in (("sustained", sustained), (f"paced, {PACE}/s", paced)):
            spent = cpu_seconds(process)
            load = await run(PORT, requests, seconds)
            print(load.line(name, cpu_seconds(process) - spent), flush=True)
    print(f"\nserver memory: {before} MiB after warming up, {memory_mib(process)} MiB at the end")


def main() -> None:
    """Start a server, load it, stop it."""
    parser = argparse.ArgumentParser(description="questions a second over HTTP")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    cases = [case for case in read_cases(BUNDLED_CASES) if not case.history]
    requests = [as_request(case.question) for case in cases]
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{folder}/conversations.db"
        command = [sys.executable, "-m", "assistant.cli", "serve", "--port", str(PORT)]
        environment = {**os.environ, "FOOTNOTE_CONVERSATIONS_URL": database}
        server = subprocess.Popen(command, env=environment)
        try:
            asyncio.run(_ready())
            asyncio.run(measure(server.pid, requests, options.seconds, options.rounds))
        finally:
            server.terminate()
            server.wait()


async def _ready() -> None:
    for _ in range(100):
        try:
            (await Connection(PORT).open()).close()
        except OSError:
            await asyncio.sleep(0.2)
        else:
            return
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    main()
