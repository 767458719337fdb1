// What is longer than the screen is shown in pages that turn by themselves; arrow keys turn them, space stops them.
import { el } from "./common.js";

const TURN_SECONDS = 12, GAP = 12;
/** What a long part is made of, the first kind that there is more than one of. */
const ITEMS = [".told > .stack > .card", ".worldcards > .card", ".two > .card", ".words > span", ".list > li", "tbody > tr"];

let pages = [], at = 0, showing = "", isStopped = false, place = null, note = null, clock = 0;

/** Where the foot of the page begins. */
const floor = () => window.innerHeight - (document.querySelector(".foot")?.offsetHeight ?? 0) - 3 * GAP;
/** Whether the part ends above it. */
const fits = () => place.getBoundingClientRect().bottom <= floor();
const show = (items, from, to) => items.forEach((item, n) => { item.hidden = n < from || n >= to; });

/** How many of the items from one on fit at once, one at least. */
function room(items, from) {
  let low = 1, high = items.length - from;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    show(items, from, from + middle);
    if (fits()) low = middle; else high = middle - 1;
  }
  return low;
}

/** Lay what stands in `large` out in pages; `name` says what it is, so that a redrawing keeps the page. */
export function paged(large, name) {
  place = large;
  if (name !== showing) { // something else is shown: from its first page on, for its full time
    at = 0;
    clearInterval(clock);
    clock = setInterval(() => { if (!isStopped) turn(1); }, 1000 * TURN_SECONDS);
  }
  showing = name;
  pages = [];
  note?.remove();
  note = el("p", { class: "soft pages", "aria-live": "off" });
  const beside = large?.parentElement.querySelector("aside"); // it is cut, and takes no room from the part
  if (beside) beside.style.maxHeight = `${floor() - beside.getBoundingClientRect().top}px`;
  const items = ITEMS.map((kind) => [...(large?.querySelectorAll(kind) ?? [])]).find((found) => found.length > 1) ?? [];
  if (!items.length) return;
  show(items, 0, items.length);
  if (fits()) return;
  large.append(note);
  note.textContent = "0 of 0";
  for (let from = 0; from < items.length;) {
    const count = room(items, from);
    pages.push([items, from, from + count]);
    from += count;
  }
  turn(0);
}

function turn(by) {
  if (!pages.length) return;
  at = (at + by + pages.length) % pages.length;
  const [items, from, to] = pages[at];
  show(items, from, to);
  note.textContent = `${from + 1} to ${to} of ${items.length}${isStopped ? "; stopped, space goes on" : ""}`;
}

window.addEventListener("resize", () => paged(place, showing));
document.addEventListener("keydown", (event) => {
  if (event.target.closest?.("a, button, input, select") && event.key === " ") return;
  if (event.key === "ArrowRight" || event.key === "ArrowLeft") turn(event.key === "ArrowRight" ? 1 : -1);
  else if (event.key === " " && pages.length) { event.preventDefault(); isStopped = !isStopped; turn(0); }
});
