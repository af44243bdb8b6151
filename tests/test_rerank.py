"""Reranking: any cross-encoder exported as it scores, and its order in what a search finds."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from assistant.draw import draw_hits, hits_fields
from assistant.settings import Settings
from assistant.wiring import open_searcher
from index.build import BuildOptions, build
from index.errors import MissingExtra, ModelError
from index.passage import found_by
from index.rerank import OnnxReranker, open_reranker
from index.search import RERANKED, open_index
from tests.fakes import HashEmbedder
from tests.tiny_models import CROSS_ENCODERS, QUESTION, VERIFIERS
from tests.tiny_models import PASSAGES as TEXTS


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an index of thirty documents of one passage each."""
    folder = tmp_path_factory.mktemp("rerank")
    (folder / "in").mkdir()
    for number in range(30):
        words = "honey " * (number % 7) + "gate " * (number % 5) + "noon " * (number % 3)
        text = f"The bees of hive {number} sell {words.strip()}."
        (folder / "in" / f"hive-{number}.txt").write_text(text, encoding="utf-8")
    build([folder / "in"], folder / "index", BuildOptions(folder, embedder=HashEmbedder()))
    return folder / "index"


class ByHive:
    """A Reranker that likes high numbers; `read` keeps what it was shown."""

    name = "by hive"

    def __init__(self) -> None:
        self.read: list[str] = []

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return the number that each text names."""
        assert question == QUESTION
        self.read += texts
        return [float(text.partition("bees of hive ")[2].split()[0]) for text in texts]


def opened(tiny_models: Path, kind: str) -> OnnxReranker:
    """Return one of the two-layer models, exported."""
    reranker = open_reranker(str(tiny_models / "models" / kind), tiny_models / "cache")
    assert reranker
    return reranker


@pytest.mark.parametrize("kind", CROSS_ENCODERS)
def test_scores_are_those_of_sentence_transformers(tiny_models: Path, kind: str) -> None:
    """One logit or several classes, with segments or without, short or cut: as `predict` has it."""
    expected = np.load(tiny_models / "expected" / f"{kind}.npy")
    reranker = opened(tiny_models, kind)
    found = np.array(reranker.scores(QUESTION, TEXTS))
    # In 32 bits they agree to the sixth digit; 8 blur random weights by a part of their spread.
    assert np.ptp(expected) > 0.02
    assert np.abs(found - expected).max() < 0.25 * np.ptp(expected)
    assert reranker.name == kind


def test_a_texts_score_does_not_depend_on_its_company(tiny_models: Path) -> None:
    """Alone or among others, a pair has one score."""
    reranker = opened(tiny_models, "logit")
    alone = [reranker.scores(QUESTION, [text])[0] for text in TEXTS]
    assert reranker.scores(QUESTION, TEXTS) == alone
    assert reranker.scores(QUESTION, []) == []


def test_it_is_exported_once(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time nobody exports, and nothing that was half made is left behind."""
    opened(tiny_models, "sigmoid")
    monkeypatch.setattr(sys, "executable", "nothing-that-runs")
    opened(tiny_models, "sigmoid")
    assert not list((tiny_models / "cache" / "models").glob(".export-*"))


def test_the_reranker_decides_the_order(index: Path) -> None:
    """Its order among the best twenty, whatever k is; a hit keeps its scores and says its rank."""
    with open_index(index, HashEmbedder()) as plain:
        before = plain.search(QUESTION, 30)
        assert all(hit.rerank is hit.fused_rank is None for hit in before)
        places = {hit.document.id: (place, hit) for place, hit in enumerate(before, 1)}
    reranker = ByHive()
    with open_index(index, HashEmbedder(), reranker=reranker) as searcher:
        found = searcher.search(QUESTION, 5)
        assert reranker.read == [found_by(hit.document, hit.passage) for hit in before[:RERANKED]]
        everything = searcher.search(QUESTION, 30)
    best = sorted((text.partition("hive ")[2] for text in reranker.read[:RERANKED]), key=_number)
    assert [_number(hit.passage.text.partition("hive ")[2]) for hit in found] == [
        _number(text) for text in reversed(best[-5:])
    ]
    assert [hit.passage.text for hit in found] != [hit.passage.text for hit in before[:5]]
    for hit in found:
        place, same = places[hit.document.id]
        assert (hit.fused_rank, hit.score, hit.dense_rank) == (place, same.score, same.dense_rank)
    assert everything[:5] == found
    # What it did not read follows in the order that it had.
    tail = [hit.passage.text for hit in everything[RERANKED:]]
    assert tail == [hit.passage.text for hit in before[RERANKED:]]
    assert all(hit.rerank is None for hit in everything[RERANKED:])


