"""Opening the pages in a browser: a server in a process of its own, and a page with all that went wrong in it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
AXE = (ROOT / "tests" / "browser" / "vendor" / "axe.min.js").read_text(encoding="utf-8")
SECONDS = 90_000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """`orebloc serve` in a process of its own."""

    def __init__(self, port: int, scenario: str = "tiny") -> None:
        self.port, self.scenario = port, scenario
        self.start()

    def start(self) -> None:
        words = [sys.executable, "orebloc.py", "serve", "--no-open", "--port", str(self.port)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(
            [*words, "--scenario", self.scenario], cwd=ROOT, env=os.environ.copy(), **quiet
        )
        ends = time.monotonic() + 120
        while time.monotonic() < ends:
            try:
                urllib.request.urlopen(f"{self.address}/healthz", timeout=2).read()
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the server did not start")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Visit:
    """A page, and everything that went wrong in it."""

    def __init__(
        self, browser: Any, server: Server, path: str = "", width: int = 1400, scheme: str = "light"
    ) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.server, self.page, self.trouble = server, self.context.new_page(), []
        self.may_fail = False
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("response", self._look)
        self.page.route("**/*", self._route)
        self.page.goto(f"{server.address}/{path}")
        if path.split("?")[0] in ("", "explore/"):
            self.wait()
        else:
            self.answered()

    def _look(self, response: Any) -> None:
        if response.status >= 400 and not self.may_fail:
            self.trouble.append(f"{response.status} {response.url}")

    def _route(self, route: Any) -> None:
        if route.request.url.startswith((self.server.address, "data:", "blob:")):
            route.continue_()
        else:
            self.trouble.append(f"asked for {route.request.url}")
            route.abort()

    def answered(self) -> None:
        """Wait until a page of questions has its answer."""
        self.page.locator(".orebloc[data-step=done]").wait_for(timeout=SECONDS)

    def wait(self, step: str = "fan") -> None:
        """Wait until the last thing asked for has come this far, and the map is drawn."""
        steps = ("preview", "exact", "risk", "fan")
        reached = steps[steps.index(step) :]
        self.page.wait_for_function(
            "steps => { const d = document.querySelector('.orebloc')?.dataset ?? {};"
            " return d.asked === d.number && steps.includes(d.step); }",
            arg=list(reached), timeout=SECONDS,
        )  # fmt: skip
        self.page.locator("svg.map").wait_for(timeout=SECONDS)

    def mark(self) -> None:
        """Forget how far it was, so that `wait` waits for what is asked next."""
        self.page.evaluate("delete document.querySelector('.orebloc').dataset.step")

    def move(self, lever: str, value: float) -> None:
        """Move a slider as a hand does."""
        self.mark()
        self.page.evaluate(
            "([id, value]) => { const s = document.getElementById(id); s.closest('details').open = true;"
            " s.value = value; s.dispatchEvent(new Event('input', { bubbles: true })); }",
            [f"lever-{lever}", value],
        )

    def check_screen(self, width: int, scheme: str, before_axe: Callable[[Any], None] | None = None) -> None:
        """Turn the window to this width and scheme: nothing is wider than it, and axe finds nothing serious."""
        page = self.page
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        if before_axe is not None:
            before_axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (width, scheme)
        page.evaluate(AXE)
        found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
        bad = [
            (o["id"], o["nodes"][0]["html"][:160]) for o in found if o["impact"] in ("serious", "critical")
        ]
        assert not bad, (width, scheme, bad)

    def leave(self) -> None:
        self.context.close()
        assert not self.trouble, self.trouble
