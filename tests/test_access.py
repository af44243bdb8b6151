"""Who may do what over HTTP: nothing without a rule, nothing with somebody else's id."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter

from assistant import api
from assistant.api import create_app, rule_of
from assistant.ask import Assistant
from assistant.serving.access import PUBLIC
from assistant.serving.keys import Keys, Site, checked_origin, new_session, read_session
from index.errors import UsageError
from tests.serving import QUESTION, Server, running
from tests.test_api import refused

HERE, ELSEWHERE = "https://handbook.example.com", "https://evil.example"
ASK = {"question": QUESTION}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that the server below keeps its database in."""
    return tmp_path_factory.mktemp("access")


@pytest.fixture(scope="module")
def tokens(folder: Path) -> dict[str, str]:
    """Return a token for each scope; a site is there too, and another one."""
    with Keys(f"sqlite:///{folder / 'kept.db'}") as keys:
        keys.put_site("handbook", [HERE], ["What is new?"])
        keys.put_site("other", ["https://other.example"])
        return {scope: keys.create(scope, [scope])[1] for scope in ("client", "admin")}


@pytest.fixture(scope="module")
def server(
    bundled_assistant: Assistant, cache_folder: Path, folder: Path, tokens: dict[str, str]
) -> Iterator[Server]:
    """Return a server that has keys."""
    assert bundled_assistant.searcher.generation
    assert tokens
    with running(folder, cache_folder, address_rate=1_000) as one:
        yield one


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    """Return a client that sends no credential by itself."""
    with httpx.Client(base_url=server.url, timeout=60) as one:
        yield one


def bearer(token: str, origin: str | None = None) -> dict[str, str]:
    """Return the headers of a request with this token, from a page at this origin."""
    headers = {"Authorization": f"Bearer {token}"}
    return {**headers, "Origin": origin} if origin else headers


def a_session(client: httpx.Client, site: str = "handbook", origin: str = HERE) -> str:
    """Return the token of a new session."""
    response = client.post(f"/v1/sites/{site}/session", headers={"Origin": origin})
    assert response.status_code == 200, response.text
    return str(response.json()["token"])


def test_no_route_is_without_a_rule(server: Server, client: httpx.Client) -> None:
    """The table of routes is walked: each has a rule, and what is not public wants a credential."""
    routes = create_app(server.service).routes
    assert len(routes) > 20
    for route in routes:
        rule = rule_of(route)
        assert rule is not None, route
        path = re.sub(r"\{\w+\}", "x", getattr(route, "path", ""))
        for method in (getattr(route, "methods", None) or {"POST"}) - {"HEAD"}:
            response = client.request(method, path, json=ASK)
            assert (response.status_code == 401) == (rule is not PUBLIC), (method, path)
    public = {getattr(route, "path", "") for route in routes if rule_of(route) is PUBLIC}
    files = {"/", "/widget.js", "/{name}", "/widget/{name}"}
    door = "/v1/sites/{site}/session"
    assert public == {*files, door, "/openapi.json", "/healthz", "/readyz"}


