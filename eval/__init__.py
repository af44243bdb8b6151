"""Measuring the path that ships: fitting and benchmarks; nobody imports this package."""
