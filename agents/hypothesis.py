"""What a look assumes about policy: which measures are known, and how they and treaties stand some quarters on.

Dated measures follow their dates and paths, switched ones their age, stocks move by their rules, and a treaty in force
ends with its term. What is scripted to begin after the quarter in which a look is made nobody knows: no look sees it.
"""

from typing import Any

import numpy as np

from agents.foresight import remember_stage
from model.measure_plan import BASE_QUARTERS, History
from model.network import Floats
from model.phase.programme import book_programmes
from model.phase.treaty import bind_members
from model.treaty_state import IN_FORCE, LAPSED


def stage_times(quarters: Floats, parts: tuple[float, ...]) -> Floats:
    """Return when stages of a later look begin, the last one's end included, [rows, stages + 1] quarters from now.

    `parts` of the horizon `quarters` [rows] add up to one; sums of them are rounded, so that no quarter is lost.
    """
    begins: Floats = np.outer(quarters, np.cumsum((0.0, *parts))).round(9)
    begins[:, -1] = quarters
    return begins


def forget_unknown(engine: Any, history: History) -> None:
    """Switch off, in a look's memory of measures, those that are scripted to begin after the coming quarter."""
    table = engine.plan.table
    begun = (table.measure_active[:, : BASE_QUARTERS + engine.step_number + 1] > 0.0).any(axis=1)
    history.measure_force[:, (table.measure_dated > 0) & ~begun] = 0.0


def move_on(scratch: Any, begins: Floats, stage: int) -> None:
    """Let measures, states' stocks and treaties move on through a stage that lasts from `begins` [rows, stages + 1].

    What was in force when the markets were last cleared has been so all the while.
    """
    history, step = scratch.history, scratch.step_number
    lasting = history.measure_last_on == step + history.ahead
    remember_stage(scratch.plan.table, history, scratch.answer, begins, stage, step)
    history.measure_last_on[lasting] = np.broadcast_to(step + history.ahead - 1.0, lasting.shape)[lasting]
    _end_treaties(scratch)


def _end_treaties(scratch: Any) -> None:
    """Let treaties in force lapse whose term has run or whose dates say so, with all that their clauses do."""
    table, columns = scratch.treaties.table, scratch.columns
    if not table.least.size:
        return
    then = scratch.step_number + scratch.history.ahead
    known = np.minimum(then[:, 0].astype(np.int64), table.scripted.shape[1] - 2)
    dated = table.scripted[:, known + 1].T
    over = np.where(dated < 0, then - columns.treaty_began >= table.term, dated == LAPSED)
    over &= columns.treaty_state == IN_FORCE
    columns.treaty_state[over] = LAPSED
    columns.member_state[np.repeat(over, table.countries, axis=1) & (table.invited > 0)] = LAPSED
    rows = np.flatnonzero(over.any(axis=1))
    if not rows.size:
        return
    names = ("treaty_state", "member_state", "member_barred", "member_cheats", "pair_claimed")
    some = columns._replace(**{name: getattr(columns, name)[rows] for name in names})
    history = History(*(array[rows] for array in scratch.history))
    bind_members(table, scratch.layout, some, history, scratch.step_number)
    for array, part in zip(scratch.history, history, strict=True):
        array[rows] = part


def programme_cost(look: Any) -> Floats:
    """Return what programmes and the keep of stocks cost in the quarter last looked at, usd, [rows, C].

    By the books' own rules; what a treasury, a stock fund and users pay each other at home cancels.
    """
    engine, scratch = look.engine, look.scratch
    count = len(engine.world.countries)
    if not engine.plan.has_programmes:
        return np.zeros((look.rows.size, count))
    columns, layout, price = scratch.columns, engine.layout, scratch.answer.price_index
    empty = ("balance_usd", "country_programme_usd", "turnover_usd", "money_residual_usd")
    booked = columns._replace(
        buyer_average_price=np.where(np.isnan(price), columns.buyer_price, price),
        **{name: np.zeros_like(getattr(columns, name)) for name in empty},
    )
    book_programmes(
        engine.plan.table, scratch.history, layout, booked, scratch.answer, engine.step_number, np.zeros(1)
    )
    accounts = (layout.treasury_account, layout.fund_account, layout.user_account)
    return -np.asarray(sum(booked.balance_usd[:, first : first + count] for first in accounts))
