"""The balanced base table: production, use, prices and routes of the base year that hang together.

Raw data do not form chains. The table is built in this order, every assumption recorded:
production by stage, chains with yields in their technology ranges, final use, prices with positive conversion
margins, measures in force, routes. `Table.report` holds raw against balanced by good and stage.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from model.base.chain import Balance, Context, add_component, add_final_use, add_refined, add_single
from model.base.data import graded, read_table, rows
from model.base.measure import BaseMeasures, base_measures
from model.base.note import Notes
from model.base.place import Geography
from model.base.price import outside_prices, published_price
from model.base.production import Stage, mine_output, refined_stage, stated_stage
from model.base.route import fit_flows, note_prior, prior, stated_flows
from model.error import OreblocError
from model.good import JOINT_MINE, Good, goods_of, inputs_of
from model.network import Floats

_WEAK_TABLES = {"mine_production": "mine output", "refined_production": "refined output", "prices": "prices"}
#: Largest accepted miss of the fitted routes, relative to world supply.
ROUTE_TOLERANCE = 1e-11


@dataclass
class Routes:
    """Flows of one good, tonnes per year [origins, buyers]; `shares` also where a buyer buys nothing yet."""

    origins: list[str]
    buyers: list[str]
    flow_t: Floats
    shares: Floats


@dataclass
class Table:
    """The balanced base table of a scenario; tonnes per year, prices usd_per_t."""

    scenario: Any
    goods: list[Good]
    places: Geography
    notes: Notes
    balance: Balance
    nodes: dict[str, list[str]] = field(default_factory=dict)
    buyers: dict[str, list[str]] = field(default_factory=dict)
    outside: dict[str, float] = field(default_factory=dict)
    measures: BaseMeasures = field(default_factory=BaseMeasures)
    routes: dict[str, Routes] = field(default_factory=dict)
    raw: dict[str, dict[str, float]] = field(default_factory=dict)

    def price(self, good: str, country: str) -> float:
        """Return the producer price of a good in a country, usd_per_t: inside where it restricts exports."""
        gap = self.measures.gaps.get(good)
        return gap.inside if gap is not None and gap.country == country else self.outside[good]

    @property
    def report(self) -> pd.DataFrame:
        """Raw against balanced: output by good, its parts, use, price, yield and its technology range."""
        return pd.DataFrame([_report_row(self, good) for good in self.goods])

    @property
    def country_report(self) -> pd.DataFrame:
        """Raw against balanced output by good and country, tonnes per year."""
        records = []
        for good in self.goods:
            raw, supply = self.raw[good.name], self.balance.supply(good.name)
            recycled = self.balance.recycled.get(good.name, {})
            for country in sorted({*raw, *supply}):
                records.append({
                    "good": good.name, "country": country, "raw_t": raw.get(country, 0.0),
                    "balanced_t": supply.get(country, 0.0), "of_it_recycled_t": recycled.get(country, 0.0),
                })  # fmt: skip
        return pd.DataFrame(records)


def build_table(scenario: Any) -> Table:
    """Return the balanced base table of a scenario.

    Raises `OreblocError` where the base year has no mine production or price, or stated flows cannot be met.
    """
    places, notes = Geography(scenario), Notes()
    goods = goods_of(scenario.goods)
    table = Table(scenario, goods, places, notes, Balance())
    _add_production(table)
    for good in goods:
        add_final_use(table.balance, good, Context(scenario, places, notes))
    _add_places(table)
    _add_prices(table)
    _add_routes(table)
    _note_weak_rows(table)
    return table


def _note_weak_rows(table: Table) -> None:
    """Record how many of the base year's rows behind each good are recalled or estimated."""
    for good in table.goods:
        minerals = {good.mineral, good.data_mineral}
        for name, what in _WEAK_TABLES.items():
            frame = read_table(name)
            marks = graded(name)[
                frame["mineral"].isin(minerals) & (frame["year"] == table.scenario.base_year)
            ]
            for mark in ("recalled", "estimate"):
                count = int((marks == mark).sum())
                if count:
                    text = f"{what}: {count} of {len(marks)} rows of the base year"
                    table.notes.add(good.name, "weak data", text, count, "rows", f"{name}.csv: {mark}")


def _add_production(table: Table) -> None:
    scenario, places, notes, balance = table.scenario, table.places, table.notes, table.balance
    context = Context(scenario, places, notes)
    feeds = {source for good in table.goods for source in inputs_of(good.name, [g.name for g in table.goods])}
    mines = [g for g in table.goods if g.stage == "mine" and g.name in feeds]
    outputs = {good.name: mine_output(good, scenario.base_year, scenario, notes) for good in mines}
    keep = _kept_mines(table, mines, outputs)
    for good in mines:
        balance.primary[good.name] = places.carry(outputs[good.name], keep[good.name])
        table.raw[good.name] = places.carry(outputs[good.name], keep[good.name])
    refined = [g for g in table.goods if g.stage == "refined" and inputs_of(g.name, balance.primary)]
    for good in refined:
        stage = refined_stage(good, scenario.base_year, scenario, notes)
        stay = places.kept(good, stage.shares, _project_countries(table, good))
        add_refined(balance, good, stage, stay, context)
        _keep_raw(table, good, stage, stay)
    for good in [g for g in table.goods if g.stage == "component"]:
        stage = refined_stage(good, scenario.base_year, scenario, notes)
        stay = places.kept(good, stage.shares, _project_countries(table, good))
        add_component(balance, good, stage, stay, context)
        _keep_raw(table, good, stage, stay)
    for good in [g for g in table.goods if g.name not in balance.primary]:
        output = mine_output(good, scenario.base_year, scenario, notes)
        stay = places.kept(good, output, _project_countries(table, good))
        add_single(balance, good, output, stay, context)
        table.raw[good.name] = places.carry(output, stay)


