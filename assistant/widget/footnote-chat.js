// The one file a page loads:
//
//     <script type="module" src="https://chat.example.com/widget/footnote-chat.js"></script>
//     <footnote-chat site="your-site-id"></footnote-chat>
//
// Loading it twice, also under two addresses, defines the element once: the first one stays.

import { FootnoteChat } from "./element.js";

if (!customElements.get("footnote-chat")) customElements.define("footnote-chat", FootnoteChat);
