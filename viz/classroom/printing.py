"""The pack to print before a session: role sheets, table tents, deal forms, the sheet of a round; one HTML file."""

from collections.abc import Mapping
from html import escape
from typing import Any

from model.clauses import CLAUSES
from viz.classroom.role_page import role_parts

#: Deal forms and round sheets that are printed; more come from the copier.
_DEALS = 4
_STYLE = """
@page { size: A4; margin: 16mm; }
* { box-sizing: border-box; }
body { font: 11pt/1.45 Inter, "Segoe UI", "Helvetica Neue", Arial, sans-serif; color: #1d2126; margin: 0 auto;
  max-width: 178mm; }
h1 { font-size: 22pt; line-height: 1.15; margin: 0 0 1mm; }
h2 { font-size: 12pt; margin: 5mm 0 1.5mm; color: #0062a3; }
table.rounds { table-layout: fixed; } table.rounds th:first-child { width: 16mm; }
p, ul { margin: 0 0 2mm; } ul { padding-left: 5mm; } li { margin-bottom: 1mm; }
.page { break-after: page; break-inside: avoid; padding-top: 1mm; } .page:last-child { break-after: auto; }
.soft { color: #59626d; font-size: 9.5pt; }
section.private { border: 1.5pt solid #1d2126; padding: 0 4mm 2mm; margin-top: 4mm; }
section.private h2 { margin-top: 3mm; }
table { border-collapse: collapse; width: 100%; margin: 2mm 0 4mm; } th, td { border: 0.6pt solid #59626d;
  padding: 1.5mm 2mm; text-align: left; vertical-align: top; } th { font-size: 9.5pt; font-weight: 600; }
td.write { height: 11mm; } td.tall { height: 22mm; } .line { border-bottom: 0.6pt solid #59626d; height: 9mm; }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 1mm 8mm; }
.tent { height: 240mm; display: grid; grid-template-rows: 1fr 1fr; }
.tent > div { display: flex; flex-direction: column; align-items: center; justify-content: center; text-align: center; }
.tent > div:first-child { transform: rotate(180deg); border-top: 0.8pt dashed #59626d; }
.tent b { font-size: 60pt; line-height: 1.1; overflow-wrap: anywhere; } .tent span { font-size: 16pt; color: #59626d; }
.poster { text-align: center; } .poster h1 { font-size: 30pt; margin-bottom: 8mm; } .poster ol { display: inline-block;
  text-align: left; font-size: 17pt; line-height: 1.5; } .poster .qr svg { width: 95mm; height: 95mm; }
.blank { display: inline-block; min-width: 45mm; border-bottom: 0.8pt solid #59626d; height: 1em; }
@media screen { .page { border-bottom: 1px dashed #c5cbd2; padding: 10mm 4mm; } }
"""
_ROLES = {"exporter": "dominant exporter", "state": "state", "miner": "miner", "refiner": "refiner"}


def pack(session: Mapping[str, Any], address: str = "") -> str:
    """Return the pack of a session (see `viz.classroom.session.session_of`) as one HTML page, whole in itself.

    `address` is where people will find the server, for the poster; without one the poster leaves it to be written.
    """
    seats = session["seats"]
    pages = [
        _contents(session),
        _poster(session, address),
        *[_role(seat, about) for seat, about in seats.items()],
        *[_tent(about) for about in seats.values()],
        *[_deal(number) for number in range(1, _DEALS + 1)],
        _rounds(session),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(session['title'])}: to print</title><style>{_STYLE}</style></head><body><main>"
        + "".join(pages)
        + "</main></body></html>"
    )


def _page(body: str, kind: str = "") -> str:
    return f'<article class="page {kind}">{body}</article>'


def _contents(session: Mapping[str, Any]) -> str:
    """Return the first page: what is in the pack, how to use it, the plan in minutes."""
    seats, plan = session["seats"], session["plan"]
    steps = "".join(
        f"<tr><td>{escape(_step(phase))}</td><td>{_minutes(phase['minutes'])}</td></tr>"
        for phase in plan
        if phase["name"] not in ("resolving", "closed")
    )
    return _page(
        f"<h1>{escape(session['title'])}</h1>"
        f'<p class="soft">For whoever hosts: keep this page. Print on one side, A4 or letter.</p><ul>'
        f"<li>{len(seats)} role sheets: one for each person of the seat; the box is for that seat alone.</li>"
        "<li>A poster for the door: the address for everybody. The code of the session is on the wall.</li>"
        f"<li>{len(seats)} table tents: fold along the dashed line.</li>"
        f"<li>{_DEALS} deal forms: "
        "for talking in the room; what binds is what is entered on the screen and signed.</li>"
        "<li>A round sheet: one for each seat, to note orders and what came of them.</li></ul>"
        f"<h2>Plan</h2><table><tr><th>Step</th><th>Minutes</th></tr>{steps}</table>"
    )


