"""Speed of the pages in a real browser: the marks of docs/browser.md, each with median and 95th percentile."""

import json
import platform
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from page_visit import Server, Visit, free_port

pytest.importorskip("solara", reason="SKIPPED LOUDLY: the pages' libraries are not installed (make play)")

pytestmark = pytest.mark.bench


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    served = Server(free_port(), "baseline")
    yield served
    served.stop()


def told(what: str, values: list[float], mark: float | None, unit: str = "ms") -> None:
    ordered = sorted(values)
    median, high = (
        statistics.median(ordered),
        ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))],
    )
    wanted, met = (
        (f"{mark:g} {unit}", "met" if median <= mark else "missed")
        if mark is not None
        else (f"none ({unit})", "")
    )
    print(f"| {what} | {wanted} | {median:.4g} | {high:.4g} | {met} |")


def memory_mb(server: Server) -> float:
    status = Path(f"/proc/{server.process.pid}/status")
    if not status.exists():
        pytest.skip("memory is read from /proc")
    lines = status.read_text(encoding="utf-8").splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024.0


def test_marks_of_the_explore_page(browser: Any, server: Server) -> None:
    """Prints the marks with what was measured on this machine."""
    Visit(browser, server).leave()  # whatever is made once is made
    print(f"\n{platform.processor() or platform.machine()}, Chromium {browser.version}")
    print("| what | mark | median | p95 | |\n| --- | --- | --- | --- | --- |")
    paint, whole, sizes = [], [], []
    for _ in range(5):
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        page = context.new_page()  # nothing listens to its requests: that would be timed too
        page.goto(server.address)
        page.wait_for_function("document.querySelector('svg.map path')", polling="raf", timeout=60_000)
        whole.append(page.evaluate("performance.now()"))
        paint.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        sizes.append(
            page.evaluate("performance.getEntriesByType('resource').reduce((a, r) => a + r.transferSize, 0)")
            / 1e6
        )
        context.close()
    told("first paint", paint, 2000)
    told("the page with its map", whole, None)
    told("files of a cold page, compressed", sizes, 1.5, "MB")
    here = Visit(browser, server, "explore/?scenario=baseline&from=2027Q1")
    found: dict[str, list[float]] = {"msPreview": [], "msExact": [], "msFan": []}
    draws: list[float] = []
    for n in range(20):
        here.move("floor", 60 + 4 * n)
        here.wait("preview")
        here.page.wait_for_function("document.querySelector('.orebloc').dataset.msPreview")
        data = json.loads(here.page.evaluate("JSON.stringify(document.querySelector('.orebloc').dataset)"))
        found["msPreview"].append(float(data["msPreview"]))
        draws.append(float(data["msDraw"]))
        here.wait("exact")
    told("lever moved to all charts drawn, one world to 2040", found["msPreview"], 150)
    told("charts of an answer drawn", draws, 50)
    first, whole = [], []
    for n in range(3):
        here.move("tariff", 10 + n)
        begun = time.perf_counter()
        here.page.wait_for_function(
            "document.querySelector('.orebloc').dataset.runs === '20'", timeout=60_000
        )
        first.append(time.perf_counter() - begun)
        here.page.wait_for_function(
            "document.querySelector('.orebloc').dataset.runs === '200'", timeout=60_000
        )
        whole.append(time.perf_counter() - begun)
    told("bands of the first 20 worlds", first, 1, "s")
    told("bands of 200 worlds", whole, 6, "s")
    here.page.get_by_label("Speed").select_option("10")
    here.page.get_by_label("Quarter", exact=True).fill("0")
    maps = []
    here.page.evaluate("document.querySelector('.orebloc').dataset.frames = 0")
    here.page.get_by_role("button", name="Play").click()
    begun = time.perf_counter()
    for _ in range(12):
        here.page.wait_for_timeout(250)
        maps.append(float(here.page.evaluate("document.querySelector('.orebloc').dataset.msMap")))
    shown = int(here.page.evaluate("document.querySelector('.orebloc').dataset.frames"))
    told("map of a quarter drawn", maps, 50)
    told("quarters shown a second, of 10 asked for", [shown / (time.perf_counter() - begun)], 10, "")
    here.leave()
    open_pages = [Visit(browser, server, "explore/?scenario=baseline") for _ in range(4)]
    before = memory_mb(server)
    open_pages += [Visit(browser, server, "explore/?scenario=baseline") for _ in range(8)]
    told("memory of a page beyond the first", [(memory_mb(server) - before) / 8], 5, "MB")
    for page in open_pages:
        page.leave()
