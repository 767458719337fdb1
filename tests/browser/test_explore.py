"""The Explore page in a real browser: journeys, no stranger asked, keyboard, small screens, a restarted server."""

import html
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from page_visit import ROOT, SECONDS, Server, Visit, free_port
from playwright.sync_api import expect

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


def test_a_newcomer_reads_who_makes_most(visit: Any) -> None:
    """The page opens from `/`, asks nobody else, and its heading says who refines most gallium."""
    page = visit().page
    assert page.url.startswith(page.url.split("/explore")[0] + "/explore/")
    heading = page.locator("h1").inner_text()
    assert re.match(r"China makes \d+ % of the world's gallium in 20\d\dQ\d$", heading)
    assert page.locator(".tile").count() == 6
    assert page.locator("svg.map path.country").count() > 150
    assert page.evaluate("document.documentElement.lang") == "en"


def test_something_is_seen_before_the_scripts_are_read(browser: Any, server: Server) -> None:
    """The name is painted while the browser still waits for Solara's script, and gives way to the page."""
    context = browser.new_context()
    page, held = context.new_page(), []
    page.route("**/solara-vuetify-app8.min.js", lambda route: held.append(route))
    page.goto(server.address, wait_until="commit")
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length", timeout=SECONDS)
    assert held and "Orebloc" in page.locator("#first-look").inner_text()
    held[0].continue_()
    page.locator("svg.map path").first.wait_for(timeout=SECONDS)
    assert page.locator("#first-look").count() == 0
    context.close()


def test_a_floor_shows_its_difference_and_can_be_taken_back(visit: Any) -> None:
    """A lever moved changes heading, tiles and link; the baseline stays as a dashed line; reset brings all back."""
    here = visit("explore/?scenario=tiny&from=2026Q1&quarter=2027Q4")
    before = here.page.locator("h1").inner_text()
    here.move("floor", 900)
    page = here.page
    assert (
        "floor.gallium_refined=900" in page.url
    )  # before it is answered: nothing is lost with the connection
    here.wait("exact")
    page.wait_for_url(
        "**floor.gallium_refined=900**"
    )  # worlds still drawn for the page before may come in between
    expect(page.locator("h1")).to_contain_text("baseline")
    assert "%" in page.locator(".tile").nth(0).locator(".note").inner_text()
    assert page.locator("#price path.ghost.outside").get_attribute("d")
    assert page.locator("#timeline li.mine").count() == 4
    here.mark()
    page.get_by_role("button", name="Reset: Common price floor").click()
    here.wait("exact")
    expect(page.locator("h1")).to_have_text(before)
    assert not page.locator("#price path.ghost.outside").get_attribute("d")


def test_a_link_reproduces_the_page(visit: Any) -> None:
    """Levers, country, quarter and numbers come back from the address alone."""
    first = visit("explore/?scenario=tiny&from=2026Q1")
    first.move("tariff", 40)
    first.wait("exact")
    first.page.get_by_label("Country").select_option("USA")
    first.page.get_by_label("Quarter", exact=True).fill("9")
    first.page.wait_for_url("**quarter=2027Q2**")
    again = visit(first.page.url.split("/", 3)[3])
    for selector in ("h1", ".tiles", "#country", "#trade tbody"):
        assert again.page.locator(selector).inner_text() == first.page.locator(selector).inner_text()


def test_a_visitor_starts_with_a_question(visit: Any) -> None:
    """Questions lead to their answers; whoever hides them has them hidden on the next visit too."""
    here = visit()
    page = here.page
    questions = page.get_by_role("navigation", name="Questions to start with")
    questions.get_by_role("link", name="Who refines most of the world's gallium?").click()
    here.wait("exact")
    assert "gallium" in page.locator("h1").inner_text()
    questions.get_by_role("button", name="Hide these").click()
    page.reload()
    here.wait("exact")
    assert not questions.is_visible()


def test_what_is_changed_is_listed_and_taken_back(visit: Any) -> None:
    """A lever on a good stays listed and in force whichever stage is looked at; the cross takes it back."""
    here = visit("explore/?scenario=tiny&from=2026Q1&tariff.germanium_refined=40&mineral=gallium")
    page = here.page
    chips = page.get_by_role("list", name="What you changed")
    assert "germanium" in chips.inner_text() and "40 %" in chips.inner_text()
    here.mark()
    chips.get_by_role("button").click()
    here.wait("exact")
    page.wait_for_url(lambda url: "tariff" not in url)
    assert not chips.is_visible()


