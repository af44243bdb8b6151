"""Cases for a user's own document: `propose(document, 20, 0)`, then `review(file, input, print)`.

Proposals come from rules (`clauses.py`) and are marked `checked: false`. `review` shows those of a
file one by one, to be accepted, edited or dropped, and writes the file after each, so that it can
be left at any time: the file is all there is to know about how far somebody came.
"""

import hashlib
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from assistant.settings import load_settings
from eval.cases import Case, Evidence, KeyFact, Kind, read_cases, write_cases
from eval.clauses import Asked, ask, is_name, parse
from index.build import MEBIBYTE
from index.errors import LoadError
from index.load import discover, load
from index.passage import Document, Span
from index.split import split_passages
from index.words import content_stems

_ASIDE: Final = 3
"""At most one proposal in three is a question that the document does not answer."""

_UNTOLD: Final = "The document does not say; a good reply says so."
_ELSEWHERE: Final = "The document is about something else; a good reply says that it is not in it."
_HE_OR_SHE = re.compile(r"(?:He|She|His|Her)\b")
_MADE = re.compile(
    r"\b(?:built|opened|completed|finished|launched|dug|established|installed|restored)\b"
)

# What may be asked about somebody, or something made, and the words that would mean it is told.
_OF_PEOPLE: Final = (
    ("Where was {} born?", r"born|birth|native|grew up|hometown|nativ\w+"),
    ("How old is {}?", r"\bage[ds]?\b|years? old|born|birth"),
    ("What did {} study?", r"stud\w+|universit\w+|degree|school|college|graduat\w+"),
)
_OF_THINGS: Final = (
    (
        "How much did {} cost?",
        r"\bcosts?\b|pric\w+|paid|\bpay|money|[$€£]|dollar|euro|pound|million|fund\w*|budget",
    ),
    ("Who designed {}?", r"design\w*|architect\w*|engineer\w*|\bplan(ned|s)?\b|drew"),
)
_OFF_TOPIC: Final = (
    "How do I get candle wax out of a tablecloth?",
    "Who invented the saxophone?",
    "How many moons does Jupiter have?",
    "What is the boiling point of nitrogen?",
    "Which chess opening suits a beginner?",
    "How often should a cactus be watered?",
    "Who painted The Night Watch?",
    "What is the plural of octopus?",
)


def read_document(file: Path) -> Document:
    """Return the document in `file`, as an index would hold it. Raises UsageError or LoadError."""
    (found, *_) = discover([file])
    limit = load_settings().max_file_mb * MEBIBYTE
    try:
        return load(found, id=file.stem, source=file.name, max_bytes=limit)
    except LoadError as error:
        raise LoadError(f"{file}: {error}") from error


def propose(document: Document, count: int, seed: int) -> list[Case]:
    """Return at most `count` unchecked cases about `document`, in its order; fewer if it gives few.

    Up to a third are not answerable: things that it does not tell about what it talks of, and one
    that is about something else altogether. No two rest on the same sentence. The same arguments
    give the same cases; `seed` chooses among what is possible. There are none where no sentence
    gives a question, as in texts that are not English.
    """
    chance = random.Random(seed)  # noqa: S311  a choice, not a secret
    found = list(_sentences(document))
    answered = _varied(list(_answerable(document, found)), chance)
    if not answered:
        return []
    near = [_unanswerable("near_miss", question) for question in _untold(document, found)]
    known = set(content_stems(document.text))
    far = [
        _unanswerable("off_topic", question)
        for question in _OFF_TOPIC
        if len(known.intersection(content_stems(question))) <= 1
    ]
    chance.shuffle(near)
    chance.shuffle(far)
    room = min(count, len(answered)) // _ASIDE
    # Near misses tell more than questions about the moon, of which one will do.
    aside = [*near[: max(1, room - 1)], *far[:1]][:room]
    chosen = answered[: count - len(aside)]
    return [*sorted(chosen, key=lambda case: case.evidence[0].start), *aside]


def _sentences(document: Document) -> Iterator[tuple[Span, str, bool]]:
    """Yield each sentence with whether the next one goes on about him or her."""
    for passage in split_passages(document):
        texts = [document.text[span.start : span.end] for span in passage.sentences]
        for number, span in enumerate(passage.sentences):
            following = texts[number + 1] if number + 1 < len(texts) else ""
            yield span, texts[number], _HE_OR_SHE.match(following) is not None


def _answerable(
    document: Document, sentences: list[tuple[Span, str, bool]]
) -> Iterator[list[tuple[str, Case]]]:
    """Yield for each sentence the cases that it makes possible, with the form of the question."""
    for span, sentence, person in sentences:
        asked = ask(sentence, document.text, person=person)
        if asked:
            yield [(one.form, _case(one, span, sentence)) for one in asked]


def _case(asked: Asked, span: Span, sentence: str) -> Case:
    facts = tuple(KeyFact(text, vital=True, accept=(short,)) for text, short in asked.facts)
    stated = tuple(range(len(facts)))
    return Case(
        id=_id(asked.kind, asked.question),
        question=asked.question,
        answerable=True,
        reference=sentence,
        key_facts=facts,
        evidence=(Evidence(sentence, span.start, span.end, None, stated),),
        kind=asked.kind,
        tags=(asked.form,),
        checked=False,
    )


