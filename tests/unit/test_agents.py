"""Mesa agents: rows of the engine, and subclasses that decide for themselves."""

import mesa
import numpy as np
import pytest

from agents import DECISIONS, DominantExporter, Miner, Refiner, State, TradeModel
from model.engine import Engine
from model.error import OreblocError
from model.firm_order import FIRM_ORDERS_BY_NAME
from model.order import order_from
from model.tiny import tiny_scenario, tiny_world


def model(agent_classes=None, **keywords):
    """Return a Mesa model of the tiny world."""
    scenario = tiny_scenario()
    return TradeModel(scenario, agent_classes, world=tiny_world(scenario), **keywords)


class Builder(Miner):
    """A miner that builds a thousand tonnes a year every quarter and nothing else."""

    def decide(self, view):
        """Build at the first site."""
        site = view["sites"][0]
        return [
            {
                "type": "invest",
                "fields": {"good": site["good"], "country": site["country"], "capacity_t_per_year": 1000.0},
            }
        ]


class Quitter(Refiner):
    """A refiner that closes half of its plants in 2025Q2."""

    def decide(self, view):
        """Leave once."""
        if view["quarter"] != "2025Q2":
            return []
        fields = {"good": "lithium_refined", "country": "CHN", "share": 0.5}
        return [{"type": "exit", "fields": fields}]


class Adviser(Miner):
    """A miner that does what the built-in rule advises."""

    def decide(self, view):
        """Follow the advice."""
        return view["advice"]


class Recorder(State):
    """A state that keeps what it was shown."""

    seen: list = []

    def decide(self, view):
        """Look, order nothing."""
        self.seen.append(view)
        return []


def test_the_model_is_a_mesa_model():
    """Agents by type, agent sets and the data collector work as Mesa users expect."""
    m = model()
    assert isinstance(m, mesa.Model)
    assert {kind.__name__ for kind in m.agents_by_type} == {"Miner", "Refiner", "State", "DominantExporter"}
    assert len(m.agents_by_type[Miner]) == 3
    assert len(m.agents_by_type[DominantExporter]) == 1
    m.step()
    assert m.steps == 1 and m.running
    assert m.agents_by_type[Miner].agg("capacity_t", sum) > 30_000.0
    assert m.datacollector.get_model_vars_dataframe()["quarter"].tolist() == ["2025Q1"]
    assert len(m.datacollector.get_agenttype_vars_dataframe(Miner)) == 3
    m.run_model()
    assert not m.running and m.quarter == "2029Q4"


def test_the_model_runs_as_the_engine_does():
    """The Mesa model and the bare engine agree bit for bit."""
    scenario = tiny_scenario()
    e = Engine(scenario, 1, world=tiny_world(scenario), decide=DECISIONS).run()
    m = model()
    m.run_model()
    for name in e.columns._fields:
        np.testing.assert_array_equal(getattr(e.columns, name), getattr(m.engine.columns, name), err_msg=name)


def test_agents_read_the_columns():
    """An agent's attributes are its row."""
    m = model()
    m.step()
    miner = m.firm_agents[0]
    assert miner.name == "Pilbara Ore" and miner.country == "AUS"
    assert miner.cash_usd == m.engine.columns.balance_usd[0, 0]
    m.engine.columns.plant_idle_t[0, 0] = 123.0
    assert miner.idle_t == 123.0
    assert m.state_agents[1].name == "CHN"


def test_a_subclass_replaces_the_rule_for_its_row_only():
    """One firm's own class decides for that firm; all other decisions of the first quarter stay as they were."""
    plain, own = model(), model({"Pilbara Ore": Builder})
    plain.step()
    own.step()
    ours = own.firm_agents[0].sites
    assert type(own.firm_agents[0]) is Builder and type(own.firm_agents[1]) is Miner
    assert own.engine.columns.site_invest_t[0, ours[0]] == 250.0
    rest = [s for s in range(own.engine.layout.site_firm.size) if s not in ours]
    for name in ("site_invest_t", "site_pipeline_t"):
        np.testing.assert_array_equal(
            getattr(own.engine.columns, name)[0, rest], getattr(plain.engine.columns, name)[0, rest]
        )
    assert [entry["seq"] for entry in own.log] == [1] and own.log[0]["seat"] == "Pilbara Ore"


def test_following_the_advice_changes_nothing():
    """A class that returns the advice in its view runs as the built-in rule, to rounding."""
    plain, advised = model(), model({"miner": Adviser})
    for _ in range(8):
        plain.step()
        advised.step()
    np.testing.assert_allclose(
        advised.engine.columns.plant_installed_t, plain.engine.columns.plant_installed_t, rtol=1e-9
    )


def test_capacity_ordered_arrives_after_its_lead_time():
    """What a class of one's own builds is under construction first and installed later, in even steps."""
    m = model(
        {"Pilbara Ore": Builder}, permit_quarters_mine=0.0, opening_pipeline=0.0, project_failure_share=1.0
    )
    plant = m.engine.layout.site_new_plant[0]
    installed = []
    for _ in range(14):
        m.step()
        installed.append(float(m.engine.columns.plant_installed_t[0, plant]))
    lead = int(m.engine.columns.site_lead_quarters[0, 0])
    project = m.engine.layout.project_start[0]
    assert installed[min(lead, project) - 2] == 0.0
    assert m.firm_agents[0].pipeline_t > 250.0 * (lead - 1)


