// Joining with the code on the wall, or coming back with one's own code.
import { BASE, byId, post, say } from "./common.js";

const id = [...crypto.getRandomValues(new Uint8Array(12))].map((b) => b.toString(16).padStart(2, "0")).join(""); // a join whose answer got lost is the same one

byId("join").addEventListener("submit", async (event) => {
  event.preventDefault();
  say("fault", "");
  try {
    const answer = await post("/api/command", { id, kind: "join", body: { code: byId("code").value, name: byId("name").value } });
    if (!answer.ok) { say("fault", answer.message); return; }
    if (answer.resume) try { localStorage.setItem("orebloc resume", answer.resume); } catch { /* shown on the next page all the same */ }
    location.assign(`${answer.base ?? BASE}/play${answer.resume ? `#${answer.resume}` : ""}`);
  } catch { say("fault", "The server does not answer. Are you in the right network?"); }
});

byId("back").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const answer = await post("/api/resume", { code: byId("resume").value });
    if (answer.ok) location.assign(`${answer.base ?? BASE}/play`); else say("backfault", answer.message);
  } catch { say("backfault", "The server does not answer. Are you in the right network?"); }
});

try { byId("resume").value = localStorage.getItem("orebloc resume") || ""; } catch { /* private mode */ }

const view = await (await fetch(`${BASE}/api/view`)).json();
if (view.own.kind === "person") location.replace(`${view.base ?? BASE}/play`);
