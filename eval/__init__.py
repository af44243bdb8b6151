"""Measuring the path that ships: fitting and benchmarks; nobody imports this package.

For tests of your own, `from eval import assert_faithful`. Importing this package costs nothing:
what is named is loaded when it is used. (`eval` is also a builtin: always `from eval import …`.)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eval.faithful import assert_faithful

__all__ = ["assert_faithful"]

_HOMES = {"assert_faithful": "eval.faithful"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'eval' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
