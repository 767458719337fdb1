"""Explore on the server of a class in a real browser: the class's own game, from the links of desk and debrief."""

import time

import pytest
from class_page import judged, opened
from classroom_kit import Class, small_game
from classroom_server import served

from viz.classroom.server import DESK_COOKIE, DEVICE

#: A title that would run where a page takes it for markup.
HOSTILE = "<img src=x onerror=alert(1)> pact"
PACT = {"kind": "memorandum", "title": HOSTILE, "members": ["CHN", "JPN"],
        "clauses": [{"type": "mutual_exemption", "fields": {}}]}  # fmt: skip
TAX = [{"type": "export_tax", "fields": {"good": "gallium", "rate": 0.5}}]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """A class of two rounds in its debrief, with a treaty of a hostile title and a tax."""
    room = Class(tmp_path_factory.mktemp("explore") / "s.orebloc", small_game(), clock=time.time)
    ann, bob = room.join("Ann", "CHN"), room.join("Bob", "JPN")
    room.on_to("negotiate", 1)
    room.do(ann, "propose_deal", document=PACT)
    deal = next(iter(room.state.deals))
    for one in (ann, bob):
        room.do(one, "sign_deal", deal=deal, version=1)
    room.do(ann, "set_draft", version=room.state.sheets["CHN"].version, orders=TAX)
    room.on_to("debrief", 2)
    room.key = room.room.open_desk(room.room.link_key)
    return room


def shown(page):
    """The game is played again in a process of its own that has just started: on a busy machine that takes a while."""
    page.wait_for_selector(".orebloc[data-step=exact], .orebloc[data-step=risk]", timeout=180_000)
    page.wait_for_selector("svg.map")


def test_the_class_s_game_opens_from_the_desk_and_from_the_debrief(browser, found):
    """The desk has the link at once, the debrief when secrets are opened; map and levers are the game's own."""
    with served(found.room) as port:
        desk = opened(browser, port, 1400, "light", **{DESK_COOKIE: found.key})
        desk.goto(f"http://127.0.0.1:{port}/desk")
        link = desk.get_attribute("a:has-text('This game in Explore')", "href")
        student = opened(browser, port, 360, "dark", **{DEVICE: "key of Bob"})
        student.goto(f"http://127.0.0.1:{port}/debrief")
        assert student.locator("a[href*=explore]").count() == 0
        desk.goto(f"http://127.0.0.1:{port}{link}")
        shown(desk)
        assert "as it was played" in desk.inner_text("body")
        strip = desk.get_by_role("region", name="Your class")
        assert f"own game: {found.state.title}. Up to 2026Q4" in strip.inner_text()
        judged(desk, port, "explore_desk")
        desk.set_viewport_size({"width": 390, "height": 800})
        judged(desk, port, "explore_narrow")
        desk.set_viewport_size({"width": 1400, "height": 900})
        desk.evaluate(
            """() => {
                delete document.querySelector(".orebloc").dataset.step;
                const slider = document.getElementById("lever-licence");
                slider.closest("details").open = true;
                slider.value = 0.2;
                slider.dispatchEvent(new Event("input", { bubbles: true }));
            }"""
        )
        shown(desk)
        desk.locator("label:has-text('Scenario') select").first.select_option("tiny")
        strip.get_by_text("Not your class's game").wait_for()
        assert "own game:" not in strip.inner_text()
        found.desk("open", what="secrets", is_open=True)
        student.reload()
        student.click("a:has-text('Open this game in Explore')")
        shown(student)
        judged(student, port, "explore_student")
        desk.goto(f"http://127.0.0.1:{port}{link.replace('?', 'why?')}")
        desk.wait_for_selector("text=no minerals by themselves")
        stranger = opened(browser, port, 360, "light")
        stranger.goto(f"http://127.0.0.1:{port}{link}")
        assert "Join first" in stranger.inner_text("h1")
        judged(stranger, port, "explore_stranger")
        for page in (desk, student, stranger):
            page.context.close()
