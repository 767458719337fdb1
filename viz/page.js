"use strict";
// Choosing a good, reading values off the drawings, saving tables. The page works without this script:
// then all goods are shown one after the other.
(() => {
  const sections = [...document.querySelectorAll(".good")];
  const select = document.getElementById("good");
  const options = [...select.options].map((option) => option.value);

  function show(good) {
    sections.forEach((section) => { section.hidden = section.id !== good; });
    select.value = good;
  }
  function choose(good) {
    show(good);
    history.replaceState(null, "", "#" + good);
  }
  document.querySelector(".chooser").hidden = false;
  const wanted = location.hash.slice(1);
  show(options.includes(wanted) ? wanted : select.value);
  select.addEventListener("change", () => choose(select.value));
  document.querySelectorAll("[data-step]").forEach((button) => button.addEventListener("click", () => {
    const next = (options.indexOf(select.value) + Number(button.dataset.step) + options.length) % options.length;
    choose(options[next]);
  }));
  document.querySelectorAll("a[data-good]").forEach((link) => link.addEventListener("click", (event) => {
    event.preventDefault();
    choose(link.dataset.good);
    document.querySelector(".chooser").scrollIntoView({ block: "start" });
  }));
  window.addEventListener("hashchange", () => {
    const good = location.hash.slice(1);
    if (options.includes(good)) show(good);
  });

  // A pointer, a finger or the arrow keys move a line over the drawing; the values come from the table below it.
  document.querySelectorAll(".chart svg.plot").forEach((svg) => {
    const chart = svg.closest(".chart");
    const tip = chart.querySelector(".tip");
    const cross = svg.querySelector(".cross");
    const table = chart.querySelector(".numbers table");
    const left = Number(svg.dataset.left), right = Number(svg.dataset.right), count = Number(svg.dataset.count);
    let at = count - 1;

    function point(position) {
      at = Math.max(0, Math.min(count - 1, position));
      const x = left + (right - left) * at / Math.max(count - 1, 1);
      cross.setAttribute("x1", x);
      cross.setAttribute("x2", x);
      cross.style.visibility = "visible";
      const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent);
      const cells = [...table.tBodies[0].rows[at].cells].map((cell) => cell.textContent);
      const heading = document.createElement("b");
      heading.textContent = cells[0];
      const lines = names.map((name, i) => [name, cells[i + 1]]).filter(([, value]) => value !== "" && value !== "0");
      tip.replaceChildren(heading, ...lines.flatMap(([name, value], i) => [...(i ? [document.createElement("br")] : []),
        document.createTextNode(name + " " + nice(name, value))]));
      tip.hidden = false;
      const place = x / svg.viewBox.baseVal.width * svg.clientWidth;
      const before = place > svg.clientWidth / 2;
      tip.style.left = before ? "auto" : place + 10 + "px";
      tip.style.right = before ? svg.clientWidth - place + 10 + "px" : "auto";
    }
    function nice(name, value) {
      if (chart.classList.contains("production_share")) return (100 * Number(value)).toFixed(1) + " %";
      return Number(value).toLocaleString("en-US", { maximumSignificantDigits: 4 });
    }
    function hide() {
      cross.style.visibility = "hidden";
      tip.hidden = true;
    }
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
      point(Math.round((x - left) / (right - left) * (count - 1)));
    });
    svg.addEventListener("pointerleave", hide);
    svg.addEventListener("blur", hide);
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, Home: -count, End: count }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      point(at + step);
    });
  });

  document.querySelectorAll("button.csv").forEach((button) => button.addEventListener("click", () => {
    const rows = [...button.parentElement.querySelectorAll("tr")];
    const text = rows.map((row) => [...row.cells].map((cell) => cell.textContent).join(",")).join("\n") + "\n";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = button.dataset.file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }));
})();
