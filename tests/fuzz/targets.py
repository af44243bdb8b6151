"""Every fuzz target by its name: `TARGETS`."""

from tests.fuzz import files, texts

TARGETS = {**texts.TARGETS, **files.TARGETS}
