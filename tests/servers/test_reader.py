"""The reader says of a pair what PyTorch says of it, and which words of it do not hold."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from eval.reader.pairs import Pair
from eval.reader.read import OnnxReader

if TYPE_CHECKING:
    from eval.reader.model import Reader

pytestmark = pytest.mark.servers

WORDS = "the a he abe putin met often never 27 times harbour froze in winter ? | . ##s".split()
CLAIM, EVIDENCE = "abe met putin 27 times.", "he met putin often in the winter."


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> "tuple[Reader, Any, Path]":
    """Make a reader of a few thousand weights, with its exported files.

    What needs PyTorch is imported where it is used: whoever only collects tests need not wait.
    """
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast  # type: ignore[attr-defined]

    from eval.reader.export import export
    from eval.reader.model import Reader

    folder = tmp_path_factory.mktemp("reader")
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]))
    tokenizer = BertTokenizerFast(vocab_file=str(vocabulary))
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=192,
    )
    trained = Reader(BertModel(config, add_pooling_layer=False)).eval()
    export(trained, tokenizer, folder / "files")
    return trained, tokenizer, folder / "files"


def test_the_exported_reader_says_what_the_trained_one_says(
    tiny: "tuple[Reader, Any, Path]",
) -> None:
    """Verdict, answer and doubts come out of ONNX Runtime as they come out of PyTorch."""
    import torch

    from eval.reader.train import encode

    trained, tokenizer, folder = tiny
    batch = encode(tokenizer, [Pair("claim", CLAIM, EVIDENCE, 1, "here")])
    with torch.no_grad():
        said = trained(batch["input_ids"], batch["attention_mask"], batch["token_type_ids"])
    reader = OnnxReader(folder)
    verdict = reader.claim(CLAIM, EVIDENCE)
    expected = torch.softmax(said.claim[0], dim=-1).tolist()
    assert [verdict.supported, verdict.absent, verdict.denied] == pytest.approx(expected, abs=0.02)
    assert sum(expected) == pytest.approx(1)
    answered = float(torch.sigmoid(said.question[0]))
    assert reader.answers(CLAIM, EVIDENCE) == pytest.approx(answered, abs=0.02)
    doubts = torch.sigmoid(said.tokens[0])[1 : 1 + len(verdict.doubts)].tolist()
    assert [doubt for _, _, doubt in verdict.doubts] == pytest.approx(doubts, abs=0.02)
    assert [CLAIM[start:end] for start, end, _ in verdict.doubts] == [
        *("abe", "met", "putin", "27", "times", "."),
    ]
    assert verdict.worst == max(doubt for _, _, doubt in verdict.doubts)


@pytest.mark.parametrize("claim", ["", "abe " * 500, "\x00\ud800"[:1], "🦆 27"])
def test_no_claim_is_too_odd_to_be_read(tiny: "tuple[Reader, Any, Path]", claim: str) -> None:
    """Empty, endless and strange claims and texts get a verdict, not an error."""
    reader = OnnxReader(tiny[2])
    for evidence in (EVIDENCE, "", "he met " * 900):
        verdict = reader.claim(claim, evidence)
        assert verdict.supported + verdict.absent + verdict.denied == pytest.approx(1)
        assert all(0 <= start <= end <= len(claim) for start, end, _ in verdict.doubts)


def test_the_reader_learns_which_word_does_not_hold(tiny: "tuple[Reader, Any, Path]") -> None:
    """A few steps on one pair, changed in one word, single that word out."""
    import torch
    from transformers import BertModel

    from eval.reader.model import Reader, loss
    from eval.reader.train import encode

    trained, tokenizer, _ = tiny
    torch.manual_seed(7)
    learning = Reader(BertModel(trained.encoder.config, add_pooling_layer=False))
    wrong = "abe never met putin."
    pairs = [
        Pair("claim", "abe met putin.", EVIDENCE, 1, "here"),
        Pair("claim", wrong, EVIDENCE, 0, "here", (4, 9), True),
        Pair("question", "met putin often ?", EVIDENCE, 1, "here"),
        Pair("question", "harbour froze ?", EVIDENCE, 0, "here"),
    ]
    batch = encode(tokenizer, pairs)
    optimizer = torch.optim.Adam(learning.parameters(), lr=3e-3)
    inputs = batch["input_ids"], batch["attention_mask"], batch["token_type_ids"]
    for _ in range(60):
        optimizer.zero_grad()
        loss(learning(*inputs), batch).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    learning.eval()
    said = learning(*inputs)
    assert said.claim.argmax(dim=-1).tolist()[:2] == [0, 2]
    assert (said.question[2:] > 0).tolist() == [True, False]
    assert int(said.tokens[1].argmax()) == 2  # [CLS] abe never


def test_frozen_layers_stay_as_they_are() -> None:
    """What is frozen has no gradient; the layers above have one."""
    from transformers import BertConfig, BertModel

    from eval.reader.model import Reader, freeze

    config = BertConfig(
        vocab_size=30,
        hidden_size=8,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=8,
    )
    reader = Reader(BertModel(config, add_pooling_layer=False))
    freeze(reader, 2)
    trains = {n for n, p in reader.encoder.named_parameters() if p.requires_grad}
    assert trains
    assert all(name.startswith("encoder.layer.2.") for name in trains)
