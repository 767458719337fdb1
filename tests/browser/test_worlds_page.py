"""Two worlds of a class in a real browser: joining, one desk for both, the projector that compares them."""

import pytest
from class_page import judged, opened
from classroom_kit import NearDesk
from classroom_server import serving

from viz.classroom.opening import open_rooms
from viz.classroom.worlds import Worlds, class_application

OPTIONS = {
    "scenario": "tiny", "template": "standard_90", "seats": ["CHN", "JPN", "USA"], "rounds": 2, "resume": False,
    "minutes": {"negotiate": 5, "orders": 3}, "policy": "draft", "title": "Minerals on Monday", "seed": None,
}  # fmt: skip


@pytest.fixture
def worlds(tmp_path):
    options = {**OPTIONS, "file": tmp_path / "c.orebloc", "twins": ["parameters.panic=0"]}
    rooms, near = open_rooms(options), NearDesk()
    for room in rooms:
        room.player = room.thinker = room.checker = near
    return Worlds(rooms)


def phases(worlds):
    return [(room.state.phase.name, room.state.phase.round) for room in worlds.rooms]


def go_on(desk, worlds, phase, number):
    """Lead all worlds on together with one tap after the other."""
    while phases(worlds) != [(phase, number)] * 2:
        before = phases(worlds)
        desk.wait_for_timeout(700)  # a tap while the last one is on its way is taken as a double tap
        desk.click("button.main")
        for _ in range(600):
            desk.wait_for_timeout(100)
            now = phases(worlds)
            if now[0] == now[1] != before[0] and now[0][0] != "resolving":
                break
        assert phases(worlds)[0] == phases(worlds)[1] != before[0]


def test_two_worlds_from_one_code_to_their_comparison(browser, worlds):
    """People come to both worlds by one code, the desk of all leads them on, the wall compares; rule or people?"""
    with serving(class_application(worlds)) as port:
        root = f"http://127.0.0.1:{port}"
        desk = opened(browser, port, 1400, "light")
        desk.on("dialog", lambda dialog: dialog.accept())
        desk.goto(f"{root}/desk/open/{worlds.link_key}")
        desk.click("#go")
        desk.wait_for_selector("#list .card")
        wall = opened(browser, port, 1400, "dark")
        wall.goto(f"{root}/wall")
        assert wall.inner_text(".code") == worlds.code
        people = []
        for name in ("Ann", "Bob"):
            one = opened(browser, port, 360, "light")
            one.goto(root)
            one.fill("#code", worlds.code.lower())
            one.fill("#name", name)
            one.click("#join button")
            one.click("button[data-seat=CHN]")
            one.wait_for_selector("#panels:not([hidden])")
            people.append(one)
        assert [one.url.split("/world/")[1][0] for one in people] == ["1", "2"]
        people[0].goto(root)
        people[0].wait_for_url("**/world/1/play")
        judged(wall, port, "worlds_wall_lobby")
        judged(desk, port, "worlds_desk_lobby")
        go_on(desk, worlds, "negotiate", 2)
        wall.wait_for_selector("#compare svg")
        assert wall.locator("#compare polyline").count() >= 8 and wall.locator(".worldkey li").count() == 2
        assert "panic" not in wall.inner_text("body")
        desk.click("text=Pause all")
        desk.wait_for_selector("text=Go on with the clocks")
        assert all(room.state.is_paused for room in worlds.rooms)
        desk.click("text=Go on with the clocks")
        judged(desk, port, "worlds_desk_play")
        for page, name in ((people[1], "worlds_student"),):
            judged(page, port, name)
        desk.click("text=Desk of World B")
        desk.wait_for_selector("#worlds a[aria-current]")
        assert "World B" in desk.inner_text("#where")
        judged(desk, port, "worlds_desk_b")
        desk.click("#worlds a >> nth=0")
        desk.wait_for_selector("#list .card")
        go_on(desk, worlds, "debrief", 2)
        wall.goto(f"{root}/debrief")
        wall.wait_for_selector("#compare svg")
        assert "panic 0" in wall.inner_text(".worldkey")
        desk.click("text=Rule or people? Part the gap")
        wall.wait_for_selector("text=World B: panic 0: rule or people?")
        assert desk.inner_text("#faults") == ""
        judged(wall, port, "worlds_debrief")
        narrow = opened(browser, port, 360, "light")
        narrow.goto(f"{root}/debrief")
        narrow.wait_for_selector("#compare svg")
        judged(narrow, port, "worlds_debrief_360")
        small = opened(browser, port, 360, "dark")
        small.context.add_cookies([c for c in desk.context.cookies() if "desk" in c["name"]])
        small.goto(f"{root}/desk")
        small.wait_for_selector("#list .card")
        judged(small, port, "worlds_desk_360")
        for page in (desk, wall, narrow, small, *people):
            page.context.close()
