"""Pages of a class in a real browser: opened with somebody's cookies, and judged."""

import os
from pathlib import Path

from page_visit import AXE

SECONDS = 60_000


def opened(browser, port, width, scheme, **cookies):
    """Return a page of somebody with these cookies, and what goes wrong in it."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    context.add_cookies(
        [{"name": k, "value": v, "url": f"http://127.0.0.1:{port}"} for k, v in cookies.items()]
    )
    page = context.new_page()
    page.set_default_timeout(SECONDS)
    page.faults, page.asked = [], []
    page.on("pageerror", lambda fault: page.faults.append(str(fault)))
    page.on("dialog", lambda dialog: dialog.type == "alert" and page.faults.append(dialog.message))
    page.on("console", lambda told: "Content Security" in told.text and page.faults.append(told.text))
    page.on("request", lambda request: page.asked.append(request.url))
    return page


def judged(page, port, name):
    """Nothing failed, nobody else was asked, axe finds nothing serious, nothing is wider than the screen."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    page.evaluate(AXE)
    told = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    assert not [
        (one["id"], one["nodes"][0]["target"]) for one in told if one["impact"] in ("serious", "critical")
    ]
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert not page.faults, page.faults
    own = (f"http://127.0.0.1:{port}/", f"ws://127.0.0.1:{port}/", "data:", "blob:")
    assert all(url.startswith(own) for url in page.asked), page.asked


def unfold(desk):
    """Open all sections of a desk, and what can be done about each seat."""
    desk.wait_for_selector("#board li")
    desk.evaluate(
        """() => {
            const all = [...document.querySelectorAll("details[data-fold]")];
            const chosen = Object.fromEntries(all.map((one) => [one.dataset.fold, one.open = true]));
            localStorage.setItem("orebloc desk folds", JSON.stringify(chosen));
            for (const one of document.querySelectorAll("#board details")) one.open = true;
        }"""
    )
