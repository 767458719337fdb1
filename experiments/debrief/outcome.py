"""What a round brought: prices, shares, scores and a headline, and which seats, events or drift moved a number."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from experiments.debrief.board import Rows, boards, cells_of, rows_of, summed
from experiments.game import Game
from experiments.outcome import headline_goods
from experiments.title import goods_words
from model.name import COUNTRY_NAMES

#: Seats of a round whose sheets are told apart; more are put together as one cause.
MOST_CAUSES = 8
#: A recorded number: metric, good, country; and numbers of a quarter.
Number = tuple[str, str, str]
Cells = Mapping[Number, float]
_PRICE, _INSIDE = "outside_price_usd_per_t", "inside_price_usd_per_t"


def outcome(
    game: Game, goods: tuple[str, ...] = (), seats: Sequence[str] = (), opening: Cells | None = None
) -> dict[str, Any]:
    """Return what the last round of a game brought, for `goods` or the scenario's headline goods.

    Firms are told that have ever had a sheet, and those among `seats`.

    `{quarter_from, quarter_to, headline, prices, shares, seats, scoreboards, measures, treaties}`; money in usd, prices
    in usd per tonne, shares 0 to 1, null where there is none. Changes are against the last quarter before the round; in
    the first round against the opening, which is worked out where `opening_cells` is not handed over as `opening`.
    """
    chosen = goods or tuple(headline_goods(game.engine.world))
    seen = game.recorder.seen
    first = [quarter for quarter, _ in seen].index(game.played[-1]["quarter"])
    observer = game.recorder.observer
    tables = {quarter: cells_of(observer.panels, panels) for quarter, panels in seen[first:]}
    rows = {quarter: rows_of(cells) for quarter, cells in tables.items()}
    span = list(tables)
    before = cells_of(observer.panels, seen[first - 1][1]) if first else opening or opening_cells(game)
    view = game.view(game.engine.world.countries[-1])  # the rest of the world: nobody's secrets
    prices = [_price(game, good, before, tables[span[-1]]) for good in chosen]
    firms = _firms(game, seats)
    return {
        "quarter_from": span[0],
        "quarter_to": span[-1],
        "headline": _headline(prices),
        "prices": prices,
        "shares": _shares(game, chosen, before, tables[span[-1]]),
        "seats": {name: _seat(game, name, rows, span) for name in [*game.engine.world.countries, *firms]},
        "scoreboards": boards(game.engine.world, rows, span, {name: _cash(game, name) for name in firms}),
        "measures": [m for m in view["measures"] if m["in_force"]],
        "treaties": view["treaties"],
    }


def opening_cells(game: Game) -> Cells:
    """Return a game's numbers at its opening: what its first quarter brings if nobody orders anything."""
    unplayed = (
        game if game.engine.step_number == 0 else Game.of(game.record, world=game.engine.world, until_round=0)
    )
    twin = unplayed.fork()
    twin.quarters_per_round = 1
    twin.play_round()
    return cells_of(twin.recorder.observer.panels, twin.recorder.seen[0][1])


