"""Is this a release? `make release-check`: `python -m tests.release_check [--keep DIR] [--write]`.

Version and changelog are compared, sdist and wheel are built and looked into, and the wheel is
installed, with our constraints, in an empty environment in an empty folder, where it has to answer
the founding question. What it brought along is compared with docs/licences.md, which `--write`
makes anew. Slow, and needs a package index: not a part of the suite.
"""

import argparse
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import venv
import zipfile
from pathlib import Path
from typing import NoReturn

from tests import licences
from tests.source import ROOT

PACKAGES = ("assistant", "index", "prompts", "eval")
QUESTION = "why did Abe court Putin?"
TORCH = "torch"
"""Installed first and by itself: its pin resolves to a build without GPU libraries."""


def main() -> None:
    """Check everything; end with 1 and a line that says what is wrong."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--keep", type=Path, help="where sdist and wheel go")
    arguments.add_argument("--write", action="store_true", help="write docs/licences.md")
    typed = arguments.parse_args()
    keep = typed.keep
    version = versions_agree()
    with tempfile.TemporaryDirectory(prefix="footnote-release-") as folder:
        place = keep or Path(folder) / "dist"
        tell(f"building sdist and wheel of {version}")
        run(sys.executable, "-m", "build", "--outdir", str(place), str(ROOT))
        wheel, sdist = place / f"footnote-{version}-py3-none-any.whl", sdist_of(place, version)
        for wrong in (*wrong_in_wheel(wheel), *wrong_in_sdist(sdist)):
            fail(wrong)
        tell("installing the wheel in an empty environment (some 600 MB to fetch)")
        binaries = installed(wheel, Path(folder))
        check_licences(binaries / "python", write=typed.write)
        if (said := said_by(binaries, Path(folder), "--version")) != f"footnote {version}":
            fail(f"the wheel of {version} says of itself: {said}")
        answered = said_by(binaries, Path(folder), "ask", QUESTION)
    if "[1]" not in answered:
        fail(f"the founding question was not answered: {answered}")
    tell(f"{answered}\nfootnote {version} can be released")


def versions_agree() -> str:
    """Return the version that pyproject.toml and the newest entry of the changelog name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    entry = re.search(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    version = str(project["version"])
    if entry is None or version not in re.split(r"[\s()\[\],]+", entry[1]):
        fail(f"pyproject.toml says {version}, the changelog's newest entry: {entry and entry[1]}")
    return version


def sdist_of(place: Path, version: str) -> Path:
    """Return the path of the sdist."""
    return place / f"footnote-{version}.tar.gz"


def tracked_files() -> set[str]:
    """Return every file that belongs to the project."""
    told = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607
    return set(told.stdout.splitlines())


def wrong_in_wheel(wheel: Path) -> list[str]:
    """Return what is wrong with what the wheel holds: our packages whole, and nothing else."""
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    wanted = {name for name in tracked_files() if name.split("/")[0] in PACKAGES}
    return compared("the wheel", held, wanted)


def wrong_in_sdist(sdist: Path) -> list[str]:
    """Return what is wrong with what the sdist holds: all that is tracked, beside PKG-INFO."""
    with tarfile.open(sdist) as archive:
        held = {one.name.partition("/")[2] for one in archive.getmembers() if one.isfile()}
    return compared("the sdist", held - {"PKG-INFO"}, tracked_files())


def compared(where: str, held: set[str], wanted: set[str]) -> list[str]:
    """Return a line of text for what is missing, and one for what does not belong there."""
    found = {"lacks": wanted - held, "holds what is not ours": held - wanted}
    return [f"{where} {what}: {', '.join(sorted(names))}" for what, names in found.items() if names]


def installed(wheel: Path, folder: Path) -> Path:
    """Install the wheel in an empty environment; return where its commands are."""
    environment = folder / "environment"
    venv.create(environment, with_pip=True)
    binaries = environment / ("Scripts" if os.name == "nt" else "bin")
    pip = [str(binaries / "python"), "-m", "pip", "--disable-pip-version-check", "-qq", "install"]
    constraints = ["-c", str(ROOT / "constraints.txt")]
    run(*pip, *constraints, TORCH)
    run(*pip, *constraints, f"{wheel}[build]")
    return binaries


def check_licences(python: Path, *, write: bool) -> None:
    """Fail for a licence that may not be there, and for a page that says something else."""
    rows = licences.told(python)
    for wrong in licences.refused(rows):
        fail(wrong)
    if write:
        licences.PAGE.write_text(licences.page(rows), encoding="utf-8")
    elif licences.PAGE.read_text("utf-8") != licences.page(rows):
        fail("docs/licences.md is not what is installed: python -m tests.release_check --write")


def said_by(binaries: Path, folder: Path, *words: str) -> str:
    """Return what the installed command says, with a home, a cache and a folder of its own."""
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("FOOTNOTE_", "PYTHON"))}
    command = [str(binaries / "footnote"), *words]
    asked = subprocess.run(
        command,
        cwd=elsewhere,
        env={**clean, "HOME": str(elsewhere), "XDG_CACHE_HOME": str(elsewhere / "cache")},
        check=False,
        capture_output=True,
        text=True,
    )
    if asked.returncode:
        fail(f"footnote {words[0]} ended with {asked.returncode}: {asked.stderr}")
    return asked.stdout.strip()


def run(*command: str) -> None:
    """Run a command from the project's folder; its failure is ours."""
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode:
        fail(f"{' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def tell(words: str) -> None:
    """Say how it goes."""
    sys.stdout.write(f"release-check: {words}\n")
    sys.stdout.flush()


def fail(why: str) -> NoReturn:
    """Say what is wrong, and end with 1."""
    sys.stderr.write(f"release-check: {why}\n")
    sys.exit(1)


if __name__ == "__main__":
    main()
