"""Where everything is: who owns which plant, which account is whose, what stays fixed for a batch of runs.

`lay_out(world, plan, network)` turns the tables of a calibrated world into flat arrays for compiled rules.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from model.demand_path import growth_index, stated_index
from model.draw import address
from model.name import EU_MEMBERS
from model.network import Bools, Floats, Ints, Network
from model.parameter import FAMILIES
from model.quarter_date import active_share, quarter_index
from model.schema import RING
from model.world import World

_BUILT = ("mine", "refinery", "magnet")
#: Usual tension of a pair: within a group, and between.
_GROUPS = (
    frozenset(("CHN", "RUS", "IRN", "PRK", "MMR")),
    frozenset(("USA", "EU27", "JPN", "KOR", "AUS", "CAN", "GBR", "TWN")),
)
_TENSION = {"same": 0.1, "apart": 0.5, "other": 0.25}


class Layout(NamedTuple):
    """Fixed arrays. K plants, S sites, N nodes, B buyers, R routes, F firms, C countries, J projects, T quarters.

    A site is one firm's plants of one recipe. Accounts: firms, then users, treasuries and stock funds by
    country, then labour, capital, freight, others (smugglers, unnamed firms) and transit.
    """

    plant_recipe: Ints
    plant_site: Ints  # -1: recyclers, smugglers and resellers build nothing
    plant_country: Ints
    plant_account: Ints
    plant_kind: Ints  # position in PLANT_KINDS
    plant_base_t: Floats
    plant_base_cost: Floats
    plant_spread: Floats
    plant_base_utilisation: Floats
    plant_by_product: Bools
    plant_backed: Bools  # of a state, or of a firm with a backed project
    plant_host_limit_t: Floats  # largest capacity its host metal allows in the base year; inf for none
    plant_host_growth: Floats  # growth of that a year
    site_firm: Ints
    site_recipe: Ints
    site_country: Ints
    site_pair: Ints  # home of the firm x host, -1 where it builds at home
    site_good: Ints
    site_node: Ints
    site_new_plant: Ints
    site_plant_start: Ints  # [S+1] into site_plants
    site_plants: Ints
    site_is_mine: Bools
    site_unit_t: Floats  # capacity of the market, of which an entrant plans a share
    node_country: Ints
    node_good: Ints
    node_leak: Bools  # smugglers and resellers: no producer
    node_by_product: Bools
    node_luck: Ints  # address of its draws, by name
    buyer_luck: Ints
    site_luck: Ints
    project_luck: Ints
    pair_luck: Ints  # [C * C]
    node_base_t: Floats
    node_base_share: Floats  # of the market's capacity in the base year
    node_base_price: Floats
    node_usual_t: Floats  # sales at equal prices in the base year
    node_recipe_start: Ints  # [N+1] into node_recipes
    node_recipes: Ints
    node_recipe_rate: Floats
    node_experience_t: Floats  # yearly output behind the node at the start
    node_route_start: Ints  # [N+1] into node_routes
    node_routes: Ints
    buyer_country: Ints
    buyer_good: Ints
    buyer_base_price: Floats
    buyer_base_use_t: Floats
    buyer_base_final_t: Floats
    buyer_budget: Floats  # constant sum of preferences
    buyer_life_quarters_good: Ints
    route_alpha: Floats
    route_usual_t: Floats  # flow at equal prices in the base year
    route_freight: Floats
    route_origin: Ints
    route_destination: Ints
    route_pair: Ints
    embodied_start: Ints  # [B+1]: products that hold the good
    embodied_buyer: Ints
    embodied_rate: Floats
    recycler_plant: Ints
    recycler_buyer: Ints
    leak_plant: Ints
    leak_source: Ints  # the producers' node that the leak goes around
    resale_plant: Ints
    resale_node: Ints
    resale_buyer: Ints  # where it buys
    route_resale: Bools  # from a reseller
    project_site: Ints
    project_plant: Ints
    project_capacity_t: Floats
    project_announced: Ints
    project_start: Ints
    project_failure_share: Floats  # probability that it never produces; -1 where the parameter holds
    project_capex_usd: Floats
    project_slip_quarters: Floats  # mean delay; -1 where the parameter holds
    pair_usual: Floats
    pair_usual_t: Floats  # [pairs] usual trade of a pair, either way
    outlook: Floats  # [goods, T + RING] total demand over the base year's
    growth: Floats  # [T + RING, B] final demand over the base year's
    demand_shock: Floats  # [T, B]
    supply_shock: Floats  # [T, K]
    quota_holder: Ints
    quota_actor: Ints
    support_start: Ints
    support_plants: Ints
    support_payer: Ints  # whose measure it is; -1 outside
    support_share: Floats  # [S, C] who pays; nobody: the plants' countries
    support_by_users: Ints  # [S] 1: users pay, not the treasury
    quota_side: Ints  # position in SIDES
    quota_firm_start: Ints  # [G+1] licences by firm
    quota_firm: Ints
    quota_firm_share: Floats
    quota_usual_t: Floats  # what its routes would carry at equal prices in the base year
    user_account: int
    treasury_account: int
    fund_account: int
    labour_account: int
    capital_account: int
    freight_account: int
    other_account: int
    transit_account: int


PLANT_KINDS = ("base", "marginal", "reserve", "new", "recycler", "leak", "resale")


def account_names(world: World) -> list[str]:
    """Return the name of each account of the ledger, in order."""
    sides = [f"{side} {code}" for side in ("users", "treasury", "stock fund") for code in world.countries]
    outside = ["labour", "capital", "freight", "others", "transit"]
    return [*(f"firm {name}" for name in world.firms["name"]), *sides, *outside]


def family_of(good: str) -> str:
    """Return the family of a good in the technology parameters."""
    if good in FAMILIES:
        return good
    group = good.rsplit("_", 1)[0]
    return group if group in FAMILIES else "rare_earths" if group in ("lace", "ndpr", "dytb") else "baryte"


def column_rows(world: World, layout: Layout, treaties: int = 0) -> dict[str, int]:
    """Return the number of rows of each kind of column."""
    sites, countries = layout.site_firm.size, len(world.countries)
    return {
        "plant": layout.plant_recipe.size, "site": sites, "arrival": sites * RING, "node": layout.node_good.size,
        "buyer": layout.buyer_good.size, "route": layout.route_origin.size, "firm": len(world.firms),
        "country": countries, "pair": countries * countries, "good": len(world.goods),
        "account": len(account_names(world)), "project": layout.project_site.size, "run": 1,
        "treaty": treaties, "membership": treaties * countries,
    }  # fmt: skip


def lay_out(world: World, plan: Any, network: Network) -> Layout:
    """Return the fixed arrays of a world under the measures of `plan`, on `network` with its quotas."""
    parts: dict[str, Any] = {}
    parts.update(_accounts(world))
    parts.update(_plants(world, network))
    parts.update(_sites(world, network, parts))
    parts.update(_nodes(world, network))
    parts.update(_buyers(world, network))
    parts.update(_routes(world, network, plan, parts))
    parts.update(_recycling(world, network, parts))
    parts.update(_leaks(world, network, parts))
    parts.update(_resale(world, network, parts))
    parts.update(_projects(world, parts))
    parts.update(_time(world, network, parts))
    parts.update(_measures(plan, parts["route_usual_t"]))
    pairs = [sorted((a, b)) for a in world.countries for b in world.countries]
    parts["pair_luck"] = _addresses("pair", *zip(*pairs, strict=True))
    parts["pair_usual"] = _usual_tension(world.countries)
    parts["pair_usual_t"] = _pair_trade(parts, len(world.countries))
    parts["site_unit_t"] = _market_capacity(network, parts)
    return Layout(**{name: _own(value) for name, value in parts.items()})


def _own(value: Any) -> Any:
    """Return a writable copy of an array: compiled rules tell read-only arrays apart."""
    return np.array(value, order="C") if isinstance(value, np.ndarray) else value


def _positions(values: Any, order: list[str], missing: int = -1) -> Ints:
    place = {name: i for i, name in enumerate(order)}
    return np.array([place.get(value, missing) for value in values], dtype=np.int64)


def _addresses(kind: str, *names: Iterable[Any]) -> Ints:
    """Return the address of each row's draws, from what the row is called."""
    rows = zip(*names, strict=True)
    return np.array([address(kind, *(str(word) for word in row)) for row in rows], dtype=np.int64)


