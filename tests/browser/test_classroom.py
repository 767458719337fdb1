"""The classroom in a real browser: a desk, a wall and three people through a short session, a kill on the way."""

import gzip
import re
import time

import pytest
from class_page import unfold
from classroom_screen import Host, Screen
from page_visit import ROOT

#: A name that would run where a page takes it for markup.
HOSTILE = "<img src=x onerror=alert(1)>Cat"


@pytest.fixture
def host(chromium, tmp_path):
    found = Host(tmp_path / "class.orebloc")
    yield found
    found.kill()


def test_a_class_from_the_code_on_the_wall_to_the_debrief(browser, host):
    """People join, practise, talk, sign, order and see what follows; a killed server loses nothing."""
    desk = Screen(browser, host).open(host.link)
    desk.click("#go")
    desk.see("#steer button")
    unfold(desk.page)
    wall = Screen(browser, host).open("/wall")
    wall.see(".code")
    ann = Screen(browser, host, 360).join("Ann", "CHN")
    bob = Screen(browser, host, 1400, "dark").join("Bob", "JPN")
    cat = Screen(browser, host, 360, "dark").join(HOSTILE, "Teck")
    desk.see(f"#people :text('{HOSTILE}')")
    screens = {"desk": desk, "wall": wall, "ann": ann, "bob": bob, "cat": cat}
    for name, screen in screens.items():
        screen.judged(f"{name} in the lobby")
        screen.keep(f"lobby_{name}")

    def step(text):
        desk.click(f"#steer button:has-text('{text}')")

    step("Begin the briefing")
    ann.click("#tab-role")
    ann.click("text=I have read it")
    ann.judged("role")
    step("Begin practice")
    ann.click("#tab-now")
    ann.see("#newcard:not([hidden])")
    step("Lock orders")
    desk.see("#next:has-text('What happened')")
    step("Next round")

    bob.see("#newcard:not([hidden])")
    bob.click("#tab-deals")
    bob.page.check("#draft label:has-text('China') input")
    bob.click("text=Add this clause")
    bob.click("text=Read it, and who")
    bob.see("#draft .treaty")
    bob.click("text=Put it on the table")
    ann.see("#waiting button:has-text('A treaty waits for your signature')")
    ann.see("#tab-deals .badge")
    ann.click("#tab-deals")
    ann.click("#deals button:has-text('Offer other terms')")
    assert ann.page.is_checked("#draft label:has-text('Japan') input")  # other terms begin with the offer's
    assert ann.page.locator("#draft .list li").count() == 1
    ann.click("text=Rather draft a new treaty")
    ann.click("text=What would it change for us?")
    ann.see("#deals table")
    ann.click("#deals button:has-text('Sign')")
    ann.see("text=Signed by all")
    for name in ("ann", "bob"):
        screens[name].judged(f"{name}'s deals")

    bob.click("#tab-talk")
    bob.page.fill("#text", "<b>We keep our stocks</b>")
    bob.page.check("#promise")
    bob.click("#say button")
    cat.click("text=Raise hand")
    cat.see("text=Lower hand")
    desk.see("#people:has-text('\u270b')")
    desk.click("#board button:has-text('Mute') >> nth=0")
    desk.see("#board button:has-text('Let it talk again')")
    desk.click("#board button:has-text('Let it talk again')")
    desk.page.wait_for_selector("#board button:has-text('Let it talk again')", state="detached")
    desk.click("#people button:has-text('Lower the hand')")
    cat.see("text=Raise hand")
    ann.click("#tab-talk")
    ann.see("text=<b>We keep our stocks</b>")
    ann.judged("talk")

    ann.click("#tab-now")
    ann.click("#first button:has-text('tax')")
    ann.click("#put")
    ann.see("#put-said.fault:has-text('Good is missing')")
    assert ann.page.locator("#orders li").count() == 0  # an order that lacks something is not added
    ann.page.select_option("#form select >> nth=0", index=0)
    ann.page.locator("#form input[inputmode=decimal]").first.fill("30")
    ann.see("#checked:has-text('30 %')")
    host.kill()
    ann.see("#banner:not([hidden])")
    ann.click("text=Put it on the sheet")  # nobody is there to hear it
    begun = time.monotonic()
    host.begin("--resume")
    ann.see("text=Draft saved")
    back = time.monotonic() - begun
    assert ann.page.locator("#orders li").count() == 1
    ann.page.wait_for_selector("#banner", state="hidden")
    change_while_another_does(ann)
    ann.click("#preview")
    ann.see("#previewed table")
    ann.click("#handin")
    ann.see("text=It counts")
    ann.judged("sheet")
    for name, screen in screens.items():
        screen.keep(f"orders_{name}")
    print(f"back {back:.1f} s after the start of the new server")

    desk.page.select_option("#event", "outage")
    desk.page.dblclick("#inject button")
    desk.see("#injects p")
    assert desk.page.locator("#injects p").count() == 1
    step("Close negotiations")
    step("Lock orders")
    desk.see("#next:has-text('What happened')")
    for name, screen in screens.items():
        screen.judged(f"{name} at the reveal")
        screen.keep(f"reveal_{name}")
    ann.see("text=your seat, this round")
    wall.see("text=Treaties in force")
    bob.click("#tab-world")
    bob.judged("world")

    step("Skip to the debrief")
    ann.page.fill("#q-learned", "That stocks help")
    desk.click("text=Why, round 1")
    desk.see("#whatif table")
    desk.click("#debrief button:has-text('What if')")
    desk.see("text=worked out in")
    ann.page.fill("#word", "tense")
    ann.click("#debriefing form button >> nth=0")
    desk.page.check("#debrief label:has-text('words') input")
    wall.see("text=tense")
    desk.click("#wall button:has-text('What if')")
    wall.see("text=What if:")
    assert wall.page.evaluate("document.documentElement.scrollHeight - window.innerHeight") <= 0
    ann.see("#debriefed:has-text('What if:')")
    assert ann.page.input_value("#q-learned") == "That stocks help"  # news of others redraws no form
    for name, screen in screens.items():
        screen.judged(f"{name} in the debrief")
        screen.keep(f"debrief_{name}")
    for name, screen in screens.items():
        lost = [fault for fault in screen.faults if "desk/open" not in str(fault)]
        assert not lost, (name, lost)
        assert all(url.startswith((host.address, "data:")) for url in screen.requests), name


