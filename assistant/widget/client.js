// The server as the widget sees it: sessions, questions, documents, feedback.
//
//     const client = new Client("https://chat.example.com", "site_id");
//     for await (const { event, data } of client.ask({ question }, signal)) …
//
// Every failure is a Refusal with a code; nothing is retried but an expired session, once.

import { Stalled, events } from "./sse.js";
import { keep, kept } from "./storage.js";

/** A few documents stay at hand: a reader goes to and fro between the same footnotes. */
const DOCUMENTS = 8;
/** A session is renewed when it has less than this to go, in milliseconds. */
const RENEW_BEFORE = 60_000;

/** What went wrong: `code` is the server's or one of "offline", "interrupted", "busy". */
export class Refusal extends Error {
  constructor(code, { status = 0, retryable = false, seconds = 0, message = code } = {}) {
    super(message);
    Object.assign(this, { code, status, retryable, seconds });
  }
}

export class Client {
  #server;
  #site;
  #session = null;
  #documents = new Map();

  constructor(server, site) {
    this.#server = server.replace(/\/+$/, "");
    this.#site = site;
  }

  /** The session {token, expires_at, suggestions}: one for all who ask at the same time. */
  session() {
    this.#session ??= this.#open().catch((error) => {
      this.#session = null;
      throw error;
    });
    return this.#session;
  }

  /** Shown the token before, the server lets the new session go on with its conversations. */
  async #open() {
    const path = `/v1/sites/${encodeURIComponent(this.#site)}/session`;
    const key = `footnote-chat session ${this.#server} ${this.#site}`;
    const session = await (await this.#fetch(path, { method: "POST" }, kept(key))).json();
    keep(key, session.token);
    return session;
  }

  async #current() {
    const opened = this.session();
    const { expires_at: end } = await opened;
    if (this.#session === opened && Date.parse(end) - Date.now() < RENEW_BEFORE) {
      this.#session = this.#open().catch(() => opened);
    }
    return this.session();
  }

  /** Yields {event, data} with data already parsed; ends after the answer or an error. */
  async *ask(body, signal) {
    const response = await this.#authorised("/v1/ask", {
      ...json(body),
      signal,
      accept: "text/event-stream",
    });
    try {
      for await (const { event, data } of events(response.body)) {
        yield { event, data: JSON.parse(data) };
        if (event === "answer" || event === "error") return;
      }
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Refusal(error instanceof Stalled || navigator.onLine ? "interrupted" : "offline", {
        retryable: true,
      });
    }
    throw new Refusal("interrupted", { retryable: true });
  }

  /** {id, title, source, text, sections} */
  async document(id) {
    const known = this.#documents.get(id);
    if (known) return known;
    const path = `/v1/documents/${encodeURIComponent(id)}`;
    const document = await (await this.#authorised(path, {})).json();
    this.#documents.set(id, document);
    if (this.#documents.size > DOCUMENTS) {
      this.#documents.delete(this.#documents.keys().next().value);
    }
    return document;
  }

  /** {answer_id, rating: "up" | "down", reason?, comment?}; the last one sent counts. */
  async feedback(body) {
    await this.#authorised("/v1/feedback", json(body));
  }

  async #authorised(path, options) {
    for (let again = true; ; again = false) {
      const opened = await this.#current();
      const { token } = opened;
      try {
        return await this.#fetch(path, options, token);
      } catch (error) {
        if (error.status !== 401 || !again) throw error;
        // Expired. Whoever comes first renews it for everybody.
        if ((await this.#session) === opened) this.#session = null;
      }
    }
  }

  async #fetch(path, { accept = "application/json", ...options }, token) {
    const headers = { Accept: accept, ...options.headers };
    if (token) headers.Authorization = `Bearer ${token}`;
    let response;
    try {
      response = await fetch(this.#server + path, {
        ...options,
        headers,
        credentials: "omit",
        cache: "no-store",
      });
    } catch (error) {
      if (options.signal?.aborted) throw error;
      // A refused origin looks the same as a server that is away: the browser does not tell.
      throw new Refusal(navigator.onLine ? "unreachable" : "offline", { retryable: true });
    }
    if (!response.ok) throw await refusal(response);
    return response;
  }
}

const json = (body) => ({
  method: "POST",
  body: JSON.stringify(body),
  headers: { "Content-Type": "application/json" },
});

async function refusal(response) {
  const { status } = response;
  const { error = {} } = await response.json().catch(() => ({}));
  const wait = response.headers.get("Retry-After");
  const seconds = Number(wait) || Math.max(0, (Date.parse(wait) - Date.now()) / 1000) || 0;
  const codes = { 403: "forbidden", 413: "too_long", 429: "busy" };
  return new Refusal(codes[status] ?? error.code ?? "internal", {
    status,
    seconds: Math.ceil(Math.min(seconds, 3600)),
    retryable: error.retryable ?? (status === 429 || status >= 500),
    message: error.message,
  });
}

const clients = new Map();

/** One client, and so one session, for all widgets of the same site. */
export function clientFor(server, site) {
  const key = JSON.stringify([server, site]);
  if (!clients.has(key)) clients.set(key, new Client(server, site));
  return clients.get(key);
}
