"""What is said about seats, goods and scores in play: one wording for briefing, round and result."""

from collections.abc import Mapping
from typing import Any

from model.seat import Seat
from viz.country import country_name

PART_WORDS = {
    "consumer": ("Users", "what use is worth beyond what is paid"),
    "producer": ("Plants", "what plants at home earn"),
    "treasury": ("Treasury", "duties and taxes less support and stocks bought"),
    "rent": ("Rents", "what holders of quotas and licences get"),
    "variety": ("Choice", "what choice among suppliers is worth"),
    "investment": ("Building", "what new plants at home cost, counted against it"),
    "supply_at_risk": ("Safety", "expected loss from a stop by a leading supplier, counted against it"),
    "cash": ("Cash", "what came in less what went out"),
}
ROLE_WORDS = {"exporter": "the leading exporter", "state": "state", "miner": "miner", "refiner": "refiner"}


def seat_title(seat: Seat) -> str:
    """Return what a seat is called."""
    return seat.name if seat.is_firm else country_name(seat.name)


def money(usd: float) -> str:
    """Return dollars for a sentence: $1.2 bn, $340 m, $12k, \u2212$3 m."""
    size, sign = abs(usd), "\u2212" if usd < 0.0 else ""
    for unit, word in ((1e9, " bn"), (1e6, " m"), (1e3, "k")):
        if size >= unit * 0.9995:
            amount = size / unit
            return f"{sign}${amount:,.0f}{word}" if amount >= 999.5 else f"{sign}${amount:.3g}{word}"
    return f"{sign}${size:,.0f}"


def signed_money(usd: float) -> str:
    """Return dollars with their sign."""
    return f"+{money(usd)}" if usd >= 500.0 else money(usd) if usd <= -500.0 else "\u00b1$0"


def price_words(usd_per_t: float | None) -> str:
    """Return a price for a sentence."""
    if usd_per_t is None:
        return "none"
    if usd_per_t < 20_000.0:
        return f"${usd_per_t:,.0f} a tonne"
    kilogram = usd_per_t / 1000.0
    return f"${kilogram:,.0f} a kg" if kilogram >= 100.0 else f"${kilogram:.3g} a kg"


def share(value: float | None) -> str:
    """Return a share in per cent."""
    return "\u2013" if value is None else f"{100.0 * value:.0f} %"


def tonnes(value: float) -> str:
    """Return tonnes with as many digits as they need."""
    return f"{value:,.0f} t" if value >= 10.0 else f"{value:.2g} t"


def suggested(seats: Mapping[str, Seat], stakes: Mapping[str, float]) -> list[str]:
    """Return seats worth a first game: the leading exporter, the states with most at stake, two large firms."""
    exporters = [name for name, seat in seats.items() if seat.role == "exporter"]
    states = [name for name, seat in seats.items() if seat.role == "state" and name != "OTH"]
    states.sort(key=lambda name: -stakes.get(name, 0.0))
    firms = [
        name
        for name, seat in sorted(seats.items(), key=lambda pair: -stakes.get(pair[0], 0.0))
        if seat.is_firm
        and not any(
            word in name for word in ("recyclers", "traders", "refiners", "miners", "Other", "makers")
        )
    ]
    return [*exporters[:1], *states[:6], *firms[:2]]


def stakes_of(game: Any) -> dict[str, float]:
    """Return by seat what is at stake in the base year, usd: purchases and output of states, capacity of firms."""
    world = game.engine.world
    stakes: dict[str, float] = {}
    price = dict(zip(zip(world.nodes["good"], world.nodes["country"], strict=True), game.engine.layout.node_base_price,
                     strict=True))  # fmt: skip
    mean: dict[str, list[float]] = {}
    for (good, _), value in price.items():
        mean.setdefault(good, []).append(float(value))
    for good, country, use in zip(world.buyers["good"], world.buyers["country"],
                                  game.engine.layout.buyer_base_use_t, strict=True):  # fmt: skip
        stakes[country] = stakes.get(country, 0.0) + float(use) * sum(mean[good]) / len(mean[good])
    for n, site in enumerate(game.engine.layout.site_firm):
        node = game.engine.layout.site_node[n]
        name = str(world.firms["name"].iloc[site]) if site >= 0 else ""
        worth = float(game.engine.layout.node_base_t[node] * game.engine.layout.node_base_price[node])
        stakes[name] = stakes.get(name, 0.0) + worth
    return stakes
