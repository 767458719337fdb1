"""The base year as rows of `Terms` and `Answer`, and the equilibrium conditions evaluated there."""

import numpy as np

from model.network import Floats
from model.world import World


def base_terms(world: World) -> dict[str, Floats]:
    """Return the rows [rows] of `Terms` at which clearing returns the base year; fields left out are neutral.

    Limits of the base-year quota groups (`world.checks["base_measures"]`) are the base flows they let through.
    """
    plants, routes, buyers = world.plants, world.routes, world.buyers
    gaps = world.checks["base_measures"]
    open_route = ~routes["closed"].to_numpy(bool)
    return {
        "plant_capacity_t": _column(plants, "capacity_t"),
        "plant_cost": _column(plants, "cost_usd_per_t"),
        "plant_spread": _column(plants, "spread_usd_per_t"),
        "route_weight": np.where(open_route, _column(routes, "preference"), 0.0),
        "route_freight": _column(routes, "freight_usd_per_t"),
        "route_export_tax": _column(routes, "export_tax_share"),
        "route_tariff": _column(routes, "tariff_share"),
        "route_export_duty": _column(routes, "export_duty_usd_per_t"),
        "route_import_duty": _column(routes, "import_duty_usd_per_t"),
        "route_floor": _floor(world),
        "demand_t": _column(buyers, "final_use_t"),
        "demand_price": _column(buyers, "price_usd_per_t"),
        "demand_elasticity": _column(buyers, "elasticity"),
        "demand_choke_ratio": _column(buyers, "choke_ratio"),
        "demand_choke_power": _column(buyers, "choke_power"),
        "quota_t": _column(gaps, "limit_t"),
    }


def base_answer(world: World) -> dict[str, Floats]:
    """Return base prices [N] and wedges [G], where a clearing of the base year may start."""
    wedge = _column(world.checks["base_measures"], "wedge_usd_per_t")
    return {"price": _column(world.nodes, "price_usd_per_t"), "wedge": wedge}


def residual(world: World) -> dict[str, Floats]:
    """Return, at base prices, supply less shipments of every node [N] (share of world supply of the good), and prices.

    `price_index` [B] and `flow_t` [R] are evaluated from the logit, `output_t` [K] from the cost curves, so the
    check is independent of how the table was built and of any solver.
    """
    network, terms, start = world.network, base_terms(world), base_answer(world)
    index, share = _choice(world, terms, start)
    output = _outputs(world, terms, start["price"], index)
    used = terms["demand_t"].copy()
    supply = np.zeros(len(world.nodes))
    for m in range(len(world.recipes)):
        total = output[network.plant_start[m] : network.plant_start[m + 1]].sum()
        for k in range(network.recipe_output_start[m], network.recipe_output_start[m + 1]):
            supply[network.output_node[k]] += network.output_per_unit[k] * total
        for k in range(network.recipe_input_start[m], network.recipe_input_start[m + 1]):
            used[network.input_buyer[k]] += network.input_per_unit[k] * total
    flow = share * used[network.route_buyer]
    shipped = np.bincount(network.route_node, weights=flow, minlength=len(world.nodes))
    world_supply = np.bincount(network.node_market, weights=supply)[network.node_market]
    return {
        "balance": (supply - shipped) / world_supply, "flow_t": flow, "output_t": output, "price_index": index,
        "supply_t": supply, "use_t": used,
    }  # fmt: skip


def _floor(world: World) -> Floats:
    """Return minimum landed prices [R]: of the base year's landed price where a floor made it."""
    routes = world.routes
    landed = _column(routes, "landed_price_usd_per_t")
    held = _column(routes, "floor_share") > 0.0
    raised = held & (_column(routes, "floor_usd_per_t") >= landed * (1.0 - 1e-12))
    return np.where(raised, landed, -np.inf)


def _choice(world: World, terms: dict[str, Floats], start: dict[str, Floats]) -> tuple[Floats, Floats]:
    """Return each buyer's price index [B] and each route's share [R] at base prices."""
    network = world.network
    beta = network.market_sharpness[network.buyer_market[network.route_buyer]]
    quota = world.routes["quota"].to_numpy()
    wedge = np.append(start["wedge"], 0.0)[quota]
    border = (start["price"][network.route_node] + wedge) * (1.0 + terms["route_export_tax"])
    border = border + terms["route_export_duty"] + terms["route_freight"]
    landed = border * (1.0 + terms["route_tariff"]) + terms["route_import_duty"]
    landed = np.maximum(landed, terms["route_floor"])
    least = np.full(len(world.buyers), np.inf)
    np.minimum.at(least, network.route_buyer, landed)
    pull = terms["route_weight"] * np.exp(-beta * (landed - least[network.route_buyer]))
    total = np.bincount(network.route_buyer, weights=pull, minlength=len(world.buyers))
    sharpness = network.market_sharpness[network.buyer_market]
    return least - np.log(total) / sharpness, pull / total[network.route_buyer]


def _outputs(world: World, terms: dict[str, Floats], price: Floats, index: Floats) -> Floats:
    network = world.network
    earned = np.zeros(len(world.recipes))
    for m in range(len(world.recipes)):
        a, b = network.recipe_output_start[m], network.recipe_output_start[m + 1]
        c, d = network.recipe_input_start[m], network.recipe_input_start[m + 1]
        earned[m] = network.output_per_unit[a:b] @ price[network.output_node[a:b]]
        earned[m] -= network.input_per_unit[c:d] @ index[network.input_buyer[c:d]]
    z = (earned[world.plants["recipe"].to_numpy()] - terms["plant_cost"]) / terms["plant_spread"]
    return terms["plant_capacity_t"] / (1.0 + np.exp(-z))


def _column(frame, name: str) -> Floats:  # type: ignore[no-untyped-def]
    return frame[name].to_numpy(np.float64)
