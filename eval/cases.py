"""Cases, what an evaluation asks and expects: `read_cases(file)` reads a file of them, strictly.

A file holds one JSON object a line, in UTF-8; eval/data/README.md explains its fields by example.
A row that cannot be meant stops the reading with a CaseError that names file, line and field: a
score over a set that was half understood is worth nothing. `check_evidence` holds a set to the
texts that it is about, `write_cases` writes one, `digest` tells whether two sets are the same.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal, NoReturn, TypeVar, get_args

from assistant.answer import Role, Turn
from index.errors import CaseError
from index.load import shown
from index.passage import Document

__all__ = [
    "BUNDLED_CASES",
    "KINDS",
    "Case",
    "CaseError",
    "Evidence",
    "KeyFact",
    "Kind",
    "Part",
    "check_evidence",
    "digest",
    "read_cases",
    "write_cases",
]

BUNDLED_CASES: Final = Path(__file__).with_name("data") / "japan-russia.jsonl"
"""The set about the article that comes with Footnote."""

Kind = Literal[
    "fact",  # one thing that the text says
    "reason",  # why something is so
    "several",  # more than one question in one, or a list
    "comparison",  # two things held against one another
    "summary",  # a whole section, or all of it, in short
    "follow_up",  # leans on the turns before it
    "informal",  # with typos, chatty, or only search words
    "paraphrase",  # in quite other words than the text's
    "off_topic",  # about something else altogether
    "near_miss",  # the text talks about the thing, but does not say this
    "false_premise",  # takes for granted what the text denies or does not say
    "injection",  # tells the assistant to do something else, alone or around a real question
    "conversation",  # hello, thanks
    "harmless",  # looks like an attack and is an honest question
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

_ALWAYS: Final = {"fact", "reason", "several", "comparison", "summary"}
_NEVER: Final = {"off_topic", "near_miss", "false_premise", "conversation"}
"""Kinds that are always, or never, answerable; the others may be either."""

Part = Literal["development", "report"]


@dataclass(frozen=True, slots=True)
class KeyFact:
    """A statement that a good answer makes; `vital`: without it, the question is not answered.

    `text` is the statement in full, for people and for a judge that reads. `accept` are shorter
    wordings for one that matches words: the fact is told by a sentence that holds all the words of
    one of them, whatever stands between ("27 times", "twenty-seven times").
    """

    text: str
    vital: bool
    accept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """A slice of a document: `text[start:end] == quote`, in characters of the canonical text.

    `document` is the document's id; None where the set is about one document only. `facts` numbers
    the case's key facts, from 0, that the slice states. Slices with a fact in common are
    alternatives: any of them will do for it.
    """

    quote: str
    start: int
    end: int
    document: str | None = None
    facts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One question, what came before it, and what is expected.

    `answerable`: the documents answer it. If so, `reference` is a good answer and `evidence` the
    slices that it rests on; if not, `reference` says what a good reply does, there are no key facts
    and `evidence` is what the text says instead, if anything. `forbidden` are strings that, found
    in an answer whatever their case, show that an attack got its way. `split` is the part of the
    set that the case is in. `checked`: somebody has compared the case with the text.
    """

    id: str
    question: str
    answerable: bool
    reference: str
    key_facts: tuple[KeyFact, ...]
    evidence: tuple[Evidence, ...]
    kind: Kind
    tags: tuple[str, ...] = ()
    history: tuple[Turn, ...] = ()
    forbidden: tuple[str, ...] = ()
    split: Part | None = None
    checked: bool = True

    @property
    def group(self) -> str:
        """The id up to its first full stop; the questions of one conversation share it."""
        return self.id.partition(".")[0]


def read_cases(file: Path) -> list[Case]:
    """Return the cases in `file`, in its order; there is at least one, and no two share an id.

    Blank lines and a byte order mark are passed by. Raises CaseError for the first thing that is
    wrong, naming the file and, where there is one, the line (from 1) and the field.
    """
    cases: dict[str, Case] = {}
    for number, line in enumerate(_lines(file), start=1):
        if not line.strip():
            continue
        row = _row(file, number, line)
        case = _case(row)
        if case.id in cases:
            row.wrong("id", f"{case.id!r} is the id of an earlier case; each needs its own")
        _agree(case, row)
        cases[case.id] = case
    if not cases:
        raise CaseError(f"{shown(file)}: there is no case in this file; write one a line, as JSON")
    return list(cases.values())


