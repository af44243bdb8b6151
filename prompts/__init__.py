"""The words sent to a language model, one `.md` file each: `load("answer").render(sentences=4)`.

A prompt names its variables as `{{name}}`; `render` wants each of them and no other. `hash` changes
with any of its words, and stands on every Answer that it helped to write. What documents and users
have written goes in as values and never becomes part of the prompt's own words: `quoted` makes sure
that it cannot pose as one of the tags that surround it.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent
_VARIABLE = re.compile(r"\{\{(\w+)\}\}")
_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;"}
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\U000e0000-\U000e007f]"
)


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt: its words, the `variables` in them, and the `hash` of both (16 hex digits)."""

    name: str
    text: str

    @property
    def variables(self) -> frozenset[str]:
        """The names of what `render` must be given."""
        return frozenset(_VARIABLE.findall(self.text))

    @property
    def hash(self) -> str:
        """The first 16 hex digits of the SHA-256 of its words."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    def render(self, **values: object) -> str:
        """Return the words with every variable replaced by its value, which is not read again.

        Raises TypeError for a variable without a value or a value without a variable.
        """
        _check(self.name, self.variables, values)
        return _VARIABLE.sub(lambda match: str(values[match[1]]), self.text)


@lru_cache
def load(name: str) -> Prompt:
    """Return the prompt in `name`.md. Raises FileNotFoundError when there is none."""
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    return Prompt(name, text.strip())


def combined_hash(*prompts: Prompt) -> str:
    """Return one hash, 16 hex digits, for prompts that are used together."""
    return hashlib.sha256("".join(prompt.hash for prompt in prompts).encode()).hexdigest()[:16]


def quoted(text: str) -> str:
    """Return somebody's text so that it can stand between tags or in an attribute.

    Characters that open or close a tag are escaped; those that nobody sees are taken out.
    """
    return _UNSEEN.sub("", text).translate(_ESCAPES)


def _check(name: str, variables: frozenset[str], values: Mapping[str, object]) -> None:
    missing, unknown = variables - values.keys(), values.keys() - variables
    if missing or unknown:
        told = [f"needs {', '.join(sorted(missing))}"] if missing else []
        told += [f"has no {', '.join(sorted(unknown))}"] if unknown else []
        raise TypeError(f"prompts/{name}.md {' and '.join(told)}")
