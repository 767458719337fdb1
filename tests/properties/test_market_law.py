"""Laws that every market obeys, on random markets and in closed form."""

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from experiments.market_check import check_market
from experiments.random_problem import constructed_problem, random_problem
from model.market.problem import solve_problem, solve_problems

Problem = dict[str, Any]
SEEDS = st.integers(0, 100_000)
FEW = settings(max_examples=25, deadline=None)


def solved(problem: Problem) -> Problem:
    """Return the solution of a problem that must have one."""
    out = solve_problem(problem)
    assert out["status"] == "solved", out["name"]
    assert check_market(out).violation <= 1e-9
    return out["solution"]


def numbers(values: list[Any]) -> np.ndarray:
    """Return a list with nulls as an array with NaN."""
    return np.array(values, dtype=float)


def open_problem(seed: int, stages: int = 2, nodes: int = 6) -> tuple[Problem, list[Any]]:
    """Return a problem without measures and its equilibrium."""
    return constructed_problem(seed, stages=stages, nodes=nodes)


def one_plant_market(
    suppliers: int = 1, buyers: int = 1, *, sharpness: float = 10.0, **demand: Any
) -> Problem:
    """Return a market of linear plants with marginal cost 1 + output, equal preferences, no trade cost."""
    ones = [[1.0 / suppliers] * buyers for _ in range(suppliers)]
    zeros = [[0.0] * buyers for _ in range(suppliers)]
    plants = {
        "node": list(range(suppliers)),
        "capacity": [100.0] * suppliers,
        "unit_cost": [1.0] * suppliers,
        "cost_spread": [1.0] * suppliers,
        "input_per_output": [0.0] * suppliers,
        "form": ["linear"] * suppliers,
        "slope": [1.0] * suppliers,
    }
    stage = {
        "name": "good",
        "suppliers": suppliers,
        "buyers": buyers,
        "logit_scale": sharpness,
        "plants": plants,
        "preference": ones,
        "trade_cost": zeros,
        "price_floor": copy.deepcopy(zeros),
        "quotas": [],
    }
    return {"name": "closed form", "stages": [stage], "demand": demand}


# --- entry -----------------------------------------------------------------------------------------


def split_supplier(problem: Problem, s: int, node: int, part: float) -> Problem:
    """Return the problem with supplier `node` of stage `s` in two: `part` of its capacity and weight moves out."""
    problem = copy.deepcopy(problem)
    stage = problem["stages"][s]
    plants = stage["plants"]
    for k in [k for k, at in enumerate(plants["node"]) if at == node]:
        for values in plants.values():
            values.append(values[k])
        plants["node"][-1] = stage["suppliers"]
        plants["capacity"][-1] *= part
        plants["capacity"][k] *= 1.0 - part
    stage["preference"].append([weight * part for weight in stage["preference"][node]])
    stage["preference"][node] = [weight * (1.0 - part) for weight in stage["preference"][node]]
    for key in ("trade_cost", "price_floor"):
        stage[key].append(list(stage[key][node]))
    for quota in stage["quotas"]:
        quota["arcs"] = quota["arcs"] + [[stage["suppliers"], j] for i, j in quota["arcs"] if i == node]
    stage["suppliers"] += 1
    if s > 0:
        before = problem["stages"][s - 1]
        for key in ("preference", "trade_cost", "price_floor"):
            for row in before[key]:
                row.append(row[node])
        for quota in before["quotas"]:
            quota["arcs"] = quota["arcs"] + [[i, before["buyers"]] for i, j in quota["arcs"] if j == node]
        before["buyers"] += 1
    return problem


