"""Embedding: one contract for all embedders, and a real export of a real (tiny) model."""

import shutil
import subprocess
import sys
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

TINY = """
import random, sys
import numpy, torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Pooling, Transformer
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast
torch.manual_seed(3)
words = "[PAD] [UNK] [CLS] [SEP] a the puppy meeting island treaty of and was signed ##s".split()
tokenizer = Tokenizer(models.WordPiece({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
tokenizer.normalizer = normalizers.BertNormalizer()
tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
tokenizer.post_processor = processors.TemplateProcessing(
    single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]",
    cls_token="[CLS]", sep_token="[SEP]", model_max_length=32)
config = BertConfig(vocab_size=len(words), hidden_size=32, num_hidden_layers=2,
    num_attention_heads=2, intermediate_size=64, max_position_embeddings=40)
folder = sys.argv[1]
BertModel(config).save_pretrained(folder + "/bert"); fast.save_pretrained(folder + "/bert")
transformer = Transformer(folder + "/bert", max_seq_length=32)
model = SentenceTransformer(modules=[transformer, Pooling(32, "mean")], device="cpu")
model.save(folder + "/model")
numpy.save(folder + "/expected.npy", model.encode(sys.argv[2:], normalize_embeddings=True))
"""
TEXTS = ("The treaty was signed.", "a puppy", "The islands and the meetings of the island")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a two-layer model and what it makes of TEXTS."""
    folder = tmp_path_factory.mktemp("tiny")
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TINY, folder, *TEXTS],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="session")
def cache(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that the two-layer model is exported into, by a process of its own.

    What that process has imported afterwards lies beside it.
    """
    folder = tmp_path_factory.mktemp("exported")
    code = (
        "import sys; from pathlib import Path; from index.embed import prepare_model\n"
        "prepare_model(sys.argv[1], Path(sys.argv[2])); print(*sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tiny / "model"), str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    folder.with_suffix(".modules").write_text(done.stdout, encoding="utf-8")
    return folder


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


def test_any_sentence_transformers_model_is_exported(tiny: Path, cache: Path) -> None:
    """A model that the test made comes out of ONNX Runtime as it came out of PyTorch."""
    folder = prepare_model(str(tiny / "model"), cache)
    model = open_model(folder)
    assert model.name == "model"
    found, _ = model.embed_passages(TEXTS, [[], [], []])
    cosines = (found * np.load(tiny / "expected.npy")).sum(axis=1)
    assert cosines.min() > 0.98
    written = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert prepare_model(str(tiny / "model"), cache) == folder
    assert {file.name: file.stat().st_mtime_ns for file in folder.iterdir()} == written
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_damaged_model_is_told(tiny: Path, cache: Path, tmp_path: Path) -> None:
    """A model of which half is there is an error that says what to do."""
    damaged = shutil.copytree(prepare_model(str(tiny / "model"), cache), tmp_path / "damaged")
    (damaged / "model.onnx").write_bytes(b"half a model")
    with pytest.raises(ModelError, match="index again"):
        open_model(damaged)


def test_a_model_with_another_file_is_exported_again(
    tiny: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the cache holds is found by the model's files, and a changed one is not among it."""
    changed = shutil.copytree(tiny / "model", tmp_path / "model")
    prepare_model(str(tiny / "model"), cache)
    # From here on whoever exports fails, so that it shows.
    (tmp_path / "sentence_transformers.py").write_text("raise ImportError", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    same = prepare_model(str(changed), cache)
    assert same == prepare_model(str(tiny / "model"), cache)
    (changed / "README.md").write_text("changed", encoding="utf-8")
    with pytest.raises(MissingExtra):
        prepare_model(str(changed), cache)


def test_a_name_that_nobody_has_is_an_error_that_names_the_setting(tmp_path: Path) -> None:
    """Nothing is downloaded: an unknown model says what to give instead."""
    (tmp_path / "no-model").mkdir()
    with pytest.raises(ModelError, match="FOOTNOTE_EMBEDDING_MODEL"):
        prepare_model(str(tmp_path / "no-model"), tmp_path / "cache")
    assert not any((tmp_path / "cache" / "models").iterdir())


def test_a_missing_package_names_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where sentence-transformers is not installed, the message is how to install it."""
    (tmp_path / "sentence_transformers.py").write_text("raise ImportError", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtra, match=r"pip install 'footnote\[build\]'"):
        prepare_model(BUNDLED_MODEL, tmp_path / "cache")


def test_who_asks_for_an_export_does_not_import_torch(cache: Path) -> None:
    """Exporting happens in a process of its own, which takes PyTorch's memory with it."""
    imported = set(cache.with_suffix(".modules").read_text("utf-8").split())
    assert "index.embed" in imported
    assert not {"torch", "transformers", "sentence_transformers"} & imported
