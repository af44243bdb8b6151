"""Classes of weakness that products like this had: docs/security.md says which test holds each."""

import re
from typing import Any

import pytest
from pydantic import SecretStr

from assistant.settings import Settings
from tests.audit import ACCEPTED, problems
from tests.fuzz.files import epub_of, load_as
from tests.fuzz.seeds import PACKAGE, PAGE
from tests.source import ROOT

DOCUMENT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
CLASSES = (
    "script through Markdown",
    "data carried away by an image or an unfurled link",
    "any origin, key in the page",
    "tokens that lead to others, ids as secrets",
    "requests to private addresses",
    "path traversal",
    "endpoints without authentication, a second way in",
    "default credentials",
    "instructions in documents",
)
CHROMA = "CVE-2026-45829"


def missing(text: str) -> list[str]:
    """Return the tests that `text` names and that are not there."""
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", text)
    return [
        f"{file}::{test}"
        for file, test in named
        if not (ROOT / file).is_file()
        or not re.search(rf"^(async )?def {test}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE)
    ]


def test_every_class_has_tests_that_exist() -> None:
    """Each class stands in the table with a test at least, and every test it names is there."""
    rows = dict(re.findall(r"^\| ([^|]+) \| (`tests/.*) \|$", DOCUMENT, re.MULTILINE))
    assert set(CLASSES) <= set(rows)
    assert missing(DOCUMENT) == []
    assert missing("`tests/test_draw.py::test_of_nothing`") == [
        "tests/test_draw.py::test_of_nothing"
    ]


def test_no_secret_has_a_default() -> None:
    """No key, token or password works that nobody has set."""
    settings = Settings(_env_file=None)  # type: ignore[call-arg]  # pydantic's own parameter
    secrets = {name: value for name, value in settings if isinstance(value, SecretStr)}
    assert set(secrets) == {"conversations_url"}
    assert "@" not in secrets["conversations_url"].get_secret_value()


@pytest.mark.parametrize("name", ["/etc/passwd", "../../../../etc/passwd", "..%2f..%2fetc/passwd"])
def test_a_book_reads_nothing_outside_itself(name: str) -> None:
    """A page that a book says lies elsewhere on the machine is missing from the book."""
    assert load_as("a.epub", epub_of(PACKAGE.replace("a.xhtml", name), PAGE)) is None


def _audited(**fields: Any) -> list[str]:
    return problems({"dependencies": [{"name": "a", "version": "1.0", **fields}]})


def test_an_audit_fails_closed() -> None:
    """What was not audited is a problem like a weakness; only what was accepted is none."""
    assert _audited(vulns=[]) == []
    assert _audited(vulns=[{"id": "GHSA-1", "aliases": [CHROMA], "fix_versions": []}]) == []
    assert _audited(vulns=[{"id": "GHSA-2", "aliases": [], "fix_versions": ["1.1"]}]) == [
        "a 1.0: GHSA-2, fixed in: 1.1"
    ]
    assert "1 of 1 packages could not be audited (a)" in _audited(skip_reason="not found")[0]
    assert problems({}) == ["nothing was audited"]


def test_what_is_accepted_is_told() -> None:
    """A weakness that is accepted stands in SECURITY.md, where users and their scanners look."""
    told = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert CHROMA in ACCEPTED
    assert all(name in told and reason for name, reason in ACCEPTED.items())
