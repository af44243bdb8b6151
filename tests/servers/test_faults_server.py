"""A server or its database killed, an index switched and written to, under load: nothing that was
told is lost.
"""

import asyncio
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Self

import httpx
import pytest

from assistant.answerability import load_model
from assistant.ask import Assistant
from assistant.quote import QuotingWriter
from assistant.serving.library import Library
from assistant.support import verbatim
from index.build import BuildOptions, build
from index.generation import switch
from index.search import open_index
from tests.fakes import HashEmbedder
from tests.serving import QUESTION, Server, running

pytestmark = pytest.mark.servers
ASKERS = 6
SWITCHES = 100


@contextmanager
def a_server(port: int, cache: Path, url: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `footnote serve` in a process, and return it once it is ready; killed at the end."""
    command = [sys.executable, "-m", "assistant.cli", "serve", "--port", str(port)]
    settings = {"FOOTNOTE_CACHE_DIR": str(cache), "FOOTNOTE_CONVERSATIONS_URL": url}
    process = subprocess.Popen(
        command, env={**os.environ, **settings}, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        end = monotonic() + 60
        while monotonic() < end and process.poll() is None:
            with suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                    break
            sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
    return port


class Load:
    """Asks in threads, in conversations that go on; `told` is what was acknowledged."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.told: list[tuple[str, str]] = []
        self.refused: list[int] = []
        self.unkept = 0
        self._ended = threading.Event()
        self._pool = ThreadPoolExecutor(ASKERS)

    def __enter__(self) -> Self:
        self._work = [self._pool.submit(self._ask) for _ in range(ASKERS)]
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._pool.shutdown()
        for one in self._work:
            one.result()

    def wait_for(self, more: int) -> None:
        """Return when so many more answers have been told."""
        end, wanted = monotonic() + 60, len(self.told) + more
        while len(self.told) < wanted:
            assert monotonic() < end, "too few answers"
            sleep(0.01)

    def _ask(self) -> None:
        conversation: str | None = None
        with httpx.Client(base_url=self.url, timeout=60) as client:
            while not self._ended.is_set():
                body = {"question": QUESTION}
                if conversation:
                    body["conversation_id"] = conversation
                try:
                    response = client.post("/v1/ask", json=body)
                except httpx.TransportError:
                    conversation = None
                    sleep(0.02)
                    continue
                if response.status_code != 200:
                    self.refused.append(response.status_code)
                    conversation = None
                    sleep(0.02)
                    continue
                conversation = response.headers.get("x-conversation-id")
                if conversation is None:
                    self.unkept += 1
                else:
                    self.told.append((conversation, response.json()["id"]))
                    if len(self.told) % 4 == 0:
                        conversation = None

    def all_there(self) -> None:
        """Check that every answer that was told can be read back over HTTP."""
        wanted: dict[str, set[str]] = {}
        for conversation, answer in self.told:
            wanted.setdefault(conversation, set()).add(answer)
        with httpx.Client(base_url=self.url, timeout=60) as client:
            for conversation, answers in wanted.items():
                kept = client.get(f"/v1/conversations/{conversation}").raise_for_status().json()
                assert answers <= {one["id"] for one in kept["answers"]}


def test_a_server_killed_under_load_keeps_what_it_told(
    bundled_assistant: Assistant, cache_folder: Path, tmp_path: Path
) -> None:
    """After kill -9 every acknowledged turn is there, SQLite is whole, a restart serves."""
    assert bundled_assistant.searcher.generation
    port, database = free_port(), tmp_path / "kept.db"
    with (
        a_server(port, cache_folder, f"sqlite:///{database}") as process,
        Load(f"http://127.0.0.1:{port}") as load,
    ):
        load.wait_for(60)
        process.kill()
        process.wait()
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with a_server(port, cache_folder, f"sqlite:///{database}"):
        load.all_there()


class Cluster:
    """A PostgreSQL of the test's own, to be killed; `url` names its database."""

    def __init__(self, bin_folder: Path, scratch: Path) -> None:
        self._bin, self._data = bin_folder, scratch / "data"
        self.url = f"postgresql://footnote@/postgres?host={scratch}"
        # PostgreSQL refuses to run as root.
        root = os.geteuid() == 0
        self._as = ["/sbin/runuser", "-u", "postgres", "--"] if root else []
        if root:
            shutil.chown(scratch, "postgres")
        scratch.chmod(0o755)
        self._run("initdb", "-U", "footnote", "-A", "trust", "-E", "UTF8")
        self._settings = f"-c listen_addresses= -c unix_socket_directories={scratch} -c fsync=off"
        self.start()

    def start(self) -> None:
        """Start it, as often as it takes until what was killed is gone."""
        end = monotonic() + 60
        while self._run("pg_ctl", "-l", self._data / "log", "-w", "-o", self._settings, "start"):
            assert monotonic() < end, "PostgreSQL does not start"
            sleep(0.2)

    def kill(self) -> None:
        """Kill -9 every process of it."""
        lead = int((self._data / "postmaster.pid").read_text("ascii").split()[0])
        children = Path(f"/proc/{lead}/task/{lead}/children").read_text("ascii").split()
        for one in (lead, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)

    def _run(self, program: str, *arguments: str | Path) -> int:
        command = [*self._as, self._bin / program, "-D", self._data, *arguments]
        return subprocess.run(command, check=False, stdout=subprocess.DEVNULL, cwd="/").returncode


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Return a running PostgreSQL; `tests/postgres.sh` installs it where it is missing."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        pytest.skip("no PostgreSQL here: run this by tests/postgres.sh, which installs it")
    # Its socket's path must be short, and others than we must get there.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        one = Cluster(found[-1], Path(scratch))
        yield one
        one.kill()


def test_a_killed_database_costs_no_turn_that_was_told(
    bundled_assistant: Assistant, cache_folder: Path, cluster: Cluster
) -> None:
    """While PostgreSQL is down questions are answered and not kept, or refused with 503; once it is
    back the server, never restarted, keeps on, and every acknowledged turn is there.
    """
    assert bundled_assistant.searcher.generation
    port = free_port()
    with a_server(port, cache_folder, cluster.url), Load(f"http://127.0.0.1:{port}") as load:
        load.wait_for(30)
        cluster.kill()
        end = monotonic() + 60
        while load.unkept < 10:
            assert monotonic() < end, "nobody noticed"
            sleep(0.02)
        cluster.start()
        load.wait_for(30)
        load.all_there()
        assert set(load.refused) <= {503}


def _tools(place: Path, colour: str) -> Path:
    folder = place / colour
    folder.mkdir()
    for number in range(3):
        lines = [f"The tools of shed {number} are {colour}, says row {row}." for row in range(20)]
        (folder / f"{number}.txt").write_text("\n\n".join(lines), encoding="utf-8")
    return folder


def test_a_hundred_switches_mix_no_answer(tmp_path: Path) -> None:
    """While generations alternate, every question is answered, each from one of them alone."""
    index, colours = tmp_path / "index", {}
    for colour in ("red", "blue"):
        options = BuildOptions(tmp_path, embedder=HashEmbedder())
        folder = _tools(tmp_path, colour)
        colours[build([folder], tmp_path / f"of-{colour}", options).generation] = colour
    for made, colour in colours.items():
        source = tmp_path / f"of-{colour}" / "generations" / made
        (index / "generations").mkdir(parents=True, exist_ok=True)
        source.rename(index / "generations" / made)
    names = list(colours)
    switch(index, names[0])

    def opened() -> Assistant:
        searcher = open_index(index, HashEmbedder())
        return Assistant(searcher, QuotingWriter(searcher, load_model(), 0.0), verbatim)

    async def main() -> dict[str, int]:
        library, answered, done = Library(index, opened(), opened), dict.fromkeys(names, 0), False

        async def ask() -> None:
            while not done:
                async with library.reading() as assistant:
                    answer = await assistant.aask("which colour are the tools of shed 2?")
                assert answer.outcome == "answered", answer.reason
                assert answer.index
                said = {found[1] for found in re.finditer(r"are (\w+), says", answer.text)}
                said |= {one.quote.split(" are ")[1].split(",")[0] for one in answer.citations}
                assert said == {colours[answer.index]}
                answered[answer.index] += 1

        askers = [asyncio.create_task(ask()) for _ in range(4)]
        for number in range(1, SWITCHES + 1):
            switch(index, names[number % 2])
            assert await library.refresh()
            await asyncio.sleep(0)
        done = True
        await asyncio.gather(*askers)
        library.close()
        return answered

    answered = asyncio.run(main())
    assert min(answered.values()) > 0


@pytest.fixture
def owner(model_folder: Path, cache_folder: Path, tmp_path: Path) -> Iterator[Server]:
    """Return a server on an index of its own."""
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "a.md").write_text("# Bees\n\nAda keeps bees behind the mill.\n", encoding="utf-8")
    build([notes], tmp_path / "index", BuildOptions(cache_folder))
    assert model_folder.is_dir()
    with running(tmp_path, cache_folder, tmp_path / "index") as one:
        yield one


