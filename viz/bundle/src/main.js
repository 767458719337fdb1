// What the pages mount. Built into one file with `make bundles`; see viz/bundle/README.md.
import { mountExplore } from "./explore.js";
import { mountPlay } from "./play.js";
import { mountSheet } from "./sheet.js";

const PAGES = { explore: mountExplore, play: mountPlay, sheet: mountSheet };

export async function mount(root, model) {
  root.classList.add("orebloc");
  return PAGES[model.get("page")](root, model);
}
