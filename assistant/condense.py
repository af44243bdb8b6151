"""Make a follow-up stand alone: `condense("and when?", history)`.

Without a language model this is done by rule. A question that leans on what was said before, by a
pronoun or by saying next to nothing itself, becomes one that a person could have asked:

    What did Abe promise?       and when?               When did Abe promise?
    Who is Kishida?             what did he freeze?     what did Kishida freeze?
    Who designed the tower?     when was he born?       Who designed the tower? When was Ewan Moir
                                                        born?
    What killed the bees?       what did she do then?   What killed the bees? What did she do then?

Whom "he" means is sought in the last answer, when a person was asked for, then in the questions.
Where it is not sure what is meant, the last question stays in front, and a name that its answer
brought up comes along; `read_question` reads the kind of such a pair from what is asked last.
Anything else stays as it was typed.
"""

import re
from collections.abc import Iterator, Sequence

from assistant.answer import Turn
from assistant.question import read_question
from index.words import Word, words

_LEANING = re.compile(
    r"\b(he|him|his|she|her|hers|it|its|they|them|their|theirs|this|these|those|that one|the same|"
    r"(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )there|then|ones?(?! (?:of|another)\b))\b",
    re.IGNORECASE,
)
_EMPTY_IT = re.compile(
    r"\b(is|was) it (\w+ly )?\w+ that\b|\b(does|did) it (take|cost) to\b|\bit (is|was) \w+ that\b",
    re.IGNORECASE,
)
"""An "it" that stands for nothing: "why is it unlikely that …?"."""
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
_MORE = re.compile(
    r"^\W*(please )?((can|could) you )?(please )?(tell me more|say more|go on|continue|more|"
    r"(give me )?more (details?|information)|elaborate|explain|(what|anything|something) else|"
    r"keep going|and( then)?|what do you mean)"
    r"( (about|on) (it|that|this|them)| that| it| please)*\W*$",
    re.IGNORECASE,
)
_DOUBT = re.compile(
    r"^\W*((but )?are you (really |quite )?(sure|certain)( (about|of) (it|that|this))?|really|"
    r"is (that|this|it) (really )?(true|right|correct|so)|seriously)\W*$",
    re.IGNORECASE,
)
_OBJECT = {"him", "them", "it"}
"""These never mean what the same question names before them: "did Russia give it up?"."""
_PERSON = re.compile(r"\b(he|him|she|his|hers|her)\b", re.IGNORECASE)
_THING = re.compile(r"\b(it|its|they|them|their|there)\b", re.IGNORECASE)
_POSSESSIVE = {"his", "her", "its", "their"}
_OPENER = re.compile(
    r"^\W*(and what about|what about|how about|and|but|so|or|also)\b[\s,]*", re.IGNORECASE
)
_WH = r"(who|whom|whose|what|when|where|why|how( many| much| long| often| far| old)?|which)"
_ASKING = re.compile(rf"^\W*{_WH}\b", re.IGNORECASE)
_VERB = re.compile(
    r"\b(is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might)\b",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"(?i:\b(is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|that|if|"
    r"whether) +(the )?)[A-Z]"
)
_CLAUSE = re.compile(
    r"^\W*(?:(?:(?:when|where|why|how)|(?:who|whom|what|which|how (?:many|much|long|often|far))"
    r"(?: \w+){0,3}?(?= (?:do|does|did)\b)) )?"
    r"(?P<rest>(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should)\b.+?)\W*$",
    re.IGNORECASE,
)
"""A question of which only the question word has to be changed: "did Abe give Putin a puppy?"."""
_ADVERB = re.compile(
    r"when|where|why|how( long| often| many times)?|(since|until) when|for how long|in what year",
    re.IGNORECASE,
)
_DEFINED = re.compile(
    r"^\W*(?:who|what) (?:is|are|was|were) (?!(?:in|on|at|of|for|from|with|by|to|about)\b)"
    r"(?P<it>(?:the |a |an )?(?:[\w’'-]+ ){0,4}[\w’'-]+)\W*$",
    re.IGNORECASE,
)
"""A question about one thing: "what is the Quad?"."""
_YEAR = re.compile(r"\b(?:1[0-9]|20)\d\d\b")
_OF_ITSELF = {"overview", "instruction", "greeting"}
_MARK = re.compile(r"\s*\[\d+\]")
_DATE = re.compile(
    r"(mon|tues|wednes|thurs|fri|satur|sun)days?|january|february|march|april|may|june|july|august|"
    r"september|october|november|december",
    re.IGNORECASE,
)
_FIRST_SENTENCES = 300
_ELLIPTIC = 3
_SELF_SUFFICIENT = 2
_NAMES = 2
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
    before = _as_question(before[-_LONGEST_MEMORY:])
    said = " ".join(turn.content for turn in history[last + 1 :])
    if _DOUBT.match(question):
        return before
    if _MORE.match(question):
        return f"{before} What else?"
    return (
        _with_person(question, before, said, history)
        or _with_thing(question, before)
        or _with_clause(question, before)
        or _with_year(question, before)
        or _behind(question, before, said)
    )


