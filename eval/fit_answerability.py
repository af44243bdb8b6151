"""Fit `assistant/answerability.json`: `python -m eval.fit_answerability DATA [--write]`.

DATA is the folder of the public question sets (eval/README.md). Every question goes through the
shipped search and the shipped features; two logistic regressions are fitted on them, and reported
by five-fold cross-validation, split by document, so that no figure is about a text that was fitted
on. Three kinds of unanswerable question are told apart: adversarial ones that people wrote (SQuAD
2.0), answerable ones whose answering sentences are taken away (a near miss: the text talks about
the thing and does not say), and ones that are about something else (SelfAware). Some ten minutes.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from assistant.answerability import FEATURES, WEIGHTS, AnswerModel, features, load_model, summary
from assistant.question import Question, read_question
from assistant.quote import sentence_candidates
from eval.questions import Corpus, Labelled, read_sets
from index.build import BuildOptions, build
from index.embed import Embedder
from index.passage import Hit, Span
from index.search import Searcher, open_index

Floats = NDArray[np.float64]

FOLDS = 5
KEEP = 0.9
"""Share of the answerable questions that the threshold lets through, averaged over the sets."""

COMPANION_RATIO = {"fact": 0.4, "reasons": 0.25, "several": 0.25}
"""How near a sentence's odds must come to the best one's to be quoted beside it: read off the table
that `companions` prints, where a further sentence no longer answers one question in five.
"""

HITS = 8
SEED = 20_160_115


@dataclass(frozen=True)
class Observed:
    """A question as the assistant sees it: features of every sentence, and which ones answer."""

    dataset: str
    group: str
    shape: str
    matrix: Floats
    answers: NDArray[np.bool_]

    @property
    def answerable(self) -> bool:
        """Whether any sentence that was found answers."""
        return bool(self.answers.any())


def observe(searchers: dict[str, Searcher], questions: Sequence[Labelled]) -> list[Observed]:
    """Ask every question; an answerable one also comes back with its answering sentences removed.

    An answerable question whose answer was not found is left out of the fit: nothing that was seen
    says it is answerable.
    """
    observed = []
    for done, asked in enumerate(questions):
        if done % 500 == 0:
            sys.stderr.write(f"asking {done} of {len(questions)}\n")
        searcher, question = searchers[asked.corpus], read_question(asked.question)
        hits = searcher.search(question.text, HITS)
        matrix, answers = _observation(searcher, question, hits, gold_spans(hits, asked))
        if asked.gold and not answers.any():
            continue
        observed.append(Observed(asked.dataset, asked.group, question.shape, matrix, answers))
        if asked.gold and not answers.all():
            matrix, answers = _observation(
                searcher, question, hits, gold_spans(hits, asked), without=True
            )
            name = f"removed-{asked.dataset}"
            observed.append(Observed(name, asked.group, question.shape, matrix, answers))
    return observed


def _observation(
    searcher: Searcher,
    question: Question,
    hits: Sequence[Hit],
    gold: dict[str, list[Span]],
    *,
    without: bool = False,
) -> tuple[Floats, NDArray[np.bool_]]:
    vector = searcher.embed_question(question.text)
    candidates, labels = [], []
    for number, hit in enumerate(hits):
        cosines = [float(c) for c in searcher.sentence_vectors(hit.passage) @ vector]
        for candidate in sentence_candidates(number, hit, cosines):
            spans = gold.get(candidate.document_id, [])
            answers = any(shared(candidate.span, span) for span in spans)
            if not (without and answers):
                candidates.append(candidate)
                labels.append(answers)
    return features(question, candidates, searcher.rarity), np.array(labels, bool)


def gold_spans(hits: Sequence[Hit], asked: Labelled) -> dict[str, list[Span]]:
    """Return where the answers stand, by document, within the paragraph they were marked in."""
    found: dict[str, list[Span]] = {}
    for document in {hit.document.id: hit.document for hit in hits}.values():
        start = document.text.find(asked.passage) if asked.passage else -1
        if start < 0:
            continue
        for gold in asked.gold:
            at = document.text.find(gold, start, start + len(asked.passage))
            while at >= 0:
                found.setdefault(document.id, []).append(Span(at, at + len(gold)))
                at = document.text.find(gold, at + 1, start + len(asked.passage))
    return found


def shared(sentence: Span, answer: Span) -> bool:
    """Tell whether `sentence` holds more than half of `answer`."""
    common = min(sentence.end, answer.end) - max(sentence.start, answer.start)
    return common * 2 > answer.end - answer.start


def fit(observed: Sequence[Observed]) -> dict[str, Any]:
    """Fit both regressions; return the weights as `AnswerModel` takes them, without a threshold."""
    seen = [one for one in observed if one.answerable]
    matrix = np.concatenate([one.matrix for one in seen])
    labels = np.concatenate([one.answers for one in seen])
    share = {name: 1 / n**0.5 for name, n in Counter(one.dataset for one in seen).items()}
    weights = np.concatenate([np.full(len(one.answers), share[one.dataset]) for one in seen])
    sentence = _regression(matrix, labels, weights)
    model = _model({"sentence": sentence, "question": sentence})
    rows, truths, kinds = [], [], []
    for one in observed:
        if len(one.matrix):
            rows.append(summary(one.matrix, model.sentences(one.matrix)))
            truths.append(one.answerable)
            kinds.append((one.dataset, one.answerable))
    counts = Counter(kinds)
    question = _regression(
        np.array(rows), np.array(truths), np.array([counts[kind] ** -0.5 for kind in kinds])
    )
    return {"sentence": sentence, "question": question}


def _regression(matrix: Floats, labels: NDArray[np.bool_], weights: Floats) -> dict[str, Any]:
    """Fit on standardised columns and give the weights back in the columns' own units."""
    mean, scale = matrix.mean(axis=0), matrix.std(axis=0) + 1e-9
    fitted = LogisticRegression(C=0.1, max_iter=2000)
    fitted.fit((matrix - mean) / scale, labels, sample_weight=weights / weights.mean())
    plain = fitted.coef_[0] / scale
    bias = float(fitted.intercept_[0] - (plain * mean).sum())
    return {"weights": [round(float(w), 5) for w in plain], "bias": round(bias, 5)}


