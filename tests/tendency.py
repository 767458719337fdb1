"""What tends to hold in our market and how often it does, on random worlds: the frequencies of docs/invariants.md.

Each function looks at one random world and says whether the tendency held there, and in words with numbers what it saw.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from mechanism import METAL, ORE, Story, measure
from random_world import FIRST, START, pact, random_restrictions, random_world

#: The worlds that the page's frequencies are over.
PAGE_SEEDS = range(1000, 1100)
#: Worlds run to here: eight quarters, six of them under measures.
END = "2026Q4"
_CLOSE = 1.0 + 1e-7
_EXEMPT = {"type": "mutual_exemption", "fields": {}}


class Frequency(NamedTuple):
    """How often a tendency held, and the first world in which it did not (-1 for none), in words."""

    held: int
    worlds: int
    counterexample: int
    words: str


def home_price_under_floor(seed: int) -> tuple[bool, str]:
    """I4: on average of four years home producers fetch no more under a high floor than with imports banned."""
    floor = measure("price_floor", "AUS", METAL, START, price_usd_per_t=150_000.0)
    ban = measure("export_ban", "CHN", METAL, START, target=["AUS"])
    stories = [random_world(seed, order, end="2029Q2") for order in (floor, ban)]
    i = stories[0].node(METAL, "AUS")
    with_floor, autarky = (float(story["price"][FIRST:, i].mean()) for story in stories)
    words = f"home price {with_floor:,.0f} usd a t under the floor, {autarky:,.0f} without imports"
    return with_floor <= autarky * _CLOSE, words


def own_revenue_under_support(seed: int) -> tuple[bool, str]:
    """I7: price got plus support is the strike or more in every quarter in which support is paid."""
    story = random_world(
        seed, measure("price_support", "AUS", METAL, START, strike_usd_per_t=75_000.0), end=END
    )
    plants, aus = story.engine.plan.supports[0].plants, story.engine.world.countries.index("AUS")
    paid = story["country_support_usd"][:, aus] / story["output_t"][:, plants].sum(axis=1)
    got = story["price"][:, story.node(METAL, "AUS")] + paid
    seen = got[paid > 0.0]
    least = float(seen.min()) if seen.size else np.inf
    return least >= 75_000.0 / _CLOSE, f"price and support come to {least:,.0f} usd a t, the strike is 75,000"


def member_trade_under_exemption(seed: int) -> tuple[bool, str]:
    """I16: in its first quarter an exemption makes no flow between members smaller, with everybody restricting."""
    members = _two(seed)
    orders = random_restrictions(seed, "AUS", "CHN", "OTH")
    story = random_world(seed, *orders, treaties=(pact(members, _EXEMPT),), end=END)
    routes = story.engine.world.routes
    inside = routes["origin"].isin(members) & routes["destination"].isin(members)
    rows = np.flatnonzero(inside & (routes["origin"] != routes["destination"]))
    spared, bound = (world["flow_t"][FIRST, rows] for world in (story, random_world(seed, *orders, end=END)))
    k = int(np.argmin(spared - bound))
    row = routes.iloc[rows[k]]
    words = f"{row['good']}, {row['origin']} to {row['destination']}: {spared[k]:,.0f} t exempt, {bound[k]:,.0f} t not"
    return bool(np.all(spared * _CLOSE + 1e-6 >= bound)), words


def _two(seed: int) -> list[str]:
    return [["AUS", "CHN"], ["CHN", "OTH"], ["AUS", "OTH"]][seed % 3]


def world_supply_under_exemption(seed: int) -> tuple[bool, str]:
    """I18: over its first six quarters together an exemption does not lower the world's output of metal."""
    members = _two(seed)
    orders = random_restrictions(seed, "AUS", "CHN", "OTH")
    spared = random_world(seed, *orders, treaties=(pact(members, _EXEMPT),), end=END)
    with_, without = (_made(story) for story in (spared, random_world(seed, *orders, end=END)))
    words = f"{' and '.join(members)} exempt each other: {with_:,.0f} t of metal, {without:,.0f} t else"
    return with_ * _CLOSE >= without, words


def _made(story: Story) -> float:
    mine = (story.engine.world.plants["good"] == METAL).to_numpy()
    return float(story["output_t"][FIRST:, mine].sum())


#: Who restricts what towards whom.
_AIMS = ((("AUS", "CHN"), METAL, "OTH"), (("CHN", "OTH"), ORE, "AUS"), (("AUS", "OTH"), ORE, "CHN"))


def target_against_the_world(seed: int) -> tuple[bool, str]:
    """I21: over a year the target of a joint quota pays at least the world's mean price on arrival."""
    members, good, aim = _AIMS[seed % len(_AIMS)]
    usual = random_world(seed, end=END)
    routes = [usual.route(good, origin, aim) for origin in members]
    share = float(np.random.default_rng([21, seed]).uniform(0.5, 1.0))
    limit = share * float(usual["flow_t"][:FIRST, routes].sum(axis=1).mean())
    fields = {"good": good, "target": [aim], "form": "quota", "quantity_t": limit, "period": "quarter"}
    clause = {"type": "coordinated_restriction", "fields": fields}
    story = random_world(seed, treaties=(pact(list(members), clause),), end=END)
    buyers = np.flatnonzero((story.engine.world.buyers["good"] == good).to_numpy())
    span = slice(FIRST, FIRST + 4)
    paid, bought = story["buyer_average_price"][span][:, buyers], story["purchases_t"][span][:, buyers]
    mean = float((paid * bought).sum() / bought.sum())
    target = float(story["buyer_average_price"][span, story.buyer(good, aim)].mean())
    words = f"{good} to {aim}: the target pays {target:,.0f} usd a t, the world {mean:,.0f}"
    return target * _CLOSE >= mean, words


def two_prices_under_restriction(seed: int) -> tuple[bool, str]:
    """I44: on average of two years a licence on metal raises the price outside and lowers the price inside."""
    rate = float(np.random.default_rng([44, seed]).uniform(0.2, 0.9))
    story = random_world(seed, measure("export_licence", "CHN", METAL, START, rate=rate), end="2027Q2")
    base, i = random_world(seed, end="2027Q2"), story.node(METAL, "CHN")
    outside = [story.buyer(METAL, code) for code in ("AUS", "OTH")]
    up, down = (
        float(story[name][FIRST:, rows].mean() / base[name][FIRST:, rows].mean()) - 1.0
        for name, rows in (("buyer_average_price", outside), ("price", [i]))
    )
    return (
        up >= -1e-7 and down <= 1e-7,
        f"licence of {100 * rate:.0f} %: outside {up:+.1%}, inside {down:+.1%}",
    )


#: By number, in the list's order.
TENDENCIES: dict[int, Callable[[int], tuple[bool, str]]] = {
    4: home_price_under_floor,
    7: own_revenue_under_support,
    16: member_trade_under_exemption,
    18: world_supply_under_exemption,
    21: target_against_the_world,
    44: two_prices_under_restriction,
}


def frequency(number: int, seeds: Sequence[int] = PAGE_SEEDS) -> Frequency:
    """Return how often a tendency held in these worlds."""
    held, first, words = 0, -1, ""
    for seed in seeds:
        holds, seen = TENDENCIES[number](seed)
        held += holds
        if not holds and first < 0:
            first, words = seed, seen
    return Frequency(held, len(seeds), first, words)
