"""Make a follow-up stand alone: `condense("and when?", history)`.

Without a language model this is done by rule: a question that leans on what was said before, by a
pronoun or by saying next to nothing itself, takes over what the last question was about. Anything
else stays as it was typed.
"""

import re
from collections.abc import Sequence

from assistant.answer import Turn
from assistant.question import read_question
from index.words import words

_LEANING = re.compile(
    r"\b(he|him|his|she|her|hers|it|its|they|them|their|theirs|this|these|those|that one|the same|"
    r"(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )there|then|one|ones)\b",
    re.IGNORECASE,
)
_OBJECT = {"him", "them", "it"}
"""These never mean what the same question names before them: "did Russia give it up?"."""
_PERSON = re.compile(r"\b(he|him|she|his|her)\b", re.IGNORECASE)
_POSSESSIVE = {"his", "her"}
_OPENER = re.compile(r"^(and|but|so|or|also|what about|how about|and what about)\b", re.IGNORECASE)
_ASKING = re.compile(
    r"^\W*(who|whom|whose|what|when|where|why|how( many| much| long| often)?|which)\b",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"\b(is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might)\b",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"^\W*(how (many|much)|which|what)( \w+){1,3}?"
    r"(?= (is|are|was|were|do|does|did|has|have|had)\b)",
    re.IGNORECASE,
)
_OF_ITSELF = {"overview", "instruction", "greeting"}
_ELLIPTIC = 3
_SELF_SUFFICIENT = 2
_LONGEST_MEMORY = 400


def condense(question: str, history: Sequence[Turn]) -> str:
    """Return `question` so that it can be searched by itself; `history` is oldest first."""
    asked = [turn.content for turn in history if turn.role == "user" and turn.content.strip()]
    if not asked or not _leans(question):
        return question
    before = " ".join(asked[-1].split())[:_LONGEST_MEMORY]
    pronouns = {match.group().casefold() for match in _PERSON.finditer(question)}
    # "he" and "him" are two people, of whom the last question names the one we know.
    named = _last_person(history) if len(pronouns) == 1 else None
    if named and _telling(question) >= _SELF_SUFFICIENT:
        return _PERSON.sub(lambda match: _name_for(match, named), question)
    bare = _OPENER.sub("", question).strip(" ?.!,")
    if bare.casefold() in {"", "why", "how", "when", "where", "who", "really", "how so"}:
        return f"{bare} {_without_asking(_COUNTED.sub('', before))}" if bare else before
    return f"{question.rstrip(' ?')} ({_without_asking(before)})?"


async def by_rule(question: str, history: Sequence[Turn]) -> str:
    """Do what `condense` does, where a language model might be asked instead."""
    return condense(question, history)


def _leans(question: str) -> bool:
    spoken = words(question)
    if not spoken or read_question(question).shape in _OF_ITSELF:
        return False
    elliptic = len(spoken) <= _ELLIPTIC and _ASKING.match(question) and not _VERB.search(question)
    if elliptic or not _telling(question) or _OPENER.match(question.strip()):
        return True
    return any(
        match.group().casefold() in _OBJECT or not _names_someone(question[: match.start()])
        for match in _LEANING.finditer(question)
    )


def _telling(question: str) -> int:
    """Count the words that name something; "how many" does not."""
    return sum(w.is_content and w.text.casefold() not in {"many", "much"} for w in words(question))


def _names_someone(text: str) -> bool:
    return any(word.text[0].isupper() and word.is_content for word in words(text))


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