def test_minerals_change_without_a_reload(visit: Any) -> None:
    """Another mineral is drawn in the same page."""
    here = visit()
    here.page.evaluate("window.stayed = true")
    here.mark()
    here.page.get_by_label("Mineral", exact=True).select_option("germanium")
    here.wait("exact")
    assert "germanium" in here.page.locator("h1").inner_text()
    assert here.page.evaluate("window.stayed") is True


def test_it_plays_and_pauses(visit: Any) -> None:
    """Play moves the quarter that all charts share; pause keeps it."""
    page = visit("explore/?quarter=2025Q1").page
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelector('.clock').textContent > '2025Q2'", timeout=SECONDS)
    page.get_by_role("button", name="Pause").click()
    paused = page.locator(".clock").inner_text()
    assert paused < "2027Q4"
    page.wait_for_timeout(700)
    assert page.locator(".clock").inner_text() == paused
    page.get_by_label("Quarter", exact=True).fill("0")
    page.evaluate("delete document.querySelector('.orebloc').dataset.frames")
    page.get_by_label("Speed").select_option("10")
    page.get_by_role("button", name="Play").click()
    page.locator(".orebloc[data-quarter='2027Q4']").wait_for(timeout=SECONDS)
    page.get_by_role("button", name="Play").wait_for()
    assert page.locator(".clock").inner_text() == "2027Q4"
    assert page.locator(".orebloc").get_attribute("data-frames") == "11"


def test_keys_move_time_play_and_reset_wherever_the_page_is(visit: Any) -> None:
    """On a page just opened arrows step, space plays and pauses, R takes the levers back; a control keeps its keys."""
    here = visit("explore/?scenario=tiny&from=2026Q1&quarter=2025Q3&tariff.gallium_refined=40")
    page, clock = here.page, here.page.locator(".clock")
    page.keyboard.press("ArrowRight")
    expect(clock).to_have_text("2025Q4")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(clock).to_have_text("2025Q2")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    before = clock.inner_text()
    page.get_by_label("Country").focus()
    page.keyboard.press("ArrowRight")
    assert clock.inner_text() == before
    page.evaluate("document.activeElement.blur()")
    here.mark()
    page.keyboard.press("R")
    here.wait("exact")
    page.wait_for_url(lambda url: "tariff" not in url)


def test_the_map_says_how_many_flows_it_shows(visit: Any) -> None:
    """On the first opening too; a ribbon says who ships how much to whom."""
    page = visit().page
    assert re.search(r"Largest \d+ flows of the quarter shown", page.locator("#map .unit").inner_text())
    page.locator("svg.map .flow").first.dispatch_event("pointermove", {"clientX": 500, "clientY": 500})
    assert re.search(r"China to .*\n?[\d.,]+ t in the quarter", page.locator("#map .tip").inner_text())


_OUTSIDE = """text => {
  const place = document.createElement("div");
  place.style.cssText = "position: absolute; left: 0; top: 0";
  place.innerHTML = text;
  document.body.append(place);
  const svg = place.querySelector("svg"), whole = svg.getBoundingClientRect();
  const cut = [...svg.querySelectorAll("text")].filter(line => {
    const box = line.getBoundingClientRect();
    const beside = box.left < whole.left || box.right > whole.right;
    return box.width && (beside || box.top < whole.top || box.bottom > whole.bottom);
  }).map(line => line.textContent);
  place.remove();
  return cut;
}"""


def test_every_chart_can_be_taken_along(visit: Any) -> None:
    """A chart's drawing stands by itself: whole title, unit, content, legend and source, with nothing cut off."""
    page = visit("explore/?scenario=tiny&from=2026Q1&floor.gallium_refined=900").page
    for name in ("map", "country", "streams", "price", "volume", "trade", "timeline"):
        chart = page.locator(f"#{name}")
        files = {act: _taken(page, chart, f"Download {act}") for act in ("CSV", "SVG", "PNG")}
        assert files["PNG"].startswith(b"\x89PNG") and files["CSV"].startswith(b'"')
        drawn = files["SVG"].decode()
        assert not page.evaluate(_OUTSIDE, drawn), name
        words = re.sub(r"\s+", " ", " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", drawn)))
        for part in ("h2", ".unit >> nth=0", ".source"):
            assert html.escape(chart.locator(part).inner_text(), quote=False) in words, (name, part)
        assert "Source: Orebloc" in words
        if name == "map":
            assert "75 % +" in words and "flow, wide end at the seller" in words
        if name in ("trade", "timeline"):
            rows = chart.locator("tbody tr, .events li").all_inner_texts()
            assert len(rows) > 5 and all(row.split()[0] in words for row in rows)
            last = html.escape(rows[-1].split("\n")[-1].split("\t")[0], quote=False)
            assert last in words