def change_while_another_does(ann):
    """Change the one order while another device of the team empties the sheet: neither is lost unseen."""
    begun = []

    def interfere(route):
        given = route.request.post_data_json
        if given["kind"] == "set_draft" and not begun:
            begun.append(given)
            body = {"version": given["body"]["version"], "orders": []}
            answer = ann.context.request.post(
                f"{ann.host.address}/api/command",
                data={"id": "another-device", "kind": "set_draft", "body": body},
                headers={"origin": ann.host.address},
            )
            assert answer.ok, answer.text()
        route.continue_()

    ann.page.route("**/api/command", interfere)
    ann.click("[aria-label='Change order 1']")
    box = ann.page.locator("#form input[inputmode=decimal]").first
    assert box.input_value() == "30"
    box.fill("25")
    ann.click("text=Change the order")
    ann.see("#sheetfault:has-text('changed this sheet in the meantime')")
    assert ann.page.locator("#orders li").count() == 0
    ann.click("text=Add my change to it")
    ann.see("#orders li:has-text('25 %')")
    ann.page.unroute("**/api/command")
    assert ann.page.locator("#orders li").count() == 1 and ann.page.locator("#conflict").is_hidden()
    refused = [fault for fault in ann.faults if fault[0] == 409]
    assert len(refused) == 1  # the one refusal that was provoked
    ann.faults.remove(refused[0])


def test_a_students_page_is_light():
    """What a phone loads for its seat is at most 150 kB compressed, in at most 12 files."""
    static = ROOT / "viz" / "static"
    files = [ROOT / "viz" / "classroom" / "page" / "play.html"]
    files += [
        static / "classroom" / name for name in ("class.css", "common.js", "colours.js", "form.js", "play.js")
    ]
    files += [static / "inter-latin.woff2"]
    size = sum(len(f.read_bytes() if f.suffix == ".woff2" else gzip.compress(f.read_bytes())) for f in files)
    assert size <= 150_000 and len(files) + 3 <= 12, (size, len(files))


def test_colours_are_those_of_all_charts():
    """The classroom's colours of countries are those of `viz.colour`."""
    from viz.colour import FIXED

    text = (ROOT / "viz" / "static" / "classroom" / "colours.js").read_text(encoding="utf-8")
    assert dict(re.findall(r'(\w+): "(#[0-9a-f]{6})"', text)) == FIXED
