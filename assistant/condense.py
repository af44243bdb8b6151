"""Make a follow-up stand alone: `condense("and when?", history)`.

Without a language model this is done by rule: a question that leans on what was said before, by a
pronoun or by saying next to nothing itself, takes over what the last question was about, which may
itself have leaned on the one before. Anything else stays as it was typed.
"""

import re
from collections.abc import Iterator, Sequence

from assistant.answer import Turn
from assistant.question import read_question
from index.words import Word, words

_LEANING = re.compile(
    r"\b(he|him|his|she|her|hers|it|its|they|them|their|theirs|this|these|those|that one|the same|"
    r"(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )there|then|one|ones)\b",
    re.IGNORECASE,
)
_THAT = re.compile(
    r"\b((is|was|are|were|do|does|did|has|have|had|can|could|will|would|should)(n['’]t)?|"
    r"for|about|of|with|after|before|by|from|to|in|on) that\b|\bthat( too| then)?\W*$",
    re.IGNORECASE,
)
"""Where "that" stands for something said before: "who pays for that?", "why didn't that work?"."""
_MISSING = re.compile(
    r"^\W*((is|are|was|were) there (a|an|any) \w+|(for|since|until|by|from|in|to|with) "
    r"(how|what|which|when|whom|where)( \w+)?)\W*$",
    re.IGNORECASE,
)
"""Questions that leave out of what: "is there a maximum?", "for how long?"."""
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
_TURNS = 12
"""Turns that are looked at, the newest ones."""


def condense(question: str, history: Sequence[Turn]) -> str:
    """Return `question` so that it can be searched by itself; `history` is oldest first."""
    history = history[-_TURNS:]
    asked = [i for i, turn in enumerate(history) if turn.role == "user" and turn.content.strip()]
    if not asked or not _leans(question):
        return question
    last = asked[-1]
    before = condense(" ".join(history[last].content.split())[:_LONGEST_MEMORY], history[:last])
    before = re.sub(r"\s*\(", ", ", before).replace(")", "")[:_LONGEST_MEMORY]
    pronouns = {match.group().casefold() for match in _PERSON.finditer(question)}
    # "he" and "him" are two people, of whom the last question names the one we know.
    named = _last_person(history) if len(pronouns) == 1 else None
    if named and _telling(question) >= _SELF_SUFFICIENT:
        return _PERSON.sub(lambda match: _name_for(match, named), question)
    bare = _OPENER.sub("", question).strip(" ?.!,")
    if bare.casefold() in {"", "why", "how", "when", "where", "who", "really", "how so"}:
        return f"{bare} {_without_asking(_COUNTED.sub('', before))}" if bare else before
    return _with_context(question, before)


def _with_context(question: str, before: str) -> str:
    """Return `question` with what the last one was about behind it, of the kind that it was."""
    asked = read_question(question)
    content = " ".join(word.text for word in words(before) if word.is_content)
    alone = question
    # Words such as "difference" or "how many" in the last question must not become this one's kind.
    for context in (_without_asking(before), content):
        alone = f"{question.rstrip(' ?')} ({context})?"
        read = read_question(alone)
        if (read.asks, read.shape) == (asked.asks, asked.shape):
            break
    return alone


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
    if _THAT.search(question) or _MISSING.match(question):
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
    """Return the first name, all its parts, of the newest question that has one after its start."""
    for turn in reversed(history):
        if turn.role == "user":
            named = [w for w in words(turn.content)[1:] if w.text[0].isupper() and w.is_content]
            if named:
                return " ".join(_first_run(named))
    return None


def _first_run(named: Sequence[Word]) -> Iterator[str]:
    """Yield the first word and those that follow it with one space between: "Fumio Kishida"."""
    end = named[0].start
    for word in named:
        if word.start != end:
            return
        yield word.text
        end = word.start + len(word.text) + 1


def _name_for(match: re.Match[str], name: str) -> str:
    return f"{name}'s" if match.group().casefold() in _POSSESSIVE else name