def _market_share(capacity: Floats, market: Ints) -> Floats:
    total = np.bincount(market, weights=capacity)[market]
    return np.divide(capacity, total, out=np.zeros_like(capacity), where=total > 0.0)


def _floats(frame: pd.DataFrame, name: str, default: float = 0.0) -> Floats:
    if name not in frame:
        return np.full(len(frame), default)
    return frame[name].astype(float).fillna(default).to_numpy(dtype=np.float64)


def _ragged(groups: list[list[int]]) -> tuple[Ints, Ints]:
    start = np.concatenate([[0], np.cumsum([len(group) for group in groups])]).astype(np.int64)
    return start, np.array([item for group in groups for item in group], dtype=np.int64)


def _accounts(world: World) -> dict[str, int]:
    firms, countries = len(world.firms), len(world.countries)
    outside = firms + 3 * countries
    names = ("labour", "capital", "freight", "other", "transit")
    first = {
        "user_account": firms,
        "treasury_account": firms + countries,
        "fund_account": firms + 2 * countries,
    }
    return {**first, **{f"{name}_account": outside + i for i, name in enumerate(names)}}


def _plants(world: World, network: Network) -> dict[str, Any]:
    table = world.plants
    firm = table["firm"].to_numpy(dtype=np.int64)
    other = len(world.firms) + 3 * len(world.countries) + 3
    return {
        "plant_recipe": np.repeat(np.arange(network.plant_start.size - 1), np.diff(network.plant_start)),
        "plant_country": _positions(table["country"], world.countries),
        "plant_account": np.where(firm >= 0, firm, other),
        "plant_kind": _positions(table["kind"], list(PLANT_KINDS), 0),
        "plant_base_t": _floats(table, "capacity_t"),
        "plant_base_cost": _floats(table, "cost_usd_per_t"),
        "plant_spread": _floats(table, "spread_usd_per_t", 1.0),
        "plant_base_utilisation": _floats(table, "utilisation"),
        "plant_by_product": table["by_product"].fillna(False).astype(bool).to_numpy(),
        "plant_backed": _backed(world, table),
        "plant_host_limit_t": _floats(table, "host_limit_t", np.inf),
        "plant_host_growth": _floats(table, "host_growth_per_year"),
    }


