"""`make audit`: are there known weaknesses in what `constraints.txt` pins? `python -m tests.audit`.

pip-audit asks PyPI. It calls a package that PyPI does not tell it of "skipped" and then ends well,
which behind a mirror without PyPI's advisories is every package: so here what could not be audited
is a failure, like a weakness that nobody has looked at. Exit code 0: everything was audited, and
what was found is in `ACCEPTED`, each with its reason.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Final

from tests.source import ROOT

ACCEPTED: Final = {
    "CVE-2026-45829": "chromadb's Python web server, which Footnote never starts: SECURITY.md",
}
"""Weaknesses that were looked at and do not reach Footnote's users, with the reason."""

_NAMED = 5


def problems(report: Mapping[str, Any]) -> list[str]:
    """Return what is wrong in pip-audit's JSON `report`, a line each."""
    packages = report.get("dependencies", [])
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    found = []
    if not packages:
        found.append("nothing was audited")
    if skipped:
        names = ", ".join(skipped[:_NAMED]) + (" …" if len(skipped) > _NAMED else "")
        found.append(
            f"{len(skipped)} of {len(packages)} packages could not be audited ({names}): "
            "the index that was asked knows no advisories; run it where PyPI itself can be reached"
        )
    for one in packages:
        for weakness in one.get("vulns", []):
            if not {weakness["id"], *weakness.get("aliases", [])} & ACCEPTED.keys():
                fixed = ", ".join(weakness.get("fix_versions", [])) or "none yet"
                found.append(f"{one['name']} {one['version']}: {weakness['id']}, fixed in: {fixed}")
    return found


def main() -> int:
    """Ask, and tell."""
    command = [
        *(sys.executable, "-m", "pip_audit", "--requirement", str(ROOT / "constraints.txt")),
        *("--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json"),
    ]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        report = json.loads(asked.stdout)
    except ValueError:
        last = (asked.stderr.strip().splitlines() or ["it said nothing"])[-1]
        sys.stderr.write(f"audit: pip-audit could not ask for advisories: {last}\n")
        return 1
    found = problems(report)
    sys.stderr.writelines(f"audit: {line}\n" for line in found)
    for name, reason in ACCEPTED.items():
        sys.stderr.write(f"audit: accepted: {name}: {reason}\n")
    sys.stderr.write(f"audit: {'failed' if found else 'passed'}\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
