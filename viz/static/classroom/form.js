// Forms made from typed fields: an instrument, a firm's order or a clause describes itself, nothing here knows any by name.
import { costsNow, el, fieldWords, goodWords, price } from "./common.js";

let count = 0;
const NUMBERS = ["number", "integer", "share", "path"];

/** Return {element, read, fill}: inputs for the fields of a kind; `read()` gives the fields that were filled in, `fill(values)` shows given ones. */
export function fieldsOf(kind, form, changed = () => {}) {
  const rows = kind.fields.map((field) => input(field, form, changed));
  const numeric = rows.filter((row) => NUMBERS.includes(row.field.kind)).slice(0, 2);
  const shown = rows.filter((row) => row.field.is_required || numeric.includes(row) || ["good", "goods", "place", "countries", "country"].includes(row.field.kind)).slice(0, 5);
  const rest = rows.filter((row) => !shown.includes(row));
  const element = el("div", { class: "fields" }, shown.map((row) => row.element),
    rest.length ? el("details", {}, el("summary", {}, `More terms (${rest.length})`), el("div", { class: "fields" }, rest.map((row) => row.element))) : null);
  const priced = rows.filter((row) => row.field.unit === "usd a t" && NUMBERS.includes(row.field.kind));
  const weigh = () => priced.forEach((row) => beside(row, rows.find((one) => ["good", "goods"].includes(one.field.kind))?.read()));
  for (const row of priced.length ? rows : []) for (const kind of ["input", "change"]) row.control.addEventListener(kind, weigh);
  const read = () => Object.fromEntries(rows.map((row) => [row.field.name, row.read()]).filter(([, value]) => value !== undefined));
  const fill = (values) => {
    for (const row of rows) if (values[row.field.name] !== undefined) row.write(values[row.field.name]);
    for (const folded of element.querySelectorAll("details")) folded.open = rest.some((row) => values[row.field.name] !== undefined);
  };
  /** What keeps the form from being an order, in words with the control at fault; null where nothing does. */
  const lacking = () => {
    for (const row of rows) {
      const value = row.read();
      if (row.field.is_required && value === undefined) return { text: `${row.field.label} is missing. ${["good", "goods", "country", "countries", "place", "choice"].includes(row.field.kind) ? "Choose it." : "Fill it in."}`, control: row.control };
      if (NUMBERS.includes(row.field.kind) && row.field.kind !== "path" && value !== undefined && typeof value !== "number") return { text: `${row.field.label} must be a number.`, control: row.control };
    }
    return null;
  };
  return { element, read, fill, lacking };
}

/** Money a tonne is typed, most prices are told by the kilogram: say both, and what the good costs now. */
function beside(row, given) {
  const value = row.read(), good = Array.isArray(given) ? given[0] : given, now = costsNow(good);
  row.hint ??= row.element.appendChild(el("small", { class: "hint", role: "status" }));
  if (typeof value !== "number") { row.hint.textContent = ""; return; }
  const costs = now ? ` ${goodWords(good)} costs ${price(now, good)} outside now${value < 0.1 * now ? ": this is less than a tenth of it" : value > 10 * now ? ": this is more than ten times that" : ""}.` : "";
  row.hint.textContent = `That is ${price(value, good)}.${costs}`;
}

const isShareOf = (field) => field.unit === "share" && ["share", "number", "path"].includes(field.kind);
const inPercent = (share) => Number((100 * share).toPrecision(12));

/** Given fields of a kind in words, shares in per cent. */
export function wordsOf(kind, given) {
  const isShare = (name) => kind?.fields.some((field) => field.name === name && isShareOf(field));
  const label = (name) => kind?.fields.find((field) => field.name === name)?.label.toLowerCase() || name;
  return fieldWords(Object.fromEntries(Object.entries(given || {}).map(([name, value]) => [label(name), typeof value === "number" && isShare(name) ? `${inPercent(value)} %` : value])));
}