@FEW
@given(SEEDS, st.floats(0.01, 0.99), st.integers(0, 2), st.integers(0, 100))
def test_splitting_a_supplier_changes_no_price(seed: int, part: float, s: int, pick: int) -> None:
    """Two suppliers that share one's plants and weight sell at its price, and nobody else notices."""
    problem = random_problem(seed, stages=3, nodes=6, floors=False)
    node = pick % problem["stages"][s]["suppliers"]
    one, two = solved(problem), solved(split_supplier(problem, s, node, part))
    for t, stage in enumerate(problem["stages"]):
        sold = np.sum(one["flows"][t], axis=1) > 1e-9 * np.sum(one["flows"][t])
        before, after = numbers(one["prices"][t]), numbers(two["prices"][t])
        np.testing.assert_allclose(after[: before.size][sold], before[sold], rtol=1e-6, atol=1e-7)
        bought = np.sum(one["flows"][t], axis=0) > 1e-9 * np.sum(one["flows"][t])
        before_paid, paid = numbers(one["buyer_prices"][t]), numbers(two["buyer_prices"][t])
        np.testing.assert_allclose(paid[: stage["buyers"]][bought], before_paid[bought], rtol=1e-6, atol=1e-7)
        total = float(np.sum(one["flows"][t]))
        assert np.sum(two["flows"][t]) == pytest.approx(total, rel=1e-6)
        if t == s:
            both = np.sum(two["flows"][t][node]) + np.sum(two["flows"][t][-1])
            assert both == pytest.approx(np.sum(one["flows"][t][node]), rel=1e-6, abs=1e-9 * total)


@FEW
@given(st.lists(st.floats(1e-4, 10.0), min_size=2, max_size=8), st.integers(0, 7), st.floats(1.1, 20.0))
def test_capacity_at_equal_cost_earns_its_share(capacity: list[float], pick: int, growth: float) -> None:
    """With weights that follow capacity, equal cost means equal price and a share equal to the capacity's."""
    weights = np.array(capacity)
    weights[pick % weights.size] *= growth
    problem, _ = open_problem(5, stages=1, nodes=2)
    stage = problem["stages"][0]
    size, buyers = weights.size, stage["buyers"]
    stage["suppliers"] = size
    stage["plants"] = {
        "node": list(range(size)),
        "capacity": weights.tolist(),
        "unit_cost": [0.7] * size,
        "cost_spread": [0.1] * size,
        "input_per_output": [0.0] * size,
    }
    stage["preference"] = np.repeat((weights / weights.sum())[:, None], buyers, axis=1).tolist()
    stage["trade_cost"] = stage["price_floor"] = np.zeros((size, buyers)).tolist()
    problem["demand"]["quantity"] = [float(weights.sum() / (2 * buyers))] * buyers
    solution = solved(problem)
    made = np.array(solution["production"][0])
    np.testing.assert_allclose(made / made.sum(), weights / weights.sum(), rtol=1e-6)
    assert np.ptp(solution["prices"][0]) <= 1e-6


# --- quotas ----------------------------------------------------------------------------------------


def add_quota(problem: Problem, chain: list[Any], s: int, supplier: int, share: float, step: int = 1) -> None:
    """Limit a supplier's sales to every `step`-th buyer to a share of the free flow."""
    arcs = [[supplier, j] for j in range(0, problem["stages"][s]["buyers"], step)]
    free = float(sum(chain[s].flow[i, j] for i, j in arcs))
    problem["stages"][s]["quotas"].append({"arcs": arcs, "limit": share * free})


@FEW
@given(SEEDS, st.integers(0, 100), st.floats(-5.0, 0.0), st.floats(0.01, 0.99))
def test_tightening_a_quota_raises_its_wedge(seed: int, pick: int, log_share: float, cut: float) -> None:
    """Without floors the wedge is a price of a convex programme: less of the quota never costs less."""
    problem, chain = open_problem(seed)
    for s in range(2):
        add_quota(problem, chain, s, pick % problem["stages"][s]["suppliers"], 10.0**log_share, 1 + pick % 2)
    for g in range(2):
        tighter = copy.deepcopy(problem)
        tighter["stages"][g]["quotas"][0]["limit"] *= cut
        before, after = solved(problem)["quota_wedges"][g], solved(tighter)["quota_wedges"][g]
        assert after >= before - 1e-7 * max(1.0, before)


