"""Questions out of plain English sentences: `ask(sentence, text)` gives those that it answers.

By rules, for `footnote eval new`: a sentence is taken apart into subject, verb and the rest only
when its verb is in the tables below and its subject says by itself what it is about ("The mill",
not "It"). Most sentences give nothing, on purpose: a person reads every question, and a few good
ones help more than many silly ones. Pure.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from eval.cases import Kind

_REGULAR: Final = """accept add agree announce appoint approve ask attack attend attract ban
    burn call cancel carry cause change charge clean close collect complete contain control cook
    cover create cross
    deliver demand design destroy develop discover double earn employ end enter establish
    examine expand explain export extend fail fill finish fish follow gain handle help hire
    host import improve include increase install introduce invent invest invite impose join
    kill land last launch lift limit list live load locate lower manage manufacture mark
    measure mention mix move name need note observe obtain offer open operate order organise
    own paint pass perform permit plan plant pledge prefer prepare produce promise propose
    protect prove provide publish pump raise reach receive recommend reduce refuse remove
    rename rent repair replace require reserve restore retire return roast sail save serve
    settle share ship show sign start stay stop store stretch suffer supply support survive
    test train transfer travel treat turn use visit wait want warn wash watch weigh welcome
    work""".split()
_IRREGULAR: Final = dict(
    pair.split(":")
    for pair in """became:become began:begin bought:buy brought:bring broke:break built:build
    burnt:burn caught:catch came:come chose:choose cost:cost cut:cut drew:draw drove:drive dug:dig
    fed:feed fell:fall flew:fly froze:freeze forbade:forbid fought:fight found:find
    founded:found gave:give grew:grow held:hold hid:hide kept:keep knew:know laid:lay led:lead
    left:leave lent:lend lost:lose made:make met:meet paid:pay ran:run rang:ring rose:rise
    said:say sang:sing saw:see sent:send set:set shut:shut sold:sell spent:spend spoke:speak
    stood:stand stole:steal swam:swim taught:teach thought:think threw:throw took:take
    told:tell went:go won:win wore:wear wrote:write""".split()
)
_DOUBLED: Final = {"ban", "permit", "plan", "prefer", "ship", "stop", "transfer"}
_AUXILIARIES: Final = set(
    "is are was were can could will would must should may might has have had".split()
)
_BE: Final = {"is", "are", "was", "were"}

_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
)
_YEAR = r"(?:1\d{3}|20\d{2})"
_DATE = rf"(?:(?:\d{{1,2}} )?{_MONTH} {_YEAR}|{_MONTH} \d{{1,2}}, {_YEAR}|{_YEAR})"
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_UNITS = "two|three|four|five|six|seven|eight|nine"
_COUNT = (
    rf"(?:\d[\d,]*|(?:{_TENS})(?:-(?:one|{_UNITS}))?|{_UNITS}|ten|eleven|twelve|\w+teen)"
    r"(?: (?:hundred|thousand|million))?"
)
_COUNTED = re.compile(rf"({_COUNT}) ((?:[a-z-]+ )?[a-z-]{{2,}}[^sui\W]s)(?= |$)(.*)", re.IGNORECASE)
_OFTEN = re.compile(rf"^(\S+(?: \S+){{0,3}} )?({_COUNT}) times\b(.*)$", re.IGNORECASE)
_MONEY = re.compile(r"^([$€£]\d[\d,.]*(?: (?:million|billion))?)( .+)?$")
_THERE = re.compile(rf"There (are|were) ({_COUNT}) ((?:[a-z-]+ )?[a-z-]{{2,}}[^sui\W]s)( .*)?$")
# "Arts, cultural and scientific museums" is a list of adjectives.
_BARE = re.compile(r"[a-z-]+(?:al|ic|ive|ous|ed|ful|ary)")
_MEASURED = re.compile(rf"({_COUNT} \w+) (long|tall|high|wide|deep|old|thick)$")
_LEAD = re.compile(rf"(?:In|On) ({_DATE}),? (?=\w)")
_DATED = re.compile(rf"^(?:(.*) )?(?:in|on) ({_DATE})$")
_BECAUSE = re.compile(r"^(.+?),? (because (?:of )?.+)$")
_PLACED = re.compile(r"^(?:(.*) )?((?:in|at|near) (?:the )?[A-Z][\w'-]+(?: [A-Z][\w'-]+)*)$")
_NO_PLACE = re.compile(rf"\d|{_MONTH}|(?:ish|ese|ian|day)$")
_LONG_WINDED = re.compile(r",|\b(?:and|but|because|which|who|that|when|while|where|to|as)\b")
_CONTINUED = re.compile(r" because |, (?:and|but|which|who|where) ")
_EMBEDDED = re.compile(r"\b(?:that|which|who)\b|[,:-]$")
_ITEMS = re.compile(r"[^,]+(?:, [^,]+)+,? and [^,]+")
_NAME = re.compile(r"[A-Z][a-z]+(?: [A-Z][a-z.]+){1,2}$")
_OPENER = re.compile(r"[A-Z]\w*ly\b|[A-Z]\w*ing\b")
_WHOLE = re.compile(r"[A-Z][^\"“”()\[\];:?!|]{15,240}\.$")

_VAGUE: Final = set(
    """he she it they we you i this that these those there here who which what one some many most
    others another both all each his her its their our your my such""".split()
)
_NO_SUBJECT: Final = _VAGUE | set(
    """in on at by for from with without after before when while where if although though because
    since as and but or so then also only even not no however under over during until to of about
    today now later soon once how why""".split()
)
_LOOSE: Final = re.compile(
    r"\b(he|she|it|they|him|them|this|these|those|here|there)\b", re.IGNORECASE
)
_DETERMINERS: Final = {"the", "a", "an", "every", "no"}
_NO_ITEM: Final = _NO_SUBJECT | set("across into onto several through throughout various".split())
_LONGEST_SUBJECT: Final = 7
_LONGEST_ITEM: Final = 5


def _past(base: str) -> str:
    if base.endswith("e"):
        return f"{base}d"
    if base.endswith("y") and base[-2] not in "aeiou":
        return f"{base[:-1]}ied"
    return f"{base}{base[-1]}ed" if base in _DOUBLED else f"{base}ed"


def _third(base: str) -> str:
    if base.endswith(("s", "x", "z", "ch", "sh", "o")):
        return f"{base}es"
    if base.endswith("y") and base[-2] not in "aeiou":
        return f"{base[:-1]}ies"
    return f"{base}s"


_BASES: Final = {*_REGULAR, *_IRREGULAR.values()}
_FORMS: Final[dict[str, tuple[str, str]]] = {
    **{_third(base): ("does", base) for base in _BASES},
    **{_past(base): ("did", base) for base in _REGULAR},
    **{past: ("did", base) for past, base in _IRREGULAR.items()},
}
"""A verb as it stands in a sentence → the auxiliary that asks for it, and its base form."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that a sentence answers; `facts` are statements, each with its shortest wording.

    `form` says what is asked for: a reason, several things, a number, a date, a name or a place.
    """

    kind: Kind
    form: str
    question: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Clause:
    """A sentence taken apart: "the mill | ground | 40 sacks a day".

    `stated` is its verb as it stands ("sold"); to ask with, it is `verb` and `base` ("did", "sell",
    or "was" and nothing). `date` stood before the subject.
    """

    subject: str
    stated: str
    verb: str
    base: str
    rest: str
    date: str | None

    def ask(self, opening: str, rest: str) -> str:
        """Return a question: "When did the mill grind 40 sacks a day?"."""
        words = [opening, self.verb, self.subject, self.base, rest]
        return " ".join(word for word in words if word) + "?"


def whole(sentence: str) -> bool:
    """Tell whether this is one plain sentence: no quotation, bracket, list mark or heading."""
    return _WHOLE.fullmatch(sentence) is not None


def is_name(subject: str) -> bool:
    """Tell whether `subject` looks like a person's name, in two or three words."""
    return _NAME.fullmatch(subject) is not None and "The" not in subject.split()


