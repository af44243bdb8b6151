"""The reference pages, made from the code that they are about.

    python -m docs.making.reference      # writes docs/reference/*.md

Settings come from `Settings.model_fields`, the command line from the commands' own help, HTTP from
the OpenAPI description, the Answer from its schema, the file map from the modules' docstrings. The
pages are kept in the repository, for those who read there; a test says so when one is not what this
would write.
"""

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import typer
from annotated_types import Ge, Gt, Le, Lt
from fastapi import FastAPI
from pydantic.fields import FieldInfo
from typer.main import get_command

from assistant import api, cli
from assistant.answer import Answer, Citation, DeclineReason, FailReason, Sentence
from assistant.serving.schemas import AnswerModel
from assistant.settings import PREFIX, Settings
from index.bundled import ARTICLES
from index.load import load

ROOT = Path(__file__).parents[2]
HERE = ROOT / "docs" / "reference"
PACKAGES = ("assistant", "eval", "index", "prompts")
WIDTH = 96
"""Columns of the commands' help."""

MADE = "<!-- Made by: python -m docs.making.reference -->\n"

REASONS = {
    "not_in_documents": "nothing in the documents is likely enough to answer",
    "unsupported": "there was a draft, and none of its claims held",
    "off_limits": "the request is not a question about the documents",
    "empty_question": "there was no question; on the command line, exit code 2",
    "model_unavailable": "the language model could not be reached, or refused",
    "model_timeout": "it did not begin, or end, in time",
    "index_unavailable": "there is no index, or it is damaged",
    "internal": "a defect of ours; the log has the answer's id",
}
"""Of every reason of an Answer, what it means."""


def pages() -> dict[str, str]:
    """Return the reference pages by file name."""
    made = {
        "settings.md": settings(),
        "command-line.md": command_line(),
        "http.md": http(),
        "answer.md": answer(),
        "file-map.md": file_map(),
    }
    return {name: "\n".join([MADE, *lines]).rstrip() + "\n" for name, lines in made.items()}


def settings() -> Iterator[str]:
    """Yield the page of the settings."""
    yield (
        "# Settings\n\nEnvironment variables, or lines of a `.env` file in the current folder. "
        "A variable of the shell wins over the file, a flag over both. A misspelt one is an error "
        "that names the nearest.\n"
    )
    yield "| variable | default | meaning |\n|---|---|---|"
    for name, field in Settings.model_fields.items():
        limits = f"; {_range(field)}" if _range(field) else ""
        told = (field.description or "") + limits
        yield _row(f"`{PREFIX}{name.upper()}`", _default(field), told)


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "a place of the user's"
    if field.default is None:
        return "unset"
    if isinstance(field.default, bool):
        return str(field.default).lower()
    if isinstance(field.default, float):
        return f"{field.default:g}"
    return f"`{field.default}`" if isinstance(field.default, str) else str(field.default)


def _range(field: FieldInfo) -> str:
    lowest = highest = ""
    for limit in field.metadata:
        match limit:
            case Ge(ge=bound):
                lowest = f"{bound}"
            case Gt(gt=bound):
                lowest = f"over {bound}"
            case Le(le=bound):
                highest = f"{bound}"
            case Lt(lt=bound):
                highest = f"under {bound}"
    return f"{lowest} to {highest}" if lowest and highest else ""


def command_line() -> Iterator[str]:
    """Yield the page of the commands: what `--help` of each prints."""
    yield (
        "# Command line\n\nExit codes: 0 done (declining is an answer), 1 the work failed or a "
        "gate was missed, 2 wrong usage. `--json` prints exactly one JSON document on standard "
        "output."
    )
    root = get_command(cli.app)
    for path, command in _commands(root, typer.Context(root, info_name="footnote")):
        yield f"\n## {path}\n\n```text\n{command}\n```"


