"""The world in play, as HTML: shares, prices, suppliers, map and what has happened, of the years played so far."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from experiments.results import Results
from experiments.solo import Solo
from experiments.title import goods_words, short_title
from model.quarter_date import first_date, quarter_index
from viz.charts import price, production_share
from viz.colour import country_colours
from viz.country import country_name
from viz.figure import Figure
from viz.good_table import good_tables
from viz.live.message import named
from viz.live.place import PLACES
from viz.live.seat_word import price_words, share, tonnes
from viz.live.seen import before, happened, seen_text
from viz.page.sheet import card, table


def world_html(solo: Solo, seat: str, good: str, goods: Sequence[str], results: Results | None) -> str:
    """Return the cards of one good: what is known before the first year, what happened after."""
    view = solo.game.view(seat)
    options = "".join(
        f'<option value="{name}"{" selected" if name == good else ""}>{escape(short_title(name))}</option>'
        for name in goods
    )
    choice = (
        '<div class="sentence"><h2>The world</h2><label class="asked" for="play-good"><span>shown:</span>'
        f'<select id="play-good" data-change="good">{options}</select></label></div>'
    )
    cards = map_card(solo, view, good, results) + _suppliers(view, good)
    if results is None:
        cards += card(
            "Shares and prices over time", '<p class="fine">They are drawn from the first year on. What will happen is '
            "nobody's to know: there are no projections here.</p>", "", "", "half")  # fmt: skip
    else:
        data = next(one for one in good_tables(results) if one.good == good)
        cards += _figure(production_share.draw(data)) + _figure(price.draw(data))
    return f'{choice}<div class="board">{cards}{_timeline(solo, view)}</div>'


def _figure(figure: Figure) -> str:
    names = "".join(
        f'<li><i style="background:{colour}"></i>{escape(word)}</li>' for word, colour in figure.legend
    )
    rows = [
        [str(label), *(f"{value:.6g}" for value in row)]
        for label, row in zip(figure.table.index, figure.table.to_numpy(), strict=True)
    ]
    head = ("quarter", *(country_name(str(column)) for column in figure.table.columns))
    numbers = table(figure.name, head, rows, range(1, len(head)))
    body = f'{figure.body}<ul class="names">{names}</ul>'
    return card(figure.title, body, figure.unit, figure.source, "half", numbers)


def map_card(solo: Solo, view: Mapping[str, Any], good: str, results: Results | None) -> str:
    """Return the map's card; the page draws the map from the numbers that stand in it, a quarter at a time."""
    if results is None or "world" not in view:
        made = {row["country"]: [row["share"]] for row in _makers(solo, view, good)}
        quarters, flows = [""], []
        when, source = (
            "as your services know it before the first year",
            "Others' figures are known with an error.",
        )
    else:
        quarters, made = _made(results, good)
        flows = _flows(results, good, quarters)
        when = (
            quarters[-1] if len(quarters) == 1 else f"{quarters[0]} to {quarters[-1]}, at the quarter below"
        )
        source = "Natural Earth borders, simplified; no position on disputed ones."
    codes = {code for code in (*made, *(f[0] for f in flows), *(f[1] for f in flows)) if code in PLACES}
    places = {code: _place(code) for code in sorted(codes)}
    data = {"quarters": quarters, "shares": made, "flows": flows, "places": places, "country": view["country"],
            "words": f"Share of world output of {goods_words(good)}"}  # fmt: skip
    largest = sorted(((code, parts[-1]) for code, parts in made.items()), key=lambda pair: -pair[1])[:8]
    rows_ = [[country_name(code), share(part)] for code, part in largest if part > 0.0005]
    body = f'<div class="mapslot" data-map="{escape(json.dumps(data), quote=True)}"></div>'
    unit = f"Colour: share of world output, {when}" + (
        "; ribbons: the largest flows, wide end at the seller" if flows else ""
    )
    return card(
        f"Who makes {goods_words(good)}?",
        body,
        unit,
        source,
        "wide",
        table("shares", ("country", f"share {quarters[-1]}".strip()), rows_, (1,)),
    )


def _made(results: Results, good: str) -> tuple[list[str], dict[str, list[float]]]:
    """Return the quarters played, and each country's share of world output in each; 0 where it made nothing."""
    rows = results.series
    rows = rows[(rows["metric"] == "production_share") & (rows["good"] == good)]
    shares = rows.pivot_table(index="country", columns="quarter", values="value", observed=True).fillna(0.0)
    return [str(q) for q in shares.columns], {
        str(code): [round(float(value), 5) for value in row]
        for code, row in zip(shares.index, shares.to_numpy(), strict=True)
    }


