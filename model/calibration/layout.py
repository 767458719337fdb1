"""Rows of the network: which markets, sellers, buyers and routes there are, in which order, at which prices.

Linked markets form a component; nodes and buyers are sorted by component and market, routes by buyer.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from model.base.data import rows
from model.base.measure import RESTRICTIONS
from model.base.note import NOTICE
from model.base.route import prior
from model.base.table import Routes, Table
from model.calibration.border import add_levies, landed_price
from model.calibration.resale import resale_pairs
from model.good import JOINT_MINE, Good, inputs_of
from model.network import Floats

QUARTERS = 4.0
CHOKE_RATIO = 10.0
CHOKE_POWER = 2.0
#: A country with this part of world supply gets a leak in every good past the mine.
LEAK_SHARE = 0.3
DAYS_PER_QUARTER = 365.0 / 4.0


@dataclass
class Layout:
    """Frames of goods, nodes, buyers and routes with base-year numbers (tonnes per quarter, usd_per_t)."""

    goods: list[Good]
    component: list[int]
    goods_frame: pd.DataFrame
    nodes: pd.DataFrame
    buyers: pd.DataFrame
    routes: pd.DataFrame
    gaps: pd.DataFrame
    node_row: dict[tuple[str, str, str], int]
    buyer_row: dict[tuple[str, str], int]

    @property
    def beta(self) -> Floats:
        """Sharpness of choice of each market, 1 / usd_per_t."""
        return np.array([good.sigma for good in self.goods]) / self.goods_frame["price_usd_per_t"].to_numpy()


def build_layout(table: Table) -> Layout:
    """Return the rows of the network of a balanced table, with base prices and preferences but no plants."""
    goods, component = _sorted_goods(table)
    goods_frame = pd.DataFrame(
        [
            {"name": g.name, "mineral": g.mineral, "stage": g.stage, "unit": g.unit, "title": g.title,
             "price_usd_per_t": table.outside[g.name], "sigma": g.sigma,
             "supply_elasticity": g.supply_elasticity, "market": m, "component": component[m]}
            for m, g in enumerate(goods)
        ]
    )  # fmt: skip
    leaks = _leaks(table)
    resale = resale_pairs(table.scenario, [(good.name, c) for good in goods for c in table.buyers[good.name]])
    nodes = _nodes(table, goods, leaks, resale)
    buyers = _buyers(table, goods, leaks)
    _note_stocks_left_out(table, nodes, buyers)
    node_row = {(r.good, r.country, r.kind): i for i, r in enumerate(nodes.itertuples())}
    buyer_row = {(r.good, r.country): i for i, r in enumerate(buyers.itertuples())}
    gaps = _gap_frame(table, goods)
    routes = _routes(table, nodes, buyers, gaps)
    add_levies(table.scenario, nodes, buyers, routes, table.notes)
    layout = Layout(goods, component, goods_frame, nodes, buyers, routes, gaps, node_row, buyer_row)
    _price_routes(table, layout)
    return layout


def _sorted_goods(table: Table) -> tuple[list[Good], list[int]]:
    """Return goods sorted by component with the component number of each."""
    names = [good.name for good in table.goods]
    group = {name: name for name in names}

    def root(name: str) -> str:
        while group[name] != name:
            name = group[name]
        return name

    joint = [name for name in JOINT_MINE if name in names]
    pairs = [(good, source) for good in names for source in inputs_of(good, names)]
    for left, right in [*pairs, *zip(joint, joint[1:], strict=False)]:
        group[root(left)] = root(right)
    order = list(dict.fromkeys(root(name) for name in names))
    ranked = sorted(table.goods, key=lambda g: (order.index(root(g.name)), names.index(g.name)))
    return ranked, [order.index(root(good.name)) for good in ranked]


def _leaks(table: Table) -> set[tuple[str, str]]:
    """Return (good, country) pairs whose exports may leak: restricted ones and those of a dominant supplier."""
    found = set()
    for good in table.goods:
        supply = table.balance.supply(good.name)
        total = sum(supply.values())
        if good.stage != "mine":
            found |= {(good.name, c) for c, q in supply.items() if q >= LEAK_SHARE * total and c == "CHN"}
    for order in table.scenario.measures:
        if order.type in RESTRICTIONS:
            actor = table.places.code(order.actor)
            found |= {
                (g, actor) for g in order.fields["good"] if g in table.nodes and actor in table.nodes[g]
            }
    found |= {
        (gap.good, gap.country)
        for gap in table.measures.gaps.values()
        if gap.country in table.nodes[gap.good]
    }
    return {pair for pair in found if pair[1] != "OTH"}


def _nodes(
    table: Table, goods: list[Good], leaks: set[tuple[str, str]], resale: set[tuple[str, str]]
) -> pd.DataFrame:
    records = []
    for good in goods:
        primary, unfed = table.balance.primary[good.name], table.balance.unfed.get(good.name, {})
        recycled = table.balance.recycled.get(good.name, {})
        for country in table.nodes[good.name]:
            records.append({
                "good": good.name, "country": country, "kind": "producer",
                "price_usd_per_t": table.price(good.name, country),
                "production_t": (primary.get(country, 0.0) + unfed.get(country, 0.0)) / QUARTERS,
                "recycled_t": recycled.get(country, 0.0) / QUARTERS,
                "stock_t": _stock(table, good.name, country, "producers", 0.0),
            })  # fmt: skip
        for kind, pairs in (("leak", leaks), ("resale", resale)):
            for country in sorted(c for g, c in pairs if g == good.name):
                records.append({
                    "good": good.name, "country": country, "kind": kind, "price_usd_per_t": table.outside[good.name],
                    "production_t": 0.0, "recycled_t": 0.0, "stock_t": 0.0,
                })  # fmt: skip
    return pd.DataFrame(records)


def _buyers(table: Table, goods: list[Good], leaks: set[tuple[str, str]]) -> pd.DataFrame:
    records = []
    for good in goods:
        final, plants = table.balance.final_use.get(good.name, {}), table.balance.plant_use.get(good.name, {})
        extra = sorted({c for g, c in leaks if g == good.name} - set(table.buyers[good.name]))
        for country in [*table.buyers[good.name], *extra]:
            use = (final.get(country, 0.0) + plants.get(country, 0.0)) / QUARTERS
            days = _stock_days(good.name, country, "buyers")
            records.append({
                "good": good.name, "country": country, "final_use_t": final.get(country, 0.0) / QUARTERS,
                "use_t": use, "purchases_t": use, "elasticity": good.demand_elasticity,
                "choke_ratio": CHOKE_RATIO, "choke_power": CHOKE_POWER, "target_days": days,
                "stock_t": _stock(table, good.name, country, "buyers", days * use / DAYS_PER_QUARTER),
                "state_stock_t": _stock(table, good.name, country, "state",
                                        _stock_days(good.name, country, "state") * use / DAYS_PER_QUARTER),
            })  # fmt: skip
    return pd.DataFrame(records)


def _stock_days(good: str, country: str, holder: str) -> float:
    """Return days of use held: by good and country, else by country, else by good, else the general row."""
    if holder == "state" and not good.endswith(("_refined", "_magnets")):
        return 0.0
    found = {(r["good"], r["country"]): float(r["days"]) for r in rows("stock_days", holder=holder)}
    for key in ((good, country), ("*", country), (good, "*"), ("*", "*")):
        if key in found:
            return found[key]
    return 0.0


def _stock(table: Table, good: str, country: str, holder: str, otherwise: float) -> float:
    """Return the tonnes the scenario states, a region's spread over its places; else what the data give."""
    stated = [
        float(row["quantity_t"]) * places[country]
        for row in table.scenario.base.stocks
        if row["good"] == good
        and row["holder"] == holder
        and country in (places := table.places.spread(row["country"]))
    ]
    return sum(stated) if stated else otherwise


