// The facilitator's link: opening the page changes nothing, the button does.
import { BASE, byId, post, say } from "./common.js";

byId("go").addEventListener("click", async () => {
  try {
    const answer = await post("/api/desk", { key: location.pathname.split("/").pop() });
    if (answer.ok) location.assign(`${BASE}/desk`);
    else say("fault", "This link has been used or is of an earlier start. Look at the console for the newest, or restart with --resume.");
  } catch { say("fault", "The server does not answer. Is it running, on this machine?"); }
});
