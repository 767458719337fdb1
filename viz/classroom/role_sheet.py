"""A seat's role sheet, made from the data of the game: what everybody knows, what only it knows, what it wants."""

from collections.abc import Mapping
from typing import Any

from experiments.debrief.outcome import Cells
from experiments.game import Game
from experiments.outcome import headline_goods
from experiments.title import goods_words
from viz.country import country_name

_GOALS = {
    "state": [
        "Keep the users at home supplied, at a price they can bear.",
        "Depend less on a single supplier abroad, without spending more than it is worth.",
        "Your score: what users, producers and the treasury gain, less investment and the expected loss from a stop.",
    ],
    "exporter": [
        "Earn on what only you can refine, without building your own competitors by it.",
        "Keep magnet and component makers at home; use licences where they bring concessions.",
        "Your score: what users, producers and the treasury gain at home, rents included.",
    ],
    "miner": [
        "Make money over the years: build where price and backing last, stop where they do not.",
        "Find a state or a buyer that carries the risk of your next plant.",
        "Your score: your cash at the end.",
    ],
}
_GOALS["refiner"] = _GOALS["miner"]
#: What the groups of rare earths are, by the beginning of their goods' names.
_RARE_EARTHS = {
    "lace": "La/Ce are lanthanum and cerium, plentiful and cheap.",
    "ndpr": "NdPr are neodymium and praseodymium, of which strong magnets are made.",
    "dytb": "Dy/Tb are dysprosium and terbium, which let magnets bear heat.",
}


def role_sheet(game: Game, seat: str, opening: Cells) -> dict[str, Any]:
    """Return `{label, role, public, private, goals, watch, goods, countries}` of a seat; texts in plain words.

    `opening` are the numbers that all screens show before round 1, so that what everybody knows is the same for all.
    """
    place, view = game.seats[seat], game.view(seat)
    shown = headline_goods(game.engine.world)
    told = _firm(view) if place.is_firm else _state(game, seat, view, shown, opening)
    said = " ".join((*told["public"], *told["private"]))
    words = [text for text in _RARE_EARTHS.values() if text.split()[0] in said]
    told["public"] = [*told["public"], *([" ".join(words)] if words else [])]
    return {
        "label": seat if place.is_firm else country_name(seat),
        "role": place.role,
        "goals": _GOALS[place.role],
        "goods": list(game.engine.world.goods["name"]),
        "countries": list(game.engine.world.countries),
        **told,
    }


def _state(
    game: Game, seat: str, view: Mapping[str, Any], shown: list[str], opening: Cells
) -> dict[str, Any]:
    public, private = [], []
    for good in shown:
        share = opening.get(("production_share", good, seat), 0.0)
        if share >= 0.02:
            public.append(f"Makes {share:.0%} of the world's {goods_words(good)} (primary output).")
    for row in sorted(view["goods"], key=lambda r: -(r.get("dependence_share") or 0.0)):
        if (
            row["good"] in shown
            and (row.get("dependence_share") or 0.0) > 0.3
            and row.get("leading_supplier")
        ):
            stock = f"; your users hold {row['stock_days']:.0f} days of it" if row.get("stock_days") else ""
            supplier = country_name(row["leading_supplier"])
            private.append(
                f"{supplier} supplies {row['dependence_share']:.0%} of your {goods_words(row['good'])}{stock}."
            )
    public = public or ["Makes little of these minerals, and buys them abroad."]
    worst = max(
        (row for row in view["goods"] if row["good"] in shown),
        key=lambda row: row.get("dependence_share") or 0.0, default=None,
    )  # fmt: skip
    watch = (
        "The rent and the share you keep: the price outside against the price inside."
        if game.seats[seat].role == "exporter"
        else f"Your dependence on one supplier for {goods_words(worst['good'])}." if worst else "Your score."
    )  # fmt: skip
    return {
        "public": public,
        "private": private[:4] or ["You depend on nobody for more than a third."],
        "watch": watch,
    }


def _firm(view: Mapping[str, Any]) -> dict[str, Any]:
    sites = [site for site in view["sites"] if site["capacity_t"] > 0.0] or view["sites"]
    public = [
        f"Runs {4 * site['capacity_t']:,.0f} t a year of {goods_words(site['good'])} in "
        f"{country_name(site['country'])}."
        for site in sites[:4]
    ]
    private = [
        f"New capacity for {goods_words(site['good'])} takes {site['lead_quarters']:.0f} quarters and costs "
        f"{site['capex_usd_per_t_per_year']:,.0f} usd for a tonne a year; it sells at "
        f"{site['price_usd_per_t'] or 0:,.0f} usd a tonne now."
        for site in sites[:3]
    ]
    return {"public": public, "private": private, "watch": "Your cash, and what your newest plant earns."}
