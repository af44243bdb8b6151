"""Several `footnote serve` on one index and one PostgreSQL, behind nginx, for the tests here.

with postgres() as url, replica(index, url, folder) as one, nginx([one.port], folder) as front: ...

nginx runs with `deploy/nginx.conf`, in which only addresses and the place of its files are changed.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from tests.source import ROOT


@contextmanager
def postgres() -> Iterator[str]:
    """Start a PostgreSQL, or use that in POSTGRES_TEST_URL; return the URL of an empty schema."""
    import psycopg

    told = os.environ.get("POSTGRES_TEST_URL")
    started = None
    if told is None:
        started = subprocess.Popen(
            [ROOT / "tests" / "postgres.sh", "sh", "-c", 'echo "$POSTGRES_TEST_URL"; cat'],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert started.stdout is not None
        told = started.stdout.readline().strip()
    schema = f"test_{uuid4().hex}"
    try:
        with psycopg.connect(told, autocommit=True) as connection:
            connection.execute(f'CREATE SCHEMA "{schema}"'.encode())
        yield f"{told}&options=-csearch_path%3D{schema}"
        with psycopg.connect(told, autocommit=True) as connection:
            connection.execute(f'DROP SCHEMA "{schema}" CASCADE'.encode())
    finally:
        if started:
            started.communicate("")


@dataclass
class Replica:
    """A running server."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ready(self) -> str | None:
        """Return the generation that it serves; None while it does not."""
        try:
            found: dict[str, Any] = httpx.get(f"http://127.0.0.1:{self.port}/readyz").json()
        except httpx.TransportError:
            return None
        return found.get("index")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
    return port


@contextmanager
def replica(index: Path, database: str, folder: Path, **settings: str) -> Iterator[Replica]:
    """Run a server on `index`, and on `database`."""
    port = free_port()
    home = folder / f"replica-{port}"
    home.mkdir()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FOOTNOTE_")},
        "FOOTNOTE_CONVERSATIONS_URL": database,
        "FOOTNOTE_TRUSTED_PROXIES": "127.0.0.1",
        "FOOTNOTE_CACHE_DIR": str(home),
        "HOME": str(home),
        **settings,
    }
    log = folder / f"replica-{port}.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "assistant.cli", "serve"),
                *("--port", str(port), "--index", str(index)),
            ],
            cwd=home,
            env=environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    one = Replica(port, process, log)
    try:
        wait_for(lambda: one.ready() is not None or process.poll() is not None)
        assert process.poll() is None, log.read_text("utf-8")
        yield one
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)


@contextmanager
def nginx(ports: Sequence[int], folder: Path) -> Iterator[str]:
    """Run nginx as it is deployed, before servers on these ports; return its URL."""
    port = free_port()
    text = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    place = folder / "nginx"
    place.mkdir(exist_ok=True)
    servers = "".join(f"server 127.0.0.1:{one} max_fails=1 fail_timeout=2s;" for one in ports)
    text, changed = re.subn(r"(server replica-\d:8000 [^;]*;\s*)+", servers, text)
    assert changed == 1
    text = text.replace("listen 8080", f"listen 127.0.0.1:{port}").replace("/tmp/", f"{place}/")  # noqa: S108
    file = place / "nginx.conf"
    file.write_text(text.replace("/dev/stderr", f"{place}/error.log"), "utf-8")
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "these tests need nginx; on Debian: apt-get install nginx-light"
    command = [program, "-c", str(file), "-e", f"{place}/error.log"]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    process = subprocess.Popen([*command, "-g", "daemon off;"])
    try:
        wait_for(lambda: _listens(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def wait_for(true: Any, seconds: float = 120.0) -> None:
    """Return once `true()` is."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)
