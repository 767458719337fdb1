// What the pages mount. Built into one file with `make bundles`; see viz/bundle/README.md.
import { mountExplore } from "./explore.js";
import { mountSheet } from "./sheet.js";

const PAGES = { explore: mountExplore, sheet: mountSheet };

export async function mount(root, model) {
  root.classList.add("orebloc");
  return PAGES[model.get("page")](root, model);
}
