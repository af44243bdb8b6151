"""Question in, Answer out: `Assistant.open("my-index").ask("why did Abe court Putin?")`.

Importing this package costs nothing: what is named is loaded when it is used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.answer import Answer, Citation, Sentence, Turn
    from assistant.ask import Assistant

__all__ = ["Answer", "Assistant", "Citation", "Sentence", "Turn"]

_HOMES = {
    "Answer": "assistant.answer",
    "Assistant": "assistant.ask",
    "Citation": "assistant.answer",
    "Sentence": "assistant.answer",
    "Turn": "assistant.answer",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'assistant' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