def _note_stocks_left_out(table: Table, nodes: pd.DataFrame, buyers: pd.DataFrame) -> None:
    """Record each stated stock for which nobody in its country could hold it."""
    makers = nodes[nodes["kind"] == "producer"]
    names = [good.name for good in table.goods]
    for row in table.scenario.base.stocks:
        good, country, makes = row["good"], row["country"], row["holder"] == "producers"
        rows_there = makers if makes else buyers
        there = set(rows_there.loc[rows_there["good"] == good, "country"])
        missing = [place for place in table.places.spread(country) if place not in there]
        if not missing:
            continue
        why = f"nobody there {'makes' if makes else 'buys'} it"
        if good not in names:
            why = "the good is not in the scenario"
        what = f"the stock of {row['holder']} of {', '.join(missing)} in {good} is left out: {why}"
        table.notes.add(good, NOTICE, what, row["quantity_t"], "t", "scenario")


def _gap_frame(table: Table, goods: list[Good]) -> pd.DataFrame:
    """Return one row per base-year wedge: the quota group's good, country, prices, wedge and scenario measure."""
    records = []
    for good in goods:
        gap = table.measures.gaps.get(good.name)
        if gap is None or gap.country not in table.nodes[good.name]:
            continue
        share, duty = table.measures.tax_of(good.name, gap.country)
        wedge = (gap.outside - duty) / (1.0 + share) - gap.inside
        if wedge <= 1e-9 * gap.outside:
            continue
        records.append({
            "good": good.name, "country": gap.country, "measure": gap.measure, "inside_usd_per_t": gap.inside,
            "outside_usd_per_t": gap.outside, "wedge_usd_per_t": wedge, "limit_t": 0.0,
        })  # fmt: skip
    columns = [
        "good",
        "country",
        "measure",
        "inside_usd_per_t",
        "outside_usd_per_t",
        "wedge_usd_per_t",
        "limit_t",
    ]
    return pd.DataFrame(records, columns=columns).astype(dict.fromkeys(columns[3:], float))


