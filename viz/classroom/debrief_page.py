"""The replay of a session round by round: a page for the room, and the same as a file to hand out.

It is made from what everybody may know (`viz.classroom.view`): orders and private talk are in it once the desk has
opened the secrets. The file needs no script and no network.
"""

import math
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.machine.table import Table
from viz.classroom.against import against_part, found_table, games_command
from viz.classroom.chart import price_figure, share_figure
from viz.classroom.markup import bullets, card, folded, named, table
from viz.classroom.question import Question, cause_word, first_cause, questions
from viz.classroom.state import State
from viz.classroom.view import common, told_rounds
from viz.classroom.word import (
    change_word,
    good_word,
    measure_word,
    moment_word,
    money_word,
    order_title,
    order_word,
    price_word,
)
from viz.country import country_name
from viz.drawing import percent
from viz.figure import Figure

_STYLES = ("class.css", "replay.css")
_STATIC = Path(__file__).resolve().parents[1] / "static" / "classroom"
_BOARDS = {
    "wealth": ("Wealth of states", "score of the round; more is better", money_word),
    "cash": ("Cash of firms", "earned since the game began; more is better", money_word),
    "security": (
        "Security of supply",
        "cost of a year without the leading supplier; less is better",
        money_word,
    ),
    "independence": (
        "Independence",
        "part bought from the largest supplier abroad, minerals weighted by what their use was worth before the game; "
        "less is better",
        percent,
    ),
}
#: A cause smaller than this part of the whole move is not told.
_SMALL = 0.005


Told = tuple[Mapping[str, Any], Sequence[Mapping[str, Any]], Table | None]


def told_of(state: State) -> Told:
    """Return what the page is made from: the view of everybody, what each round brought, games of machines."""
    return common(state, 0.0), told_rounds(state), found_table(state.record)


def debrief_page(found: Told, is_file: bool = False, game_link: str = "") -> str:
    """Return the page as HTML from what `told_of` returns; `is_file` for one that stands alone.

    `game_link` is where the game opens in Explore, for those who may.
    """
    told, rounds, games = found
    names = {seat: about["label"] for seat, about in told["about"].items()}
    head = _file_head() if is_file else _room_head()
    title = escape(told["title"] or "A session")
    body = (
        _whole(told, rounds, names, games)
        if rounds
        else "<p>The replay comes when the first round has been played.</p>"
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{title}: replay - Orebloc</title>'
        f'<link rel="icon" href="data:,">{head}</head><body class="replay">'
        '<a class="skip" href="#main">To the content</a>'
        f'<main id="main" class="stack"><h1>{title}</h1>{_to_explore(game_link)}{body}</main></body></html>'
    )


def _to_explore(link: str) -> str:
    text = (
        "Open this game in Explore: map, shares and prices of every quarter, and levers to change its world"
    )
    return f'<p><a href="{escape(link, quote=True)}">{text}</a></p>' if link else ""


def _room_head() -> str:
    sheets = "".join(f'<link rel="stylesheet" href="/assets/classroom/{name}">' for name in _STYLES)
    return f'{sheets}<script type="module" src="/assets/classroom/replay.js"></script>'


def _file_head() -> str:
    text = "".join((_STATIC / name).read_text(encoding="utf-8") for name in _STYLES)
    return f"<style>{re.sub(r'@font-face [{][^}]*[}]', '', text)}</style>"


def _whole(
    told: Mapping[str, Any],
    rounds: Sequence[Mapping[str, Any]],
    names: Mapping[str, str],
    games: Table | None,
) -> str:
    debrief = told["debrief"] or {}
    points = [told["opening"], *rounds]
    asked = questions(points, debrief, names)
    goods = sorted((row["good"] for row in rounds[-1]["prices"]), key=lambda good: -_moved(points, good))
    figures = [draw(points, good) for good in goods for draw in (price_figure, share_figure)]
    return "".join([
        _intro(rounds, debrief, asked, names),
        '<div class="beside"><div class="stack">',
        _slider(len(rounds)),
        *(_round(number, found, debrief, asked, names) for number, found in enumerate(rounds, start=1)),
        '</div><div class="stack"><h2 id="charts">Prices and shares, what moved most first</h2><div class="charts">',
        *(_figure(figure) for figure in figures),
        "</div></div></div>",
        _boards(rounds, names),
        against_part(games, rounds, names, games_command(told)),
        _endings(debrief, names),
    ])  # fmt: skip


def _moved(points: Sequence[Mapping[str, Any]], good: str) -> float:
    """Return how far a good's price outside went from its lowest to its highest, as a logarithm; nothing known: 0."""
    rows = (row["outside"] for point in points for row in point["prices"] if row["good"] == good)
    known = [value for value in rows if value]
    return math.log(max(known) / min(known)) if known else 0.0


