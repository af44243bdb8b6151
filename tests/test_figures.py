"""Figures: what is counted, and that dashboard, alerts and documentation ask for nothing else."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from assistant.answer import Sentence
from assistant.serving.figures import Figures, Views
from assistant.serving.limits import Gate
from assistant.slacking.bench import DID
from index.generation import Manifest
from tests.source import ROOT
from tests.test_conversations import an_answer

MANIFEST = Manifest(
    format=2,
    id="0123456789abcdef",
    created="2026-11-01T00:00:00+00:00",
    embedder="e",
    model="m",
    dimension=4,
    splitter="s",
    documents=3,
    passages=40,
    sentences=200,
    files={},
)
OTHERS = {"job", "instance", "le"}
"""Labels that Prometheus itself gives."""


@pytest.fixture
def figures() -> Figures:
    """Return figures of a server that everything has happened to once."""
    gate = Gate(2, 3)
    gate.admit()
    one = Figures(Views(gate, lambda: MANIFEST))
    sentence = Sentence("It sank.", "claim", (1,), 1.0)
    answer = replace(
        an_answer(),
        sentences=(sentence, sentence),
        withheld=1,
        usage={"input_tokens": 11, "output_tokens": 5, "total_tokens": 16},
        timings_ms={"search": 4.0, "total": 20.0},
    )
    one.answered(answer)
    one.answered(replace(answer, outcome="declined", reason="not_in_documents", usage=None))
    one.cancelled()
    one.requested("/v1/ask", 429, 0.2, "busy")
    one.written(3, 1, 0.004)
    for did in DID:
        one.slack(did)
    return one


def samples(figures: Figures) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Return what is exposed: for each name its labels and values."""
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(figures.text().decode()):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def test_what_happens_is_counted(figures: Figures) -> None:
    """Answers, sentences, tokens, refusals, commits, Slack's events, the queue, the generation."""
    told = samples(figures)
    assert told["footnote_sentences_total"] == [({}, 4.0)]
    assert told["footnote_withheld_sentences_total"] == [({}, 2.0)]
    assert told["footnote_tokens_total"] == [
        ({"direction": "input"}, 11),
        ({"direction": "output"}, 5),
    ]
    assert told["footnote_refused_total"] == [({"code": "busy"}, 1.0)]
    assert told["footnote_kept_answers_total"] == [
        ({"result": "kept"}, 3),
        ({"result": "failed"}, 1),
    ]
    assert told["footnote_commit_seconds_count"] == [({}, 1.0)]
    assert told["footnote_http_request_seconds_sum"] == [({"route": "/v1/ask"}, 0.2)]
    assert [labels["did"] for labels, _ in told["footnote_slack_events_total"]] == list(DID)
    queue = [told[f"footnote_{name}"][0][1] for name in ("active", "waiting", "places")]
    assert queue == [1, 0, 5]
    ((labels, _),) = told["footnote_info"]
    assert labels["generation"] == MANIFEST.id
    assert told["footnote_index_passages"] == [({}, 40.0)]
    assert told["footnote_index_age_seconds"][0][1] > 0


def test_a_new_generation_leaves_no_series_behind() -> None:
    """However often the index changes, its id is one series."""
    now = MANIFEST
    one = Figures(Views(Gate(1, 1), lambda: now))
    for number in range(3):
        now = replace(MANIFEST, id=str(number))
        ((labels, _),) = samples(one)["footnote_info"]
        assert labels["generation"] == str(number)


def dashboard() -> dict[str, Any]:
    """Return Grafana's dashboard."""
    found: dict[str, Any] = json.loads((ROOT / "deploy/grafana/footnote.json").read_text("utf-8"))
    return found


def queries() -> Iterator[str]:
    """Yield every query of the dashboard and of the alerts."""
    for panel in dashboard()["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yaml: Any = import_module("yaml")  # it ships no types
    rules = yaml.safe_load((ROOT / "deploy/prometheus/footnote.rules.yml").read_text("utf-8"))
    for group in rules["groups"]:
        yield from (rule["expr"] for rule in group["rules"])


def unknown(query: str, told: dict[str, list[tuple[dict[str, str], float]]]) -> set[str]:
    """Return the names of metrics and labels in a query that the server does not have."""
    names = set(re.findall(r"\b(?:footnote|process)_\w+", query))
    used = set(re.findall(r"(\w+)\s*=~?\s*\"", query))
    used |= {one for by in re.findall(r"by \(([^)]*)\)", query) for one in re.split(r",\s*", by)}
    labels = {label for name in names for row, _ in told.get(name, ()) for label in row}
    return (names - told.keys()) | (used - labels - OTHERS)


def test_dashboard_and_alerts_ask_for_what_there_is(figures: Figures) -> None:
    """Each query names metrics and labels that the server exposes, and its brackets close."""
    told = samples(figures)
    found = list(queries())
    assert len(found) > 30
    for query in found:
        assert unknown(query, told) == set(), query
        assert query.count("(") == query.count(")")
    assert unknown("rate(footnote_nothing_total[5m])", told) == {"footnote_nothing_total"}
    assert unknown('sum by (colour) (footnote_info{x="1"})', told) == {"colour", "x"}


def test_every_figure_has_its_place(figures: Figures) -> None:
    """Each one is drawn or alerted on, and documented; the documentation has no other."""
    families = {
        family.name
        for family in text_string_to_metric_families(figures.text().decode())
        if family.name.startswith("footnote_") and not family.name.endswith("_created")
    }
    asked = " ".join(queries())
    assert {name for name in families if name not in asked} == set()
    page = (ROOT / "docs/observability.md").read_text("utf-8")
    listed = set(re.findall(r"^\| `(footnote_\w+?)(?:_total)?[`{]", page, re.MULTILINE))
    assert listed == families


def test_the_dashboards_panels_do_not_overlap() -> None:
    """Each panel has a number and a room of its own on a grid 24 wide."""
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        room = {(at["x"] + i, at["y"] + j) for i in range(at["w"]) for j in range(at["h"])}
        assert not room & taken
        assert all(x < 24 for x, _ in room)
        taken |= room
