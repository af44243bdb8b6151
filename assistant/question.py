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

from index.words import STOP_WORDS, content_stems, fold, stem, words

Asks = Literal[
    "number", "time", "reason", "person", "place", "manner", "yes or no", "which", "open"
]
Shape = Literal["fact", "several", "reasons", "comparison", "overview", "instruction", "greeting"]

_QUANTITIES = r"(number|percentage|amount|sum|fraction|proportion|share|price|cost|size)"
_MEASURES = (
    r"(many|much|old|long|far|big|large|tall|high|deep|often|heavy|wide|thick|fast|hot|expensive)"
)
_PLACES = (
    r"(country|countries|city|cities|state|place|region|location|area|continent|town|river|island|"
    r"nation)s?"
)
_ASKS: dict[Asks, tuple[str, ...]] = {
    "number": (
        rf"how {_MEASURES}",
        r"((what|which) (\w+ ){1,3}?)?(number|percentage|amount|sum)s? of",
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
        r"what (\w+ ){0,4}(cause|reason|purpose|motive|motivation|rationale)s?",
        r"what (\w+ly )?(caused|drove|drives|prompt(s|ed)|motivate(s|d)|made (?!of|from|up|by))",
        r"what (\w+ly )?(led|leads) (\w+ ){0,3}to",
        r"what (\w+ ){1,4}(caused|driven|prompted|motivated) by",
        r"reasons?",
        r"for what",
        r"what (is|was|are|were) (\w+ ){1,4}(?<!known )(?<!famous )for$",
    ),
    "person": (
        r"who",
        r"whom",
        r"whose",
        r"(what|which) (\w+ )?(person|people|leader|president|minister|man|woman)",
    ),
    "place": (r"where", rf"(what|which) (\w+ )?{_PLACES}"),
    "manner": (r"how",),
    "which": (r"^(what|which)",),
}
_AUXILIARY = r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might)"

