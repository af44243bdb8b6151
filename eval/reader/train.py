"""Train the reader: `python -m eval.reader.train DATA --out DIR [--pairs 60000] [--threads 1]`.

DATA is the folder of the public sets (eval/README.md). Writes DIR/pairs.jsonl, DIR/log.jsonl, a
checkpoint every few minutes (the same command goes on from it) and DIR/reader.pt. About 80 minutes
on one core for 55,000 pairs; minutes where PyTorch finds an accelerator.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from eval.reader.model import Reader, freeze, loss
from eval.reader.pairs import Pair, make_pairs
from index.embed import BUNDLED_MODEL, model_folder

FIRST, BOTH = 48, 136
"""Tokens of the first part, and of both, at most."""

SEED = 20_160_115
_SAVE_EVERY = 200
_POOL = 64


def load_parts() -> tuple[Any, Any]:
    """Return the tokenizer and the encoder of the bundled embedding model."""
    from transformers import AutoModel, AutoTokenizer

    folder = str(model_folder(BUNDLED_MODEL))
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    encoder = AutoModel.from_pretrained(folder, local_files_only=True, add_pooling_layer=False)
    return tokenizer, encoder


def encode(tokenizer: Any, pairs: Sequence[Pair]) -> dict[str, Tensor]:
    """Return a batch as `Reader` and `loss` take it."""
    firsts = [_clipped(tokenizer, p.first) for p in pairs]
    encoded = tokenizer(
        firsts,
        [p.second for p in pairs],
        truncation="only_second",
        max_length=BOTH,
        padding=True,
        return_offsets_mapping=True,
        return_tensors="pt",
    )
    offsets = encoded.pop("offset_mapping")
    first = encoded["attention_mask"] * (1 - encoded["token_type_ids"])
    first[:, 0] = 0
    first &= (offsets[:, :, 1] > offsets[:, :, 0]).long()
    wrong = torch.full_like(first, -1)
    for i, pair in enumerate(pairs):
        if pair.task == "claim" and (pair.label or pair.span != (0, 0)):
            start, end = pair.span
            inside = (offsets[i, :, 0] < end) & (offsets[i, :, 1] > start)
            wrong[i] = torch.where(first[i] == 1, inside.long(), -1)
    return {
        **encoded,
        "is_claim": torch.tensor([p.task == "claim" for p in pairs]),
        "label": torch.tensor([p.label for p in pairs]),
        "denied": torch.tensor([-1 if p.denied is None else int(p.denied) for p in pairs]),
        "wrong": wrong,
    }


def _clipped(tokenizer: Any, text: str) -> str:
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    offsets = encoded["offset_mapping"]
    return text if len(offsets) <= FIRST else text[: offsets[FIRST - 1][1]]


def batches(pairs: Sequence[Pair], size: int, rng: random.Random) -> Iterator[list[Pair]]:
    """Yield batches of like length, in random order."""
    order = list(pairs)
    rng.shuffle(order)
    made = []
    for start in range(0, len(order), size * _POOL):
        pool = sorted(order[start : start + size * _POOL], key=lambda p: len(p.first + p.second))
        parts = [pool[i : i + size] for i in range(0, len(pool), size)]
        rng.shuffle(parts)
        made += parts
    yield from made


def train(pairs: Sequence[Pair], out: Path, *, frozen: int, size: int, rate: float) -> Reader:
    """Train for one pass over `pairs`; goes on from `out`/checkpoint.pt where there is one."""
    torch.manual_seed(SEED)
    tokenizer, encoder = load_parts()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    reader = Reader(encoder).to(device)
    freeze(reader, frozen)
    groups = [
        {"params": [p for p in reader.encoder.parameters() if p.requires_grad], "lr": rate},
        {
            "params": [p for n, p in reader.named_parameters() if not n.startswith("encoder")],
            "lr": 8 * rate,
        },
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    todo = list(batches(pairs, size, random.Random(SEED)))
    warm = max(1, len(todo) // 20)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min((step + 1) / warm, max(0.02, (len(todo) - step) / (len(todo) - warm))),
    )
    checkpoint, done = out / "checkpoint.pt", 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        reader.load_state_dict(saved["reader"])
        optimizer.load_state_dict(saved["optimizer"])
        schedule.load_state_dict(saved["schedule"])
        done = saved["done"]
    reader.train()
    mean, started = 0.0, time.perf_counter()
    for step in range(done, len(todo)):
        batch = {k: v.to(device) for k, v in encode(tokenizer, todo[step]).items()}
        judged = reader(batch["input_ids"], batch["attention_mask"], batch["token_type_ids"])
        cost = loss(judged, batch)
        optimizer.zero_grad()
        cost.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        mean += (float(cost.detach()) - mean) / min(step - done + 1, 100)
        if step % 50 == 0:
            seconds = round(time.perf_counter() - started)
            line = {"step": step, "of": len(todo), "loss": round(mean, 4), "seconds": seconds}
            with (out / "log.jsonl").open("a") as log:
                log.write(json.dumps(line) + "\n")
            sys.stderr.write(json.dumps(line) + "\n")
        if step % _SAVE_EVERY == _SAVE_EVERY - 1:
            state = {
                "reader": reader.state_dict(),
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
                "done": step + 1,
            }
            torch.save(state, out / "checkpoint.new")
            (out / "checkpoint.new").replace(checkpoint)
    torch.save(reader.state_dict(), out / "reader.pt")
    return reader


def main() -> None:
    """Make the pairs, or read those that are there, and train on them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the public sets")
    parser.add_argument("--out", type=Path, required=True, help="folder for what is written")
    parser.add_argument("--pairs", type=int, default=60_000, help="pairs at most")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--frozen", type=int, default=2, help="lowest layers left as they are")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    kept = arguments.out / "pairs.jsonl"
    if not kept.exists():
        made = make_pairs(arguments.data, SEED, most=arguments.pairs)
        kept.write_text("".join(json.dumps(asdict(pair)) + "\n" for pair in made), "utf-8")
    lines = map(json.loads, kept.read_text("utf-8").splitlines())
    pairs = [Pair(**{**line, "span": tuple(line["span"])}) for line in lines][: arguments.pairs]
    train(pairs, arguments.out, frozen=arguments.frozen, size=32, rate=1e-4)


if __name__ == "__main__":
    main()
