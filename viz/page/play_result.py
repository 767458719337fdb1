"""What a year brought, and what the game came to, as HTML."""

from collections.abc import Sequence
from html import escape
from typing import Any

from experiments.game_advice import Advice
from experiments.results import Results
from experiments.seat_score import Score
from experiments.solo import LeftOut, Solo
from experiments.title import goods_words, short_title
from model.treaty_note import TREATIES
from viz.country import country_name
from viz.live.message import named
from viz.live.seat_word import PART_WORDS, money, price_words, seat_title, signed_money
from viz.live.seen import happened, seen_text
from viz.page.sheet import card, table

_SHOWN = 6


def result_html(solo: Solo, results: Results) -> str:
    """Return what the last year brought: the score by part, what the sheet did to it, the largest changes."""
    year = solo.years[-1]
    heads, cards = [], ""
    for name in solo.seats:
        gain, title = solo.gained(name), seat_title(solo.game.seat(name))
        done = gain.total_usd - year.idle[name].total_usd
        ahead = year.scores[name].total_usd - year.machine[name].total_usd
        what = _brought(done) if year.sheets[name] else "you gave no orders"
        heads.append(f"{title}: {what} in {year.first[:4]}; {against(ahead)}")
        cards += card(
            f"What the year brought {title}",
            _parts(gain, year.idle[name]),
            "Million dollars; with your orders, and had you given none",
            _method(year.last),
            "half",
        )
        cards += card(
            f"{title}'s score so far",
            _parts(year.scores[name], year.machine[name], "the machine"),
            "Million dollars since the start, against the same seat left to machines all along",
            "",
            "half",
        )
    end = "See the result of the game" if solo.game.is_done else f"On to {solo.game.quarter[:4]}"
    return (
        f'<h1 class="finding">{escape(". ".join(heads))}</h1>'
        f'<div class="acts"><button type="button" class="main-act" data-act="on">{end}</button></div>'
        f'<div class="board">{cards}{card(*_moves(results, year.first))}{_others(solo)}</div>'
    )


def _brought(usd: float) -> str:
    if abs(usd) < 500.0:
        return "your orders of the year changed next to nothing within it"
    return f"your orders {'brought' if usd > 0.0 else 'cost'} you {money(abs(usd))}"


def against(ahead: float) -> str:
    """Return how a seat stands against the machine, in words."""
    if abs(ahead) < 500.0:
        return "level with the machine so far"
    return f"{money(abs(ahead))} {'ahead of' if ahead > 0.0 else 'behind'} the machine so far"


def _method(last: str) -> str:
    return f"The expected loss from a stop counts once a year, in {last}. Only differences mean something."


def _parts(mine: Score, other: Score, word: str = "no orders") -> str:
    """Return two scores by part with their difference, and the sum."""
    rows = []
    for part, value in [*mine.parts.items(), ("", mine.total_usd)]:
        against = other.parts[part] if part else other.total_usd
        rows.append(
            [
                PART_WORDS[part][0] if part else "In all",
                *(_millions(v) for v in (value, against)),
                _millions(value - against, True),
            ]
        )
    return table("score", ("part", "you", word, "difference"), rows, (1, 2, 3))


def _millions(usd: float, signed: bool = False) -> str:
    value = usd / 1e6
    words = f"{value:+,.1f}" if signed else f"{value:,.1f}"
    return words.replace("-", "\u2212") if float(f"{value:.1f}") else "0.0"


def _moves(results: Results, first: str) -> tuple[str, str, str]:
    """Return the goods whose price abroad, or largest maker's share, moved most since the quarter before the year."""
    series = results.central()
    quarters = sorted({str(quarter) for quarter in series["quarter"].unique()})
    start = quarters[max(quarters.index(first) - 1, 0)]
    rows = []
    restricting = results.manifest["restricting"]
    for good, leader in restricting.items():
        before, after = (
            _value(series, "outside_price_usd_per_t", good, leader, at) for at in (start, quarters[-1])
        )
        part = [_value(series, "production_share", good, leader, at) or 0.0 for at in (start, quarters[-1])]
        if before and after:
            rows.append((abs(after / before - 1.0), good, leader, (before, after), part))
    rows.sort(key=lambda row: -row[0])
    told = [
        [short_title(good), price_words(price[0]), price_words(price[1]),
         f"{100.0 * (price[1] / price[0] - 1.0):+.0f} %".replace("-", "\u2212"),
         country_name(leader), f"{100.0 * part[0]:.1f} %", f"{100.0 * part[1]:.1f} %"]
        for _, good, leader, price, part in rows[:_SHOWN]
    ]  # fmt: skip
    head = ("good", start, quarters[-1], "change", "largest maker", f"share {start}", quarters[-1])
    title = f"The price of {goods_words(rows[0][1])} moved most" if rows else "No price was formed"
    return (
        title,
        table("what changed", head, told, (1, 2, 3, 5, 6)),
        "Price outside the largest maker, and its share of output",
    )


def _value(series: Any, metric: str, good: str, country: str, quarter: str) -> float | None:
    found = series[
        (series["metric"] == metric)
        & (series["good"] == good)
        & (series["country"] == country)
        & (series["quarter"] == quarter)
    ]["value"]
    return float(found.iloc[0]) if len(found) and found.iloc[0] == found.iloc[0] else None


