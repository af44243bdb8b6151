"""Our own source as data, for the tests of walls, limits and documents.

`modules()` and `tracked()` look at the files that lie here now, also those that git does not know
yet, so that a rule fails before a commit and not after it.
"""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("assistant", "index", "prompts", "eval")


@cache
def modules(*packages: str) -> dict[str, Path]:
    """Return our modules by dotted name; a package's `__init__.py` has the package's own name."""
    found: dict[str, Path] = {}
    for package in packages or PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def tracked() -> list[Path]:
    """Return the files that are in the repository or would be with the next `git add`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [file for name in listed.split("\0") if name and (file := ROOT / name).is_file()]
