// One question and its answer as DOM nodes: `const view = new TurnView(turn, context)`, then
// `view.update(turn)` whenever it changed. A sentence is added whole, so that a screen reader says it
// whole, and what stands is not touched again.
//
// context: {texts, actions: {cite(citation, button), retry(), copy(turn), thumb(turn, body), say(text)}}

import { h, icon, iconButton } from "./dom.js";
import { draw } from "./inline.js";
import { isOpen, opening } from "./state.js";
import { fill } from "./texts.js";

const REASONS = ["wrong", "unsupported", "off_topic", "incomplete", "other"];

export class TurnView {
  #context;
  #flow;
  #answer = h("div", { class: "answer" });
  // Buttons are no news: only sentences and notices are announced.
  #below = h("div", { class: "below", "aria-live": "off" });
  #waiting;
  #notice = h("div", { class: "notices" });
  #drawn = [];
  #end = "";
  #timer = 0;

  constructor(turn, context) {
    this.#context = context;
    const { texts } = context;
    this.#waiting = h("p", { class: "waiting", "aria-hidden": "true" }, texts.waiting);
    this.element = h(
      "article",
      { class: "turn" },
      h("p", { class: "question" }, h("span", { class: "unseen" }, texts.you, " "), turn.question),
      this.#answer,
      this.#waiting,
      this.#notice,
      this.#below,
    );
    this.#restart();
    this.update(turn);
  }

  update(turn) {
    const same = this.#drawn.every((one, i) => one === JSON.stringify(turn.sentences[i]));
    if (!same) this.#restart();
    const byNumber = new Map(turn.citations.map((citation) => [citation.number, citation]));
    for (const sentence of turn.sentences.slice(this.#drawn.length)) {
      this.#flow.add(sentence, this.#sentence(sentence, byNumber));
      this.#drawn.push(JSON.stringify(sentence));
    }
    this.#waiting.hidden = !isOpen(turn);
    const end = isOpen(turn) ? "" : turn.status + JSON.stringify(turn.error);
    if (end !== this.#end) this.#finish(turn);
    this.#end = end;
    for (const button of this.#below.querySelectorAll("[data-thumb]")) {
      button.setAttribute("aria-pressed", String(button.dataset.thumb === turn.thumb));
    }
  }

  dispose() {
    clearInterval(this.#timer);
  }

  #restart() {
    this.#answer.replaceChildren();
    this.#flow = new Flow(this.#answer);
    this.#drawn = [];
  }

  #sentence(sentence, byNumber) {
    const content = draw(document, sentence.text);
    const marks = sentence.citations
      .filter((number) => byNumber.has(number))
      .map((number) => this.#mark(byNumber.get(number)));
    if (marks.length) {
      // A mark never opens a line: it stays with the last letters of its sentence.
      const tail = h("span", { class: "tail" });
      const end = content.lastChild;
      if (end?.nodeType === Node.TEXT_NODE) {
        tail.append(end.splitText(end.data.search(/\S{0,12}\s*$/)));
      }
      tail.append(...marks);
      content.append(tail);
    }
    return h("span", { class: "sentence" }, content);
  }

  #mark(citation) {
    const { texts, actions } = this.#context;
    const place = citation.section || citation.title;
    const label = [fill(texts.footnote, { n: citation.number }), place].filter(Boolean).join(": ");
    const onclick = (event) => actions.cite(citation, event.currentTarget);
    return h("button", { type: "button", class: "mark", "aria-label": label, onclick }, String(citation.number));
  }

  #finish(turn) {
    this.dispose();
    this.#notice.replaceChildren();
    this.#below.replaceChildren();
    if (isOpen(turn)) return;
    const { texts } = this.#context;
    if (turn.answer?.withheld && turn.sentences.length) {
      this.#notice.append(h("p", { class: "aside" }, fill(texts.withheld, { n: turn.answer.withheld })));
    }
    if (turn.status === "declined") this.#declined(turn);
    if (turn.status === "failed") this.#failed(turn);
    if (turn.status === "stopped") this.#stopped();
    if (turn.citations.length) this.#below.append(this.#notes(turn.citations));
    if (turn.sentences.length || turn.status === "declined") this.#below.append(this.#tools(turn));
  }

