"""Advice for a seat: a handful of sensible orders, each tried on a fork of the game and ranked by the seat's score.

Nobody's secrets are used: candidates come from the seat's own view. Others decide in the forks as the built-in
behaviours do. Firms, and exporters that have a built-in conduct, hear what that would order as well.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.game import Game
from experiments.seat_score import seat_scores
from model.error import ClearingError, OreblocError

Orders = list[dict[str, Any]]
#: Years the forks look ahead, and candidates tried at most.
YEARS, MOST = 3, 9
_GOODS = 2
#: A reserve of so many days of use; public money as a part of the price on arrival.
_DAYS, _PART = 60.0, 0.25
_MAKES = 0.05


@dataclass(frozen=True)
class Advice:
    """Orders tried: what for, in words, and what the seat's score gains against giving none, usd over `rounds`."""

    title: str
    orders: Orders
    texts: list[str]
    gain_usd: float
    rounds: int


def advise(
    game: Game,
    seat: str,
    *,
    sheets: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    rounds: int = YEARS,
    tell: Callable[[int, int], None] | None = None,
) -> list[Advice]:
    """Return what was tried for a seat, the best first; each is given on top of the seat's sheet in `sheets`.

    `tell(done, all)` hears how far it is. A candidate that the model refuses, or whose market does not clear, is left
    out. Raises `OreblocError` for no seat and for a game that is over.
    """
    if game.is_done:
        raise OreblocError("The game is over; there is nothing left to advise on. Look at the debrief.")
    given = {name: [dict(order) for order in orders] for name, orders in (sheets or {}).items()}
    mine = given.get(seat, [])
    tried = [
        candidate for candidate in candidates(game, seat) if candidate[1] and candidate[1][0] not in mine
    ]
    base = _outcome(game, seat, given, rounds)
    found = []
    for done, (title, orders) in enumerate(tried[:MOST]):
        if tell is not None:
            tell(done, min(len(tried), MOST))
        try:
            texts = game.check(seat, [*mine, *orders])[len(mine) :]
            gain = _outcome(game, seat, {**given, seat: [*mine, *orders]}, rounds) - base
        except (OreblocError, ClearingError):
            continue
        found.append(Advice(title, orders, texts, gain, _ahead(game, rounds)))
    return sorted(found, key=lambda advice: -advice.gain_usd)


def _ahead(game: Game, rounds: int) -> int:
    return min(rounds, game.rounds - len(game.played))


def _outcome(game: Game, seat: str, sheets: Mapping[str, Sequence[Mapping[str, Any]]], rounds: int) -> float:
    """Return the seat's score after some rounds of a fork, in whose later rounds the people's seats give no orders."""
    fork = game.fork()
    for number in range(_ahead(game, rounds)):
        fork.play_round(sheets if not number else {name: [] for name in sheets} | {seat: []})
    return seat_scores(fork, [seat])[seat].total_usd


def candidates(game: Game, seat: str) -> list[tuple[str, Orders]]:
    """Return orders that make sense for a seat by what it sees, each with what it is for."""
    view = game.view(seat)
    own = [("What the built-in behaviour would order", _plain(view["advice"]))] if view["advice"] else []
    if game.seat(seat).is_firm:
        return [*own, *_firm_orders(view)]
    return [*own, *_state_orders(view)]


def _plain(orders: Sequence[Mapping[str, Any]]) -> Orders:
    return [{"type": order["type"], "fields": dict(order["fields"])} for order in orders]


def _order(kind: str, **fields: Any) -> Orders:
    return [{"type": kind, "fields": fields}]


def _firm_orders(view: Mapping[str, Any]) -> list[tuple[str, Orders]]:
    found = []
    for site in view["sites"]:
        where = {"good": site["good"], "country": site["country"]}
        room = site["room_t"]
        if site["capacity_t"] > 0.0:
            more = 0.4 * site["capacity_t"]  # a tenth of the yearly capacity
            if room is None or room >= more / 4.0:
                found.append(("A tenth more capacity", _order("invest", **where, capacity_t_per_year=more)))
            found.append(("Idle half of it", _order("mothball", **where, share=0.5)))
        if site["idle_t"] > 0.0:
            found.append(("Bring idle plants back", _order("reopen", **where, share=1.0)))
    return found


def _state_orders(view: Mapping[str, Any]) -> list[tuple[str, Orders]]:
    """Return repeals, treaties on the table, then measures on the goods with most at stake."""
    seat = view["seat"]
    found: list[tuple[str, Orders]] = []
    for treaty in view["treaties"]:
        if treaty["state"] == "proposed" and treaty["members"].get(seat) in ("none", "proposed", ""):
            found.append(
                (f"Sign the treaty \u201c{treaty['title']}\u201d", _order("sign_treaty", treaty=treaty["id"]))
            )
    for measure in view["measures"]:
        if measure["actor"] == seat and measure["in_force"] and not measure["by_treaty"]:
            found.append(("End a measure of one's own", _order("repeal", measure=measure["id"])))
    found = found[:3]
    for good in at_stake(view)[:_GOODS]:
        found += _on(good, seat)
    return found


def at_stake(view: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the goods of a state's view by the money at stake in a quarter: bought from the leader, or sold."""
    return sorted(view["goods"], key=lambda good: -stake_usd(good))


def stake_usd(good: Mapping[str, Any]) -> float:
    """Return a quarter's use from the leading foreign supplier plus a quarter's output, at what each costs, usd."""
    landed = good["landed_price_usd_per_t"] or good["outside_price_usd_per_t"] or 0.0
    price = good["price_usd_per_t"] or landed
    return float(good["dependence_share"] * good["use_t"] * landed + good["output_t"] * price)


def _on(good: Mapping[str, Any], seat: str) -> list[tuple[str, Orders]]:
    name = good["good"]
    price = (
        good["landed_price_usd_per_t"] or good["outside_price_usd_per_t"] or good["price_usd_per_t"] or 0.0
    )
    found: list[tuple[str, Orders]] = []
    if good["use_t"] > 0.0 and (good["reserve_days"] or 0.0) < _DAYS:
        found.append(
            (f"A reserve of {_DAYS:g} days", _order("strategic_stockpile", good=[name], target_days=_DAYS))
        )
    if good["output_t"] > _MAKES * good["use_t"] and price > 0.0:
        found.append(
            (
                "Pay producers at home",
                _order("production_subsidy", good=[name], rate_usd_per_t=float(f"{_PART * price:.2g}")),
            )
        )
    if good["capacity_t"] > 0.0:
        found.append(("Permits in half the time", _order("fast_track", good=[name], permit_factor=0.5)))
    if good["customers"] and any(row["country"] != seat for row in good["customers"]):
        found.append(("A tax on exports", _order("export_tax", good=[name], rate=_PART)))
    if good["use_t"] > 0.0:
        found.append(("Recycling sooner", _order("recycling_programme", good=[name], speed_factor=2.0)))
    if good["leading_supplier"]:
        target = [good["leading_supplier"]]
        found.append(
            (
                "A tariff on the leading supplier",
                _order("import_tariff", good=[name], target=target, rate=_PART),
            )
        )
    return found
