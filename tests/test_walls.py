"""The walls between our modules: the tables below say who may import what, and nothing else may.

Read from the source with `ast`, so that an import inside a function, under TYPE_CHECKING or by
`import_module("…")` counts like any other. Every rule is also fed a small offender, to see it fail.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.source import PACKAGES, modules

MAY_IMPORT = {
    "index": {"index"},  # documents in, ranked passages out; knows nothing of chat
    "prompts": {"prompts"},  # words only
    "assistant": {"assistant", "index", "prompts"},
    "eval": {"eval", "assistant", "index", "prompts"},  # measures what ships; nobody imports it
}
"""Which of our packages a package may import."""


@dataclass(frozen=True)
class Layer:
    """Modules of `assistant` on one level; `neighbours`: they may import each other."""

    names: frozenset[str]
    neighbours: bool = False


LAYERS = (
    Layer(frozenset({"answer", "settings", "shares", "threads"})),  # what everybody shares
    # The steps of the main path and their tools.
    Layer(
        frozenset(
            {"answerability", "condense", "conversations", "counters", "cut"}
            | {"database", "edits", "evidence", "findings", "ground", "hostile", "lexicon", "llm"}
            | {"marks", "migrations", "notes"}
            | {"number_words", "quantities", "question", "quote", "reading", "remarks", "signs"}
            | {"support", "tracing", "verifier", "write"}
        ),
        neighbours=True,
    ),
    Layer(frozenset({"ask"})),  # the main path
    Layer(
        frozenset({"dialogue", "doctor", "draw", "langchain", "logs", "terminal", "typed"}),
        neighbours=True,
    ),  # an Answer as text, as a Runnable
    Layer(frozenset({"serving"}), neighbours=True),  # what the HTTP server is made of
    Layer(frozenset({"slacking"}), neighbours=True),  # what the Slack bot is made of
    Layer(frozenset({"api", "mcp", "slack"})),  # channels: they know nothing of one another
    Layer(frozenset({"wiring"})),  # the composition root
    Layer(frozenset({"channels"})),  # the same for the channels
    Layer(frozenset({"assistant"})),  # assistant/__init__.py: what `from assistant import` offers
    Layer(frozenset({"chat", "commands", "upkeep", "watching"})),  # those that cli attaches lazily
    Layer(frozenset({"cli"})),
)
"""The inside of `assistant`, from the bottom: a module imports from the layers below its own."""

LAZILY = {
    ("assistant.ask", "assistant.langchain"): "as_runnable(), for those who have LangChain",
    ("assistant.ask", "assistant.settings"): "Assistant.open(), the front door in Python",
    ("assistant.ask", "assistant.wiring"): "Assistant.open(), the front door in Python",
    ("index.search", "index.langchain"): "as_retriever(), for those who have LangChain",
}
"""Imports against the direction, never run at import, each with its reason."""

HOMES = {
    "aiohttp": {"assistant.slacking"},  # the transport of Slack's SDK, whose errors get out
    "alembic": {"assistant.migrations", "assistant.migrations.versions"},
    "bm25s": {"index.lexical"},
    "charset_normalizer": {"index.decode"},
    "chromadb": {"index.store", "eval.bench.peer_llamaindex"},
    "docx": {"index.docx"},
    "dotenv": {"assistant.settings"},
    "fastapi": {"assistant.api", "assistant.serving"},
    "filelock": {"index.build"},
    "httpx": {"index.chroma_server"},
    "langchain": {"assistant.langchain", "assistant.llm", "index.embed", "index.langchain"},
    "langchain_core": {"assistant.langchain", "assistant.llm", "index.embed", "index.langchain"},
    "lxml": {"index.archive", "index.docx", "index.epub", "index.webpage"},
    "markdown_it": {"index.load"},
    "mcp": {"assistant.mcp"},
    "mcp_types": {"assistant.mcp"},
    "onnx": {"index.export"},
    "onnxruntime": {"eval.reader", "index.export"},
    "opentelemetry": {"assistant.tracing", "eval.bench.observing"},
    "orjson": {"assistant.serving"},
    "platformdirs": {"assistant.settings"},
    "protego": {"index.web"},
    "prometheus_client": {"assistant.serving.figures"},
    "prompt_toolkit": {"assistant.typed"},
    "pyarrow": {"index.cluster"},
    "pydantic": {"assistant.serving", "assistant.settings"},
    "pydantic_settings": {"assistant.settings"},
    "pypdf": {"eval.bench.pdf_pages"},
    "pypdfium2": {"index.pdf"},
    "ray": {"index.cluster"},
    "rapidfuzz": {"index.spelling"},
    "rich": {"assistant.terminal"},
    "sentence_transformers": {"index.export", "eval.bench.embedding"},
    "sentencex": {"index.split"},
    "sklearn": {
        *("eval.fit_answerability", "eval.fit_hostile", "eval.fit_support"),
        "eval.reader.measure",
    },
    "slack_bolt": {"assistant.slack"},
    "slack_sdk": {"assistant.slack", "assistant.slacking"},
    "sqlalchemy": {
        *("assistant.conversations", "assistant.counters", "assistant.database"),
        *("assistant.migrations", "assistant.migrations.versions", "assistant.serving.keys"),
    },
    "starlette": {"assistant.api", "assistant.serving"},
    "Stemmer": {"index.words"},
    "structlog": {"assistant.logs"},
    "tokenizers": {"eval.reader", "index.export"},
    "torch": {"eval.reader", "index.export"},
    "transformers": {"eval.reader"},
    "jinja2": {"eval.report"},
    "typer": {
        *("assistant.chat", "assistant.cli", "assistant.commands"),
        *("assistant.terminal", "assistant.typed", "assistant.upkeep"),
        "assistant.watching",
        "eval.commands",
    },
    "uvicorn": {"assistant.api", "assistant.serving.connection"},
    "watchfiles": {"assistant.watching"},
    # The benchmark's peers are other programs that happen to lie here.
    "langchain_chroma": {"eval.bench.peer_langchain"},
    "langchain_huggingface": {"eval.bench.peer_langchain"},
    "langchain_text_splitters": {"eval.bench.peer_langchain"},
    "llama_index": {"eval.bench.peer_llamaindex"},
}
"""A library's home: the modules, or a package, that may import it, so that replacing it stays a
small change."""

ANYWHERE = {"numpy"}
"""Libraries that are a vocabulary and need no home. A library in neither table fails."""


@dataclass(frozen=True)
class Import:
    """One import: the module that is wanted, on which line, and whether it is lazy."""

    target: str
    line: int
    lazy: bool


def _is_lazy(node: ast.AST) -> bool:
    """Tell whether what stands in `node` is not run when its module is imported."""
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))


def imports(module: str, source: str) -> Iterator[Import]:
    """Yield every import in `source`, wherever it stands; `from . import x` is made absolute."""
    tree = ast.parse(source)
    lazy = {id(inner) for node in ast.walk(tree) if _is_lazy(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        for target in _targets(module, node):
            yield Import(target, getattr(node, "lineno", 0), id(node) in lazy)


def _targets(module: str, node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=base, names=names, level=level):
            above = module.split(".")[:-level] if level else []
            prefix = ".".join([*above, *([base] if base else [])])
            for alias in names:
                inner = f"{prefix}.{alias.name}"
                yield inner if inner in modules() else prefix
        case ast.Call(func=ast.Attribute(attr=called) | ast.Name(id=called), args=[first, *_]):
            named = called in {"import_module", "__import__"} and isinstance(first, ast.Constant)
            if named and isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def violations(module: str, source: str) -> list[str]:
    """Return what `module` imports against the tables, a line of text for each."""
    found = []
    for one in imports(module, source):
        package = one.target.partition(".")[0]
        wrong = _wrong_inside(module, one) if package in PACKAGES else _wrong_library(module, one)
        if wrong:
            found.append(f"{module}:{one.line} imports {one.target}: {wrong}")
    return found


def _wrong_inside(module: str, one: Import) -> str | None:
    package, target = module.partition(".")[0], one.target.partition(".")[0]
    if (module, target) in LAZILY or (module, one.target) in LAZILY:
        return None if one.lazy else "allowed only where it is lazy"
    if target not in MAY_IMPORT[package]:
        return f"{package} may not import {target}"
    if package == target == "assistant" and module != one.target:
        return _wrong_layer(module, one.target)
    return None


def _wrong_layer(module: str, target: str) -> str | None:
    own, other = _layer(module), _layer(target)
    if own is None or other is None:
        return f"{module if own is None else target} has no place in LAYERS yet"
    if other > own:
        return "against the direction of LAYERS"
    if other == own and not LAYERS[own].neighbours:
        return "neighbours in LAYERS that know nothing of one another"
    return None


def _layer(module: str) -> int | None:
    name = module.removeprefix("assistant.").partition(".")[0]
    return next((i for i, layer in enumerate(LAYERS) if name in layer.names), None)


def _wrong_library(module: str, one: Import) -> str | None:
    library = one.target.partition(".")[0]
    if library in sys.stdlib_module_names or library in ANYWHERE:
        return None
    if library not in HOMES:
        return f"{library} has no home yet; give it one in HOMES"
    at_home = module in HOMES[library] or module.rpartition(".")[0] in HOMES[library]
    return None if at_home else f"its home is {', '.join(sorted(HOMES[library]))}"


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """Return the modules of one import cycle, the first one also last; empty when there is none."""
    done: set[str] = set()

    def search(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        for target in sorted(graph.get(module, ())):
            if found := search(target, [*path, module]):
                return found
        done.add(module)
        return []

    return next((found for module in sorted(graph) if (found := search(module, []))), [])


def _graph() -> dict[str, set[str]]:
    graph: dict[str, set[str]] = {}
    for module, file in modules().items():
        targets = {one.target for one in imports(module, file.read_text("utf-8"))}
        allowed = {target for importer, target in LAZILY if importer == module}
        graph[module] = {t for t in targets if t in modules() and t not in allowed} - {module}
    return graph


def test_no_module_imports_against_the_tables() -> None:
    """The whole of our source keeps to the tables above."""
    found = [v for m, file in modules().items() for v in violations(m, file.read_text("utf-8"))]
    assert found == []


def test_there_is_no_import_cycle() -> None:
    """Modules can be read from the bottom up."""
    assert cycle(_graph()) == []


def test_every_exception_is_in_use() -> None:
    """An exception that nobody needs any more is taken out of its table."""
    sources = {module: file.read_text("utf-8") for module, file in modules().items()}
    for importer, target in LAZILY:
        if importer in sources:
            wanted = {one.target for one in imports(importer, sources[importer])}
            assert any(name == target or name.startswith(f"{target}.") for name in wanted)


OFFENDERS = {
    "index must not know chat": ("index.search", "import assistant.ask", "index may not import"),
    "prompts are words only": ("prompts.x", "import index.errors", "prompts may not import"),
    "nobody imports eval": ("assistant.ask", "from eval import run", "may not import eval"),
    "not even index": ("index.build", "import eval", "index may not import eval"),
    "not even cli, so far": ("assistant.cli", "from eval import run", "may not import eval"),
    "ask takes wiring lazily": (
        "assistant.ask",
        "from assistant import wiring",
        "only where it is lazy",
    ),
    "a step is below ask": (
        "assistant.quote",
        "from assistant import ask",
        "against the direction",
    ),
    "ask is below channels": ("assistant.ask", "import assistant.api", "against the direction"),
    "channels are below wiring": ("assistant.api", "import assistant.wiring", "against the"),
    "only cli is above wiring": ("assistant.wiring", "import assistant.cli", "against the"),
    "settings is a leaf": ("assistant.settings", "import assistant.ask", "against the direction"),
    "answer is a leaf": ("assistant.answer", "import assistant.settings", "neighbours"),
    "channels are strangers": ("assistant.api", "import assistant.slack", "neighbours"),
    "a module needs a place": (
        "assistant.novelty",
        "import assistant.answer",
        "no place in LAYERS",
    ),
    "a relative import counts": ("assistant.ask", "from . import api", "against the direction"),
    "chromadb": ("index.search", "import chromadb.config", "its home is"),
    "bm25s": ("index.search", "import bm25s", "its home is index.lexical"),
    "Stemmer": ("assistant.support", "import Stemmer", "its home is index.words"),
    "torch": ("index.build", "import torch", "its home is eval.reader, index.export"),
    "onnxruntime": ("assistant.support", "import onnxruntime", "home is eval.reader, index.export"),
    "sentencex": ("assistant.ground", "import sentencex", "its home is index.split"),
    "typer": ("assistant.api", "import typer", "its home is assistant.chat, assistant.cli"),
    "rich": ("assistant.api", "from rich import text", "its home is assistant.terminal"),
    "fastapi": ("assistant.cli", "import fastapi", "its home is assistant.api"),
    "slack_bolt": ("assistant.api", "import slack_bolt", "its home is assistant.slack"),
    "slack_sdk": ("assistant.wiring", "import slack_sdk.web", "its home is assistant.slack"),
    "aiohttp": ("assistant.slack", "import aiohttp", "its home is assistant.slacking"),
    "serving is below slacking": (
        "assistant.serving.desk",
        "import assistant.slacking.blocks",
        "against the direction",
    ),
    "langchain": ("assistant.ask", "import langchain_core.runnables", "its home is assistant.lang"),
    "the peer": ("eval.run", "import langchain_chroma", "its home is eval.bench.peer_langchain"),
    "a stranger": ("index.load", "import pandas", "pandas has no home yet"),
    "inside a function": ("assistant.ask", "def f():\n  import torch", "ask:2 imports torch"),
    "in a method": ("assistant.ask", "class C:\n  def f(self):\n    import torch", "ask:3 imports"),
    "for types only": (
        "assistant.ask",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  import torch",
        "ask:3 imports torch",
    ),
    "by name": ("assistant.ask", "import importlib\nimportlib.import_module('torch')", "ask:2"),
    "by the builtin": ("assistant.ask", "__import__('torch.nn')", "imports torch.nn"),
}


@pytest.mark.parametrize(("module", "source", "says"), OFFENDERS.values(), ids=OFFENDERS.keys())
def test_each_rule_was_seen_to_fail(module: str, source: str, says: str) -> None:
    """A small offender against each rule is reported, with its line and the rule."""
    (found,) = violations(module, source)
    assert says in found


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("assistant.ask", "from assistant.quote import QuotingWriter\nfrom index.errors import E"),
        ("assistant.ground", "from assistant import answer"),
        ("assistant.wiring", "import assistant.api\nimport index.build"),
        ("assistant.cli", "from assistant import wiring"),
        ("index.store", "def f():\n  import chromadb"),
        ("eval.run", "import json\nimport numpy as np\nfrom assistant import Assistant"),
    ],
)
def test_what_the_tables_allow_is_not_reported(module: str, source: str) -> None:
    """The checker is no wall against everything."""
    assert violations(module, source) == []


def test_a_cycle_is_found_and_told() -> None:
    """The cycle's search names its members; a diamond is no cycle."""
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert cycle({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}}) == []
