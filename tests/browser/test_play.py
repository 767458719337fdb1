"""Play solo in a real browser: a seat is taken, orders are given, years are played, the game comes back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from page_visit import AXE, SECONDS, Server, Visit, free_port

pytest.importorskip("solara", reason="SKIPPED LOUDLY: the pages' libraries are not installed (make play)")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The pages, opening the tiny scenario."""
    served = Server(free_port())
    yield served
    served.stop()


@pytest.fixture
def visit(browser: Any, server: Server) -> Iterator[Any]:
    """Open pages; whatever goes wrong in one fails the test."""
    opened: list[Visit] = []

    def go(path: str = "", **how: Any) -> Visit:
        opened.append(Visit(browser, server, path, **how))
        return opened[-1]

    yield go
    for one in opened:
        one.leave()


def press(here: Visit, name: str, step: str = "done") -> None:
    """Press a button with the keyboard and wait for what follows."""
    here.mark()
    button = here.page.get_by_role("button", name=name)
    button.focus()
    here.page.keyboard.press("Enter")
    here.page.locator(f".orebloc[data-step={step}]").wait_for(timeout=SECONDS)


def choose(here: Visit, kind: str) -> None:
    here.mark()
    here.page.get_by_label("Add an order").select_option(kind)
    here.answered()


def check_page(here: Visit, width: int) -> None:
    """Nothing is wider than the screen, and axe finds nothing serious."""
    page = here.page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    bad = [(o["id"], o["nodes"][0]["html"][:160]) for o in found if o["impact"] in ("serious", "critical")]
    assert not bad


@pytest.mark.parametrize("width, scheme", [(360, "dark"), (1400, "light")])
def test_japan_stores_gallium_and_plays_two_years(
    visit: Any, tmp_path: Path, width: int, scheme: str
) -> None:
    """Seat, briefing, a refusal at its field, an order, two years, the result; link and file bring it back."""
    here = visit("explore/play?scenario=tiny", width=width, scheme=scheme)
    page = here.page
    check_page(here, width)
    page.get_by_label("Until the end of").select_option("2026Q4")
    press(here, "Take the seat")
    assert page.locator("h1").inner_text() == "You are Japan"
    check_page(here, width)
    press(here, "Begin with 2025")
    choose(here, "strategic_stockpile")
    page.get_by_role("checkbox", name="Gallium").check()
    page.get_by_label("Target in days").fill("-4")
    press(here, "Put it on the sheet", "refused")
    assert "0 days" in page.locator(".fault:visible").inner_text()
    page.get_by_label("Target in days").fill("60")
    page.locator(".said-order", has_text="holds 60 days").wait_for(timeout=SECONDS)
    check_page(here, width)
    press(here, "Put it on the sheet")
    press(here, "What would happen")
    assert "Over the coming year" in page.locator(".play-extra").inner_text()
    press(here, "Play 2025")
    assert "Japan: your orders" in page.locator("h1").inner_text()
    assert page.locator("svg.map").count() == 1 and page.locator("svg.plot:visible").count() == 2
    check_page(here, width)
    press(here, "On to 2026")
    press(here, "Play 2026")
    press(here, "See the result of the game")
    title = page.locator("h1").inner_text()
    assert title.startswith("Japan ends") and "Most was decided by" in page.locator(".play-head").inner_text()
    check_page(here, width)
    with page.expect_download() as taken:
        page.get_by_role("button", name="Save the game").click()
    saved = tmp_path / "game.json"
    saved.write_bytes(Path(taken.value.path()).read_bytes())
    assert json.loads(saved.read_text())["seats"] == ["JPN"]
    again = visit(page.url.split("/", 3)[3], width=width)
    assert again.page.locator("h1").inner_text() == title
    fresh = visit("explore/play?scenario=tiny", width=width)
    fresh.mark()
    fresh.page.get_by_label("Open a saved game").set_input_files(saved)
    fresh.answered()
    assert fresh.page.locator("h1").inner_text() == title
