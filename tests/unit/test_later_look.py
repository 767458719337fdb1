"""A later look stands where its quarters lead: measures, treaties, projects and stocks move on, and luck does not."""

import numpy as np
import pytest
from treaty_world import FLOOR, decided, steps
from treaty_world import engine as treaty_engine

from agents import DECISIONS, look_ahead
from agents.hypothesis import programme_cost
from agents.look_ahead import LookAhead
from agents.stake import weigh_membership
from model.engine import Engine
from model.instruments import BY_NAME
from model.order import order_from
from model.tiny import tiny_scenario, tiny_world

ORE, METAL = "lithium_concentrate", "lithium_refined"
QUIET = {"supply_noise": 0.0, "demand_noise": 0.0, "tension_noise": 0.0, "outage_probability": 0.0,
         "expectation_noise": 0.0}  # fmt: skip


def given(kind, actor="CHN", good=METAL, quarter="2025Q1", end=None, **fields):
    """Return one order as a scenario has it."""
    return {"type": kind, "actor": actor, "quarter": quarter, "end": end, "fields": {"good": good, **fields}}


def engine(*measures, quarters=2, runs=1, switched=(), **parameters):
    """Return a quiet engine of the tiny world some quarters on; `switched` orders are taken in, all off."""
    scenario = tiny_scenario(*measures, parameters={**QUIET, **parameters})
    e = Engine(scenario, runs, 7, world=tiny_world(scenario), decide=DECISIONS)
    e.add_measures([order_from(order, BY_NAME) for order in switched])
    return steps(e, quarters)


def looked(e, moves=(), quarters=12.0):
    """Return a look at the run so many quarters on."""
    look = LookAhead(e)
    look.clear(moves)
    look.later(np.full(e.runs, quarters))
    return look


@pytest.fixture
def one_stage(monkeypatch):
    """Firms decide once, by what is tried, and all the time passes in one stage."""
    monkeypatch.setattr(look_ahead, "STAGES", (1.0,))


@pytest.mark.parametrize("quarters", [10.0, 20.0])
def test_the_last_stage_ends_at_the_horizon(quarters):
    """Demand stands where its projection has it then, and what is due in the last quarter has arrived."""
    e = engine(quarters=0)
    growth, look = e.layout.growth, looked(e, quarters=quarters)
    stayed = e.layout.buyer_base_final_t * (1.0 - look.scratch.columns.buyer_substituted[0])
    then = min(int(quarters), growth.shape[0] - 1)
    np.testing.assert_allclose(look.scratch.terms.demand_t[0], stayed * growth[then], rtol=1e-12)
    assert not np.allclose(growth[then], growth[then - 1])
    site = int(e.layout.project_site[0])
    slots = e.columns.site_arrival_t.reshape(1, e.layout.site_firm.size, -1)
    due = e.fork()
    due.columns.site_arrival_t.reshape(slots.shape)[0, site, int(quarters) % slots.shape[2]] += 500.0
    plant = e.layout.site_new_plant[site]
    there = [looked(x, quarters=quarters).scratch.columns.plant_installed_t[0, plant] for x in (e, due)]
    assert there[1] - there[0] > 250.0


TRIED = {
    "a fund": given("investment_fund", "AUS", amount_usd=1e12, share=0.5),
    "a fast track": given("fast_track", "AUS", lead_factor=0.3, permit_factor=0.1),
    "a technology control": given("technology_control", "CHN", target=["AUS"], capex_factor=1.5),
}


@pytest.mark.parametrize("order", TRIED.values(), ids=list(TRIED))
def test_firms_decide_first_under_what_is_tried(order, one_stage):
    """A fund, a fast track and a control move the profit index that firms of the first stage go by."""
    e = engine(switched=[order], foresight_weight=0.0)
    mine = (e.layout.site_country == e.world.countries.index("AUS")) & (e.layout.site_good == 1)
    index = [looked(e, moves).scratch.columns.site_profit_index[0, mine] for moves in ([], [(0, 1.0)])]
    better = order["type"] != "technology_control"
    assert np.all(index[0] > 0.0)
    assert np.all(index[1] > 1.05 * index[0]) if better else np.all(index[1] < 0.95 * index[0])