def test_an_application_with_a_bare_route_is_not_made(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A route that somebody forgot to guard stops the server from starting."""

    class Careless:
        router = APIRouter()

    async def secrets() -> None:
        """Tell everybody."""

    Careless.router.add_api_route("/v1/secrets", secrets)
    monkeypatch.setattr(api, "ROUTERS", (*api.ROUTERS, Careless))
    with pytest.raises(RuntimeError, match="/v1/secrets"):
        create_app(server.service)


def test_a_key_does_what_its_scope_says(client: httpx.Client, tokens: dict[str, str]) -> None:
    """A client asks and searches; changing documents and reading figures is the administrator's."""
    asked = client.post("/v1/ask", json=ASK, headers=bearer(tokens["client"]))
    assert asked.json()["outcome"] == "answered"
    assert client.get("/metrics", headers=bearer(tokens["admin"])).status_code == 200
    for method, path in (
        ("GET", "/metrics"),
        ("POST", "/v1/documents"),
        ("DELETE", "/v1/documents/x"),
    ):
        refused(client.request(method, path, headers=bearer(tokens["client"])), 403, "forbidden")
    for wrong in ("fn_guessed", "fs_handbook.e.e", "é" * 3):
        headers = [(b"Authorization", f"Bearer {wrong}".encode())]
        assert client.post("/v1/ask", json=ASK, headers=headers).status_code == 401
    basic = {"Authorization": f"Basic {tokens['client']}"}
    error = refused(client.post("/v1/ask", json=ASK, headers=basic), 401, "unauthorized")
    assert tokens["client"] not in str(error)


def test_keys_are_kept_as_hashes_and_can_be_revoked(folder: Path, tokens: dict[str, str]) -> None:
    """The database does not hold a token; a revoked key is unknown, and the rest go on."""
    url = f"sqlite:///{folder / 'kept.db'}"
    with Keys(url) as keys:
        made, token = keys.create("short-lived", ["client"])
        known = keys.directory().key(token)
        assert known is not None
        assert known.id == made.id
        keys.revoke(made.id)
        assert keys.directory().key(token) is None
        assert keys.directory().key(tokens["client"])
        with pytest.raises(UsageError, match="no key or site"):
            keys.revoke(made.id)
        for scopes in ([], ["root"]):
            with pytest.raises(UsageError, match="scopes"):
                keys.create("x", scopes)
    kept = b"".join(file.read_bytes() for file in folder.glob("kept.db*"))
    assert made.id.encode() in kept
    assert all(one.encode() not in kept for one in (token, *tokens.values()))


def test_one_owner_does_not_see_another_ones(client: httpx.Client, tokens: dict[str, str]) -> None:
    """A conversation and an answer of somebody else's are as unknown as ones that never were."""
    one, other = (bearer(a_session(client), HERE) for _ in range(2))
    asked = client.post("/v1/ask", json=ASK, headers=one)
    kept, answer = asked.headers["x-conversation-id"], asked.json()["id"]
    assert client.get(f"/v1/conversations/{kept}", headers=one).status_code == 200
    for stranger in (other, bearer(tokens["client"]), bearer(tokens["admin"])):
        path = f"/v1/conversations/{kept}"
        refused(client.get(path, headers=stranger), 404, "not_found")
        refused(client.delete(path, headers=stranger), 404, "not_found")
        body = {**ASK, "conversation_id": kept}
        refused(client.post("/v1/ask", json=body, headers=stranger), 404, "not_found")
        rating = {"answer_id": answer, "rating": "up"}
        refused(client.post("/v1/feedback", json=rating, headers=stranger), 404, "not_found")
    assert client.get(f"/v1/conversations/{kept}", headers=one).status_code == 200


def test_a_session_is_for_its_sites_origins_only(client: httpx.Client) -> None:
    """Another origin gets no session; a session that was carried elsewhere opens nothing."""
    path = "/v1/sites/handbook/session"
    for origin in (
        ELSEWHERE,
        "null",
        f"{HERE}.evil.example",
        "http://handbook.example.com",
        HERE + ":8443",
    ):
        refused(client.post(path, headers={"Origin": origin}), 403, "wrong_origin")
    refused(client.post(path), 403, "wrong_origin")
    refused(client.post("/v1/sites/nosuch/session", headers={"Origin": HERE}), 404, "not_found")
    refused(
        client.post("/v1/sites/demo/session", headers={"Origin": client.base_url.host}),
        404,
        "not_found",
    )
    token = a_session(client)
    assert client.post("/v1/ask", json=ASK, headers=bearer(token, HERE)).status_code == 200
    refused(client.post("/v1/ask", json=ASK, headers=bearer(token, ELSEWHERE)), 403, "wrong_origin")
    refused(client.post("/v1/ask", json=ASK, headers=bearer(token)), 403, "wrong_origin")
    for path in ("/v1/search?q=a", "/v1/documents", "/v1/models", "/metrics"):
        refused(client.get(path, headers=bearer(token, HERE)), 403, "forbidden")


def test_a_session_is_signed_ends_and_is_its_sites(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that was changed, is stale, is another site's or of a revoked signing key is none."""
    site = Site("handbook", (HERE,), (), b"k" * 32)
    token, session = new_session(site, HERE)
    assert read_session(token, site) == session
    payload = token.split(".")[1]
    for forged in (
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token.replace(payload, payload[:-2] + "AA"),
        token.replace("fs_handbook", "fs_other"),
        f"fs_handbook.{payload}.",
        "fs_handbook",
        "fs_handbook.é.é",
    ):
        assert read_session(forged, site) is None
    assert read_session(token, Site("other", (HERE,), (), b"k" * 32)) is None
    assert read_session(token, Site("handbook", (HERE,), (), b"l" * 32)) is None
    assert read_session(token, Site("handbook", (ELSEWHERE,), (), b"k" * 32)) is None
    monkeypatch.setattr("time.time", lambda: session.expires_at + 1.0)
    assert read_session(token, site) is None


def test_renewing_a_session_keeps_the_visitor(client: httpx.Client) -> None:
    """With a good token the next session reads the same conversations; with another site's, not."""
    token = a_session(client)
    kept = client.post("/v1/ask", json=ASK, headers=bearer(token, HERE)).headers[
        "x-conversation-id"
    ]
    path = "/v1/sites/handbook/session"
    renewed = client.post(path, headers=bearer(token, HERE)).json()
    assert datetime.fromisoformat(renewed["expires_at"]) > datetime.now(UTC)
    assert renewed["suggestions"] == ["What is new?"]
    again = client.get(f"/v1/conversations/{kept}", headers=bearer(renewed["token"], HERE))
    assert again.status_code == 200
    other = a_session(client, "other", "https://other.example")
    fresh = client.post(path, headers=bearer(other, HERE)).json()["token"]
    refused(client.get(f"/v1/conversations/{kept}", headers=bearer(fresh, HERE)), 404, "not_found")


def test_only_a_sites_exact_origin_may_read(client: httpx.Client) -> None:
    """CORS names the origin that asked, if a site has it; any other gets no leave at all."""
    asking = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    allowed = client.options("/v1/ask", headers={"Origin": HERE, **asking})
    assert allowed.status_code == 204
    assert allowed.headers["access-control-allow-origin"] == HERE
    assert "access-control-allow-credentials" not in allowed.headers
    for origin in (ELSEWHERE, "null"):
        turned_away = client.options("/v1/ask", headers={"Origin": origin, **asking})
        assert turned_away.status_code == 403
        assert "access-control-allow-origin" not in turned_away.headers
        response = client.get("/healthz", headers={"Origin": origin})
        assert "access-control-allow-origin" not in response.headers
    expired = client.post("/v1/ask", json=ASK, headers=bearer("fs_handbook.a.b", HERE))
    assert (expired.status_code, expired.headers["access-control-allow-origin"]) == (401, HERE)
    assert "origin" in expired.headers["vary"].lower()


def test_without_a_key_only_this_machine_is_served(
    bundled_assistant: Assistant, cache_folder: Path, tmp_path: Path
) -> None:
    """No page elsewhere, no name that was made to resolve here, nothing a proxy passes on."""
    assert bundled_assistant.searcher.generation
    with running(tmp_path, cache_folder) as server:

        def ask(**headers: str) -> httpx.Response:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return httpx.post(f"{server.url}/v1/ask", json=ASK, headers=named, timeout=60)

        assert ask().status_code == 200
        assert ask(Origin=server.url).status_code == 200
        refused(ask(Origin=ELSEWHERE), 403, "wrong_origin")
        refused(ask(Origin="null"), 403, "wrong_origin")
        refused(ask(Host=f"rebound.example:{server.port}"), 403, "wrong_host")
        for name in ("X_Forwarded_For", "Forwarded", "X_Real_IP"):
            refused(ask(**{name: "203.0.113.9"}), 401, "unauthorized")
        door = f"{server.url}/v1/sites/demo/session"
        token = httpx.post(door, headers={"Origin": server.url}).json()["token"]
        assert ask(Authorization=f"Bearer {token}", Origin=server.url).status_code == 200
        refused(httpx.post(door, headers={"Origin": ELSEWHERE}), 403, "wrong_origin")


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("https://example.com", "https://example.com"),
        ("https://Example.com:443/", "https://example.com"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_origin_is_what_browsers_send(typed: str, sent: str) -> None:
    """An origin is kept as the header will say it."""
    assert checked_origin(typed) == sent


@pytest.mark.parametrize(
    "typed",
    [
        "*",
        "https://*.example.com",
        "example.com",
        "https://example.com/blog",
        "null",
        "file:///a",
        "https://user@example.com",
        "https://",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_exact_origin_is_refused(typed: str) -> None:
    """No pattern, no path, no scheme but http and https."""
    with pytest.raises(UsageError):
        checked_origin(typed)
