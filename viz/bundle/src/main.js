// What the pages mount. Built into one file with `make bundles`; see viz/bundle/README.md.
import { mountExplore } from "./explore.js";

const PAGES = { explore: mountExplore };

export async function mount(root, model) {
  root.classList.add("orebloc");
  return PAGES[model.get("page")](root, model);
}