def test_firms_foresee_first_what_is_tried(one_stage):
    """The growth of rivals that firms of the first stage reckon with is that of whom a ban leaves them to meet."""
    e = engine(switched=[given("export_ban", "CHN")], quarters=4)
    free, shut = (looked(e, moves).scratch.columns.site_outlook[0] for moves in ([], [(0, 1.0)]))
    assert np.abs(shut - free).max() > 0.01


def test_a_measure_tried_when_all_is_built_starts_then():
    """A path by quarters, switched on twelve quarters on, stands at its first number; on from now, at its last."""
    e = engine(switched=[given("export_tax", rate=[0.5, 0.4, 0.3])])
    look = looked(e, [(0, 1.0)])
    assert look.scratch.terms.route_export_tax.max() == pytest.approx(0.3)
    look = looked(e)
    look.after([(0, 1.0)], np.full(1, 12.0))
    assert look.scratch.terms.route_export_tax.max() == pytest.approx(0.5)


def test_firms_decide_first_under_a_treaty_that_is_tried(one_stage):
    """What a treaty's membership brings, a fast track, is there in the first stage, and gone from the next look."""
    clause = {"type": "joint_projects", "fields": {"good": "gallium", "host": ["JPN"], "permit_factor": 0.1,
              "amount_usd": 1e12, "share": 0.5}}  # fmt: skip
    e = steps(treaty_engine(decided(clause, members=["JPN", "USA"])), 1)
    inside = np.array([[code in ("JPN", "USA") for code in e.world.countries]])
    look, relief = LookAhead(e), []
    for members in (inside, ~inside & False, inside):
        look.clear((), {0: members})
        look.later(np.full(1, 12.0))
        relief.append(look.scratch.columns.site_relief_share.max())
        index = look.scratch.columns.site_profit_index / np.maximum(
            look.scratch.columns.site_bare_index, 1e-12
        )
        assert (index.max() > 1.5) == members.any()
    assert relief[0] == relief[2] > relief[1] == 0.0


@pytest.mark.parametrize("ahead", [4, 8, 16])
def test_a_project_comes_late_by_chance_and_in_steps(ahead, one_stage):
    """What a look adds for a project is what it has on the mean of many runs; one that has arrived ramps up."""
    e = engine(quarters=1)
    many = engine(quarters=1, runs=3000)
    ramp, size = int(e.values[0, look_ahead.POSITION["ramp_quarters"]] + 0.5), e.layout.project_capacity_t[0]
    plant, then = int(e.layout.project_plant[0]), 1 + ahead

    def comes(x):
        bare = x.fork()
        bare.layout = bare.layout._replace(project_capacity_t=0.0 * bare.layout.project_capacity_t)
        there = [
            looked(y, quarters=float(ahead)).scratch.columns.plant_installed_t[0, plant] for y in (x, bare)
        ]
        return (there[0] - there[1]) / size

    arrival = many.columns.project_arrival[:, 0]
    assert np.all(arrival > 1)
    mean = float(np.clip((then - arrival + 1.0) / ramp, 0.0, 1.0).mean())
    assert comes(e) == pytest.approx(mean, abs=0.03)
    here = e.fork()
    here.columns.project_arrival[:] = 0.0  # its second step is there now
    assert comes(here) == pytest.approx(min(ahead, ramp - 2) / ramp)


DATED = {
    "a tax by dates": given("export_tax", rate={"2025Q1": 0.1, "2026Q1": 0.3, "2027Q3": 0.6}),
    "a tax that ends": given("export_tax", rate=0.3, end="2027Q1"),
    "a quota by period": given("export_quota", quantity_t=[9e3, 8e3, 7e3, 6e3, 5e3, 4e3, 3e3, 2e3, 1.5e3]),
    "a licence whose reference grows": given("export_licence", rate=0.7, growth=0.2),
    "a subsidy by dates": given("production_subsidy", "AUS", rate_usd_per_t={"2025Q1": 1e3, "2026Q3": 5e3}),
}


