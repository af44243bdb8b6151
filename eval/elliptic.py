"""Follow-ups made from public questions: `conversations(DATA)`, for `eval.condense_recall`.

Two questions that follow each other about one passage (SQuAD 2.0, XQuAD, COVID-QA, e-manual) become
a conversation: the first is asked and answered by the sentence that answers it, the second is
shortened as people shorten what was just said. How, is the `form`:

    named     what both name becomes a pronoun, or "there": "when was it founded?"
    answer    the same, where only the first one's *answer* names it
    chain     the same, behind a first follow-up that was shortened already
    bare      only the question word is left, where the rest was just said: "and when?"
    about     only what differs is left: "what about the treasurer?"
    dropped   "of the harbour" is left out at the end: "what is the depth?"
    elsewhere a question behind one about another document: nothing may be carried over

The second question as it was written is the standalone form. Documents are split by a hash of their
title, so that a text is on one side whatever set it comes from. Nothing of the sets is shipped.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from zlib import crc32

from assistant.question import read_question
from index.split import split_sentences
from index.words import STOP_WORDS, content_stems, words

SETS = ("squad2", "xquad_en", "covidqa", "emanual")
_NAME = r"[A-Z][\w’'-]*"
_RUN = re.compile(rf"(?:\b[Tt]he )?\b{_NAME}(?: (?:(?:of|de|the|and) )?{_NAME})*")
_THE = re.compile(r"\bthe (?:[a-z]\w+ ){0,2}?[a-z]\w+")
_START = re.compile(
    r"^(why|how (?:many|much)(?: \w+)?|how (?:long|far|old|often)|how|when|where|who|"
    r"in what year)\b",
    re.IGNORECASE,
)
_LEANING = re.compile(
    r"\b(he|she|it|its|they|his|her|their|them|him|this|these|that|those|there)\b", re.IGNORECASE
)
_AUXILIARIES = frozenset(
    "is are was were do does did has have had can could will would should may might".split()
)
_CLAUSE = frozenset("what which who when where why how that and but if".split())
_TOLD = 2
"""Times that a pronoun is met, or words that are shared, before anything follows from them."""
_LONGEST = 4
_APART = 23
"""Passages between the two questions of a conversation about something else."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A public question about `document`, a title; `said` is the sentence that answers it."""

    dataset: str
    document: str
    passage: str
    question: str
    answer: str
    said: str


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A conversation: `history` are (question, answer) pairs; `evidence` must be found."""

    dataset: str
    document: str
    part: str
    form: str
    history: tuple[tuple[str, str], ...]
    question: str
    standalone: str
    evidence: str


def texts(data: Path) -> dict[str, str]:
    """Return the documents to index, text by title; those without questions make it harder."""
    found = {}
    for row in _rows(data / "qa" / "squad2_documents.jsonl"):
        found[_title(row["title"])] = plain(row["text"])
    for row in _rows(data / "qa" / "covidqa_documents.jsonl"):
        found[row["title"]] = plain(row["text"])
    paragraphs: dict[str, list[str]] = {}
    for row in _rows(data / "qa" / "xquad_en.jsonl"):
        paragraphs.setdefault(_title(row["para_key"].partition("|")[0]), []).append(
            plain(row["document"])
        )
    manuals: dict[str, list[str]] = {}
    for row in _rows(data / "qa" / "emanual_documents.jsonl"):
        manuals.setdefault(_title(row["manual"]), []).append(plain(row["text"]))
    for title, parts in (*paragraphs.items(), *manuals.items()):
        found.setdefault(title, "\n\n".join(dict.fromkeys(parts)))
    return found


def asked(data: Path) -> list[list[Asked]]:
    """Return the answerable questions of one passage after the other, in the sets' order."""
    groups: dict[tuple[str, str], list[Asked]] = {}
    for name in SETS:
        for row in _rows(data / "qa" / f"{name}.jsonl"):
            passage = plain(row.get("gold_passage") or row["document"] or "")
            if not row["answerable"] or not row["answers"]:
                continue
            title = _title(row.get("para_key", row["document_id"]).partition("|")[0])
            answer = plain(row["answers"][0])
            one = Asked(
                name, title, passage, plain(row["question"]), answer, _said(passage, answer)
            )
            key = (title, passage if name != "covidqa" else "")
            if one.said and one.question not in {other.question for other in groups.get(key, ())}:
                groups.setdefault(key, []).append(one)
    return list(groups.values())


def conversations(data: Path) -> Iterator[FollowUp]:
    """Yield every conversation that the sets give, in their order."""
    groups = asked(data)
    for group in groups:
        for one, two in pairwise(group):
            yield from _follow_ups(one, two)
        for one, two, three in zip(group, group[1:], group[2:], strict=False):
            yield from _chains(one, two, three)
    for before, group in zip(groups, groups[_APART:], strict=False):
        last = group[0]
        if before[0].document != last.document and _names_its_subject(last.question):
            yield _made("elsewhere", before[-1:], last, last.question)


def _follow_ups(one: Asked, two: Asked) -> Iterator[FollowUp]:
    named, answered = shared(two.question, one.question), shared(two.question, one.answer)
    if named:
        yield _made("named", [one], two, pronounced(two, named))
        tail = re.search(rf" (of|for|in|at|by|with|on) {re.escape(named)} ?\?$", two.question)
        if tail:
            yield _made("dropped", [one], two, two.question[: tail.start()] + "?")
    elif answered:
        person = read_question(one.question).asks == "person"
        yield _made("answer", [one], two, pronounced(two, answered, person=person))
    if bare := _bare(one, two):
        yield _made("bare", [one], two, bare)
    if about := _about(one.question, two.question):
        yield _made("about", [one], two, f"what about {about}?")


