"""Prompts: every variable has a value, every word counts in the hash, and data stays data."""

import html
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts import FOLDER, Prompt, combined_hash, load, quoted

NAMES = sorted(file.stem for file in FOLDER.glob("*.md"))


@pytest.mark.parametrize("name", NAMES)
def test_every_prompt_renders(name: str) -> None:
    """What a prompt asks for is enough to render it, and no placeholder is left."""
    prompt = load(name)
    text = prompt.render(**dict.fromkeys(prompt.variables, "x"))
    assert text
    assert not re.search(r"\{\{|\}\}", text)


def test_a_variable_that_is_missing_or_unknown_is_named() -> None:
    """A misspelt variable is an error, not an empty place."""
    prompt = Prompt("greet", "Hello {{name}}")
    with pytest.raises(TypeError, match=r"greet.md needs name and has no nmae"):
        prompt.render(nmae="Ann")


def test_a_value_is_not_read_again() -> None:
    """A value that looks like a variable stays as it is."""
    prompt = Prompt("pair", "{{one}} {{two}}")
    assert prompt.render(one="{{two}}", two="2") == "{{two}} 2"


def test_the_hash_is_of_the_words() -> None:
    """One changed letter is another prompt; the name is no part of it."""
    assert Prompt("a", "x").hash == Prompt("b", "x").hash != Prompt("a", "y").hash
    assert combined_hash(Prompt("a", "x"), Prompt("a", "y")) != combined_hash(Prompt("a", "xy"))
    assert load("answer").hash == load("answer").hash


def test_an_unknown_prompt_is_no_file() -> None:
    """There is no prompt of this name."""
    with pytest.raises(FileNotFoundError):
        load("unheard-of")


@given(st.text(max_size=80))
def test_quoted_text_opens_and_closes_nothing(text: str) -> None:
    """No character that tags are made of is left, and what can be seen comes back unharmed."""
    safe = quoted(text)
    assert not set(safe) & set('<>"')
    seen = "".join(c for c in text if quoted(c))
    assert html.unescape(safe) == seen or "&" in text


def test_a_prompt_is_our_own_words() -> None:
    """Each lies beside the loader as a file that can be read."""
    assert NAMES
    assert all(Path(FOLDER, f"{name}.md").read_text(encoding="utf-8").strip() for name in NAMES)
