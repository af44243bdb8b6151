"""A run in plain text: `terminal(folder)`, `markdown(folder)` for a pull request, `junit(folder)`
for machines; `comparison_text(comparison)` for two runs.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from eval.cases import KINDS
from eval.compare import ALPHA, Comparison
from eval.faults import FAULTS
from eval.folder import RunFolder
from eval.pieces import plain, xml_text
from eval.scoring import RIGHT, metrics

_SHOWN = 12
"""Cases named in a summary, at most; the page has them all."""


def terminal(folder: RunFolder, gate: Sequence[str] | None = None) -> str:
    """Return a run's figures as a person reads them after typing the command."""
    figures, timings = folder.summary(), folder.timings()
    known = metrics()
    rows = [
        (known[name].title if name in known else name, *_cells(figure))
        for name, figure in figures["metrics"].items()
        if not name.startswith("declined.")
    ]
    kinds = [
        (kind.replace("_", " "), *_cells(part["metrics"][RIGHT.name]))
        for kind, part in figures["by_kind"].items()
    ]
    faults = [(f"{count:>5}", FAULTS[name]) for name, count in figures["faults"].items()]
    total = timings["stages"].get("total")
    parts = [
        headline(figures),
        _table(("metric", "value", "95 % interval", "cases", "unscored"), rows),
        _table(("handled right, by kind", "value", "95 % interval", "cases", "unscored"), kinds),
    ]
    if faults:
        parts.append(_table(("cases", "fault"), faults))
    parts.append(_self_test(figures["selftest"]))
    if total:
        parts.append(
            f"an answer took {total['median']:.0f} ms (median), {total['p90']:.0f} ms (90th "
            f"percentile); {timings['cached']} of {figures['cases']} were known from before"
        )
    parts.append(f"read it:  {folder.path / 'report.html'}")
    if gate is not None:
        parts.append("\n".join(_gate_lines(gate)))
    return "\n\n".join(parts)


def _self_test(tested: Mapping[str, Any]) -> str:
    caught = ", ".join(
        f"{kind} {_maybe(one['value'])} of {one['n']}" for kind, one in tested["caught"].items()
    )
    flagged = tested["flagged"]
    return (
        f"self-test of the judge: flags {_maybe(flagged['value'])} of {flagged['n']} true "
        f"sentences; catches, of those with one thing swapped: {caught}"
    )


def headline(figures: Mapping[str, Any]) -> str:
    """Return the first figure in a sentence, with what it rests on."""
    right = figures["metrics"][RIGHT.name]
    missing = figures["cases"] - right["n"]
    if right["value"] is None:
        return f"Nothing could be scored: {missing} cases, none with a verdict."
    interval = f" (95 % interval {_share(right['low'])} to {_share(right['high'])})"
    unscored = f"; {missing} could not be scored" if missing else ""
    return (
        f"{_share(right['value'])} of {right['n']} questions were handled right"
        f"{interval if right['low'] is not None else ''}{unscored}."
    )


def markdown(folder: RunFolder, gate: Sequence[str] | None = None) -> str:
    """Return a run for a pull request: the figures, and the cases that went wrong."""
    figures, manifest = folder.summary(), folder.manifest()
    known = metrics()
    commit = (manifest["commit"] or "no commit")[:12] + (" (dirty)" if manifest["dirty"] else "")
    lines = ["## Footnote evaluation", "", f"**{headline(figures)}**", ""]
    if gate is not None:
        lines += [*(_md(line) for line in _gate_lines(gate)), ""]
    lines += ["| metric | value | 95 % interval | cases | unscored |", "|---|---|---|---|---|"]
    lines += [
        f"| {_md(known[name].title)} | {' | '.join(_cells(figure))} |"
        for name, figure in figures["metrics"].items()
        if name in known
    ]
    wrong = [row for row in folder.scores() if row["faults"]]
    lines += ["", "<details><summary>What went wrong</summary>", ""]
    lines += [f"- `{_md(r['id'])}` ({r['kind']}): {_md(_faults(r))}" for r in wrong[:_SHOWN]]
    if len(wrong) > _SHOWN:
        lines.append(f"- and {len(wrong) - _SHOWN} more")
    lines += ["", "</details>", ""]
    lines.append(
        f"{manifest['cases']['file']} · writer {manifest['writer']} · index {manifest['index']} · "
        f"{commit} · seed {manifest['seed']}"
    )
    return "\n".join(lines) + "\n"