def _number(text: str) -> int:
    return int(text.split(maxsplit=1)[0])


def test_the_score_and_the_rank_before_are_shown(index: Path) -> None:
    """As text and as JSON, beside the other scores; without a reranker there is neither."""
    with open_index(index, HashEmbedder(), reranker=ByHive()) as searcher:
        (hit,) = searcher.search(QUESTION, 1)
    shown = draw_hits([hit], 200)
    assert f"reranker {hit.rerank:.2f}, score {hit.score:.2f} (#{hit.fused_rank})" in shown
    (fields,) = hits_fields(QUESTION, "generation", [hit])["hits"]
    assert (fields["rank"], fields["rerank"], fields["fused_rank"]) == (
        1,
        hit.rerank,
        hit.fused_rank,
    )
    with open_index(index, HashEmbedder()) as plain:
        assert "reranker" not in draw_hits(plain.search(QUESTION, 1), 200)


def test_one_setting_switches_it_on(
    tiny_models: Path, tmp_path: Path, model_folder: Path, cache_folder: Path
) -> None:
    """FOOTNOTE_RERANKER reorders what the assistant's searcher finds, by its own scores."""
    assert model_folder.is_dir()
    (tmp_path / "a.txt").write_text("The ferry leaves at noon.", encoding="utf-8")
    (tmp_path / "b.txt").write_text("Bees make honey at the gate.", encoding="utf-8")
    build([tmp_path / "a.txt", tmp_path / "b.txt"], tmp_path / "index", BuildOptions(cache_folder))
    settings = Settings(
        cache_dir=tiny_models / "cache", reranker=str(tiny_models / "models" / "logit")
    )
    with open_searcher(settings, tmp_path / "index") as searcher:
        hits = searcher.search(QUESTION, 2)
    texts = [found_by(hit.document, hit.passage) for hit in hits]
    assert [hit.rerank for hit in hits] == opened(tiny_models, "logit").scores(QUESTION, texts)
    assert [hit.rerank for hit in hits] == sorted((hit.rerank or 0 for hit in hits), reverse=True)


def test_a_damaged_export_is_told(tiny_models: Path, tmp_path: Path) -> None:
    """The message names the setting, the folder and what to do with it."""
    opened(tiny_models, "logit")
    copy = shutil.copytree(tiny_models / "cache", tmp_path / "cache")
    for file in copy.rglob("model.onnx"):
        file.write_bytes(b"half a model")
    with pytest.raises(ModelError, match=r"FOOTNOTE_RERANKER=.*delete that folder"):
        open_reranker(str(tiny_models / "models" / "logit"), copy)


def test_a_model_that_cannot_rerank_is_told(tiny_models: Path) -> None:
    """Missing, or with classes that do not say which of them is meant: the setting is named."""
    refused = json.loads((tiny_models / "refused.json").read_text("utf-8"))
    assert "FOOTNOTE_RERANKER='no-such-model' cannot be loaded" in refused["no-such-model"]
    assert "FOOTNOTE_RERANKER=" in refused["nameless"]
    assert "label_0, label_1, label_2, none" in refused["nameless"]
    exported = len(CROSS_ENCODERS) + len(VERIFIERS) + 1
    assert len(list((tiny_models / "cache" / "models").iterdir())) == exported


def test_a_missing_package_names_the_command_that_installs_it(
    tiny_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exporting needs what building needs."""
    (tmp_path / "sentence_transformers.py").write_text("raise ImportError", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtra, match=r"pip install 'footnote\[build\]'"):
        open_reranker(str(tiny_models / "models" / "sigmoid"), tmp_path / "cache")


@pytest.mark.servers
def test_a_process_that_reranks_loads_no_training_library(
    tiny_models: Path, tmp_path: Path
) -> None:
    """Not even the one that had the model exported imports PyTorch."""
    program = f"""
import sys
from pathlib import Path
from index.rerank import open_reranker
from index.search import open_index
reranker = open_reranker({str(tiny_models / "models" / "no-segments")!r}, Path({str(tmp_path)!r}))
assert len(reranker.scores("who sells honey", ["bees", "the gate"])) == 2
heavy = {{"torch", "transformers", "sentence_transformers"}}
sys.stdout.write(repr(sorted(heavy & set(sys.modules))))
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[]"