  #declined({ answer }) {
    const { texts } = this.#context;
    const words = texts.declined[answer.reason] ?? texts.declined.not_in_documents;
    this.#notice.append(h("p", { class: "notice declined" }, words));
    if (!answer.closest.length) return;
    const quotes = answer.closest.map((citation) => {
      const onclick = (event) => this.#context.actions.cite(citation, event.currentTarget);
      return h(
        "li",
        {},
        h(
          "button",
          { type: "button", class: "closest", onclick },
          h("span", { class: "quote" }, citation.quote),
          h("span", { class: "place" }, this.#place(citation)),
        ),
      );
    });
    this.#below.append(
      h("p", { class: "label" }, texts.closest),
      h("ul", { class: "closests" }, ...quotes),
    );
  }

  #failed({ error }) {
    const { texts } = this.#context;
    const said = h("span", {}, texts.failed[error.code] ?? texts.failed.internal);
    const notice = h("p", { class: "notice failed" }, said);
    this.#notice.append(notice);
    if (!error.retryable) return;
    const again = this.#again();
    this.#below.append(again);
    if (!(error.code === "busy" && error.seconds > 0)) return;
    // Another try before would only be refused again. The clock is not read out, the notice is.
    const until = Date.now() + error.seconds * 1000;
    said.append(" ", fill(texts.wait, { n: error.seconds }));
    again.setAttribute("aria-disabled", "true");
    const clock = h("span", { class: "clock", "aria-hidden": "true" });
    again.append(clock);
    const tick = () => {
      const left = Math.ceil((until - Date.now()) / 1000);
      clock.textContent = left > 0 ? ` (${left})` : "";
      if (left > 0) return;
      again.removeAttribute("aria-disabled");
      said.textContent = texts.failed.busy;
      this.dispose();
    };
    tick();
    this.#timer = setInterval(tick, 500);
  }

  #stopped() {
    this.#notice.append(h("p", { class: "aside" }, this.#context.texts.stopped));
    this.#below.append(this.#again());
  }

  #again() {
    const { texts, actions } = this.#context;
    const onclick = (event) => {
      if (event.currentTarget.getAttribute("aria-disabled") !== "true") actions.retry();
    };
    return h("button", { type: "button", class: "again", onclick }, icon("again"), texts.retry);
  }

  #notes(citations) {
    const { texts, actions } = this.#context;
    // One document is named once, above; several are named with each footnote.
    const single = new Set(citations.map((citation) => citation.document_id)).size === 1;
    const items = citations.map((citation) => {
      const onclick = (event) => actions.cite(citation, event.currentTarget);
      const place = this.#place(citation, !single);
      const label = `${fill(texts.footnote, { n: citation.number })}: ${place}`;
      const number = h("span", { class: "number" }, String(citation.number));
      const shown = h("span", { class: "place" }, place);
      return h("li", {}, h("button", { type: "button", class: "note", "aria-label": label, onclick }, number, shown));
    });
    const title = single && citations[0].title && citations.some((citation) => citation.section);
    return h(
      "div",
      { class: "sources" },
      title && h("p", { class: "label" }, citations[0].title),
      h("ul", { class: "notes", "aria-label": texts.footnotes }, ...items),
    );
  }

  #place({ section, title, page }, named = true) {
    const paged = page != null && fill(this.#context.texts.page, { n: page });
    return [section, (named || !section) && title, paged].filter(Boolean).join(" · ");
  }

  #tools(turn) {
    const { texts, actions } = this.#context;
    const tools = h("div", { class: "tools" });
    if (turn.sentences.length) {
      tools.append(iconButton("copy", texts.copy, { class: "tool", onclick: () => actions.copy(turn) }));
    }
    if (turn.answer?.id) {
      const thumb = (name, label) =>
        iconButton(name, label, {
          class: "tool",
          "data-thumb": name,
          "aria-pressed": String(turn.thumb === name),
          onclick: () => this.#thumb(turn, name, tools),
        });
      tools.append(thumb("up", texts.good), thumb("down", texts.bad));
    }
    return tools;
  }

  #thumb(turn, thumb, tools) {
    this.#below.querySelector("form")?.remove();
    this.#context.actions.thumb(turn, { rating: thumb });
    if (thumb === "down") {
      const form = this.#reasons(turn, tools);
      tools.after(form);
      form.querySelector("input").focus();
    }
  }

  #reasons(turn, tools) {
    const { texts, actions } = this.#context;
    const leave = () => {
      form.remove();
      tools.querySelector("[data-thumb=down]").focus();
    };
    const onsubmit = (event) => {
      event.preventDefault();
      const reason = form.querySelector("input:checked")?.value;
      const comment = form.querySelector("textarea").value.trim();
      if (reason || comment) {
        const more = { ...(reason && { reason }), ...(comment && { comment }) };
        actions.thumb(turn, { rating: "down", ...more });
      }
      leave();
    };
    const choices = REASONS.map((reason) =>
      h("label", { class: "choice" }, h("input", { type: "radio", name: "reason", value: reason }), texts[reason]),
    );
    const form = h(
      "form",
      { class: "reasons", onsubmit },
      h("fieldset", {}, h("legend", {}, texts.why), ...choices),
      h("label", { class: "comment" }, texts.comment, h("textarea", { rows: 2, maxlength: 2000 })),
      h(
        "div",
        { class: "buttons" },
        h("button", { type: "submit", class: "primary" }, texts.submit),
        h("button", { type: "button", class: "again", onclick: leave }, texts.cancel),
      ),
    );
    return form;
  }
}

/** Sentences one after the other as paragraphs and lists, built from what stands before each. */
class Flow {
  #root;
  #block = null;
  #lists = [];

  constructor(root) {
    this.#root = root;
  }

  add(sentence, node) {
    const how = opening(sentence.lead);
    const isBlock = node.querySelector("pre") !== null;
    if (how.kind === "item") this.#item(how);
    else if (how.kind === "paragraph" || !this.#block) this.#paragraph();
    else if (how.gap) this.#block.append(" ");
    if (isBlock && this.#block.localName === "p") {
      // A paragraph cannot hold a block of code.
      if (!this.#block.hasChildNodes()) this.#block.remove();
      this.#root.append(h("div", { class: "code" }, node));
      this.#block = null;
    } else {
      this.#block.append(node);
    }
  }

  #paragraph() {
    this.#lists = [];
    this.#block = h("p");
    this.#root.append(this.#block);
  }

  #item({ depth, ordered, number }) {
    const tag = ordered ? "ol" : "ul";
    this.#lists.length = Math.min(this.#lists.length, depth + 1);
    const level = this.#lists.length - 1;
    if (level === depth && this.#lists[level].localName !== tag) this.#lists.pop();
    if (this.#lists.length <= depth) {
      const parent = this.#lists.at(-1)?.lastElementChild ?? this.#root;
      const list = h(tag, ordered && number !== 1 ? { start: number } : {});
      parent.append(list);
      this.#lists.push(list);
    }
    this.#block = h("li");
    this.#lists.at(-1).append(this.#block);
  }
}
