"""Vectors on a Chroma server: a real one answers like the files do; nothing is taken on trust."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from assistant.ask import Assistant
from assistant.doctor import examine
from assistant.settings import Settings
from assistant.wiring import open_assistant, open_server
from index.build import BuildOptions, BuildReport, build
from index.chroma_server import ChromaServer, ServerOptions, ServerVectors
from index.embed import unit
from index.errors import IndexUnavailable, SettingError
from index.search import open_index
from index.store import FullScan
from tests.chroma import Chroma, chroma
from tests.fakes import HashEmbedder


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chroma]:
    """Return a Chroma server for these tests."""
    with chroma(tmp_path_factory.mktemp("chroma")) as server:
        yield server


@pytest.fixture
def server(running: Chroma) -> Iterator[ChromaServer]:
    """Return a client of it."""
    with ChromaServer(ServerOptions(running.url)) as client:
        yield client


def notes(folder: Path, *names: str) -> list[Path]:
    """Write a document for each name and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        text = f"The {name} leaves at noon.\n\nNobody waits for the {name} in winter."
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return [folder / f"{name}.txt" for name in names]


def built(folder: Path, server: ChromaServer | None, *names: str, **changes: Any) -> BuildReport:
    """Build the index of these documents."""
    options = BuildOptions(folder, embedder=HashEmbedder(), server=server, **changes)
    return build(notes(folder / "in", *names), folder / "index", options)


def mine(server: ChromaServer, folder: Path) -> list[str]:
    """Return the collections of the index in `folder`."""
    return list(server.names(f"footnote-{(folder / 'index' / 'id').read_text()}-"))


def test_the_server_finds_what_a_full_scan_finds(server: ChromaServer) -> None:
    """The same neighbours with the same cosines, also of some passages only, and never too many."""
    generator = np.random.default_rng(7)
    vectors = unit(generator.normal(size=(1200, 32)).astype(np.float32)).astype(np.float16)
    steps: list[tuple[int, int]] = []
    server.fill("footnote-contract-1", vectors, lambda done, of: steps.append((done, of)))
    assert steps[-1] == (1200, 1200)
    there, scan = ServerVectors(server, "footnote-contract-1", vectors), FullScan(vectors)
    shared = 0
    for number in range(0, 1200, 60):
        vector = unit(generator.normal(size=32).astype(np.float32))
        exact, cosines = scan.nearest(vector, 10)
        found, own = there.nearest(vector, 10)
        shared += len(set(exact.tolist()) & set(found.tolist()))
        assert own[0] == pytest.approx(cosines[0], abs=2e-2)
        assert list(own) == sorted(own, reverse=True)
        assert there.nearest(unit(vectors[number].astype(np.float32)), 1)[0].tolist() == [number]
    assert shared / 200 > 0.95
    allowed = np.arange(0, 1200, 7)
    assert there.nearest_of(vector, 5, allowed)[0].tolist() == (
        scan.nearest_of(vector, 5, allowed)[0].tolist()
    )
    assert len(there.nearest(vector, 5_000)[0]) <= 1200


def test_an_index_answers_from_the_server(server: ChromaServer, tmp_path: Path) -> None:
    """Built there it finds what an index beside the texts finds; no graph lies in its files."""
    built(tmp_path / "a", server, "ferry", "train")
    built(tmp_path / "b", None, "ferry", "train")
    (generation,) = (tmp_path / "a" / "index" / "generations").iterdir()
    assert not (generation / "vectors" / "chroma").exists()
    assert len(mine(server, tmp_path / "a")) == 1
    with (
        open_index(tmp_path / "a" / "index", HashEmbedder(), server=server) as there,
        open_index(tmp_path / "b" / "index", HashEmbedder()) as here,
    ):
        asked = "when does the train leave?"
        found = [(hit.passage.text, hit.score, hit.dense) for hit in there.search(asked, 4)]
        assert found == [(hit.passage.text, hit.score, hit.dense) for hit in here.search(asked, 4)]
    # An index that has its vectors itself is not sought on a server that happens to be set.
    with open_index(tmp_path / "b" / "index", HashEmbedder(), server=server) as here:
        assert here.search(asked, 1)