def _commands(group: Any, context: typer.Context) -> Iterator[tuple[str, str]]:
    context.terminal_width = WIDTH
    context.help_option_names = ["-h", "--help"]
    yield context.command_path, group.get_help(context).strip()
    for name in group.list_commands(context) if hasattr(group, "list_commands") else ():
        inner = group.get_command(context, name)
        yield from _commands(inner, typer.Context(inner, info_name=name, parent=context))


def http() -> Iterator[str]:
    """Yield the page of the HTTP API."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    for module in api.ROUTERS:
        app.router.routes.extend(module.router.routes)
    whom = {
        (method, getattr(route, "path", "")): _whom(route)
        for route in app.routes
        for method in getattr(route, "methods", None) or ()
    }
    described = app.openapi()
    schemas = described["components"]["schemas"]
    yield (
        "# HTTP API\n\nWhat a server says of itself at `/openapi.json`, for people. How to serve, "
        "with examples: [Over HTTP](../how-to/http.md).\n"
    )
    yield "| endpoint | for whom | what it does |\n|---|---|---|"
    routes = [(m.upper(), p, of) for p, ms in described["paths"].items() for m, of in ms.items()]
    for method, path, of in routes:
        first = re.split(r"[.;]", of["description"])[0].replace("\n", " ")
        yield _row(f"`{method} {path}`", whom[method, path], first)
    yield (
        "\nA *client* shows an API key of that scope, or is a program of this machine as long as "
        "no key was ever made; a *widget* shows its session; an *admin* may do everything. "
        "`/mcp` is the MCP server, and `/slack/events` takes Slack's events, where they are "
        'installed and set.\n\n## Errors\n\nEvery error is `{"error": {"code", "message", '
        '"request_id", "retryable"}}`. Common to all but the public ones: 400, 401, 403, 422 and '
        "429, the last with `Retry-After`."
    )
    for method, path, of in routes:
        yield from _endpoint(method, path, of)
    yield "\n## Bodies"
    for name, schema in schemas.items():
        if schema.get("properties"):
            yield f"\n### {name}\n\n{schema.get('description', '')}\n"
            yield from _fields(schema)


def _whom(route: Any) -> str:
    rule = api.rule_of(route)
    if rule is None or rule.scope is None:
        return "anybody"
    return f"{rule.scope}, widget" if rule.visitors else rule.scope


def _endpoint(method: str, path: str, of: dict[str, Any]) -> Iterator[str]:
    yield f"\n## {method} {path}\n\n{of['description']}\n"
    if parameters := of.get("parameters"):
        yield "| parameter | in | type |\n|---|---|---|"
        for one in parameters:
            need = ", required" if one["required"] and one["in"] == "query" else ""
            yield _row(f"`{one['name']}`", one["in"] + need, _type(one["schema"]))
        yield ""
    for content, body in of.get("requestBody", {}).get("content", {}).items():
        yield f"Body: `{content}`, {_type(body['schema'])}.\n"
    for status, reply in of["responses"].items():
        if status.startswith("2"):
            models = [_type(one["schema"]) for one in reply.get("content", {}).values() if one]
            told = f" {reply['description']}" if reply["description"][-1] == "." else ""
            yield f"{status}: {' or '.join(dict.fromkeys(models)) or 'no body or text'}.{told}"
    known = {"400", "401", "403", "422", "429"}
    if refused := [s for s in of["responses"] if s[0] in "45" and s not in known]:
        yield f"Also: {', '.join(refused)}."


def _fields(schema: dict[str, Any]) -> Iterator[str]:
    yield "| field | type | meaning |\n|---|---|---|"
    for name, field in schema["properties"].items():
        need = "" if name in schema.get("required", ()) else ", optional"
        yield _row(f"`{name}`", _type(field) + need, field.get("description", ""))


def _type(schema: dict[str, Any]) -> str:
    """Return a JSON schema's type in words: "list of text", "whole number, 1 to 100"."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        inner = schema.get("items") or {"type": " and ".join(map(_type, schema["prefixItems"]))}
        return f"list of {_type(inner)}"
    names = {"string": "text", "integer": "whole number", "object": "object", "null": "null"}
    kind = str(names.get(schema.get("type", ""), schema.get("type", "anything")))
    lowest = schema.get("minimum", schema.get("minLength"))
    highest = schema.get("maximum", schema.get("maxLength"))
    bounds = {(True, True): f", {lowest} to {highest}", (False, True): f", at most {highest}"}
    counted = " characters" if kind == "text" else ""
    bound = bounds.get((lowest is not None, highest is not None), "")
    return kind + (bound + counted if bound else "")