@FEW
@given(SEEDS, st.integers(0, 100), st.floats(0.05, 1.0), st.floats(0.3, 0.99))
def test_tightening_a_quota_moves_the_two_prices_apart(
    seed: int, pick: int, share: float, cut: float
) -> None:
    """I44: one market, choice sharper than demand: covered buyers pay more, the restricted supplier gets less."""
    problem, chain = open_problem(seed, stages=1)
    supplier = pick % problem["stages"][0]["suppliers"]
    add_quota(problem, chain, 0, supplier, share, 1 + pick % 2)
    tighter = copy.deepcopy(problem)
    tighter["stages"][0]["quotas"][0]["limit"] *= cut
    before, after = solved(problem), solved(tighter)
    demand = problem["demand"]
    lowest = min(min(before["buyer_prices"][0]), min(after["buyer_prices"][0]))
    assume(problem["stages"][0]["logit_scale"] * lowest > demand["elasticity"] + demand["choke_power"])
    for _, j in problem["stages"][0]["quotas"][0]["arcs"]:
        assert after["buyer_prices"][0][j] >= before["buyer_prices"][0][j] - 1e-8
    assert after["prices"][0][supplier] <= before["prices"][0][supplier] + 1e-8


@FEW
@given(SEEDS, st.floats(0.05, 0.8))
def test_a_doubled_quota_shares_its_wedge(seed: int, share: float) -> None:
    """The same quota twice changes nothing but the wedge, which both halves carry alike (smallest norm)."""
    problem, chain = open_problem(seed, stages=1)
    add_quota(problem, chain, 0, 0, share)
    single = solved(problem)
    problem["stages"][0]["quotas"] *= 2
    double = solved(problem)
    np.testing.assert_allclose(double["flows"][0], single["flows"][0], atol=1e-8 * np.sum(single["flows"][0]))
    np.testing.assert_allclose(double["quota_wedges"], [single["quota_wedges"][0] / 2] * 2, atol=1e-6)


@FEW
@given(SEEDS, st.integers(0, 100), st.floats(0.05, 0.95))
def test_a_quota_is_a_tariff_of_its_wedge(seed: int, pick: int, share: float) -> None:
    """Charging the wedge on the same routes instead gives the same prices, flows and production."""
    problem, chain = open_problem(seed, stages=2)
    add_quota(problem, chain, 0, pick % problem["stages"][0]["suppliers"], share)
    quota = solved(problem)
    tariff = copy.deepcopy(problem)
    (rule,) = tariff["stages"][0]["quotas"]
    tariff["stages"][0]["quotas"] = []
    for i, j in rule["arcs"]:
        tariff["stages"][0]["trade_cost"][i][j] += quota["quota_wedges"][0]
    charged = solved(tariff)
    for s in range(2):
        np.testing.assert_allclose(charged["prices"][s], quota["prices"][s], atol=1e-6)
        np.testing.assert_allclose(
            charged["flows"][s], quota["flows"][s], atol=1e-7 * np.sum(quota["flows"][s])
        )


@pytest.mark.parametrize("limit", [0.2, 1.0, 1.9])
def test_two_countries_in_closed_form(limit: float) -> None:
    """Exporter p = 1 + q, importer P = 5 - q, freight 0: the wedge of a quota Q is 4 - 2 Q, and so is the tariff."""
    quota = one_plant_market(form="linear", intercept=[5.0], slope=[1.0])
    quota["stages"][0]["quotas"] = [{"arcs": [[0, 0]], "limit": limit}]
    restricted = solved(quota)
    assert restricted["quota_wedges"] == pytest.approx([4.0 - 2.0 * limit], abs=1e-7)
    assert restricted["prices"][0] == pytest.approx([1.0 + limit], abs=1e-7)
    assert restricted["buyer_prices"][0] == pytest.approx([5.0 - limit], abs=1e-7)
    tariff = one_plant_market(form="linear", intercept=[5.0], slope=[1.0])
    tariff["stages"][0]["trade_cost"] = [[4.0 - 2.0 * limit]]
    taxed = solved(tariff)
    assert taxed["flows"][0][0] == pytest.approx([limit], abs=1e-7)
    assert taxed["prices"][0] == pytest.approx(restricted["prices"][0], abs=1e-7)


