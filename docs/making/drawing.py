"""The drawing of the main path, docs/images/main-path.svg: `python -m docs.making.drawing`."""

from pathlib import Path

FILE = Path(__file__).parents[1] / "images" / "main-path.svg"
STEPS = (
    ("condense", "a follow-up", "is made to", "stand alone"),
    ("search", "by meaning and", "by words, fused:", "8 passages"),
    ("write", "sentences, each", "with the slices", "it rests on"),
    ("ground", "each claim is", "checked against", "its slices"),
)
BOX, GAP, TOP, LEFT = 150, 38, 70, 24
STYLE = (
    "text{font-family:system-ui,sans-serif;fill:#1d2624}"
    ".box{fill:#fffdf8;stroke:#0f5c55;stroke-width:1.5}"
    ".name{font-size:17px;font-weight:600;fill:#0f5c55}.small{font-size:13px}"
    ".line{stroke:#0f5c55;stroke-width:1.6;fill:none;marker-end:url(#tip)}"
    ".out{stroke-dasharray:4 3}"
)


def drawing() -> str:
    """Return the drawing: a question on the left, the four steps, an Answer on the right."""
    middle = TOP + 60
    parts = [
        _text(LEFT, middle - 8, "question,", "small"),
        _text(LEFT, middle + 10, "turns", "small"),
    ]
    x = LEFT + 96
    for name, *told in STEPS:
        parts.append(_line(f"M{x - GAP + 8} {middle}H{x - 3}"))
        parts.append(f'<rect class="box" x="{x}" y="{TOP}" width="{BOX}" height="120" rx="10"/>')
        parts.append(_text(x + 16, TOP + 30, name, "name"))
        parts += [_text(x + 16, TOP + 56 + 19 * n, line, "small") for n, line in enumerate(told)]
        x += BOX + GAP
    parts.append(_line(f"M{x - GAP + 8} {middle}H{x - 3}"))
    parts.append(_text(x + 4, middle - 8, "Answer", "name"))
    parts.append(_text(x + 4, middle + 12, "sentences,", "small"))
    parts.append(_text(x + 4, middle + 30, "footnotes", "small"))
    search = LEFT + 96 + BOX + GAP + BOX // 2
    ground = search + 2 * (BOX + GAP)
    parts.append(_line(f"M{search} {TOP + 178}V{TOP + 124}"))
    parts.append(_text(search - 66, TOP + 198, "one finished index:", "small"))
    parts.append(_text(search - 66, TOP + 216, "texts, vectors, words", "small"))
    parts.append(_line(f"M{ground} {TOP + 120}V{TOP + 174}", "line out"))
    parts.append(_text(ground - 66, TOP + 198, "does not hold: withheld", "small"))
    parts.append(_text(ground - 66, TOP + 216, "nothing holds: it declines", "small"))
    parts.append(_text(LEFT, 34, "How an answer is made", "name"))
    width, height = x + 100, TOP + 240
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="question, condense, search, write, ground, Answer"><style>{STYLE}</style>'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#0f5c55"/></marker></defs>'
        f'<rect width="{width}" height="{height}" rx="12" fill="#eef4f1"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _text(x: int, y: int, words: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{words}</text>'


def _line(path: str, kind: str = "line") -> str:
    return f'<path class="{kind}" d="{path}"/>'


if __name__ == "__main__":
    FILE.write_text(drawing(), encoding="utf-8")