def _known(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _value(cells: Cells, metric: str, good: str, country: str) -> float | None:
    return _known(cells.get((metric, good, country)))


def _leader(game: Game, good: str) -> str:
    """Return the country inside whose borders the inside price is: the restricting or largest producer."""
    return str(game.recorder.observer.restrictors.get(good, ""))


def _price(game: Game, good: str, before: Cells, last: Cells) -> dict[str, Any]:
    leader = _leader(game, good)
    row: dict[str, Any] = {"good": good, "leader": leader}
    for name, metric in (("outside", _PRICE), ("inside", _INSIDE)):
        now = _value(last, metric, good, leader)
        old = _value(before, metric, good, leader)
        row[name] = now
        row[f"{name}_change"] = None if now is None or not old else now / old - 1.0
    return row


def _headline(prices: list[dict[str, Any]]) -> str:
    moved = [row for row in prices if row["outside_change"] is not None]
    if not moved:
        return "No price outside the leading producer is known."
    top = max(moved, key=lambda row: abs(math.log(max(1.0 + row["outside_change"], 1e-9))))
    change, name = top["outside_change"], goods_words(top["good"])
    if abs(change) < 0.03:
        return "A quiet round: no price outside moved by more than 3 %."
    leader = COUNTRY_NAMES.get(top["leader"], top["leader"])
    if change > 1.0:
        return f"The price of {name} outside {leader} is {1 + change:.1f} times what it was."
    return f"The price of {name} outside {leader} {'rose' if change > 0 else 'fell'} by {abs(change):.0%}."


def _shares(game: Game, goods: tuple[str, ...], before: Cells, last: Cells) -> list[dict[str, Any]]:
    rows = []
    for good in goods:
        for country in game.engine.world.countries:
            now = _value(last, "production_share", good, country)
            if now is None or now < 0.01:
                continue
            old = _value(before, "production_share", good, country)
            rows.append(
                {"good": good, "country": country, "share": now, "change": None if old is None else now - old}
            )
    return sorted(rows, key=lambda row: (row["good"], -row["share"]))


def _firms(game: Game, seats: Sequence[str]) -> list[str]:
    """Return the firms among some seats, and every firm that somebody has ever given a sheet for."""
    named = {*seats, *(name for entry in game.played for name in entry["sheets"])}
    return sorted(name for name in named if game.seats[name].is_firm)


def _cash(game: Game, firm: str) -> float:
    """Return what a firm has earned since the game began."""
    return float(game.engine.columns.balance_usd[0, game.seats[firm].row])


def _seat(game: Game, name: str, rows: Mapping[str, Rows], span: Sequence[str]) -> dict[str, Any]:
    seat = game.seats[name]
    if seat.is_firm:
        view = game.view(name)
        output = {site["good"]: site["output_t"] for site in view["sites"]}
        return {"cash_usd": view["cash_usd"], "output_t": output,
                "profit_usd": view["revenue_usd"] - view["cost_usd"]}  # fmt: skip
    parts = ("welfare_consumer_usd", "welfare_producer_usd", "welfare_treasury_usd", "welfare_rent_usd",
             "welfare_variety_usd", "investment_usd", "supply_at_risk_usd", "score_usd")  # fmt: skip
    return {part: summed(rows, span, part, name) for part in parts}


def causes(before: Game, entry: Mapping[str, Any], numbers: Sequence[Number]) -> list[dict[str, Any]]:
    """Return what moved numbers in a round: each `{metric, good, country, total, parts: [{cause, amount}]}`.

    `before` is the game as it stood before the round `entry`; a number is (metric, good, country). Causes are the seats
    that gave orders, the events and the treaties of the round; what would have happened without any of them is drift.
    Parts are Shapley values over all orders in which causes can come, so they add up to the total but for rounding.
    """
    names = _causes(entry)
    start = _now(before, numbers)
    memory: dict[frozenset[str], list[float]] = {}

    def worth(chosen: frozenset[str]) -> list[float]:
        if chosen not in memory:
            twin = before.fork()
            twin.play_round(**_with(entry, chosen, names))
            memory[chosen] = _now(twin, numbers)
        return memory[chosen]

    whole, none = worth(frozenset(names)), worth(frozenset())
    told = []
    for n, (metric, good, country) in enumerate(numbers):
        parts = [{"cause": "drift", "amount": none[n] - start[n]}]
        parts += [{"cause": name, "amount": _shapley(name, list(names), worth, n)} for name in names]
        told.append(
            {"metric": metric, "good": good, "country": country, "total": whole[n] - start[n], "parts": parts}
        )
    return told


def _causes(entry: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return causes by name with the seats of each; beyond the most, the seats with the fewest orders go together."""
    active = sorted(
        (name for name, orders in entry["sheets"].items() if orders), key=lambda n: -len(entry["sheets"][n])
    )
    more = [name for name in ("events", "treaties") if entry.get(name)]
    room = MOST_CAUSES - len(more)
    if len(active) <= room:
        return {**{name: [name] for name in active}, **{name: [] for name in more}}
    named, rest = active[: room - 1], active[room - 1 :]
    return {**{name: [name] for name in named}, "other seats": rest, **{name: [] for name in more}}


def _with(entry: Mapping[str, Any], chosen: frozenset[str], names: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return the round with the orders of the chosen causes only; the others' seats stay with their people, silent."""
    seats = {seat for name in chosen for seat in names[name]}
    return {
        "sheets": {seat: orders if seat in seats else [] for seat, orders in entry["sheets"].items()},
        "pilots": entry.get("pilots", {}),
        "events": entry.get("events", []) if "events" in chosen else [],
        "treaties": entry.get("treaties", []) if "treaties" in chosen else [],
    }


def _now(game: Game, numbers: Sequence[Number]) -> list[float]:
    """Return numbers in the last quarter played; before the first, at the opening."""
    observer = game.recorder.observer
    is_opening = game.engine.step_number == 0
    cells = opening_cells(game) if is_opening else cells_of(observer.panels, observer.observe(game.engine))
    values = [cells[number] for number in numbers]
    return [value if math.isfinite(value) else 0.0 for value in values]


def _shapley(name: str, names: list[str], worth: Callable[[frozenset[str]], list[float]], n: int) -> float:
    others, count = [other for other in names if other != name], len(names)
    total = 0.0
    for size in range(count):
        weight = math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
        for chosen in itertools.combinations(others, size):
            total += weight * (worth(frozenset((*chosen, name)))[n] - worth(frozenset(chosen))[n])
    return total