def _taken(page: Any, chart: Any, act: str) -> bytes:
    chart.locator("summary").click()
    with page.expect_download() as taken:
        chart.get_by_role("button", name=act, exact=True).click()
    return Path(taken.value.path()).read_bytes()


def test_a_chart_can_be_read_as_a_table(visit: Any) -> None:
    """Numbers appear in a chart's place in the chart's unit, with the baseline, the flows and the bands."""
    page = visit("explore/?scenario=tiny&from=2026Q1&floor.gallium_refined=900").page
    heads = {
        "price": ("inside, USD/kg", "outside, baseline, USD/kg", "outside, 95 % below"),
        "streams": ("China, baseline", "China, median"), "volume": ("made, t", "made, baseline, t"),
        "trade": ("China", "China, baseline", "tonnes, baseline"), "map": ("share of output", "tonnes, baseline"),
        "country": ("share, baseline",),
    }  # fmt: skip
    for name, wanted in heads.items():
        card = page.locator(f"#{name}")
        card.locator("summary").click()
        card.get_by_role("button", name="Show as a table").click()
        assert set(wanted) <= set(card.locator(".numbers thead th").all_inner_texts())
    assert page.locator("#price .numbers tbody tr").count() == 12
    assert re.fullmatch(r"[\d.]+ %", page.locator("#streams .numbers tbody td").nth(2).inner_text())
    inside = float(page.locator("#price .numbers tbody td").first.inner_text())
    assert f"{inside:.3g}" in _taken(page, page.locator("#price"), "Download CSV").decode()
    flows = _taken(page, page.locator("#map"), "Download CSV: flows").decode()
    assert '"China","Japan",' in flows