_COMPARISON = (
    r"compare|compared|comparison|versus|vs|differ|differs|differed|difference|differences|"
    r"contrast|different (from|than|to)|similarit(y|ies)"
)
_TEXTS = r"(document|article|text|page|paper|story|piece|file|book|manual)s?"
_THESE = r"(this|it|that|these|those|they|your|the)"
_OVERVIEW = (
    r"summar\w+|overview|tl dr|tldr|gist|in a nutshell|key (point|takeaway)s?|"
    r"main (point|idea|argument|message|topic|theme|takeaway)s?|"
    r"what (does|do|did) the (\w+ )?(section|chapter|part)s? (on|about|of)|"
    rf"what (is|was|are) ({_THESE}|{_THESE} (\w+ )?{_TEXTS}) (all )?about$|"
    rf"what (do|does|did) ({_THESE}|{_THESE} (\w+ )?{_TEXTS}) (say|tell|cover|discuss)$"
)
# Not what ends in "us" or "is" ("virus", "crisis"), nor a verb ("what happens").
_PLURAL = (
    r"(?!(?:happens|makes|means|causes|drives|keeps|stops|prevents|comes|goes|remains|does)\b)"
    r"\w{2,}[^\Wsui]s"
)
_SEVERAL = (
    rf"(what|which) (?!{_AUXILIARY}\b)(\w+ )?{_PLURAL}|(what|which|who) (are|were|else)|what all|"
    rf"all (the|of)|lists?|how (?!{_MEASURES}\b)\w+|"
    r"in (what|which) ways|name (the|all|some|both|two|three|four|five|six)|"
    r"what (\w+ ){2,6}(includ|contain|compris)(e|es|ed|s)?|what (\w+ ){2,6}consists? of|"
    r"(measures|steps|actions|parts|points|elements|components|ways|types|kinds|examples|members) "
    r"(of|did|does|do|has|have|were|are|in|by|to|that)"
)
_RULES = (
    r"(articles?|documents?|texts?|instructions?|rules?|prompts?|above|previous|prior|everything|"
    r"context|guidelines)"
)
_ORDERS = (
    rf"(ignore|disregard|forget|override|bypass) (\w+ ){{0,4}}{_RULES}|"
    r"pretend|roleplay|role play|repeat after|act (as|like)|do not answer|"
    r"(translate|write|compose|sing|rewrite|paraphrase|recite) (me|us|a|an|the|this|that|it|some)|"
    r"(tell|give|make|sing|write|show) (me |us )?(a|an|another|some) (\w+ ){0,2}"
    r"(joke|poem|story|song|limerick|haiku|riddle)|"
    r"(tell|give|show|reveal|print|output|repeat|display) (me |us )?(out )?(your|the above|"
    r"everything above|the system)|"
    r"(run|execute|print|output|generate) (\w+ ){0,3}(code|command|script|program|python|sql)|"
    r"imagine (that|you|a|an)|enable (developer|debug|admin|god|unrestricted|dan) mode|"
    r"you are (now|no longer)|from now on|say (?!something)\w+"
)
_PROSE = (
    r"(write|compose) (me |us )?(a|an|the) (\w+ ){0,3}"
    r"(story|essay|report|summary|overview|guide|description|article|note|paragraph) "
    r"(about|on|of|where|that|which|who|for|with)"
)
"""A text on a subject is asked for: the documents may know the subject."""
_OWN_ORDERS = r"(prompts?|instructions?|rules|guidelines|restrictions|(developer|system) message)"
_POLITE = (
    r"please|now|just|ok|okay|and|so|then|but|instead|first|hey|hi|hello|kindly|"
    r"(can|could|will|would) you|you (must|should|will|have to)|i (want|need) you to"
)
_TO_THE_ASSISTANT = (
    r"\b(in|of|to|with|translate|write|provide|give|modify|enhance|render|encode|scramble|reverse|"
    r"spell|end|begin|start|finish|display) your (\w+ )?(answer|reply|response|output)s?\b|"
    rf"^(({_POLITE}) )*((ignore|drop|forget|bypass|disregard) (all )?your (\w+ )?{_OWN_ORDERS}|"
    rf"(repeat|print|output|show|spell out|give|reveal|tell)( me| us)? (\w+ ){{0,5}}"
    rf"(your|initial|hidden|previous|developer|system) (\w+ )?({_OWN_ORDERS}|message)|"
    r"(repeat|print|output|show) (\w+ ){0,2}(above|before this|words above|instructions given)|"
    r"output everything|forget all that|do not (listen to|follow|obey) (\w+ ){0,2}"
    r"(previous|prior|earlier|above)|(answer|respond|reply) (only with|as if|like an?)|"
    r"you (will be|are) (called|the electronic|special))\b|"
    r"\byou (are an ai|were (told|given)|reply as)\b|\bwere you (told|given)\b|"
    r"\b(told|asked) you not to\b"
)
_INSTRUCTION = (
    # At the start of a sentence, or behind "and" when it is about instructions.
    rf"^(({_POLITE}) )*(?!{_PROSE}\b)({_ORDERS})\b|"
    rf"{_TO_THE_ASSISTANT}|"
    r"\b(and|then|please|now) (ignore|disregard|forget|override) (\w+ ){0,3}"
    r"(instructions?|prompts?|guidelines|rules|article|documents?)\b|"
    r"\byour (system|hidden|initial|original|secret) (prompt|message|instructions?|rules)\b|"
    r"\bthe system prompt\b"
)
_SENTENCE = re.compile(r"[.?!;:\n]+")
_PAIR = re.compile(r"(?<=\?)\s+")
_AS_FOR = re.compile(r"^as for [^,?]+, ", re.IGNORECASE)
_WHAT_ABOUT = re.compile(r"(and )?(what|how) about\b")
_COURTESY = (
    r"hello|hi|hey|greetings|good (morning|afternoon|evening|day)|thanks|thank you|thx|ty|cheers|"
    r"many thanks|bye|goodbye|good bye|see you|great|nice|cool|ok|okay|perfect|wonderful"
)
_FLOURISH = r"there|all|so much|very much|a lot|footnote|again|for (the|your) (help|answer)|then"
_GREETING = rf"^(({_COURTESY})( ({_FLOURISH}))*[ ]?)+$"
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
_CONTRACTIONS = (
    (re.compile(r"\b(what|who|when|where|why|how|it|that|there|here) s\b"), r"\1 is"),
    (re.compile(r"\b(what|who|where|why|how|they|we|you) re\b"), r"\1 are"),
    (re.compile(r"\b(who|what|where|why|how) d\b"), r"\1 did"),
    (re.compile(r"\bwon t\b"), "will not"),
    (re.compile(r"\bcan t\b"), "can not"),
    (re.compile(rf"\b({_AUXILIARY})n t\b"), r"\1 not"),
)
_ASKS_FOR_OVERVIEW = re.compile(
    rf"\b({_OVERVIEW}|{_TEXTS}|sections?|chapters?|parts?|what|says?|said|tell|give|show|make|write|"
    r"provide|want|need|please|me|us|short|brief|briefly|quick|concise|main|key|points?|ideas?|"
    r"in (\w+ )?(sentence|word|line|point|bullet)s?)\b"
)
"""Words of a request for an overview that do not say of what."""
_ASKED_BY: dict[Shape, re.Pattern[str]] = {
    "overview": _ASKS_FOR_OVERVIEW,
    "comparison": re.compile(rf"\b({_COMPARISON}|between)\b"),
}
_SIDES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bbetween (.+?) and (.+?)(?: (?:in|on|about|regarding)\b.*)?$",
        (
            r"\b(?:compare|contrast|do|does|did|is|are|was|were) (.+?) (?:and|with|to|versus|"
            r"vs\.?|from|differ(?:ent)? from|compared (?:to|with)) (.+?)"
            r"(?: (?:differ|compare|in|on|about|regarding)\b.*)?$"
        ),
        r"(.+?) (?:versus|vs\.?) (.+)$",
    )
)
_DIGITS = re.compile(r"\d")
_ASKING = {asks: re.compile(rf"\b({'|'.join(one)})\b") for asks, one in _ASKS.items()}
_YES_OR_NO = re.compile(rf"{_AUXILIARY}\b")
_CONNECTIVE = re.compile(r"^((and|but|so|or|also|then) )+")
_ORDERING = re.compile(_INSTRUCTION)
_SHAPES: dict[Shape, re.Pattern[str]] = {
    "overview": re.compile(rf"\b({_OVERVIEW})\b"),
    "comparison": re.compile(rf"\b({_COMPARISON})\b"),
    "reasons": _ASKING["reason"],
    "several": re.compile(rf"\b({_SEVERAL})\b"),
}


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
        found = _FOCUS.search(_plain(_last_asked(self.text)) + " ")
        if not found:
            return None
        phrase = found["counted"] or found["named"]
        named = [word for word in phrase.split() if word not in STOP_WORDS]
        return stem(named[-1]) if named else None

    @cached_property
    def topic(self) -> "Question | None":
        """What an overview or a comparison is of, as a question without the words that ask for one.

        None when that is the text as a whole, and for a question of another shape.
        """
        if self.shape not in _ASKED_BY:
            return None
        rest = _ASKED_BY[self.shape].sub(" ", _plain(self.text))
        return self._about(set(content_stems(rest)))

    @cached_property
    def sides(self) -> "tuple[Question, ...]":
        """What a comparison names, each side with what they are compared on; none if it does not.

        "compare Abe and Kishida on Russia" is of "what about Abe Russia" and of Kishida's.
        """
        named = self.topic and self.shape == "comparison" and sides(self.text)
        if not self.topic or not named:
            return ()
        one, other = (set(content_stems(side)) for side in named)
        regard = set(self.topic.stems) - one - other
        asked = (self._about(own | regard) for own in (one, other))
        return tuple(question for question in asked if question)

    def _about(self, stems: set[str]) -> "Question | None":
        named = [word.text for word in words(self.text) if word.is_content and word.stem in stems]
        return Question(f"what about {' '.join(named)}", "which", "several") if named else None


