"""Web pages are fetched politely and from where they seem to be: against a real server."""

import gzip
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from index.web import Web, WebOptions, agent

PAGE = "<html><body><main><h1>Tides</h1><p>The tide is high.</p></main></body></html>"


@dataclass
class Site:
    """A server on this machine, what it answers by path, and what it was asked."""

    port: int
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    @property
    def root(self) -> str:
        """The URL of its front page."""
        return f"http://docs.example:{self.port}"

    def says(self, path: str, body: str | bytes = PAGE, status: int = 200, **headers: str) -> str:
        """Answer `path` so from now on; return its URL."""
        data = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = (status, {"Content-Type": "text/html"} | named, data)
        return self.root + path

    def web(self, folder: Path, **options: Any) -> Web:
        """Return a Web to which names of this test are this machine, and nothing else is."""
        known = {"docs.example": "127.0.0.1", "metadata.example": "169.254.169.254"}
        return Web(
            folder,
            WebOptions(
                hosts=frozenset({f"docs.example:{self.port}"}),
                resolve=lambda host, _port: [known.get(host, host)],
                sleep=self.slept.append,
                clock=lambda: 0.0,
                **options,
            ),
        )


@pytest.fixture
def site() -> Iterator[Site]:
    """Run a server."""
    made = Site(0)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append((self.path, dict(self.headers)))
            status, headers, body = made.answers.get(self.path, (404, {}, b"none"))
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            if headers.get("X-Slow"):
                time.sleep(float(headers["X-Slow"]))
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Clients that hang up are what is tested."""

    server = Server(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def told(done: int, of: int) -> None:
    """Stand in for a progress bar."""


def refusal(web: Web, url: str) -> str:
    """Return why `url` was not fetched."""
    fetched = web.fetch([url], told)
    assert fetched.files == {}
    return fetched.problems[url]


def test_a_page_is_saved_as_what_it_is(site: Site, tmp_path: Path) -> None:
    """Its kind is what the site says; its source is its own address, after redirects."""
    site.says("/old", status=301, Location="/tides?x=1")
    site.says("/tides?x=1")
    text = site.says("/notes", "Zwei Größen", Content_Type="text/plain; charset=utf-8")
    latin = site.says(
        "/latin", "<p>Größe".encode("latin-1"), Content_Type="text/html;charset=latin-1"
    )
    fetched = site.web(tmp_path).fetch([f"{site.root}/old", text, latin, text], told)
    assert fetched.problems == {}
    assert list(fetched.files.values()) == [f"{site.root}/tides?x=1", text, latin]
    assert [file.suffix for file in fetched.files] == [".html", ".txt", ".html"]
    assert list(fetched.files)[2].read_text("utf-8-sig") == "<p>Größe"
    assert {headers["User-Agent"] for _, headers in site.asked} == {agent()}
    assert all("Cookie" not in headers for _, headers in site.asked)


@pytest.mark.parametrize(
    "target",
    [
        "http://metadata.example/latest",
        "http://127.0.0.1/",
        "http://[::ffff:10.0.0.1]/",
        "http://2130706433/",
        "file:///etc/passwd",
        "http://docs.example:22/",
        "http://u:p@docs.example/",
        "//localhost/",
    ],
)
def test_every_hop_is_checked(site: Site, tmp_path: Path, target: str) -> None:
    """A public page may redirect to where it likes: it is judged like a typed address."""
    url = site.says("/out", status=302, Location=target)
    message = refusal(site.web(tmp_path), url)
    assert re.search("no public address|only http and https|port 22|name or password", message)
    assert [path for path, _ in site.asked] == ["/robots.txt", "/out"]


def test_redirects_end(site: Site, tmp_path: Path) -> None:
    """A circle of redirects is left after a few rounds."""
    url = site.says("/round", status=302, Location="/round")
    assert "redirects more than 5 times" in refusal(site.web(tmp_path), url)


def test_robots_are_asked(site: Site, tmp_path: Path) -> None:
    """What a site asks programs not to fetch is not; its pause is kept; it is asked once."""
    site.says("/robots.txt", "User-agent: *\nDisallow: /private/*.html\nCrawl-delay: 7")
    web = site.web(tmp_path)
    assert "robots.txt asks" in refusal(web, site.says("/private/a.html"))
    assert web.fetch([site.says("/a"), site.says("/b")], told).problems == {}
    assert [path for path, _ in site.asked] == ["/robots.txt", "/a", "/b"]
    assert site.slept == [7.0, 7.0]


def test_a_site_in_trouble_is_left_alone(site: Site, tmp_path: Path) -> None:
    """When robots.txt cannot be had for the site's own fault, nothing else is asked for."""
    site.says("/robots.txt", "down", status=503)
    assert "robots.txt cannot be fetched" in refusal(site.web(tmp_path), site.says("/a"))