def site_table(world: World, network: Network) -> pd.DataFrame:
    """Return one row per site: recipe, firm, country, good, kind, plants (their numbers)."""
    recipe = np.repeat(np.arange(network.plant_start.size - 1), np.diff(network.plant_start))
    kinds, names = list(world.recipes["kind"]), list(world.firms["name"])
    table: dict[tuple[int, str], list[int]] = {}
    for k, firm in enumerate(world.plants["firm"]):
        name = names[firm] if firm >= 0 else ""
        if (
            kinds[recipe[k]] in _BUILT
            and name
            and world.plants["kind"].iloc[k] not in ("leak", "resale", "recycler")
        ):
            table.setdefault((int(recipe[k]), name), []).append(k)
    rows = [
        {
            "recipe": m, "firm": name, "country": world.recipes["country"].iloc[m],
            "good": world.recipes["good"].iloc[m], "kind": kinds[m], "plants": plants,
        }
        for (m, name), plants in table.items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["recipe", "firm", "country", "good", "kind", "plants"])


def _sites(world: World, network: Network, parts: dict[str, Any]) -> dict[str, Any]:
    table = site_table(world, network)
    plant_site = np.full(len(world.plants), -1, dtype=np.int64)
    new_plant = np.zeros(len(table), dtype=np.int64)
    for s, plants in enumerate(table["plants"]):
        plant_site[plants] = s
        new = [k for k in plants if PLANT_KINDS[parts["plant_kind"][k]] == "new"]
        new_plant[s] = new[0] if new else plants[0]
    start, members = _ragged(list(table["plants"]))
    recipe = table["recipe"].to_numpy(dtype=np.int64)
    first_output = network.recipe_output_start[recipe] if len(table) else np.zeros(0, np.int64)
    return {
        "plant_site": plant_site,
        "site_firm": _positions(table["firm"], list(world.firms["name"])),
        "site_recipe": recipe,
        "site_country": _positions(table["country"], world.countries),
        "site_pair": _home_and_host(world, table),
        "site_good": _positions(table["good"], list(world.goods["name"])),
        "site_node": network.output_node[first_output].astype(np.int64),
        "site_luck": _addresses("site", table["firm"], world.recipes["name"].iloc[recipe]),
        "site_new_plant": new_plant,
        "site_plant_start": start,
        "site_plants": members,
        "site_is_mine": (table["kind"] == "mine").to_numpy(dtype=bool),
    }