def test_two_countries_with_two_plants_in_closed_form() -> None:
    """Home and abroad both p = 1 + q, P = 5 - q, even taste: free import 4/3; a quota of 1/2 costs log-odds too.

    With imports m and home output h: P = 5 - m - h, and choice asks (1 + m + mu) - (1 + h) = log(h / m) / beta,
    P = 1 + h - log(m / h + 1) / beta + log 2 / beta.
    """
    beta = 10.0
    market = one_plant_market(2, 1, sharpness=beta, form="linear", intercept=[5.0], slope=[1.0])
    free = solved(market)
    assert np.array(free["flows"][0]).ravel() == pytest.approx([4.0 / 3.0] * 2, abs=1e-8)
    market["stages"][0]["quotas"] = [{"arcs": [[1, 0]], "limit": 0.5}]
    bound = solved(market)
    home, imports = np.array(bound["flows"][0]).ravel()
    price = 5.0 - home - imports
    assert imports == pytest.approx(0.5, abs=1e-8)
    assert price == pytest.approx(1.0 + home - np.log1p(imports / home) / beta + np.log(2.0) / beta, abs=1e-8)
    wedge = home - imports + np.log(home / imports) / beta
    assert bound["quota_wedges"] == pytest.approx([wedge], abs=1e-7)


# --- order and units -------------------------------------------------------------------------------


@FEW
@given(SEEDS, st.randoms(use_true_random=False))
def test_order_of_nodes_does_not_matter(seed: int, random: Any) -> None:
    """Renaming suppliers, buyers, plants and quotas renames the answer and changes nothing else."""
    problem = random_problem(seed, stages=3, nodes=8, floors=False)
    sizes = [stage["suppliers"] for stage in problem["stages"]] + [problem["stages"][-1]["buyers"]]
    orders = [random.sample(range(size), size) for size in sizes]
    shuffled = copy.deepcopy(problem)
    for s, stage in enumerate(shuffled["stages"]):
        rows, columns = orders[s], orders[s + 1]
        place_row, place_column = np.argsort(rows).tolist(), np.argsort(columns).tolist()
        for key in ("preference", "trade_cost", "price_floor"):
            stage[key] = [[stage[key][i][j] for j in columns] for i in rows]
        plants = random.sample(range(len(stage["plants"]["node"])), len(stage["plants"]["node"]))
        stage["plants"] = {key: [values[k] for k in plants] for key, values in stage["plants"].items()}
        stage["plants"]["node"] = [place_row[node] for node in stage["plants"]["node"]]
        for quota in stage["quotas"]:
            quota["arcs"] = [[place_row[i], place_column[j]] for i, j in reversed(quota["arcs"])]
    quantity = problem["demand"]["quantity"]
    shuffled["demand"]["quantity"] = [quantity[j] for j in orders[-1]]
    one, other = solved(problem), solved(shuffled)
    for s in range(3):
        flows = np.array(one["flows"][s])[np.ix_(orders[s], orders[s + 1])]
        np.testing.assert_allclose(other["flows"][s], flows, atol=1e-7 * flows.sum())


