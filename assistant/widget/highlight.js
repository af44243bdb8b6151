// The cited words in the host page: `const found = locate(roots, quote)` is a Range or null, and
// `show(range)` scrolls there and marks it without touching the page's DOM.
//
// Words must agree exactly but for white space, kinds of quotation marks and invisible characters.
// Whatever is not found like that is not guessed at.

const NAME = "footnote-chat";
const QUOTES = { "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'" };
const UNSEEN = "script, style, noscript, template, textarea, select, footnote-chat";

/**
 * Where `quote` stands in the `pieces` of a text: [[piece, offset], [piece, offset]], the end one
 * past the last character; null when it does not. Pure; offsets are UTF-16 units.
 */
export function find(pieces, quote) {
  const wanted = letters([quote]).text;
  if (!wanted) return null;
  const { text, places } = letters(pieces);
  const at = text.indexOf(wanted);
  if (at < 0) return null;
  const [piece, offset] = places[at + wanted.length - 1];
  return [places[at], [piece, offset + 1]];
}

/** What is compared: the characters that show, and for each of them where it stands. */
function letters(pieces) {
  const found = [];
  const places = [];
  pieces.forEach((piece, i) => {
    for (let at = 0; at < piece.length; at += 1) {
      if (/[\s\u00ad\u200b-\u200d\u2060\ufeff]/.test(piece[at])) continue;
      found.push(QUOTES[piece[at]] ?? piece[at]);
      places.push([i, at]);
    }
  });
  return { text: found.join(""), places };
}

/** The Range of `quote` in the first of the `roots` that holds it, or null. */
export function locate(roots, quote) {
  for (const root of roots) {
    const nodes = textNodes(root);
    const found = find(nodes.map((node) => node.data), quote);
    if (found) {
      const [[first, start], [last, end]] = found;
      const range = document.createRange();
      range.setStart(nodes[first], start);
      range.setEnd(nodes[last], end);
      // Words that do not show (a collapsed section) are no place to send a reader to.
      if (range.getClientRects().length) return range;
    }
  }
  return null;
}

function textNodes(root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT, (node) =>
    node.parentElement?.closest(UNSEEN) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  );
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  return nodes;
}

let sheet = null;

/** Marks the words and brings them into view. A browser without highlights selects them instead. */
export function show(range) {
  if (globalThis.Highlight && CSS.highlights) {
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(`::highlight(${NAME}) { background-color: #ffe08a; color: #1c1917; }`);
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    }
    CSS.highlights.set(NAME, new Highlight(range));
  } else {
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  }
  scrollTo(range);
}

/** Takes the mark away. */
export function clear() {
  globalThis.CSS?.highlights?.delete(NAME);
}

function scrollTo(range) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const behavior = calm ? "instant" : "smooth";
  const element = range.startContainer.parentElement;
  const tall = element.getBoundingClientRect().height > innerHeight * 0.6;
  if (tall) scrollBy({ top: range.getBoundingClientRect().top - innerHeight / 3, behavior });
  else element.scrollIntoView({ block: "center", behavior });
}