def _home_and_host(world: World, table: Any) -> Ints:
    """Return by site the pair of its firm's home and its host; a home that does not stand apart is OTH."""
    countries = list(world.countries)
    homes = dict(zip(world.firms["name"], world.firms["country"], strict=True))
    pairs = []
    for firm, host in zip(table["firm"], table["country"], strict=True):
        home = homes[firm] if homes[firm] in countries else "OTH"
        abroad = home in countries and home != host and homes[firm] != host
        pairs.append(countries.index(home) * len(countries) + countries.index(host) if abroad else -1)
    return np.array(pairs, dtype=np.int64)


def _outputs(network: Network) -> list[tuple[int, int, float]]:
    """Return (recipe, node, tonnes per unit) of every output."""
    return [
        (m, int(network.output_node[o]), float(network.output_per_unit[o]))
        for m in range(network.plant_start.size - 1)
        for o in range(network.recipe_output_start[m], network.recipe_output_start[m + 1])
    ]


def _nodes(world: World, network: Network) -> dict[str, Any]:
    nodes, base = len(world.nodes), _floats(world.plants, "capacity_t")
    capacity, bound = np.zeros(nodes), np.zeros(nodes, dtype=bool)
    by_product = world.plants["by_product"].fillna(False).astype(bool).to_numpy()
    makers: list[list[tuple[int, float]]] = [[] for _ in range(nodes)]
    for m, i, rate in _outputs(network):
        plants = slice(network.plant_start[m], network.plant_start[m + 1])
        capacity[i] += rate * base[plants].sum()
        bound[i] |= bool(by_product[plants].any())
        makers[i].append((m, rate))
    start, recipes = _ragged([[m for m, _ in group] for group in makers])
    made = np.maximum(_floats(world.nodes, "production_t"), 0.02 * capacity)
    market = np.bincount(network.node_market, capacity, network.market_price_scale.size)
    sold = [np.flatnonzero(network.route_node == i).tolist() for i in range(nodes)]
    route_start, routes = _ragged(sold)
    kind = world.nodes["kind"] if "kind" in world.nodes else pd.Series(["producer"] * nodes)
    leak = (kind != "producer").to_numpy()
    return {
        "node_country": _positions(world.nodes["country"], world.countries),
        "node_good": _positions(world.nodes["good"], list(world.goods["name"])),
        "node_leak": leak,
        "node_by_product": bound & ~leak,
        "node_luck": _addresses("node", world.nodes["good"], world.nodes["country"], kind),
        "node_base_t": capacity,
        "node_base_share": _market_share(capacity, network.node_market),
        "node_base_price": _floats(world.nodes, "price_usd_per_t", 1.0),
        "node_experience_t": 4.0 * np.maximum(made, 0.01 * market[network.node_market]),
        "node_route_start": route_start,
        "node_routes": routes,
        "node_recipe_start": start,
        "node_recipes": recipes,
        "node_recipe_rate": np.array([rate for group in makers for _, rate in group], dtype=np.float64),
    }


def _buyers(world: World, network: Network) -> dict[str, Any]:
    price = _floats(world.buyers, "price_usd_per_t")
    scale = network.market_price_scale[network.buyer_market]
    families = [FAMILIES.index(family_of(good)) for good in world.buyers["good"]]
    return {
        "buyer_country": _positions(world.buyers["country"], world.countries),
        "buyer_luck": _addresses("buyer", world.buyers["good"], world.buyers["country"]),
        "buyer_good": _positions(world.buyers["good"], list(world.goods["name"])),
        "buyer_base_price": np.where(price > 0.0, price, scale),
        "buyer_base_use_t": _floats(world.buyers, "use_t"),
        "buyer_base_final_t": _floats(world.buyers, "final_use_t"),
        "buyer_life_quarters_good": np.array(families, dtype=np.int64),
    }


