// The widget's stylesheet, as text for a constructed stylesheet.
//
// `all: initial` keeps out what the page's rules would hand down; only the colour scheme is taken
// over, so that light-dark() follows the page. Sizes are in em of the reader's own font size.

export const STYLE = `
:host { display: block; }
:host([hidden]) { display: none; }

.root {
  all: initial;
  color-scheme: inherit;
  display: block;
  --accent: var(--footnote-accent, light-dark(#0b5d57, #7fd6cb));
  --on-accent: var(--footnote-on-accent, oklch(from var(--accent) clamp(0, (0.68 - l) * 1000, 1) 0 0));
  --ink: var(--footnote-text, light-dark(#1d1b18, #ece8e1));
  --soft: var(--footnote-muted, light-dark(#5f594f, #b0a99d));
  --paper: var(--footnote-background, light-dark(#fffdf9, #1c1b19));
  --tint: color-mix(in srgb, var(--accent) 9%, var(--paper));
  --line: color-mix(in srgb, var(--ink) 15%, var(--paper));
  --edge: color-mix(in srgb, var(--ink) 52%, var(--paper));
  --mark: var(--footnote-highlight, light-dark(#ffe79a, #5c4a14));
  --warn: light-dark(#fdf0d5, #3a2c10);
  --warn-ink: light-dark(#6b4300, #f5cf8a);
  --radius: var(--footnote-radius, 14px);
  font-family: var(--footnote-font, system-ui, sans-serif);
  font-size: var(--footnote-font-size, medium);
  line-height: 1.55;
  color: var(--ink);
}
.root[data-theme="light"] { color-scheme: light; }
.root[data-theme="dark"] { color-scheme: dark; }
.root:lang(ja) { line-height: 1.75; line-break: strict; }

*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
p, h2, h3, ul, ol, fieldset, blockquote, pre { margin: 0; padding: 0; border: 0; min-inline-size: 0; }
ul, ol { list-style: none; }
h2, h3 { font: inherit; font-weight: 650; }
button, textarea, input { font: inherit; color: inherit; letter-spacing: inherit; }
button {
  margin: 0; padding: 0; border: 1px solid transparent; background: none; cursor: pointer;
  text-align: inherit;
}
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.icon { inline-size: 1.25em; block-size: 1.25em; fill: none; stroke: currentColor; stroke-width: 1.7;
  stroke-linecap: round; stroke-linejoin: round; flex: none; display: block; }
.unseen { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }

.panel {
  position: relative; display: flex; flex-direction: column; overflow: hidden;
  max-block-size: var(--footnote-height, min(42em, 85vh));
  background: var(--paper); border: 1px solid var(--line); border-radius: var(--radius);
}
.panel.reading { block-size: var(--footnote-height, min(42em, 85vh)); }
header { display: flex; align-items: center; gap: .25em; padding: .55em .6em .55em 1.1em;
  min-block-size: 3.25em; border-block-end: 1px solid var(--line); }
h2 { flex: 1; min-inline-size: 0; overflow-wrap: anywhere; line-height: 1.3; }
.body { position: relative; display: flex; flex: 1; min-block-size: 0; }
.chat { display: flex; flex-direction: column; flex: 1; min-inline-size: 0; position: relative; }
.scroller { flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 1.1em; min-block-size: 0; }
.scroller, .source-body { outline-offset: -3px; }

.intro { color: var(--soft); max-inline-size: 34em; }
.greeting:not(:empty) { margin-block-start: 1.1em; }
.label { font-size: .8125em; font-weight: 600; color: var(--soft); margin-block-end: .5em; }
.suggestions { display: flex; flex-wrap: wrap; gap: .5em; }
.suggestion { padding: .4em .85em; border-color: var(--line); border-radius: 1.2em; background: var(--paper);
  line-height: 1.4; }
.suggestion:hover { background: var(--tint); border-color: var(--accent); }

.turn + .turn { margin-block-start: 1.75em; }
.question { margin-inline-start: auto; inline-size: fit-content; max-inline-size: 88%;
  padding: .5em .9em; border-radius: 1.1em 1.1em .3em 1.1em; background: var(--tint);
  white-space: pre-wrap; overflow-wrap: anywhere; }
.answer { margin-block-start: 1em; max-inline-size: 42em; overflow-wrap: anywhere; }
.answer:empty { margin: 0; }
.answer > * + * { margin-block-start: .75em; }
.answer ul { list-style: disc; padding-inline-start: 1.4em; }
.answer ol { list-style: decimal; padding-inline-start: 1.7em; }
.answer li { margin-block: .25em; }
.answer li::marker { color: var(--soft); }
code { font-family: ui-monospace, monospace; font-size: .9em; }
:not(pre) > code { padding: .1em .3em; border-radius: .3em; background: var(--tint); }
pre { overflow-x: auto; padding: .8em 1em; border-radius: .6em; background: var(--tint); line-height: 1.45; }
.tail { white-space: nowrap; }
.sentence { animation: arrive .35s ease-out; }

.mark {
  position: relative; inset-block-start: -.3em; display: inline-block; margin-inline-start: .3em;
  min-inline-size: 2em; padding: 0 .4em; border-radius: 1em; text-align: center;
  font-size: .72em; font-weight: 650; line-height: 1.75;
  background: color-mix(in srgb, var(--accent) 14%, var(--paper)); color: var(--accent); white-space: nowrap;
}
.mark::after { content: ""; position: absolute; inset: -.45em -.2em; }
.mark:hover, .mark[aria-current] { background: var(--accent); color: var(--on-accent); }

.waiting { margin-block-start: 1em; color: var(--soft); }
.waiting::before { content: ""; display: inline-block; inline-size: .5em; block-size: .5em; margin-inline-end: .6em;
  border-radius: 50%; background: var(--accent); animation: breathe 1.2s ease-in-out infinite; }
.notices > * { margin-block-start: .9em; }
.notice { padding: .65em .9em; border-radius: .7em; border-inline-start: 3px solid; max-inline-size: 42em; }
.notice.declined { background: var(--tint); border-color: var(--accent); }
.notice.failed { background: var(--warn); color: var(--warn-ink); border-color: currentColor; }
.aside { font-size: .875em; color: var(--soft); }
.below > * { margin-block-start: .9em; }
.below .label { margin-block-end: -.4em; font-weight: 500; }

.sources { padding-block-start: .7em; border-block-start: 1px solid var(--line); max-inline-size: 42em; }
.sources .label { margin-block-end: .2em; line-height: 1.4; }
.notes { display: grid; gap: .1em; }
.note { display: flex; gap: .6em; inline-size: 100%; padding: .25em .4em; margin-inline-start: -.4em;
  border-radius: .5em; font-size: .875em; line-height: 1.4; align-items: baseline; }
.note .number { color: var(--accent); font-weight: 650; min-inline-size: 1em; }
.note .place { color: var(--soft); min-inline-size: 0; overflow-wrap: anywhere; }
.note:hover, .note[aria-current] { background: var(--tint); }
.closests { display: grid; gap: .5em; max-inline-size: 42em; }
.closest { display: block; inline-size: 100%; padding: .65em .9em; border-color: var(--line); border-radius: .7em; }
.closest:hover, .closest[aria-current] { border-color: var(--accent); background: var(--tint); }
.closest .quote { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; }
.closest .place { display: block; margin-block-start: .25em; font-size: .8125em; color: var(--soft); }

.tools { display: flex; gap: .15em; margin-inline-start: -.45em; }
.tool { display: inline-grid; place-items: center; inline-size: 2.25em; block-size: 2.25em; border-radius: .6em;
  color: var(--soft); flex: none; }
.tool:hover { background: var(--tint); color: var(--ink); }
.tool[aria-pressed="true"] { color: var(--accent); background: var(--tint); }
.again, .primary { display: inline-flex; align-items: center; gap: .45em; padding: .4em .85em; border-radius: .6em;
  border-color: var(--edge); font-size: .9375em; line-height: 1.4; }
.again:hover { background: var(--tint); }
.again[aria-disabled="true"] { cursor: default; color: var(--soft); border-color: var(--line); }
.primary { background: var(--accent); color: var(--on-accent); border-color: transparent; }
.reasons { padding: .8em 1em; border: 1px solid var(--line); border-radius: .7em; max-inline-size: 30em;
  font-size: .9375em; }
.reasons legend { padding: 0; font-weight: 600; margin-block-end: .4em; }
.choice { display: flex; gap: .55em; align-items: center; padding-block: .2em; }
.choice input { inline-size: 1.1em; block-size: 1.1em; margin: 0; accent-color: var(--accent); flex: none; }
.comment { display: block; margin-block-start: .6em; color: var(--soft); }
.comment textarea { display: block; inline-size: 100%; margin-block-start: .3em; resize: vertical; color: var(--ink); }
.buttons { display: flex; flex-wrap: wrap; gap: .5em; margin-block-start: .7em; }
textarea { background: transparent; border: 1px solid var(--edge); border-radius: .6em; padding: .45em .7em; margin: 0; }
textarea::placeholder { color: var(--soft); opacity: 1; }

.composer { display: flex; align-items: flex-end; gap: .4em; margin: 0 .8em .8em; padding: .3em;
  border: 1px solid var(--edge); border-radius: 1.4em; background: var(--paper); }
.composer:focus-within { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
.composer textarea { flex: 1; min-inline-size: 0; border: 0; outline: none; resize: none; field-sizing: content;
  max-block-size: 8em; padding: .3em .4em .3em .8em; line-height: 1.5; font-size: max(1em, 16px); }
.send { display: grid; place-items: center; inline-size: 2.2em; block-size: 2.2em; border-radius: 50%; flex: none;
  background: var(--accent); color: var(--on-accent); }
.send:hover, .launcher:hover { background: color-mix(in srgb, var(--accent) 86%, var(--ink)); }
.toast { position: absolute; inset-inline: 0; inset-block-end: 4.6em; margin-inline: auto; inline-size: fit-content;
  max-inline-size: calc(100% - 2em); padding: .35em .9em; border-radius: 1.2em; background: var(--ink); color: var(--paper);
  font-size: .875em; }

.source { position: absolute; inset: 0; display: flex; flex-direction: column; background: var(--paper);
  animation: slide .22s ease-out; }
.panel.beside .source { position: static; flex: 0 0 46%; border-inline-start: 1px solid var(--line); }
.source-head { display: flex; gap: .5em; align-items: flex-start; padding: .8em .6em .7em 1.1em;
  border-block-end: 1px solid var(--line); max-block-size: 45%; overflow-y: auto; }
.source-names { flex: 1; min-inline-size: 0; overflow-wrap: anywhere; }
.source-title { line-height: 1.35; outline-offset: 4px; }
.source .place, .link { font-size: .875em; color: var(--soft); }
.place:empty, .link:empty { display: none; }
.link a { color: var(--accent); display: inline-flex; gap: .25em; align-items: center; min-block-size: 1.75em; }
.source-body { flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 1.1em; min-block-size: 0;
  font-family: var(--footnote-font-source, Charter, Georgia, serif); line-height: 1.65; }
.source-body > * + * { margin-block-start: .9em; }
.source-body p, blockquote { white-space: pre-line; overflow-wrap: anywhere; max-inline-size: 40em; }
.source-body .heading { font-weight: 700; margin-block-start: 1.5em; }
.source-body .again, .loading, .source-body .aside { font-family: system-ui, sans-serif; }
.loading { color: var(--soft); }
mark { background: var(--mark); color: inherit; padding-block: .12em; border-radius: .15em;
  box-decoration-break: clone; -webkit-box-decoration-break: clone; }

.dock { all: initial; color-scheme: inherit; font: inherit; color: inherit; line-height: inherit;
  position: fixed; inset: auto; inset-block-end: max(1rem, env(safe-area-inset-bottom)); inset-inline-end: 16px;
  display: flex; flex-direction: column; align-items: flex-end; gap: 12px; overflow: visible; }
.dock:not(:popover-open) { display: none; }
.dock .panel { inline-size: min(27em, calc(100vw - 32px));
  block-size: min(var(--footnote-height, 42em), calc(var(--height, 100vh) - 2em));
  max-block-size: none; box-shadow: 0 12px 40px #0003; }
.launcher { display: inline-flex; align-items: center; gap: .55em; padding: .7em 1.1em; border-radius: 2em;
  background: var(--accent); color: var(--on-accent); font-weight: 600; line-height: 1.4;
  box-shadow: 0 6px 20px #0003; }

@media (max-width: 560px) {
  .dock .panel { position: fixed; inset: var(--top, 0px) 0 auto 0; inline-size: 100%;
    block-size: var(--height, 100dvh); border: 0; border-radius: 0; }
}
@keyframes arrive { from { opacity: 0; } }
@keyframes slide { from { opacity: 0; transform: translateY(.5em); } }
@keyframes breathe { 50% { opacity: .25; } }
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { animation: none !important; transition: none !important; }
}
@media (forced-colors: active) {
  .mark, .send, .launcher, .question, .primary { border: 1px solid; }
  .mark[aria-current], mark { forced-color-adjust: none; background: Mark; color: MarkText; }
}
`;