def parse(sentence: str, text: str) -> Clause | None:
    """Take a sentence apart, or return None where that is not safe.

    `text` is what it stands in: a first word that is not seen with a capital elsewhere is written
    small in a question.
    """
    if not whole(sentence):
        return None
    plain = sentence.removesuffix(".")
    lead = _LEAD.match(plain)
    words = (plain[lead.end() :] if lead else plain).split()
    at = next((i for i, word in enumerate(words) if i and _is_verb(word)), None)
    if at is None or not _is_subject(words[:at]):
        return None
    rest = " ".join(words[at + 1 :])
    if _LOOSE.search(_CONTINUED.split(rest)[0]) or _another_verb(words[at + 1 :], words[at]):
        return None
    subject = _small(words[:at], text, first=not lead)
    verb, base = _asking(words[at], words[at + 1 :])
    return Clause(subject, words[at], verb, base, rest, lead.group(1) if lead else None)


def _is_verb(word: str) -> bool:
    return word in _FORMS or word in _AUXILIARIES


def _is_subject(words: list[str]) -> bool:
    joined = " ".join(words)
    return (
        len(words) <= _LONGEST_SUBJECT
        and words[0].lower() not in _NO_SUBJECT
        and words[-1].lower() not in _DETERMINERS | _NO_SUBJECT
        and not _OPENER.match(joined)
        and not any(w.lower() in _VAGUE or w.endswith(",") for w in words)
        and not re.match(_COUNT + r"\b", joined, re.IGNORECASE)
    )