def _others(solo: Solo) -> str:
    """Return what others decided in the year that is public: reasons of those that choose."""
    year = solo.years[-1]
    said = [
        row
        for row in solo.game.engine.decisions
        if year.first <= str(row.get("quarter", "")) <= year.last and row.get("seat") not in solo.seats
    ]
    lines = [
        f"{row['quarter']}: {_decider(row['seat'])}: {named(str(row.get('why') or ''))}"
        for row in said
        if row.get("why")
    ]
    orders = [
        e
        for e in solo.game.engine.log
        if year.first <= e["quarter"] <= year.last
        and e["seat"] not in solo.seats
        and e["seat"] in solo.game.seats
        and not solo.game.seat(e["seat"]).is_firm
    ]
    known = {
        row["id"]: seen_text(row, year.last, name)
        for name in solo.seats
        for row in solo.game.view(name)["measures"]
    }
    texts = [
        text
        for text in known.values()
        if any(str(e["order"]["type"]).replace("_", " ") in text for e in orders)
    ]
    dated = happened(solo.game.scenario, year.first, year.last)
    texts += [f"{when}: {text}" for when, actor, text in dated if actor not in solo.seats]
    items = (
        "".join(f"<li>{escape(line)}</li>" for line in dict.fromkeys([*lines, *map(named, texts)]))
        or "<li>No other state changed its measures.</li>"
    )
    return card(
        "What other states decided",
        f'<ul class="points scroll" tabindex="0" aria-label="Decisions">{items}</ul>',
        "",
        "",
        "half",
    )


def _decider(seat: str) -> str:
    return "Treaties" if seat == TREATIES else country_name(seat)


def advice_html(found: Sequence[Advice], seat: str) -> str:
    """Return what was tried and what the seat gains by it, best first, each with a way to take it."""
    if not found:
        return '<p class="fine">Nothing else sensible to try was found on what this seat can see.</p>'
    years = found[0].rounds
    items = "".join(
        f'<li class="{"yes" if one.gain_usd > 500.0 else "no"}"><div><b>{escape(one.title)}: '
        f"{signed_money(one.gain_usd)}</b>"
        f"<p>{escape(' '.join(named(text) for text in one.texts))}</p></div>"
        f'<button type="button" data-act="take" data-value="{n}" aria-label="Put on the sheet: '
        f'{escape(one.title, quote=True)}">Take</button></li>'
        for n, one in enumerate(found)
    )
    how = (
        f"Each was tried on a copy of the game over {years} year{'s' if years > 1 else ''}, others deciding as "
        "built-in, and ranked by "
        "your score. A state's built-in behaviour gives no advice, so these are sensible orders, not the best "
        "there are."
    )
    return f'<ol class="advice">{items}</ol><p class="fine">{how}</p>'


def preview_html(solo: Solo, scores: tuple[dict[str, Score], dict[str, Score]], rounds: int) -> str:
    """Return what the sheets would do on a copy of the game, others as built-in."""
    rows = ""
    for name in solo.seats:
        mine, none = scores[0][name], scores[1][name]
        gain = mine - none
        parts = sorted(gain.parts.items(), key=lambda pair: -abs(pair[1]))
        told = ", ".join(
            f"{PART_WORDS[part][0].lower()} {signed_money(value)}"
            for part, value in parts[:3]
            if abs(value) >= 500.0
        )
        title = escape(seat_title(solo.game.seat(name)))
        rows += f"<li><b>{title}: {signed_money(gain.total_usd)}</b> {escape(told)}</li>"
    span = "the coming year" if rounds == 1 else f"the coming {rounds} years"
    return (
        f'<ul class="points">{rows}</ul><p class="fine">Over {span}, against giving no orders, on a copy of the '
        "game in which all others decide as built-in.</p>"
    )


def _years(solo: Solo, name: str) -> list[list[str]]:
    """Return a row for each year: gained, ahead of the machine so far, orders."""
    rows = []
    for n, year in enumerate(solo.years):
        gain, ahead = (
            solo.gained(name, n).total_usd,
            year.scores[name].total_usd - year.machine[name].total_usd,
        )
        orders = "; ".join(map(named, solo.texts[n][name])) or "no orders"
        rows.append([year.first[:4], _millions(gain), _millions(ahead, True), orders])
    return rows


def debrief_html(solo: Solo, left: Sequence[LeftOut], refused: Sequence[str]) -> str:
    """Return the end of the game: the score by part against the machines' game, and what each order was worth."""
    last = solo.years[-1]
    heads, cards = [], ""
    for name in solo.seats:
        title = seat_title(solo.game.seat(name))
        heads.append(
            f"{title} ends "
            f"{against(last.scores[name].total_usd - last.machine[name].total_usd).removesuffix(' so far')}"
        )
        cards += card(f"{title}'s score by part", _parts(last.scores[name], last.machine[name], "the machine"),
                      f"Million dollars, {solo.years[0].first} to {last.last}",
                      "The machine: the same seat, game and luck, left to its built-in behaviour.", "half")  # fmt: skip
        rows = _years(solo, name)
        cards += card(
            f"{title}, year by year",
            table("years", ("year", "gained", "ahead so far", "orders"), rows, (1, 2)),
            "Million dollars",
            "",
            "half",
        )
    ranked = sorted(left, key=lambda one: -abs(one.gain_usd))
    rows = [
        [
            solo.years[one.round].first[:4],
            seat_title(solo.game.seat(one.seat)),
            named(one.text),
            _millions(one.gain_usd, True),
        ]
        for one in ranked
    ]
    note = "Each: your score less that of the game played again without this one order, others deciding anew."
    note += "".join(f" {words}" for words in refused)
    best = f"Most was decided by: {named(ranked[0].text)}" if ranked else "You gave no orders"
    cards += card(
        best,
        table("orders", ("year", "seat", "order left out", "worth"), rows, (3,)) if rows else "",
        "Million dollars",
        note if rows else "",
    )
    return (
        f'<h1 class="finding">{escape(". ".join(heads))}</h1><div class="acts"><button type="button" '
        'class="main-act" data-act="again">'
        'Play it again from the start</button><button type="button" data-act="leave">Another seat</button></div>'
        f'<div class="board">{cards}</div>'
    )
