// A conversation as data: `state = reduce(state, event)`. Pure, tested without a page.
//
// State: {conversation: id or null, turns: [Turn], asking: bool}
// Turn:  {key, question, status, sentences, citations, answer, error, thumb}
//   status: "waiting" (nothing yet) | "streaming" | "answered" | "declined" | "failed" | "stopped"
//   citations: every footnote so far, in the order of their numbers
//   answer: the whole Answer once it is there; error: {code, retryable, seconds?} when it failed

export const EMPTY = Object.freeze({ conversation: null, turns: [], asking: false });
const OPEN = new Set(["waiting", "streaming"]);
const OUTCOMES = new Set(["answered", "declined", "failed"]);
/** Failures that another try may mend. */
const PASSING = new Set(["model_unavailable", "model_timeout", "index_unavailable", "internal"]);
/** What is kept in the tab, and sent along when the server does not know the conversation. */
const KEPT = 50;
const SENT = 12;

/** Events: asked, retried, sentence, answer, error, stopped, thumbed, forgotten, cleared. */
export function reduce(state, event) {
  const change = CHANGES[event.type];
  return change ? change(state, event) : state;
}

const CHANGES = {
  asked: (state, { question }) => ({
    ...state,
    asking: true,
    turns: [...state.turns, fresh((state.turns.at(-1)?.key ?? 0) + 1, question)],
  }),
  retried: (state) =>
    state.asking || !state.turns.length
      ? state
      : { ...last(state, (turn) => fresh(turn.key, turn.question)), asking: true },
  sentence: (state, { sentence, citations = [] }) =>
    whileAsking(state, (turn) => ({
      ...turn,
      status: "streaming",
      sentences: [...turn.sentences, sentence],
      citations: merged(turn.citations, citations),
    })),
  answer: (state, { answer, conversation_id: conversation = state.conversation }) =>
    state.asking
      ? { ...last(state, (turn) => finished(turn, answer)), asking: false, conversation }
      : state,
  error: (state, { error }) => ended(state, { status: "failed", error }),
  stopped: (state) => ended(state, { status: "stopped" }),
  thumbed: (state, { key, thumb }) => ({
    ...state,
    turns: state.turns.map((turn) => (turn.key === key ? { ...turn, thumb } : turn)),
  }),
  forgotten: (state) => ({ ...state, conversation: null }),
  cleared: () => EMPTY,
};

const fresh = (key, question) => ({
  key,
  question,
  status: "waiting",
  sentences: [],
  citations: [],
  answer: null,
  error: null,
  thumb: null,
});

const last = (state, change) => ({
  ...state,
  turns: state.turns.map((turn, i) => (i === state.turns.length - 1 ? change(turn) : turn)),
});

const whileAsking = (state, change) => (state.asking ? last(state, change) : state);

/** The end of a turn without an Answer; what was said before stays said: it was checked. */
const ended = (state, fields) =>
  state.asking ? { ...last(state, (turn) => ({ ...turn, ...fields })), asking: false } : state;

/** The Answer is the truth: it replaces what came sentence by sentence, which is the same. */
function finished(turn, answer) {
  const status = OUTCOMES.has(answer.outcome) ? answer.outcome : "failed";
  const error = { code: answer.reason ?? "internal", retryable: PASSING.has(answer.reason) };
  return {
    ...turn,
    status,
    answer,
    error: status === "failed" ? error : null,
    sentences: answer.sentences.length ? answer.sentences : turn.sentences,
    citations: merged(turn.citations, answer.citations),
  };
}

function merged(known, more) {
  const byNumber = new Map([...known, ...more].map((citation) => [citation.number, citation]));
  return [...byNumber.values()].sort((a, b) => a.number - b.number);
}

export const isOpen = (turn) => OPEN.has(turn.status);

/** What `POST /v1/ask` is sent: a known conversation by its id, another one by its words. */
export function request(state) {
  const { question } = state.turns.at(-1);
  if (state.conversation) return { question, conversation_id: state.conversation };
  const past = state.turns
    .slice(0, -1)
    .filter((turn) => turn.sentences.length)
    .flatMap((turn) => [
      { role: "user", content: turn.question },
      { role: "assistant", content: turn.sentences.map((s) => (s.lead ?? "") + s.text).join("") },
    ]);
  return past.length ? { question, history: past.slice(-SENT) } : { question };
}

/** The state as a string for sessionStorage. */
export function store({ conversation, turns }) {
  return JSON.stringify({ version: 1, conversation, turns: turns.slice(-KEPT) });
}

/** The state that `store` wrote; EMPTY for anything else. An interrupted turn counts as stopped. */
export function restore(text) {
  try {
    const { version, conversation, turns } = JSON.parse(text);
    if (version !== 1 || !turns.every(isTurn)) return EMPTY;
    const settled = turns.map((turn) => (isOpen(turn) ? { ...turn, status: "stopped" } : turn));
    return { conversation, turns: settled, asking: false };
  } catch {
    return EMPTY; // not JSON, or not ours
  }
}

const isTurn = (turn) =>
  Number.isInteger(turn?.key) &&
  typeof turn.question === "string" &&
  Array.isArray(turn.sentences) &&
  Array.isArray(turn.citations);

/**
 * What a sentence's `lead` asks for: {kind: "run", gap} within a block, {kind: "paragraph"}, or
 * {kind: "item", depth, ordered, number} for a list's item.
 */
export function opening(lead = "") {
  if (!lead.includes("\n")) return { kind: "run", gap: lead && " " };
  const [, indent, marker] = /^([ \t]*)(.*)$/.exec(lead.slice(lead.lastIndexOf("\n") + 1));
  const item = /^(?:[-*+•]|(\d{1,9})[.)])\s*$/.exec(marker);
  if (!item) return { kind: "paragraph" };
  return {
    kind: "item",
    depth: Math.min(Math.floor(indent.replaceAll("\t", "  ").length / 2), 4),
    ordered: item[1] !== undefined,
    number: item[1] === undefined ? null : Number(item[1]),
  };
}

/** Only a cited source on the web becomes a link; anything else (files, javascript:) is a name. */
export function webAddress(source) {
  try {
    const { protocol, href } = new URL(source);
    return protocol === "https:" || protocol === "http:" ? href : null;
  } catch {
    return null; // a file's name
  }
}

/** The answer as plain text with its footnotes; `sentence` turns Markdown into words. */
export function copied(turn, sentence) {
  const said = turn.sentences
    .map((s) => (s.lead ?? "") + [sentence(s.text), ...s.citations.map((n) => `[${n}]`)].join(" "))
    .join("");
  const notes = turn.citations.map(
    (c) => `[${c.number}] “${c.quote}” (${[c.section, c.title, c.source].filter(Boolean).join(" · ")})`,
  );
  return [said.trim(), notes.join("\n")].filter(Boolean).join("\n\n");
}