def _poster(session: Mapping[str, Any], address: str) -> str:
    """Return the poster for the door: how to come in, with the address as a QR code where it is known."""
    import segno

    blank = '<span class="blank"></span>'
    steps = (
        f"<ol><li>Join the wireless network: {blank} password: {blank}</li>"
        f"<li>Open <b>{escape(address) or blank}</b></li>"
        "<li>Type the code on the wall, and your name.</li><li>Choose a seat. Note your own code: it brings you back."
        "</li></ol>"
    )
    picture = ""
    if address:
        drawn = segno.make(address, error="m").svg_inline(scale=12, border=2, light="white")
        picture = (
            f'<div class="qr" role="img" aria-label="QR code of {escape(address, quote=True)}">{drawn}</div>'
        )
    how = "For a QR code here, give the pack --address and the address that the host command prints."
    note = "" if address else f'<p class="soft">{how}</p>'
    return _page(f"<h1>{escape(session['title'])}</h1>{picture}{steps}{note}", "poster")


def _step(phase: Mapping[str, Any]) -> str:
    name = str(phase["name"])
    if name in ("lobby", "briefing", "debrief"):
        return name.capitalize()
    return f"{'Practice' if not phase['round'] else 'Round {}'.format(phase['round'])}: {name}"


def _minutes(minutes: float | None) -> str:
    return "until you go on" if minutes is None else f"{minutes:g}"


def _role(seat: str, about: Mapping[str, Any]) -> str:
    code = "" if seat == about["label"] else f" ({escape(seat)})"
    return _page(
        f"<h1>{escape(about['label'])}</h1>"
        f'<p class="soft">Your role: {_ROLES[about["role"]]}{code}.</p>{role_parts(about)}'
    )


def _tent(about: Mapping[str, Any]) -> str:
    side = f"<div><b>{escape(about['label'])}</b><span>{_ROLES[about['role']]}</span></div>"
    return _page(side + side, "tent")


def _deal(number: int) -> str:
    rows = "".join('<tr><td class="write"></td><td></td><td></td></tr>' for _ in range(4))
    kinds = ", ".join(clause.title.lower() for clause in CLAUSES)
    signed = "".join('<tr><td class="write"></td><td></td></tr>' for _ in range(4))
    return _page(
        f'<h1>Deal</h1><p class="soft">Form {number}. It binds once all members have signed it on the screen.</p>'
        '<div class="fields"><div>Between<div class="line"></div></div><div>Round<div class="line"></div></div></div>'
        f"<h2>Clauses</h2><p>Kinds the model knows: {escape(kinds)}.</p>"
        '<table><tr><th style="width: 30%">Clause</th>'
        '<th>Numbers, goods, until when</th><th style="width: 22%">Who does it</th></tr>'
        f"{rows}</table><h2>Promised beside it, binding nobody</h2><table><tr><td class='tall'></td></tr></table>"
        f"<h2>Signed</h2><table><tr><th>Seat</th><th>Name</th></tr>{signed}</table>"
    )


def _rounds(session: Mapping[str, Any]) -> str:
    numbers = sorted({phase["round"] for phase in session["plan"] if phase["round"]})
    rows = "".join(
        f"<tr><td>{number}</td><td class='tall'></td><td></td><td></td></tr>" for number in numbers
    )
    return _page(
        '<h1>Our rounds</h1><div class="fields"><div>Seat<div class="line"></div></div>'
        '<div>Number to watch<div class="line"></div></div></div><h2>Orders, guess and outcome</h2>'
        "<table class='rounds'><tr><th>Round</th><th>What we ordered and signed</th>"
        "<th>What we expect</th><th>What came</th></tr>"
        f"{rows}</table><h2>What we would do otherwise</h2>"
        '<div class="line"></div><div class="line"></div><div class="line"></div>'
    )