def _kept_mines(table: Table, mines: list[Good], outputs: dict[str, dict[str, float]]) -> dict[str, set[str]]:
    """Return the suppliers that stay apart by mine good; the joint outputs of a mine share theirs."""
    keep = {g.name: table.places.kept(g, outputs[g.name], _project_countries(table, g)) for g in mines}
    joint = [g.name for g in mines if g.name in JOINT_MINE]
    shared = set().union(*(keep[name] for name in joint)) if joint else set()
    return {name: shared if name in joint else stay for name, stay in keep.items()}


def _project_countries(table: Table, good: Good) -> set[str]:
    """Return the countries with a project of the good, and those whose output the scenario states."""
    shipped = {row["country"] for row in rows("projects", good=good.name)}
    named = {project.country for project in table.scenario.projects if project.good == good.name}
    stated = {c for c, q in stated_stage(table.scenario, good.name).items() if q > 0.0}
    return shipped | named | stated


def _keep_raw(table: Table, good: Good, stage: Stage, keep: set[str]) -> None:
    total = stage.total_t if stage.total_t is not None else float("nan")
    table.raw[good.name] = {c: s * total for c, s in table.places.carry(stage.shares, keep).items()}


def _add_places(table: Table) -> None:
    """List sellers (producing, or able to enter) and buyers (users, or countries whose plants may come to use)."""
    names = [good.name for good in table.goods]
    for good in table.goods:
        entrants = {table.places.code(row["country"]) for row in rows("entrants", good=good.name)}
        projects = {table.places.code(c) for c in _project_countries(table, good)}
        supply = {c for c, q in table.balance.supply(good.name).items() if q > 0.0}
        table.nodes[good.name] = _ordered(supply | entrants | projects)
    _join_mine_nodes(table)
    for good in table.goods:
        users = {c for c, q in table.balance.use(good.name).items() if q > 0.0}
        takers = [other.name for other in table.goods if good.name in inputs_of(other.name, names)]
        plants = {c for taker in takers for c in table.nodes[taker]}
        table.buyers[good.name] = _ordered(users | plants)


def _join_mine_nodes(table: Table) -> None:
    """Give a country with one output of a rare-earth mine a seller for each output its deposits hold."""
    joint = [name for name in JOINT_MINE if name in table.nodes]
    places = {c for name in joint for c in table.nodes[name]}
    for name in joint:
        produced = {c for c, q in table.balance.primary[name].items() if q > 0.0}
        table.nodes[name] = _ordered({c for c in places if c in produced or not _mines(table, c, joint)})


def _mines(table: Table, country: str, goods: list[str]) -> bool:
    return any(table.balance.primary[name].get(country, 0.0) > 0.0 for name in goods)


def _ordered(countries: set[str]) -> list[str]:
    return sorted(countries - {"OTH"}) + (["OTH"] if "OTH" in countries else [])


def _add_prices(table: Table) -> None:
    names = [good.name for good in table.goods]
    table.outside = outside_prices(table.goods, table.scenario.base_year, table.scenario, table.notes)
    countries = _ordered({c for name in names for c in (*table.nodes[name], *table.buyers[name])})
    table.measures = base_measures(table.scenario, names, countries, table.outside, table.places, table.notes)
    _follow_inside_price(table)
    for good in table.goods:
        _mend_margin(table, good, countries)


def _follow_inside_price(table: Table) -> None:
    """Let a mine stage priced by a payable share follow the inside price of the country that refines most."""
    stated = {row["good"] for row in table.scenario.base.prices}
    for good in table.goods:
        row = next(iter(rows("payable", good=good.name)), None)
        gap = table.measures.gaps.get(row["next_good"]) if row else None
        if (
            row is None
            or gap is None
            or good.name in stated
            or published_price(good.name, table.scenario.base_year)
        ):
            continue
        table.outside[good.name] *= gap.inside / gap.outside
        what = f"follows the price inside {gap.country}, where most is refined"
        table.notes.add(good.name, "price", what, gap.inside / gap.outside, "ratio", "payable.csv")