def write_cases(cases: Sequence[Case], file: Path) -> None:
    """Write `cases` to `file`, one a line; `read_cases` reads them back, equal.

    What was there before stays until all of it is written. Fields that have their default are left
    out. Raises CaseError if the file cannot be written.
    """
    aside = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        aside.write_text("".join(f"{_dumped(case)}\n" for case in cases), "utf-8", newline="\n")
        aside.replace(file)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise CaseError(f"{shown(file)}: cannot be written: {error.strerror or error}") from error


def digest(cases: Sequence[Case]) -> str:
    """Return 16 hexadecimal digits that stand for these cases, in this order and nothing else."""
    written = "\n".join(_dumped(case) for case in cases)
    return hashlib.sha256(written.encode()).hexdigest()[:16]


def check_evidence(cases: Sequence[Case], documents: Sequence[Document]) -> list[str]:
    """Return what is wrong with the cases' evidence, a line for each; none if all is in order.

    Every quote has to be exactly the slice of the document that it names; one that names none is
    meant for the only document.
    """
    texts = {document.id: document.text for document in documents}
    only = documents[0].id if len(documents) == 1 else None
    return [
        f"{case.id}: evidence[{number}]: {problem}"
        for case in cases
        for number, evidence in enumerate(case.evidence)
        if (problem := _misplaced(evidence, texts, only))
    ]


def _misplaced(evidence: Evidence, texts: dict[str, str], only: str | None) -> str | None:
    name = only if evidence.document is None else evidence.document
    if name is None:
        return f"document: name one, there are {len(texts)}"
    if name not in texts:
        return f"document: there is none with the id {name!r}"
    found = texts[name][evidence.start : evidence.end]
    if found == evidence.quote:
        return None
    stands = texts[name].count(evidence.quote)
    hint = f"; it begins at {texts[name].index(evidence.quote)}" if stands == 1 else ""
    return f"the text has {found!r} there, not {evidence.quote!r}{hint}"


def _dumped(case: Case) -> str:
    return json.dumps(_plain(case), ensure_ascii=False)


def _plain(value: Any) -> Any:
    """Return a case, or a part of one, as JSON has it, without what is left at its default."""
    if isinstance(value, Case | KeyFact | Evidence):
        kept = [f for f in fields(value) if getattr(value, f.name) != f.default]
        return {f.name: _plain(getattr(value, f.name)) for f in kept}
    if isinstance(value, Turn):
        return asdict(value)
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


# Reading

_T = TypeVar("_T")


def _lines(file: Path) -> list[str]:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise CaseError(f"{shown(file)}: cannot be read: {error.strerror or error}") from error
    try:
        return data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CaseError(f"{shown(file)}: line {line}: not UTF-8; save the file as UTF-8") from error


@dataclass(frozen=True, slots=True)
class _Object:
    """A JSON object of a row, with where it stands, for errors that say so.

    Its methods return the value of a field, or stop if it is not of the type that they name.
    """

    file: Path
    line: int
    path: str
    values: dict[str, Any]

    def wrong(self, field: str, message: str) -> NoReturn:
        """Stop the reading at `field`."""
        raise CaseError(f"{shown(self.file)}: line {self.line}: {self.path}{field}: {message}")

    def only(self, required: Sequence[str], optional: Sequence[str]) -> None:
        """Stop if a field is missing or unknown."""
        for field in required:
            if field not in self.values:
                self.wrong(field, "this field is missing")
        for field in self.values:
            if field not in {*required, *optional}:
                known = ", ".join([*required, *optional])
                self.wrong(field, f"there is no such field; there are {known}")

    def text(self, field: str) -> str:
        return _text(self, field, self.values[field])

    def words(self, field: str) -> str:
        """Return a text that says something."""
        found = self.text(field)
        return found if found.strip() else self.wrong(field, "there is nothing in this text")

    def flag(self, field: str, default: bool | None = None) -> bool:
        found = self.values.get(field, default)
        return found if isinstance(found, bool) else self.wrong(field, "true or false is expected")

    def texts(self, field: str) -> tuple[str, ...]:
        found = [_text(self, name, value) for name, value in self.items(field)]
        return tuple(one if one.strip() else self.wrong(field, "one is empty") for one in found)

    def numbers(self, field: str) -> tuple[int, ...]:
        return tuple(_number(self, name, value) for name, value in self.items(field))

    def number(self, field: str) -> int:
        return _number(self, field, self.values[field])

    def items(self, field: str) -> Iterator[tuple[str, Any]]:
        """Yield the name and value of each element of a list, none where there is no list."""
        found = self.values.get(field, [])
        if not isinstance(found, list):
            self.wrong(field, "a list is expected, in square brackets")
        for number, value in enumerate(found):
            yield f"{field}[{number}]", value

    def objects(self, field: str, read: "Callable[[_Object], _T]") -> tuple[_T, ...]:
        return tuple(read(self._object(name, value)) for name, value in self.items(field))

    def _object(self, name: str, value: Any) -> "_Object":
        if not isinstance(value, dict):
            self.wrong(name, "an object is expected, in curly brackets")
        return _Object(self.file, self.line, f"{self.path}{name}.", value)


