"""Starting the server, and checking that what it serves is there."""

import logging
import threading
import warnings
import webbrowser
from pathlib import Path

from viz.server.setting import STATIC, set_up

#: What the pages cannot do without.
_FILES = (
    "app.css",
    "app.js",
    "shell.js",
    "countries-110m.json",
    "inter-latin.woff2",
    "solara-cdn/@widgetti/solara-vuetify-app@10.1.1/dist/solara-vuetify-app8.min.js",
    "solara-cdn/@widgetti/solara-vuetify-app@10.1.1/dist/main8.css",
    "solara-cdn/@widgetti/solara-vuetify-app@10.1.1/dist/fonts.css",
    "solara-cdn/requirejs@2.3.6/require.js",
)


def serve_pages(host: str, port: int, scenario: str, is_opened: bool) -> None:
    """Serve the pages until interrupted; open the browser once they answer."""
    set_up(scenario, is_shared=host not in ("127.0.0.1", "localhost", "::1"))
    warnings.filterwarnings("ignore", module=r"solara\..*")
    logging.getLogger("solara").setLevel(logging.ERROR)
    import uvicorn

    from viz.server.application import application

    config = uvicorn.Config(
        application(scenario), host=host, port=port, log_level="warning", timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    if is_opened:
        threading.Thread(target=_open, args=(server, f"http://{host}:{port}/explore/"), daemon=True).start()
    server.run()


def _open(server: object, address: str) -> None:
    """Open the browser when the server answers; a machine without one is no error."""
    import time

    for _ in range(200):
        if getattr(server, "started", False):
            webbrowser.open(address)
            return
        time.sleep(0.05)


def check_pages(folder: Path = STATIC) -> list[tuple[bool, str, str]]:
    """Return (well, what, remedy) for the files that pages are made of."""
    missing = [name for name in _FILES if not (folder / name).is_file()]
    if missing:
        return [
            (
                False,
                f"files of the pages: {', '.join(missing)} missing",
                "Install orebloc again, or run `make bundles`",
            )
        ]
    return [(True, f"files of the pages ({len(_FILES)})", "")]
