"""Tests that start real servers and clusters, or take long; `make test-servers` runs them."""
