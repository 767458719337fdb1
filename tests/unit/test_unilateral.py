"""What states do by themselves: each doctrine where there is reason for it, and not with its data left out."""

from dataclasses import replace

import numpy as np
import pytest

from agents import DECISIONS, doctrine
from agents.unilateral import _carry_out, held_back, leading_suppliers
from model.engine import Engine
from model.parameter import POSITION
from model.tiny import tiny_scenario, tiny_world

ORE, METAL = "lithium_concentrate", "lithium_refined"
CALM = {"demand_noise": 0.0, "supply_noise": 0.0, "tension_noise": 0.0, "outage_probability": 0.0}
QUOTA = {"type": "export_quota", "actor": "CHN", "quarter": "2025Q3", "end": "2026Q2",
         "fields": {"good": METAL, "quantity_t": 3000.0}}  # fmt: skip


def engine(seats, *measures, runs=1, **parameters):
    """Return an engine of the tiny world with these doctrines in the seats."""
    rows = {code: {"behaviour": "state", "doctrine": name} for code, name in seats.items()}
    made = tiny_scenario(*measures, seats=rows, parameters={**CALM, **parameters})
    return Engine(made, runs, world=tiny_world(made), decide=DECISIONS)


def steps(e, count):
    """Run some quarters."""
    for _ in range(count):
        e.step()
    return e


def tools(e):
    """Return what its states set and lifted, in order: (quarter, tool, on)."""
    return [(d["quarter"], d["tool"], d["on"]) for d in e.decisions if "tool" in d]


@pytest.fixture
def without(monkeypatch):
    """Return a function that leaves data of a doctrine out."""

    def leave_out(name, **data):
        monkeypatch.setitem(doctrine.BY_NAME, name, replace(doctrine.BY_NAME[name], **data))

    return leave_out


def test_a_resource_host_holds_ore_back_and_has_more_processed_at_home(without):
    """It chooses a measure on raw exports by its look ahead; its refineries make more; without the data it does not."""
    host = steps(engine({"AUS": "resource_host"}), 12)
    found = tools(host)
    assert found and found[0][1] in ("export_tax", "export_quota", "export_ban") and found[0][2]
    (first, *_) = [d for d in host.decisions if "tool" in d]
    assert (
        first["why"].startswith("AUS sets export") and ORE in first["why"] and "usd a quarter" in first["why"]
    )
    without("resource_host", raw_measures=())
    idle = steps(engine({"AUS": "resource_host"}), 12)
    assert tools(idle) == []
    refinery = host.world.plants["recipe"].to_numpy() == 3
    assert host.answer.output_t[0, refinery].sum() > idle.answer.output_t[0, refinery].sum()


def test_a_state_changes_nothing_for_less_than_its_inertia():
    """With an inertia of all that it buys and makes it does nothing; what it has in force it keeps."""
    assert tools(steps(engine({"AUS": "resource_host"}, exporter_inertia=1.0), 5)) == []
    moved = engine({"AUS": "resource_host"})
    first = tools(steps(moved, 1))
    assert first
    moved.values[:, POSITION["exporter_inertia"]] = 100.0
    assert tools(steps(moved, 8)) == first


def test_a_measure_that_gives_way_says_to_what():
    """Where one tool replaces another, the one that is lifted tells which; sizes are told in their own terms."""
    e = engine({"AUS": "resource_host"})
    steps(e, 1)
    (kit,) = (menu for name, menu in e.menus.items() if name == "kit AUS")
    best = np.array([[4]])
    lines = [np.zeros((4, 1, 1)) for _ in range(5)]
    e.decisions.clear()
    _carry_out(e, kit, np.array([0]), np.array([[1]]), lines)
    _carry_out(e, kit, np.array([0]), best, lines)
    told = {(d["tool"], d["on"]): d["why"] for d in e.decisions}
    assert "it gives way to the export ban" in told["export_tax", False]
    assert "AUS sets export ban on" in told["export_ban", True]


def test_the_rest_of_the_world_is_no_supplier_that_stops():
    """However much comes from it, a stop is feared of one country only."""
    e = steps(engine({"AUS": "careful_importer"}), 1)
    aus, oth = (e.world.countries.index(code) for code in ("AUS", "OTH"))
    for share in (0.0, 1e6):
        e.columns.route_mean_flow_t[:, e.layout.route_origin == oth] += share
        _, leader = leading_suppliers(e, aus, [1])
        assert leader[0, 0] not in (aus, oth)


def test_an_industrial_state_supports_its_processing(without):
    """It subsidises its refineries where its weights say so; thrifty with public money, or without the data, not."""
    found = tools(steps(engine({"AUS": "industrial"}), 2))
    assert found == [("2025Q1", "production_subsidy", True)]
    assert tools(steps(engine({"AUS": "laissez_faire"}), 2)) == []
    without("industrial", treasury=100.0)
    assert tools(steps(engine({"AUS": "industrial"}), 2)) == []
    without("industrial", home_support=())
    assert tools(steps(engine({"AUS": "industrial"}), 2)) == []


