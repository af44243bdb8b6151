"""The network guard was seen to refuse: in this process, in processes tests start, and in CI."""

import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.guard import sitecustomize as network_guard

ROOT = Path(__file__).parents[1]
refused = pytest.raises(PermissionError, match="network guard refused")


@pytest.mark.reaches_out
def test_connecting_to_another_machine_is_refused() -> None:
    """A TCP connection leaves neither by name nor by number."""
    with socket.socket() as remote, refused:
        remote.connect(("192.0.2.1", 80))
    with socket.socket() as remote, refused:
        remote.connect_ex(("192.0.2.1", 80))


@pytest.mark.reaches_out
def test_sending_a_datagram_to_another_machine_is_refused() -> None:
    """UDP needs no connection, so sending is guarded too."""
    with socket.socket(type=socket.SOCK_DGRAM) as remote, refused:
        remote.sendto(b"?", ("192.0.2.1", 53))
    with socket.socket(type=socket.SOCK_DGRAM) as remote, refused:
        remote.sendmsg([b"?"], [], 0, ("192.0.2.1", 53))


@pytest.mark.reaches_out
@pytest.mark.parametrize("look_up", [socket.gethostbyname, socket.gethostbyname_ex])
def test_looking_up_a_name_is_refused(look_up: object) -> None:
    """A question in a host name has left the machine once the name is looked up."""
    assert callable(look_up)
    with refused:
        look_up("example.com")
    with refused:
        socket.getaddrinfo("example.com", 443)


@pytest.mark.reaches_out
def test_urllib_is_refused() -> None:
    """The refusal comes through a library as the reason why there is no network."""
    with pytest.raises(OSError, match="network guard refused"):
        urllib.request.urlopen("http://example.com/")


def test_this_machine_may_talk_to_itself() -> None:
    """A server under test on loopback is reached, by address and by name."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        for host in ("127.0.0.1", "localhost"):
            with socket.create_connection((host, server.getsockname()[1]), timeout=5):
                pass
    one, other = socket.socketpair()
    with one, other:
        one.sendmsg([b"!"])


def test_local_is_decided_without_a_look_up() -> None:
    """Only loopback, the wildcard and no host at all are local; a private network is not."""
    local = ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::", "", None]  # noqa: S104
    remote = ["10.0.0.1", "192.168.1.1", "169.254.169.254", "fe80::1%eth0", "localhost.example"]
    assert [h for h in local if not network_guard.is_local(h)] == []
    assert [h for h in remote if network_guard.is_local(h)] == []
    assert network_guard.is_local(b"127.0.0.1")
    assert not network_guard.is_local(b"example.com")


@pytest.mark.reaches_out
def test_a_process_that_a_test_starts_is_guarded_too() -> None:
    """Commands are tested as processes, and those are held to the same rule."""
    program = "import socket; socket.getaddrinfo('example.com', 443)"
    run = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert run.returncode == 1
    assert "network guard refused socket.getaddrinfo to 'example.com'" in run.stderr


def test_a_refusal_that_was_swallowed_still_fails_the_test(tmp_path: Path) -> None:
    """A library that tries the network and hides the refusal is found by the guard's log."""
    _write(
        tmp_path / "test_quiet.py",
        "import socket",
        "def test_quiet():",
        "    try: socket.getaddrinfo('example.com', 443)",
        "    except OSError: pass",
    )
    output = _pytest(tmp_path, "-p", "tests.conftest")
    assert "this test reached for the network" in output
    assert "1 passed, 1 error" in output


@pytest.mark.parametrize(
    ("ci", "line"), [("true", "1 failed, 1 xfailed, 1 error"), ("", "2 skipped, 1 xfailed")]
)
def test_a_skip_fails_in_ci_and_only_there(tmp_path: Path, ci: str, line: str) -> None:
    """CI leaves nothing out, neither a test nor a module; an expected failure is no skip."""
    _write(
        tmp_path / "test_one.py",
        "import pytest",
        "def test_one(): pytest.skip('not here')",
        "@pytest.mark.xfail(strict=True)",
        "def test_two(): raise ValueError",
    )
    _write(tmp_path / "test_all.py", "import pytest", "pytest.importorskip('no_such_library')")
    output = _pytest(tmp_path, "-p", "tests.no_skips", "--continue-on-collection-errors", ci=ci)
    assert line in output
    assert ("this did not run: Skipped: not here" in output) == (ci == "true")


def _write(file: Path, *lines: str) -> None:
    file.write_text("\n".join(lines), encoding="utf-8")


def _pytest(folder: Path, *arguments: str, ci: str = "") -> str:
    """Run pytest on `folder` alone, in a process of its own, and return what it printed."""
    (folder / "pytest.toml").write_text("[pytest]\nmarkers = ['reaches_out']\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments, str(folder)]
    environment = {
        **os.environ,
        "CI": ci,
        "PYTHONPATH": str(ROOT),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    run = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return run.stdout + run.stderr
