"""What a screen is sent: the whole view once, then what has changed, and nothing that is not for this screen."""

import json

import pytest
from classroom_kit import Class, NearDesk, small_game

from viz.classroom.loop import run_to_end
from viz.classroom.screen import Screens
from viz.classroom.view import DESK_VIEWER, NOBODY, WALL, Viewer


class Page:
    """A page that puts together what it is sent."""

    def __init__(self, screens, viewer):
        self.screen, self.view, self.told = screens.add(viewer), None, None

    def hear(self):
        """Take the news, if there are any; return the keys that were sent."""
        self.screen.has_news.set()
        text = run_to_end(self.screen.news())
        self.told = json.loads(text) if text else None
        if self.told is None:
            return None
        before = {"common": {}, "own": {}} if self.told["is_whole"] else self.view
        self.view = {part: {**before[part], **self.told[part]} for part in ("common", "own")}
        return {*self.told["common"], *self.told["own"]} - {"now", "seq"}


@pytest.fixture(scope="module")
def near():
    return NearDesk()


@pytest.fixture(scope="module")
def world():
    return small_game().engine.world


@pytest.fixture
def room(tmp_path, world, near):
    found = Class(tmp_path / "s.orebloc", small_game(world=world), near=near)
    found.ann, found.bob = found.join("Ann", "CHN"), found.join("Bob", "JPN")
    found.on_to("negotiate", 1)
    found.screens = Screens(found.room)
    viewers = {"ann": Viewer("person", found.ann), "bob": Viewer("person", found.bob), "wall": WALL,
               "desk": DESK_VIEWER, "nobody": NOBODY}  # fmt: skip
    found.pages = {name: Page(found.screens, viewer) for name, viewer in viewers.items()}
    found.viewers = viewers
    for page in found.pages.values():
        page.hear()
    return found


def test_changes_put_together_are_the_view(room):
    """After every command each page shows what the room's own view is, key by key."""
    for act in (
        lambda: room.do(room.ann, "set_draft", version=0, orders=[]),
        lambda: room.do(room.ann, "send_message", room="CHN+JPN", text="between us"),
        lambda: room.do(room.bob, "send_message", room="public", text="to all"),
        lambda: room.desk("seat_person", person=room.bob, seat="USA"),
        lambda: room.desk("seat_person", person=room.bob, seat=""),
        lambda: room.desk("lock_lobby", is_locked=True),
        lambda: room.on_to("reveal", 1),
        lambda: room.desk("remove_person", person=room.bob),
        lambda: room.on_to("debrief", 2),
    ):
        act()
        for name, page in room.pages.items():
            page.hear()
            shown = {"common": room.room.common(), "own": room.room.own(room.viewers[name])}
            shown = json.loads(json.dumps(shown))
            for part in ("common", "own"):
                assert {k: v for k, v in page.view[part].items() if k not in ("now", "seq")} == {
                    k: v for k, v in shown[part].items() if k not in ("now", "seq")
                }, (name, part)


def test_only_what_changed_is_sent(room):
    """A draft goes to its team and the desk; others are sent nothing, so that nobody learns of it by its time."""
    room.do(room.ann, "set_draft", version=0, orders=[])
    assert room.pages["ann"].hear() == {"sheet"}
    assert room.pages["desk"].hear() == {"board"}
    assert [room.pages[name].hear() for name in ("bob", "wall", "nobody")] == [None] * 3
    room.do(room.ann, "hand_in", version=1)
    assert room.pages["bob"].hear() == {"seats"}


def test_a_screen_that_missed_changes_gets_the_last_of_each(room):
    """Three messages between two looks are one answer with all of them; the next look has nothing."""
    for text in ("one", "two", "three"):
        room.do(room.bob, "send_message", room="public", text=text)
    assert room.pages["wall"].hear() == {"messages"}
    assert [m["text"] for m in room.pages["wall"].view["common"]["messages"]] == ["one", "two", "three"]
    assert room.pages["wall"].hear() is None


def test_parts_are_made_once_for_all_who_see_them(room, monkeypatch):
    """Fifty screens of a seat cost one making of the seat's part and one of what is common to all."""
    made = []
    real = room.room.common
    monkeypatch.setattr(room.room, "common", lambda: made.append(1) or real())
    pages = [Page(room.screens, room.viewers["ann"]) for _ in range(50)]
    room.do(room.bob, "send_message", room="public", text="hello")
    for page in pages:
        page.hear()
    assert len(made) == 1
