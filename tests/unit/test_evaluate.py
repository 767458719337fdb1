"""What the passes of an evaluation give, against the plain rules they take apart."""

import math

import numpy as np
import pytest

from experiments.random_problem import random_problem
from model.market import Clearer, allocate_answer
from model.market.balance import evaluate
from model.market.clearing import clear_component
from model.market.offer import offer
from model.market.problem import _Chain
from model.market.want import final_use

POWER = 4.0


def cleared(seed: int):
    """Return a cleared chain's network, terms, answer and workspace, which still holds the last evaluation."""
    chain = _Chain(random_problem(seed))
    clearer, answer = Clearer(chain.network), allocate_answer(chain.network, 1)
    ws, width = clearer.workspace, 1e-7 * chain.price_scale
    clear_component(chain.network, chain.terms, answer, 0, ws, 0, 1e-11, width, POWER, False)
    return chain.network, chain.terms, answer, ws, width


@pytest.mark.parametrize("seed", range(12))
def test_final_use_and_output_are_those_of_the_rules(seed: int) -> None:
    """Final users buy what `final_use` says at their price, plants make what `offer` says at their margin."""
    network, terms, _, ws, width = cleared(seed)
    for b in np.flatnonzero(np.diff(ws.first_route[: network.buyer_market.size + 1])):
        if terms.demand_t[0, b] > 0.0:
            log_final, slope = final_use(
                network.demand_form[b], ws.price_index[b], terms.demand_t[0, b], terms.demand_price[0, b],
                terms.demand_elasticity[0, b], terms.demand_choke_ratio[0, b], terms.demand_choke_power[0, b], width,
            )  # fmt: skip
            assert ws.final[b] == pytest.approx(math.exp(log_final), rel=1e-12)
            assert ws.final_slope[b] == pytest.approx(slope, rel=1e-12)
    for q in range(ws.sizes[1]):
        k = ws.plant_row[q]
        log_output, _ = offer(
            network.plant_form[k],
            ws.depth[q],
            terms.plant_capacity_t[0, k],
            0.0,
            terms.plant_spread[0, k],
            width,
        )
        assert ws.plant_output[q] == pytest.approx(math.exp(max(log_output, -700.0)), rel=1e-11, abs=1e-290)


def test_faint_amounts_are_the_plain_ones_made_small() -> None:
    """Capacities and demand 1e-240 times as large leave every residual as it is: logarithms take over."""
    chain = _Chain(random_problem(4, floors=False))
    network, terms = chain.network, chain.terms
    residuals = []
    for factor in (1.0, 1e-240):
        for name in ("plant_capacity_t", "demand_t", "quota_t"):
            getattr(terms, name)[0] *= factor
        clearer, answer = Clearer(network), allocate_answer(network, 1)
        ws, width = clearer.workspace, 1e-7 * chain.price_scale
        clear_component(network, terms, answer, 0, ws, 0, 1e-11, width, POWER, False)
        if factor == 1.0:
            x = ws.unknown * 1.1 + 0.01 * chain.price_scale
        residual = np.zeros(x.size)
        evaluate(network, ws, 0, x, residual, 1.0, width, POWER)
        residuals.append(residual)
    assert np.abs(residuals[0]).max() > 1e-3
    np.testing.assert_allclose(residuals[1], residuals[0], atol=1e-9)
