"""The fuzzer runs: a second or two on targets that read quickly. `make fuzz` is the real thing."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.source import ROOT

pytestmark = pytest.mark.servers


@pytest.mark.parametrize("name", ["marks", "address", "history"])
def test_a_target_is_fuzzed(name: str, tmp_path: Path) -> None:
    """A target that holds passes, and its inputs are kept for the next run."""
    command = [sys.executable, "-m", "tests.fuzz", name, "--seconds", "2", "--keep", str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2_000:]
    assert "broken: none" in ran.stderr
    assert list((tmp_path / "corpus" / name).iterdir())
