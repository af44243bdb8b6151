// Small helpers to build DOM nodes: attributes, listeners and text, never HTML.

/**
 * An element: `h("button", { class: "send", onclick: send }, "Send")`. Functions become listeners,
 * true an empty attribute; false, null and undefined leave it out. Children are nodes or strings.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value != null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child != null && child !== false));
  return element;
}

const PATHS = {
  ask: "M12 19V5M5.5 11.5l6.5-6.5 6.5 6.5",
  stop: "M7.5 7.5h9v9h-9z",
  close: "M6 6l12 12M18 6 6 18",
  fresh: "M12 5v14M5 12h14",
  back: "M14.5 5l-7 7 7 7",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  up: "M7 11v9H4v-9zM7 11l4-7c1.6 0 2.5 1 2.5 2.5L13 10h5.5a1.6 1.6 0 0 1 1.6 1.9l-1.2 6.6a1.8 1.8 0 0 1-1.8 1.5H7",
  down: "M7 13V4H4v9zM7 13l4 7c1.6 0 2.5-1 2.5-2.5L13 14h5.5a1.6 1.6 0 0 0 1.6-1.9l-1.2-6.6A1.8 1.8 0 0 0 17.1 4H7",
  again: "M19 12a7 7 0 1 1-2.2-5.1L19 9M19 4v5h-5",
  out: "M8 16 18 6M10 6h8v8",
  chat: "M4 5h16v11H11l-5 4v-4H4zM8.5 9h7M8.5 12h4.5",
};

const SVG = "http://www.w3.org/2000/svg";

/** A drawn icon, hidden from screen readers: the button that holds it has a name. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** A button that shows an icon and is named by `label`. */
export function iconButton(name, label, attributes) {
  return h("button", { type: "button", "aria-label": label, title: label, ...attributes }, icon(name));
}
