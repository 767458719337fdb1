// A chart as one drawing that stands by itself: title, unit, everything in the body where it is, legend and source.
// Text is real text, wrapped to the drawing's width; what scrolls on the page is drawn whole.
import { h, s } from "./dom.js";

const STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "fill-opacity", "opacity", "font", "display", "visibility"];
const MARGIN = 16, BASELINE = 0.8; // the baseline of a line of text, as a part of its box

let pen;
const brush = () => (pen ??= h("canvas", { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true }));

// A colour as any viewer reads it, "" where there is none to see.
const known = new Map();
function plainColour(colour) {
  if (!known.has(colour)) {
    const one = brush();
    one.clearRect(0, 0, 1, 1);
    one.fillStyle = colour;
    one.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = one.getImageData(0, 0, 1, 1).data;
    known.set(colour, alpha ? `rgba(${red}, ${green}, ${blue}, ${(alpha / 255).toFixed(2)})` : "");
  }
  return known.get(colour);
}

// Words in lines no wider than this; a little is left for viewers that lack the typeface.
function wrapped(text, font, width) {
  const one = brush(), lines = [];
  one.font = font;
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && one.measureText(longer).width <= width * 0.94) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function copied(drawn) {
  const copy = drawn.cloneNode(true), from = [drawn, ...drawn.querySelectorAll("*")], to = [copy, ...copy.querySelectorAll("*")];
  from.forEach((element, n) => {
    const style = getComputedStyle(element);
    for (const name of STYLES) to[n].style.setProperty(name, style.getPropertyValue(name));
  });
  return copy;
}

// Lines of a piece of text as the browser has set them.
function linesOf(node) {
  const range = document.createRange(), lines = [];
  for (const match of node.data.matchAll(/\S+/g)) {
    range.setStart(node, match.index);
    range.setEnd(node, match.index + match[0].length);
    const [box] = range.getClientRects(), last = lines.at(-1);
    if (!box?.width) continue;
    if (last && Math.abs(last.box.top - box.top) < 2) { last.words.push(match[0]); last.right = box.right; }
    else lines.push({ box, words: [match[0]], right: box.right });
  }
  return lines;
}

// Draws what is inside an element where it is, shifted by (dx, dy); returns how far right and down it goes.
function painted(svg, root, dx, dy) {
  const frame = root.getBoundingClientRect(), far = { right: dx + frame.width, bottom: dy + frame.height };
  const x = (left) => left - frame.left + dx, y = (top) => top - frame.top + dy;
  const reach = (box) => { far.right = Math.max(far.right, x(box.right)); far.bottom = Math.max(far.bottom, y(box.bottom)); };
  const block = (box, fill, more = {}) => s("rect", { x: x(box.left), y: y(box.top), width: box.width, height: box.height, fill, ...more }, svg);
  const write = (node, style) => {
    for (const { box, words, right } of linesOf(node)) {
      const line = s("text", { x: x(box.left), y: y(box.top + box.height * BASELINE), fill: style.color, style: `font: ${fontOf(style)}` }, svg);
      line.textContent = words.join(" ");
      reach({ right, bottom: box.bottom });
    }
  };
  const visit = (element) => {
    const style = getComputedStyle(element), box = element.getBoundingClientRect();
    if (style.display === "none" || style.visibility === "hidden" || !(box.width && box.height) || element.matches(".tip, .wait, button")) return;
    if (element instanceof SVGSVGElement) {
      const copy = copied(element);
      for (const [name, value] of [["x", x(box.left)], ["y", y(box.top)], ["width", box.width], ["height", box.height]]) copy.setAttribute(name, value);
      svg.append(copy);
      reach(box);
      return;
    }
    if (element.matches(".ribbon i")) {
      const flow = plainColour(style.getPropertyValue("--flow")), held = { stroke: style.getPropertyValue("--held"), "stroke-dasharray": "3 2", "stroke-width": 0.8 };
      s("path", { d: `M${x(box.left)} ${y(box.top)}L${x(box.right)} ${y(box.top + box.height / 2)}L${x(box.left)} ${y(box.bottom)}Z`, fill: flow, "fill-opacity": 0.5, ...(element.matches(".held") ? held : {}) }, svg);
      return;
    }
    const ground = plainColour(style.backgroundColor), radius = Math.min(parseFloat(style.borderTopLeftRadius) || 0, 6);
    if (ground) block(box, ground, radius ? { rx: radius } : {});
    if (parseFloat(style.borderBottomWidth) > 0 && style.borderBottomStyle !== "none") block({ left: box.left, top: box.bottom - 1, width: box.width, height: 1 }, plainColour(style.borderBottomColor));
    for (const child of element.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) write(child, style);
      else if (child.nodeType === Node.ELEMENT_NODE) visit(child);
    }
  };
  visit(root);
  return far;
}

const fontOf = (style) => `${style.fontWeight} ${style.fontSize} ${style.fontFamily.replaceAll('"', "'")}`;

// `body` is inside a card; legends beside it are drawn below it.
export function drawing(body, { title, unit, source }) {
  const card = body.closest(".card"), style = getComputedStyle(card), family = style.fontFamily.replaceAll('"', "'");
  const soft = getComputedStyle(card.querySelector(".unit, .source") ?? card).color;
  body.classList.add("whole"); // nothing is cut by a box that scrolls
  try {
    const width = Math.max(body.getBoundingClientRect().width, body.scrollWidth, 320), svg = s("svg", { xmlns: "http://www.w3.org/2000/svg" });
    const ground = s("rect", { fill: style.backgroundColor }, svg);
    let down = MARGIN, right = MARGIN + width;
    const words = (text, weight, size, colour) => {
      const font = `${weight} ${size}px ${family}`;
      for (const line of wrapped(text, font, width)) {
        s("text", { x: MARGIN, y: down + size, fill: colour, style: `font: ${font}` }, svg).textContent = line;
        down += size * 1.35;
      }
      if (text) down += 4;
    };
    words(title, 600, 16, style.color);
    words(unit, 400, 12, soft);
    down += 8;
    const legends = [...card.querySelectorAll(".legend")].filter((legend) => !body.contains(legend));
    for (const part of [body, ...legends]) {
      const far = painted(svg, part, MARGIN, down);
      right = Math.max(right, far.right);
      down = far.bottom + 8;
    }
    words(source, 400, 12, soft);
    const [whole, high] = [Math.ceil(right + MARGIN), Math.ceil(down + MARGIN)];
    for (const [element, values] of [[ground, { width: whole, height: high }], [svg, { width: whole, height: high, viewBox: `0 0 ${whole} ${high}` }]])
      for (const [name, value] of Object.entries(values)) element.setAttribute(name, value);
    return new XMLSerializer().serializeToString(svg);
  } finally { body.classList.remove("whole"); }
}

export function picture(text, name) {
  const image = new Image();
  image.onload = () => {
    const canvas = h("canvas", { width: image.width * 2, height: image.height * 2 }), paper = canvas.getContext("2d");
    paper.scale(2, 2);
    paper.drawImage(image, 0, 0);
    h("a", { href: canvas.toDataURL("image/png"), download: `${name}.png` }).click();
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
}
