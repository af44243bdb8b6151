"""The network guard's folder: tests/conftest.py puts it on PYTHONPATH for processes tests start."""