def _routes(world: World, network: Network, plan: Any, parts: dict[str, Any]) -> dict[str, Any]:
    preference = _floats(world.routes, "preference")
    node, buyer, capacity = network.route_node, network.route_buyer, parts["node_base_t"]
    known = (capacity[node] > 0.0) & (preference > 0.0)
    alpha = np.where(known, preference / np.where(known, capacity[node], 1.0), 0.0)
    buyers = network.buyer_market.size
    summed = np.bincount(buyer[known], preference[known], buyers)
    carried = np.bincount(buyer[known], capacity[node][known], buyers)
    mean = np.where(carried > 0.0, summed / np.where(carried > 0.0, carried, 1.0), 1.0)
    alpha = np.where(known, alpha, mean[buyer])
    budget = np.bincount(buyer, alpha * capacity[node], buyers)
    budget = np.where(budget > 0.0, budget, 1.0)
    purchases = np.maximum(_floats(world.buyers, "purchases_t"), parts["buyer_base_use_t"])
    origin = _positions(world.routes["origin"], world.countries)
    destination = _positions(world.routes["destination"], world.countries)
    usual = alpha * capacity[node] / budget[buyer] * purchases[buyer]
    return {
        "node_usual_t": np.bincount(node, usual, capacity.size),
        "buyer_budget": budget,
        "route_alpha": alpha,
        "route_usual_t": usual,
        "route_freight": _floats(world.routes, "freight_usd_per_t"),
        "route_origin": origin,
        "route_destination": destination,
        "route_pair": origin * len(world.countries) + destination,
    }


def _recycling(world: World, network: Network, parts: dict[str, Any]) -> dict[str, Any]:
    """Find for each buyer the final uses in its country that hold the good, and each recycler's buyer."""
    country, good = parts["buyer_country"], parts["buyer_good"]
    place = {(int(g), int(c)): j for j, (g, c) in enumerate(zip(good, country, strict=True))}
    content = _content(network, parts, len(world.goods))
    groups: list[list[tuple[int, float]]] = []
    for j in range(good.size):
        inside = [(int(j), 1.0)]
        for other in range(len(world.goods)):
            rate = content[good[j], other]
            if rate > 0.0 and (other, int(country[j])) in place:
                inside.append((place[other, int(country[j])], float(rate)))
        groups.append(inside)
    start, members = _ragged([[b for b, _ in group] for group in groups])
    rates = np.array([rate for group in groups for _, rate in group], dtype=np.float64)
    plants, buyers = [], []
    goods = list(world.goods["name"])
    for k, kind in enumerate(parts["plant_kind"]):
        if PLANT_KINDS[kind] == "recycler":
            key = (goods.index(world.plants["good"].iloc[k]), int(parts["plant_country"][k]))
            plants.append(k)
            buyers.append(place.get(key, -1))
    return {
        "embodied_start": start,
        "embodied_buyer": members,
        "embodied_rate": rates,
        "recycler_plant": np.array(plants, dtype=np.int64),
        "recycler_buyer": np.array(buyers, dtype=np.int64),
    }


def _leaks(world: World, network: Network, parts: dict[str, Any]) -> dict[str, Any]:
    """Find the leaks' plants and the producers' node of the same good and country that each goes around."""
    source = {
        (good, country): i
        for i, (good, country, leak) in enumerate(
            zip(parts["node_good"], parts["node_country"], parts["node_leak"], strict=True)
        )
        if not leak
    }
    plants, sources = [], []
    for k, kind in enumerate(parts["plant_kind"]):
        node = network.output_node[network.recipe_output_start[parts["plant_recipe"][k]]]
        around = source.get((parts["node_good"][node], parts["node_country"][node]))
        if PLANT_KINDS[kind] == "leak" and around is not None:
            plants.append(k)
            sources.append(around)
    return {
        "leak_plant": np.array(plants, dtype=np.int64),
        "leak_source": np.array(sources, dtype=np.int64),
    }


def _resale(world: World, network: Network, parts: dict[str, Any]) -> dict[str, Any]:
    """Find the resellers' plants, the node of each and the buyer it buys as."""
    plants = np.flatnonzero(parts["plant_kind"] == PLANT_KINDS.index("resale"))
    recipes = parts["plant_recipe"][plants]
    nodes = network.output_node[network.recipe_output_start[recipes]]
    resells = np.zeros(len(world.nodes), dtype=bool)
    resells[nodes] = True
    return {
        "resale_plant": plants.astype(np.int64),
        "resale_node": nodes.astype(np.int64),
        "resale_buyer": network.input_buyer[network.recipe_input_start[recipes]].astype(np.int64),
        "route_resale": resells[network.route_node],
    }