def test_size_time_and_kind_are_limited(site: Site, tmp_path: Path) -> None:
    """Too large, unpacking to too much, too slow, cut short, no document: each says so."""
    web = site.web(tmp_path, max_bytes=1 << 20)
    assert "larger than 1 MB" in refusal(web, site.says("/big", b"x" * (2 << 20)))
    bomb = gzip.compress(b"x" * (2 << 20))
    assert "unpacks to more" in refusal(web, site.says("/bomb", bomb, Content_Encoding="gzip"))
    assert "image/png" in refusal(web, site.says("/p.png", b"png", Content_Type="image/png"))
    assert "404" in refusal(web, f"{site.root}/none")
    assert "too early" in refusal(web, site.says("/cut", "abc", Content_Length="99"))
    slow = site.web(tmp_path, seconds=0.2)
    assert "more than 0.2 s" in refusal(slow, site.says("/slow", "abc", X_Slow="1"))


def test_a_packed_page_is_unpacked(site: Site, tmp_path: Path) -> None:
    """What a server sends packed is saved plain."""
    url = site.says("/gz", gzip.compress(PAGE.encode()), Content_Encoding="gzip")
    (file,) = site.web(tmp_path).fetch([url], told).files
    assert file.read_text("utf-8") == PAGE


def test_a_sitemap_lists_pages(site: Site, tmp_path: Path) -> None:
    """Sitemaps of sitemaps, packed ones too, are followed; other sites' pages are left out."""
    pages = [f"{site.root}/{name}" for name in "abc"]
    one = "".join(f"<url><loc>{page}</loc></url>" for page in [*pages, "http://other.example/"])
    wrapped = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{one}</urlset>'
    inner = site.says("/s.xml.gz", gzip.compress(wrapped.encode()), Content_Type="application/gzip")
    index = f"<sitemapindex><sitemap><loc>{inner}</loc></sitemap></sitemapindex>"
    url = site.says("/sitemap.xml", index, Content_Type="application/xml")
    listed, problems = site.web(tmp_path).listed(url)
    assert listed == pages
    assert list(problems.values()) == ["1 addresses of other sites are left out"]
    broken = site.says("/broken.xml", "<urlset>", Content_Type="application/xml")
    assert "damaged" in site.web(tmp_path).listed(broken)[1][broken]


def test_no_more_pages_than_allowed(site: Site, tmp_path: Path) -> None:
    """What is left is told, and not fetched."""
    urls = [site.says(f"/{n}") for n in range(3)]
    fetched = site.web(tmp_path, max_pages=2).fetch(urls, told)
    assert list(fetched.files.values()) == urls[:2]
    assert "more than 2 pages" in fetched.problems[urls[2]]


def test_nobody_listens(tmp_path: Path) -> None:
    """A site that cannot be reached is a message."""
    options = WebOptions(
        hosts=frozenset({"docs.example:9"}), resolve=lambda *_: ["127.0.0.1"], pause=0.0
    )
    fetched = Web(tmp_path, options).fetch(["http://docs.example:9/"], told)
    assert "robots.txt cannot be fetched" in fetched.problems["http://docs.example:9/"]