def test_old_collections_go_and_others_stay(server: ChromaServer, tmp_path: Path) -> None:
    """A build removes what its generations no longer need and what a killed build left: of its own
    index, and of no other.
    """
    built(tmp_path / "other", server, "ferry")
    for names in (["ferry"], ["ferry", "train"], ["ferry", "train", "coach"]):
        built(tmp_path / "mine", server, *names)
    assert len(mine(server, tmp_path / "mine")) == 2
    start = mine(server, tmp_path / "mine")[0].rpartition("-")[0]
    server.fill(f"{start}-killed", np.eye(4, dtype=np.float16))
    built(tmp_path / "mine", server, "ferry", "train", "coach", "tram")
    left = mine(server, tmp_path / "mine")
    kept = {folder.name for folder in (tmp_path / "mine" / "index" / "generations").iterdir()}
    assert {name.rpartition("-")[2] for name in left} == kept
    assert len(mine(server, tmp_path / "other")) == 1
    with open_index(tmp_path / "other" / "index", HashEmbedder(), server=server) as other:
        assert other.search("when does the ferry leave?", 1)


def test_vectors_that_are_lost_are_put_back(server: ChromaServer, tmp_path: Path) -> None:
    """What the server no longer has is told, and indexing again sends it without embedding."""
    built(tmp_path, server, "ferry", "train")
    (name,) = mine(server, tmp_path)
    with open_index(tmp_path / "index", HashEmbedder(), server=server) as searcher:
        assert searcher.search("ferry", 1)
        server.drop(name)
        with pytest.raises(IndexUnavailable, match=r"holds 0 of \d+ vectors.*index the documents"):
            searcher.search("train", 1)
        report = built(tmp_path, server, "ferry", "train")
        assert (report.embedded, report.unchanged) == (0, 2)
        # Who had it open goes on, with the collection that was made anew.
        assert searcher.search("train", 1)


def test_moving_to_a_server_and_back_embeds_nothing(server: ChromaServer, tmp_path: Path) -> None:
    """Setting and index are told apart: without the setting such an index says what is missing."""
    built(tmp_path, None, "ferry", "train")
    report = built(tmp_path, server, "ferry", "train")
    assert report.embedded == 0
    with pytest.raises(IndexUnavailable, match="set FOOTNOTE_CHROMA_URL"):
        open_index(tmp_path / "index", HashEmbedder())
    assert built(tmp_path, None, "ferry", "train").embedded == 0
    with open_index(tmp_path / "index", HashEmbedder()) as searcher:
        assert searcher.search("when does the ferry leave?", 1)


def test_an_answer_fails_while_the_server_is_away_and_then_recovers(
    tmp_path: Path, cache_folder: Path, model_folder: Path
) -> None:
    """Down, a question fails as index_unavailable; back with its data, the same process answers."""
    assert model_folder.is_dir()
    with chroma(tmp_path / "data") as away:
        settings = Settings(cache_dir=cache_folder, chroma_url=away.url)
        server = open_server(settings)
        files = notes(tmp_path / "in", "ferry")
        build(files, tmp_path / "index", BuildOptions(cache_folder, server=server))
        with open_assistant(settings, tmp_path / "index") as assistant:
            assert said(assistant) == "answered"
            away.kill()
            assert said(assistant) == "index_unavailable"
            (check,) = (
                c
                for c in examine(settings, None, lambda: None, lambda: server)
                if "Chroma" in c.name
            )
            assert check.state == "broken"
            assert "FOOTNOTE_CHROMA_URL" in check.remedy
            away.start()
            assert said(assistant) == "answered"
        checks = examine(settings, None, lambda: None, lambda: server)
        assert "1 collections" in next(c.found for c in checks if c.name == "Chroma server")


def said(assistant: Assistant) -> str | None:
    """Ask when the ferry leaves; return the outcome, or why it failed."""
    answer = assistant.ask("When does the ferry leave?")
    return answer.reason or answer.outcome


Answering = Callable[[str], tuple[int, Any]]


@pytest.fixture
def pretending() -> Iterator[Callable[[Answering], ChromaServer]]:
    """Return a function that makes a client of a server which answers as it is told to."""
    opened: list[Any] = []

    def pretend(answering: Answering) -> ChromaServer:
        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                asked.append(self.headers.get("Authorization") or "")
                status, said = answering(f"{self.command} {self.path}")
                body = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_DELETE = answer  # noqa: N815  http.server's names

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        asked: list[str] = []
        fake = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=fake.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{fake.server_address[1]}"
        client = ChromaServer(ServerOptions(url, token="a-secret", seconds=5))  # noqa: S106
        opened.extend([fake.shutdown, fake.server_close, client.close])
        client.asked = asked  # type: ignore[attr-defined]
        return client

    yield pretend
    for close in opened:
        close()


