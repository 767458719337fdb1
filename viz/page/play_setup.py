"""Play before the first year, as HTML: the choice of scenario, seats and length, and the briefing of a seat."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from experiments.game_advice import at_stake
from experiments.seat_score import parts_of
from experiments.solo import Solo
from experiments.title import goods_words, short_title
from model.seat import Seat
from viz.country import country_name
from viz.live.message import named
from viz.live.seat_word import PART_WORDS, ROLE_WORDS, money, price_words, seat_title, share, tonnes
from viz.live.seen import seen_text
from viz.page.sheet import card, table

_SHOWN = 6
#: Purchases from a leading supplier, over the worth of what is made, from which a state is told of its dependence.
_BUYER = 0.2


def setup_html(
    scenarios: Sequence[Sequence[str]], scenario: str, ends: Sequence[str], end: str,
    seats: Mapping[str, Seat], first: Sequence[str], chosen: Sequence[str],
) -> str:  # fmt: skip
    """Return the first screen: who one may be, in which world, for how long."""
    worlds = "".join(
        f'<option value="{escape(name, quote=True)}"{" selected" if name == scenario else ""}>{escape(title)}</option>'
        for name, title in scenarios
    )
    years = "".join(
        f'<option value="{quarter}"{" selected" if quarter == end else ""}>{quarter[:4]} ({n + 1} '
        f"year{'s' if n else ''})</option>"
        for n, quarter in enumerate(ends)
    )
    near = "".join(_box(name, seats[name], name in chosen) for name in first)
    far = "".join(
        _box(name, seat, name in chosen)
        for name, seat in seats.items()
        if name not in first and name != "OTH"
    )
    return (
        '<h1 class="finding">Take a seat and play against machines</h1>'
        '<p class="lead">Once a year you give orders, as a state or a firm. All other seats decide by '
        "themselves. You see what "
        "your seat may know, what each order does before you give it, and afterwards what you gained against the "
        "same seat left to machines.</p>"
        '<form class="order ask" data-form="start" aria-label="A new game"><div class="asks">'
        '<label class="field" for="play-scenario"><span>World</span><select id="play-scenario" name="scenario" '
        f'data-change="scenario">{worlds}</select></label>'
        '<label class="field" for="play-until"><span>Until the end of</span><select id="play-until" '
        f'name="until">{years}</select></label></div>'
        f'<fieldset class="seats"><legend>Seat</legend><div class="checks">{near}</div>'
        '<details class="many"><summary>All other seats</summary><label class="field" for="play-search">'
        "<span>Search by name</span>"
        '<input type="text" id="play-search" data-filter="all-seats" autocomplete="off"></label><div '
        f'class="checks" id="all-seats">{far}</div>'
        '<p class="fine" data-none hidden>No seat has this name.</p></details></fieldset>'
        '<div class="acts"><button type="submit" class="main-act">Take the seat</button>'
        '<label class="file"><span>Open a saved game</span><input type="file" accept="application/json,.json" '
        'data-file="load"></label></div></form>'
    )


def _box(name: str, seat: Seat, is_on: bool) -> str:
    on = " checked" if is_on else ""
    note = "" if seat.role == "state" else f'<small class="fine">{ROLE_WORDS[seat.role]}</small>'
    return (
        f'<label class="check"><input type="checkbox" name="seats" value="{escape(name, quote=True)}"{on}>'
        f"<span>{escape(seat_title(seat))} {note}</span></label>"
    )


def briefing_html(solo: Solo) -> str:
    """Return who one is, what depends on whom, what counts, the number to watch and what holds already."""
    years = solo.game.rounds
    titles = [seat_title(solo.game.seat(name)) for name in solo.seats]
    parts = "".join(_brief(solo, name) for name in solo.seats)
    return (
        f'<h1 class="finding">You are {escape(" and ".join(titles))}</h1>'
        f'<p class="lead">{years} year{"s" if years > 1 else ""}, from {solo.game.quarter} to the end of '
        f"{solo.game.scenario.end[:4]}.</p>"
        f'{parts}<div class="acts"><button type="button" class="main-act" data-act="begin">Begin with '
        f"{solo.game.quarter[:4]}</button>"
        '<button type="button" data-act="leave">Choose another seat</button></div>'
    )


def _brief(solo: Solo, name: str) -> str:
    seat, view = solo.game.seat(name), solo.game.view(name)
    goals = "".join(
        f"<li><b>{PART_WORDS[part][0]}</b>: {PART_WORDS[part][1]}.</li>" for part in parts_of(seat.is_firm)
    )
    title = seat_title(seat)
    watch = f'<p class="watch"><b>{escape(watched(view)[0])}</b> {escape(watched(view)[1])}</p>'
    method = "In dollars, added up over all years; your aim is to end above the same seat left to machines."
    body = _firm_table(view) if seat.is_firm else _state_table(view)
    hit = measures_on(view)
    rows = "".join(f"<li>{escape(named(text))}</li>" for text in hit) or "<li>None.</li>"
    return (
        f'<div class="board">{card(f"What {title} depends on", body, "In the last quarter known", "", "wide")}'
        + card("The number to watch", watch, wide="")
        + card("What counts for you", f'<ul class="points">{goals}</ul>', "", method, "half")
        + card(
            "Measures that bear on you",
            f'<ul class="points scroll" tabindex="0" aria-label="Measures">{rows}</ul>',
            "",
            "",
            "half",
        )
        + "</div>"
    )


def watched(view: Mapping[str, Any]) -> tuple[str, str]:
    """Return the one number to watch, and what it is."""
    if "sites" in view:
        site = max(
            view["sites"], key=lambda row: row["capacity_t"] * (row["price_usd_per_t"] or 0.0), default=None
        )
        if site is None:
            return money(view["cash_usd"]), "cash since the start."
        cost = min((plant["cost_usd_per_t"] for plant in site["plants"]), default=0.0)
        good = goods_words(site["good"])
        return (
            price_words(site["price_usd_per_t"]),
            f"price of {good} in {country_name(site['country'])}; your cheapest plant runs at {price_words(cost)}.",
        )
    return _watched_state(view)


def _watched_state(view: Mapping[str, Any]) -> tuple[str, str]:
    """Return the largest dependence of a state that buys, the share of the world's output of one that sells."""

    def bought(good: Mapping[str, Any]) -> float:
        price = good["landed_price_usd_per_t"] or 0.0
        return float(good["dependence_share"] * good["use_t"] * price) if good["leading_supplier"] else 0.0

    def sold(good: Mapping[str, Any]) -> float:
        return float(good["output_t"] * (good["price_usd_per_t"] or 0.0))

    most, best = max(view["goods"], key=bought), max(view["goods"], key=sold)
    if bought(most) > _BUYER * sold(best):
        thing, leader = goods_words(most["good"]), country_name(most["leading_supplier"])
        worth = money(bought(most))
        return (
            share(most["dependence_share"]),
            f"of the {thing} you buy comes from {leader}: {worth} a quarter, the most that hangs on one supplier.",
        )
    makers: list[dict[str, Any]] = next(
        row["producers"] for row in view["world"] if row["good"] == best["good"]
    )
    part = next((row["share"] for row in makers if row["country"] == view["country"]), 0.0)
    price = price_words(best["outside_price_usd_per_t"])
    return share(part), f"of the world's {goods_words(best['good'])} is yours; it sells at {price} abroad."


