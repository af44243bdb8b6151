"""Where a figure comes from: commit, code, versions, settings, prompts, machine.

`code_hash()` stands for every file that can change an answer, whether git knows it or not, so a
cache may rely on it; `commit()` is for people.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from assistant.settings import Settings

ROOT = Path(__file__).parents[1]
ANSWERING = ("assistant", "index", "prompts")
"""The packages whose files an answer may depend on."""
JUDGING = ("eval", *ANSWERING)
"""The packages whose files a score may depend on."""

_SECRET = re.compile(r"key|token|secret|password|credential|dsn", re.IGNORECASE)
_USER = re.compile(r"(?<=://)[^/@\s]+@")
_ELSEWHERE = {"cache_dir", "index", "lock_seconds", "max_file_mb"}
"""Settings that cannot change an answer: the index's generation stands for what it holds."""


@cache
def code_hash(packages: tuple[str, ...] = ANSWERING) -> str:
    """Return 16 hexadecimal digits that stand for every file of `packages`."""
    digest = hashlib.sha256()
    for package in packages:
        for file in sorted((ROOT / package).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0")
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def prompt_hashes() -> dict[str, str]:
    """Return a hash for each text that is sent to a language model, by its name."""
    return {
        file.stem: hashlib.sha256(file.read_bytes()).hexdigest()[:16]
        for file in sorted((ROOT / "prompts").glob("*.md"))
    }


def commit() -> dict[str, Any]:
    """Return {"commit", "dirty"} of the checkout that this code lies in; both None outside one."""
    git = shutil.which("git")
    # Installed into somebody's environment, the code may lie inside their repository: not ours.
    if git is None or not (ROOT / ".git").exists():
        return {"commit": None, "dirty": None}
    head, status = (
        subprocess.run(  # noqa: S603  our own words only
            [git, "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False
        )
        for arguments in (("rev-parse", "HEAD"), ("status", "--porcelain"))
    )
    if head.returncode or status.returncode:
        return {"commit": None, "dirty": None}
    return {"commit": head.stdout.strip(), "dirty": bool(status.stdout.strip())}


def versions() -> dict[str, str]:
    """Return the versions of Footnote, of Python and of every library that Footnote asks for."""
    found = {"footnote": _version("footnote"), "python": platform.python_version()}
    for requirement in _requirements():
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        if (one := _version(name)) is not None:
            found[name] = one
    return {name: one for name, one in found.items() if one is not None}


def machine() -> dict[str, Any]:
    """Return what a latency depends on, without naming anybody's computer."""
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
    }


def shown_settings(settings: Settings) -> dict[str, Any]:
    """Return the settings as JSON, secrets replaced by stars."""
    return {
        name: "**********" if value is not None and _SECRET.search(name) else _without_user(value)
        for name, value in settings.model_dump(mode="json").items()
    }


def answering_settings(settings: Settings) -> dict[str, Any]:
    """Return the settings that could change an answer; one that nobody thought of counts."""
    return {n: value for n, value in shown_settings(settings).items() if n not in _ELSEWHERE}


def _without_user(value: Any) -> Any:
    return _USER.sub("", value) if isinstance(value, str) else value


def _requirements() -> list[str]:
    try:
        return requires("footnote") or []
    except PackageNotFoundError:  # run from a checkout that was never installed
        return []


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