def test_the_scenario_file_is_saved(visit: Any, tmp_path: Path) -> None:
    """The file of a change is a scenario that `orebloc check` accepts."""
    here = visit("explore/?scenario=tiny&from=2026Q1&tariff.gallium_refined=30")
    with here.page.expect_download() as taken:
        here.page.get_by_role("button", name="Save as a scenario file").click()
    file = tmp_path / "changed.toml"
    taken.value.save_as(file)
    done = subprocess.run(
        [sys.executable, "orebloc.py", "check", str(file)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "30 %" in done.stdout


def test_a_bad_link_is_told_in_the_page(visit: Any) -> None:
    """Nonsense in the address becomes a sentence, and the scenario opens."""
    page = visit("explore/?scenario=tiny&tariff.gallium_refined=lots").page
    assert "must be a number" in page.locator(".notice").inner_text()
    assert "China makes" in page.locator("h1").inner_text()
    assert not page.locator(".error").is_visible()
    page = visit("explore/?scenario=tiny&colour=qux&floor.unobtainium=5").page
    told = page.locator(".notice").inner_text()
    assert "unobtainium" in told and "qux" in told
    assert page.locator("#trade tbody tr").count() > 3


def test_an_error_can_be_read(visit: Any) -> None:
    """The box of an error stands out enough in both schemes, also over a page that is drawn."""
    here = visit()
    here.page.evaluate("document.querySelector('.error').hidden = false")
    here.page.locator(".error p").evaluate("p => { p.textContent = 'Nothing is changed.'; }")
    for scheme in ("light", "dark"):
        here.check_screen(1400, scheme)


def test_an_answer_that_cannot_be_drawn_is_told(visit: Any) -> None:
    """An error in the page's own script is said on the page, also once there is one."""
    here = visit("explore/?scenario=tiny&from=2026Q1")
    here.page.evaluate("SVGElement.prototype.setAttribute = () => { throw new Error('no pen'); }; 0")
    here.move("floor", 900)
    here.page.locator(".error", has_text="could not be drawn").wait_for(timeout=SECONDS)


def test_two_tabs_do_not_disturb_each_other(visit: Any) -> None:
    """Each open page has its own run."""
    one, other = visit("explore/?scenario=tiny&from=2026Q1"), visit("explore/?scenario=tiny&from=2026Q1")
    before = other.page.locator(".tiles").inner_text()
    one.move("floor", 900)
    one.wait("exact")
    assert other.page.locator(".tiles").inner_text() == before


def test_an_unknown_address_says_so(server: Server) -> None:
    """An address that is nothing gets a page with a way back."""
    with pytest.raises(urllib.error.HTTPError) as told:
        urllib.request.urlopen(f"{server.address}/nowhere")
    assert told.value.code == 404
    assert "Go to the start" in told.value.read().decode()


def test_it_fits_the_screen_and_is_accessible(visit: Any) -> None:
    """Nothing is wider than the screen, and axe finds nothing serious; 700 is 1400 at 200 % zoom."""
    here = visit("explore/?scenario=tiny&from=2026Q1&floor.gallium_refined=900")
    for width in (1400, 700, 360):
        for scheme in ("light", "dark"):
            here.check_screen(width, scheme, _open_levers if width < 900 else None)


def _open_levers(page: Any) -> None:
    """On a narrow screen the levers are behind a button."""
    if not page.locator("#lever-floor").is_visible():
        page.get_by_role("button", name="Levers").click()
    assert page.locator("#lever-floor").is_visible()


def test_the_keyboard_alone_does_everything(visit: Any) -> None:
    """A slider moves by arrow keys, groups open by Enter, time moves by arrows, the page is reached past the head."""
    here = visit("explore/?scenario=tiny&from=2026Q1")
    page = here.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    _tab_to(page, "lever-floor")
    here.mark()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    here.wait("exact")
    assert "floor.gallium_refined=3" in page.url
    _tab_to(page, "Trade measures")
    page.keyboard.press("Enter")
    assert page.locator("#lever-tariff").is_visible()
    _tab_to(page, "Quarter")
    before = page.locator(".clock").inner_text()
    page.keyboard.press("ArrowLeft")
    assert page.locator(".clock").inner_text() != before


def _tab_to(page: Any, name: str) -> None:
    """Press Tab until the control of this id, label or text has the focus."""
    here = "(({ id, textContent, ariaLabel }) => `${id}|${ariaLabel ?? textContent}`)(document.activeElement)"
    for _ in range(120):
        if name in str(page.evaluate(here)).split("|"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not come to {name}")


def test_a_lever_says_where_it_comes_from_and_where_it_stood(visit: Any) -> None:
    """Each slider has a tick at its default and the instrument behind it; levers may hold from any quarter."""
    here = visit("explore/?scenario=tiny&quarter=2026Q3")
    page = here.page
    assert (
        page.locator(".slide .tick-default").count() == page.locator(".lever input[type=range]").count() > 5
    )
    page.locator("#lever-floor").locator("xpath=../..").locator("summary").click()
    expect(page.locator(".about[open]")).to_contain_text("Holds imports from outsiders at a minimum price")
    page.locator(".pair select").first.select_option("the quarter shown")
    here.move("floor", 900)
    here.wait("exact")
    page.wait_for_url("**from=2026Q3**")
    assert page.locator("#timeline .events li").first.get_attribute("class") == "mine now"
    expect(page.locator("#timeline .events li").first).to_contain_text("900,000 USD/t (900 USD/kg)")


def test_a_small_screen_keeps_steps_and_speed(visit: Any) -> None:
    """At 360 px time can be stepped and its speed chosen, and the pages stand in one row."""
    page = visit("explore/?scenario=tiny", width=360).page
    page.get_by_role("button", name="One quarter back").click()
    expect(page.locator(".clock")).to_have_text("2027Q3")
    page.get_by_label("Speed").select_option("10")
    tops = page.locator(".top nav a").evaluate_all(
        "links => links.map(link => Math.round(link.getBoundingClientRect().top))"
    )
    assert len(set(tops)) == 1


def test_a_restarted_server_finds_the_page_again(browser: Any) -> None:
    """After a restart the open page reloads by itself, with its levers from the address."""
    served = Server(free_port())
    try:
        here = Visit(browser, served, "explore/?scenario=tiny&from=2026Q1&floor.gallium_refined=900")
        heading = here.page.locator("h1").inner_text()
        here.may_fail = True
        here.page.evaluate("window.before = true")
        served.stop()
        here.page.locator(".lost:visible", has_text="Reconnecting").wait_for(timeout=SECONDS)
        assert here.page.locator("h1").inner_text() == heading  # what is there stays readable
        assert here.page.evaluate("document.getElementById('levers').inert")  # no lever is answered now
        served.start()
        here.page.wait_for_function("window.before === undefined", timeout=SECONDS)
        here.wait("exact")
        assert here.page.locator("h1").inner_text() == heading
        assert "floor.gallium_refined=900" in here.page.url
        assert "Restored" in here.page.locator(".notice").inner_text()
        here.leave()
    finally:
        served.stop()
