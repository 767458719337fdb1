"""A headless Chromium of the system, with every outside request refused.

As root on Debian a missing browser is installed, and the run says so; elsewhere the browser tests skip, loudly.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def _found() -> str | None:
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in _NAMES if (path := shutil.which(name))), None)


def _install() -> str | None:
    """Install Debian's Chromium where that is possible without asking."""
    may = hasattr(os, "geteuid") and os.geteuid() == 0 and Path("/etc/debian_version").exists()
    if not may or not shutil.which("apt-get"):
        return None
    print("browser tests: no Chromium found; installing Debian's package chromium", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        done = subprocess.run(["apt-get", *words], env=environment, capture_output=True, text=True)
        if done.returncode and words[0] == "install":
            print(f"browser tests: apt-get failed: {done.stderr.strip().splitlines()[-1:]}", flush=True)
            return None
    return _found()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of a Chromium."""
    path = _found() or _install()
    if path is None:
        pytest.skip(
            "SKIPPED LOUDLY: no Chromium here. Install it, or set CHROMIUM=/path, to run the browser tests"
        )
    return path


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[object]:
    """Start the browser once."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="SKIPPED LOUDLY: playwright is not installed"
    )
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium, args=_FLAGS)
        yield started
        started.close()
