"""A run's reports: `write_reports(folder, gate)` writes report.html, summary.md and junit.xml.

All are made from the run's folder alone, so a report can be made again. The page is one file: no
script, nothing fetched, and a policy in its head that would refuse both; every text that comes from
a document, a question or an answer is escaped, and what cannot be seen is written out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.findings import unsupported_words
from eval.cases import KINDS, Case, read_cases
from eval.charts import Bar, histogram, reliability
from eval.faults import FAULTS
from eval.folder import RunFolder
from eval.pieces import Mark, Piece, paragraphs, visible
from eval.scoring import RIGHT, metrics
from eval.summaries import junit, markdown
from index.errors import MissingExtra

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).with_name("templates")
TITLES = {
    "decline_precision": ("Declining: precision", "of what was declined, how much should be"),
    "decline_recall": ("Declining: recall", "of what should be declined, how much was"),
    "decline_f1": ("Declining: F1", "the harmonic mean of the two"),
}
STATES = {True: "right", False: "wrong", None: "unscored"}


@dataclass(frozen=True)
class CaseView:
    """A case as the page shows it; `state` is right, wrong or unscored."""

    case: Case
    answer: Mapping[str, Any]
    row: Mapping[str, Any]
    state: str
    sources: list[tuple[str, list[list[Piece]]]]
    claims: Mapping[int, Mapping[str, Any]]


def write_reports(folder: RunFolder, gate: Sequence[str] | None = None) -> None:
    """Write every report of a finished run; `gate` are the reasons it was missed, None: no gate.

    Raises MissingExtra without jinja2, RunError for a run that is not finished.
    """
    folder.write("report.html", page(folder, gate))
    folder.write("summary.md", markdown(folder, gate))
    folder.write("junit.xml", junit(folder))


def page(folder: RunFolder, gate: Sequence[str] | None = None) -> str:
    """Return the run as one HTML page."""
    figures, timings = folder.summary(), folder.timings()
    views = case_views(folder)
    totals = [
        row["answer"]["timings_ms"]["total"]
        for row in folder.answers()
        if "total" in row["answer"]["timings_ms"]
    ]
    columns, ticks = histogram(totals)
    template = _environment().get_template("report.html")
    return template.render(
        css=(TEMPLATES / "report.css").read_text(encoding="utf-8"),
        run=folder.manifest(),
        name=folder.path.name,
        figures=figures,
        right=figures["metrics"][RIGHT.name],
        groups=_groups(figures),
        kinds=_kind_bars(figures),
        points=_points(figures),
        latency={"columns": columns, "ticks": ticks, **timings},
        by_kind={k: part for k in KINDS if (part := [v for v in views if v.case.kind == k])},
        states={state: sum(v.state == state for v in views) for state in STATES.values()},
        faults=FAULTS,
        gate=gate,
    )


def case_views(folder: RunFolder) -> list[CaseView]:
    """Return every case with its answer, its scores and the text around what it cites."""
    rows = {row["id"]: row for row in folder.scores()}
    answers = {row["id"]: row["answer"] for row in folder.answers() if row["repeat"] == 0}
    documents = folder.documents()
    cases = read_cases(folder.path / "cases.jsonl")
    return [
        CaseView(
            case,
            answers[case.id],
            rows[case.id],
            _state(rows[case.id]),
            _sources(case, answers[case.id], documents),
            {claim["sentence"]: claim for claim in rows[case.id]["judgement"]["claims"]},
        )
        for case in cases
        if case.id in rows
    ]


def _state(row: Mapping[str, Any]) -> str:
    value = row["scores"][RIGHT.name]
    return STATES[None if value is None else value == 1]


def _sources(
    case: Case, answer: Mapping[str, Any], documents: Mapping[str, Mapping[str, Any]]
) -> list[tuple[str, list[list[Piece]]]]:
    """Return each document's title and the paragraphs of it that evidence or answer point at."""
    only = next(iter(documents)) if len(documents) == 1 else None
    marks: dict[str, list[Mark]] = {}
    for one in case.evidence:
        if (name := one.document or only) in documents:
            marks.setdefault(str(name), []).append(Mark(one.start, one.end, "evidence"))
    for kind in ("citations", "closest"):
        for cited in answer[kind]:
            if cited["document_id"] in documents:
                mark = Mark(cited["start"], cited["end"], "cited")
                marks.setdefault(cited["document_id"], []).append(mark)
    found = [(documents[n]["title"], paragraphs(documents[n]["text"], m)) for n, m in marks.items()]
    return [(title, parts) for title, parts in found if parts]


def _groups(figures: Mapping[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the figures under the headings that a reader looks for them."""
    known = metrics()
    groups: dict[str, list[dict[str, Any]]] = {}
    for name, figure in figures["metrics"].items():
        if name in known:
            metric = known[name]
            entry: dict[str, Any] = {
                "title": metric.title,
                "about": metric.about,
                "unit": metric.unit,
            }
            entry["lower"] = metric.better == "lower"
            groups.setdefault(metric.group, []).append({"name": name, **entry, **figure})
        elif name in TITLES:
            title, about = TITLES[name]
            entry = {"title": title, "about": about, "unit": "share", "lower": False}
            groups.setdefault("declining", []).append({"name": name, **entry, **figure})
    # Without a language model there is nothing to say of tokens and cost.
    return [(g, e) for g, e in groups.items() if any(one["value"] is not None for one in e)]


def _kind_bars(figures: Mapping[str, Any]) -> list[Bar]:
    return [
        Bar(
            kind,
            (one := part["metrics"][RIGHT.name])["value"],
            one["low"],
            one["high"],
            f"{one['n']} scored" if one["n"] == part["cases"] else f"{one['n']}/{part['cases']}",
        )
        for kind, part in figures["by_kind"].items()
    ]


def _points(figures: Mapping[str, Any]) -> list[Any]:
    pairs = figures["selftest"]["pairs"]
    return list(reliability([p for p, _ in pairs], [bool(t) for _, t in pairs]))


def check_templates() -> None:
    """Raise MissingExtra now, and not after a long run, if the page could not be made."""
    _environment()


def _environment() -> "Environment":
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError as error:
        raise MissingExtra("reports need jinja2: pip install 'footnote[eval]'") from error
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "visible": visible,
        "percent": percent,
        "lacking": lacking,
        "kind": lambda text: text.replace("_", " "),
    }
    return environment


def lacking(claim: str, quotes: Sequence[str]) -> list[tuple[str, bool]]:
    """Return `claim` in pieces, each with whether it is a word that `quotes` do not account for."""
    pieces, at = [], 0
    for span in unsupported_words(claim, quotes):
        pieces += [(claim[at : span.start], False), (claim[span.start : span.end], True)]
        at = span.end
    return [(text, wrong) for text, wrong in [*pieces, (claim[at:], False)] if text]


def percent(value: float | None) -> str:
    """Return a share as a percentage, a tenth exact; a dash for none."""
    return "–" if value is None else f"{100 * value:.1f} %"
