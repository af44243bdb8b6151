"""What the doctor says of a language model: whether it replies, and what to do when it does not."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from assistant.doctor import Check, examine
from assistant.settings import Settings
from assistant.wiring import open_language_model
from tests.wire import Script, serving

KEY = "sk-never-shown-0123456789"


def told(settings: Settings) -> Check:
    """Return the check of the language model."""
    checks = examine(settings, None, lambda: open_language_model(settings))
    (found,) = (check for check in checks if check.name == "language model")
    assert KEY not in str(checks)
    return found


def settings(folder: Path, **changes: str | int | SecretStr) -> Settings:
    """Return settings that name a model on this machine."""
    fields = {"cache_dir": folder, "model": "openai:m", "model_api_key": SecretStr(KEY)}
    return Settings.model_validate({**fields, "model_retries": 0, **changes})


def test_a_model_that_replies(tmp_path: Path) -> None:
    """It is asked one thing."""
    with serving(Script(pieces=["ready"])) as server:
        found = told(settings(tmp_path, model_base_url=f"{server.url}/v1"))
    assert (found.state, found.found) == ("ok", "openai:m replies")
    assert len(server.requests) == 1


def test_a_model_that_refuses(tmp_path: Path) -> None:
    """The remedy names the key's variable."""
    with serving(Script(status=401)) as server:
        found = told(settings(tmp_path, model_base_url=f"{server.url}/v1"))
    assert found.state == "broken"
    assert "OPENAI_API_KEY" in found.remedy


@pytest.mark.parametrize("model", ["gpt", "openai:"])
def test_a_model_that_cannot_be_opened(tmp_path: Path, model: str) -> None:
    """What is wrong with the setting is the remedy."""
    assert "provider:name" in told(settings(tmp_path, model=model)).remedy


def test_no_model(tmp_path: Path) -> None:
    """Quoting needs none."""
    assert told(Settings(cache_dir=tmp_path)).state == "ok"
