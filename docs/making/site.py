"""What MkDocs is told while it builds: `hooks` in mkdocs.yml.

The site has a few pages more than docs/, from the repository's top and eval/. Links to source
files, which the site does not hold, become their names. A page that the navigation forgot gets a
place, and one that would load anything from elsewhere stops the build.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

ROOT = Path(__file__).parents[2]
ALSO = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "eval/README.md", "eval/data/README.md")
"""Pages from outside docs/; each has the same path in the site."""

HOME = "index.md"
"""What stands for the repository's README, which says nearly the same."""

_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#\s]*)(#[^)\s]*)?\)")
_LOADS = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"?(?:https?:)?//[^>]*>|<link\b[^>]*>"
)
_HREF = re.compile(r"rel=\"?(?:stylesheet|preconnect|preload|icon)\b[^>]*href=\"?(?:https?:)?//")


def on_config(config: Any) -> None:
    """Give every page of docs/ a place in the navigation."""
    docs = Path(config.docs_dir)
    sections = {title: inside for one in config.nav for title, inside in one.items()}
    named = set(re.findall(r"'([^']+\.md)'", str(config.nav)))
    notes = next(one for one in sections["Project"] if "Design notes" in one)
    notes["Design notes"] = [f"design/{note.name}" for note in sorted(docs.glob("design/*.md"))]
    forgotten = [page.name for page in sorted(docs.glob("*.md")) if page.name not in named]
    sections["Running it"][:0] = forgotten


def on_files(files: Any, config: Any) -> Any:
    """Add the pages from outside docs/."""
    for name in ALSO:
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Let links lead within the site; one to a source file becomes the file's name."""
    del config
    source = page.file.src_uri
    inside = posixpath.join("docs", source) if source not in ALSO else source

    def moved(link: re.Match[str]) -> str:
        mark, text, target, anchor = link.groups()
        if mark or not target or ":" in target:
            return link[0]
        there = posixpath.normpath(posixpath.join(posixpath.dirname(inside), target))
        page_there = HOME if there == "README.md" else there.removeprefix("docs/")
        if files.get_file_from_path(page_there) is None:
            return f"`{there}`" if (ROOT / there).exists() else link[0]
        anchor = "" if page_there == HOME else anchor or ""
        return f"[{text}]({posixpath.relpath(page_there, posixpath.dirname(source))}{anchor})"

    return _LINK.sub(moved, markdown)


def on_post_page(output: str, page: Any, config: Any) -> str:
    """Refuse a page that loads a script, a style, a font or an image from elsewhere."""
    del config
    for tag in _LOADS.findall(output):
        if not tag.startswith("<link") or _HREF.search(tag):
            raise PluginError(f"{page.file.src_uri} loads from elsewhere: {tag}")
    return output
