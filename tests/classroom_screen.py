"""A class in real browsers: the host as a process of its own, and a screen for each device with all that went wrong."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from page_visit import AXE, ROOT, free_port

SEATS = "CHN,JPN,USA,Teck"
SECONDS = 90_000


class Host:
    """`orebloc host` in a process of its own, on one file that outlives it."""

    def __init__(self, file: Path, *words: str):
        self.file, self.port = file, free_port()
        self.begin(*(words or ("--seats", SEATS, "--rounds", "2", "--scenario", "tiny")))

    def begin(self, *more: str) -> None:
        words = [sys.executable, "-u", "orebloc.py", "host", "--host", "127.0.0.1", "--port", str(self.port)]
        words += ["--file", str(self.file), "--no-open", *more]
        self.process = subprocess.Popen(
            words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        told = ""
        while "desk/open/" not in told:
            line = self.process.stdout.readline()
            assert line, told
            told += line
        self.code = re.search(r"Code: (\w+)", told)[1]
        self.link = re.search(r"/desk/open/\S+", told)[0]
        ends = time.monotonic() + 60
        while time.monotonic() < ends:
            try:
                urllib.request.urlopen(f"{self.address}/healthz", timeout=2).read()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the server did not start")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        self.process.wait(20)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Screen:
    """One device: a page, and all that went wrong on it."""

    def __init__(self, browser, host, width=1400, scheme="light"):
        self.host, self.faults, self.requests = host, [], []
        self.context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        self.page = self.context.new_page()
        self.page.set_default_timeout(SECONDS)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on(
            "response",
            lambda answer: answer.status >= 400 and self.faults.append((answer.status, answer.url)),
        )
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("dialog", self._take)

    def _take(self, dialog):
        if dialog.type == "alert":  # nothing of ours alerts: a script of somebody's text ran
            self.faults.append(dialog.message)
        dialog.accept()

    def open(self, path):
        self.page.goto(self.host.address + path)
        return self

    def click(self, what):
        self.page.click(what)

    def see(self, what, seconds=SECONDS / 1000):
        self.page.wait_for_selector(what, timeout=1000 * seconds)

    def join(self, name, seat):
        self.open("/")
        self.page.fill("#code", self.host.code.lower())
        self.page.fill("#name", name)
        self.click("#join button")
        self.click(f"button[data-seat='{seat}']")
        self.see("#panels:not([hidden])")
        self.click("text=I have it")
        return self

    def judged(self, where):
        """Fail for what axe finds serious, and for a page wider than its screen."""
        self.page.evaluate(AXE)
        found = self.page.evaluate(
            "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
        )
        bad = [(v["id"], v["nodes"][0]["target"]) for v in found if v["impact"] in ("serious", "critical")]
        assert not bad, (where, bad)
        wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, (where, wide)

    def keep(self, name):
        folder = os.environ.get("SCREENSHOTS")
        if folder:
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