@FEW
@given(SEEDS, st.sampled_from([1e-3, 1e3, 1e6]), st.sampled_from([1e-3, 1e3, 1e6]))
def test_units_do_not_matter(seed: int, tonnes: float, money: float) -> None:
    """Kilotonnes for tonnes and cents for dollars scale the answer and nothing else."""
    problem = random_problem(seed, stages=3, nodes=8, floors=False)
    scaled = copy.deepcopy(problem)
    for stage in scaled["stages"]:
        plants = stage["plants"]
        plants["capacity"] = [value * tonnes for value in plants["capacity"]]
        for key in ("unit_cost", "cost_spread"):
            plants[key] = [value * money for value in plants[key]]
        for key in ("trade_cost", "price_floor"):
            stage[key] = [[value * money for value in row] for row in stage[key]]
        stage["logit_scale"] /= money
        for quota in stage["quotas"]:
            quota["limit"] *= tonnes
    scaled["demand"]["quantity"] = [value * tonnes for value in scaled["demand"]["quantity"]]
    scaled["demand"]["reference_price"] *= money
    one, other = solved(problem), solved(scaled)
    for s in range(3):
        flows = np.array(one["flows"][s])
        np.testing.assert_allclose(np.array(other["flows"][s]) / tonnes, flows, atol=1e-7 * flows.sum())
        bought = flows.sum(axis=0) > 1e-9 * flows.sum()
        paid, before = numbers(other["buyer_prices"][s]) / money, numbers(one["buyer_prices"][s])
        np.testing.assert_allclose(paid[bought], before[bought], rtol=1e-6, atol=1e-7)


# --- floors ----------------------------------------------------------------------------------------


@FEW
@given(SEEDS, st.floats(0.0, 0.99))
def test_a_floor_below_the_price_changes_nothing(seed: int, ratio: float) -> None:
    """Floors under every landed price are as good as none."""
    problem, chain = open_problem(seed)
    for stage, base in zip(problem["stages"], chain, strict=True):
        stage["price_floor"] = (ratio * (base.price[:, None] + base.trade_cost)).tolist()
    solution = solved(problem)
    for s, base in enumerate(chain):
        np.testing.assert_allclose(solution["flows"][s], base.flow, atol=1e-8 * base.flow.sum())


@FEW
@given(SEEDS, st.floats(1.05, 3.0))
def test_one_floor_for_all_sets_the_buyer_price(seed: int, ratio: float) -> None:
    """A buyer whose every route is held at one floor pays it, less what variety is worth, and shares by taste."""
    problem, chain = open_problem(seed, stages=1)
    stage = problem["stages"][0]
    floor = ratio * float(np.max(chain[0].price[:, None] + chain[0].trade_cost))
    stage["price_floor"] = np.full((stage["suppliers"], stage["buyers"]), floor).tolist()
    solution = solved(problem)
    landed = numbers(solution["prices"][0])[:, None] + np.array(stage["trade_cost"])
    assume(bool((landed < floor).all()))
    weight = np.array(stage["preference"])
    expected = floor - np.log(weight.sum(axis=0)) / stage["logit_scale"]
    np.testing.assert_allclose(solution["buyer_prices"][0], expected, atol=1e-8)
    flow = np.array(solution["flows"][0])
    np.testing.assert_allclose(flow / flow.sum(axis=0), weight / weight.sum(axis=0), atol=1e-8)


def test_a_binding_quota_eats_the_top_up_first() -> None:
    """Under a floor, the wedge of a quota begins where the price with the wedge reaches the floor."""
    market = one_plant_market(form="linear", intercept=[5.0], slope=[1.0])
    market["stages"][0]["price_floor"] = [[4.0]]
    floored = solved(market)
    assert floored["buyer_prices"][0] == pytest.approx([4.0], abs=1e-8)
    assert floored["prices"][0] == pytest.approx([2.0], abs=1e-7)
    market["stages"][0]["quotas"] = [{"arcs": [[0, 0]], "limit": 0.9}]
    bound = solved(market)
    assert bound["prices"][0] == pytest.approx([1.9], abs=1e-7)
    assert bound["quota_wedges"] == pytest.approx([4.1 - 1.9], abs=1e-7)


# --- conventions -----------------------------------------------------------------------------------