def _chains(one: Asked, two: Asked, three: Asked) -> Iterator[FollowUp]:
    first, second = shared(two.question, one.question), shared(three.question, one.question)
    if first and first == second:
        question = pronounced(two, first)
        shortened = Asked(two.dataset, two.document, two.passage, question, two.answer, two.said)
        yield _made("chain", [one, shortened], three, pronounced(three, second))


def _made(form: str, before: Sequence[Asked], last: Asked, question: str) -> FollowUp:
    # Half of them begin as people go on: decided by the words, so that every run does the same.
    if form in {"named", "answer", "chain"} and crc32(last.question.encode()) % 2:
        question = f"and {question[0].lower()}{question[1:]}"
    history = tuple((one.question, f"{one.said} [1]") for one in before)
    part = "report" if crc32(last.document.casefold().encode()) % 2 else "development"
    return FollowUp(
        last.dataset, last.document, part, form, history, question, last.question, last.said
    )


def shared(question: str, text: str) -> str:
    """Return the longest name, or phrase with "the", of `question` that `text` has; "" for none.

    A capital at the start makes no name, and what describes another noun has no pronoun.
    """
    known = text.casefold()
    found = [m for pattern in (_RUN, _THE) for m in pattern.finditer(question) if m.start()]
    spoken = [
        m.group()
        for m in found
        if m.group().casefold().removeprefix("the ") in known
        and content_stems(m.group())
        and _stands_for_itself(question, m)
    ]
    return max(spoken, key=len, default="")


def _stands_for_itself(question: str, name: re.Match[str]) -> bool:
    before, after = question[: name.start()].split(), [*question[name.end() :].split(), ""]
    leads = before[-1].casefold()
    described = name.group().islower() and after[0] == "of"
    if described or leads not in STOP_WORDS - {"a", "an", "the"}:
        return False
    joined = re.match(r"[-\w(/]", question[name.end() :].removeprefix(" ")) is not None
    return not joined or after[0] in STOP_WORDS or leads in {"do", "does", "did", "can", "could"}


def pronounced(one: Asked, name: str, *, person: bool = False) -> str:
    """Return the question with pronouns for `name`: of its number, and of its sex in the text."""
    subject, objective, possessive = _pronouns(one.passage, name, person=person)
    question = re.sub(rf"{re.escape(name)}(['’]s|(?<=s)['’])(?!\w)", possessive, one.question)
    if subject == "it" and name[0].isupper():
        question = re.sub(rf"\b[Ii]n {re.escape(name)}(?!\w)", "there", question)
    spoken = rf"(?P<before>[\w’']+[,:]? )?{re.escape(name)}(?!\w)"

    def pronoun(match: re.Match[str]) -> str:
        before = match["before"] or ""
        leads = before.strip().casefold() in _AUXILIARIES | _CLAUSE or before.endswith((", ", ": "))
        return before + (subject if leads or not before else objective)

    return re.sub(spoken, pronoun, question)


def _pronouns(passage: str, name: str, *, person: bool) -> tuple[str, str, str]:
    last = name.rsplit(maxsplit=1)[-1]
    if last.endswith("s") and not last.endswith(("ss", "us", "is")):
        return "they", "them", "their"
    spoken = [word.text.casefold() for word in words(passage)]
    if name[0].isupper() and not name.startswith(("The ", "the ")):
        hers = spoken.count("she") + spoken.count("her")
        if hers >= _TOLD:
            return "she", "her", "her"
        if person or spoken.count("he") + spoken.count("his") >= _TOLD:
            return "he", "him", "his"
    return "it", "it", "its"


def _bare(one: Asked, two: Asked) -> str:
    """Return "and when?" where the first question has said the rest of the second."""
    start = _START.match(two.question)
    if not start or start.group().casefold() == (_START.match(one.question) or [""])[0].casefold():
        return ""
    rest = set(content_stems(two.question[start.end() :]))
    enough = len(rest) > 1 and rest <= set(content_stems(one.question))
    return f"and {start.group().lower()}?" if enough else ""


def _about(one: str, two: str) -> str:
    """Return what the second question asks about in place of what the first asked about."""
    before = {word.stem for word in words(one)}
    said = words(two)
    if [w.stem for w in words(one)[:2]] != [w.stem for w in said[:2]]:
        return ""
    new = [i for i, word in enumerate(said) if word.stem not in before]
    same = sum(word.is_content and word.stem in before for word in said)
    if not new or new[-1] - new[0] >= _LONGEST or same < _TOLD:
        return ""
    first, last = said[new[0]], said[new[-1]]
    end = last.start + len(last.text)
    # The noun may have been said before: "the second *lamp*".
    noun = re.match(r"( (?!\w+ing\b)[a-z]\w+)*", two[end:])
    for word in words(noun.group() if noun else ""):
        if not word.is_content:
            break
        end = two.index(word.text, end) + len(word.text)
    phrase = two[first.start : end]
    return phrase if all(word.is_content for word in words(phrase)) else ""


def _names_its_subject(question: str) -> bool:
    return len(content_stems(question)) > _TOLD and not _LEANING.search(question)


def _said(passage: str, answer: str) -> str:
    """Return the sentence of `passage` that holds the answer, or shares the most words with it."""
    sentences = [passage[s.start : s.end] for s in split_sentences(passage)]
    holding = [one for one in sentences if answer in one]
    if holding:
        return holding[0]
    wanted = set(content_stems(answer))
    return max(sentences, key=lambda one: len(wanted & set(content_stems(one))), default="")


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _title(name: str) -> str:
    return name.replace("_", " ").strip()


def plain(text: str) -> str:
    """Return `text` as the index's loader would."""
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip()