def _model(fitted: dict[str, Any]) -> AnswerModel:
    rest = {"features": FEATURES, "threshold": 0.0, "companion_ratio": {}}
    return AnswerModel({**rest, **fitted})


@dataclass(frozen=True)
class Scored:
    """One question under a model that did not see its document."""

    dataset: str
    shape: str
    answerable: bool
    chance: float
    order: list[bool]
    odds: Floats


def cross_validate(observed: Sequence[Observed]) -> list[Scored]:
    """Score every question by a model fitted on the other folds."""
    groups = [one.group for one in observed]
    scored = []
    folds = GroupKFold(FOLDS, shuffle=True, random_state=SEED)
    for training, testing in folds.split(groups, groups=groups):
        model = _model(fit([observed[i] for i in training]))
        for i in testing:
            one = observed[i]
            odds = model.sentences(one.matrix)
            order = np.argsort(-odds)
            chance = model.any(one.matrix, odds)
            ranked = [bool(one.answers[j]) for j in order]
            scored.append(
                Scored(one.dataset, one.shape, one.answerable, chance, ranked, odds[order])
            )
    return scored


def threshold(scored: Sequence[Scored], keep: float) -> float:
    """Return the probability that a share `keep` of answerable questions reaches, set by set."""
    sets = {one.dataset for one in scored if one.answerable}
    quantiles = [
        np.quantile([s.chance for s in scored if s.answerable and s.dataset == name], 1 - keep)
        for name in sorted(sets)
    ]
    return round(float(np.mean(quantiles)), 3)


def report(scored: Sequence[Scored], limits: Sequence[float]) -> list[str]:
    """Return the table for docs/experiments.md."""
    answered = [one for one in scored if one.answerable]
    lines = ["| answerable | n | R@1 | R@3 | " + " | ".join(f"kept at {t}" for t in limits) + " |"]
    for name in sorted({one.dataset for one in answered}):
        group = [one for one in answered if one.dataset == name]
        kept = [np.mean([one.chance >= t for one in group]) for t in limits]
        first = np.mean([any(one.order[:1]) for one in group])
        third = np.mean([any(one.order[:3]) for one in group])
        cells = [f"{first:.3f}", f"{third:.3f}", *(f"{k:.3f}" for k in kept)]
        lines.append(f"| {name} | {len(group)} | " + " | ".join(cells) + " |")
    lines.append("| unanswerable | n | AUROC | | " + " | ".join("declined" for _ in limits) + " |")
    for name in sorted({one.dataset for one in scored if not one.answerable}):
        group = [one for one in scored if one.dataset == name and not one.answerable]
        base = [one for one in answered if one.dataset == name.removeprefix("removed-")] or answered
        truth = [True] * len(base) + [False] * len(group)
        area = roc_auc_score(truth, [one.chance for one in [*base, *group]])
        declined = [f"{np.mean([one.chance < t for one in group]):.3f}" for t in limits]
        lines.append(f"| {name} | {len(group)} | {area:.3f} | | " + " | ".join(declined) + " |")
    return lines


