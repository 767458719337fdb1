"""Solara's settings for a closed network. They are read when Solara is imported, so they are set before."""

import os
from pathlib import Path

STATIC = Path(__file__).resolve().parents[1] / "static"

_SETTINGS = {
    "SOLARA_APP": "viz.page.app",
    "SOLARA_ASSETS_PROXY_CACHE_DIR": str(STATIC / "solara-cdn"),
    "SOLARA_ASSETS_CDN": "http://127.0.0.1:9/",  # what is missing fails at once instead of asking a stranger
    "SOLARA_ASSETS_FONTAWESOME_ENABLED": "False",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_THEME_SHOW_BANNER": "False",
    "SOLARA_THEME_VARIANT": "light",  # Solara has no frame for "auto"; our style follows the system
    "SOLARA_THEME_LOADER": "plain",
    "SOLARA_THEME_TITLE": "Orebloc",
    "SOLARA_THEME_FORCE_REFRESH": "True",
    "SOLARA_KERNEL_CULL_TIMEOUT": "10m",
    "SOLARA_SESSION_HTTP_ONLY": "True",
    "SOLARA_MODE": "production",
}


def set_up(scenario: str = "baseline", is_shared: bool = False) -> None:
    """Set what Solara reads when it is imported, the scenario that pages open, and whether others can reach them."""
    os.environ.update(_SETTINGS)
    os.environ["OREBLOC_SCENARIO"] = scenario
    os.environ["OREBLOC_SHARED"] = "1" if is_shared else ""