def _another_verb(words: list[str], verb: str) -> bool:
    """Tell whether a second verb follows before the clause ends: the first was none, then."""
    after_auxiliary = verb in _AUXILIARIES
    if re.search(rf"\b{_YEAR} \w+ed\b", " ".join(words)):
        return True
    for place, word in enumerate(words):
        if word in {"because", "and", "but", "which", "who", "that", "where", "when", "to"}:
            return False
        if _is_verb(word) and not (after_auxiliary and place <= 1):
            return True
        if place == 0 and word in _BASES and not after_auxiliary:
            return True
        if word.endswith(","):
            return False
    return False


def _small(words: list[str], text: str, *, first: bool) -> str:
    head = words[0]
    named = re.search(rf"[a-z,] {re.escape(head)}\b", text) or is_name(" ".join(words))
    if first and (head.lower() in _DETERMINERS or not named):
        head = head.lower()
    return " ".join([head, *words[1:]])


def _asking(verb: str, after: list[str]) -> tuple[str, str]:
    """Return the verb that opens a question and what follows the subject in it."""
    if verb in {"has", "have", "had"}:
        following = after[0] if after else ""
        perfect = following in {"been", "not", "never"} or following in _FORMS
        perfect = perfect or following.endswith(("ed", "en"))
        return (
            (verb, "") if perfect else ({"has": "does", "have": "do", "had": "did"}[verb], "have")
        )
    return (verb, "") if verb in _AUXILIARIES else _FORMS[verb]


def ask(sentence: str, text: str, *, person: bool = False) -> list[Asked]:
    """Return the questions that `sentence` of `text` answers, the most telling first.

    `person`: what follows shows that its subject is somebody, so that "who" may be asked.
    """
    clause = parse(sentence, text)
    found = [*_counts(sentence)]
    if clause:
        found = [*chain(_reason(clause, sentence), _several(clause), found)]
        found += [*_number(clause, sentence), *_date(clause, sentence)]
        found += [*_person(clause, sentence, person=person), *_place(clause, sentence)]
    return found


def _counts(sentence: str) -> Iterator[Asked]:
    plain = sentence.removesuffix(".")
    if whole(sentence) and (there := _THERE.match(plain)) and not _LOOSE.search(plain[6:]):
        verb, count, counted, tail = there.groups("")
        question = f"How many {counted} {verb} there{tail}?"
        yield Asked("fact", "number", question, ((sentence, f"{count} {counted}"),))


