"""The report, opened in a browser without network."""

from pathlib import Path
from typing import Any

import pytest
from sample_results import sample_results

import orebloc
from viz.results import Results


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Reports of made-up results, of a short real run and of an ensemble."""
    folder = tmp_path_factory.mktemp("report")
    made = {
        "sample": Results.of(sample_results()),
        "ensemble": Results.of(sample_results(5)),
        "tiny": orebloc.run("tiny", until="2025Q4"),
    }
    for name, results in made.items():
        results.report(folder / f"{name}.html")
    return {name: folder / f"{name}.html" for name in made}


class Watch:
    """A page together with what went wrong in it."""

    def __init__(self, browser: Any, width: int, scheme: str) -> None:
        self.page = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme
        ).new_page()
        self.trouble: list[str] = []
        self.page.on("console", lambda message: self.trouble.append(message.text))
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.route("**/*", self._route)

    def _route(self, route: Any) -> None:
        if route.request.url.startswith(("file:", "data:", "blob:")):
            route.continue_()
        else:
            self.trouble.append(f"asked for {route.request.url}")
            route.abort()


@pytest.mark.parametrize("width, scheme", [(360, "dark"), (1400, "light")])
@pytest.mark.parametrize("name", ["sample", "ensemble", "tiny"])
def test_the_report_opens_without_network(
    browser: Any, pages: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    """No request, no error in the console, nothing wider than the screen, every chart drawn and in view."""
    watch = Watch(browser, width, scheme)
    page = watch.page
    page.goto(pages[name].as_uri())
    assert page.locator(".good:not([hidden])").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    charts = page.locator(".good:not([hidden]) svg.plot:visible")
    assert charts.count() == 4
    assert all(charts.nth(i).bounding_box()["height"] > 150 for i in range(4))
    texts = page.evaluate(
        "[...document.querySelectorAll('.good:not([hidden]) svg text')].filter(t => t.getClientRects().length)"
        ".filter(t => t.getBoundingClientRect().right > t.ownerSVGElement.getBoundingClientRect().right + 1)"
        ".map(t => t.textContent)"
    )
    assert texts == []
    assert watch.trouble == []


def test_a_good_is_chosen_and_values_are_read_off(browser: Any, pages: dict[str, Path]) -> None:
    """The selector changes the charts, a pointer or the arrow keys show a quarter's values, CSV is saved."""
    watch = Watch(browser, 1400, "light")
    page = watch.page
    page.goto(pages["sample"].as_uri())
    page.select_option("#good", "permanent_magnets")
    shown = page.locator("#permanent_magnets")
    assert shown.is_visible()
    assert not page.locator("#gallium_refined").is_visible()
    plot = shown.locator(".production_share svg.plot:visible")
    plot.focus()
    page.keyboard.press("Home")
    tip = shown.locator(".production_share .tip")
    assert "2024" in tip.inner_text() and "CHN 90.0 %" in tip.inner_text()
    page.keyboard.press("End")
    assert "2040Q4" in tip.inner_text()
    shown.locator(".price svg.plot:visible").hover()
    assert "inside 200,000" in shown.locator(".price .tip").inner_text()
    shown.locator(".production_share summary").click()
    with page.expect_download() as saved:
        shown.locator(".production_share button.csv").click()
    assert Path(saved.value.path()).read_text().splitlines()[0].startswith(",CHN,")
    assert watch.trouble == []


def test_the_report_is_whole_without_script(browser: Any, pages: dict[str, Path]) -> None:
    """Without JavaScript all goods are shown one after the other."""
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(pages["sample"].as_uri())
    assert page.locator(".good:visible").count() == 2
    assert page.locator("h1").inner_text() == "A <sample> of two goods"
