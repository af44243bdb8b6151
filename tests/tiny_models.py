"""Models of two layers and what PyTorch makes of them: `python -m tests.tiny_models FOLDER`.

Made and exported in one process, because importing PyTorch costs more than all of it: what would
export in a process of its own, `python -m index.embed …`, is run here instead. `FOLDER` holds

    models/NAME        as sentence-transformers saved it: "embedder", and the CROSS_ENCODERS
    expected/NAME.npy  what it makes of TEXTS, or of QUESTION with each of PASSAGES
    expected/verifier-NAME.npy  what the VERIFIERS make of each of PASSAGES with QUESTION
    cache/             the cache folder that Footnote exported them into
    refused.json       what it said of the models that cannot be exported
"""

import io
import json
import runpy
import subprocess
import sys
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any
from unittest.mock import patch

TEXTS = ("The treaty was signed.", "a puppy", "The islands and the meetings of the island")
QUESTION = "who sells honey at the gate"
PASSAGES = (
    "The ferry leaves at noon.",
    "Bees. The honey sells at the gate.",
    "A gate!",
    "who at noon " * 30,  # longer than the model reads
)
CROSS_ENCODERS = ("sigmoid", "logit", "no-segments", "classes")
VERIFIERS = ("classes", "logit")
WORDS = """[PAD] [UNK] [CLS] [SEP] a the puppy meeting island treaty of and was signed ##s
ferry leaves at noon bees honey gate who sells""".split()


def main(folder: Path) -> None:
    """Make all of it in `folder`."""
    for name in ("models", "expected", "cache"):
        (folder / name).mkdir()
    _make_embedder(folder)
    for name in (*CROSS_ENCODERS, "nameless"):
        _make_cross_encoder(name, folder)
    with patch.object(subprocess, "run", _run_here):
        _export_all(folder)


def _run_here(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
    """Do what `python -m MODULE ARGUMENTS` would do, but here."""
    python, dash_m, module, *arguments = command
    assert (python, dash_m) == (sys.executable, "-m")
    said = io.StringIO()
    code: Any = 0
    with patch.object(sys, "argv", [module, *arguments]), redirect_stderr(said):
        try:
            runpy.run_module(module, run_name="__main__")
        except SystemExit as end:
            code = end.code
    return subprocess.CompletedProcess(command, code or 0, "", said.getvalue())


def _export_all(folder: Path) -> None:
    from index.embed import prepare_model
    from index.errors import ModelError
    from index.rerank import open_reranker
    from index.verify import open_verifier

    cache = folder / "cache"
    prepare_model(str(folder / "models" / "embedder"), cache)
    for name in CROSS_ENCODERS:
        open_reranker(str(folder / "models" / name), cache)
    for name in VERIFIERS:
        open_verifier(str(folder / "models" / name), cache)
    refused = {}
    for name in ("no-such-model", str(folder / "models" / "nameless")):
        try:
            open_reranker(name, cache)
        except ModelError as error:
            refused[Path(name).name] = str(error)
    try:
        open_verifier(str(folder / "models" / "nameless"), cache)
    except ModelError as error:
        refused["verifier-nameless"] = str(error)
    try:
        prepare_model("no-such-embedder", cache)
    except ModelError as error:
        refused["no-such-embedder"] = str(error)
    (folder / "refused.json").write_text(json.dumps(refused), encoding="utf-8")


def _tokenizer(most: int, inputs: list[str]) -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: at for at, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=WORDS[1]))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    named = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    make: Any = PreTrainedTokenizerFast
    return make(
        tokenizer_object=tokenizer, model_max_length=most, model_input_names=inputs, **named
    )


BERT: dict[str, Any] = {
    "vocab_size": len(WORDS),
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}
INPUTS = ["input_ids", "attention_mask", "token_type_ids"]


def _make_embedder(folder: Path) -> None:
    import numpy as np
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer  # type: ignore[import-not-found]
    from transformers import BertConfig, BertModel

    torch.manual_seed(3)
    raw = str(folder / "models" / "embedder-raw")
    BertModel(BertConfig(**BERT, max_position_embeddings=40)).save_pretrained(raw)
    _tokenizer(32, INPUTS).save_pretrained(raw)
    transformer = Transformer(raw, max_seq_length=32)
    model = SentenceTransformer(modules=[transformer, Pooling(32, "mean")], device="cpu")
    model.save(str(folder / "models" / "embedder"))
    expected = model.encode(list(TEXTS), normalize_embeddings=True)
    np.save(folder / "expected" / "embedder.npy", expected)


def _make_cross_encoder(name: str, folder: Path) -> None:
    import numpy as np
    import torch
    import transformers
    from sentence_transformers import CrossEncoder

    torch.manual_seed(6)
    bert: dict[str, Any] = BERT | {"max_position_embeddings": 24, "initializer_range": 0.2}
    distil: dict[str, Any] = {
        "vocab_size": len(WORDS),
        "dim": 32,
        "n_layers": 2,
        "n_heads": 2,
        "hidden_dim": 64,
        "max_position_embeddings": 24,
        "initializer_range": 0.2,
        "num_labels": 1,
    }
    config: Any
    if name == "no-segments":
        config = transformers.DistilBertConfig(**distil)
    elif name == "classes":
        labels = {0: "contradiction", 1: "Entailment", 2: "neutral"}
        config = transformers.BertConfig(**bert, id2label=labels)
    else:
        bert["num_labels"] = 3 if name == "nameless" else 1
        config = transformers.BertConfig(**bert)
    make: Any = transformers.AutoModelForSequenceClassification
    raw = make.from_config(config)
    if name == "classes":
        raw.classifier.weight.data.mul_(0.5)  # no class is all but certain: probabilities spread
    at = str(folder / "models" / f"{name}-raw")
    raw.save_pretrained(at)
    _tokenizer(24, INPUTS[:2] if name == "no-segments" else INPUTS).save_pretrained(at)
    activation = torch.nn.Identity() if name == "logit" else None
    model = CrossEncoder(at, device="cpu", activation_fn=activation)
    model.save(str(folder / "models" / name))
    pairs = [[QUESTION, text] for text in PASSAGES]
    scores = model.predict(pairs, apply_softmax=name == "classes")
    np.save(folder / "expected" / f"{name}.npy", scores[:, 1] if name == "classes" else scores)
    if name in VERIFIERS:
        pairs = [[text, QUESTION] for text in PASSAGES]
        sigmoid = torch.nn.Sigmoid() if name == "logit" else None
        scores = model.predict(pairs, apply_softmax=name == "classes", activation_fn=sigmoid)
        scores = scores[:, 1] if name == "classes" else scores
        np.save(folder / "expected" / f"verifier-{name}.npy", scores)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
