"""What the reader is taught: `make_pairs(DATA, seed)` yields Pairs from the public sets.

Claims: sentences of documents, questions turned into statements, answers that people marked right
or wrong, claims that people wrote; each true one also with one fact changed. Questions: each
against the sentence that answers it and the best of those that do not. Nothing comes from
the sets in HELD_OUT, nor from groups of the others that `held(group)` keeps for reporting.
"""

import json
import random
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from eval.reader.changes import Change, changes, stock
from eval.reader.rewording import reword
from eval.reader.statements import asked_and_answered, statement
from index.split import split_sentences
from index.words import content_stems

Task = Literal["claim", "question"]
Row = dict[str, Any]

HELD_OUT = (
    "attributionbench contractnli defacto expertqa faithdial_audit ragtruth_sentences ragtruth_qa "
    "ragtruth_summary summedits wice_claim"
).split()
"""Sets of claims labelled by people that no pair comes from."""

_HELD = 4
"""One group in so many is kept for reporting."""

_DOCUMENTS = ("squad2", "emanual", "policyqa", "covidqa", "squality")
_WIDEST = 80
"""Words of evidence at most."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One judgement: `first` (claim or question) against `second` (evidence or sentence).

    `label` 1 means supported or answered. `span` (start, end) are the characters of `first` that do
    not hold, (0, 0) where that is not known; `denied`: the text says otherwise, None if not known.
    """

    task: Task
    first: str
    second: str
    label: int
    source: str
    span: tuple[int, int] = (0, 0)
    denied: bool | None = None


def held(group: str) -> bool:
    """Tell whether `group` (a document, a page) is kept for reporting."""
    return zlib.crc32(group.encode()) % _HELD == 0


