"""The pack to print: everything a room needs on paper, in one file."""

import re

import pytest

import orebloc
from experiments.game import Game
from viz.classroom.printing import pack
from viz.classroom.session import session_of

SEATS = ("CHN", "JPN", "USA")


@pytest.fixture(scope="module")
def session():
    return session_of(Game("tiny", until="2026Q4"), seats=SEATS, rounds=2, title="Metals & <men>")


def pages(text):
    return re.findall(r'<article class="page ([a-z]*)">(.*?)</article>', text, re.S)


def test_every_seat_has_a_sheet_and_a_tent_read_from_both_sides(session):
    """One sheet and one tent a seat, four deal forms, a sheet of rounds, a first page, a poster."""
    found = pages(pack(session))
    assert len(found) == 1 + 1 + 3 + 3 + 4 + 1
    tents = [body for kind, body in found if kind == "tent"]
    assert [body.count("<b>Japan</b>") for body in tents] == [0, 2, 0]
    assert found[-1][1].count("class='tall'") == 2
    assert "Round 2: reveal" in found[0][1] and "Briefing" in found[0][1]


def test_what_a_seat_alone_knows_is_on_its_own_sheet_only(session):
    """A private line marked for one seat is on one page, that seat's, in the box."""
    seats = {**session["seats"]}
    seats["JPN"] = {**seats["JPN"], "private": ["canary of Japan"]}
    found = pages(pack({**session, "seats": seats}))
    (page,) = [body for _, body in found if "canary" in body]
    assert "<h1>Japan</h1>" in page
    assert re.search(r'<section class="private">(?:(?!</section>).)*canary', page)


def test_the_poster_has_the_address_as_a_picture_and_in_words(session):
    """With an address its QR code is drawn in the page, as segno makes it; without one there is a line to write on."""
    import segno

    address = "http://192.168.1.20:8080/"
    poster = next(body for kind, body in pages(pack(session, address)) if kind == "poster")
    path = re.search(
        r' d="([^"]+)"', segno.make(address, error="m").svg_inline(scale=12, border=2, light="white")
    )[1]
    assert f"<b>{address}</b>" in poster and path in poster
    bare = next(body for kind, body in pages(pack(session)) if kind == "poster")
    assert "<svg" not in bare and bare.count('class="blank"') == 3
    assert "<script" not in next(b for k, b in pages(pack(session, "<script>")) if k == "poster")


def test_the_page_needs_no_network_and_shows_titles_as_text(session):
    """No address, script, picture or style sheet of another file; a title with signs stays text."""
    text = pack(session)
    assert not re.search(r"https?:|src=|<script|<link|@import|url\(", text)
    assert "Metals &amp; &lt;men&gt;" in text and "<men>" not in text


def test_the_command_writes_the_file_or_one_message(tmp_path, capsys):
    """The file appears where it was asked for; an unknown seat or a place that cannot be written is a mistake."""
    out = tmp_path / "new" / "pack.html"
    words = ["pack", "--scenario", "tiny", "--rounds", "2", "--seats"]
    assert orebloc.main([*words, "CHN,JPN", "--out", str(out)]) == 0
    assert len(pages(out.read_text(encoding="utf-8"))) == 1 + 1 + 2 + 2 + 4 + 1
    assert orebloc.main([*words, "CHN,Atlantis", "--out", str(out)]) == 2
    assert orebloc.main([*words, "CHN,JPN", "--out", str(out / "below.html")]) == 2
    assert capsys.readouterr().err.count("error:") == 2
