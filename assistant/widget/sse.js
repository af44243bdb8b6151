// Server-sent events, read from the body of a fetch: `for await (const {event, data} of events(body))`.
//
// The browser's own EventSource can neither POST nor send a token.

/** Cuts text that arrives in pieces into events: `push` returns those that are complete by now. */
export class Parser {
  #rest = "";
  #event = "";
  #data = [];

  /** @param {string} text @returns {{event: string, data: string}[]} */
  push(text) {
    const found = [];
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    // A line counts once its end is here; a "\r" at the very end may be half of a "\r\n".
    this.#rest = lines.pop();
    for (const line of lines) {
      if (line === "") this.#dispatch(found);
      else this.#field(line);
    }
    return found;
  }

  #field(line) {
    const [, name, value] = /^([^:]*)(?:: ?)?(.*)$/s.exec(line);
    if (name === "event") this.#event = value;
    else if (name === "data") this.#data.push(value);
    // A line that opens with a colon is a comment: the server's heartbeat.
  }

  #dispatch(found) {
    if (this.#data.length) {
      found.push({ event: this.#event || "message", data: this.#data.join("\n") });
    }
    this.#event = "";
    this.#data = [];
  }
}

/**
 * Yields the events of a stream of bytes; what is incomplete at its end is no event. Rejects with a
 * Stalled when nothing at all, not even a heartbeat, comes for `patience` milliseconds.
 */
export async function* events(body, patience = 45_000) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new Parser();
  try {
    for (;;) {
      const { done, value } = await within(reader.read(), patience);
      if (done) return;
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    // Also when the consumer leaves early: the server learns that nobody reads any more.
    reader.cancel().catch(() => {});
  }
}

/** Nothing came for too long. */
export class Stalled extends Error {}

function within(promise, milliseconds) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Stalled("no bytes")), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
