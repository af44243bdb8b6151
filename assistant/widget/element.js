// <footnote-chat>: the custom element. It wires state, client and views together; what is shown is
// decided by the server (the Answer) and by state.js.
// docs/widget.md describes its attributes and properties.

import { Refusal, clientFor } from "./client.js";
import { clear as clearHighlight, locate, show as showHighlight } from "./highlight.js";
import { plain } from "./inline.js";
import { EMPTY, copied, reduce, request, restore, store } from "./state.js";
import { keep, kept } from "./storage.js";
import { STYLE } from "./style.js";
import { fill, textsFor } from "./texts.js";
import { ChatView } from "./view.js";

let sheet = null;

/** Made once for all widgets; constructed, so that a strict CSP has no objection. */
function stylesheet() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
  }
  return sheet;
}

export class FootnoteChat extends HTMLElement {
  static observedAttributes = [
    "site", "server", "mode", "open", "theme", "accent", "heading", "lang", "highlight",
  ];

  #state = EMPTY;
  #view = null;
  #client = null;
  #abort = null;
  #key = "";
  #texts = {};
  #ownTexts = {};
  #pending = false;
  #byHand = false;
  #rated = Promise.resolve();

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
    this.shadowRoot.adoptedStyleSheets = [stylesheet()];
  }

  connectedCallback() {
    this.#build();
  }

  disconnectedCallback() {
    this.#abort?.abort();
    this.#apply({ type: "stopped" });
    this.#view?.dispose();
    this.#view = null;
    clearHighlight();
  }

  attributeChangedCallback(name, before, after) {
    if (!this.#view || before === after || name === "highlight") return;
    if (name === "open") this.#setOpen(after !== null);
    else if (name === "theme") this.#view.setTheme(after);
    else if (name === "accent") this.#view.setAccent(after);
    else this.#rebuildSoon();
  }

  /** See texts.js. */
  get texts() {
    return this.#texts;
  }

  set texts(own) {
    this.#ownTexts = own;
    if (this.#view) this.#rebuildSoon();
  }

  /** Asks as if it had been typed; does nothing while another question is being answered. */
  ask(question) {
    const words = String(question).trim();
    if (!words || this.#state.asking || !this.#view) return;
    this.#apply({ type: "asked", question: words });
    void this.#answer();
  }

  /** Attributes that change together make one new view. */
  #rebuildSoon() {
    if (this.#pending) return;
    this.#pending = true;
    queueMicrotask(() => {
      this.#pending = false;
      if (!this.isConnected) return;
      this.#abort?.abort();
      this.#apply({ type: "stopped" });
      this.#build();
    });
  }

  #build() {
    this.#view?.dispose();
    const language = this.closest("[lang]")?.lang || document.documentElement.lang || "en";
    this.#texts = textsFor(language, { ...this.#writtenTexts(), ...this.#ownTexts });
    const site = this.getAttribute("site");
    const server = this.getAttribute("server") || new URL(import.meta.url).origin;
    this.#client = site ? clientFor(server, site) : null;
    this.#key = storageKey(this, server, site);
    this.#state = restore(kept(this.#key));
    this.#view = new ChatView({
      texts: this.#texts,
      language,
      direction: this.closest("[dir]")?.dir || "ltr",
      heading: this.getAttribute("heading"),
      floating: this.getAttribute("mode") === "floating",
      actions: this.#actions(),
    });
    this.#view.setTheme(this.getAttribute("theme"));
    this.#view.setAccent(this.getAttribute("accent"));
    // Drawn before it is attached: what was said earlier is no news.
    this.#view.update(this.#state);
    this.shadowRoot.replaceChildren(this.#view.element);
    this.#view.attached();
    if (this.#view.floating) this.#setOpen(this.hasAttribute("open"));
    else void this.#greet();
  }

  #writtenTexts() {
    const script = this.querySelector(':scope > script[type="application/json"]');
    if (!script) return {};
    try {
      return JSON.parse(script.textContent);
    } catch {
      console.error("footnote-chat: the texts inside the element are not JSON");
      return {};
    }
  }

  #actions() {
    return {
      ask: (question) => this.ask(question),
      stop: () => this.#abort?.abort(),
      retry: () => {
        this.#apply({ type: "retried" });
        void this.#answer();
      },
      fresh: () => {
        this.#abort?.abort();
        this.#apply({ type: "cleared" });
        clearHighlight();
        this.#view.focusInput();
      },
      cite: (citation, button) => this.#cite(citation, button),
      copy: (turn) => this.#copy(turn),
      thumb: (turn, body) => this.#thumb(turn, body),
      toggle: (open) => {
        this.#byHand = true;
        this.toggleAttribute("open", open);
        this.#byHand = false;
      },
    };
  }

  #apply(event) {
    this.#state = reduce(this.#state, event);
    keep(this.#key, this.#state.turns.length ? store(this.#state) : null);
    this.#view?.update(this.#state);
  }

  #setOpen(open) {
    // A page that opens the panel must not take the reader's focus; a press on the button moves it.
    this.#view.setOpen(open, this.#byHand);
    if (open) void this.#greet();
  }

  /** Fetches the suggested questions; a refusal is shown before anybody has typed. */
  async #greet() {
    const view = this.#view;
    if (!this.#client) {
      view.greet({ failure: this.#texts.failed.no_site });
      return;
    }
    try {
      const { suggestions = [] } = await this.#client.session();
      view.greet({ suggestions });
    } catch (error) {
      view.greet({ failure: this.#texts.failed[error.code] ?? this.#texts.failed.internal });
    }
  }

  async #answer() {
    const abort = new AbortController();
    this.#abort = abort;
    this.#view.say(this.#texts.waiting);
    try {
      await this.#stream(abort.signal);
      this.#view?.say(this.#texts.answered);
    } catch (error) {
      if (abort.signal.aborted) {
        // Whoever took the conversation away has set its state already; a press on "stop" has not.
        if (this.#abort === abort && this.#state.asking) this.#apply({ type: "stopped" });
        return;
      }
      const { code = "internal", retryable = true, seconds = 0 } = error;
      if (!(error instanceof Refusal)) console.error("footnote-chat:", error);
      this.#apply({ type: "error", error: { code, retryable, seconds } });
    } finally {
      this.#view?.settled();
    }
  }

  async #stream(signal) {
    if (!this.#client) throw new Refusal("no_site");
    try {
      await this.#receive(signal);
    } catch (error) {
      if (error.status !== 404 || !this.#state.conversation) throw error;
      // The server has forgotten this conversation: tell it again what was said.
      this.#apply({ type: "forgotten" });
      await this.#receive(signal);
    }
  }

  async #receive(signal) {
    for await (const { event, data } of this.#client.ask(request(this.#state), signal)) {
      signal.throwIfAborted();
      if (event === "sentence" || event === "answer") this.#apply({ type: event, ...data });
      if (event === "error") throw new Refusal(data.error.code, data.error);
    }
  }

  /** To the words on the page, where the page holds them; else to the source panel. */
  #cite(citation, button) {
    const range = locate(this.#held(), citation.quote);
    if (range) {
      this.#view.closeSource();
      showHighlight(range);
      this.#view.cited(button);
      this.#view.say(fill(this.#texts.onPage, { quote: citation.quote }));
      this.#view.stepAside();
    } else if (this.#client) {
      clearHighlight();
      this.#view.cited(button);
      this.#view.openSource(citation, this.#client);
    }
  }

  /** The parts of the page that hold the documents' text. */
  #held() {
    const selector = this.getAttribute("highlight");
    try {
      return selector ? document.querySelectorAll(selector) : [];
    } catch {
      console.error(`footnote-chat: highlight="${selector}" is no selector`);
      return [];
    }
  }

  async #copy(turn) {
    let said = this.#texts.copied;
    try {
      await navigator.clipboard.writeText(copied(turn, plain));
    } catch {
      said = this.#texts.notCopied; // no permission, or a page without https
    }
    this.#view?.say(said, true);
  }

  async #thumb(turn, body) {
    this.#apply({ type: "thumbed", key: turn.key, thumb: body.rating });
    try {
      // One after the other: the server keeps the one that comes last.
      const sent = this.#rated.then(() => this.#client.feedback({ answer_id: turn.answer.id, ...body }));
      this.#rated = sent.catch(() => {});
      await sent;
      // A thumb down asks why first.
      if (body.rating === "up" || body.reason || body.comment) this.#view?.say(this.#texts.thanks, true);
    } catch {
      this.#apply({ type: "thumbed", key: turn.key, thumb: turn.thumb });
      this.#view?.say(this.#texts.notSent, true);
    }
  }
}

/** Two widgets on a page have a conversation each: by their id, or else by their order. */
function storageKey(element, server, site) {
  const all = [...document.querySelectorAll("footnote-chat")];
  return `footnote-chat ${server} ${site} ${element.id || all.indexOf(element)}`;
}
