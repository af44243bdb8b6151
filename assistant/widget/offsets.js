// Where a slice stands: offsets count Unicode characters (code points), as everywhere in Footnote,
// and JavaScript's strings count UTF-16 units, in which an emoji is two.

const SURROGATE = /[\ud800-\udbff][\udc00-\udfff]/;

/** The UTF-16 indices of ascending code point `offsets`; beyond the end is the end. */
export function units(text, offsets) {
  if (!SURROGATE.test(text)) return offsets.map((offset) => Math.min(offset, text.length));
  const found = [];
  let points = 0;
  let unit = 0;
  for (const offset of offsets) {
    while (points < offset && unit < text.length) {
      unit += text.codePointAt(unit) > 0xffff ? 2 : 1;
      points += 1;
    }
    found.push(unit);
  }
  return found;
}

/**
 * The paragraphs around a cited slice of a document, ready to draw:
 * {before: bool, after: bool, paragraphs: [{heading: level or 0, parts: [{text, cited}]}]}, or null
 * when the slice does not hold the quote: then the document is another one by now.
 *
 * `reach` is how many UTF-16 units to show on either side; paragraphs are shown whole.
 */
export function around(document, citation, reach) {
  const { text } = document;
  const [start, end] = units(text, [citation.start, citation.end]);
  if (text.slice(start, end) !== citation.quote) return null;
  const headings = headingsOf(document);
  const kept = paragraphs(text).filter((p) => p.end > start - reach && p.start < end + reach);
  return {
    before: kept[0].start > 0 && text.slice(0, kept[0].start).trim() !== "",
    after: text.slice(kept.at(-1).end).trim() !== "",
    paragraphs: kept.map((p) => ({
      heading: headingLevel(document, headings, p),
      parts: cut(text, p, start, end),
    })),
  };
}

/** A paragraph is a heading when nothing but white space lies between it and its section. */
function headingLevel({ text, title }, headings, paragraph) {
  const words = text.slice(paragraph.start, paragraph.end).trim();
  if (paragraph.start === 0 && words === title) return 1;
  const follows = ({ unit }) => unit >= paragraph.end && !text.slice(paragraph.end, unit).trim();
  return headings.get(words)?.find(follows)?.level ?? 0;
}

/** Where the sections under each heading start, by the heading's words. */
function headingsOf({ text, sections = [] }) {
  const found = new Map();
  const starts = units(text, sections.map((section) => section.start));
  sections.forEach(({ heading, level }, i) => {
    if (heading) found.set(heading, [...(found.get(heading) ?? []), { unit: starts[i], level }]);
  });
  return found;
}

function paragraphs(text) {
  const found = [];
  for (const match of text.matchAll(/\S[\s\S]*?(?=\n[ \t]*\n|\s*$(?![\s\S]))/g)) {
    found.push({ start: match.index, end: match.index + match[0].length });
  }
  return found;
}

function cut(text, paragraph, start, end) {
  const from = Math.max(paragraph.start, Math.min(start, paragraph.end));
  const to = Math.min(paragraph.end, Math.max(end, paragraph.start));
  const pieces = [
    { text: text.slice(paragraph.start, from), cited: false },
    { text: text.slice(from, Math.max(from, to)), cited: true },
    { text: text.slice(Math.max(from, to), paragraph.end), cited: false },
  ];
  return pieces.filter((piece) => piece.text);
}
