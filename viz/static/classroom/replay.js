// The replay: a slider over the rounds, with the charts marking the one shown. Without this script all rounds are shown.
import { byId } from "./common.js";

const rounds = [...document.querySelectorAll(".round")];
let all = false;

function show(number, isChosen = true) {
  const now = Math.min(Math.max(number, 1), rounds.length);
  for (const one of rounds) one.hidden = !all && Number(one.dataset.round) !== now;
  for (const mark of document.querySelectorAll(".mark")) mark.classList.toggle("now", !all && Number(mark.dataset.round) === now);
  const words = `${now} of ${rounds.length}: ${rounds[now - 1].dataset.span}`;
  byId("at").value = String(now);
  byId("at").setAttribute("aria-valuetext", `Round ${words}`);
  byId("told").textContent = all ? `1 to ${rounds.length}` : words;
  byId("before").disabled = !all && now === 1;
  byId("after").disabled = !all && now === rounds.length;
  byId("all").setAttribute("aria-pressed", String(all));
  if (isChosen) history.replaceState(null, "", `#round-${now}`);
}

const at = () => Number(byId("at").value);
const choose = (number) => { all = false; show(number); };
/** Follow a link to a round, from this page or from elsewhere. */
function follow() {
  const found = /^#round-(\d+)$/.exec(location.hash);
  if (found) choose(Number(found[1]));
  return Boolean(found);
}

if (byId("slider")) {
  byId("slider").hidden = false;
  document.body.classList.add("live");
  byId("at").addEventListener("input", () => choose(at()));
  byId("before").addEventListener("click", () => choose(at() - 1));
  byId("after").addEventListener("click", () => choose(at() + 1));
  byId("all").addEventListener("click", () => { all = !all; show(at()); });
  window.addEventListener("hashchange", follow);
  if (!follow()) show(1, false);
}
