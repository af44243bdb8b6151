// The whole widget as DOM nodes: launcher, header, log, composer, source panel. `new ChatView({texts,
// language, direction, heading, floating, actions})`; it keeps no conversation, `update(state)` brings it.

import { h, icon, iconButton } from "./dom.js";
import { SourcePanel } from "./source.js";
import { TurnView } from "./turn.js";

/** From this width of the widget on, the source stands beside the conversation. */
const SIDE_BY_SIDE = 760;
/** On a screen narrower than this, the floating panel fills it. style.js has the same number. */
const PHONE = "(max-width: 560px)";
const TOAST = 4000;

export class ChatView {
  #texts;
  #actions;
  #turns = new Map();
  #asking = false;
  #isOpen;
  #cited = null;
  #away = false;
  #toast = 0;
  #following = false;
  #observer = new ResizeObserver(() => this.#arrange());
  #onViewport = () => this.#fitKeyboard();

  constructor({ texts, language, direction, heading, floating, actions }) {
    this.#texts = texts;
    this.#actions = actions;
    this.floating = floating;
    this.#isOpen = !floating;
    this.source = new SourcePanel(texts, () => this.#leaveSource());
    this.#buildChat();
    this.#buildFrame(heading || texts.title);
    this.element.lang = language;
    // CSS alone cannot keep the page's direction out: `all` leaves it as it is.
    this.element.dir = direction;
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
  }

  #buildChat() {
    const texts = this.#texts;
    this.start = h("div", { class: "start" }, h("p", { class: "intro" }, texts.intro));
    this.greeting = h("div", { class: "greeting" });
    this.start.append(this.greeting);
    this.log = h("div", { class: "log", role: "log", "aria-label": texts.log });
    this.scroller = h("div", { class: "scroller", tabindex: "0", role: "group", "aria-label": texts.log }, this.start, this.log);
    for (const kind of ["wheel", "touchmove", "keydown"]) {
      // Whoever scrolls reads; the text then stays where it is.
      this.scroller.addEventListener(kind, () => (this.#following = false), { passive: true });
    }
    this.status = h("p", { class: "status unseen", role: "status" });
    this.input = h("textarea", {
      rows: "1",
      "aria-label": texts.placeholder,
      placeholder: texts.placeholder,
      enterkeyhint: "send",
      maxlength: "4000",
      onkeydown: (event) => this.#onInputKey(event),
    });
    this.send = h("button", { type: "submit", class: "send" });
    this.composer = h("form", { class: "composer", onsubmit: (event) => this.#submit(event) }, this.input, this.send);
    this.chat = h("div", { class: "chat" }, this.scroller, this.status, this.composer);
    this.#drawSend();
  }

  #buildFrame(title) {
    const texts = this.#texts;
    this.fresh = iconButton("fresh", texts.fresh, { class: "tool", onclick: () => this.#actions.fresh() });
    const close = iconButton("close", texts.close, { class: "tool", onclick: () => this.#close() });
    this.panel = h(
      "section",
      { class: "panel", "aria-label": title },
      h("header", {}, h("h2", {}, title), this.fresh, this.floating && close),
      h("div", { class: "body" }, this.chat, this.source.element),
    );
    this.element = h("div", { class: "root" }, this.panel);
    if (!this.floating) return;
    this.launcher = h("button", { type: "button", class: "launcher", onclick: () => this.#actions.toggle(true) });
    // The top layer: no z-index, overflow or transform of the page reaches it.
    this.element.replaceChildren(h("div", { class: "dock", popover: "manual" }, this.panel, this.launcher));
    this.panel.hidden = true;
    this.#drawLauncher();
  }

  /** To be called once the element is in the page. */
  attached() {
    this.element.querySelector(".dock")?.showPopover();
    this.#observer.observe(this.panel);
    globalThis.visualViewport?.addEventListener("resize", this.#onViewport);
    globalThis.visualViewport?.addEventListener("scroll", this.#onViewport);
    this.#fitKeyboard();
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  dispose() {
    this.#observer.disconnect();
    globalThis.visualViewport?.removeEventListener("resize", this.#onViewport);
    globalThis.visualViewport?.removeEventListener("scroll", this.#onViewport);
    clearTimeout(this.#toast);
    for (const turn of this.#turns.values()) turn.dispose();
  }

  setTheme(theme) {
    if (theme === "light" || theme === "dark") this.element.dataset.theme = theme;
    else delete this.element.dataset.theme;
  }

  setAccent(color) {
    if (color) this.element.style.setProperty("--footnote-accent", color);
    else this.element.style.removeProperty("--footnote-accent");
  }

  /** Draws what changed. */
  update(state) {
    const keys = new Set(state.turns.map((turn) => turn.key));
    for (const [key, view] of this.#turns) {
      if (keys.has(key)) continue;
      view.dispose();
      view.element.remove();
      this.#turns.delete(key);
    }
    const context = { texts: this.#texts, actions: this.#actions };
    for (const turn of state.turns) {
      const known = this.#turns.get(turn.key);
      if (known) known.update(turn);
      else {
        const view = new TurnView(turn, context);
        this.#turns.set(turn.key, view);
        this.log.append(view.element);
      }
    }
    this.start.hidden = state.turns.length > 0;
    this.fresh.hidden = state.turns.length === 0;
    if (state.turns.length === 0) this.closeSource();
    if (state.asking && !this.#asking) {
      this.#following = true;
      if (this.source.isOpen) this.#leaveSource();
    }
    this.#asking = state.asking;
    this.#drawSend();
    if (this.#following) this.#follow();
  }

  /** The answer is complete, or there will be none. */
  settled() {
    if (this.#following) this.#follow();
    this.#following = false;
  }

  /** The question goes to the top at most: an answer is read from its beginning. */
  #follow() {
    const turn = this.log.lastElementChild;
    if (!turn) return;
    const top = turn.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top;
    const lowest = this.scroller.scrollHeight - this.scroller.clientHeight;
    this.scroller.scrollTop = Math.min(this.scroller.scrollTop + top - 12, lowest);
  }

  /** Suggested questions, or why there can be no answers. */
  greet({ suggestions = [], failure = null }) {
    const texts = this.#texts;
    this.greeting.replaceChildren();
    if (failure) this.greeting.append(h("p", { class: "notice failed" }, failure));
    if (!suggestions.length) return;
    const onclick = (event) => {
      this.#actions.ask(event.currentTarget.textContent);
      this.scroller.focus({ preventScroll: true });
    };
    const items = suggestions.map((question) =>
      h("li", {}, h("button", { type: "button", class: "suggestion", onclick }, question)),
    );
    this.greeting.append(h("p", { class: "label" }, texts.suggestions), h("ul", { class: "suggestions" }, ...items));
  }

  /** Tells screen readers; `visible` shows it to everybody for a moment. */
  say(text, visible = false) {
    clearTimeout(this.#toast);
    this.status.textContent = text;
    this.status.classList.toggle("unseen", !visible);
    this.status.classList.toggle("toast", visible);
    this.#toast = setTimeout(() => {
      this.status.textContent = "";
      this.status.className = "status unseen";
    }, TOAST);
  }

  focusInput() {
    this.input.focus();
  }

  /** Opens or closes the floating panel; the focus is moved for whoever pressed something. */
  setOpen(open, moveFocus) {
    if (!this.floating || open === this.#isOpen) return;
    const held = this.element.contains(this.element.getRootNode().activeElement);
    this.#isOpen = open;
    this.panel.hidden = !open;
    const back = this.#away && this.#cited?.isConnected ? this.#cited : this.input;
    if (open) this.#away = false;
    this.#drawLauncher();
    this.#fitKeyboard();
    if (open && moveFocus) back.focus();
    else if (!open && (held || moveFocus)) this.launcher.focus();
  }

  #close() {
    this.#actions.toggle(false);
  }

  /** On a phone the panel covers the page: it makes room for the words marked there. */
  stepAside() {
    if (!this.floating || !matchMedia(PHONE).matches) return;
    this.#away = true;
    this.#actions.toggle(false);
  }

  /** Which mark was pressed last: it is shown as such, and the focus comes back to it. */
  cited(button) {
    this.#cited?.removeAttribute("aria-current");
    this.#cited = button;
    button.setAttribute("aria-current", "true");
  }

  openSource(citation, client) {
    this.source.open(citation, client);
    this.#arrange();
    this.source.element.querySelector("h3").focus({ preventScroll: true });
  }

  closeSource() {
    this.source.close();
    this.#arrange();
  }

  #leaveSource() {
    const held = this.source.element.contains(this.element.getRootNode().activeElement);
    this.closeSource();
    if (held && this.#cited?.isConnected) this.#cited.focus();
  }

  #arrange() {
    const beside = this.panel.clientWidth >= SIDE_BY_SIDE;
    this.panel.classList.toggle("beside", beside);
    this.panel.classList.toggle("reading", this.source.isOpen);
    // What is covered cannot be reached by keyboard either.
    this.chat.inert = this.source.isOpen && !beside;
  }

  #drawSend() {
    const name = this.#asking ? this.#texts.stop : this.#texts.send;
    if (this.send.title === name) return;
    this.send.title = name;
    this.send.setAttribute("aria-label", name);
    this.send.replaceChildren(icon(this.#asking ? "stop" : "ask"));
  }

  #drawLauncher() {
    const name = this.#away ? this.#texts.back : this.#texts.open;
    this.launcher.hidden = this.#isOpen;
    this.launcher.replaceChildren(icon(this.#away ? "back" : "chat"), h("span", {}, name));
  }

  #submit(event) {
    event.preventDefault();
    if (this.#asking) {
      this.#actions.stop();
      return;
    }
    const question = this.input.value.trim();
    if (!question) return;
    this.input.value = "";
    this.#actions.ask(question);
    // A finger has typed: its keyboard goes away, so that the answer can be seen.
    if (matchMedia("(pointer: coarse)").matches) this.scroller.focus({ preventScroll: true });
  }

  #onInputKey(event) {
    // Enter also ends a word that an input method is composing (Japanese); that is no question yet.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    if (!this.#asking) this.composer.requestSubmit();
  }

  #onKey(event) {
    if (event.key !== "Escape" || event.isComposing) return;
    if (this.source.isOpen) this.#leaveSource();
    else if (this.floating && this.#isOpen) this.#close();
    else return;
    event.stopPropagation();
  }

  /** A phone's keyboard covers the page without resizing it; what is left is the visual viewport. */
  #fitKeyboard() {
    const viewport = globalThis.visualViewport;
    if (!this.floating || !viewport) return;
    this.panel.style.setProperty("--height", `${viewport.height}px`);
    this.panel.style.setProperty("--top", `${viewport.offsetTop}px`);
  }
}
