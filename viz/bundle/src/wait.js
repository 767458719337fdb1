// What a page shows until its first answer: where things will be, and why it takes long where it does.
import { h, say } from "./dom.js";

const LONG = 6000;

// Returns what ends the wait.
export function waiting(host, words, compiles = true) {
  const text = h("p", { class: "wait", role: "status", text: words });
  const block = (name) => h("div", { class: `blank ${name}`, "aria-hidden": "true" });
  host.replaceChildren(h("div", { class: "waiting" }, text, block("head"), block("row"), h("div", { class: "blanks" }, block(""), block(""), block(""))));
  const timer = setTimeout(() => compiles && say(text, `${words} The first start after an installation compiles the rules, which takes one to three minutes, once. Later starts take seconds.`), LONG);
  let ended = false;
  return () => { if (!ended) { ended = true; clearTimeout(timer); host.querySelector(".waiting")?.remove(); } };
}