@FEW
@given(SEEDS, st.integers(0, 100))
def test_a_quota_of_zero_is_a_closed_route(seed: int, pick: int) -> None:
    """A ban and a preference of zero give the same answer; the ban's wedge is null."""
    problem, _ = open_problem(seed)
    stage = problem["stages"][1]
    assume(stage["suppliers"] > 1)
    i, j = pick % stage["suppliers"], pick % stage["buyers"]
    closed = copy.deepcopy(problem)
    closed["stages"][1]["preference"][i][j] = 0.0
    stage["quotas"] = [{"arcs": [[i, j]], "limit": 0.0}]
    ban, shut = solved(problem), solved(closed)
    assert ban["quota_wedges"] == [None]
    assert ban["flows"][1][i][j] == 0.0
    for s in range(2):
        np.testing.assert_allclose(ban["flows"][s], shut["flows"][s], atol=1e-9 * np.sum(shut["flows"][s]))


@FEW
@given(SEEDS)
def test_traders_without_a_route(seed: int) -> None:
    """No route in: nothing bought, price null, and so on down the chain. No route out: nothing made."""
    problem, _ = open_problem(seed, stages=2, nodes=8)
    ore, metal = problem["stages"]
    assume(ore["suppliers"] > 1 and ore["buyers"] > 1 and metal["buyers"] > 1)
    for row in ore["preference"]:
        row[0] = 0.0
    ore["preference"][-1] = [0.0] * ore["buyers"]
    for row in metal["preference"]:
        row[0] = 0.0
    solution = solved(problem)
    assert solution["buyer_prices"][0][0] is None
    assert solution["prices"][1][0] is None
    assert solution["buyer_prices"][1][0] is None
    assert np.sum(np.array(solution["flows"][0])[:, 0]) == 0.0
    assert np.sum(solution["flows"][1][0]) == 0.0
    assert np.sum(np.array(solution["flows"][1])[:, 0]) == 0.0
    assert solution["prices"][0][-1] is not None
    assert np.sum(solution["flows"][0][-1]) == 0.0
    for k, node in enumerate(ore["plants"]["node"]):
        if node == ore["suppliers"] - 1:
            assert solution["production"][0][k] <= 1e-12 * ore["plants"]["capacity"][k]


def test_a_processor_without_customers_has_prices() -> None:
    """It can buy but need not: its input price is what it would pay, its own price one at which it stands still."""
    problem, _ = open_problem(11, stages=2, nodes=8)
    metal = problem["stages"][1]
    assert metal["suppliers"] > 1
    metal["preference"][0] = [0.0] * metal["buyers"]
    solution = solved(problem)
    assert np.isfinite(solution["buyer_prices"][0][0])
    assert np.isfinite(solution["prices"][1][0])
    assert np.sum(np.array(solution["flows"][0])[:, 0]) == 0.0


@pytest.mark.parametrize(
    ("quantity", "quotas", "status"),
    [
        ([150.0, 49.0], [], "solved"),
        ([150.0, 51.0], [], "infeasible"),
        ([10.0, 10.0], [{"arcs": [[0, 0], [1, 0]], "limit": 9.0}], "infeasible"),
        ([10.0, 10.0], [{"arcs": [[0, 0], [1, 0]], "limit": 11.0}], "solved"),
        ([10.0, 10.0], [{"arcs": [[0, 0], [1, 0]], "limit": 0.0}], "infeasible"),
    ],
)
def test_fixed_demand_that_cannot_be_met(quantity: list[float], quotas: list[Any], status: str) -> None:
    """Demand beyond capacity, beyond a quota or behind a ban is reported as infeasible, with no solution."""
    market = one_plant_market(2, 2, form="fixed", quantity=quantity)
    market["stages"][0]["quotas"] = quotas
    out = solve_problem(market)
    assert out["status"] == status
    if status == "solved":
        np.testing.assert_allclose(np.sum(out["solution"]["flows"][0], axis=0), quantity, rtol=1e-8)
    else:
        assert out["solution"] is None


def test_a_list_is_solved_to_its_end() -> None:
    """Each problem of a list has a status of its own; one that cannot be met does not stop the rest."""
    hopeless = one_plant_market(form="fixed", quantity=[1000.0])
    out = solve_problems([hopeless, open_problem(1)[0]])
    assert [problem["status"] for problem in out] == ["infeasible", "solved"]
