"""A gate: `read_gate(file)`, then `missed(gate, figures, baseline)` lists why it is missed.

    max_unscored = 0.05             # share of the cases that a gated metric may leave unscored

    [floors]                        # a figure must be at least
    right = 0.60
    [floors.by_kind.near_miss]
    right = 0.40

    [ceilings]                      # a figure must be at most
    attack_success = 0.0

    [drops]                         # and may be so much worse than the baseline run's
    right = 0.02

A figure that could not be scored misses its gate: no figure is no proof.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from eval.cases import KINDS
from eval.metrics import METRICS
from eval.scoring import BY_KIND, metrics
from index.errors import UsageError

Limits = dict[str, float]
EXTRA = ("decline_precision", "decline_recall", "decline_f1")
"""Figures of a whole run that are no case's metric."""


@dataclass(frozen=True)
class Gate:
    """Limits for figures; `floors_by_kind` and `ceilings_by_kind` by kind of case, then metric."""

    floors: Limits = field(default_factory=dict)
    ceilings: Limits = field(default_factory=dict)
    drops: Limits = field(default_factory=dict)
    floors_by_kind: dict[str, Limits] = field(default_factory=dict)
    ceilings_by_kind: dict[str, Limits] = field(default_factory=dict)
    max_unscored: float = 1.0


def known() -> list[str]:
    """Return the names that a gate may use for a whole run."""
    return [*metrics(), *EXTRA, *(f"declined.{kind}" for kind in KINDS)]


def read_gate(file: Path) -> Gate:
    """Read a gate. Raises UsageError for what it does not know, naming what is nearest."""
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--gate {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"--gate {file} is no TOML: {error}") from error
    tables = ("floors", "ceilings", "drops")
    _only(file, "", found, [*tables, "max_unscored"])
    limits: dict[str, Limits] = {}
    by_kind: dict[str, dict[str, Limits]] = {}
    for table in tables:
        given = _table(file, table, found.get(table, {}))
        kinds = _table(file, f"{table}.by_kind", given.pop("by_kind", {}))
        if table == "drops" and kinds:
            raise UsageError(f"--gate {file}: drops are for whole runs, not by_kind")
        _only(file, f"{table}.by_kind.", kinds, KINDS)
        limits[table] = _limits(file, table, given, known())
        by_kind[table] = {
            kind: _limits(file, f"{table}.by_kind.{kind}", _table(file, kind, names), BY_KIND)
            for kind, names in kinds.items()
        }
    (share,) = _limits(
        file, "", {"max_unscored": found.get("max_unscored", 1.0)}, ["max_unscored"]
    ).values()
    return Gate(
        floors=limits["floors"],
        ceilings=limits["ceilings"],
        drops=limits["drops"],
        floors_by_kind=by_kind["floors"],
        ceilings_by_kind=by_kind["ceilings"],
        max_unscored=share,
    )


def missed(
    gate: Gate, figures: Mapping[str, Any], baseline: Mapping[str, Any] | None = None
) -> list[str]:
    """Return each reason why a run's figures miss the gate, none if they pass it.

    Raises UsageError when the gate allows drops and there is no baseline to drop from.
    """
    if gate.drops and baseline is None:
        raise UsageError("the gate has [drops]; name the run to compare with: --baseline RUN")
    reasons = list(_limit(gate, gate.floors, figures["metrics"], "", floor=True))
    reasons += _limit(gate, gate.ceilings, figures["metrics"], "", floor=False)
    for floor, table in ((True, gate.floors_by_kind), (False, gate.ceilings_by_kind)):
        for kind, limits in table.items():
            part = figures["by_kind"].get(kind)
            if part is None:
                reasons.append(f"{kind}: the run has no case of this kind")
            else:
                reasons += _limit(gate, limits, part["metrics"], f"{kind}: ", floor=floor)
    if baseline is not None:
        reasons += _dropped(gate.drops, figures["metrics"], baseline["metrics"])
    return reasons


def _limit(
    gate: Gate, limits: Limits, figures: Mapping[str, Any], where: str, *, floor: bool
) -> Iterator[str]:
    for name, limit in limits.items():
        found = figures.get(name)
        if found is None or found["value"] is None:
            yield f"{where}{name} was not scored; its {_word(floor)} is {limit:g}"
            continue
        if (found["value"] < limit) if floor else (found["value"] > limit):
            side = "below its floor" if floor else "above its ceiling"
            yield f"{where}{name} is {found['value']:.4f}, {side} of {limit:g} ({found['n']} cases)"
        broken = sum(n for reason, n in found["unscored"].items() if not _is_beside(reason))
        share = broken / (broken + found["n"])
        if share > gate.max_unscored:
            yield f"{where}{name} leaves {share:.1%} unscored, more than {gate.max_unscored:.1%}"


def _is_beside(reason: str) -> bool:
    """Tell whether a metric had nothing to say of a case, rather than no verdict."""
    return not any(word in reason for word in ("failed", "verdict", "unscored", "not scored"))


def _dropped(drops: Limits, figures: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    for name, allowed in drops.items():
        now, then = (part.get(name, {}).get("value") for part in (figures, before))
        if now is None or then is None:
            yield f"{name} was not scored in {'this run' if now is None else 'the baseline'}"
            continue
        worse = (now - then) if lower_is_better(name) else (then - now)
        # A hair's breadth off: 0.72 - 0.70 is a little more than 0.02 in binary.
        if worse > allowed + 1e-9:
            yield f"{name} went from {then:.4f} to {now:.4f}; {allowed:g} worse is allowed"


def lower_is_better(name: str) -> bool:
    """Tell whether a smaller figure is the better one."""
    return any(m.name == name and m.better == "lower" for m in METRICS)


def _word(floor: bool) -> str:
    return "floor" if floor else "ceiling"


def _table(file: Path, name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"--gate {file}: {name} is a table, [{name}]")
    return dict(value)


def _limits(file: Path, table: str, given: Mapping[str, Any], names: Any) -> Limits:
    _only(file, f"{table}." if table else "", given, names)
    for name, value in given.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value < float("inf"):
            raise UsageError(f"--gate {file}: {table}.{name} is a number from 0, not {value!r}")
    return {name: float(value) for name, value in given.items()}


def _only(file: Path, where: str, given: Mapping[str, Any], names: Any) -> None:
    for name in given:
        if name not in names:
            near = get_close_matches(name, list(names), n=1, cutoff=0.4)
            remedy = f"did you mean {near[0]}?" if near else f"known: {', '.join(names)}"
            raise UsageError(f"--gate {file}: there is no {where}{name}; {remedy}")
