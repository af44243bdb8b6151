// The source panel: a document's text with the cited words marked, found by their offsets.
//
// `panel.open(citation, client)` shows it and takes the focus; `onclose` is called when it is left.

import { h, icon, iconButton } from "./dom.js";
import { around } from "./offsets.js";
import { webAddress } from "./state.js";
import { fill } from "./texts.js";

/** How much text is shown on either side of the words at first, and by how much "more" widens it. */
const REACH = 1500;
const WIDER = 4;

export class SourcePanel {
  #texts;
  #wanted = null;
  #title = h("h3", { class: "source-title", tabindex: "-1", id: "source-title" });
  #place = h("p", { class: "place" });
  #link = h("p", { class: "link" });
  #body = h("div", { class: "source-body", tabindex: "0" });

  constructor(texts, onclose) {
    this.#texts = texts;
    this.#body.setAttribute("aria-label", texts.source);
    this.#body.setAttribute("role", "group");
    this.element = h(
      "div",
      { class: "source", role: "dialog", "aria-labelledby": "source-title", hidden: true },
      h(
        "div",
        { class: "source-head" },
        h("div", { class: "source-names" }, this.#title, this.#place, this.#link),
        iconButton("close", texts.closeSource, { class: "tool", onclick: onclose }),
      ),
      this.#body,
    );
  }

  get isOpen() {
    return !this.element.hidden;
  }

  close() {
    this.element.hidden = true;
    this.#wanted = null;
  }

  async open(citation, client) {
    const texts = this.#texts;
    this.#wanted = citation;
    this.#title.textContent = citation.title || citation.source;
    const page = citation.page != null && fill(texts.page, { n: citation.page });
    this.#place.textContent = [citation.section, page].filter(Boolean).join(" · ");
    this.#linkTo(webAddress(citation.source));
    this.#body.replaceChildren(h("p", { class: "loading" }, texts.loading));
    this.element.hidden = false;
    this.#title.focus({ preventScroll: true });
    let document = null;
    try {
      document = await client.document(citation.document_id);
    } catch {
      // Shown below: without the document, the quoted words are what there is.
    }
    // Another footnote may have been pressed, or the panel closed, while it was fetched.
    if (this.#wanted !== citation) return;
    if (document) this.#show(document, citation, REACH);
    else this.#only(texts.unreadable, citation);
  }

  #linkTo(address) {
    this.#link.replaceChildren();
    if (!address) return;
    const attributes = { href: address, target: "_blank", rel: "noopener noreferrer nofollow" };
    this.#link.append(h("a", attributes, this.#texts.openSource, icon("out")));
  }

  #only(words, citation) {
    this.#body.replaceChildren(
      h("p", { class: "aside" }, words),
      h("blockquote", {}, h("mark", {}, citation.quote)),
    );
  }

  #show(document, citation, reach) {
    const found = around(document, citation, reach);
    if (!found) {
      this.#only(this.#texts.changed, citation);
      return;
    }
    const more = (label) => {
      const onclick = () => {
        this.#show(document, citation, reach * WIDER);
        this.#body.focus({ preventScroll: true });
      };
      return h("button", { type: "button", class: "again", onclick }, label);
    };
    this.#body.replaceChildren();
    if (found.before) this.#body.append(more(this.#texts.earlier));
    this.#body.append(...found.paragraphs.map(paragraph));
    if (found.after) this.#body.append(more(this.#texts.later));
    const mark = this.#body.querySelector("mark");
    const offset = mark.getBoundingClientRect().top - this.#body.getBoundingClientRect().top;
    this.#body.scrollTop += offset - this.#body.clientHeight / 4;
  }
}

function paragraph({ heading, parts }) {
  const attributes = heading
    ? // Below the panel's own title, which is of level 3.
      { class: "heading", role: "heading", "aria-level": String(Math.max(4, Math.min(heading + 2, 6))) }
    : {};
  const nodes = parts.map(({ text, cited }) => (cited ? h("mark", {}, text) : text));
  return h("p", attributes, ...nodes);
}
