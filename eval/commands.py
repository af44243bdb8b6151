"""`footnote eval …`: the typer group `app`: run, compare, judge, agreement, verdicts, new.

Draws and decides nothing; what a command needs is imported inside it. Exit codes: 0 done, 1 the
work failed or a gate was missed, 2 wrong usage. `python -m eval.commands` runs it alone.
"""

import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.terminal import WIDEST, complain, print_json, show_progress
from index.errors import FootnoteError, LoadError, UsageError

if TYPE_CHECKING:
    from assistant.settings import Settings
    from eval.gate import Gate
    from eval.run import Options

app = typer.Typer(
    name="eval",
    help="Measure how faithful the answers are, how sure that is, and whether it got worse.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDEST},
)

AsJson = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]
Cases = Annotated[
    Path | None,
    typer.Option("--cases", metavar="FILE", help="Cases to ask. Default: the bundled set."),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="The run's folder; a killed run goes on there."),
]
GateFile = Annotated[
    Path | None, typer.Option("--gate", metavar="FILE", help="Limits; exit 1 if one is missed.")
]
Baseline = Annotated[
    Path | None, typer.Option("--baseline", metavar="RUN", help="The run that drops count from.")
]
Index = Annotated[
    Path | None,
    typer.Option(
        "--index",
        metavar="DIR",
        help="The index. Default: FOOTNOTE_INDEX, else the bundled article.",
    ),
]
Filters = Annotated[
    list[str] | None,
    typer.Option("--filter", metavar="NAME", help="A kind, tag, split, or pattern of ids; again."),
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Only the first N.")]
Repeat = Annotated[int, typer.Option("--repeat", min=1, max=100, help="Ask each case N times.")]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", min=1, max=64, help="Ask N at once. Default: 1; with a model, 4."),
]
PerMinute = Annotated[
    float | None, typer.Option("--per-minute", min=0.01, help="Ask at most so many a minute.")
]
MaxFailures = Annotated[
    int, typer.Option("--max-failures", min=0, help="Stop when more answers failed.")
]
Answers = Annotated[
    Path | None,
    typer.Option("--answers", metavar="FILE", help='Score these: lines of {"id", "answer"}.'),
]
Rescore = Annotated[bool, typer.Option("--rescore", help="Score --out's answers anew.")]
JudgeModel = Annotated[
    str | None,
    typer.Option(
        "--judge", metavar="PROVIDER:NAME", help="A language model. Default: the own support model."
    ),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Ask and judge afresh.")]

REMOTE_JOBS = 4
"""Questions asked at once where a language model answers them, if --jobs does not say."""


@app.command(
    epilog="\b\nExamples:\n"
    "  footnote eval run\n"
    "  footnote eval run --cases mine.jsonl --index my-index --out runs/monday\n"
    "  footnote eval run --filter near_miss --filter 'abe-*' --limit 20\n"
    "  footnote eval run --gate eval/gate.toml --baseline runs/friday\n"
    "  footnote eval run --answers theirs.jsonl\n"
    "  footnote eval run --rescore --out runs/monday"
)
def run(  # noqa: PLR0913, PLR0917  a command's options are its parameters
    cases: Cases = None,
    out: Out = None,
    gate: GateFile = None,
    baseline: Baseline = None,
    index: Index = None,
    filters: Filters = None,
    limit: Limit = None,
    repeat: Repeat = 1,
    jobs: Jobs = None,
    per_minute: PerMinute = None,
    max_failures: MaxFailures = 10,
    answers: Answers = None,
    rescore: Rescore = False,
    no_cache: NoCache = False,
    judge_model: JudgeModel = None,
    as_json: AsJson = False,
) -> None:
    """Ask every case, score the answers, and write a report.

    The folder holds report.html for people, summary.json and junit.xml for machines, summary.md for
    a pull request, and a line for each answer and its scores.
    """
    from assistant.settings import load_settings
    from eval.asking import Plan
    from eval.cases import BUNDLED_CASES
    from eval.run import Options

    if rescore and (out is None or answers is not None):
        raise UsageError("--rescore scores a run again: name it with --out, without --answers")
    settings = load_settings()
    remote = getattr(settings, "model", None) is not None
    options = Options(
        cases=cases or BUNDLED_CASES,
        out=out,
        filters=tuple(filters or ()),
        limit=limit,
        plan=Plan(repeat, jobs or (REMOTE_JOBS if remote else 1), per_minute, max_failures),
        answers=answers,
        rescore=rescore,
        use_cache=not no_cache,
    )
    gating = _Gating.read(gate, baseline)
    raise typer.Exit(_run(options, settings, index, judge_model, gating, as_json=as_json))


@dataclass(frozen=True)
class _Gating:
    """A gate, and the figures that its drops count from."""

    gate: "Gate | None"
    before: dict[str, Any] | None

    @classmethod
    def read(cls, gate: Path | None, baseline: Path | None) -> "_Gating":
        """Read both before anything is asked, so that a slip costs no run."""
        from eval.gate import read_gate

        found = cls(read_gate(gate) if gate else None, _summary(baseline) if baseline else None)
        found.missed({"metrics": {}, "by_kind": {}})
        return found

    def missed(self, figures: dict[str, Any]) -> list[str] | None:
        """Return why the gate was missed; None without a gate."""
        from eval.gate import missed

        return missed(self.gate, figures, self.before) if self.gate else None


def _run(
    options: "Options",
    settings: "Settings",
    index: Path | None,
    judge_model: str | None,
    gating: _Gating,
    *,
    as_json: bool,
) -> int:
    """Run, report and return the exit code."""
    from eval.opening import open_judge
    from eval.report import check_templates, write_reports
    from eval.run import run as evaluate
    from eval.subject import open_subject
    from eval.summaries import terminal

    check_templates()
    with show_progress() as progress:
        folder = evaluate(
            options,
            settings,
            lambda: open_subject(settings, index, progress),
            lambda: open_judge(judge_model),
            progress,
        )
        figures = folder.summary()
        reasons = gating.missed(figures)
        write_reports(folder, reasons)
    if as_json:
        print_json({"run": str(folder.path), **figures, "gate": _gate_fields(reasons)})
    else:
        typer.echo(terminal(folder, reasons))
    if unlike := figures["repeats"]["unlike"]:
        complain(f"{len(unlike)} cases were not answered alike each time, {unlike[0]} for one")
    return 1 if reasons else 0


@app.command(epilog="\b\nExample:\n  footnote eval compare runs/friday runs/monday")
def compare(
    run_a: Annotated[Path, typer.Argument(metavar="RUN_A", help="The run before.")],
    run_b: Annotated[Path, typer.Argument(metavar="RUN_B", help="The run after.")],
    gate: GateFile = None,
    as_json: AsJson = False,
) -> None:
    """Say what got better and worse from one run to another, case by case.

    Exit code 1 only if something got significantly worse, or the gate is missed.
    """
    from eval.compare import compare as pair
    from eval.folder import RunFolder
    from eval.summaries import comparison_text

    gating = _Gating.read(gate, run_a)
    found = pair(RunFolder(run_a), RunFolder(run_b))
    reasons = gating.missed(_summary(run_b))
    if as_json:
        print_json({**found.to_dict(), "gate": _gate_fields(reasons)})
    else:
        typer.echo(comparison_text(found, reasons))
    raise typer.Exit(1 if found.regressed or reasons else 0)


@app.command(epilog="\b\nExample:\n  footnote eval judge claims.jsonl --json")
def judge(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help='Rows of {"id"?, "context", "claim"}.')
    ],
    judge_model: JudgeModel = None,
    as_json: AsJson = False,
) -> None:
    """Say for each row how far its claim follows from its context.

    FILE holds one JSON object a line. Support is 0 to 1; a row without a verdict has support 0 and
    the verdict "unscored", with a reason.
    """
    from eval.judging import judge_rows, read_rows
    from eval.opening import open_judge

    rows = judge_rows(open_judge(judge_model), read_rows(file))
    if as_json:
        print_json({"rows": rows})
        return
    for row in rows:
        finding = row.get("finding", "").replace("_", " ")
        typer.echo(f"{row['support']:.3f}  {row['verdict']:<11}  {finding:<12}  {row['id']}")


