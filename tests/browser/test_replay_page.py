"""The replay of a class in a real browser: the slider leads through the rounds, on a projector and on a phone."""

import time

import pytest
from classroom_kit import Class, small_game
from classroom_server import served
from page_visit import AXE

from viz.classroom.export import spreadsheet
from viz.classroom.loop import run_to_end

#: The rounds marked in charts; a line upright has no width that a locator would call visible.
MARKS = """[...document.querySelectorAll(".mark")].filter((one) => getComputedStyle(one).display !== "none")
    .map((one) => one.dataset.round)"""
TAX = [{"type": "export_tax", "fields": {"good": "gallium", "rate": 0.5}}]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """A class of two rounds in its debrief, with a tax in the second and the causes of the first."""
    room = Class(tmp_path_factory.mktemp("replay") / "s.orebloc", small_game(), clock=time.time)
    ann = room.join("Ann", "CHN")
    room.on_to("negotiate", 2)
    room.do(ann, "set_draft", version=room.state.sheets["CHN"].version, orders=TAX)
    room.on_to("debrief", 2)
    assert run_to_end(room.room.ask_causes(1))["ok"]
    return room


def visited(browser, address, width, scheme):
    """Return a page with its faults and requests, judged: no fault of axe, not wider than its screen."""
    page = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    page.set_default_timeout(30_000)
    page.faults, page.asked = [], []
    page.on("console", lambda told: told.type == "error" and page.faults.append(told.text))
    page.on("pageerror", lambda fault: page.faults.append(str(fault)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(address)
    page.evaluate(AXE)
    told = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    assert not [
        (one["id"], one["nodes"][0]["target"]) for one in told if one["impact"] in ("serious", "critical")
    ]
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    return page


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1400, "light")])
def test_the_slider_leads_through_the_rounds(browser, found, width, scheme):
    """One round is shown at a time and marked in all charts; keys, buttons and links move it; nothing else is asked."""
    with served(found.room) as port:
        page = visited(browser, f"http://127.0.0.1:{port}/debrief", width, scheme)
        shown = page.locator(".round:visible")
        assert (
            shown.count() == 1
            and "Round 1" in shown.inner_text()
            and "Why prices outside moved" in shown.inner_text()
        )
        page.focus("#at")
        page.keyboard.press("ArrowRight")
        assert shown.count() == 1 and "China taxes exports of gallium" in shown.inner_text()
        assert page.evaluate(MARKS) == ["2"] * page.locator("svg.chart").count()
        assert page.url.endswith("#round-2") and page.is_disabled("#after")
        page.click("#all")
        assert shown.count() == 2 and page.evaluate(MARKS) == []
        page.click("main a[href='#round-1'] >> nth=0")
        assert shown.count() == 1 and page.input_value("#at") == "1"
        assert not page.faults
        assert all(url.startswith((f"http://127.0.0.1:{port}/", "data:")) for url in page.asked)
        page.context.close()


def test_the_file_shows_all_rounds_without_script_or_network(browser, found, tmp_path):
    """The file of an export opens from a disk, with every round in it and no request but its own."""
    file = tmp_path / "debrief.html"
    file.write_bytes(spreadsheet(found.room.store.path)["debrief.html"])
    page = visited(browser, file.as_uri(), 360, "light")
    assert page.locator(".round:visible").count() == 2 and page.locator("#slider:visible").count() == 0
    assert not page.faults and all(url.startswith(("file:", "data:")) for url in page.asked)
    page.context.close()
