"""What a treaty costs and brings its members in public money: transfers, programmes, the keep of stocks, funds.

All is booked by the engine's own phases on copies, for a hypothetical quarter of a look. What stocks buy and release is
in welfare's treasury line already.
"""

from typing import Any, NamedTuple

import numpy as np

from agents.hypothesis import programme_cost
from agents.look_ahead import LookAhead
from agents.weighing import HORIZON_QUARTERS, annuity_of_sites, built_at_sites
from model.instrument import Fund
from model.measure_table import History
from model.network import Floats
from model.phase.programme import count_announced, pay_funds
from model.phase.treaty import share_outlays

_BOOKED = ("balance_usd", "country_levy_usd", "country_burden_usd", "turnover_usd", "money_residual_usd")


class FundMoney(NamedTuple):
    """What funds pay until a later look, usd: `spent` a quarter on the way, and as an annuity while the plants live.

    `spent` and `lasting` [rows, C] by who pays; `relief` [rows, S] the part of the annuity that firms are spared.
    """

    spent: Floats
    lasting: Floats
    relief: Floats


def received(engine: Any, look: LookAhead) -> Floats:
    """Return what countries receive under treaties in the quarter last looked at, less what they pay, usd, [rows, C].

    Levies, burdens and agreed payments between members; programmes and the keep of stocks to others. Funds aside.
    """
    return _transfers(engine, look) - programme_cost(look)


def _transfers(engine: Any, look: LookAhead) -> Floats:
    table, scratch = engine.treaties.table, look.scratch
    if not (table.levy_treaty.size or table.burden_treaty.size or table.pays.any()):
        return np.zeros((look.rows.size, table.countries))
    booked = _blank(scratch.columns, _BOOKED)
    share_outlays(
        table, engine.plan.table, engine.network, engine.layout, scratch.terms, scratch.answer, scratch.history, booked,
        np.zeros(1),
    )  # fmt: skip
    return np.asarray(booked.country_levy_usd - booked.country_burden_usd)


def funds_offered(engine: Any, look: LookAhead, x: int) -> History | None:
    """Return what the quarter last looked at knows of measures, None where treaty `x` has no fund; see `fund_money`."""
    measures, parts = engine.plan.measures, [part for part in engine.plan.clause_orders if part.treaty == x]
    own = [measures[m] for part in parts for m in range(part.first, part.last)]
    if not any(isinstance(edit, Fund) for measure in own for edit in measure.edits):
        return None
    history = look.scratch.history
    return type(history)(*(array.copy() for array in history))


def fund_money(engine: Any, look: LookAhead, x: int, offered: History) -> FundMoney:
    """Return what funds that were `offered` pay for the capacity that a later look has begun since.

    A fund pays while its treaty lasts, until its budget is spent. Each site is given an account of its own, so that the
    engine's rule tells what each of them gets.
    """
    scratch, layout = look.scratch, engine.layout
    columns, rows, sites = scratch.columns, look.rows.size, layout.site_firm.size
    accounts = columns.balance_usd.shape[1]
    announced = np.zeros((rows, sites))
    count_announced(layout, columns, scratch.values, announced, engine.step_number, int(HORIZON_QUARTERS))
    built = np.maximum(built_at_sites(engine, look) - announced, 0.0)
    begun = built + columns.site_pipeline_t - engine.columns.site_pipeline_t[look.rows]
    begun = np.maximum(begun, 0.0) * min(engine.treaties.table.term[x] / HORIZON_QUARTERS, 1.0)
    booked = _blank(columns, ("country_fund_usd", "turnover_usd"))._replace(
        balance_usd=np.zeros((rows, accounts + sites)),
        firm_capex_usd=np.zeros((rows, accounts + sites)),
        site_invest_t=begun,
    )
    own = layout._replace(site_firm=np.arange(accounts, accounts + sites, dtype=layout.site_firm.dtype))
    pay_funds(engine.plan.table, offered, own, booked, scratch.step_number, np.zeros(1))
    paid = booked.balance_usd[:, accounts:] / (4.0 * annuity_of_sites(engine, look))
    by = booked.country_fund_usd
    share = np.divide(by, by.sum(axis=1, keepdims=True), out=np.zeros_like(by), where=by > 0.0)
    done = np.divide(built, begun, out=np.zeros_like(begun), where=begun > 0.0)
    return FundMoney(
        by / HORIZON_QUARTERS, share * paid.sum(axis=1, keepdims=True), paid * np.minimum(done, 1.0)
    )


def _blank(columns: Any, names: tuple[str, ...]) -> Any:
    """Return the columns with these set to nothing in copies."""
    return columns._replace(**{name: np.zeros_like(getattr(columns, name)) for name in names})