def _mend_margin(table: Table, good: Good, countries: list[str]) -> None:
    """Replace a price that leaves no conversion margin by the cost of inputs and the least margin."""
    needs = table.balance.input_per_t.get(good.name)
    if not needs:
        return
    margins = [float(row["margin_share_min"]) for row in rows("yields", output=good.name)]
    least = max(margin for margin in margins if margin == margin)
    freight = {g.name: g.freight_share for g in table.goods}
    feed = sum(a * table.outside[source] * (1.0 + freight[source]) for source, a in needs.items())
    wanted = feed / (1.0 - least)
    gap = table.measures.gaps.get(good.name)
    if table.outside[good.name] < wanted:
        reason = f"it leaves less than the least conversion margin of {least:.0%}"
        what = f"price {table.outside[good.name]:.6g} replaced: {reason}"
        table.notes.add(good.name, "replaced", what, wanted, "usd_per_t", "yields.csv")
        ratio = gap.inside / gap.outside if gap else 1.0
        table.outside[good.name] = wanted
        if gap:
            gap.outside, gap.inside = wanted, wanted * ratio
    if gap and gap.inside < wanted:
        reason = f"it leaves less than the least conversion margin of {least:.0%}"
        what = f"inside price {gap.inside:.6g} of {gap.country} replaced: {reason}"
        table.notes.add(good.name, "replaced", what, wanted, "usd_per_t", "yields.csv")
        gap.inside = wanted


def _add_routes(table: Table) -> None:
    for good in table.goods:
        table.routes[good.name] = _route(table, good)


def _route(table: Table, good: Good) -> Routes:
    origins, buyers = table.nodes[good.name], table.buyers[good.name]
    supplied, used = table.balance.supply(good.name), table.balance.use(good.name)
    supply = np.array([supplied.get(c, 0.0) for c in origins])
    use = np.array([used.get(c, 0.0) for c in buyers])
    use *= supply.sum() / use.sum()
    first = prior(good, origins, supply, buyers, use, table.places)
    note_prior(good, origins, buyers, table.places, table.notes)
    fixed = stated_flows(table.scenario, good, origins, supply, buyers, table.places, table.notes)
    open_first = _without_closed(table, good, origins, buyers, first)
    flows, miss = fit_flows(open_first, supply, use, fixed)
    if miss > ROUTE_TOLERANCE and open_first is not first:
        what = "a ban in force is left out: supply and use cannot be met under it"
        table.notes.add(good.name, "measure", what, miss, "share", "scenario")
        for key in [k for k in table.measures.closed if k[0] == good.name]:
            del table.measures.closed[key]
        flows, miss = fit_flows(first, supply, use, fixed)
    if miss > ROUTE_TOLERANCE:
        by = (
            f"by {miss:.1%} of world supply"
            if np.isfinite(miss)
            else "of a seller or a buyer: they are more than it"
        )
        raise OreblocError(
            f"Flows of {good.name} stated in base.exports cannot be met: they miss production or use {by}; "
            f"they must fit both. Lower them or state base.stages and base.demand_shares."
        )
    return Routes(origins, buyers, flows, _shares(first, flows, use))


def _without_closed(table: Table, good: Good, origins: list[str], buyers: list[str], first: Floats) -> Floats:
    """Return first guesses with banned routes at zero; the same array where none is banned."""
    closed = [
        (i, j) for (g, i, j) in table.measures.closed if g == good.name and i in origins and j in buyers
    ]
    if not closed:
        return first
    result = first.copy()
    for i, j in closed:
        result[origins.index(i), buyers.index(j)] = 0.0
    return result


def _shares(first: Floats, flows: Floats, use: Floats) -> Floats:
    """Return each buyer's supplier shares: fitted ones, or for a buyer without use the first guess."""
    bought = flows.sum(axis=0)
    shares = np.divide(flows, bought, out=np.zeros_like(flows), where=bought > 0.0)
    return np.where((use > 0.0)[None, :], shares, first)


def _report_row(table: Table, good: Good) -> dict[str, Any]:
    balance, name = table.balance, good.name
    raw = sum(table.raw[name].values())
    demand = rows("demand_growth", mineral=good.data_mineral, scope="total demand")
    gap = table.measures.gaps.get(name)
    chain = balance.yields.get(name, {})
    return {
        "good": name, "stage": good.stage, "unit": good.unit,
        "raw_output_t": raw, "balanced_primary_t": sum(balance.primary[name].values()),
        "balanced_unfed_t": sum(balance.unfed.get(name, {}).values()),
        "balanced_recycled_t": sum(balance.recycled.get(name, {}).values()),
        "plant_use_t": sum(balance.plant_use.get(name, {}).values()),
        "final_use_t": sum(balance.final_use.get(name, {}).values()),
        "raw_demand_2024_t": float(demand[0]["base_quantity"]) if demand else float("nan"),
        "raw_price_usd_per_t": published_price(name, table.scenario.base_year) or float("nan"),
        "balanced_price_usd_per_t": table.outside[name],
        "inside_price_usd_per_t": gap.inside if gap else float("nan"),
        "stage_yield": chain.get("stage_yield", float("nan")), "yield_low": chain.get("low", float("nan")),
        "yield_high": chain.get("high", float("nan")), "ore_to_refined": chain.get("ore_to_refined", float("nan")),
    }  # fmt: skip
