"""Questions with their answers as statements: `statement("When did Rome fall?", "476")`.

By rule, and sometimes clumsy; what matters is that the words are those of a person who asked, not
those of the text. Returns the statement and where the answer stands in it.
"""

import re

_DO = r"(?:did|does|do)"
_BE = r"(?:is|was|are|were)"
_HAVE = r"(?:has|had|have|will|would|can|could|should|must|may|might)"
_YEAR = re.compile(r"\d{3,4}s?$")
_DATE = re.compile(r"(?:\d{1,2} )?[A-Z][a-z]+ \d{1,2}|\d{1,2} [A-Z][a-z]+")
_DANGLING = re.compile(r"\b(?:in|on|of|for|to|with|by|from|at|about|into|as|called|named)$")
_ARTICLE = re.compile(
    r"^(?:in|on|at|by|from|to|because|since|during|after|before|the)\b", re.IGNORECASE
)


def statement(question: str, answer: str) -> tuple[str, int, int] | None:
    """Return (statement, start, end of the answer in it); None where no rule fits."""
    asked = re.sub(r"\s+([,;'’])", r"\1", question).strip().rstrip("? .")
    answer = answer.strip().rstrip(".")
    for pattern, shape in _RULES:
        if found := re.fullmatch(pattern, asked, re.IGNORECASE):
            parts = {k: v for k, v in found.groupdict().items() if v}
            if _DANGLING.search(parts.get("rest", "")) and "{rest} {a}" not in shape:
                return None
            before, after = shape.split("{a}")
            placed = {**parts, "at": _preposition(answer, parts.get("wh", ""))}
            head = before.format_map(placed)
            head = head[:1].upper() + head[1:]
            text = answer if head else answer[:1].upper() + answer[1:]
            tail = after.format_map(placed)
            return f"{head}{text}{tail}.", len(head), len(head) + len(text)
    return None


def asked_and_answered(question: str, answer: str) -> tuple[str, int, int]:
    """Return the question followed by its answer, and where the answer stands."""
    head = question.strip().rstrip("?") + "? "
    text = answer.strip()[:1].upper() + answer.strip()[1:]
    return head + text, len(head), len(head) + len(text)


def _preposition(answer: str, wh: str) -> str:
    if _ARTICLE.match(answer) and not answer.lower().startswith("the "):
        return ""
    if wh.lower() == "where":
        return "in "
    return "in " if _YEAR.search(answer) and not _DATE.match(answer) else "on "


_RULES = (
    (rf"(?P<wh>when|where) {_DO} (?P<rest>.+)", "{rest} {at}{a}"),
    (rf"(?:in|during) (?:what|which) year {_DO} (?P<rest>.+)", "{rest} in {a}"),
    (rf"(?:what|which) year {_DO} (?P<rest>.+)", "{rest} in {a}"),
    (rf"why {_DO} (?P<rest>.+)", "{rest} because {a}"),
    (rf"who(?:m)? (?P<do>{_DO}) (?P<rest>.+)", "the one whom {rest} was {a}"),
    (rf"what (?P<do>{_DO}) (?P<rest>.+)", "what {rest} is {a}"),
    (
        rf"(?:what|which) (?P<noun>[\w-]+(?: [\w-]+){{0,2}}) (?P<do>{_DO}) (?P<rest>.+)",
        "the {noun} that {rest} is {a}",
    ),
    (rf"how (?:many|much) (?P<noun>[\w-]+(?: [\w-]+)?) {_DO} (?P<rest>.+)", "{rest} {a} {noun}"),
    (
        rf"how (?:many|much) (?P<noun>[\w-]+(?: [\w-]+)?) (?P<rest>(?:{_BE}|live|have|had) .+)",
        "{a} {noun} {rest}",
    ),
    (rf"who (?P<rest>(?!{_DO}\b)\w+ .+)", "{a} {rest}"),
    (rf"what (?P<rest>(?:{_BE}|{_HAVE}|[a-z]+(?:ed|s)) .+)", "{a} {rest}"),
    (
        rf"(?:what|which) (?P<noun>[\w-]+(?: [\w-]+)?) (?P<rest>(?:{_BE}|{_HAVE}|[a-z]+ed) .+)",
        "{a} {rest}",
    ),
)
