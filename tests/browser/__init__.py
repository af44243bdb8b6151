"""Tests of the widget in a real browser; `make test-browser` runs them, `make test` does not."""
