"""Make a follow-up stand alone: `condense("and when?", history)`.

Without a language model this is done by rule: a question that leans on what was said before, by a
pronoun or by saying next to nothing itself, takes over what the last question was about. Anything
else stays as it was typed.
"""

import re
from collections.abc import Sequence

from assistant.answer import Turn
from index.words import words

_LEANING = re.compile(
    r"\b(he|him|his|she|her|hers|it|its|they|them|their|theirs|this|these|those|that one|the same|"
    r"there|then|one|ones)\b",
    re.IGNORECASE,
)
_PERSON = re.compile(r"\b(he|him|she|his|her)\b", re.IGNORECASE)
_POSSESSIVE = {"his", "her"}
_OPENER = re.compile(r"^(and|but|so|or|also|what about|how about|and what about)\b", re.IGNORECASE)
_ASKING = re.compile(
    r"^\W*(who|whom|whose|what|when|where|why|how( many| much| long| often)?|which)\b",
    re.IGNORECASE,
)
_SELF_SUFFICIENT = 2
_LONGEST_MEMORY = 400


def condense(question: str, history: Sequence[Turn]) -> str:
    """Return `question` so that it can be searched by itself; `history` is oldest first."""
    asked = [turn.content for turn in history if turn.role == "user" and turn.content.strip()]
    if not asked or not _leans(question):
        return question
    before = " ".join(asked[-1].split())[:_LONGEST_MEMORY]
    named = _last_person(history) if _PERSON.search(question) else None
    if named and sum(word.is_content for word in words(question)) >= _SELF_SUFFICIENT:
        return _PERSON.sub(lambda match: _name_for(match, named), question)
    bare = _OPENER.sub("", question).strip(" ?.!,")
    if bare.casefold() in {"", "why", "how", "when", "where", "who", "really", "how so"}:
        return f"{bare} {_without_asking(before)}".strip() if bare else before
    return f"{question.rstrip(' ?')} ({_without_asking(before)})?"


def _leans(question: str) -> bool:
    telling = sum(word.is_content for word in words(question))
    return bool(
        telling < _SELF_SUFFICIENT or _OPENER.match(question.strip()) or _LEANING.search(question)
    )


def _without_asking(question: str) -> str:
    """Return a question without its question word: "did Abe give Putin a puppy"."""
    return _ASKING.sub("", question).strip(" ?.!,")


def _last_person(history: Sequence[Turn]) -> str | None:
    """Return the first capitalised word of the newest turn that has one after its first word."""
    for turn in reversed(history):
        if turn.role == "user":
            named = [
                w.text for w in words(turn.content)[1:] if w.text[0].isupper() and w.is_content
            ]
            if named:
                return named[0]
    return None


def _name_for(match: re.Match[str], name: str) -> str:
    return f"{name}'s" if match.group().casefold() in _POSSESSIVE else name
