"""How many questions a second `footnote serve` answers, and how long they take.

    python -m eval.bench.http_load [--seconds 10] [--rounds 3] [--source DIR]

Starts the server on the bundled article, warms it up, and asks over HTTP: first as fast as 8
connections can ("sustained"), then at half of 100 a second, at fixed moments whatever the server
does ("paced"), so that a slow answer does not make fewer questions, and once more so while a
hundred readers have asked for a stream and do not read it ("slow readers"). What is asked are the
questions of `eval/data` in many wordings, each once before any comes again: a server that
remembered whole answers would gain nothing by it.

The client shares the machine with the server, so what it costs is told too. `--source DIR` serves
another checkout, to compare the two on the same machine. Linux: CPU time and memory are read from
/proc.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from eval.cases import BUNDLED_CASES, read_cases

PORT = 8799
CONNECTIONS = 8
PACE = 50
SLOW_READERS = 100
_TICK = os.sysconf("SC_CLK_TCK")
_SEED = 20_160_115
_OPENINGS = ("", "and ", "so ", "hi, ", "please: ", "tell me ", "question: ", "do you know: ")
_TYPED: tuple[Callable[[str], str], ...] = (
    str,
    str.lower,
    lambda question: question.rstrip("?"),
    lambda question: question.lower().rstrip("?"),
)
"""How people type: as it should be, without capitals, without the question mark."""


def wordings(questions: Sequence[str]) -> list[str]:
    """Return every question in every wording, all different, in an order that is always the same.

    The wordings of a question lie far apart: what one was answered with is long forgotten.
    """
    told = [
        f"{opening}{typed(question)}"
        for question, opening, typed in itertools.product(questions, _OPENINGS, _TYPED)
    ]
    different = list(dict.fromkeys(told))
    random.Random(_SEED).shuffle(different)  # noqa: S311  no secret
    return different


@dataclass
class Load:
    """What one run of questions came to; times in seconds."""

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    failures: int = 0
    answered: int = 0

    def line(self, name: str, server: float, client: float) -> str:
        """Return the run as a row of a table; `server` and `client` are CPU seconds."""
        asked = len(self.times)
        cuts = statistics.quantiles(self.times, n=100)
        return (
            f"| {name} | {asked / self.seconds:.0f} | {cuts[49] * 1e3:.1f} | {cuts[98] * 1e3:.1f} "
            f"| {self.failures} | {self.answered / asked:.2f} | {server / asked * 1e3:.1f} "
            f"| {client / asked * 1e3:.2f} |"
        )


class Connection(asyncio.Protocol):
    """One connection that is kept open; as little client as will do, to measure the server."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._waiting: asyncio.Future[bytes] | None = None

    @classmethod
    async def open(cls) -> "Connection":
        """Connect."""
        _, one = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", PORT)
        return one

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what is written to."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Hand the response over when it is whole."""
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if found and len(body) >= int(length) and self._waiting and not self._waiting.done():
            self._waiting.set_result(bytes(self._received))
            self._received.clear()

    def connection_lost(self, error: Exception | None) -> None:
        """End a question that will get no response."""
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(error or ConnectionResetError("the server hung up"))

    async def ask(self, request: bytes, load: Load) -> bytes:
        """Send `request`, return the response, note how long it took."""
        started = time.perf_counter()
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        response = await self._waiting
        load.times.append(time.perf_counter() - started)
        load.failures += not response.startswith(b"HTTP/1.1 200")
        load.answered += b'"outcome":"answered"' in response
        return response

    @property
    def is_open(self) -> bool:
        """Whether the server has not hung up yet."""
        return not self._transport.is_closing()

    def close(self) -> None:
        """Hang up."""
        self._transport.close()


async def sustained(requests: Iterator[bytes], seconds: float) -> Load:
    """Ask as fast as the connections can."""
    load, started = Load(), time.perf_counter()

    async def client() -> None:
        connection = await Connection.open()
        while time.perf_counter() - started < seconds:
            await connection.ask(next(requests), load)
        connection.close()

    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    load.seconds = time.perf_counter() - started
    return load


