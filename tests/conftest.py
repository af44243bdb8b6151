"""What every test stands on: no network, a clean environment, fixed seeds, one exported model.

Nothing here is for calling. A test that needs the embedding model asks for `model_folder`. A test
that tries the network on purpose is marked `reaches_out`; any other fails for trying, even when the
code under test swallowed the refusal.
"""

import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import hypothesis
import numpy as np
import pytest
from filelock import FileLock

# Importing it is what switches it on: before collection, so that nothing of ours is older.
from tests.guard import sitecustomize as network_guard
from tests.no_skips import pytest_make_collect_report, pytest_runtest_makereport

if TYPE_CHECKING:
    from assistant.ask import Assistant

__all__ = ["pytest_make_collect_report", "pytest_runtest_makereport"]

ROOT = Path(__file__).parents[1]
POSTGRES = os.environ.get("POSTGRES_TEST_URL")
_HOME = pytest.StashKey[Path]()
SEED = 20_160_115

OFFLINE = {
    "ANONYMIZED_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "LANGSMITH_TRACING": "false",
    "NO_COLOR": "1",
    "TRANSFORMERS_OFFLINE": "1",
}
"""Set for the tests and for what they start: the switches of libraries that would call out."""

EXPORT = """
import sys
from pathlib import Path
from index.embed import BUNDLED_MODEL, prepare_model
sys.stdout.write(str(prepare_model(BUNDLED_MODEL, Path(sys.argv[1]))))
"""

hypothesis.settings.register_profile(
    # The same examples in every run and no time limit: a slow machine is not a bug.
    "footnote",
    derandomize=True,
    deadline=None,
    database=None,
)
hypothesis.settings.load_profile("footnote")


def pytest_configure(config: pytest.Config) -> None:
    """Give the session a home of its own and scrub what the developer's shell would lend it."""
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    home = worker["home"] if worker else tempfile.mkdtemp(prefix="footnote-tests-")
    config.stash[_HOME] = Path(home)
    for name in list(os.environ):
        # A stray key must not turn a test into a bill, nor a setting into a different test.
        if name.startswith(("FOOTNOTE_", "LANGCHAIN_", "LANGSMITH_")) or name.endswith("_API_KEY"):
            del os.environ[name]
    os.environ |= OFFLINE
    os.environ |= {
        "HOME": home,
        "XDG_CACHE_HOME": f"{home}/.cache",
        "XDG_CONFIG_HOME": f"{home}/.config",
        "XDG_DATA_HOME": f"{home}/.local/share",
        "HF_HOME": f"{home}/.cache/huggingface",
        "NETWORK_GUARD_LOG": f"{home}/network-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}.log",
        "PYTHONPATH": os.pathsep.join(
            dict.fromkeys([str(Path(network_guard.__file__).parent), str(ROOT)])
        ),
    }


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take the session's home away again; the process that made it does."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(config.stash[_HOME], ignore_errors=True)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Let pytest-xdist's workers share one home, and so one exported model."""
    node.workerinput["home"] = str(node.config.stash[_HOME])


@pytest.fixture(autouse=True)
def _seeded() -> None:
    random.seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002  libraries that still use the global generator


@pytest.fixture(autouse=True)
def _stays_on_this_machine(request: pytest.FixtureRequest) -> Iterator[None]:
    log = Path(os.environ["NETWORK_GUARD_LOG"])
    before = log.read_text("utf-8") if log.exists() else ""
    yield
    after = log.read_text("utf-8") if log.exists() else ""
    if after != before and request.node.get_closest_marker("reaches_out") is None:
        pytest.fail(f"this test reached for the network:\n{after[len(before) :]}", pytrace=False)


@pytest.fixture(params=["sqlite", *(["postgres"] if POSTGRES else [])])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return an empty database's URL; on PostgreSQL a schema of its own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'kept' / 'conversations.db'}"
        return
    import psycopg

    assert POSTGRES
    schema = f"test_{uuid4().hex}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{schema}"'.encode())
        yield f"{POSTGRES}&options=-csearch_path%3D{schema}"
        connection.execute(f'DROP SCHEMA "{schema}" CASCADE'.encode())


@pytest.fixture(scope="session")
def cache_folder(pytestconfig: pytest.Config) -> Path:
    """Return the folder that Footnote caches models in during this test session."""
    return pytestconfig.stash[_HOME] / ".cache" / "footnote"


@pytest.fixture(scope="session")
def model_folder(cache_folder: Path) -> Path:
    """Return the exported embedding model's folder: made once, whatever the number of workers.

    It is kept for the next run too, in `build/`, as long as the code that makes it is the same.
    Made in a process of its own: exporting imports torch, and a test that asks must be able to
    show that asking does not.
    """
    sources = [(ROOT / "index" / f"{name}.py").read_bytes() for name in ("embed", "export")]
    code = hashlib.sha256(b"".join(sources)).hexdigest()[:16]
    kept = ROOT / "build" / f"tests-model-{code}"
    cache_folder.mkdir(parents=True, exist_ok=True)
    with FileLock(cache_folder / "tests.lock"):
        made = subprocess.run(
            [sys.executable, "-c", EXPORT, str(kept)],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        folder = cache_folder / "models" / Path(made.stdout).name
        if not folder.is_dir():
            shutil.copytree(made.stdout, folder.with_suffix(".part"))
            folder.with_suffix(".part").rename(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_models(pytestconfig: pytest.Config) -> Path:
    """Return the folder of `tests.tiny_models`: models, what they say, and their exports."""
    folder = pytestconfig.stash[_HOME] / "tiny-models"
    with FileLock(folder.with_suffix(".lock")):
        if not folder.is_dir():
            made = Path(tempfile.mkdtemp(dir=folder.parent))
            command = [sys.executable, "-W", "ignore", "-m", "tests.tiny_models", str(made)]
            # Not under coverage, which slows the import of PyTorch down threefold.
            bare = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE")}
            subprocess.run(command, check=True, capture_output=True, env=bare)
            made.rename(folder)
    return folder


@pytest.fixture(scope="session")
def bundled_assistant(cache_folder: Path, model_folder: Path) -> Iterator["Assistant"]:
    """Return the assistant that answers from the bundled article, as the commands open it."""
    from assistant.settings import Settings
    from assistant.wiring import open_assistant

    assert model_folder.is_dir()
    with FileLock(cache_folder / "tests-bundled.lock"):
        assistant = open_assistant(Settings(cache_dir=cache_folder), None)
    with assistant:
        yield assistant


@pytest.fixture(scope="session")
def documents_assistant(cache_folder: Path, model_folder: Path) -> Iterator["Assistant"]:
    """Return an assistant for the small documents of `tests.asked`."""
    from tests.asked import open_documents

    assert model_folder.is_dir()
    with open_documents(cache_folder) as assistant:
        yield assistant