def junit(folder: RunFolder) -> str:
    """Return a run as JUnit XML: a suite for each kind of case; a fault is a failure.

    What failed is an error, what could not be scored is skipped.
    """
    rows = folder.scores()
    answers = {row["id"]: row["answer"] for row in folder.answers() if row["repeat"] == 0}
    root = ET.Element("testsuites", name="footnote eval", tests=str(len(rows)))
    for kind in KINDS:
        part = [row for row in rows if row["kind"] == kind]
        if not part:
            continue
        tags = [_verdict(row) for row in part]
        suite = ET.SubElement(root, "testsuite", name=kind, tests=str(len(part)))
        for tag, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            suite.set(name, str(tags.count(tag)))
        for row, tag in zip(part, tags, strict=True):
            case = ET.SubElement(
                suite, "testcase", classname=f"footnote.{kind}", name=xml_text(row["id"])
            )
            spent = answers[row["id"]]["timings_ms"].get("total", 0.0)
            case.set("time", f"{spent / 1000:.4f}")
            if tag:
                said = _faults(row) or row["notes"].get(RIGHT.name, "not scored")
                outcome = ET.SubElement(case, tag, message=xml_text(said))
                outcome.text = xml_text(
                    f"question: {answers[row['id']]['question']}\n"
                    f"answer: {answers[row['id']]['text']}"
                )
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def comparison_text(found: Comparison, gate: Sequence[str] | None = None) -> str:
    """Return a comparison as a person reads it: figures, flipped cases, what was different."""
    rows = [
        (
            metrics()[row.metric].title,
            f"{row.a:.3f}",
            f"{row.b:.3f}",
            f"{row.difference.value:+.3f}",
            _interval(row.difference.low, row.difference.high, signed=True),
            f"{row.adjusted:.3f}",
            f"+{len(row.better)} -{len(row.worse)}",
            "" if row.change == "none" else row.change.upper(),
        )
        for row in found.rows
    ]
    heads = ("metric", "A", "B", "B - A", "95 % interval", "p", "cases", "")
    parts = [
        f"A  {found.a}\nB  {found.b}",
        (
            f"{found.shared} cases in both; {len(found.only_a)} only in A, {len(found.only_b)} "
            f"only in B, {len(found.changed)} asked differently"
        ),
        _table(heads, rows),
        "p is corrected for the number of metrics (Holm); cases: how many got better and worse",
    ]
    first = next((row for row in found.rows if row.metric == RIGHT.name), None)
    for word, names in (("better", first.better), ("worse", first.worse)) if first else ():
        if names:
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            parts.append(f"handled {word}: {', '.join(map(plain, names[:_SHOWN]))}{more}")
    if found.settings:
        parts.append(
            _table(
                ("different", "A", "B"),
                [(name, _said(a), _said(b)) for name, (a, b) in found.settings.items()],
            )
        )
    if gate is not None:
        parts.append("\n".join(_gate_lines(gate)))
    worse = ", ".join(found.regressed)
    parts.append(f"WORSE: {worse}" if worse else f"Nothing got significantly worse (at {ALPHA:g}).")
    return "\n\n".join(parts)


def _gate_lines(gate: Sequence[str]) -> list[str]:
    return [f"GATE MISSED: {reason}" for reason in gate] or ["gate passed"]


def _verdict(row: Mapping[str, Any]) -> str:
    if row["outcome"] == "failed":
        return "error"
    if row["faults"]:
        return "failure"
    return "skipped" if row["scores"][RIGHT.name] is None else ""


def _faults(row: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{one['fault']}: {plain(one['detail'])}" if one["detail"] else one["fault"]
        for one in row["faults"]
    )


def _cells(figure: Mapping[str, Any]) -> tuple[str, str, str, str]:
    unscored = sum(figure["unscored"].values())
    value = "–" if figure["value"] is None else f"{figure['value']:.3f}"
    return value, _interval(figure["low"], figure["high"]), str(figure["n"]), str(unscored or "")


def _interval(low: float | None, high: float | None, *, signed: bool = False) -> str:
    if low is None or high is None:
        return ""
    return f"{low:+.3f} to {high:+.3f}" if signed else f"{low:.3f} to {high:.3f}"


def _maybe(value: float | None) -> str:
    return "–" if value is None else _share(value)


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


def _said(value: Any) -> str:
    text = plain(str(value))
    return text if len(text) <= 40 else f"{text[:39]}…"  # noqa: PLR2004  a column's width


def _md(text: str) -> str:
    """Return text that Markdown takes for text."""
    for character in "\\`*_[]<>|#&":
        text = text.replace(character, f"\\{character}")
    return plain(text)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in (heads, *rows)) for i in range(len(heads))]
    lines = [
        "  ".join(
            cell.ljust(width) if i in {0, len(heads) - 1} else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (heads, ["-" * width for width in widths], *rows)
    ]
    return "\n".join(lines)