def _content(network: Network, parts: dict[str, Any], goods: int) -> Floats:
    """Return [goods, goods]: tonnes of the first good used up in a tonne of the second, mean over recipes."""
    content, weight = np.zeros((goods, goods)), np.zeros(goods)
    market_good = np.zeros(network.market_price_scale.size, dtype=np.int64)
    market_good[network.node_market] = parts["node_good"]
    for m in range(network.plant_start.size - 1):
        made = market_good[network.node_market[network.output_node[network.recipe_output_start[m]]]]
        size = 1e-9 + parts["plant_base_t"][network.plant_start[m] : network.plant_start[m + 1]].sum()
        if network.recipe_input_start[m] == network.recipe_input_start[m + 1]:
            continue
        weight[made] += size
        for i in range(network.recipe_input_start[m], network.recipe_input_start[m + 1]):
            used = market_good[network.buyer_market[network.input_buyer[i]]]
            content[used, made] += size * network.input_per_unit[i]
    return content / np.where(weight > 0.0, weight, 1.0)[None, :]


def _projects(world: World, parts: dict[str, Any]) -> dict[str, Any]:
    table, start = world.projects, world.scenario.start_index
    known = [parts["plant_site"][int(k)] >= 0 for k in table["plant"]]
    table = table[np.array(known, dtype=bool)]
    plant = table["plant"].to_numpy(dtype=np.int64)
    sites = parts["plant_site"][plant]
    return {
        "project_site": sites,
        "project_luck": _addresses("project", table["name"], table["good"], table["country"]),
        "project_plant": plant,
        "project_capacity_t": _floats(table, "capacity_t"),
        "project_announced": np.array(
            [quarter_index(str(q)) - start for q in table["announced"]], dtype=np.int64
        ),
        "project_start": np.array([quarter_index(str(q)) - start for q in table["start"]], dtype=np.int64),
        "project_failure_share": _floats(table, "failure_share", -1.0),
        "project_capex_usd": _floats(table, "capex_usd", np.nan),
        "project_slip_quarters": _floats(table, "slip_quarters", -1.0),
    }


def _time(world: World, network: Network, parts: dict[str, Any]) -> dict[str, Any]:
    scenario = world.scenario
    quarters = [scenario.start_index + step for step in range(scenario.quarters + RING)]
    goods = list(world.goods["name"])
    foreseen = np.array([growth_index(g, scenario.demand_path, scenario.base_year, quarters) for g in goods])
    growth = np.ascontiguousarray(foreseen[parts["buyer_good"]].T)
    if scenario.demand:
        growth, foreseen = _stated_demand(world, parts, quarters, foreseen)
    content = _content(network, parts, len(goods))
    final = np.bincount(parts["buyer_good"], _floats(world.buyers, "final_use_t"), len(goods))
    made = np.bincount(parts["node_good"], _floats(world.nodes, "production_t"), len(goods))
    outlook = foreseen.copy()
    for _ in range(len(goods)):
        derived = content @ (made[:, None] * outlook)
        total = final[:, None] * foreseen + derived
        base = final + content @ made
        outlook = np.where(base[:, None] > 0.0, total / np.where(base > 0.0, base, 1.0)[:, None], foreseen)
    return {
        "outlook": np.ascontiguousarray(outlook),
        "growth": growth,
        "demand_shock": _shocks(world, "demand", parts["buyer_good"], parts["buyer_country"]),
        "supply_shock": _shocks(world, "supply", *_plant_goods(world, parts)),
    }


def _stated_demand(
    world: World, parts: dict[str, Any], quarters: list[int], projected: Floats
) -> tuple[Floats, Floats]:
    """Return growth [T, B] and what is foreseen [goods, T] where the scenario states volumes of demand.

    A row of a country goes before one of the world. What nobody projected follows the data's path.
    """
    scenario, good = world.scenario, parts["buyer_good"]
    rows = sorted(scenario.demand, key=lambda row: row.country != "WORLD")
    growth = np.ascontiguousarray(projected[good].T)
    seen = growth.copy()
    for row in rows:
        places = EU_MEMBERS if row.country == "EU27" and scenario.eu_members else (row.country,)
        mine = (world.buyers["good"] == row.good).to_numpy()
        if row.country != "WORLD":
            mine &= world.buyers["country"].isin(places).to_numpy()
        base = 4.0 * float(_floats(world.buyers, "final_use_t")[mine].sum())
        over = base if row.basis == "tonnes" and base > 0.0 else None
        growth[:, mine] = stated_index(row.tonnes, scenario.base_year, quarters, over)[:, None]
        if row.foreseen is not None:
            seen[:, mine] = stated_index(row.foreseen, scenario.base_year, quarters)[:, None]
    foreseen = projected.copy()
    final = _floats(world.buyers, "final_use_t")
    for g in np.unique(good):
        weight = np.where(good == g, final, 0.0)
        if weight.sum() > 0.0:
            foreseen[g] = seen @ (weight / weight.sum())
    return growth, foreseen