def _flows(results: Results, good: str, quarters: Sequence[str]) -> list[tuple[str, str, list[float]]]:
    """Return origin, destination and tonnes by quarter of every pair that traded."""
    rows = results.flows[results.flows["good"] == good]
    tonnes = rows.pivot_table(
        index=["origin", "destination"], columns="quarter", values="quantity_t", aggfunc="sum", observed=True
    ).reindex(columns=list(quarters))
    return [
        (str(origin), str(destination), [round(float(value), 4) for value in row])
        for (origin, destination), row in zip(tonnes.index, tonnes.fillna(0.0).to_numpy(), strict=True)
    ]


def _place(code: str) -> dict[str, Any]:
    ids, lonlat = PLACES[code]
    return {"name": country_name(code), "ids": list(ids), "lonlat": list(lonlat) if lonlat else None}


def _makers(solo: Solo, view: Mapping[str, Any], good: str) -> list[dict[str, Any]]:
    rows = (
        view.get("world")
        or solo.game.view(view["country"] if view["country"] in solo.game.seats else "USA")["world"]
    )
    return next((row["producers"] for row in rows if row["good"] == good), [])


def _suppliers(view: Mapping[str, Any], good: str) -> str:
    """Return the seat's own numbers of the good: from whom it buys, what it pays and stores; or its plants."""
    if "sites" in view:
        lines = [
            f"{short_title(s['good'])} in {country_name(s['country'])}: {tonnes(s['output_t'])} of "
            f"{tonnes(s['capacity_t'])} made, at {price_words(s['price_usd_per_t'])}"
            for s in view["sites"]
        ]
        body = "".join(f"<li>{escape(line)}.</li>" for line in lines)
        return card("Your plants", f'<ul class="points">{body}</ul>', "Last quarter", "", "rest")
    own = next((row for row in view["goods"] if row["good"] == good), None)
    thing, name = goods_words(good), country_name(view["country"])
    if own is None or not own["suppliers"]:
        return card(f"{name} buys no {thing}", "", "Last quarter", "", "rest")
    colours = country_colours([row["country"] for row in own["suppliers"]])
    bars = "".join(
        '<div class="supplier"><span '
        f'class="who">{escape("at home" if row["country"] == view["country"] else country_name(row["country"]))}</span>'
        f'<span class="rail-bar"><i style="width:{100 * row["share"]:.1f}%;background:{colours[row["country"]]}">'
        "</i></span>"
        f'<span class="part">{share(row["share"])}</span></div>'
        for row in own["suppliers"][:6]
        if row["share"] > 0.004
    )
    store = (
        ""
        if own["stock_days"] is None
        else f" In store: {own['stock_days']:.0f} days of use with users, "
        f"{own['reserve_days'] or 0.0:.0f} with the state."
    )
    words = f'<p class="fine">Pays {price_words(own["landed_price_usd_per_t"])} on arrival.{store}</p>'
    return card(f"From whom {name} gets {thing}", bars + words, "Last quarter", "", "rest")


def _timeline(solo: Solo, view: Mapping[str, Any]) -> str:
    """Return what has come into force or happened in the years played, as far as the seat may know, newest first."""
    seat, first = view["seat"], solo.game.scenario.start
    last = solo.years[-1].last if solo.years else before(first)
    own = {named(text) for words in solo.texts for text in words[seat]}
    rows = [(when, named(text), False) for when, _, text in happened(solo.game.scenario, first, last)]
    scripted = {(order.type, order.actor, order.quarter) for order in solo.game.scenario.measures}
    rows += [
        (str(m["quarter"]), named(seen_text(m, last, seat)), named(m["text"]) in own)
        for m in view["measures"]
        if (m["type"], m["actor"], m["quarter"]) not in scripted
        and quarter_index(first) <= quarter_index(str(m["quarter"])) <= quarter_index(last)
        and m["in_force"]
    ]
    rows += [
        (str(e["quarter"]), named(str(e["title"] or e["kind"])), False)
        for e in view.get("events", [])
        if quarter_index(str(e["quarter"])) <= quarter_index(last)
    ]
    rows += [
        (year.first, named(text), True)
        for year, words in zip(solo.years, solo.texts, strict=True)
        for text in words[seat]
        if named(text) not in {row[1] for row in rows}
    ]
    rows.sort(key=lambda row: first_date(row[0]), reverse=True)
    items = (
        "".join(
            f'<li class="{"mine" if mine else ""}"><span class="when">{escape(when)}</span><span>{escape(text)}'
            "</span></li>"
            for when, text, mine in rows[:40]
        )
        or "<li>Nothing yet.</li>"
    )
    return card(
        "What has happened",
        f'<ol class="events" tabindex="0" aria-label="What has happened">{items}</ol>',
        "Measures in force and events that are public; yours marked",
        "",
        "half",
    )
