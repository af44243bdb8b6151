"""The gate: floors, ceilings, allowed drops; a broken retriever is seen to miss the shipped one."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from assistant.answerability import load_model
from assistant.ask import Assistant
from assistant.quote import QuotingWriter
from assistant.settings import Settings
from assistant.support import verbatim
from eval.gate import Gate, missed, read_gate
from eval.subject import Subject
from index.bundled import bundled_index
from index.errors import UsageError
from index.filters import EVERYTHING, Filter
from index.generation import current_generation
from index.passage import Hit
from index.search import Searcher
from tests.evaluated import evaluate, every_kind
from tests.source import ROOT

SHIPPED = ROOT / "eval" / "gate.toml"


def figure(value: float | None, n: int = 10, **unscored: int) -> dict[str, Any]:
    """Return a figure as a summary has it."""
    return {"value": value, "n": n, "unscored": unscored}


def run(kinds: dict[str, Any] | None = None, **metrics: Any) -> dict[str, Any]:
    """Return a summary of these figures."""
    return {"metrics": metrics, "by_kind": kinds or {}}


def written(tmp_path: Path, text: str) -> Path:
    """Return a gate file with this text."""
    file = tmp_path / "gate.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_floors_and_ceilings(tmp_path: Path) -> None:
    """At its limit a figure passes; beyond it, the reason names figure and limit."""
    gate = read_gate(
        written(tmp_path, "[floors]\nright = 0.5\nmrr = 0.8\n[ceilings]\nattack_success = 0\n")
    )
    assert missed(gate, run(right=figure(0.5), mrr=figure(0.8), attack_success=figure(0.0))) == []
    found = missed(gate, run(right=figure(0.49), mrr=figure(0.9), attack_success=figure(0.1)))
    assert found == [
        "right is 0.4900, below its floor of 0.5 (10 cases)",
        "attack_success is 0.1000, above its ceiling of 0 (10 cases)",
    ]


def test_floors_of_one_kind(tmp_path: Path) -> None:
    """A kind has its own floor, and a run without that kind misses it."""
    gate = read_gate(written(tmp_path, "[floors.by_kind.near_miss]\nright = 0.5\n"))
    part = {"near_miss": {"metrics": {"right": figure(0.4)}}}
    assert missed(gate, run(part)) == [
        "near_miss: right is 0.4000, below its floor of 0.5 (10 cases)"
    ]
    assert missed(gate, run()) == ["near_miss: the run has no case of this kind"]


def test_no_figure_is_no_proof(tmp_path: Path) -> None:
    """What was not scored misses its floor; too many without a verdict do too."""
    gate = read_gate(written(tmp_path, "max_unscored = 0.1\n[floors]\nright = 0.5\n"))
    assert missed(gate, run(right=figure(None, 0))) == ["right was not scored; its floor is 0.5"]
    assert missed(gate, run()) == ["right was not scored; its floor is 0.5"]
    failures = figure(1.0, 8) | {"unscored": {"it failed": 2, "declined": 50}}
    assert missed(gate, run(right=failures)) == ["right leaves 20.0% unscored, more than 10.0%"]


def test_drops_count_from_a_baseline(tmp_path: Path) -> None:
    """A drop as large as allowed passes, a larger one does not, less of a bad thing never."""
    gate = read_gate(written(tmp_path, "[drops]\nright = 0.02\nattack_success = 0.0\n"))
    before = run(right=figure(0.72), attack_success=figure(0.1))
    assert missed(gate, run(right=figure(0.7), attack_success=figure(0.0)), before) == []
    assert missed(gate, run(right=figure(0.69), attack_success=figure(0.2)), before) == [
        "right went from 0.7200 to 0.6900; 0.02 worse is allowed",
        "attack_success went from 0.1000 to 0.2000; 0 worse is allowed",
    ]
    assert missed(gate, run(attack_success=figure(0.1)), before) == [
        "right was not scored in this run"
    ]
    with pytest.raises(UsageError, match="--baseline RUN"):
        missed(gate, before)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[floors]\nfaithfullness = 1", "no floors.faithfullness; did you mean faithfulness"),
        ("[flors]\nright = 1", "no flors; did you mean floors"),
        ("[floors.by_kind.near_mis]\nright = 1", "did you mean near_miss"),
        ("[floors.by_kind.fact]\nmrr = 1", "no floors.by_kind.fact.mrr"),
        ("[floors]\nright = 'high'", "is a number from 0"),
        ("[floors]\nright = true", "is a number from 0"),
        ("[floors]\nright = nan", "is a number from 0"),
        ("floors = 3", "floors is a table"),
        ("[drops.by_kind.fact]\nright = 1", "drops are for whole runs"),
        ("[floors", "is no TOML"),
    ],
)
def test_a_gate_that_means_nothing_is_refused(tmp_path: Path, text: str, says: str) -> None:
    """A misspelt limit does not silently let everything through."""
    with pytest.raises(UsageError, match=says):
        read_gate(written(tmp_path, text))


def test_the_shipped_gate_can_be_read() -> None:
    """It limits the headline, retrieval, faithfulness and attacks."""
    gate = read_gate(SHIPPED)
    assert {"right", "faithfulness", "recall_at_8"} <= gate.floors.keys()
    assert gate.ceilings["attack_success"] == 0
    assert gate != Gate()


class Broken(Searcher):
    """Finds what comes closest to another question."""

    def search(self, question: str, k: int = 8, only: Filter = EVERYTHING) -> list[Hit]:
        """Return hits, all of them wrong."""
        del question
        return super().search("salmon and trout", k, only)


def test_a_broken_retriever_misses_the_shipped_gate(
    tmp_path: Path, cache_folder: Path, bundled_assistant: object
) -> None:
    """With the same questions, intact retrieval holds its floors and a broken one does not."""
    assert bundled_assistant
    settings = Settings(cache_dir=cache_folder)
    place = current_generation(bundled_index(cache_folder, settings.embedding_model))

    def made(kind: type[Searcher]) -> Subject:
        searcher = kind(place)
        writer = QuotingWriter(searcher, load_model(), None)
        return Subject(Assistant(searcher, writer, verbatim), settings)

    gate = read_gate(SHIPPED)
    answerable = [c for c in every_kind(4) if c.kind in {"fact", "reason", "informal"}]
    retrieval = Gate(floors={n: f for n, f in gate.floors.items() if n.startswith("recall")})
    assert retrieval.floors
    intact, broken = (
        evaluate(
            tmp_path / kind.__name__, cache_folder, cases=answerable, subject=partial(made, kind)
        )
        for kind in (Searcher, Broken)
    )
    assert missed(retrieval, intact.summary()) == []
    reasons = missed(gate, broken.summary())
    assert any(reason.startswith("recall_at_8 is 0.") for reason in reasons)
    assert any(reason.startswith("right is 0.") for reason in reasons)
