// Small helpers: elements, numbers in words, and the bytes a page gets.
const NS = "http://www.w3.org/2000/svg";

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "text") element.textContent = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) if (child !== null && child !== undefined) element.append(child);
  return element;
}

export function s(tag, attributes = {}, parent = null) {
  const element = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (parent) parent.appendChild(element);
  return element;
}

export const put = (element, name, value) => {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
};

export const say = (element, words) => {
  if (element.textContent !== words) element.textContent = words;
};

export function unpack(buffer) {
  const view = buffer instanceof DataView ? buffer : new DataView(buffer.buffer ?? buffer);
  const start = view.byteOffset;
  const length = new DataView(view.buffer, start, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(view.buffer, start + 4, length)));
  const body = view.buffer.slice(start + 4 + length, start + view.byteLength);
  const arrays = {};
  for (const [name, [offset, rows, columns]] of Object.entries(header.arrays ?? {}))
    arrays[name] = { rows, columns, data: new Float32Array(body, offset * 4, rows * columns) };
  return { header, arrays };
}

export const at = (array, row, column = 0) => array.data[row * array.columns + column];

export const percent = (value, digits) =>
  Number.isFinite(value) ? `${(100 * value).toFixed(digits ?? (Math.abs(value) < 0.0995 ? 1 : 0)).replace("-", "\u2212")} %` : "–";

export function short(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  for (const [unit, letter] of [[1e9, " bn"], [1e6, " m"], [1e3, "k"]])
    if (size >= unit * 0.9995) return trim(value / unit, 3) + letter;
  return trim(value, 3);
}

export function trim(value, digits) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 10 ** digits) return Math.round(value).toLocaleString("en").replace("-", "\u2212");
  return String(Number(value.toPrecision(digits))).replace("-", "\u2212");
}

// Tonnes in a table: whole from a hundred on.
export const tonnes = (value) => (!Number.isFinite(value) ? "–" : Math.abs(value) >= 99.5 ? Math.round(value).toLocaleString("en").replace("-", "\u2212") : trim(value, 3));

export const signed = (value, words) => (value > 0 ? "+" : value < 0 ? "\u2212" : "\u00b1") + words(Math.abs(value));

export function money(usd) {
  const size = Math.abs(usd);
  if (!Number.isFinite(usd)) return "–";
  if (size >= 9.5e8) return `$${trim(usd / 1e9, 3)} bn`;
  if (size >= 5e4) return `$${trim(usd / 1e6, 2)} m`;
  return "$0";
}

export function download(name, text, kind) {
  const link = h("a", { href: URL.createObjectURL(new Blob([text], { type: kind })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export const prefersStill = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