async def by_rule(question: str, history: Sequence[Turn]) -> str:
    """Do what `condense` does, where a language model might be asked instead."""
    return condense(question, history)


def _leans(question: str) -> bool:
    spoken = words(question)
    if _MORE.match(question) or _DOUBT.match(question):
        return True
    if not spoken or read_question(question).shape in _OF_ITSELF:
        return False
    elliptic = len(spoken) <= _ELLIPTIC and _ASKING.match(question) and not _VERB.search(question)
    if elliptic or not _telling(question) or _opens_without_subject(question):
        return True
    if _THAT.search(question) or _MISSING.match(question):
        return True
    plain = _EMPTY_IT.sub(" that ", question)
    return any(
        match.group().casefold() in _OBJECT or not _has_subject(plain[: match.start()])
        for match in _LEANING.finditer(plain)
    )


def _opens_without_subject(question: str) -> bool:
    """Tell whether "and …" goes on with what was said; "and who is mayor of Thorley?" is new."""
    opener = _OPENER.match(question)
    if not opener:
        return False
    rest = question[opener.end() :]
    asking = _ASKING.match(rest)
    whole = asking and (
        _VERB.search(rest) or asking[1].casefold() in {"who", "where", "when", "why"}
    )
    return not (whole and any(_capitalised(word) for word in words(rest)[1:]))


def _telling(question: str) -> int:
    """Count the words that name something; "how many" does not."""
    return sum(w.is_content and w.text.casefold() not in {"many", "much"} for w in words(question))


def _capitalised(word: Word) -> bool:
    return word.text[0].isupper() and word.is_content


def _names_someone(text: str) -> bool:
    return any(map(_capitalised, words(text)))


def _has_subject(before: str) -> bool:
    """Tell whether a name stands as the subject before a pronoun: "did Putin keep his …"."""
    return _SUBJECT.search(before) is not None


def _with_person(question: str, before: str, said: str, history: Sequence[Turn]) -> str | None:
    """Return `question` with the name of whom it calls "he"."""
    pronouns = {match.group().casefold() for match in _PERSON.finditer(question)}
    # "he" and "him" are two people, of whom the last question names the one we know.
    if len(pronouns) != 1:
        return None
    asked_for = read_question(before).asks == "person" and not _named_by_itself(before)
    answered = next(iter(_new_names(said, before)), "") if asked_for else ""
    named = answered or _last_person(history)
    if not named or not (answered or _telling(question) >= _SELF_SUFFICIENT):
        return None
    alone = _PERSON.sub(lambda match: _in_place(match, named), question)
    # What the person was asked for with helps to find more about them.
    return f"{before} {_as_question(alone)}" if answered else alone


def _named_by_itself(before: str) -> str:
    """Return what the last question was about alone: "the Quad" of "what is the Quad?"."""
    defined = _DEFINED.match(before)
    return defined["it"] if defined and _names_someone(defined["it"]) else ""


def _with_thing(question: str, before: str) -> str | None:
    """Return `question` with what the last one was about in place of "it" or "there"."""
    it = _named_by_itself(before)
    pronouns = {match.group().casefold() for match in _THING.finditer(question)}
    if not it or len(pronouns) != 1:
        return None
    return _THING.sub(lambda match: _in_place(match, it), question)


