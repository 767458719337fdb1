"""What states weigh of a treaty beside the markets: public money, the cost of capacity, the exporter's answer."""

import functools

import numpy as np
import pytest

from agents import DECISIONS, stake
from agents.doctrine import BY_NAME
from agents.exposure import treaty_components
from agents.look_ahead import LookAhead
from agents.stake import weigh_membership
from agents.strike import count_strikes, restrictable, treaty_strikes
from agents.treaty_cost import fund_money, funds_offered, received
from agents.weighing import HORIZON_QUARTERS, capital_charge
from model.calibration import calibrate
from model.engine import Engine
from model.parameter import POSITION
from model.rules.stake import weigh
from model.scenario import scenario_from

HEAD = {
    "name": "table", "start": "2025Q1", "end": "2030Q4", "base_year": 2024, "goods": ["gallium"],
    "measures": [
        {"type": "export_licence", "actor": "CHN", "quarter": "2025Q1", "fields": {"good": "gallium", "rate": 0.1}},
    ],
}  # fmt: skip
RECIPROCAL = {
    code: {"behaviour": "state", "doctrine": "reciprocal", "acts": False} for code in ("JPN", "USA")
}
FLOOR = {"type": "common_price_floor", "fields": {"good": ["gallium"], "price_usd_per_t": 3e6}}
SUBSIDY = {"type": "gap_subsidy", "fields": {"good": ["gallium"], "strike_usd_per_t": 1.5e6}}


@functools.cache
def world(*goods):
    """Return the calibrated world of these goods."""
    return calibrate(scenario_from({**HEAD, "goods": list(goods)}))


def research(usd, **fields):
    """Return a clause of a programme that brings nothing."""
    return {"type": "research", "fields": {"good": ["gallium"], "usd_per_year": usd, "speed": 0.0, **fields}}


def fund(usd, **fields):
    """Return a clause of a joint fund."""
    return {
        "type": "joint_projects",
        "fields": {"good": ["gallium"], "amount_usd": usd, "share": 0.9, **fields},
    }


def table(*clauses, members=("USA", "JPN"), goods=("gallium",), in_force=False, quarters=1, **changes):
    """Return an engine with one treaty on the table, or in force from the start, after some quarters."""
    when = {"signed": "2025Q1", "in_force": "2025Q1"} if in_force else {"proposed": "2025Q1", "decides": True}
    treaty = {"id": "pact", "kind": "club", "members": list(members), "clauses": list(clauses), **when}
    made = scenario_from({**HEAD, "goods": list(goods), "treaties": [treaty], "seats": RECIPROCAL, **changes})
    e = Engine(made, 1, 3, world=world(*goods), decide=DECISIONS)
    for _ in range(quarters):
        e.step()
    return e


def among(e, *members):
    """Return these members as [1, C]."""
    return np.array([[code in members for code in e.world.countries]])


def stakes_of(e, *members):
    """Return the stakes in the treaty among these members, and the row of Japan."""
    return weigh_membership(e, 0, np.array([0]), among(e, *members)), e.world.countries.index("JPN")


def look_with(e, *members):
    """Return a look, with the treaty cleared in the coming quarter among these members."""
    look = LookAhead(e, np.array([0]), treaty_components(e, 0))
    look.clear((), {0: among(e, *members)})
    return look


def test_a_programme_costs_the_treasury_what_it_pays():
    """Half of 40 million dollars a year, in the coming quarter and later, by the weight of public money."""
    stakes, japan = stakes_of(table(research(4e7)), "JPN", "USA")
    assert stakes.treasury[0, japan] == pytest.approx(-5e6 * BY_NAME["reciprocal"].treasury)
    assert stakes.now[0, japan] == pytest.approx(stakes.later[0, japan]) == pytest.approx(-5e6)


def test_a_look_books_programmes_and_stocks_as_the_run_does():
    """What a look of the coming quarter has a treasury pay is what it then pays: the programme, the keep of a stock."""
    stock = {"type": "joint_stockpile", "fields": {
        "good": ["gallium"], "quantity_t": 400.0, "price_ratio": 10.0, "shortfall": 1.0}}  # fmt: skip
    e = table(stock, research(4e5), in_force=True, quarters=12)
    seen = -received(e, look_with(e, "JPN", "USA"))
    e.step()
    japan = e.world.countries.index("JPN")
    keep = e.columns.country_programme_usd[0, japan] - 5e4
    assert keep > 5e4
    assert seen[0, japan] - 5e4 == pytest.approx(keep, rel=0.1)


