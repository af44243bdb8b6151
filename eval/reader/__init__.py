"""The reader's school: an attempt at a trained judge of claims and answers, kept with its figures.

    python -m eval.reader.train DATA --out DIR      # an hour or more on one core
    python -m eval.reader.export DIR/reader.pt      # what ONNX Runtime reads
    python -m eval.reader.measure DATA DIR          # is it any better than what ships?

So far it is not, and nothing of it ships: docs/experiments.md has the figures and what they mean.
Pairs are
made in `pairs.py` (with `changes.py`, `rewording.py`, `statements.py`); the model is `model.py`.
"""
