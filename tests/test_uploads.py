"""Documents that administrators send are indexed while the server answers, and stay in place."""

import io
import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from assistant.serving.errors import ApiError
from assistant.serving.library import safe_name
from tests.command import run
from tests.serving import Server, running
from tests.test_api import refused

HIVES = "# Hives\n\n## Keepers\n\nMartha Quill keeps forty hives behind the old mill.\n"
QUESTION = "who keeps forty hives?"


@pytest.fixture(scope="module")
def server(
    cache_folder: Path, model_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Return a server on an index of its own."""
    assert model_folder.is_dir()
    folder = tmp_path_factory.mktemp("uploads")
    (folder / "notes.md").write_text("# Boats\n\nThe Heron sails on Tuesdays.\n", encoding="utf-8")
    made = run(
        "index", "notes.md", "--index", "kept", cwd=folder, FOOTNOTE_CACHE_DIR=str(cache_folder)
    )
    assert made.returncode == 0, made.stderr
    with running(folder, cache_folder, folder / "kept", max_file_mb=1) as one:
        yield one


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    """Return a client of that server."""
    with httpx.Client(base_url=server.url, timeout=60) as one:
        yield one


def send(client: httpx.Client, name: str, content: bytes) -> httpx.Response:
    """Upload `content` under a name."""
    return client.post("/v1/documents", files={"file": (name, io.BytesIO(content))})


def settled(client: httpx.Client) -> dict[str, object]:
    """Wait until no build is under way, and return its state."""
    while (state := client.get("/v1/build").json())["state"] in {"waiting", "building"}:
        time.sleep(0.02)
    return dict(state)


def test_an_upload_answers_without_a_restart_and_is_taken_away_again(client: httpx.Client) -> None:
    """It is indexed in the background into a new generation, and so is what is left without it."""
    before = client.get("/readyz").json()["index"]
    response = send(client, "Hives & Honey.md", HIVES.encode())
    assert (response.status_code, response.json()["source"]) == (202, "kept/uploads/hives-honey.md")
    state = settled(client)
    assert state["state"] == "idle"
    assert state["index"] == client.get("/readyz").json()["index"] != before
    answer = client.post("/v1/ask", json={"question": QUESTION}).json()
    (citation,) = answer["citations"]
    assert citation["source"] == "kept/uploads/hives-honey.md"
    document = client.get(f"/v1/documents/{citation['document_id']}").json()
    assert document["text"][citation["start"] : citation["end"]] == citation["quote"]

    send(client, "hives-honey.md", HIVES.replace("Martha Quill", "Ada Finch").encode())
    settled(client)
    assert "Ada Finch" in client.post("/v1/ask", json={"question": QUESTION}).json()["text"]

    assert client.delete(f"/v1/documents/{citation['document_id']}").status_code == 202
    assert settled(client)["state"] == "idle"
    assert client.post("/v1/ask", json={"question": QUESTION}).json()["outcome"] == "declined"
    (left,) = client.get("/v1/documents").json()["documents"]
    refused(client.delete(f"/v1/documents/{left['id']}"), 409, "not_uploaded")


def named(folder: Path, part: str) -> set[Path]:
    """Return what lies in `folder` with `part` in its name, while builds come and go in there."""
    walked = os.walk(folder)  # a folder that is gone when its turn comes is passed by
    return {
        Path(at) / name
        for at, folders, files in walked
        for name in (*folders, *files)
        if part in name
    }


@pytest.mark.parametrize(
    "name",
    [
        "../../escaped.md",
        "..\\..\\escaped.md",
        "/etc/escaped.md",
        "a/b/../../escaped.md",
        "%2e%2e%2fescaped.md",
        ".md",
        "..md",
        "con\x00.md",
        "-rf.md",
    ],
)
def test_a_name_leads_nowhere(client: httpx.Client, server: Server, name: str) -> None:
    """Whatever a file is called, it lands in the uploads' folder under a name made for it."""
    index = server.service.desk.library.index
    before = named(index.parent, "escaped")
    response = send(client, name, b"The harbour closes at nine.\n")
    after = named(index.parent, "escaped") - before
    assert response.status_code in {202, 400, 415, 422}, response.text
    assert {file.parent for file in after} <= {index / "uploads"}


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("a.exe", b"MZ", 415, "unsupported_type"),
        ("noending", b"text", 415, "unsupported_type"),
        ("a.md", b"%PDF-1.7", 415, "unsupported_type"),
        ("a.md", b"", 415, "unsupported_type"),
        ("a.md", b"a " * 600_000, 413, "too_large"),
        ("a.md", b"a " * 2_000_000, 413, "too_large"),
    ],
)
def test_what_is_no_document_is_refused(
    client: httpx.Client, server: Server, name: str, content: bytes, status: int, code: str
) -> None:
    """It is told at once and leaves nothing behind."""
    refused(send(client, name, content), status, code)
    uploads = server.service.desk.library.index / "uploads"
    assert not [file for file in uploads.rglob("*") if file.name.startswith((".aside", "a."))]


def test_a_form_without_a_file_is_refused(client: httpx.Client) -> None:
    """The message says what the form has to hold."""
    error = refused(client.post("/v1/documents", files={"other": b"x"}), 400, "invalid_request")
    assert "'file'" in error["message"]
    refused(client.post("/v1/documents", json={}), 400, "invalid_request")


def test_a_generation_built_elsewhere_is_served_too(
    client: httpx.Client, server: Server, cache_folder: Path
) -> None:
    """`footnote index` beside a running server: it switches over by itself."""
    index = server.service.desk.library.index
    (index.parent / "ferry.md").write_text("# Ferry\n\nThe ferry leaves at noon.\n", "utf-8")
    settled(client)
    run(
        "index",
        "ferry.md",
        "--index",
        "kept",
        cwd=index.parent,
        FOOTNOTE_CACHE_DIR=str(cache_folder),
    )
    end = time.monotonic() + 30
    asked = {"question": "when does the ferry leave?"}
    while client.post("/v1/ask", json=asked).json()["outcome"] != "answered":
        assert time.monotonic() < end
        time.sleep(0.1)


def test_the_bundled_article_takes_no_uploads(
    bundled_assistant: object, cache_folder: Path, tmp_path: Path
) -> None:
    """Without an index of one's own there is nothing to add to, and the message says so."""
    assert bundled_assistant
    with running(tmp_path, cache_folder) as server, httpx.Client(base_url=server.url) as client:
        assert "--index" in refused(send(client, "a.md", b"text"), 409, "no_uploads")["message"]
        assert client.get("/v1/build").json()["state"] == "idle"


def test_a_name_is_made_of_letters_and_one_ending() -> None:
    """What could mean something to a file system, a shell or a web page is not kept."""
    assert safe_name("a b/c $(d).md") == "c-d.md"
    assert safe_name("日本語.txt") == "日本語.txt"
    assert safe_name("....md") == "document.md"
    assert len(safe_name("x" * 500 + ".md")) == 63
    with pytest.raises(ApiError):
        safe_name("x.html.exe")