def answer() -> Iterator[str]:
    """Yield the page of an Answer as JSON."""
    schema = AnswerModel.model_json_schema()
    example = json.dumps(_example().to_dict(), indent=2, ensure_ascii=False)
    yield (
        "# An Answer as JSON\n\nThe same in every channel: `footnote ask --json`, `POST /v1/ask`, "
        "MCP, a run of the evaluation, and `Answer.to_dict()` in Python, which "
        "`Answer.from_dict()` reads back.\n\n"
        f"```json\n{example}\n```\n\n## Answer\n"
    )
    yield from _fields(schema)
    for name in ("SentenceModel", "CitationModel"):
        yield f"\n## {name}\n\n{schema['$defs'][name]['description']}\n"
        yield from _fields(schema["$defs"][name])
    yield (
        "\nOffsets count the characters (code points) of the document's text, which "
        "`GET /v1/documents/{id}` returns.\n\n## Reasons\n\n| outcome | reason | meaning |\n"
        "|---|---|---|"
    )
    for outcome, reasons in (("declined", DeclineReason), ("failed", FailReason)):
        for reason in get_args(reasons):
            yield _row(outcome, f"`{reason}`", REASONS[reason])


def _example() -> Answer:
    """Return an Answer about the bundled article, whose footnote is a slice of it."""
    (article,) = ARTICLES.glob("*.md")
    document = load(article, id="3f0c…", source=article.name, max_bytes=1 << 20)
    quote = "Abe met Putin twenty-seven times in the seven years of his tenure."
    start = document.text.index(quote)
    section = document.section_at(start)
    asked = "How many times did Abe and Putin meet?"
    cited = Citation(
        number=1,
        document_id=document.id,
        title=document.title,
        source=document.source,
        start=start,
        end=start + len(quote),
        quote=quote,
        section=section.heading if section else None,
        page=None,
    )
    return Answer(
        id="0f3b6c1e9a7d4a52b8c6d7e8f9a0b1c2",
        outcome="answered",
        reason=None,
        question=asked,
        standalone_question=asked,
        text=f"{quote} [1]",
        sentences=(Sentence(quote, "claim", (1,), 1.0),),
        citations=(cited,),
        index="20261125-…",
        timings_ms={"condense": 0.1, "search": 3.1, "write": 1.0, "ground": 0.4, "total": 4.6},
    )


def file_map() -> Iterator[str]:
    """Yield the page of the modules: what each is for, as its docstring opens."""
    yield (
        "# File map\n\nWho may import whom stands in `tests/test_walls.py`: `index` and `prompts` "
        "import none of ours, `assistant` imports both, `eval` all three, and nobody imports "
        "`eval`."
    )
    for folder in sorted({file.parent for name in PACKAGES for file in _sources(name)}):
        yield f"\n## {folder.relative_to(ROOT)}/\n\n| module | what it is for |\n|---|---|"
        for file in sorted(folder.glob("*.py")):
            opening = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
            first = opening.partition("\n\n")[0].replace("\n", " ")
            yield _row(f"`{file.name}`", first)


def _sources(package: str) -> Iterator[Path]:
    return (ROOT / package).rglob("*.py")


def _row(*cells: str) -> str:
    safe = (cell.replace("\n", " ").replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(safe)} |"


def main() -> None:
    """Write the pages that are not as they should be, and say which."""
    HERE.mkdir(exist_ok=True)
    for name, text in pages().items():
        file = HERE / name
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            sys.stderr.write(f"wrote docs/reference/{name}\n")


if __name__ == "__main__":
    main()
