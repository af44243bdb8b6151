"""What a language model says that claims nothing: `is_remark("Here is what the article says:")`.

A remark passes unchecked, so it must be unable to claim anything: every word of it is talk about
answering. A sentence that says that the documents do not answer is `gives_up`; it is not shown, for
an Answer declines by its outcome and not by a phrase. One that asks, or is about the question,
`is_aside`: it is withheld, for no text can bear it out, however many words it shares with one.
Pure, and written for English: a sentence in another language is taken for a claim, and checked.
"""

import re

from index.words import fold, words

GIVES_UP = "NOT IN THE PASSAGES"
"""What the prompt asks a model to say when the passages do not answer."""

_TALK = frozenset(
    fold(word)
    for word in """
    a about above according again all also an and another answer answered answers any anything
    are article articles as ask asked asking at back based be below but by can could detail
    details do document documents does else explain explained explains feel find follow
    following follows for from further get given gives glad goes happy have hello help here hi
    how i if in information inquiry is it its key know let like main me mention mentioned
    mentions more my of ok okay on or other out outline outlined passage passages please point
    points provide provided provides question questions reading reason reasons said say says see
    sentence short show shows so some something source sources state stated states sum summarise
    summarize summary sure tell tells text texts thank thanks that the their them there these
    they thing things this those to us want was we welcome were what when where which why will
    with would you your
    """.split()
)
"""Words that only talk about answering; no name, no number, no verb that anybody could do."""

_IDIOMS = re.compile(r"\b(?:feel free to|if you need|more than happy to)\b", re.IGNORECASE)
_DOCUMENTS = (
    r"(?:(?:provided|given|available|cited|numbered) )?"
    r"(?:passages?|documents?|articles?|texts?|contexts?|sources?|information|excerpts?|material)"
)
_NOT = r"(?:not|n['’]t|no|never|cannot|nothing|neither)"
_GIVES_UP = re.compile(
    rf"\b{_DOCUMENTS}\b.{{0,60}}\b(?:do|does|did|is|are|was|were|has|have|can|could)?\s*{_NOT}\b"
    r".{0,40}\b(?:say|said|state|mention|answer|contain|include|provide|specif|discuss|address|"
    r"cover|indicate|reveal|tell|give|explain|describe|detail|enough|sufficient|available)"
    rf"|\b(?:there is|there's|i (?:have|find|found|see)|it has) no\b.{{0,40}}\b{_DOCUMENTS}\b"
    rf"|\b{_NOT}\b.{{0,40}}\b(?:mentioned|stated|specified|said|provided|given|found|covered|"
    rf"discussed|answered|addressed|available)\b.{{0,40}}\bin the\b.{{0,20}}\b{_DOCUMENTS}\b"
    r"|^i(?: am|['’]m)?\s*(?:do not|don['’]t|cannot|can['’]t|sorry|unable|not able|not sure)\b"
    r"|^(?:sorry|unfortunately|i apologi[sz]e)\b"
    r"|\b(?:unknown|unclear|not known|not clear)\b.{0,30}\b(?:from|in) the\b",
    re.IGNORECASE,
)
_ASKS = re.compile(r"[?\uff1f][\s\"'”’»)*_]*$")
_ABOUT_THE_QUESTION = re.compile(
    r"\b(?:the|this|that|your) question (?:asks|is asking|is designed to|seeks to)\b"
    r"|^(?:in order )?to answer (?:the|this|that|your)\b"
    r"|^answer the (?:following )?question\b"
    r"|\bthe (?:passage|excerpt|context) (?:in question\b|(?:that|which) "
    r"(?:answers|deals|describes|discusses|explains|mentions|says|tells)\b)",
    re.IGNORECASE,
)


def is_remark(text: str) -> bool:
    """Tell whether `text` claims nothing: a greeting, an announcement, an offer to go on."""
    spoken = words(_IDIOMS.sub("", text))
    return bool(spoken) and all(fold(word.text) in _TALK for word in spoken)


def gives_up(text: str) -> bool:
    """Tell whether `text` says that the question is not, or cannot be, answered."""
    plain = " ".join(text.split())
    return GIVES_UP.casefold() in plain.casefold() or _GIVES_UP.search(plain) is not None


def is_aside(text: str) -> bool:
    """Tell whether `text` asks, or is about the question and not about what it asks for."""
    plain = " ".join(text.split()).strip("*_ ")
    return bool(_ASKS.search(plain) or _ABOUT_THE_QUESTION.search(plain))
