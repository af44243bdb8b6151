"""Settings: read from FOOTNOTE_… and .env, typed, and every error names the variable."""

from pathlib import Path

import pytest

from assistant.settings import Settings, load_settings
from index.errors import SettingError
from tests.source import ROOT


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in a folder without a .env of the developer's."""
    monkeypatch.chdir(tmp_path)


def test_nothing_needs_to_be_set() -> None:
    """Without variables the documented defaults hold."""
    settings = load_settings()
    assert settings.index is None
    assert (settings.hits, settings.max_question_chars, settings.max_file_mb) == (8, 2000, 20)
    assert settings.cache_dir.name == "footnote"


def test_the_environment_wins_over_the_env_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A .env file in the current folder is read, and a variable of the shell is stronger."""
    (tmp_path / ".env").write_text("FOOTNOTE_HITS=3\nFOOTNOTE_MAX_FILE_MB=5\n", encoding="utf-8")
    monkeypatch.setenv("FOOTNOTE_HITS", "4")
    settings = load_settings()
    assert (settings.hits, settings.max_file_mb) == (4, 5)


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """FOOTNOTE_INDEX= means that no index is set, not the current folder."""
    monkeypatch.setenv("FOOTNOTE_INDEX", "")
    assert load_settings().index is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FOOTNOTE_HITS", "many"),
        ("FOOTNOTE_HITS", "0"),
        ("FOOTNOTE_MAX_FILE_MB", "-1"),
        ("FOOTNOTE_ANSWER_THRESHOLD", "1.5"),
        ("FOOTNOTE_MIN_SUPPORT", "-0.1"),
        ("FOOTNOTE_MAX_QUESTION_CHARS", "1e9"),
        ("FOOTNOTE_LOCK_SECONDS", "nan"),
    ],
)
def test_a_bad_value_is_named_with_its_variable(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says which variable, what it holds and what is wrong with it."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError, match=rf"^{name}='{value}': \w+"):
        load_settings()


def test_a_misspelt_variable_is_an_error_with_a_proposal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that would silently do nothing is refused, and the nearest one is named."""
    monkeypatch.setenv("FOOTNOTE_IDNEX", "notes")
    with pytest.raises(SettingError, match="FOOTNOTE_IDNEX is no setting; did you mean FOOTNOTE_I"):
        load_settings()


def test_a_misspelt_line_of_the_env_file_is_an_error(tmp_path: Path) -> None:
    """The .env file is held to the same rule; what others keep in it is theirs."""
    (tmp_path / ".env").write_text("OTHER_PROGRAM=1\n", encoding="utf-8")
    load_settings()
    (tmp_path / ".env").write_text("FOOTNOTE_HIST=3\n", encoding="utf-8")
    with pytest.raises(SettingError, match="FOOTNOTE_HIST is no setting; did you mean FOOTNOTE_HI"):
        load_settings()


def test_settings_cannot_be_changed() -> None:
    """Read once: nobody changes a setting behind another's back."""
    with pytest.raises(ValueError, match="frozen"):
        load_settings().hits = 3


def test_every_setting_is_documented() -> None:
    """The reference has every variable with what it means, and none that there is not."""
    page = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    table = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `FOOTNOTE_")}
    assert table == {f"FOOTNOTE_{name.upper()}" for name in Settings.model_fields}
    assert all(field.description for field in Settings.model_fields.values())