@app.command(epilog="\b\nExample:\n  footnote eval agreement support/ --limit 500")
def agreement(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Human-labelled sets, as JSON lines.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most N rows of each set.")] = None,
    left_out: Annotated[
        bool, typer.Option("--left-out", help="Fit the judge anew without each set.")
    ] = False,
    judge_model: JudgeModel = None,
    as_json: AsJson = False,
) -> None:
    """Tell how well the judge agrees with people, on sets that people labelled."""
    from eval.agreement import measure, table
    from eval.opening import open_judge

    with show_progress() as progress:
        own = open_judge(judge_model)
        anew = None
        if left_out:
            from eval.left_out import refit

            if own.name != "deterministic" or folder is None:
                told = "name a folder, and no --judge or FOOTNOTE_VERIFIER"
                raise UsageError(f"--left-out fits the own judge: {told}")
            anew = refit(folder, limit=limit, tell=progress)
        found = measure(own, folder, refitted=anew, limit=limit, tell=progress)
    if as_json:
        print_json(found)
    else:
        typer.echo(table(found))


@app.command(
    epilog="\b\nExamples:\n"
    "  footnote eval verdicts runs/monday --sheet claims.jsonl -n 100\n"
    "  footnote eval verdicts runs/monday --from claims.jsonl"
)
def verdicts(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A finished run.")],
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", metavar="FILE", help="Write claims for people."),
    ] = None,
    judged: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Read what people judged.")
    ] = None,
    count: Annotated[int, typer.Option("-n", min=1, help="At most N claims.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Let people's verdicts on some claims correct the judge on all of them.

    --sheet writes claims with what they cite; put "supported", "unsupported" or "unsure" in place
    of each null. --from then tells the share of claims that hold, with an interval, estimated from
    those verdicts and the judge's on the rest (prediction-powered inference).
    """
    from eval.people import corrected, corrected_text, write_sheet

    if (sheet is None) == (judged is None):
        raise UsageError("say either --sheet FILE, to write one, or --from FILE, to read one")
    if sheet is not None:
        found = {"file": str(sheet), "claims": write_sheet(run, sheet, count)}
        told = f"{sheet}: {found['claims']} claims wait for a verdict"
    else:
        assert judged is not None  # noqa: S101  one of the two
        found = corrected(run, judged)
        told = corrected_text(found)
    if as_json:
        print_json(found)
    else:
        typer.echo(told)


@app.command(
    epilog="\b\nExamples:\n"
    "  footnote eval new handbook.md\n"
    "  footnote eval new handbook.md --out cases.jsonl --review"
)
def new(
    document: Annotated[Path, typer.Argument(metavar="DOC", help="A document to be asked.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Default: DOC's name with -cases.jsonl, here."),
    ] = None,
    count: Annotated[int, typer.Option("--count", min=1, max=1_000, help="At most N cases.")] = 20,
    reviewing: Annotated[
        bool, typer.Option("--review", help="Go through FILE's unchecked cases, one by one.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Propose cases for a document of your own, for you to accept or edit.

    They are marked as unchecked until you have compared them with the text: with --review, or in an
    editor. A FILE that is there is not written over; with --review, it is gone on with.
    """
    from eval.cases import read_cases, write_cases
    from eval.new import propose, read_document, review

    where = out or Path(f"{document.stem}-cases.jsonl")
    if where.exists() and not reviewing:
        raise UsageError(f"{where} is there already; choose another --out, or go on with --review")
    if not where.exists():
        cases = propose(read_document(document), count, seed=0)
        if not cases:
            raise LoadError(f"{document}: no sentence of it gives a question; write cases yourself")
        write_cases(cases, where)
    done = None
    if reviewing:
        done = review(where, _line, lambda text: typer.echo(text, err=as_json))
    left = [case for case in read_cases(where) if not case.checked] if where.exists() else []
    if as_json:
        print_json({"file": str(where), "unchecked": len(left), **(asdict(done) if done else {})})
        return
    typer.echo(f"{where}: {len(left)} cases wait to be compared with the text")
    typer.echo(f"go through them:  footnote eval new {document} --out {where} --review")


def _line(prompt: str) -> str:
    typer.echo(prompt, nl=False, err=True)
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.rstrip("\n")


def _summary(run: Path) -> dict[str, Any]:
    from eval.folder import RunFolder

    found: dict[str, Any] = RunFolder(run).summary()
    return found


def _gate_fields(reasons: list[str] | None) -> dict[str, Any] | None:
    return None if reasons is None else {"passed": not reasons, "reasons": reasons}


def main() -> None:
    """Run the group by itself."""
    try:
        app()
    except FootnoteError as error:
        complain(str(error))
        sys.exit(2 if isinstance(error, UsageError) else 1)


if __name__ == "__main__":
    main()