def test_a_reciprocal_state_answers_a_restriction_and_lifts_its_own_with_it(without):
    """While the quota bites it holds ore back in turn; when the quota ends, so does the licence."""
    e = engine({"AUS": "reciprocal"}, QUOTA)
    aus, chn = (e.world.countries.index(code) for code in ("AUS", "CHN"))
    held = []
    for _ in range(9):
        e.step()
        held.append((held_back(e, chn, aus)[0], held_back(e, aus, chn)[0]))
    found = [row for row in tools(e) if row[1] == "export_licence"]
    assert found[0] == ("2025Q4", "export_licence", True) and found[-1] == ("2026Q4", "export_licence", False)
    (first, *_) = [d for d in e.decisions if d.get("tool") == "export_licence"]
    assert first["level"] == pytest.approx(1.0 - 0.5 * held[2][0]) and held[2][0] > 0.2
    assert held[3][1] > 0.0 and held[-1] == (0.0, 0.0)
    assert [entry["order"]["type"] for entry in e.log][-1] == "repeal" and "CHN holds back" in e.log[0]["why"]
    without("reciprocal", reciprocity=0.0)
    assert tools(steps(engine({"AUS": "reciprocal"}, QUOTA), 9)) == []


def test_a_careful_importer_stores_in_danger(without):
    """Where a stop by its supplier is likely it fills a stock; where none is, or without the data, it does not."""
    e = steps(engine({"OTH": "careful_importer"}), 8)
    (stock, *_) = [d for d in e.decisions if "tool" in d]
    share, leader = leading_suppliers(e, e.world.countries.index("OTH"), [1])
    assert stock["tool"] == "strategic_stockpile" and METAL in stock["why"]
    assert e.world.countries[leader[0, 0]] == "CHN" and share[0, 0] > 0.5
    assert e.columns.buyer_reserve_t.sum() > 0.0
    assert tools(steps(engine({"OTH": "careful_importer"}, exporter_trigger_base=-20.0), 3)) == []
    without("careful_importer", stock_days=0.0)
    assert tools(steps(engine({"OTH": "careful_importer"}), 8)) == []


def test_a_free_rider_does_nothing_where_others_act(without):
    """What moves a host, an industrial state, a reciprocal one, an importer leaves it alone; with data it acts."""
    idle = steps(engine({"AUS": "free_rider", "OTH": "free_rider"}, QUOTA), 8)
    assert tools(idle) == [] and len(idle.plan.measures) == 1
    without("free_rider", reciprocity=0.5)
    assert tools(steps(engine({"AUS": "free_rider"}, QUOTA), 8))


def test_a_seat_may_leave_measures_alone():
    """With `acts = false`, or with a player in the seat, the doctrine decides about treaties only."""
    rows = {"AUS": {"behaviour": "state", "doctrine": "resource_host", "acts": False}}
    made = tiny_scenario(seats=rows)
    assert tools(steps(Engine(made, world=tiny_world(made), decide=DECISIONS), 2)) == []
    played = engine({"AUS": "resource_host"})
    played.played = frozenset({"AUS"})
    assert tools(steps(played, 2)) == []


def test_states_act_alike_in_any_batch_and_fork():
    """A run decides by itself as beside others, and a fork goes on as the original, bit for bit."""
    seats = {"AUS": "resource_host", "OTH": "careful_importer", "CHN": "hawk"}
    whole = engine(seats, QUOTA, runs=3, demand_noise=0.05)
    part = engine(seats, QUOTA, runs=1, demand_noise=0.05)
    steps(whole, 3), steps(part, 3)
    twin = part.fork()
    for e in (whole, part, twin):
        steps(e, 5)
    assert part.decisions == twin.decisions == whole.decisions and part.log == twin.log == whole.log
    for name in ("node_price", "buyer_reserve_t", "plant_installed_t"):
        one = getattr(part.columns, name)
        assert np.array_equal(getattr(whole.columns, name)[:1], one, equal_nan=True), name
        assert np.array_equal(getattr(twin.columns, name), one, equal_nan=True), name


def test_the_order_of_seats_does_not_matter():
    """States that plan in the same quarter look at the world before any of them acts: what each tells is the same."""
    seats = {"AUS": "resource_host", "CHN": "industrial", "OTH": "hawk"}
    told = []
    for order in (list(seats), list(seats)[::-1]):
        e = steps(engine({code: seats[code] for code in order}), 6)
        told.append((sorted(d["why"] for d in e.decisions), e.answer.price.tolist()))
    assert len({d["seat"] for d in e.decisions}) >= 2
    assert told[0] == told[1]
