"""Footnote's tests: offline, one file for each module or promise; run them with `make test`."""