def measures_on(view: Mapping[str, Any]) -> list[str]:
    """Return measures in force on a seat's goods, of others those that name it or everybody, in the model's words."""
    goods = {row["good"] for row in view.get("goods", view.get("sites", []))}
    found = []
    for measure in view["measures"]:
        fields = measure["fields"]
        if not measure["in_force"] or not goods.intersection(fields.get("good") or []):
            continue
        aimed = fields.get("target") or []
        if (
            measure["actor"] in (view["seat"], view["country"])
            or not aimed
            or {"WORLD", view["country"]}.intersection(aimed)
        ):
            found.append(seen_text(measure, view["quarter"], view["seat"]))
    return found


def _state_table(view: Mapping[str, Any]) -> str:
    rows = [
        [short_title(good["good"]), tonnes(good["use_t"]), tonnes(good["output_t"]),
         country_name(good["leading_supplier"]) if good["leading_supplier"] else "\u2013",
         share(good["dependence_share"]),
         price_words(good["landed_price_usd_per_t"] or good["price_usd_per_t"]),
         "\u2013" if good["stock_days"] is None else f"{good['stock_days'] + (good['reserve_days'] or 0.0):.0f}"]
        for good in at_stake(view)[:_SHOWN]
    ]  # fmt: skip
    head = ("good", "used", "made at home", "largest supplier", "its part", "price", "days in store")
    return table("what the seat depends on", head, rows, (1, 2, 4, 5, 6))


def _firm_table(view: Mapping[str, Any]) -> str:
    rows = [
        [short_title(site["good"]), country_name(site["country"]), tonnes(site["capacity_t"]), tonnes(site["output_t"]),
         price_words(site["price_usd_per_t"]),
         price_words(min((p["cost_usd_per_t"] for p in site["plants"]), default=None))]
        for site in view["sites"]
    ]  # fmt: skip
    return table(
        "plants of the firm", ("good", "where", "capacity", "output", "price", "cost"), rows, (2, 3, 4, 5)
    )
