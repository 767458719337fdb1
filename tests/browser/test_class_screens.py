"""The usual class on a projector and on the facilitator's screen: nothing to scroll, however much there is."""

import time

import pytest
from class_page import judged, opened
from classroom_kit import Class
from classroom_server import served

from experiments.game import Game
from viz.classroom.server import DESK_COOKIE
from viz.classroom.session import session_of

NOTES = 60
IS_WHOLE = "document.documentElement.scrollHeight <= window.innerHeight"


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Twelve seats of `class_minerals` in round 1, with a person in each."""
    game = Game("class_minerals")
    room = Class(tmp_path_factory.mktemp("screens") / "s.orebloc", clock=time.time)
    room.room.open(session_of(game, rounds=1), game)
    for n, seat in enumerate(room.state.seats):
        room.join(f"Person {n}", seat)
    room.key = room.room.open_desk(room.room.link_key)
    return room


@pytest.fixture(scope="module")
def port(found):
    with served(found.room) as port:
        yield port


def seen_on(wall):
    """Turn all pages of the wall; return their notes, having seen that each fits and shows something."""
    notes = []
    for _ in range(40):
        assert wall.evaluate(IS_WHOLE), notes
        told = wall.locator(".pages").all_inner_texts()
        if not told or told[0] in notes:
            return notes
        notes += told
        wall.keyboard.press("ArrowRight")
    raise AssertionError(notes)


def test_the_wall_fits_a_projector_at_every_step(browser, found, port):
    """From lobby to play, fourteen minerals and twelve seats: pages that turn show all of them, nothing scrolls."""
    wall = opened(browser, port, 1400, "light")
    wall.goto(f"http://127.0.0.1:{port}/wall")
    for step in ("lobby", "briefing", "negotiate"):
        found.on_to(step, int(step == "negotiate"))
        wall.wait_for_function("told => document.getElementById('where').textContent.includes(told)",
                               arg={"lobby": found.state.title}.get(step, step.capitalize()))  # fmt: skip
        wall.wait_for_timeout(300)
        notes = seen_on(wall)
    assert len(notes) > 1 and notes[0].startswith("1 to ") and notes[-1].endswith("14 of 14")
    judged(wall, port, "screens_wall")
    found.desk("open_vote", question="Shall others be let in?", rule="unanimity", seats=["USA", "JPN"])
    for n in range(4):
        found.desk("tell", text=f"Something else has happened, number {n}, and the room should know of it.")
    wall.wait_for_selector("text=number 3")
    wall.wait_for_timeout(300)
    beside = seen_on(wall)
    assert len(beside) <= 3 and beside[-1].endswith("14 of 14"), (
        beside
    )  # what stands beside takes no page from prices
    judged(wall, port, "screens_wall_beside")
    wall.context.close()


def test_the_desk_has_what_a_round_needs_in_sight(browser, found, port):
    """In the orders of round 1 buttons, clock, seats and what waits are within 900 pixels; a section stays open."""
    found.on_to("orders", 1)
    desk = opened(browser, port, 1280, "light", **{DESK_COOKIE: found.key})
    desk.goto(f"http://127.0.0.1:{port}/desk")
    desk.wait_for_selector("#board li")
    bottom = desk.evaluate(
        "Math.max(...['steer', 'wall', 'waits', 'board'].map((id) => document.getElementById(id)"
        ".getBoundingClientRect().bottom))"
    )
    assert bottom <= 900 and desk.locator("#waits li").first.is_visible()
    assert "Not handed in: " in desk.inner_text("#waits") and "and 6 more" in desk.inner_text("#waits")
    assert desk.evaluate("document.documentElement.scrollHeight") <= 1000
    assert not desk.locator("#inject button").is_visible()
    desk.focus("details[data-fold=inject] > summary")
    desk.keyboard.press("Enter")
    assert desk.locator("#inject button").is_visible()
    judged(desk, port, "screens_desk")
    desk.reload()
    desk.locator("#inject button").wait_for()
    assert not desk.locator("#tell button").is_visible()
    desk.context.close()


def test_a_long_list_turns_its_pages(browser, found, port):
    """Sixty notes of the facilitator: each is on some page, and none is on two."""
    for n in range(NOTES):
        found.desk("bookmark", text=f"Note number {n} of a loud room that had much to say about it")
    found.on_to("debrief", 1)
    found.desk("show_on_wall", part="notes")
    wall = opened(browser, port, 1400, "light")
    wall.goto(f"http://127.0.0.1:{port}/wall")
    wall.wait_for_selector(".pages")
    wall.wait_for_timeout(300)
    notes = seen_on(wall)
    spans = [tuple(map(int, note.split(" of ")[0].split(" to "))) for note in notes]
    assert spans[0][0] == 1 and spans[-1][1] == NOTES
    assert all(a[1] + 1 == b[0] for a, b in zip(spans, spans[1:], strict=False))
    judged(wall, port, "screens_notes")
    wall.context.close()