def _intro(
    rounds: Sequence[Mapping[str, Any]],
    debrief: Mapping[str, Any],
    asked: Sequence[Question],
    names: Mapping[str, str],
) -> str:
    count = len(rounds)
    span = f"{rounds[0]['quarter_from']} to {rounds[-1]['quarter_to']}"
    secrets = (
        "Orders and private talk are in it." if "orders" in debrief else "Orders of seats are not in it."
    )
    lines = [
        f'<a href="#round-{number}">Round {number}</a>: {escape(found["headline"])}{_mostly(found, names)}'
        for number, found in enumerate(rounds, start=1)
    ]
    moments = [
        f'<a href="#round-{one["round"]}">Round {one["round"]}</a>: {escape(moment_word(one))}'
        for one in debrief.get("moments", [])
    ]
    return (
        f'<p class="soft">{count} round{"" if count == 1 else "s"}, {span}. {secrets}</p>'
        + '<div class="boards">'
        + card("What happened, and why", bullets(lines) + _unasked(rounds))
        + (card("Key moments", bullets(moments)) if moments else "")
        + (card("To ask the room", bullets(_asked(one, True) for one in asked), "now") if asked else "")
        + "</div>"
    )


def _mostly(found: Mapping[str, Any], names: Mapping[str, str]) -> str:
    cause = first_cause(found, names)
    return f' <span class="soft">Mostly {escape(cause)}.</span>' if cause else ""


def _unasked(rounds: Sequence[Mapping[str, Any]]) -> str:
    """Return which rounds the desk has not asked the causes of, nothing where it has asked for all."""
    missing = [str(number) for number, found in enumerate(rounds, start=1) if "causes" not in found]
    which = f"round{'' if len(missing) == 1 else 's'} {', '.join(missing)}"
    return f'<p class="soft">Causes of {which} have not been asked for at the desk.</p>' if missing else ""


def _asked(one: Question, has_link: bool = False) -> str:
    where = f'<a href="#round-{one.round}">Round {one.round}</a>: ' if has_link and one.round else ""
    return f"{where}{escape(one.seen)} <b>{escape(one.text)}</b>"


def _asked_here(one: Question, moments: Sequence[Mapping[str, Any]]) -> str:
    """Return a question of a round, without what is told above it already."""
    is_told = len(moments) == 1 and one.seen == moment_word(moments[0])
    return f"<b>{escape(one.text)}</b>" if is_told else _asked(one)


def _slider(count: int) -> str:
    """Return the control that a script brings to life; without one all rounds are shown."""
    if count < 2:
        return ""
    return (
        '<div id="slider" class="card" hidden><label for="at">Round <output id="told"></output>'
        f'<input id="at" type="range" min="1" max="{count}" step="1" value="1"></label><div class="row">'
        '<button id="before" type="button">Round before</button><button id="after" type="button">Next round</button>'
        '<button id="all" type="button" aria-pressed="false">All rounds</button></div></div>'
    )


def _round(
    number: int,
    found: Mapping[str, Any],
    debrief: Mapping[str, Any],
    asked: Sequence[Question],
    names: Mapping[str, str],
) -> str:
    def here(part: str) -> list[Any]:
        return [one for one in debrief.get(part, []) if one["round"] == number]

    span = f"{found['quarter_from']} to {found['quarter_to']}"
    parts = [
        f'<p class="lead">{escape(found["headline"])}</p>',
        named("Key moments", (escape(moment_word(one)) for one in here("moments"))),
        named("To ask the room", (_asked_here(one, here("moments")) for one in asked if one.round == number)),
        named("Noted on the way", (escape(one["text"]) for one in here("bookmarks"))),
        "<h3>Prices</h3>", _prices(found["prices"]),
        named("Why prices outside moved", (_why(row, names) for row in found.get("causes", []))),
        named("Treaties in force", (_treaty(one, names) for one in found["treaties"])),
        named("Orders", (f"{escape(_who(row['seat'], names))}: {escape(order_word(order))}"
                          for row in here("orders") for order in row["orders"])),
        folded("What was said", (_said(one, names) for one in here("messages") if one["text"])),
        folded("Measures in force", (escape(measure_word(one["text"])) for one in found["measures"])),
    ]  # fmt: skip
    return (
        f'<section class="card round" id="round-{number}" data-round="{number}" '
        f'data-span="{escape(span, quote=True)}" tabindex="-1">'
        f'<h2>Round {number} <span class="soft">{escape(span)}</span></h2>{"".join(parts)}</section>'
    )


def _prices(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        [good_word(row["good"]), price_word(row["outside"]), change_word(row["outside_change"]),
         price_word(row["inside"]), change_word(row["inside_change"]), country_name(row["leader"])] for row in rows
    ]  # fmt: skip
    return table(
        ["mineral", "outside", "change", "inside", "change", "leading producer"], lines, {1, 2, 3, 4}
    )