function input(field, form, changed) {
  const id = `field-${(count += 1)}`;
  const isShare = isShareOf(field);
  const control = controlOf(field, form, id, isShare);
  control.addEventListener("change", changed);
  control.addEventListener("input", changed);
  const bare = isShare ? "%" : field.unit === "1" ? "" : field.unit.replace("usd a t", "usd per tonne");
  const unit = field.label.toLowerCase().endsWith(`in ${bare}`) || (bare === "t" && field.label.toLowerCase().endsWith("in tonnes")) ? "" : bare;
  const help = el("small", {}, `${field.help}${field.is_required ? "" : " (may stay empty)"}`);
  const element = field.kind === "flag"
    ? el("label", { class: "line", for: id }, control, field.label)
    : el("label", { for: id }, `${field.label}${unit ? `, ${unit}` : ""}`, control, help);
  return { field, element, control, read: () => valueOf(field, control, isShare), write: (value) => writeTo(control, value, isShare) };
}

function controlOf(field, form, id, isShare) {
  const start = field.default;
  if (field.kind === "flag") return el("input", { id, type: "checkbox", checked: start === true });
  if (field.kind === "choice") return select(id, field.choices.map((c) => [c, c.replaceAll("_", " ")]), start, !field.is_required);
  if (field.kind === "good") return select(id, form.goods.map((g) => [g, goodWords(g)]), start, !field.is_required);
  if (field.kind === "goods") return select(id, form.goods.map((g) => [g, goodWords(g)]), null, !field.is_required, true);
  if (field.name === "measure" && form.measures) return select(id, form.measures, start, false);
  if (field.name === "treaty" && form.treaties) return select(id, form.treaties, start, false);
  const named = (codes) => codes.map((c) => [c, form.names?.[c] || c]).sort((a, b) => (a[0] === "OTH") - (b[0] === "OTH") || a[1].localeCompare(b[1]));
  if (field.kind === "country" || field.kind === "place") return select(id, [["WORLD", "the whole world"], ...named(form.countries)].slice(field.kind === "place" ? 0 : 1), start, !field.is_required);
  if (field.kind === "countries") return select(id, [["WORLD", "all others"], ...named(form.countries.filter((c) => c !== form.seat))], null, !field.is_required, true);
  if (NUMBERS.includes(field.kind))
    return el("input", { id, type: "text", inputmode: "decimal", autocomplete: "off", placeholder: typeof start === "number" ? String(isShare ? 100 * start : start) : "" });
  return el("input", { id, type: "text", autocomplete: "off", placeholder: ["text", "quarter"].includes(field.kind) ? "" : "as JSON" });
}

function select(id, options, start, mayBeEmpty, isMany = false) {
  const made = el("select", { id, ...(isMany ? { multiple: true, size: "5" } : {}) },
    mayBeEmpty && !isMany ? el("option", { value: "" }, "as usual") : null, options.map(([value, text]) => el("option", { value }, text)));
  if (!isMany && start) made.value = start;
  return made;
}

function writeTo(control, value, isShare) {
  if (control.type === "checkbox") control.checked = value === true;
  else if (control.multiple) for (const option of control.options) option.selected = value.includes(option.value);
  else if (typeof value === "number") control.value = String(isShare ? inPercent(value) : value);
  else control.value = typeof value === "string" ? value : JSON.stringify(value);
}

function valueOf(field, control, isShare) {
  if (field.kind === "flag") return control.checked === (field.default === true) ? undefined : control.checked;
  if (control.multiple) {
    const chosen = [...control.selectedOptions].map((option) => option.value);
    return chosen.length ? (chosen.includes("WORLD") ? ["WORLD"] : chosen) : undefined;
  }
  const text = control.value.trim();
  if (!text) return undefined;
  if (NUMBERS.includes(field.kind)) {
    const number = Number(text.replace(",", ".").replace("%", ""));
    if (Number.isFinite(number)) return isShare ? number / 100 : number;
  }
  if (["text", "quarter", "choice", "good", "country", "place", "number", "integer", "share"].includes(field.kind)) return text;
  try { return JSON.parse(text); } catch { return text; }
}