@pytest.mark.parametrize("order", DATED.values(), ids=list(DATED))
@pytest.mark.parametrize("dated", [True, False], ids=["dated", "switched"])
def test_measures_stand_as_they_will(order, dated):
    """Fourteen quarters on, a measure that is known taxes, caps and pays what it does when the quarter comes."""
    if dated:
        e, moves = engine(order), []
    else:
        e, moves = engine(quarters=0, switched=[order]), [(0, 1.0)]
    look = looked(e, moves, quarters=14.0)
    for move in moves:
        e.switch(*move)
    steps(e, 15)
    for name in ("route_export_tax", "quota_t", "plant_support"):
        np.testing.assert_allclose(getattr(look.scratch.terms, name), getattr(e.terms, name), err_msg=name)


def test_what_is_scripted_for_later_is_unknown():
    """A tax that begins after the coming quarter stays off in looks to any quarter; one that begins in it is on."""
    for start, known in (("2025Q3", True), ("2025Q4", False)):
        e = engine(given("export_tax", rate=0.5, quarter=start))
        for quarters in (4.0, 12.0):
            assert bool(looked(e, quarters=quarters).scratch.terms.route_export_tax.any()) == known
    assert steps(e, 2).terms.route_export_tax.any()


def test_a_treaty_lapses_with_its_term():
    """A treaty tried now ends with its term, and so does one in force with the rest of it: the floor is gone then."""
    e = steps(treaty_engine(decided(FLOOR, members=["JPN", "USA"], term_quarters=6)), 1)
    inside = np.array([[code in ("JPN", "USA") for code in e.world.countries]])
    for began, last in ((None, 5), (-3.0, 2)):
        if began is not None:
            e.columns.treaty_state[:, 0], e.columns.treaty_began[:, 0] = look_ahead.IN_FORCE, 1 + began
        look = LookAhead(e)
        for quarters in (last, last + 1):
            look.clear((), {0: inside})
            assert look.scratch.terms.route_floor.any()
            look.later(np.full(1, float(quarters)))
            assert look.scratch.terms.route_floor.any() == (quarters == last)


PROGRAMMES = {
    "substitution": (given("substitution_programme", "OTH", speed_factor=3.0), "buyer_substituted"),
    "recycling": (given("recycling_programme", "CHN", speed_factor=5.0), "plant_recycled_share"),
    "late research": (given("research_programme", "OTH", speed=3.0, delay_quarters=8), "buyer_substituted"),
}


@pytest.mark.parametrize(("order", "column"), PROGRAMMES.values(), ids=list(PROGRAMMES))
def test_programmes_bear_fruit(order, column):
    """What a programme speeds up has gone further twenty quarters on; research only once its fruit is there."""
    dear = given("export_tax", "AUS", ORE, rate=3.0), given("export_tax", rate=0.5)
    e = engine(*dear, switched=[order], substitution_threshold=1.0, recycling_growth=0.1)
    late = order["type"] == "research_programme"
    for quarters, felt in ((20.0, True), (7.0, not late)):
        there = [getattr(looked(e, m, quarters).scratch.columns, column)[0] for m in ([], [(2, 1.0)])]
        gain = (there[1] - there[0]).max()
        assert gain > 0.02 * there[0].max() if felt else abs(gain) < 1e-3


STOCK = given("strategic_stockpile", "OTH", target_t=2_000.0, buy_below=10.0)


