// Runs before the page is drawn: the theme a person chose, links that keep what the address holds, and words where
// the connection is lost.
(() => {
  const root = document.documentElement, key = "orebloc-theme";
  const set = (theme) => { if (theme) root.dataset.theme = theme; else delete root.dataset.theme; };
  try { set(localStorage.getItem(key)); } catch { /* a browser that keeps nothing */ }
  const dark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-keep]");
    if (link) link.href = link.pathname + location.search;
    if (!event.target.closest?.("[data-theme-switch]")) return;
    set(dark() ? "light" : "dark");
    try { localStorage.setItem(key, root.dataset.theme); } catch { /* only for this page then */ }
  });

  // Solara's page says how its connection is; ours puts it into words and leaves the charts readable.
  const watch = () => {
    const bar = document.createElement("p");
    bar.className = "lost";
    bar.setAttribute("role", "status");
    bar.hidden = true;
    document.body.append(bar);
    let since = null, back = null;
    setInterval(() => {
      const lost = window.app && window.app.wasConnected && window.app.connectionStatus !== "connected";
      since = lost ? since ?? Date.now() : null;
      const line = lost ? "lost" : "here";
      if ((root.dataset.line ?? "here") !== line) {
        root.dataset.line = line;
        clearTimeout(back); // a page that comes back without a reload has nothing to restore
        const keep = (act) => { try { act(sessionStorage); } catch { /* then it is not told after a reload */ } };
        if (lost) keep((store) => store.setItem("orebloc-lost", "1"));
        else back = setTimeout(() => keep((store) => store.removeItem("orebloc-lost")), 20000);
        document.dispatchEvent(new Event("orebloc-line"));
      }
      const told = since !== null && Date.now() - since > 1000;
      if (told !== !bar.hidden) {
        bar.hidden = !told;
        bar.textContent = told ? "Reconnecting to Orebloc on this machine… What you see stays; levers wait until it is back. What you set is in the address." : "";
      }
    }, 500);
  };
  // On a class's server a line says whose game this is: another one where the page has opened another scenario.
  const follow = () => {
    const texts = [...document.querySelectorAll(".class-strip [data-scenario]")];
    if (texts.length < 2) return;
    const own = texts[0].dataset.scenario;
    setInterval(() => {
      const is = new URLSearchParams(location.search).get("scenario") === own;
      if (texts[0].hidden === is) texts.forEach((text, n) => { text.hidden = n ? is : !is; });
    }, 300);
  };
  // What was painted first goes as soon as the page itself is there.
  const yieldPlace = () => {
    const first = document.getElementById("first-look"), seen = new MutationObserver(() => {
      if (document.querySelector(".orebloc-app")) { first?.remove(); seen.disconnect(); }
    });
    if (first) seen.observe(document.body, { childList: true, subtree: true });
  };
  document.addEventListener("DOMContentLoaded", () => { yieldPlace(); watch(); follow(); });
})();