def declining(scored: Sequence[Scored], limit: float) -> list[str]:
    """Return the table of what declining below `limit` is worth, for docs/support.md.

    Precision is the share of declined questions that cannot be answered, recall the share of those
    that are declined. Each kind of unanswerable question meets as many answerable ones of its set,
    of all sets where its own has none, so that precision does not hang on how the sets were cut.
    """
    lines = ["| unanswerable | n | answerable | AUROC | precision | recall |", "|---" * 6 + "|"]
    answered = [one for one in scored if one.answerable]
    for name in sorted({one.dataset for one in scored if not one.answerable}):
        group = [one.chance for one in scored if one.dataset == name and not one.answerable]
        own = [one for one in answered if one.dataset == name.removeprefix("removed-")] or answered
        base = [one.chance for one in own]
        area = roc_auc_score([True] * len(base) + [False] * len(group), [*base, *group])
        recall = float(np.mean([chance < limit for chance in group]))
        wrongly = float(np.mean([chance < limit for chance in base]))
        precision = recall / (recall + wrongly) if recall + wrongly else 0.0
        cells = f"{area:.3f} | {precision:.3f} | {recall:.3f}"
        lines.append(f"| {name} | {len(group)} | {len(base)} | {cells} |")
    return lines


def companions(scored: Sequence[Scored], most: int) -> list[str]:
    """Return what a second, third … sentence brings, by the ratio of its odds to the best one's."""
    lines = [
        "| ratio | set | sentences | answered by them | answering share |",
        "|---|---|---|---|---|",
    ]
    for ratio in (1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1):
        for name in ("clapnq", "qed", "squad2", "xquad"):
            group = [one for one in scored if one.answerable and one.dataset == name]
            taken = [max(1, int((one.odds[:most] >= ratio * one.odds[0]).sum())) for one in group]
            hit = np.mean([any(one.order[:n]) for one, n in zip(group, taken, strict=True)])
            right = sum(sum(one.order[:n]) for one, n in zip(group, taken, strict=True))
            cells = f"{np.mean(taken):.2f} | {hit:.3f} | {right / sum(taken):.3f}"
            lines.append(f"| {ratio} | {name} | {cells} |")
    return lines


def open_corpora(
    corpora: Sequence[Corpus], work: Path, embedder: Embedder | None = None
) -> dict[str, Searcher]:
    """Index every corpus under `work` (again only what changed) and open it."""
    searchers = {}
    for done, corpus in enumerate(corpora):
        sys.stderr.write(f"indexing {done} of {len(corpora)}\n")
        name = "".join(c if c.isalnum() else "-" for c in corpus.name)
        texts = work / "texts" / name
        texts.mkdir(parents=True, exist_ok=True)
        for number, (title, text) in enumerate(corpus.texts):
            file = texts / f"{number:05}.txt"
            file.write_text(f"{title}\n\n{text}\n", encoding="utf-8")
        index = work / "indexes" / name
        build([texts], index, BuildOptions(cache=work / "cache", embedder=embedder))
        searchers[corpus.name] = open_index(index, embedder)
    return searchers


def main() -> None:
    """Fit, report, and with --write replace the weights that ship."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the public question sets")
    parser.add_argument("--work", type=Path, default=Path("build/answerability"))
    parser.add_argument("--write", action="store_true", help=f"write {WEIGHTS.name}")
    arguments = parser.parse_args()
    corpora, questions = read_sets(arguments.data)
    observed = observe(open_corpora(corpora, arguments.work), questions)
    scored = cross_validate(observed)
    limit = threshold(scored, KEEP)
    table = report(scored, [threshold(scored, keep) for keep in (0.95, 0.9, KEEP, 0.8)])
    shipped = declining(scored, load_model().threshold)
    sys.stdout.write("\n".join([*table, "", *shipped, "", *companions(scored, 3)]) + "\n")
    if arguments.write:
        rest = {"features": FEATURES, "threshold": limit, "companion_ratio": COMPANION_RATIO}
        WEIGHTS.write_text(json.dumps({**rest, **fit(observed)}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
