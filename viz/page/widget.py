"""The widget every page's live part is: three lines that fetch our bundle, which the browser keeps."""

import hashlib
from functools import cache
from pathlib import Path

import anywidget
import traitlets

STATIC = Path(__file__).resolve().parents[1] / "static"
#: Where the server has the static files.
ASSETS = "/assets"

_ESM = """
export default { async render({ model, el }) {
  const place = new URL(model.get("script_url"), document.baseURI).href;
  try { const app = await import(place); return await app.mount(el, model); }
  catch (error) {
    el.innerHTML = '<p role="alert">The page\\'s script did not arrive. Reload, or run `orebloc doctor`.</p>';
    throw error;
  }
} };
"""


@cache
def asset(name: str) -> str:
    """Return the address of a static file, with a hash of its content, so that browsers may keep it for good."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"{ASSETS}/{name}?v={digest}"


class Board(anywidget.AnyWidget):  # type: ignore[misc]
    """A page's live part. `page` names it in the bundle; messages go both ways as `send` and `on_msg`."""

    _esm = _ESM
    script_url = traitlets.Unicode().tag(sync=True)
    geometry_url = traitlets.Unicode().tag(sync=True)
    page = traitlets.Unicode("explore").tag(sync=True)

    @traitlets.default("script_url")
    def _script(self) -> str:
        return asset("app.js")

    @traitlets.default("geometry_url")
    def _geometry(self) -> str:
        return asset("countries-110m.json")