VECTORS = np.eye(4, dtype=np.float16)
ROOM = {"id": "1-2", "name": "room"}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"ids": [["2", "0"]]}, [2, 0]),
        ({"ids": [["99", "-1", "2", "2"]]}, [2]),
        ({"ids": [[]]}, []),
    ],
)
def test_only_numbers_that_exist_are_taken(
    pretending: Callable[[Answering], ChromaServer], said: Any, found: list[int]
) -> None:
    """Numbers out of range and said twice are left out, and cosines are our own."""

    def answering(request: str) -> tuple[int, Any]:
        if request.endswith("/count"):
            return 200, 4
        return 200, said if request.endswith("/query") else ROOM

    vector = unit(np.array([0.5, 0, 1, 0], np.float32))
    numbers, cosines = ServerVectors(pretending(answering), "room", VECTORS).nearest(vector, 2)
    assert numbers.tolist() == found
    assert cosines.tolist() == pytest.approx([float(vector[n]) for n in found], abs=1e-6)


@pytest.mark.parametrize(
    ("answering", "says"),
    [
        (lambda _: (200, b"<html>welcome</html>"), "no Chroma server says"),
        (lambda _: (200, [1, 2]), "no Chroma server says"),
        (lambda _: (200, {"id": "../../admin"}), "no Chroma server says"),
        (lambda r: (200, "many") if r.endswith("count") else (200, ROOM), "no Chroma server says"),
        (lambda r: (200, 3) if r.endswith("count") else (200, ROOM), "holds 3 of 4"),
        (lambda _: (404, {}), "holds 0 of 4"),
        (lambda _: (401, {}), "FOOTNOTE_CHROMA_TOKEN"),
        (lambda _: (302, {}), "answered 302"),
        (lambda _: (200, b" " * (17 << 20)), "no Chroma server says"),
        (lambda _: (200, b"[" * 100_000), "no Chroma server says"),
    ],
    ids=[
        "a page",
        "a list",
        "an id",
        "a count",
        "too few",
        "none",
        "no token",
        "elsewhere",
        "endless",
        "deep",
    ],
)
def test_what_no_server_should_say_is_told(
    pretending: Callable[[Answering], ChromaServer],
    answering: Answering,
    says: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each is an error of ours that names the setting; the token is in none, and in no log."""
    caplog.set_level(logging.DEBUG)
    server = pretending(answering)
    with pytest.raises(IndexUnavailable, match=says) as refused:
        ServerVectors(server, "room", VECTORS).nearest(np.ones(4, np.float32), 2)
    assert "FOOTNOTE_CHROMA" in str(refused.value)
    assert "a-secret" not in f"{refused.value} {caplog.text}"
    assert server.asked[0] == "Bearer a-secret"  # type: ignore[attr-defined]


def test_a_busy_server_is_asked_again_and_a_refusal_is_not(
    pretending: Callable[[Answering], ChromaServer],
) -> None:
    """503 twice and then an answer is an answer; 403 is final at once."""
    times = iter([503, 429, 200])
    busy = pretending(lambda _: (next(times), "1.0.0"))
    assert busy.version() == "1.0.0"
    refusing = pretending(lambda _: (403, {}))
    with pytest.raises(IndexUnavailable):
        refusing.version()
    assert len(refusing.asked) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("url", "token", "says"),
    [
        ("localhost:8000", "", "no address"),
        ("ftp://chroma", "", "no address"),
        ("http://chroma?x=1", "", "no address"),
        ("https://me:hidden@chroma", "", "FOOTNOTE_CHROMA_TOKEN"),
        ("http://chroma.example:8000", "hidden", "in clear"),
    ],
)
def test_an_address_that_cannot_do_is_refused(url: str, token: str, says: str) -> None:
    """Before anything is sent, with the setting's name and without the secret."""
    settings = Settings(chroma_url=url, chroma_token=SecretStr(token) if token else None)
    with pytest.raises(SettingError, match=says) as refused:
        open_server(settings)
    assert "hidden" not in str(refused.value)
    assert not token or "hidden" not in repr(settings)