def _reason(clause: Clause, sentence: str) -> Iterator[Asked]:
    found = _BECAUSE.match(clause.rest)
    if found and not _EMBEDDED.search(found.group(1)) and not _LOOSE.search(found.group(1)):
        question = clause.ask("Why", found.group(1))
        short = found.group(2).removeprefix("because ").removeprefix("of ")
        yield Asked("reason", "reason", question, ((sentence, short),))


def _several(clause: Clause) -> Iterator[Asked]:
    if not clause.base or not _ITEMS.fullmatch(clause.rest):
        return
    items = [one.strip() for one in re.split(r",(?: and)? | and ", clause.rest)]
    if not all(map(_is_item, items)) or (len(items[-1].split()) > 1 and _BARE.fullmatch(items[1])):
        return
    subject = clause.subject[0].upper() + clause.subject[1:]
    told = tuple((f"{subject} {clause.stated} {item}.", item) for item in items)
    yield Asked("several", "several", clause.ask("What", ""), told)


def _is_item(words: str) -> bool:
    first, *others = words.split()
    return (
        first not in _NO_ITEM
        and len(others) < _LONGEST_ITEM
        and not any(_is_verb(word) or word in {"do", "does", "did"} for word in (first, *others))
    )


def _number(clause: Clause, sentence: str) -> Iterator[Asked]:
    # What comes behind a comma is another statement.
    rest = clause.rest.partition(",")[0] if not re.match(r"\S*\d,\d", clause.rest) else clause.rest
    if not clause.base:
        pass
    elif found := _COUNTED.match(rest):
        count, counted, tail = found.groups()
        question = clause.ask(f"How many {counted}", tail.strip())
        yield Asked("fact", "number", question, ((sentence, f"{count} {counted}"),))
    elif found := _OFTEN.match(rest):
        before, count, tail = found.groups("")
        question = clause.ask("How many times", f"{before.strip()}{tail}".strip())
        yield Asked("fact", "number", question, ((sentence, f"{count} times"),))
    elif found := _MONEY.match(rest):
        question = clause.ask("How much", found.group(2).strip())
        yield Asked("fact", "number", question, ((sentence, found.group(1)),))
    if clause.verb in _BE and (measured := _MEASURED.match(clause.rest)):
        question = clause.ask(f"How {measured.group(2)}", "")
        yield Asked("fact", "number", question, ((sentence, measured.group(1)),))


def _date(clause: Clause, sentence: str) -> Iterator[Asked]:
    if _LONG_WINDED.search(clause.rest):
        return
    if clause.date:
        yield Asked("fact", "date", clause.ask("When", clause.rest), ((sentence, clause.date),))
    elif found := _DATED.match(clause.rest):
        question = clause.ask("When", found.group(1) or "")
        yield Asked("fact", "date", question, ((sentence, found.group(2)),))


def _person(clause: Clause, sentence: str, *, person: bool) -> Iterator[Asked]:
    if not person or not is_name(clause.subject) or not clause.base or clause.date:
        return
    if clause.rest and not re.search(r"\b(his|her|their)\b|,", clause.rest):
        question = f"Who {clause.stated} {clause.rest}?"
        yield Asked("fact", "name", question, ((sentence, clause.subject),))


def _place(clause: Clause, sentence: str) -> Iterator[Asked]:
    found = _PLACED.match(clause.rest)
    if not found or not found.group(1) or _NO_PLACE.search(found.group(2)):
        return
    # What is said with "was" is somewhere only if it was put there: "was built in Lund".
    put = clause.base or _FORMS.get(found.group(1).split()[0], ("", ""))[0] == "did"
    if put and not _LONG_WINDED.search(found.group(1)):
        question = clause.ask("Where", found.group(1))
        yield Asked("fact", "place", question, ((sentence, found.group(2)),))