def _with_clause(question: str, before: str) -> str | None:
    """Return the last question with the new one's question word: "When did Abe meet Putin?"."""
    bare = _OPENER.sub("", question).strip(" ?.!,")
    clause = _CLAUSE.match(before)
    if not clause or not _ADVERB.fullmatch(bare):
        return None
    rest = clause["rest"]
    return f"{bare[0].upper()}{bare[1:]} {rest[0].lower()}{rest[1:]}?"


def _with_year(question: str, before: str) -> str | None:
    """Return the last question about the year that this one names instead: "and in 2016?"."""
    bare = _OPENER.sub("", question).strip(" ?.!,")
    years = _YEAR.findall(before)
    if len(years) != 1 or not re.fullmatch(rf"(in )?{_YEAR.pattern}", bare, re.IGNORECASE):
        return None
    return _YEAR.sub(bare.split()[-1], before)


def _behind(question: str, before: str, said: str) -> str:
    """Return `question` behind the last one, and behind what the answer named if it may mean that.

    "Which river is it on? As for Hest, how many live there?"
    """
    names = _new_names(said, f"{before} {question}") if _may_mean_it(question, before) else []
    # A longer list is what "they" means as a whole, and no help.
    if not 0 < len(names) <= _NAMES:
        return f"{before} {_as_question(question)}"
    rest = _OPENER.sub("", question).strip()
    if _ASKING.match(rest) or _VERB.match(rest):
        rest = f"{rest[0].lower()}{rest[1:]}"
    return f"{before} As for {' and '.join(names)}, {rest}"


def _may_mean_it(question: str, before: str) -> bool:
    """Tell whether "it" may be what the last question asked for: "which river is it on?"."""
    read = read_question(before)
    if re.search(r"\bthere\b", question, re.IGNORECASE):
        return read.asks == "place"
    named = read.asks == "place" or (read.asks == "which" and read.focus is not None)
    return named and _THING.search(question) is not None


def _as_question(text: str) -> str:
    """Return `text` with a capital at its start and a mark at its end."""
    plain = text.strip()
    return f"{plain[:1].upper()}{plain[1:]}{'' if plain.endswith(('?', '!', '.')) else '?'}"


def _new_names(said: str, known: str) -> list[str]:
    """Return the names in an answer that `known` has not, each whole, in order.

    A capital at the start of a sentence makes a name of a word only if another one follows it.
    """
    spoken = {word.stem for word in words(known)}
    text = _MARK.sub("", said)[:_FIRST_SENTENCES]
    found = []
    for run in _runs([word for word in words(text) if _capitalised(word)]):
        first = run[0]
        opens = re.search(r"(^|[.?!]\s+|\n)[\W_]*$", text[: first.start]) is not None
        if _DATE.fullmatch(first.text) or any(word.stem in spoken for word in run):
            continue
        if len(run) > 1 or not opens:
            found.append(" ".join(word.text for word in run))
    return list(dict.fromkeys(found))


def _last_person(history: Sequence[Turn]) -> str:
    """Return the first name, all its parts, of the newest question that has one after its start."""
    for turn in reversed(history):
        if turn.role == "user":
            named = [
                word
                for word in words(turn.content)[1:]
                if _capitalised(word) and not _DATE.fullmatch(word.text)
            ]
            if named:
                return " ".join(word.text for word in next(_runs(named)))
    return ""


def _runs(named: Sequence[Word]) -> Iterator[list[Word]]:
    """Yield names whole: words with one space between them, such as "Fumio Kishida"."""
    run: list[Word] = []
    for word in named:
        if run and word.start != run[-1].start + len(run[-1].text) + 1:
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _in_place(match: re.Match[str], name: str) -> str:
    """Return what stands in the pronoun's place: "Kishida's" for "his", "in Hest" for "there"."""
    pronoun = match.group().casefold()
    if pronoun in _POSSESSIVE:
        return f"{name}'s"
    return f"in {name}" if pronoun == "there" else name


def last_question(history: Sequence[Turn]) -> str:
    """Return what was asked last in `history`; empty where nothing was."""
    asked = (" ".join(turn.content.split()) for turn in reversed(history) if turn.role == "user")
    return next(asked, "")