def rows(file: Path) -> list[Row]:
    """Read a file of JSON lines."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def sentences(text: str) -> list[str]:
    """Return the sentences of `text` that read like sentences."""
    spans = split_sentences(text)
    found = (re.sub(r"\s+", " ", text[s.start : s.end]).strip() for s in spans)
    return [one for one in found if one]


def around(all_of: Sequence[str], place: int, rng: random.Random, *, wide: int = 3) -> str:
    """Return the sentence at `place` with up to `wide` neighbours, `_WIDEST` words at most."""
    first = last = place
    size = len(all_of[place].split())
    for _ in range(rng.randint(0, wide)):
        ahead = rng.random() < 0.6 and first > 0
        other = first - 1 if ahead else last + 1
        if not 0 <= other < len(all_of) or size + len(all_of[other].split()) > _WIDEST:
            continue
        size += len(all_of[other].split())
        first, last = min(first, other), max(last, other)
    return " ".join(all_of[first : last + 1])


def make_pairs(data: Path, seed: int, *, most: int = 60_000) -> list[Pair]:
    """Return the pairs, shuffled, `most` at most."""
    rng = random.Random(seed)
    made = [
        *_from_sentences(data, rng),
        *_from_questions(data, rng),
        *_from_graded(data, rng),
        *_from_claims(data, rng),
        *_asked(data, rng),
    ]
    rng.shuffle(made)
    return made[:most]


def _both(
    true: str, evidence: str, texts: Sequence[str], source: str, rng: random.Random, false: int = 1
) -> Iterator[Pair]:
    """Yield a true claim reworded, and `false` changed ones of it, reworded otherwise."""
    yield Pair("claim", reword(true, rng, steps=rng.randint(0, 3)), evidence, 1, source)
    offers = stock(evidence + " " + " ".join(texts), texts)
    made: list[Change] = []
    for _ in range(false):
        base = reword(true, rng, steps=rng.randint(0, 2))
        possible = [c for c in changes(base, offers, rng) if c.kind not in {m.kind for m in made}]
        if possible:
            made.append(possible[0])
    for one in made:
        yield Pair(
            "claim", one.text, evidence, 0, f"{source}-{one.kind}", (one.start, one.end), one.denied
        )


def _from_sentences(data: Path, rng: random.Random) -> Iterator[Pair]:
    """Yield pairs from sentences of documents, and sentences whose text was taken away."""
    texts = [
        (row["document_id"], row["text"])
        for name in _DOCUMENTS
        for row in rows(data / "qa" / f"{name}_documents.jsonl")
    ]
    texts += [
        (row["group_id"], row["context"]) for row in rows(data / "support/factcg_synthetic.jsonl")
    ]
    for group, text in texts:
        if held(group):
            continue
        all_of = sentences(text[:60_000])
        good = [i for i, s in enumerate(all_of) if 6 <= len(s.split()) <= 45 and s[-1] in ".!?"]
        for place in rng.sample(good, min(len(good), 3 + len(good) // 18)):
            near = all_of[max(0, place - 12) : place + 12]
            evidence = around(all_of, place, rng)
            yield from _both(all_of[place], evidence, near, "sentence", rng, false=2)
            if rng.random() < 0.25 and len(all_of) > 8:
                other = (place + rng.randint(2, 6)) % len(all_of)
                away = around(all_of, other, rng, wide=2)
                if all_of[place] not in away:
                    claim = reword(all_of[place], rng)
                    yield Pair("claim", claim, away, 0, "sentence-away", (0, len(claim)), False)


def _answered(data: Path) -> Iterator[tuple[str, str, list[str], int, str, str]]:
    """Yield (set, group, sentences, place of the answer or -1, question, answer)."""
    for name in ("squad2", "nq_oracle", "xquad_en", "qed", "covidqa", "policyqa"):
        for row in rows(data / "qa" / f"{name}.jsonl"):
            passage = row.get("gold_passage") or row.get("document") or ""
            if held(row["document_id"].split("|")[-2 if name == "xquad_en" else 0]) or not passage:
                continue
            all_of = sentences(passage)
            answers = [a for a in row["answers"] if a]
            place, answer = -1, ""
            for answer in answers if row.get("answerable", True) else ():
                at = [i for i, s in enumerate(all_of) if answer.lower() in s.lower()]
                asked = set(content_stems(row["question"]))
                if at:
                    place = max(at, key=lambda i: len(asked & set(content_stems(all_of[i]))))
                    break
            if place >= 0 or not row.get("answerable", True):
                yield name, row["document_id"], all_of, place, row["question"], answer


def _from_questions(data: Path, rng: random.Random) -> Iterator[Pair]:
    """Yield questions as statements, with the right answer and with another of its kind."""
    for name, _, all_of, place, question, answer in _answered(data):
        if place < 0 or len(answer.split()) > 12:
            continue
        made = statement(question, answer)
        if made is None or rng.random() < 0.1:
            made = asked_and_answered(question, answer)
        text, start, end = made
        evidence = around(all_of, place, rng)
        yield Pair("claim", text, evidence, 1, f"statement-{name}")
        if (other := _rival(answer, all_of, rng)) and rng.random() < 0.8:
            wrong = text[:start] + other + text[end:]
            span = (start, start + len(other))
            yield Pair("claim", wrong, evidence, 0, f"statement-{name}-answer", span, True)
        if rng.random() < 0.6:
            yield from list(_both(text, evidence, all_of, f"statement-{name}", rng))[1:]


def _rival(answer: str, all_of: Sequence[str], rng: random.Random) -> str | None:
    """Return something of the passage of the same look as `answer`."""
    text = " ".join(all_of)
    if re.search(r"\d", answer):
        found = re.findall(r"(?<![\w.])[$£€]?\d[\d.,]*\d|\b\d\b", text)
    elif answer[:1].isupper():
        found = re.findall(r"(?<=[a-z,] )[A-Z][a-z]+(?: [A-Z][a-z]+)*", text)
    else:
        size = len(answer.split())
        tokens = text.split()
        starts = range(max(len(tokens) - size, 0))
        at = rng.choice(starts) if starts else 0
        found = [" ".join(tokens[at : at + size]).strip(".,;")]
    low = answer.lower()
    other = sorted({f for f in found if f.lower() not in low and low not in f.lower()})
    return rng.choice(other) if other else None


def _from_graded(data: Path, rng: random.Random) -> Iterator[Pair]:
    """Yield answers that systems gave and people marked right or wrong, with the text."""
    known = {
        row["question"].lower().strip(" ?"): row
        for row in rows(data / "qa/nq_oracle.jsonl")
        if not held(row["document_id"].split("|")[0])
    }
    for row in rows(data / "qa/evouna_grades.jsonl"):
        source = known.get(row["question"].lower().strip(" ?"))
        said = sentences(row["candidate"])
        if source is None or not said or len(said[0].split()) > 40:
            continue
        claim, golds = said[0], row["gold"].split("/")
        told = any(gold.lower() in claim.lower() for gold in golds)
        if len(claim.split()) < 5:
            claim = (
                statement(row["question"], claim) or asked_and_answered(row["question"], claim)
            )[0]
        all_of = sentences(source["gold_passage"])
        at = [i for i, s in enumerate(all_of) if any(g.lower() in s.lower() for g in golds)]
        if not at or (row["label"] and not told):
            continue
        evidence = around(all_of, at[0], rng)
        yield Pair("claim", claim, evidence, row["label"], f"graded-{row['label']}")
        if row["label"]:
            yield from list(_both(claim, evidence, all_of, "graded", rng))[1:]


def _from_claims(data: Path, rng: random.Random) -> Iterator[Pair]:
    """Yield what people and machines wrote as claims about a text, true and false."""
    for name in ("fever_symmetric", "fm2", "factcg_synthetic"):
        for row in rows(data / "support" / f"{name}.jsonl"):
            if held(row["group_id"]) or len(row["context"].split()) > 160:
                continue
            claim = _plain(row["claim"])
            evidence = " ".join(_plain(row["context"]).split()[:150])
            denied = True if name == "fever_symmetric" and not row["label"] else None
            yield Pair("claim", claim, evidence, int(row["label"]), name, denied=denied)
            if row["label"] and rng.random() < 0.5:
                yield from list(_both(claim, evidence, sentences(evidence), name, rng))[1:]


def _plain(text: str) -> str:
    text = text.replace("-LRB-", "(").replace("-RRB-", ")").replace("`` ", '"').replace(" ''", '"')
    return re.sub(r" ([.,;:?!)]|'s\b|n't\b)", r"\1", text).replace("( ", "(")


def _asked(data: Path, rng: random.Random) -> Iterator[Pair]:
    """Yield questions against sentences with the one before: what answers, and what does not."""
    for name, _, all_of, place, question, _answer in _answered(data):
        asked = set(content_stems(question))
        near = sorted(
            (i for i in range(len(all_of)) if i != place),
            key=lambda i: (-len(asked & set(content_stems(all_of[i]))), i),
        )
        if place >= 0:
            yield Pair("question", question, _with_before(all_of, place), 1, f"asked-{name}")
        drawn = near[:1]
        if place >= 0 and len(near) > 2 and rng.random() < 0.4:
            drawn.append(rng.choice(near[1:]))
        for i in drawn:
            yield Pair("question", question, _with_before(all_of, i), 0, f"asked-{name}")


def _with_before(all_of: Sequence[str], place: int) -> str:
    """Return a sentence as the answer head sees it: the one before, a mark, itself."""
    before = " ".join(all_of[place - 1].split()[-25:]) if place else ""
    return f"{before} | {all_of[place]}".strip() if before else f"| {all_of[place]}"