def test_a_look_has_a_fund_pay_what_it_comes_to_pay():
    """In the years that a state looks ahead a fund spends within a tenth of what it does in a run."""
    look = look_with(e := table(fund(1e9)), "JPN", "USA")
    offered = funds_offered(e, look, 0)
    look.later(np.array([HORIZON_QUARTERS]))
    spent = HORIZON_QUARTERS * fund_money(e, look, 0, offered).spent.sum()
    run, paid = table(fund(1e9), in_force=True, quarters=0), 0.0
    for _ in range(1 + int(HORIZON_QUARTERS)):
        run.step()
        paid += run.columns.country_fund_usd.sum()
    assert paid > 1e7 and spent == pytest.approx(paid, rel=0.1)


def test_a_small_fund_is_spent_once_and_borne_by_its_shares():
    """Its budget over the horizon, all of it by who bears it; firms are spared what the annuity of it comes to."""
    look = look_with(e := table(fund(1e6, burden={"JPN": 0.75, "USA": 0.25})), "JPN", "USA")
    offered = funds_offered(e, look, 0)
    look.later(np.array([HORIZON_QUARTERS]))
    money = fund_money(e, look, 0, offered)
    japan, us = (e.world.countries.index(code) for code in ("JPN", "USA"))
    np.testing.assert_allclose(HORIZON_QUARTERS * money.spent[0, [japan, us]], [7.5e5, 2.5e5])
    assert 0.0 < money.relief.sum() <= money.lasting.sum() * (1.0 + 1e-9) < money.spent.sum()
    funded = capital_charge(e, look, money.relief).sum()
    assert capital_charge(e, look).sum() - funded == pytest.approx(money.relief.sum())
    stakes, doctrine = stakes_of(e, "JPN", "USA")[0], BY_NAME["reciprocal"]
    cost = weigh.py_func(money.spent[0, japan], money.lasting[0, japan], doctrine.patience)
    assert stakes.treasury[0, japan] == pytest.approx(-doctrine.treasury * cost, rel=1e-3)


def test_a_fund_that_costs_more_than_it_brings_is_not_signed():
    """Japan's half of a grant brings its firms less than it costs its treasury; for America it is the reverse."""
    e = table(fund(1e9), quarters=2, seats={})
    said = {d["seat"]: d for d in e.decisions if d.get("treaty") == "pact"}
    assert said["JPN"]["choice"] == "does not sign" and "public money -" in said["JPN"]["why"]
    assert said["USA"]["reasons"]["producers"] > -said["USA"]["reasons"]["public money"] > 0.0


def test_what_new_plants_earn_is_net_of_their_capital(monkeypatch):
    """A subsidy builds plants: producers gain less by what the new capacity has to earn, by patience and weight."""
    e = table(SUBSIDY, measures=[])
    net, japan = stakes_of(e, "JPN", "USA")
    charged = []
    for members in (("JPN", "USA"), ("USA",)):
        look = look_with(e, *members)
        look.later(np.array([HORIZON_QUARTERS]))
        charged.append(capital_charge(e, look)[0, :, japan].sum())
    more = charged[0] - charged[1]
    monkeypatch.setattr(stake, "capital_charge", lambda e, look, relief: 0.0 * capital_charge(e, look))
    gross, _ = stakes_of(e, "JPN", "USA")
    doctrine = BY_NAME["reciprocal"]
    weight = doctrine.patience * (doctrine.producer + doctrine.processing)
    assert more > 1e4
    assert gross.producers[0, japan] - net.producers[0, japan] == pytest.approx(weight * more, rel=1e-6)
    assert gross.later[0, japan] - net.later[0, japan] == pytest.approx(more, rel=1e-6)
    plain = weigh.py_func(net.now, net.later, doctrine.patience)
    assert sum(net[part] for part in range(4))[0, japan] == pytest.approx(plain[0, japan])


def answers(*clauses, members=("JPN", "KOR"), parameters=None, goods=("gallium",)):
    """Return what Japan fears of the exporter's answer for being in, below 0."""
    e = table(*clauses, members=members, parameters=parameters or {}, goods=goods)
    stakes, japan = stakes_of(e, *members)
    return e, stakes.answer[0, japan]