def _plant_goods(world: World, parts: dict[str, Any]) -> tuple[Ints, Ints]:
    return _positions(world.plants["good"], list(world.goods["name"])), parts["plant_country"]


def _shocks(world: World, kind: str, good: Ints, country: Ints) -> Floats:
    """Return [T, rows]: the factor of dated shocks, weighted by the days they hold in each quarter."""
    scenario, goods = world.scenario, list(world.goods["name"])
    factor = np.ones((scenario.quarters, good.size))
    for shock in scenario.shocks:
        if shock.kind != kind or shock.good not in goods:
            continue
        mine = good == goods.index(shock.good)
        if shock.country != "WORLD":
            mine &= country == (
                world.countries.index(shock.country) if shock.country in world.countries else -2
            )
        for step in range(scenario.quarters):
            share = active_share(shock.start, shock.end, scenario.start_index + step)
            factor[step, mine] *= 1.0 + share * (shock.factor - 1.0)
    return factor


def with_measures(layout: Layout, plan: Any) -> Layout:
    """Return the layout under the measures of another plan."""
    parts = _measures(plan, layout.route_usual_t)
    return layout._replace(**{name: _own(value) for name, value in parts.items()})


def _backed(world: World, plants: pd.DataFrame) -> Bools:
    """Return per plant whether its firm is a state's, or has a project that a state or buyer backs."""
    firms, projects = world.firms, world.projects
    states = set(firms.loc[firms["owner"].fillna("").str.contains("state", case=False), "name"])
    backed = set(projects.loc[projects["backing"].fillna("") != "", "firm"]) if len(projects) else set()
    return plants["firm_name"].isin(states | backed).to_numpy(dtype=bool)


def _measures(plan: Any, route_usual_t: Floats) -> dict[str, Any]:
    support_start, support_plants = _ragged([support.plants.tolist() for support in plan.supports])
    usual = [float(route_usual_t[routes].sum()) for routes in plan.quota_routes]
    return {
        "quota_holder": np.asarray(plan.quota_holder, dtype=np.int64),
        "quota_actor": np.asarray(plan.quota_actor, dtype=np.int64),
        "support_start": support_start,
        "support_plants": support_plants,
        "support_payer": np.asarray(plan.support_payer, dtype=np.int64),
        "support_share": plan.support_share,
        "support_by_users": plan.support_by_users,
        "quota_side": plan.table.cap_side,
        "quota_firm_start": np.searchsorted(
            [g for g, _, _ in plan.quota_firms], np.arange(len(plan.caps) + 1)
        ).astype(np.int64),
        "quota_firm": np.array([firm for _, firm, _ in plan.quota_firms], dtype=np.int64),
        "quota_firm_share": np.array([share for _, _, share in plan.quota_firms], dtype=np.float64),
        "quota_usual_t": np.array(usual, dtype=np.float64),
    }


def _usual_tension(countries: list[str]) -> Floats:
    usual = np.zeros((len(countries), len(countries)))
    for i, a in enumerate(countries):
        for j, b in enumerate(countries):
            sides = [next((g for g, group in enumerate(_GROUPS) if code in group), -1) for code in (a, b)]
            word = "other" if -1 in sides else "same" if sides[0] == sides[1] else "apart"
            usual[i, j] = 0.0 if a == b else _TENSION[word]
    return usual.reshape(-1)


def _pair_trade(parts: dict[str, Any], countries: int) -> Floats:
    """Return [pairs]: what a pair trades in the base year, either way, t a quarter over all goods."""
    usual, pair = parts["route_usual_t"], parts["route_pair"]
    abroad = parts["route_origin"] != parts["route_destination"]
    back = (pair % countries) * countries + pair // countries
    size = countries * countries
    total = np.bincount(pair[abroad], usual[abroad], size) + np.bincount(back[abroad], usual[abroad], size)
    return np.asarray(total, dtype=np.float64)


def _market_capacity(network: Network, parts: dict[str, Any]) -> Floats:
    """Return for each site the base capacity of its market, t a quarter."""
    market = np.bincount(network.node_market, parts["node_base_t"], network.market_price_scale.size)
    return market[network.node_market[parts["site_node"]]]
