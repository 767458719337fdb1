"""Looking ahead: the hypothetical quarter is the one that comes, and looking changes nothing."""

import numpy as np
import pytest

from agents import DECISIONS
from agents.look_ahead import LookAhead
from model.engine import Engine
from model.instruments import BY_NAME
from model.order import order_from
from model.tiny import tiny_scenario, tiny_world

QUIET = {"supply_noise": 0.0}
#: Clearings from different starting points agree to the residual they are driven to.
SAME = 1e-8


def order(kind, actor="CHN", good="lithium_refined", **fields):
    """Return one order."""
    record = {
        "type": kind,
        "actor": actor,
        "quarter": "2025Q1",
        "end": None,
        "fields": {"good": good, **fields},
    }
    return order_from(record, BY_NAME)


def engine(runs=3, quarters=5, **parameters):
    """Return an engine of the tiny world some quarters on, with a tax, a licence and a ban in reach, all off."""
    scenario = tiny_scenario(parameters={**QUIET, **parameters})
    e = Engine(scenario, runs, 7, world=tiny_world(scenario), decide=DECISIONS)
    e.add_measures(
        [
            order("export_tax", rate=1.0),
            order("export_licence", rate=1.0),
            order("export_ban", target=["AUS"]),
        ]
    )
    for _ in range(quarters):
        e.step()
    return e


CANDIDATES = {
    "nothing": [],
    "a tax": [(0, 1.0, 0.4)],
    "a licence": [(1, 1.0, 0.5)],
    "a ban": [(2, 1.0)],
    "a tax by run": [(0, np.array([1.0, 0.0, 1.0]), np.array([0.1, 0.0, 0.8]))],
}


@pytest.mark.parametrize("moves", CANDIDATES.values(), ids=list(CANDIDATES))
def test_a_look_is_the_quarter_that_comes(moves):
    """Where chance is at its mean, the answer looked at is the answer of the next step with the same switches."""
    e = engine()
    _, answer = LookAhead(e).clear(moves)
    seen = answer.price.copy(), answer.flow_t.copy()
    for move in moves:
        e.switch(*move)
    e.step()
    np.testing.assert_allclose(seen[0], e.answer.price, rtol=SAME)
    np.testing.assert_allclose(seen[1], e.answer.flow_t, rtol=SAME, atol=1e-9)


def test_looking_changes_nothing():
    """Columns, memory of measures, terms and answer of the engine are untouched, bit for bit."""
    e = engine()
    records = (e.columns, e.history, e.terms, e.answer)
    before = [[array.copy() for array in record] for record in records]
    look = LookAhead(e)
    look.clear([(0, 1.0, 0.4), (1, 1.0, 0.2)])
    look.later(np.full(3, 20.0))
    for record, old in zip(records, before, strict=True):
        for name, array, known in zip(record._fields, record, old, strict=True):
            assert np.array_equal(array, known, equal_nan=True), name


def test_each_look_starts_afresh():
    """What was looked at before leaves no trace in the next look, the later one included."""
    e = engine()
    fresh = LookAhead(e).clear([(0, 1.0, 0.2)])[1].price.copy()
    look = LookAhead(e)
    look.clear([(1, 1.0, 0.1)])
    look.later(np.full(3, 20.0))
    assert np.array_equal(look.clear([(0, 1.0, 0.2)])[1].price, fresh)


def test_runs_looked_at_by_themselves_give_the_same():
    """Some runs of a batch see what they see in the whole batch, bit for bit."""
    e = engine()
    look, some = LookAhead(e), LookAhead(e, rows=np.array([0, 2]))
    for one in (look, some):
        one.clear([(0, 1.0, 0.3)])
        one.later(np.full(one.rows.size, 16.0))
    assert np.array_equal(look.scratch.answer.price[[0, 2]], some.scratch.answer.price)


def test_candidates_looked_at_together_give_what_each_gives_alone():
    """A run named twice, with a tax in one row only, sees both answers bit for bit, the later look included."""
    e = engine(runs=1)
    together = LookAhead(e, rows=np.array([0, 0]))
    together.clear([(0, np.array([0.0, 1.0]), np.array([1.0, 0.4]))])
    together.later(np.full(2, 16.0))
    seen = []
    for moves in ([], [(0, 1.0, 0.4)]):
        alone = LookAhead(e)
        alone.clear(moves)
        seen.append(alone.later(np.full(1, 16.0))[1].price[0].copy())
    assert np.array_equal(together.scratch.answer.price, np.stack(seen))
    assert not np.array_equal(seen[0], seen[1])


def test_blocks_of_rows_clear_markets_of_their_own():
    """A block without markets keeps last quarter's prices while the other one is cleared."""
    e = engine(runs=1)
    look = LookAhead(e, rows=np.array([0, 0]))
    look.blocks = [(0, 1, look.components), (1, 2, np.zeros(0, dtype=np.int64))]
    price = look.clear([(0, 1.0, 3.0)])[1].price
    assert np.array_equal(price[1], e.answer.price[0])
    assert not np.array_equal(price[0], e.answer.price[0])


def test_a_measure_named_twice_ends_as_named_last():
    """Moves that switch a measure off and on again start it anew, as one after the other does."""
    e = engine(runs=1)
    look = LookAhead(e)
    look.clear([(0, 1.0, 0.4), (1, 0.0), (0, 0.0), (0, 1.0, 0.2)])
    history = look.scratch.history
    assert (history.measure_force[0, 0], history.measure_level[0, 0]) == (1.0, 0.2)
    assert history.measure_since[0, 0] == e.step_number


def test_a_later_look_sees_entry():
    """At a price held high, outsiders build: their capacity later is larger, the price lower, than at a low price."""
    e = engine(quarters=2, capital_cost_multiple=4.0)
    nodes = e.world.nodes
    aus = int(np.flatnonzero((nodes["good"] == "lithium_refined") & (nodes["country"] == "AUS"))[0])
    look = LookAhead(e)
    capacity = {}
    for rate in (0.0, 3.0):
        look.clear([(0, 1.0, rate)])
        look.later(np.full(3, 28.0))
        capacity[rate] = look.scratch.columns.node_capacity_t[:, aus].copy()
    assert np.all(capacity[3.0] > 1.2 * capacity[0.0])


def test_only_the_markets_asked_for_are_cleared():
    """Components left out keep last quarter's prices."""
    e = engine()
    look = LookAhead(e, components=np.zeros(0, dtype=np.int64))
    assert np.array_equal(look.clear([(0, 1.0, 3.0)])[1].price, e.answer.price)
