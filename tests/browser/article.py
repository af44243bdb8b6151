"""The bundled article as a server would send it, and answers that cite it."""

from functools import cache
from typing import Any

from index.load import load
from tests.browser.double import Step, citation, sentence, told
from tests.source import ROOT

QUESTION = "why did Abe court Putin?"
QUOTES = (
    (
        "Abe courted Vladimir Putin, the Russian president, because he wanted to settle the fate "
        "of the islands and sign the peace treaty that had escaped every government before his."
    ),
    (
        "Abe wanted warmer ties with Russia, and perhaps a peace treaty, because Japan could then "
        "devote more of its resources to the threat from China."
    ),
    (
        "Abe may have courted Putin because he believed that a friendlier Russia could become a "
        "counterweight to China in Northeast Asia."
    ),
)


@cache
def document() -> dict[str, Any]:
    """Return the bundled article."""
    file = ROOT / "index" / "articles" / "japan-russia.md"
    loaded = load(file, id="japan-russia", source=file.name, max_bytes=1 << 20)
    sections = [
        {"heading": s.heading, "level": s.level, "start": s.start, "end": s.end}
        for s in loaded.sections
    ]
    return {
        "id": loaded.id,
        "title": loaded.title,
        "source": loaded.source,
        "text": loaded.text,
        "sections": sections,
    }


def citations() -> list[dict[str, Any]]:
    """Return the three footnotes of the founding question's answer."""
    return [citation(number, document(), quote) for number, quote in enumerate(QUOTES, 1)]


def answered() -> list[Step]:
    """Return the founding question's answer, sentence by sentence."""
    said = [sentence(q, n, lead=" " * (n > 1)) for n, q in enumerate(QUOTES, 1)]
    return told(said, citations())


def declined() -> list[Step]:
    """Return what a question beside the article is answered with."""
    closest = citations()[:2]
    return told([], [], outcome="declined", reason="not_in_documents", closest=closest)
