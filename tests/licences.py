"""The licences of what the wheel brings along: `told(python)`, for `make release-check`.

docs/licences.md lists them; `refused` says which may not be among them. What a package says of
itself is read by pip-licenses; what it says wrongly or not at all stands in KNOWN, with a reason.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.source import ROOT

PAGE = ROOT / "docs" / "licences.md"
PERMISSIVE = re.compile(
    r"\b(MIT|MIT-0|MIT-CMU|BSD|0BSD|Apache|ISC|ISCL|PSF|Python Software Foundation|Unlicense|"
    r"Public Domain|zlib|Zlib|HPND|CNRI|CC0|BSL-1|Historical Permission)",
)
COPYLEFT = re.compile(r"\b(A?GPL|LGPL|MPL|EPL|CDDL|EUPL|Lesser|Mozilla|GNU)", re.IGNORECASE)
ACCEPTED = {
    "certifi": "MPL-2.0: a list of certificates, used as it is",
    "orjson": "MPL-2.0 or MIT or Apache-2.0: taken under the latter",
    "tqdm": "MPL-2.0 and MIT: a library, used as it is",
}
"""Licences that ask something of those who change the package itself, which we do not."""

KNOWN: dict[str, str] = {}
"""What packages are licensed under that do not say so where it can be read."""


def told(python: Path) -> list[tuple[str, str, str]]:
    """Return (name, version, licence) of what is installed beside `python`, but for ourselves."""
    command = [sys.executable, "-m", "piplicenses", "--python", str(python), "--from", "mixed"]
    done = subprocess.run(
        [*command, "--format", "json"], check=True, capture_output=True, text=True
    )
    rows = [(row["Name"], row["Version"], row["License"]) for row in json.loads(done.stdout)]
    ours = {"footnote", "pip", "setuptools"}
    named = [(n, v, KNOWN.get(n.casefold(), short(one))) for n, v, one in rows if n not in ours]
    return sorted(named, key=lambda row: row[0].casefold())


def short(licence: str) -> str:
    """Return a licence's name in one line; some packages put the whole text there."""
    line = " ".join(licence.strip().partition("\n")[0].split())
    return line if len(line) <= 80 else f"{line[:79]}…"


def refused(rows: list[tuple[str, str, str]]) -> list[str]:
    """Return a line for each package whose licence is neither permissive nor accepted by name."""
    return [
        f"{name} is under {licence!r}: replace it, or accept it in tests/licences.py with a reason"
        for name, _, licence in rows
        if name.casefold() not in ACCEPTED
        and (COPYLEFT.search(licence) or not PERMISSIVE.search(licence))
    ]


def page(rows: list[tuple[str, str, str]]) -> str:
    """Return docs/licences.md."""
    lines = [
        "# Licences",
        "",
        "Footnote is under the MIT licence. This is what `footnote[build]`, which asks and makes",
        "indexes, brings along, in the versions that `constraints.txt` pins; `make release-check`",
        "compares the list with what it installs, and refuses what is neither permissive nor",
        "accepted here with a reason. Other extras bring more.",
        "",
        "| package | version | licence | |",
        "|---|---|---|---|",
    ]
    lines += [f"| {n} | {v} | {one} | {ACCEPTED.get(n.casefold(), '')} |" for n, v, one in rows]
    return "\n".join(lines) + "\n"
