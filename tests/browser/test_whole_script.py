"""The facilitator's script in real browsers: desk, projector and students through every step, at high speed.

`SCREENSHOTS=FOLDER` keeps a picture of every screen at every step. A request to another host, an answer of 400 or more,
a fault of a script or a page wider than its screen fails the test.
"""

import pytest
from class_page import unfold
from classroom_screen import Host, Screen

#: Six sheets and a treaty are as many as 128 rounds played again.
WHY_SECONDS = 300
WIDTHS = (360, 1400, 390, 1024, 768, 360)
LONG = ("--seats", "CHN,USA,EU27,JPN,Lynas,Shin-Etsu", "--template", "standard_90")
SHORT = ("--scenario", "tiny", "--seats", "CHN,JPN,Teck", "--rounds", "1")


class Room:
    """A desk, a wall and students; `keep` looks at all screens and takes their pictures."""

    def __init__(self, browser, file, words):
        self.host = Host(file, *words)
        self.seats = words[words.index("--seats") + 1].split(",")
        self.desk = Screen(browser, self.host).open(self.host.link)
        self.desk.click("#go")
        self.desk.see("#steer button")
        unfold(self.desk.page)
        self.wall = Screen(browser, self.host, 1600).open("/wall")
        self.wall.see(".code")
        self.students = {
            seat: Screen(browser, self.host, width, "dark" if width == 1024 else "light").join(
                f"Student {n}", seat
            )
            for n, (seat, width) in enumerate(zip(self.seats, WIDTHS, strict=False), start=1)
        }
        self.count = 0

    def keep(self, name):
        self.count += 1
        for who, screen in {"desk": self.desk, "wall": self.wall, **self.students}.items():
            screen.keep(f"{self.count:02d}_{name}_{who}")
            wide = screen.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, (name, who, wide)

    def step(self, text, then):
        self.desk.click(f"#steer button:has-text('{text}')")
        self.desk.see(f"#next:has-text('{then}')")
        self.wall.see(f"#where:has-text('{then}')")

    def close(self):
        for screen in (self.desk, self.wall, *self.students.values()):
            assert not screen.faults, screen.faults
            assert all(url.startswith((self.host.address, "data:", "blob:")) for url in screen.requests)


def brief(room):
    """Lobby, briefing with role sheets and questions, practice."""
    room.keep("lobby")
    room.step("Begin the briefing", "Briefing")
    for screen in room.students.values():
        screen.click("#tab-role")
        screen.click("text=I have read it")
        for _ in range(5):
            screen.page.locator("#quiz .row button").first.click()
            screen.page.wait_for_timeout(60)
        screen.page.wait_for_function("document.querySelectorAll('#quiz .row button').length === 0")
    room.desk.see(f"#quiz :text('of {len(room.students)} right')")
    room.keep("briefing")
    room.step("Begin practice", "Orders")
    for screen in room.students.values():
        screen.click("#tab-now")
        screen.see("#newcard:not([hidden])")
    room.keep("practice")
    room.desk.click("#steer button:has-text('Lock orders')")
    room.desk.see("#next:has-text('What happened')")
    room.keep("practice_reveal")


def negotiate(room, number):
    """Everybody says something; two states make a treaty in round 1, its members vote in round 2."""
    room.step("Next round", "Negotiate")
    first, second = room.seats[0], room.seats[1]
    one, two = room.students[first], room.students[second]
    for seat, screen in room.students.items():
        screen.click("#tab-talk")
        screen.page.fill("#text", f"{seat} is open to offers in round {number}.")
        screen.click("#say button")
    if number == 1:
        label = two.page.inner_text("#where").split(" \u00b7 ")[0]
        one.click("#tab-deals")
        one.page.check(f"#draft label:has-text('{label}') input")
        one.page.select_option("#dealvote", "weighted")
        one.click("text=Add this clause")
        one.click("text=Put it on the table")
        two.click("#tab-deals")
        two.click("#deals button:has-text('Sign')")
        two.see("text=Signed by all")
    room.desk.page.fill("#question", "Shall others be let in?")
    room.desk.page.select_option("#bloc", index=1)
    room.desk.click("#vote button")
    for screen in (one, two):
        screen.click("#tab-talk")
        screen.page.locator("#votes button:has-text('Yes')").last.click()
    room.desk.see("#votes :text('carried')")
    room.keep(f"round{number}_negotiate")


def order(room, number):
    """Students hand sheets in, an event comes in round 2, the round is worked out and revealed."""
    if number == 2:
        room.desk.page.select_option("#event", "outage")
        room.desk.click("#inject button")
        room.desk.see("#injects p")
    room.step("Close negotiations", "Orders")
    for screen in room.students.values():
        screen.click("#tab-now")
        screen.click("#handin")
        screen.see("text=It counts")
    room.desk.see("#board :text('handed in')")
    room.keep(f"round{number}_orders")
    room.desk.click("#steer button:has-text('Lock orders')")
    room.desk.see("#next:has-text('What happened')")
    room.wall.see("#where:has-text('What happened')")
    for screen in room.students.values():
        screen.see("text=your seat, this round")
    room.keep(f"round{number}_reveal")


def debrief(room):
    """Feelings, why, what if, the class against machines, secrets, the replay, the exit form, the end."""
    room.step("Begin the debrief", "Debrief")
    for n, screen in enumerate(room.students.values()):
        screen.page.fill("#word", ("tense", "fun", "slow", "rich", "unfair", "long")[n])
        screen.click("#debriefing form button >> nth=0")
    room.desk.click("text=Why, round 1")
    room.desk.see("#whatif table", WHY_SECONDS)
    room.desk.click("#debrief button:has-text('What if')")
    room.desk.see("text=worked out in")
    room.desk.page.check("#debrief label:has-text('words') input")
    room.desk.page.check("#debrief label:has-text('secrets') input")
    room.wall.see("text=tense")
    room.keep("debrief")
    replay = Screen(room.desk.context.browser, room.host).open("/debrief")
    replay.see("#machines")
    replay.keep("replay")
    assert not replay.faults
    for screen in room.students.values():
        screen.page.fill("#q-learned", "That stocks help")
        screen.click("text=Hand in the form")
        screen.see("text=it is kept")
    room.step("End the session", "The end")
    room.keep("end")


def play(browser, file, words, rounds):
    room = Room(browser, file, words)
    try:
        brief(room)
        for number in range(1, rounds + 1):
            negotiate(room, number)
            order(room, number)
        debrief(room)
        room.close()
    finally:
        room.host.kill()


def test_the_script_in_short(browser, tmp_path):
    """A desk, a wall and three students through every step with one round of two minerals."""
    play(browser, tmp_path / "short.orebloc", SHORT, 1)


@pytest.mark.soak
def test_the_whole_script_of_ninety_minutes(browser, tmp_path):
    """A desk, a wall and six students through the usual class's four rounds."""
    play(browser, tmp_path / "whole.orebloc", LONG, 4)