def _unanswerable(kind: Kind, question: str) -> Case:
    reference = _UNTOLD if kind == "near_miss" else _ELSEWHERE
    return Case(_id(kind, question), question, False, reference, (), (), kind, checked=False)


def _id(kind: str, question: str) -> str:
    return f"{kind.replace('_', '-')}-{hashlib.sha256(question.encode()).hexdigest()[:8]}"


def _varied(sentences: list[list[tuple[str, Case]]], chance: random.Random) -> list[Case]:
    """Return one case a sentence, so that the forms of question come evenly, none asked twice."""
    chance.shuffle(sentences)
    used: Counter[str] = Counter()
    cases: dict[str, tuple[str, Case]] = {}
    for possible in sentences:
        form, case = min(possible, key=lambda one: used[one[0]])
        if case.id not in cases:
            used[form] += 1
            cases[case.id] = (form, case)
    turn: Counter[str] = Counter()
    ordered: list[tuple[int, Case]] = []
    for form, case in cases.values():
        ordered.append((turn[form], case))
        turn[form] += 1
    return [case for _, case in sorted(ordered, key=lambda one: one[0])]


def _untold(document: Document, sentences: list[tuple[Span, str, bool]]) -> list[str]:
    """Return questions about people and things of the text that no word of it could answer."""
    people: dict[str, None] = {}
    things: dict[str, None] = {}
    for _, sentence, person in sentences:
        clause = parse(sentence, document.text)
        if clause and person and is_name(clause.subject):
            people[clause.subject] = None
        elif clause and clause.verb in {"is", "was"} and _MADE.match(clause.rest):
            things[clause.subject] = None
    return [
        question.format(name)
        for names, questions in ((people, _OF_PEOPLE), (things, _OF_THINGS))
        for question, told in questions
        if not re.search(told, document.text, re.IGNORECASE)
        for name in names
    ]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a review did; `left` are cases that still wait to be checked."""

    accepted: int
    dropped: int
    left: int


def review(file: Path, answer: Callable[[str], str], tell: Callable[[str], None]) -> Reviewed:
    """Go through the unchecked cases of `file` with somebody, and write it after each.

    `answer` asks for a line and returns it, as `input` does; when it raises EOFError the review
    ends. `tell` shows a line. A file without any case left is removed. Raises CaseError where the
    file cannot be read or written.
    """
    cases = {case.id: case for case in read_cases(file)}
    waiting = [case for case in cases.values() if not case.checked]
    accepted = dropped = 0
    try:
        for number, case in enumerate(waiting, start=1):
            tell(f"\n{number} of {len(waiting)}\n{described(case)}")
            choice = _chosen(answer, tell)
            if choice == "q":
                break
            if choice == "d":
                del cases[case.id]
                dropped += 1
            elif choice in {"a", "e"}:
                kept = _edited(case, answer) if choice == "e" else case
                cases[case.id] = replace(kept, checked=True)
                accepted += 1
            _keep(list(cases.values()), file)
    except EOFError:
        tell("")
    left = sum(not case.checked for case in cases.values())
    return Reviewed(accepted, dropped, left)


def described(case: Case) -> str:
    """Return a case as somebody reads it who has to compare it with the text."""
    lines = [f"[{case.kind.replace('_', ' ')}] {case.question}"]
    if not case.answerable:
        return "\n".join([*lines, f"  {case.reference}"])
    lines += [f"  text: {evidence.quote}" for evidence in case.evidence]
    return "\n".join([*lines, *(f"  told by: {', '.join(f.accept)}" for f in case.key_facts)])


def _chosen(answer: Callable[[str], str], tell: Callable[[str], None]) -> str:
    while True:
        choice = answer("accept, edit, drop, later, quit [a/e/d/l/q]? ").strip().casefold()[:1]
        if choice in {"a", "e", "d", "l", "q"}:
            return choice
        tell("Please type one of a, e, d, l, q.")


def _edited(case: Case, answer: Callable[[str], str]) -> Case:
    """Ask for new words; an empty line keeps what is there."""
    question = answer(f"question [{case.question}]: ").strip() or case.question
    reference = answer(f"good answer [{case.reference}]: ").strip() or case.reference
    facts = []
    for fact in case.key_facts:
        text = answer(f"it must say [{fact.text}]: ").strip() or fact.text
        shown = "; ".join(fact.accept)
        typed = answer(f"told by, with semicolons between [{shown}]: ").split(";")
        accept = tuple(one.strip() for one in typed if one.strip())
        # Short wordings of another statement would accept wrong answers.
        kept = fact.accept if text == fact.text else ()
        facts.append(replace(fact, text=text, accept=accept or kept))
    return replace(case, question=question, reference=reference, key_facts=tuple(facts))


def _keep(cases: list[Case], file: Path) -> None:
    if cases:
        write_cases(cases, file)
    else:
        file.unlink(missing_ok=True)