def _routes(table: Table, nodes: pd.DataFrame, buyers: pd.DataFrame, gaps: pd.DataFrame) -> pd.DataFrame:
    """List every seller-buyer pair of a market, by buyer; leaks and resale reach foreign buyers only."""
    sellers: dict[str, list] = {}
    for i, node in enumerate(nodes.itertuples()):
        sellers.setdefault(node.good, []).append((i, node.country, node.kind))
    group = {(row.good, row.country): k for k, row in enumerate(gaps.itertuples())}
    by_name = {good.name: good for good in table.goods}
    records = []
    for j, buyer in enumerate(buyers.itertuples()):
        fitted = table.routes[buyer.good]
        flows, shares = _column(table, fitted, by_name[buyer.good], buyer.country)
        for i, country, kind in sellers[buyer.good]:
            if kind != "producer" and country == buyer.country:
                continue
            home = country == buyer.country
            flow = share = 0.0
            if kind == "producer":
                row = fitted.origins.index(country)
                flow, share = flows[row] / QUARTERS, shares[row]
            key = (buyer.good, country, buyer.country)
            records.append({
                "node": i, "buyer": j, "origin": country, "destination": buyer.country, "good": buyer.good,
                "kind": kind, "flow_t": flow, "share": share,
                "quota": -1 if home or kind != "producer" else group.get((buyer.good, country), -1),
                "closed": kind == "producer" and key in table.measures.closed,
            })  # fmt: skip
    return pd.DataFrame(records)


def _column(table: Table, fitted: Routes, good: Good, country: str) -> tuple[Floats, Floats]:
    """Return a buyer's flows (t per year) and shares by origin; one that is there only for a leak buys nothing yet."""
    if country in fitted.buyers:
        column = fitted.buyers.index(country)
        return fitted.flow_t[:, column], fitted.shares[:, column]
    supply = fitted.flow_t.sum(axis=1)
    first = prior(good, fitted.origins, supply, [country], np.zeros(1), table.places)
    return np.zeros(len(supply)), first[:, 0]


def _price_routes(table: Table, layout: Layout) -> None:
    """Add freight, landed prices, buyers' price indices and preferences that reproduce the shares exactly.

    `P_j = sum_i s_ij l_ij` and `A_ij = s_ij exp(beta (l_ij - P_j))`, so that the logit gives s_ij and P_j back.
    """
    routes, buyers = layout.routes, layout.buyers
    market = {good.name: m for m, good in enumerate(layout.goods)}
    of_route = routes["good"].map(market).to_numpy()
    share_of_price = np.array([good.freight_share for good in layout.goods])
    price = layout.goods_frame["price_usd_per_t"].to_numpy()
    home = (routes["origin"] == routes["destination"]).to_numpy()
    freight = np.where(home, 0.0, (share_of_price * price)[of_route])
    wedge = np.append(layout.gaps["wedge_usd_per_t"].to_numpy(float), 0.0)[routes["quota"].to_numpy()]
    seller = layout.nodes["price_usd_per_t"].to_numpy()[routes["node"].to_numpy()]
    landed = landed_price(routes, seller + wedge, freight)
    buyer, share = routes["buyer"].to_numpy(), routes["share"].to_numpy()
    index = np.bincount(buyer, weights=share * landed, minlength=len(buyers))
    routes["freight_usd_per_t"], routes["landed_price_usd_per_t"] = freight, landed
    routes["weight"] = share * np.exp(layout.beta[of_route] * (landed - index[buyer]))
    buyers["price_usd_per_t"] = index
    limited = routes["quota"].to_numpy() >= 0
    limits = np.bincount(
        routes["quota"].to_numpy()[limited],
        weights=routes["flow_t"].to_numpy()[limited],
        minlength=len(layout.gaps),
    )
    layout.gaps["limit_t"] = limits[: len(layout.gaps)]
