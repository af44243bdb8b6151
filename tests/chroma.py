"""A real Chroma server for tests: `with chroma(folder) as server: server.url; server.kill()`.

The Rust server that the chromadb package carries, on a port of its own, started in some tenths of a
second.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx


class Chroma:
    """A `chroma run` that keeps its data in `folder`."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self.start()

    def start(self) -> None:
        """Start it, again on the same port and data, and wait until it answers."""
        command = [str(Path(sys.executable).with_name("chroma")), "run"]
        command += ["--path", str(self._folder), "--host", "127.0.0.1", "--port", str(self.port)]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        until = time.monotonic() + 30
        while time.monotonic() < until:
            assert self._process.poll() is None, "chroma run has ended"
            try:
                if httpx.get(f"{self.url}/api/v2/heartbeat", timeout=5).is_success:
                    return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise TimeoutError("chroma run does not answer")

    def kill(self) -> None:
        """End it as a crash would: kill -9."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@contextmanager
def chroma(folder: Path) -> Iterator[Chroma]:
    """Run a server with its data in `folder`."""
    server = Chroma(folder)
    try:
        yield server
    finally:
        server.kill()
