"""What a hypothetical quarter is worth to the exporter, market by market: welfare, shares, dependence, entry."""

from typing import Any, NamedTuple

import numpy as np

from agents.exporter_menu import Menu
from agents.foresight import compare_entry
from agents.look_ahead import LookAhead
from agents.weighing import capital_charge
from model.network import Floats
from model.parameter import POSITION
from model.rules.exporter import harm_worth, own_worth, plan_worth
from model.welfare import Welfare, elsewhere_of, welfare_by_good

_WEIGHTS = ("rent", "downstream", "security", "retaliation", "future")


class Quarter(NamedTuple):
    """One quarter looked at, usd unless said. Rows are runs, K the exporter's markets, C countries."""

    rent: Floats  # [rows, K] its producers, export taxes and quota rents, less support paid
    outlay: Floats  # [rows, K] that support
    downstream: Floats  # [rows, K] its makers of components, its users
    abroad: Floats  # [rows, K, C] welfare of every other country
    share: Floats  # [rows, K] its part of the market's output at base prices
    value: Floats  # [rows, K] that output
    dependence: Floats  # [rows, K] what tense states buy from it at base prices, weighted by tension
    utilisation: Floats  # [rows, K] of its plants
    entry: Floats  # [rows, K] highest price over full cost among outsiders that could build


def measure_quarter(look: LookAhead, menu: Menu, built: bool = False) -> Quarter:
    """Return what the last clearing of a look holds for the exporter.

    Where the look has built capacity (`built`), what its own has to earn a quarter is taken off.
    """
    scratch, engine = look.scratch, look.engine
    terms, answer = scratch.terms, scratch.answer
    countries = len(engine.world.countries)
    gains = welfare_by_good(
        engine.network, engine.layout, terms, answer, scratch.history.support_usd_per_t,
        scratch.history.floor_public_share, countries,
        elsewhere_of(engine.layout, scratch.columns, scratch.values),
    )  # fmt: skip
    if built:
        gains.producer_usd[:, :, menu.row] -= capital_charge(engine, look)[:, :, menu.row]
    rent, outlay, downstream, abroad = _split(gains, menu)
    made, own, run_at = (
        _weighed(answer.output_t, plants) for plants in (menu.plant_all, menu.plant_own, menu.plant_held)
    )
    held = _weighed(terms.plant_capacity_t, menu.plant_held)
    ratio = np.zeros((look.rows.size, menu.components.size))
    compare_entry(
        engine.network, engine.layout, scratch.columns, terms, answer.price, answer.price_index, scratch.values,
        menu.site_place, ratio,
    )  # fmt: skip
    return Quarter(
        rent=rent,
        outlay=outlay,
        downstream=downstream,
        abroad=abroad,
        share=own / np.maximum(made, 1e-9),
        value=made,
        dependence=_dependence(look, menu),
        utilisation=run_at / np.maximum(held, 1e-9),
        entry=ratio,
    )


def _weighed(amounts: Floats, weights: Floats) -> Floats:
    """Return the product of matrices row by row, so that a row's bits do not hang on how many there are."""
    return np.concatenate([amounts[n : n + 1] @ weights for n in range(amounts.shape[0])])


def _split(gains: Welfare, menu: Menu) -> tuple[Floats, Floats, Floats, Floats]:
    """Return rent, outlay, downstream [rows, K] and others' welfare [rows, K, C] from welfare by good and country."""
    places = range(menu.components.size)
    made = gains.producer_usd[:, :, menu.row]
    rent = np.where(menu.downstream, 0.0, made)
    treasury = gains.treasury_usd[:, :, menu.row]
    rent = rent + treasury + gains.rent_usd[:, :, menu.row]
    paid = np.maximum(-treasury, 0.0)
    users = gains.consumer_usd[:, :, menu.row] + gains.variety_usd[:, :, menu.row]
    below = users + np.where(menu.downstream, made, 0.0)
    total = gains.total_usd.copy()
    total[:, :, menu.row] = 0.0
    goods = [menu.good_place == k for k in places]
    return (
        np.stack([rent[:, mine].sum(axis=1) for mine in goods], axis=1),
        np.stack([paid[:, mine].sum(axis=1) for mine in goods], axis=1),
        np.stack([below[:, mine].sum(axis=1) for mine in goods], axis=1),
        np.stack([total[:, mine].sum(axis=1) for mine in goods], axis=1),
    )


def _dependence(look: LookAhead, menu: Menu) -> Floats:
    engine, scratch = look.engine, look.scratch
    routes, first, price = menu.abroad
    tense = scratch.columns.tension[:, engine.layout.route_pair[routes]]
    weighed = np.ascontiguousarray(scratch.answer.flow_t[:, routes] * price * tense)
    places = range(menu.components.size)
    return np.stack([weighed[:, first[k] : first[k + 1]].sum(axis=1) for k in places], axis=1)


def weights_of(values: Floats) -> dict[str, Floats]:
    """Return the exporter's weights and horizon in every run, [rows, 1] each."""
    names = {word: f"exporter_{word}_weight" for word in _WEIGHTS}
    names |= {"horizon": "exporter_horizon", "theta": "exporter_retaliation_share"}
    return {word: values[:, POSITION[name], None] for word, name in names.items()}


def worth_of(
    now: Quarter, later: Quarter | None, free: Quarter, provocation: Floats, w: dict[str, Any]
) -> Floats:
    """Return the worth of a stance in every market, [rows, K], usd a quarter: `(1 - w) now + w later`.

    - own: `a1 rent + a2 downstream`, where public money paid out weighs no less than what users get of it
    - now: own `+ sum over states of (a3 provocation - a5 theta) harm`, harm against `free` trade
    - later: own `+ a3 tense states' dependence + a6 share of the market's value`

    `provocation` [rows, C]. Source: Pothen2013 for the motives; the weights are judgement.
    """
    harm = np.maximum(free.abroad - now.abroad, 0.0)
    security, retaliation, theta = (w[word][:, :, None] for word in ("security", "retaliation", "theta"))
    hurt = harm_worth.py_func(harm, provocation[:, None, :], security, retaliation, theta).sum(axis=2)
    present = own_worth.py_func(now.rent, now.downstream, now.outlay, w["rent"], w["downstream"]) + hurt
    if later is None:
        return np.asarray(present)
    coming = own_worth.py_func(later.rent, later.downstream, later.outlay, w["rent"], w["downstream"])
    coming = coming + w["security"] * later.dependence + w["future"] * later.share * free.value
    return np.asarray(plan_worth.py_func(present, coming, w["horizon"]))