def _upload(url: str, name: str, text: str) -> None:
    file = {"file": (name, f"# {name}\n\n{text}\n".encode())}
    assert httpx.post(f"{url}/v1/documents", files=file, timeout=60).status_code == 202


def _sources(url: str) -> set[str]:
    """Return what is served once no build is under way."""
    end = monotonic() + 60
    while httpx.get(f"{url}/v1/build").json()["state"] != "idle":
        assert monotonic() < end
        sleep(0.05)
    return {one["source"] for one in httpx.get(f"{url}/v1/documents").json()["documents"]}


def test_two_administrators_upload_at_once(
    owner: Server, cache_folder: Path, tmp_path: Path
) -> None:
    """Every upload that was taken is served; of two under one name it is one of them, whole. What
    was taken when the process ended is indexed when the next one starts.
    """

    def one(who: str) -> None:
        for number in range(4):
            _upload(owner.url, f"{who}{number}.md", f"The {who} mill has {number} wheels.")
            _upload(owner.url, "shared.md", f"The shared mill belongs to {who}. " * 50)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, ("north", "south")))
    wanted = {f"index/uploads/{who}{n}.md" for who in ("north", "south") for n in range(4)}
    served = _sources(owner.url)
    assert wanted | {"index/uploads/shared.md"} <= served
    (shared,) = (
        d
        for d in owner.service.desk.library.opened.searcher.documents()
        if d.source.endswith("shared.md")
    )
    assert ("north" in shared.text) != ("south" in shared.text)
    owner.stop()
    (tmp_path / "index" / "uploads" / "late.md").write_text("# Late\n\nIt rained.", "utf-8")
    with running(tmp_path, cache_folder, tmp_path / "index") as again:
        assert _sources(again.url) == served | {"index/uploads/late.md"}
