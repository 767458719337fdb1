"""A quarter, in order. Start reading here.

Seven phases, seven calls. The state is `engine.columns`, one array per attribute; each phase is a compiled loop
over runs and rows (`model/phase/`) calling scalar rules (`model/rules/`). What is decided comes from outside:
`decide.states(engine)` and `decide.firms(engine)` are handed in by `agents`, work on columns, and may be left out.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from model.error import ClearingError
from model.happening import befall
from model.ledger import book_quarter
from model.phase import capital as investing_cost
from model.phase import contract as contracting
from model.phase import drift as drifting
from model.phase import invest as investing
from model.phase import resale as reselling
from model.phase import settle as settling
from model.phase import trade as trading
from model.phase import treaty as binding
from model.treaty_note import tell_outcomes, tell_suspensions


class Deciders(NamedTuple):
    """Who decides: functions of an engine that write its decision columns. The default decides nothing.

    `advise(engine, run, country)` returns what the built-in behaviour of a state would order, for its view. Built-in
    behaviours of states leave those in `engine.played` alone.
    """

    states: Callable[[Any], None] | None = None
    firms: Callable[[Any], None] | None = None
    advise: Callable[[Any, int, int], list[dict[str, Any]]] | None = None


def run_quarter(engine: Any, decide: Deciders) -> None:
    """Take every run of the engine through one quarter. Raises `ClearingError` where a market is missed."""
    observe(engine)
    govern(engine, decide)
    contract(engine)
    trade(engine)
    settle(engine)
    invest(engine, decide)
    drift(engine)


def observe(engine: Any) -> None:
    """What befalls the world happens; each firm sees prices through an error of its own."""
    e = engine
    if e.events:
        befall(e)
    investing.misjudge_sites(e.layout, e.columns, e.values, e.seed, e.first_run, e.step_number)


def govern(engine: Any, decide: Deciders) -> None:
    """States give orders. Scripted measures are already in the plan."""
    if decide.states is not None:
        decide.states(engine)


def contract(engine: Any) -> None:
    """Treaties advance; the state becomes what the markets are given; measures in force edit it."""
    e = engine
    if e.treaties.treaties:
        states = (e.columns.treaty_state, e.columns.member_state, e.columns.member_notice)
        before = [column[0].copy() for column in states]
        binding.advance_treaties(e.treaties.table, e.columns, e.seed, e.first_run, e.step_number)
        binding.bind_members(e.treaties.table, e.layout, e.columns, e.history, e.step_number)
        tell_outcomes(e, *before)
        tell_suspensions(e)
    write_terms(e)


def write_terms(engine: Any) -> None:
    """Write what the markets are given, under the measures switched on."""
    e, step = engine, engine.step_number
    e.plan.enter(step, e.history)
    e.plan.push(step, e.history, e.columns, e.layout)
    investing_cost.strain_capital(e.layout, e.columns, e.values)
    restricted = e.history.route_restricted
    contracting.offer_capacity(e.network, e.layout, e.columns, e.values, e.terms, e.seed, e.first_run, step)
    contracting.strain_pairs(e.layout, e.columns, restricted)
    contracting.weigh_routes(e.network, e.layout, e.columns, e.values, e.terms)
    contracting.want_goods(e.layout, e.columns, e.values, e.terms, e.target_days, step)
    e.plan.apply(step, e.terms, e.history, e.network)
    contracting.hold_back(e.network, e.layout, e.columns, e.values, e.terms, e.scratch_quota, step)
    if e.plan.floors:
        contracting.see_floors(e.network, e.layout, e.columns, e.terms)


def trade(engine: Any) -> None:
    """All markets clear, from last quarter's prices."""
    e = engine
    e.clearer.clear(e.terms, e.answer, warm=e.warm)
    e.warm = True
    trading.record_misses(e.columns, e.answer)
    if not e.go_on and np.any(e.columns.missed):
        raise ClearingError(miss_message(e))
    e.plan.serve_first(e.history, e.answer)
    trading.make_unsold(e.network, e.layout, e.columns, e.terms, e.answer)


def miss_message(engine: Any) -> str:
    """Return the words for the worst missed market: quarter, goods, run, violation."""
    answer, network = engine.answer, engine.network
    missed = np.where(answer.status != 0, np.nan_to_num(answer.violation, nan=np.inf), -1.0)
    run, c = np.unravel_index(np.argmax(missed), missed.shape)
    rows = slice(network.component_node_start[c], network.component_node_start[c + 1])
    goods = ", ".join(dict.fromkeys(engine.world.nodes["good"].iloc[rows]))
    return (
        f"The market of {goods} was not cleared in {engine.quarter_label}, run {engine.first_run + run}: largest "
        f"relative violation {answer.violation[run, c]:.2g}, it must be 1e-09 or less. "
        "Soften the measures of that quarter, or run with go_on=True to keep the miss as a status."
    )


def settle(engine: Any) -> None:
    """Tonnes and money are booked; stocks and the memory of measures move on."""
    e = engine
    book_quarter(
        e.network, e.layout, e.terms, e.answer, e.history.support_usd_per_t, e.history.floor_public_share,
        e.columns, e.values, e.books,
    )  # fmt: skip
    shared = e.treaties.table
    if shared.levy_treaty.size or shared.burden_treaty.size or shared.pays.any():
        binding.share_outlays(
            e.treaties.table, e.plan.table, e.network, e.layout, e.terms, e.answer, e.history, e.columns,
            np.zeros(1),
        )  # fmt: skip
    e.plan.record(e.step_number, e.terms, e.history, e.answer)
    e.plan.book(e.step_number, e.history, e.layout, e.columns, e.answer, e.books)
    settling.move_stocks(e.network, e.layout, e.columns, e.answer, e.history.state_stock_t)


def invest(engine: Any, decide: Deciders) -> None:
    """Firms learn from prices, look ahead, decide, and what they decided is carried out."""
    e, step = engine, engine.step_number
    investing.form_expectations(e.network, e.layout, e.columns, e.terms, e.answer, e.values, np.ones(e.runs))
    investing.foresee_prices(
        e.network, e.layout, e.columns, e.terms, e.answer, e.values,
        e.scratch_node, e.scratch_buyer, step, np.zeros(e.runs),
    )  # fmt: skip
    investing.forget_decisions(e.columns)
    if decide.firms is not None:
        decide.firms(engine)
    investing.carry_out(e.network, e.layout, e.columns, e.values, e.seed, e.first_run, step, e.books.turnover)
    e.plan.pay_funds(step, e.history, e.layout, e.columns, e.books)


def drift(engine: Any) -> None:
    """What moves by itself: demand, recycling, smuggling, selling on, learning, risk, tension, outages."""
    e, step = engine, engine.step_number
    drifting.drift_demand(e.layout, e.columns, e.answer, e.values, e.seed, e.first_run, step)
    drifting.drift_recycling(e.network, e.layout, e.columns, e.answer, e.values)
    drifting.drift_leaks(e.network, e.layout, e.columns, e.terms, e.answer, e.values, step)
    if e.layout.resale_plant.size:
        reselling.find_resale(e.network, e.layout, e.columns, e.history, e.terms, e.answer, e.values)
        reselling.watch_resale(e.treaties.table, e.layout, e.columns, e.answer, e.values)
    drifting.drift_cost(e.network, e.layout, e.columns, e.values)
    drifting.drift_risk(
        e.network, e.layout, e.columns, e.terms, e.answer, e.values, e.seed, e.first_run, step
    )
