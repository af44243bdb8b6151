"""A terminal's conversation is kept like others, bounded, and goes on when keeping fails."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from assistant.answer import Answer, Turn
from assistant.conversations import Conversations
from assistant.dialogue import Dialogue
from assistant.settings import Settings
from assistant.wiring import open_dialogue
from index.errors import ConversationNotFound, ConversationsUnavailable


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings that keep conversations in a file of the test's own."""
    return Settings(
        conversations_url=SecretStr(f"sqlite:///{tmp_path / 'kept.db'}"), history_turns=3
    )


@pytest.fixture
def dialogue(settings: Settings) -> Iterator[Dialogue]:
    """Return a new conversation that is kept."""
    with closing(open_dialogue(settings, None)) as opened:
        yield opened


def answer(number: int) -> Answer:
    """Return the Answer "A…" to the question "Q…"."""
    return Answer(
        id=f"answer-{number}",
        outcome="answered",
        reason=None,
        question=f"Q{number}",
        standalone_question=f"Q{number}",
        text=f"A{number}",
    )


def test_the_newest_turns_are_its_history(dialogue: Dialogue) -> None:
    """However long it gets, a question leans on as many turns as the setting says."""
    for number in range(3):
        dialogue.add(answer(number))
    assert dialogue.history == (
        Turn("assistant", "A1"),
        Turn("user", "Q2"),
        Turn("assistant", "A2"),
    )


def test_it_can_be_gone_on_with(dialogue: Dialogue, settings: Settings) -> None:
    """Its id opens it again, with the same history, and what is added comes behind."""
    assert dialogue.id is None
    dialogue.add(answer(1))
    with closing(open_dialogue(settings, dialogue.id)) as again:
        assert again.history == dialogue.history
        again.add(answer(2))
        assert again.id == dialogue.id
    with closing(open_dialogue(settings, dialogue.id)) as third:
        assert [turn.content for turn in third.history] == ["A1", "Q2", "A2"]


def test_somebody_elses_is_unknown(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is logged in under another name cannot go on with it, though they know its id."""
    monkeypatch.setenv("LOGNAME", "anna")
    with closing(open_dialogue(settings, None)) as hers:
        hers.add(answer(1))
    monkeypatch.setenv("LOGNAME", "ben")
    with pytest.raises(ConversationNotFound):
        open_dialogue(settings, hers.id)


def test_without_a_place_it_is_held_in_memory() -> None:
    """A Dialogue without a database has a history, and no id."""
    with closing(Dialogue(turns=2)) as dialogue:
        dialogue.add(answer(1))
        assert (dialogue.id, len(dialogue.history)) == (None, 2)


def test_when_keeping_fails_it_goes_on_in_memory(settings: Settings) -> None:
    """The failure is raised once; what was said stays its history."""

    class Full(Conversations):
        def begin(self, begun: Sequence[tuple[str, Answer]]) -> list[str]:
            raise ConversationsUnavailable(f"no room for {begun[0][1].id}")

    kept = Full(settings.conversations_url.get_secret_value())
    with closing(Dialogue(kept, turns=4)) as dialogue:
        with pytest.raises(ConversationsUnavailable, match="no room for answer-1"):
            dialogue.add(answer(1))
        dialogue.add(answer(2))
        assert [turn.content for turn in dialogue.history] == ["Q1", "A1", "Q2", "A2"]
        assert dialogue.id is None
