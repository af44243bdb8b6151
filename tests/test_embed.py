"""Embedding: one contract for all embedders, and a real export of a real (tiny) model."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from langchain_core.embeddings import Embeddings

from index.embed import (
    BUNDLED_MODEL,
    Embedder,
    LangChainEmbedder,
    open_model,
    prepare_model,
)
from index.errors import MissingExtra, ModelError
from index.passage import Span
from tests.fakes import HashEmbedder
from tests.tiny_models import TEXTS


class Letters(Embeddings):
    """LangChain embeddings that count letters."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one vector for each text."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Return how often each letter stands in `text`, and once more."""
        return [1.0 + text.casefold().count(letter) for letter in "abcdefghijklmnop"]


EMBEDDERS: dict[str, Callable[[pytest.FixtureRequest], Embedder]] = {
    "the bundled model": lambda request: open_model(request.getfixturevalue("model_folder")),
    "LangChain": lambda _: LangChainEmbedder(Letters(), "letters"),
    "the fake": lambda _: HashEmbedder(),
}


@pytest.fixture(params=EMBEDDERS)
def embedder(request: pytest.FixtureRequest) -> Embedder:
    """Return each embedder in turn."""
    return EMBEDDERS[request.param](request)


def _spans(text: str) -> Sequence[Span]:
    middle = text.index(" ")
    return [Span(0, middle), Span(middle + 1, len(text))]


def test_vectors_have_length_one_and_the_right_shape(embedder: Embedder) -> None:
    """Passages, sentences and questions are unit vectors of the dimension that is promised."""
    passages, sentences = embedder.embed_passages(TEXTS, [_spans(text) for text in TEXTS])
    assert passages.shape == (3, embedder.dimension)
    assert sentences.shape == (6, embedder.dimension)
    question = embedder.embed_question("was the treaty signed?")
    assert question.shape == (embedder.dimension,)
    for vectors in (passages, sentences, question[None]):
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-4)
        assert vectors.dtype == np.float32


def test_a_texts_vector_does_not_depend_on_its_company(embedder: Embedder) -> None:
    """Alone or among others, first or last: the same vectors, in the order of the sentences."""
    together, parts = embedder.embed_passages(TEXTS, [_spans(text) for text in TEXTS])
    alone = [embedder.embed_passages([text], [_spans(text)]) for text in TEXTS]
    assert np.array_equal(np.concatenate([one[0] for one in alone]), together)
    assert np.array_equal(np.concatenate([one[1] for one in alone]), parts)


def test_nothing_in_nothing_out(embedder: Embedder) -> None:
    """No texts, and texts without sentences, give empty arrays of the right width."""
    passages, sentences = embedder.embed_passages([], [])
    assert passages.shape == sentences.shape == (0, embedder.dimension)
    assert embedder.embed_passages(["text"], [[]])[1].shape == (0, embedder.dimension)


def test_the_vocabulary_is_folded_words(embedder: Embedder) -> None:
    """What an embedder knows is lower-case words, or nothing."""
    known = embedder.vocabulary()
    assert all(word.isalpha() and word == word.casefold() for word in known)
    if embedder.name == BUNDLED_MODEL:
        assert {"treaty", "russia", "give"} <= set(known)
        assert "giv" not in known


def test_near_texts_have_near_vectors(model_folder: Path) -> None:
    """The bundled model knows that a gift is nearer to a present than to a tax."""
    model = open_model(model_folder)
    gift, present, tax = map(model.embed_question, ("a gift for him", "his present", "income tax"))
    assert gift @ present > gift @ tax + 0.2


def test_a_sentence_is_the_mean_of_its_tokens(model_folder: Path) -> None:
    """The one sentence of a passage, without the special tokens, is nearly the passage itself."""
    model = open_model(model_folder)
    text = "The two countries never signed a treaty."
    passages, sentences = model.embed_passages([text], [[Span(0, len(text))]])
    assert float(passages[0] @ sentences[0]) > 0.95


def exported(tiny_models: Path) -> Path:
    """Return the folder of the two-layer embedder's export."""
    return prepare_model(str(tiny_models / "models" / "embedder"), tiny_models / "cache")


def test_any_sentence_transformers_model_is_exported(tiny_models: Path) -> None:
    """A model that the test made comes out of ONNX Runtime as it came out of PyTorch."""
    folder = exported(tiny_models)
    model = open_model(folder)
    assert model.name == "embedder"
    found, _ = model.embed_passages(TEXTS, [[], [], []])
    cosines = (found * np.load(tiny_models / "expected" / "embedder.npy")).sum(axis=1)
    assert cosines.min() > 0.98
    written = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert exported(tiny_models) == folder
    assert {file.name: file.stat().st_mtime_ns for file in folder.iterdir()} == written
    assert not list(folder.parent.glob(".export-*"))


def test_a_damaged_model_is_told(tiny_models: Path, tmp_path: Path) -> None:
    """A model of which half is there is an error that says what to do."""
    damaged = shutil.copytree(
        exported(tiny_models),
        tmp_path / "damaged",
    )
    (damaged / "model.onnx").write_bytes(b"half a model")
    with pytest.raises(ModelError, match="index again"):
        open_model(damaged)


def test_a_model_with_another_file_is_exported_again(
    tiny_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the cache holds is found by the model's files, and a changed one is not among it."""
    changed = shutil.copytree(tiny_models / "models" / "embedder", tmp_path / "model")
    exported(tiny_models)
    # From here on whoever exports fails, so that it shows.
    (tmp_path / "sentence_transformers.py").write_text("raise ImportError", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    same = prepare_model(str(changed), tiny_models / "cache")
    assert same == exported(tiny_models)
    (changed / "README.md").write_text("changed", encoding="utf-8")
    with pytest.raises(MissingExtra):
        prepare_model(str(changed), tiny_models / "cache")


def test_a_name_that_nobody_has_is_an_error_that_names_the_setting(tiny_models: Path) -> None:
    """Nothing is downloaded: an unknown model says what to give instead."""
    refused = json.loads((tiny_models / "refused.json").read_text("utf-8"))
    assert "FOOTNOTE_EMBEDDING_MODEL='no-such-embedder'" in refused["no-such-embedder"]


def test_a_missing_package_names_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where sentence-transformers is not installed, the message is how to install it."""
    (tmp_path / "sentence_transformers.py").write_text("raise ImportError", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtra, match=r"pip install 'footnote\[build\]'"):
        prepare_model(BUNDLED_MODEL, tmp_path / "cache")