def _text(row: _Object, field: str, value: Any) -> str:
    if not isinstance(value, str):
        row.wrong(field, "a text is expected, in quotation marks")
    if any("\ud800" <= character <= "\udfff" for character in value):
        row.wrong(field, "half a character (a lone surrogate) stands in this text")
    return value


def _number(row: _Object, field: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        row.wrong(field, "a whole number from 0 is expected")
    return value


def _row(file: Path, line: int, text: str) -> _Object:
    def refuse(what: str) -> NoReturn:
        raise CaseError(f"{shown(file)}: line {line}: {what}")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in pairs:
            if name in found:
                refuse(f"{name}: this field stands there twice")
            found[name] = value
        return found

    def constant(name: str) -> NoReturn:
        refuse(f"{name} is no value that a case can have")

    try:
        value = json.loads(text, object_pairs_hook=unique, parse_constant=constant)
    except json.JSONDecodeError as error:
        refuse(f"not JSON: {error.msg} at column {error.colno}; a case is one line")
    except RecursionError:
        refuse("not a case: brackets are nested too deep")
    except ValueError:  # Python reads no numbers of thousands of digits
        refuse("not a case: a number has too many digits")
    if not isinstance(value, dict):
        refuse("a case is a JSON object, in curly brackets")
    return _Object(file, line, "", value)


def _case(row: _Object) -> Case:
    row.only(
        ("id", "question", "answerable", "reference", "key_facts", "evidence", "kind"),
        ("tags", "history", "forbidden", "split", "checked"),
    )
    return Case(
        id=row.words("id"),
        question=row.words("question"),
        answerable=row.flag("answerable"),
        reference=row.text("reference"),
        key_facts=row.objects("key_facts", _key_fact),
        evidence=row.objects("evidence", _evidence),
        kind=_one_of(row, "kind", KINDS),
        tags=row.texts("tags"),
        history=row.objects("history", _turn),
        forbidden=row.texts("forbidden"),
        split=_one_of(row, "split", get_args(Part)) if "split" in row.values else None,
        checked=row.flag("checked", default=True),
    )


def _key_fact(row: _Object) -> KeyFact:
    row.only(("text", "vital"), ("accept",))
    return KeyFact(row.words("text"), row.flag("vital"), row.texts("accept"))


def _evidence(row: _Object) -> Evidence:
    row.only(("quote", "start", "end"), ("document", "facts"))
    quote, start, end = row.words("quote"), row.number("start"), row.number("end")
    if len(quote) != end - start:
        row.wrong("quote", f"it has {len(quote)} characters, and end - start is {end - start}")
    document = row.words("document") if "document" in row.values else None
    return Evidence(quote, start, end, document, row.numbers("facts"))


def _turn(row: _Object) -> Turn:
    row.only(("role", "content"), ())
    return Turn(_one_of(row, "role", get_args(Role)), row.words("content"))


def _one_of(row: _Object, field: str, allowed: Sequence[_T]) -> _T:
    found = row.text(field)
    for one in allowed:
        if one == found:
            return one
    return row.wrong(field, f"{found!r} is none of {', '.join(map(str, allowed))}")


def _agree(case: Case, row: _Object) -> None:
    """Stop at a field that cannot be true together with the others."""
    if case.kind in (_NEVER if case.answerable else _ALWAYS):
        word = "never" if case.answerable else "always"
        row.wrong("answerable", f"a case of the kind {case.kind} is {word} answerable")
    if case.answerable and not case.evidence:
        row.wrong("evidence", "an answerable case needs the slice of the text that answers it")
    if case.answerable and not case.reference.strip():
        row.wrong("reference", "an answerable case needs an answer to compare with")
    if not case.answerable and case.key_facts:
        row.wrong("key_facts", "what is not answerable has no key facts")
    if case.kind == "follow_up" and not case.history:
        row.wrong("history", "a follow-up needs the turns that it leans on")
    for number, evidence in enumerate(case.evidence):
        if any(fact >= len(case.key_facts) for fact in evidence.facts):
            row.wrong(f"evidence[{number}].facts", "there is no key fact with this number, from 0")
