"""The pages of questions and answers in a real browser: treaty table, why, compare, method."""

from collections.abc import Iterator
from typing import Any

import pytest
from page_visit import AXE, SECONDS, Server, Visit, free_port

pytest.importorskip("solara", reason="SKIPPED LOUDLY: the pages' libraries are not installed (make play)")
CHANGED = "?scenario=tiny&from=2026Q1&floor.gallium_refined=900&mineral=gallium&good=gallium_refined"


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


def test_a_treaty_is_drafted_asked_and_signed(visit: Any) -> None:
    """From Explore to the table: members answer, one is taken out, the text follows, and it is signed into the run."""
    here = visit("explore/" + CHANGED)
    page = here.page
    page.get_by_role("link", name="Treaty table").click()
    here.answered()
    assert page.locator(".people li").count() >= 4
    assert "Article 1" in page.locator(".text").inner_text()
    here.mark()
    page.get_by_label("South Korea").uncheck()
    here.answered()
    assert "South Korea" not in page.locator(".text p").nth(1).inner_text()
    page.get_by_role("button", name="Sign it into the run").click()
    page.locator("svg.map").wait_for(timeout=SECONDS)
    here.wait("exact")
    assert "treaty=" in page.url
    assert "Agreement on Gallium" in page.locator(".said").inner_text()
    assert page.locator("#timeline li.mine", has_text="Treaty").count() == 1


def test_why_is_asked_from_explore(visit: Any) -> None:
    """The link under the heading leads to the parts of the difference that the levers make."""
    here = visit("explore/" + CHANGED + "&quarter=2027Q4")
    here.page.get_by_role("link", name="Why?").click()
    here.answered()
    assert "with the changes" in here.page.locator("h1").inner_text()
    assert here.page.locator("figure svg rect").count() >= 3
    assert "price floor" in here.page.locator(".plain").inner_text()


def test_runs_are_compared(visit: Any) -> None:
    """The scenario and its change stand side by side, and another country changes the welfare shown."""
    here = visit("explore/compare" + CHANGED)
    assert here.page.locator("svg.plot.wide").count() == 4
    before = here.page.locator(".answer").inner_text()
    here.mark()
    here.page.get_by_label("seen from").select_option("USA")
    here.answered()
    assert "Welfare of United States" in here.page.locator(".answer").inner_text() != before


def test_a_refusal_keeps_the_last_answer(visit: Any) -> None:
    """A treaty of one is refused in a sentence; what was answered before stays on the page."""
    here = visit("explore/treaty" + CHANGED)
    page = here.page
    for name in ("European Union", "Japan", "South Korea"):
        page.get_by_label(name, exact=True).uncheck()
    page.locator(".orebloc[data-step=failed]").wait_for(timeout=SECONDS)
    assert "2 or more" in page.get_by_role("alert").inner_text()
    assert page.locator(".people li").count() >= 2


@pytest.mark.parametrize("name", ["treaty", "why", "compare", "method"])
@pytest.mark.parametrize("width, scheme", [(360, "dark"), (1400, "light")])
def test_pages_fit_the_screen_and_are_accessible(visit: Any, name: str, width: int, scheme: str) -> None:
    """Nothing is wider than the screen, and axe finds nothing serious."""
    page = visit(f"explore/{name}{CHANGED}", width=width, scheme=scheme).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    bad = [
        (one["id"], one["nodes"][0]["html"][:160])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert not bad