def test_only_what_strikes_the_exporter_is_answered():
    """A floor on its goods strikes it; orders at home only do so by half, as any treaty that leaves it out."""
    clauses = {"floor": FLOOR, "subsidy": SUBSIDY, "promise": research(4e5)}
    fear = {name: answers(clause)[1] for name, clause in clauses.items()}
    assert fear["floor"] < 2.0 * fear["promise"] < 0.0
    assert fear["subsidy"] == fear["promise"]
    assert answers(FLOOR, members=("CHN", "JPN", "USA"))[1] == 0.0


def test_the_answer_is_feared_by_the_chance_that_it_comes():
    """An exporter that never restricts is not feared; one that does not mind provocation is not either."""
    fear = answers(FLOOR)[1]
    assert answers(FLOOR, parameters={"exporter_trigger_base": -20.0})[1] > 1e-3 * fear
    assert answers(FLOOR, parameters={"exporter_trigger_provocation": 0.0})[1] > 0.2 * fear
    assert answers(FLOOR, parameters={"exporter_security_weight": 0.0})[1] == 0.0


def test_all_that_the_exporter_could_hold_back_is_feared_for():
    """A floor on lithium puts gallium in danger: what Japan buys of it from China counts, whatever the treaty is on."""
    floor = {"type": "common_price_floor", "fields": {"good": ["lithium_refined"], "price_usd_per_t": 1e5}}
    e, fear = answers(floor, goods=("gallium", "lithium"))
    china, japan = (e.world.countries.index(code) for code in ("CHN", "JPN"))
    names = [e.world.goods["name"].iloc[g] for g in restrictable(e, china)]
    assert "gallium_refined" in names and fear < 0.0
    gallium = e.layout.node_good[e.network.route_node] == list(e.world.goods["name"]).index("gallium_refined")
    e.columns.route_mean_flow_t[:, gallium & (e.layout.route_destination == japan)] = 0.0
    assert stakes_of(e, "JPN", "KOR")[0].answer[0, japan] > fear


def test_exporter_and_states_count_the_same_strikes():
    """One for the floor and a half for being left out; a treaty's measures spare its members, the exporter too."""
    e = table(FLOOR, members=("CHN", "JPN", "KOR"))
    china, japan = (e.world.countries.index(code) for code in ("CHN", "JPN"))
    for members, strikes in ((("JPN", "KOR"), 1.5), (("CHN", "JPN", "KOR"), 0.0)):
        inside = among(e, *members)
        assert treaty_strikes(e, 0, china, inside)[0, japan] == strikes
        on = np.array([[float(measure.treaty == 0) for measure in e.plan.measures]])
        assert count_strikes(e, china, on, inside[:, None, :].astype(float))[0, japan] == strikes


def test_what_is_feared_grows_with_the_anger_that_is_there():
    """A state that has provoked the exporter before has less to add; one at ease has all of it."""
    e, calm = answers(FLOOR)
    china, japan = (e.world.countries.index(code) for code in ("CHN", "JPN"))
    e.columns.pair_provocation[0, china * len(e.world.countries) + japan] = 1.0
    e.values[:, POSITION["exporter_provocation_fade"]] = 0.0
    assert stakes_of(e, "JPN", "KOR")[0].answer[0, japan] == 0.0 > calm


def test_several_treaties_are_weighed_each_by_its_own_strikes():
    """One without measures, listed first, brings half a strike beside one that strikes; the floor brings more."""
    rows = [
        {
            "id": name,
            "kind": "club",
            "members": ["USA", "JPN"],
            "clauses": [clause],
            "proposed": "2025Q1",
            "decides": True,
        }
        for name, clause in (("lab", research(1e6)), ("floor", FLOOR))
    ]
    made = scenario_from({**HEAD, "treaties": rows, "seats": RECIPROCAL})
    e = Engine(made, 1, 3, world=world("gallium"), decide=DECISIONS)
    e.step()
    inside = np.array([[code in ("USA", "JPN") for code in e.world.countries]])
    chn, usa = (e.world.countries.index(code) for code in ("CHN", "USA"))
    lab, floor = (treaty_strikes(e, x, chn, inside)[0, usa] for x in (0, 1))
    assert lab == 0.5 and floor > 0.5
