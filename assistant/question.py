"""What a question asks for: `read_question("how many times did Abe meet Putin?")`.

Two readings, both from the question's words alone. `asks` is the kind of thing that would answer it
(a number, a time, a reason …); `shape` is how much of an answer it wants: one fact, several, both
sides of a comparison, an overview, or nothing that a document can give (an instruction to the
assistant, a greeting). Pure, and written for English; a question in another language reads as
asking for "something", in one fact.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from index.words import STOP_WORDS, fold, stem, words

Asks = Literal[
    "number", "time", "reason", "person", "place", "manner", "yes or no", "which", "open"
]
Shape = Literal["fact", "several", "reasons", "comparison", "overview", "instruction", "greeting"]

_QUANTITIES = r"(number|percentage|amount|sum|fraction|proportion|share|price|cost|size)"
_PLACES = (
    r"(country|countries|city|cities|state|place|region|location|area|continent|town|river|island|"
    r"nation)s?"
)
_ASKS: dict[Asks, tuple[str, ...]] = {
    "number": (
        r"how (many|much|old|long|far|big|large|tall|high|deep|often)",
        r"(number|percentage|amount|sum)s? of",
        rf"(what|which) (\w+ )?{_QUANTITIES}",
        r"(what|which) (is|was|are|were) the (\w+ )?(population|cost|price|total|size|age)",
    ),
    "time": (
        r"when",
        r"(what|which) (\w+ )?(year|date|day|month|century|decade|time|period)s?",
    ),
    "reason": (
        r"why",
        r"how come",
        r"what (\w+ ){0,3}(caus|reason|led|lead|prompt|motivat|drove|driv|purpose|made)\w*",
        r"reasons?",
        r"for what",
        r"what (\w+ ){1,4}for",
    ),
    "person": (
        r"who",
        r"whom",
        r"whose",
        r"(what|which) (\w+ )?(person|people|leader|president|minister|man|woman)",
    ),
    "place": (r"where", rf"(what|which) (\w+ )?{_PLACES}"),
    "manner": (r"how",),
    "which": (r"what|which",),
}
_YES_OR_NO = r"(is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might)\b"

_COMPARISON = (
    r"compare|compared|comparison|versus|vs|differ|differs|differed|difference|differences|contrast"
)
_TEXTS = r"(document|article|text|page|paper|story|piece|file)"
_OVERVIEW = (
    r"summar\w+|overview|tl dr|tldr|gist|in a nutshell|key (point|takeaway)s?|"
    r"main (point|idea|argument|message|topic|theme|takeaway)s?|"
    r"what (does|do|did) the (\w+ )?(section|chapter|part)s? (on|about|of)|"
    rf"what (is|s|was) (this|it|the|that) ?(\w+ )?{_TEXTS}? ?(all )?about"
)
_PLURAL = r"(?!(?:is|was|does|has|this)\b)\w+[^s\W]s"
_SEVERAL = (
    rf"(what|which) (\w+ )?{_PLURAL}\b|(what|which) (are|were)\b|what (else|all)|all (the|of)|list|"
    r"how (?!(many|much|old|long|far|big|large|tall|high|deep|often)\b)|in (what|which) ways|"
    r"name (the|all|some|both|two|three|four|five|six)|"
    r"which (\w+ )?countries|"
    r"(measures|steps|actions|parts|points|elements|components|ways|types|kinds|examples|members) "
    r"(of|did|does|do|has|have|were|are|in|by|to|that)\b"
)
_ORDERS = (
    r"ignore|disregard|forget|override|bypass|pretend|roleplay|role play|simulate|repeat after|"
    r"translate|write|compose|sing|rewrite|paraphrase|reveal|print|output|act (as|like)|generate|"
    r"code|draw|imagine|enable|execute|run|do not answer"
)
_TOYS = r"(joke|poem|story|song|recipe|prompt|instructions?|secret|password|limerick|haiku|riddle)"
_RULES = (
    r"(article|document|text|instructions?|rules?|prompts?|above|previous|prior|everything|context|"
    r"guidelines)"
)
_INSTRUCTION = (
    rf"^(please |now |just |ok |okay |and |so )*(({_ORDERS})\b|"
    rf"(tell|give|make|sing|write|show) (me|us) (a|an|another|your|some) (\w+ )*{_TOYS}|"
    r"you are (now|no longer)|from now on|say )|"
    rf"\b(ignore|disregard|forget|override) (\w+ ){{0,4}}{_RULES}\b|"
    r"\b(your|the) (system|hidden|initial|secret) (prompt|message|instructions?|rules)\b"
)
_COURTESY = (
    r"hello|hi|hey|greetings|good (morning|afternoon|evening|day)|thanks|thank you|thx|ty|cheers|"
    r"many thanks|bye|goodbye|good bye|see you|great|nice|cool|ok|okay|perfect|wonderful"
)
_FLOURISH = r"there|all|so much|very much|a lot|footnote|again|for (the|your) (help|answer)|then"
_GREETING = rf"^(({_COURTESY})( ({_FLOURISH}))*[ ]?)+$"
_AUXILIARY = r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might)"
_FOCUS = re.compile(
    rf"\bhow (?:many|much) (?!{_AUXILIARY}\b)(?P<counted>\w+)|"
    rf"\b(?:what|which) (?P<named>(?:(?!{_AUXILIARY}\b)\w+ ){{1,3}}?)"
    rf"(?=(?:{_AUXILIARY}|of|in|on|to|for|that|who|\w+ed)\b|$)"
)
_MISSPELT = {
    "wat": "what",
    "wut": "what",
    "waht": "what",
    "wht": "what",
    "wich": "which",
    "y": "why",
    "wen": "when",
    "whn": "when",
    "hw": "how",
    "hwo": "how",
    "whos": "who",
    "whats": "what is",
}
_SIDES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bbetween (.+?) and (.+?)(?: (?:in|on|about|regarding)\b.*)?$",
        (
            r"(?:compare|contrast|do|does|did|is|are|was|were) (.+?) (?:and|with|to|versus|vs\.?|"
            r"from|differ from|compared (?:to|with)) (.+?)"
            r"(?: (?:differ|compare|in|on|about|regarding)\b.*)?$"
        ),
        r"(.+?) (?:versus|vs\.?) (.+)$",
    )
)
_DIGITS = re.compile(r"\d")


@dataclass(frozen=True)
class Question:
    """A question read for what it asks; made by `read_question`."""

    text: str
    asks: Asks
    shape: Shape

    @cached_property
    def stems(self) -> tuple[str, ...]:
        """The stems of its content words, each once, in order."""
        return tuple(dict.fromkeys(word.stem for word in words(self.text) if word.is_content))

    @cached_property
    def names(self) -> frozenset[str]:
        """The stems of its capitalised words, but for the first word of the question."""
        named = [w for w in words(self.text)[1:] if w.text[0].isupper() and w.is_content]
        return frozenset(word.stem for word in named)

    @cached_property
    def figures(self) -> frozenset[str]:
        """The numbers written with digits in it, such as "1956"."""
        return frozenset(w.stem for w in words(self.text) if _DIGITS.match(w.text))

    @cached_property
    def focus(self) -> str | None:
        """The stem of what is asked about: "breed" in "what breed was the puppy?"."""
        found = _FOCUS.search(_plain(self.text) + " ")
        if not found:
            return None
        phrase = found["counted"] or found["named"]
        named = [word for word in phrase.split() if word not in STOP_WORDS]
        return stem(named[-1]) if named else None


def read_question(text: str) -> Question:
    """Read what `text` asks for; any text is read, an empty one as open."""
    plain = _plain(text)
    return Question(text, _asks(plain), _shape(plain))


def sides(text: str) -> tuple[str, str] | None:
    """Return the two things a comparison names: "Abe's and Kishida's approach" gives both names."""
    plain = " ".join(text.strip(" ?.!").split())
    found = next((m for pattern in _SIDES if (m := pattern.search(plain))), None)
    return (found.group(1), found.group(2)) if found else None


def _plain(text: str) -> str:
    """Casefold, leave only words and single spaces, and mend the question word."""
    spelt = re.sub(r"[\W_]+", " ", fold(text)).split()
    return " ".join(_MISSPELT.get(word, word) for word in spelt)


def _asks(plain: str) -> Asks:
    for asks, patterns in _ASKS.items():
        if re.search(rf"\b({'|'.join(patterns)})\b", plain):
            return asks
    return "yes or no" if re.match(_YES_OR_NO, plain) else "open"


def _shape(plain: str) -> Shape:
    shapes: tuple[tuple[Shape, str], ...] = (
        ("greeting", _GREETING),
        ("instruction", _INSTRUCTION),
        ("overview", rf"\b({_OVERVIEW})\b"),
        ("comparison", rf"\b({_COMPARISON})\b"),
        ("reasons", rf"\b({'|'.join(_ASKS['reason'])})\b"),
        ("several", rf"\b({_SEVERAL})"),
    )
    found = (shape for shape, pattern in shapes if re.search(pattern, plain))
    return next(found, "fact")
