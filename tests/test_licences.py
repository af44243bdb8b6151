"""Which licences may come along: permissive ones, and others by name."""

from tests.licences import ACCEPTED, page, refused, short


def test_what_asks_something_of_its_users_is_refused() -> None:
    """Copyleft and silence are refused, with the package; permissive licences are not."""
    fine = [("a", "1", "MIT License"), ("b", "2", "Apache-2.0 OR BSD-2-Clause"), ("c", "3", "ISC")]
    assert refused(fine) == []
    for licence in ("GPL-3.0-only", "GNU Lesser General Public License v3", "UNKNOWN", "MPL-2.0"):
        (line,) = refused([*fine, ("strange", "1", licence)])
        assert line.startswith(f"strange is under {licence!r}")
    name = next(iter(ACCEPTED))
    assert refused([(name, "1", "MPL-2.0")]) == []


def test_the_page_has_a_row_for_each_package() -> None:
    """A licence given as its whole text is one line; what was accepted says why."""
    whole = "Some licence\n\nPermission is hereby granted …"
    rows = [("a", "1", short(whole)), ("certifi", "2", "MPL-2.0")]
    assert "| a | 1 | Some licence |  |\n" in page(rows)
    assert f"| certifi | 2 | MPL-2.0 | {ACCEPTED['certifi']} |\n" in page(rows)