async def paced(requests: Iterator[bytes], seconds: float) -> Load:
    """Ask at fixed moments; a question waits for no other."""
    load, started = Load(), time.perf_counter()
    idle = [await Connection.open() for _ in range(CONNECTIONS)]

    async def one() -> None:
        # The one that was idle longest: the server hangs up on one that is never used.
        connection = idle.pop(0) if idle else await Connection.open()
        await connection.ask(next(requests), load)
        idle.append(connection)

    tasks = []
    for number in range(int(seconds * PACE)):
        await asyncio.sleep(max(0.0, started + number / PACE - time.perf_counter()))
        tasks.append(asyncio.create_task(one()))
    await asyncio.gather(*tasks)
    load.seconds = time.perf_counter() - started
    for connection in idle:
        connection.close()
    return load


@contextmanager
def slow_readers(requests: Iterator[bytes]) -> Iterator[None]:
    """Have asked on a hundred connections, with the smallest buffer there is, and read nothing."""
    opened = []
    for _ in range(SLOW_READERS):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        one.connect(("127.0.0.1", PORT))
        one.sendall(next(requests).replace(b"Host:", b"Accept: text/event-stream\r\nHost:", 1))
        opened.append(one)
        # No faster than the server answers: they are to be slow, not to be a rush.
        time.sleep(1 / PACE)
    yield
    for one in opened:
        one.close()


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
    following = itertools.cycle(requests)
    await sustained(following, 3.0)
    print("| load | questions/s | p50 ms | p99 ms | errors | answered | server CPU ms | client |")
    print("|---|---|---|---|---|---|---|---|")
    before = memory_mib(process)
    slow = f"{SLOW_READERS} slow readers"
    loads = {"sustained": sustained, f"paced, {PACE}/s": paced, f"paced, {slow}": paced}
    for _ in range(rounds):
        for name, run in loads.items():
            with slow_readers(following) if slow in name else nullcontext():
                spent = cpu_seconds(process), cpu_seconds(os.getpid())
                load = await run(following, seconds)
                both = cpu_seconds(process) - spent[0], cpu_seconds(os.getpid()) - spent[1]
            print(load.line(name, *both), flush=True)
    print(f"\nserver memory: {before} MiB after warming up, {memory_mib(process)} MiB at the end")
    print(
        f"{len(requests):,} different questions; load average {os.getloadavg()[0]:.1f} at the end"
    )


def bundled_requests() -> list[bytes]:
    """Return the requests that ask the questions of `eval/data` in all their wordings."""
    cases = [case for case in read_cases(BUNDLED_CASES) if not case.history]
    return [as_request(wording) for wording in wordings([one.question for one in cases])]


@contextmanager
def served(source: Path, settings: Mapping[str, str]) -> Iterator[int]:
    """Run the server of the checkout `source` with further `settings`; the id of its process."""
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{folder}/conversations.db"
        command = [sys.executable, "-m", "assistant.cli", "serve", "--port", str(PORT)]
        environment = {**os.environ, "FOOTNOTE_CONVERSATIONS_URL": database, **settings}
        environment["PYTHONPATH"] = str(source.resolve())
        server = subprocess.Popen(command, env=environment, cwd=source)
        try:
            asyncio.run(_ready())
            yield server.pid
        finally:
            server.terminate()
            server.wait()


def main() -> None:
    """Start a server, load it, stop it."""
    parser = argparse.ArgumentParser(description="questions a second over HTTP")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--source", type=Path, default=Path(__file__).parents[2])
    options = parser.parse_args()
    with served(options.source, {}) as process:
        asyncio.run(measure(process, bundled_requests(), options.seconds, options.rounds))


async def _ready() -> None:
    for _ in range(300):
        try:
            (await Connection.open()).close()
        except OSError:
            await asyncio.sleep(0.2)
        else:
            return
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    main()