def test_a_class_can_close_its_plants():
    """An exit order closes the share it names and no more."""
    plain, own = model(), model({"Jiangxi Metal": Quitter})
    for _ in range(2):
        plain.step()
        own.step()
    kept = own.firm_agents[4].capacity_t / plain.firm_agents[4].capacity_t
    assert kept == pytest.approx(0.5, rel=0.05)


def test_states_are_shown_their_country():
    """A state's view holds its prices, stocks and measures; it is asked every quarter."""
    Recorder.seen = []
    m = model({"AUS": Recorder})
    m.step()
    m.step()
    assert [view["quarter"] for view in Recorder.seen] == ["2025Q1", "2025Q2"]
    assert {good["good"] for good in Recorder.seen[1]["goods"]} == {"lithium_concentrate", "lithium_refined"}


def test_mistakes_are_told_in_words():
    """Unknown roles, foreign plants and bad seeds are refused with a remedy."""
    with pytest.raises(OreblocError, match="no role, firm or country"):
        model({"minor": Miner})
    with pytest.raises(OreblocError, match="whole number"):
        model(seed=-1)

    class Lost(Miner):
        def decide(self, view):
            fields = {"good": "lithium_refined", "country": "AUS", "capacity_t_per_year": 1.0}
            return [{"type": "invest", "fields": fields}]

    with pytest.raises(OreblocError, match="has no plants of lithium_refined in AUS"):
        model({"Pilbara Ore": Lost}).step()


def test_by_products_cannot_outgrow_their_host():
    """An order beyond what the host metal allows is refused with the room there is."""

    class Greedy(Miner):
        def decide(self, view):
            fields = {"good": "lithium_concentrate", "country": "OTH", "capacity_t_per_year": 1e6}
            return [{"type": "invest", "fields": fields}]

    with pytest.raises(OreblocError, match="host metal leaves room"):
        model({"Salar Works": Greedy}).step()


def test_levers_change_parameters():
    """A keyword sets a parameter; seed and rng both set the seed."""
    m = model(invest_speed=0.0)
    m.run_model()
    assert float(m.engine.parameter("invest_speed")[0]) == 0.0
    assert model(rng=5).engine.seed == model(seed=5).engine.seed == 5


def test_views_hold_plain_values():
    """A firm's view is JSON, and its advice are valid orders."""
    import json

    m = model()
    m.step()
    for agent in m.firm_agents:
        view = agent.view()
        json.dumps(view, allow_nan=False)
        for order in view["advice"]:
            order_from(order, FIRM_ORDERS_BY_NAME)
    for agent in m.state_agents:
        json.dumps(agent.view(), allow_nan=False)


@pytest.mark.parametrize("given", [None, {"type": "exit"}, "exit"])
def test_a_decision_that_is_no_list_names_the_agent(given):
    """A `decide` that forgets to return, or returns one order bare, is told who, when and what to write."""

    class Forgetful(Miner):
        """A miner whose decide returns no list."""

        def decide(self, view):
            """Return what the test gives."""
            return given

    with pytest.raises(
        OreblocError, match=r"Pilbara Ore \(Forgetful\) decided .* in 2025Q1; it must return a list"
    ):
        model({"Pilbara Ore": Forgetful}).step()


def lone_engine():
    """Return the tiny world a quarter in, without luck."""
    scenario = tiny_scenario(parameters={"expectation_noise": 0.0})
    engine = Engine(scenario, 1, world=tiny_world(scenario), decide=DECISIONS)
    engine.step()
    return engine


def refinery_index(engine, spreads, passed_on=0.0, outlook=0.0):
    """Return the profit index of the refinery of CHN whose new plant would earn so many spreads above its cost."""
    columns, layout = engine.columns, engine.layout
    s = int(np.flatnonzero((layout.site_country == 1) & ~layout.site_is_mine)[0])
    k = layout.site_new_plant[s]
    spent = columns.site_expected_input[0, s] + passed_on
    net = engine.terms.plant_cost[0, k] + spreads * engine.terms.plant_spread[0, k]
    before = columns.site_expected_input[0, s]
    columns.site_expected_value[0, s], columns.site_expected_input[0, s] = spent + net, spent
    columns.site_outlook[0, s] = outlook
    DECISIONS.firms(engine)
    columns.site_expected_input[0, s] = before
    return float(columns.site_profit_index[0, s])


def test_new_capacity_is_valued_at_the_use_its_margin_allows():
    """A plant that would stand half idle counts for half of it, one with a wide margin for the operating share."""
    engine = lone_engine()
    thin, fair, wide = (refinery_index(engine, z) for z in (0.1, 1.0, 4.0))
    used = [1.0 / (1.0 + np.exp(-z)) for z in (0.1, 1.0)]
    assert fair / thin == pytest.approx(10.0 * used[1] / used[0], rel=1e-6)
    assert wide / fair == pytest.approx(4.0 * 0.85 / used[1], rel=1e-6)


def test_dearer_inputs_are_passed_on():
    """Inputs and product that are dearer by the same amount leave a refinery's reckoning alone, in any outlook."""
    engine = lone_engine()
    for outlook in (0.0, -0.1):
        usual = refinery_index(engine, 4.0, outlook=outlook)
        assert usual > 0.0
        assert refinery_index(engine, 4.0, 50_000.0, outlook) == pytest.approx(usual, rel=1e-9)
    assert refinery_index(engine, 4.0, outlook=-0.1) < refinery_index(engine, 4.0)
