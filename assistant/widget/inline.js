// Inline Markdown of one sentence as DOM nodes: `draw(document, "**Two** of `four`")`.
//
// Bold, italics, code and a fenced block; everything else (links, images, HTML) is text and stays
// text, because a sentence may hold whatever stood in a document. No HTML string is ever made.

const FENCE = /^(`{3,}|~{3,})[^\n]*\n?([\s\S]*?)\n?\1?\s*$/;
const CODE = /^(`+)(?!`)([\s\S]*?[^`])\1(?!`)/;
const STRONG = /^(\*\*|__)(?=\S)([\s\S]*?\S)\1(?![*_])/;
const EMPHASIS = /^([*_])(?=[^\s*_])([\s\S]*?[^\s*_])\1/;
const ESCAPED = /^\\([!-/:-@[-`{-~])/;
const WORD = /[\p{L}\p{N}]/u;

/**
 * The sentence as a tree: {kind: "text" | "code" | "block", text} and
 * {kind: "strong" | "em", parts: [...]}.
 */
export function parse(text) {
  const fence = /^(```|~~~)/.test(text) && FENCE.exec(text);
  return fence ? [{ kind: "block", text: fence[2] }] : parts(text, 0);
}

function parts(text, depth) {
  const found = [];
  const plain = (more) => {
    if (found.at(-1)?.kind === "text") found.at(-1).text += more;
    else found.push({ kind: "text", text: more });
  };
  let at = 0;
  while (at < text.length) {
    const next = text.slice(at).search(/[\\`*_]/);
    if (next < 0) break;
    if (next) plain(text.slice(at, at + next));
    at += next;
    const [length, part] = special(text, at, depth);
    if (typeof part === "string") plain(part);
    else found.push(part);
    at += length;
  }
  if (at < text.length) plain(text.slice(at));
  return found;
}

/** What stands at `at`, where a special character is: how long it is, and a node or plain text. */
function special(text, at, depth) {
  const rest = text.slice(at);
  let match;
  if ((match = ESCAPED.exec(rest))) return [2, match[1]];
  if ((match = CODE.exec(rest))) return [match[0].length, { kind: "code", text: match[2].trim() }];
  // Deeper than anybody writes is somebody's attempt to exhaust the stack.
  if (depth < 8) {
    if ((match = STRONG.exec(rest)) && apart(text, at, match)) {
      return [match[0].length, { kind: "strong", parts: parts(match[2], depth + 1) }];
    }
    if ((match = EMPHASIS.exec(rest)) && apart(text, at, match)) {
      return [match[0].length, { kind: "em", parts: parts(match[2], depth + 1) }];
    }
  }
  const run = /^(`+|\*+|_+|\\)/.exec(rest)[0];
  return [run.length, run];
}

/** An underscore inside a word (snake_case) marks nothing; a star does. */
function apart(text, at, match) {
  if (match[1][0] !== "_") return true;
  return !WORD.test(text[at - 1] ?? "") && !WORD.test(text[at + match[0].length] ?? "");
}

/** Returns a DocumentFragment. */
export function draw(document, text) {
  const fragment = document.createDocumentFragment();
  fragment.append(...parse(text).map((part) => node(document, part)));
  return fragment;
}

const TAGS = { strong: "strong", em: "em", code: "code" };

function node(document, part) {
  if (part.kind === "text") return document.createTextNode(part.text);
  if (part.kind === "block") {
    const block = document.createElement("pre");
    // A block that scrolls sideways has to be reachable by keyboard.
    block.tabIndex = 0;
    block.append(document.createElement("code"));
    block.firstChild.textContent = part.text;
    return block;
  }
  const made = document.createElement(TAGS[part.kind]);
  if (part.parts) made.append(...part.parts.map((one) => node(document, one)));
  else made.textContent = part.text;
  return made;
}

/** The sentence without its marks: what is copied. */
export function plain(text) {
  const flat = (part) => part.text ?? part.parts.map(flat).join("");
  return parse(text).map(flat).join("");
}
