// On a wide screen the panel is open from the start: there is room for it beside the article.

if (matchMedia("(min-width: 1100px)").matches) {
  document.querySelector("footnote-chat").toggleAttribute("open", true);
}