def read_question(text: str) -> Question:
    """Read what `text` asks for; any text is read, an empty one as open.

    Of several questions, such as a follow-up behind what it leans on, the last one that asks for a
    kind of thing is read: "Which islands are claimed? Why?" asks for a reason.
    """
    plain = _plain(_last_asked(text))
    return Question(text, _asks(plain), _shape(text, plain))


def _last_asked(text: str) -> str:
    """Return the last question in `text` that asks for a kind of thing: not "and the second?"."""
    asked = [_AS_FOR.sub("", one) for one in _PAIR.split(text.strip())]
    for one in reversed(asked[1:]):
        plain = _plain(one)
        if _asks(plain) != "open" and not _WHAT_ABOUT.match(plain):
            return one
    return asked[0]


def sides(text: str) -> tuple[str, str] | None:
    """Return the two things a comparison names: "Abe vs Kishida" gives both names."""
    plain = " ".join(text.strip(" ?.!").split())
    found = next((m for pattern in _SIDES if (m := pattern.search(plain))), None)
    return (found.group(1), found.group(2)) if found else None


def _plain(text: str) -> str:
    """Casefold, leave only words and single spaces, mend the question word and contractions."""
    spelt = re.sub(r"[\W_]+", " ", fold(text)).split()
    plain = " ".join(_MISSPELT.get(word, word) for word in spelt)
    for pattern, written_out in _CONTRACTIONS:
        plain = pattern.sub(written_out, plain)
    return plain


def _asks(plain: str) -> Asks:
    """Return what the first of its question words asks for: "who led when …" asks for a person."""
    plain = _CONNECTIVE.sub("", plain)
    found = [
        (match.start(), rank, asks)
        for rank, (asks, pattern) in enumerate(_ASKING.items())
        if (match := pattern.search(plain))
    ]
    if found:
        return min(found)[2]
    if re.search(r"\b(what|which)\b", plain):
        return "which"
    return "yes or no" if _YES_OR_NO.match(plain) else "open"


def _shape(text: str, plain: str) -> Shape:
    if re.search(_GREETING, plain):
        return "greeting"
    if any(_ORDERING.search(_plain(sentence)) for sentence in _SENTENCE.split(text)):
        return "instruction"
    found: Shape
    found = next((shape for shape, pattern in _SHAPES.items() if pattern.search(plain)), "fact")
    # A count is one fact, whatever is counted: "how many members of the board were there?".
    return "fact" if found == "several" and _asks(plain) == "number" else found