def test_a_stock_is_built_up_and_let_go_in_a_stop():
    """Twenty quarters on the rule has bought its target and costs its keep; a stop then finds it, one now nothing."""
    e = engine(switched=[STOCK, given("export_ban", "CHN", target=["OTH"])], quarters=3)
    mine = np.flatnonzero(
        (e.layout.buyer_good == 1) & (e.layout.buyer_country == e.world.countries.index("OTH"))
    )
    look = LookAhead(e)
    look.clear([(0, 1.0), (1, 1.0)], felt=True)
    assert look.scratch.answer.release_t[0, mine] == 0.0
    stop = {}
    for on in (0.0, 1.0):
        look.clear([(0, on)])
        look.later(np.full(1, 20.0))
        held, cost = look.scratch.history.state_stock_t[0, mine], programme_cost(look)
        assert held == (pytest.approx(2_000.0) if on else 0.0)
        keep = 0.25 * 0.08 * held * look.scratch.answer.price_index[0, mine]
        np.testing.assert_allclose(cost[0, 2], keep)
        look.after([(1, 1.0)], np.full(1, 20.0))
        stop[on] = look.scratch.answer.use_t[0, mine], look.scratch.answer.release_t[0, mine]
    assert stop[0.0][1] == 0.0 and stop[1.0][1] > 0.25 * 2_000.0
    assert stop[1.0][0] > stop[0.0][0]


def test_a_stock_that_buys_below_the_mean_fills_at_half_its_pace(one_stage):
    """A look's prices are calm: half the time they count as below their mean; it buys half of who buys at any price."""
    held = []
    for below in (1.0, 10.0):
        e = engine(
            switched=[{**STOCK, "fields": {**STOCK["fields"], "buy_below": below, "build_quarters": 40.0}}]
        )
        e.history.node_price[:] = np.tile(LookAhead(e).clear([(0, 1.0)])[1].price, 8)
        held.append(looked(e, [(0, 1.0)], 20.0).scratch.history.state_stock_t.max())
    assert held[1] == pytest.approx(20.0 / 40.0 * 2_000.0)
    assert held[0] == pytest.approx(0.5 * held[1], rel=0.06)


def test_what_a_programme_costs_is_its_payers():
    """A programme in force costs a quarter of its yearly outlay, by its shares, now and as long as it lasts."""
    order = given(
        "research_programme", "AUS", usd_per_year=4e6, burden={"AUS": 0.25, "OTH": 0.75}, end="2026Q4"
    )
    e = engine(order)
    look = LookAhead(e)
    look.clear()
    np.testing.assert_allclose(programme_cost(look), [[0.25e6, 0.0, 0.75e6]])
    assert not programme_cost(looked(e, quarters=8.0)).any()


def test_what_a_treaty_commits_is_in_the_stake():
    """A larger joint stock makes a stop less feared and costs more keep; research without fruit is its outlay alone."""
    clauses = [
        {"type": "joint_stockpile", "fields": {"good": "gallium", "quantity_t": t}} for t in (40.0, 120.0)
    ]
    clauses.append({"type": "research", "fields": {"good": "gallium", "usd_per_year": 8e6, "speed": 0.0}})
    stakes = []
    for clause in clauses:
        e = steps(treaty_engine(decided(clause, members=["JPN", "USA"])), 1)
        inside = np.array([[code in ("JPN", "USA") for code in e.world.countries]])
        stakes.append(weigh_membership(e, 0, np.array([0]), inside))
    japan = e.world.countries.index("JPN")
    small, large, research = ((s.safety[0, japan], s.treasury[0, japan]) for s in stakes)
    assert large[0] > 1.1 * small[0] > 0.0 and large[1] < 1.2 * small[1] < 0.0
    assert stakes[2].now[0, japan] == pytest.approx(-1e6) and research[0] == 0.0 > research[1]


def test_a_stop_with_a_stock_in_one_row_is_seen_in_each_as_alone():
    """A run looked at twice, with a stock in one row only, sees in a stop bit for bit what each row sees by itself."""
    e = engine(switched=[STOCK, given("export_ban", "CHN", target=["OTH"])], quarters=3)

    def stopped(on):
        look = LookAhead(e, rows=np.zeros(len(on), dtype=np.int64))
        look.clear([(0, np.array(on))])
        look.later(np.full(len(on), 20.0))
        return look.after([(1, 1.0)], np.full(len(on), 20.0))[1].price.copy()

    together = stopped([1.0, 0.0])
    assert np.array_equal(together, np.concatenate([stopped([1.0]), stopped([0.0])]))
    assert not np.array_equal(together[0], together[1])