def _why(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    least = _SMALL * abs(row["total"] or 1.0)
    parts = sorted((p for p in row["parts"] if abs(p["amount"]) > least), key=lambda p: -abs(p["amount"]))
    told = ", ".join(
        f"{cause_word(part['cause'], names)} {price_word(part['amount'], True)}" for part in parts
    )
    name, total = escape(good_word(row["good"])), price_word(row["total"], True)
    return f"<b>{name}</b> {total}: {escape(told) or 'hardly anything'}"


def _treaty(one: Mapping[str, Any], names: Mapping[str, str]) -> str:
    members = ", ".join(
        f"{_who(code, names)}{'' if state == 'in force' else f' ({state})'}"
        for code, state in one["members"].items()
    )
    return f"<b>{escape(one['title'] or one['id'])}</b>: {escape(members)}"


def _said(one: Mapping[str, Any], names: Mapping[str, str]) -> str:
    others = [_who(seat, names) for seat in one["room"].split("+") if seat != one["seat"]]
    to = "all" if one["room"] == "public" else ", ".join(others)
    return f"<b>{escape(_who(one['seat'], names))}</b> to {escape(to)}: {escape(one['text'])}"


def _who(seat: str, names: Mapping[str, str]) -> str:
    return names.get(seat) or country_name(seat)


def _figure(figure: Figure) -> str:
    legend = "".join(
        f'<li><svg class="key" viewBox="0 0 12 12" aria-hidden="true"><rect width="12" height="12" fill="{colour}"/>'
        f"</svg>{escape(word)}</li>"
        for word, colour in figure.legend
    )
    return (
        f'<figure class="card"><figcaption><h3>{escape(figure.title)}</h3><p class="soft">{escape(figure.unit)}</p>'
        f'</figcaption>{figure.body}<ul class="legend">{legend}</ul>'
        f"<details><summary>Numbers</summary>{_numbers(figure)}</details></figure>"
    )


def _numbers(figure: Figure) -> str:
    show = percent if figure.name.startswith("share") else lambda value: f"{value:,.0f}"
    rows = [
        [str(quarter), *("" if pd.isna(value) else show(float(value)) for value in values)]
        for quarter, values in zip(figure.table.index, figure.table.to_numpy(), strict=True)
    ]
    unit = "" if figure.name.startswith("share") else '<p class="soft">usd per tonne</p>'
    return unit + table(
        ["quarter", *map(country_name, figure.table.columns)],
        rows,
        set(range(1, len(figure.table.columns) + 1)),
    )


def _boards(rounds: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> str:
    boards = rounds[-1].get("scoreboards", {})
    cards: list[str] = []
    for board, (title, meaning, show) in _BOARDS.items():
        if not boards.get(board):
            continue
        by_round = [{row["seat"]: row["value"] for row in found["scoreboards"][board]} for found in rounds]
        lines = [
            [
                _who(row["seat"], names),
                *("" if row["seat"] not in values else show(values[row["seat"]]) for values in by_round),
            ]
            for row in boards[board]
        ]
        heads = ["seat", *(f"round {number}" for number in range(1, len(rounds) + 1))]
        cards.append(
            card(title, f'<p class="soft">{meaning}</p>{table(heads, lines, set(range(1, len(heads))))}')
        )
    return f'<h2>Scoreboards</h2><div class="boards">{"".join(cards)}</div>' if cards else ""


def _endings(debrief: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return what the debrief added: what ifs, promises, what was signed and done, words."""
    verdict = {True: "kept", False: "broken", None: "not judged"}
    what_ifs = "".join(_what_if(one) for one in debrief.get("what_ifs", []))
    promises = [
        f"{_said(m, names)} <b>({verdict[m['kept']]})</b>" for m in debrief.get("promises", []) if m["text"]
    ]
    delivery = [_delivered(row, names) for row in debrief.get("delivery", [])]
    found = debrief.get("words")
    words = [word for word in found if word] if isinstance(found, list) else []
    return "".join([
        what_ifs,
        card("Promises made to all", bullets(promises)) if promises else "",
        card("Signed and done", bullets(delivery)) if delivery else "",
        card("In one word", f'<p class="lead">{escape(", ".join(words))}</p>') if words else "",
    ])  # fmt: skip


def _what_if(one: Mapping[str, Any]) -> str:
    rows = [
        [good_word(row["good"]), price_word(row["real"]), price_word(row["otherwise"])]
        for row in one["prices"]
    ]
    note = f'<p class="soft">Prices outside in {escape(one["quarter"])}, the game played again.</p>'
    return card(f"What if: {one['text']}", note + table(["mineral", "as it was", "otherwise"], rows, {1, 2}))


def _delivered(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    until = "in force to the end" if row["is_kept"] else f"in force until round {row['until']}"
    against = ", ".join(f"{order_title(one['type'])} (round {one['round']})" for one in row["against"])
    meanwhile = f"; meanwhile ordered against a fellow member: {escape(against)}" if against else ""
    return f"<b>{escape(_who(row['member'], names))}</b>, {escape(row['title'])}: {until}{meanwhile}"
