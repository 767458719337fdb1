"""Measures of the base year have an effect when they are lifted or tightened."""

import numpy as np
import pytest
from base_scenario import LICENCES, scenario

from model.calibration import base_answer, base_terms, calibrate
from model.market.clearing import Clearer, allocate_answer, allocate_terms
from model.world import World

GOODS = ["gallium", "germanium", "antimony"]


@pytest.fixture(scope="module")
def world() -> World:
    """Return a world whose three restricted goods have their licences in force in the base year."""
    return calibrate(scenario(measures=LICENCES, goods=GOODS))


def cleared(world: World, factor: float) -> dict[str, tuple[float, float]]:
    """Return inside and outside price of each restricted good with the base limits times `factor`."""
    terms, answer = allocate_terms(world.network, 1), allocate_answer(world.network, 1)
    for name, row in base_terms(world).items():
        getattr(terms, name)[0] = row
    for name, row in base_answer(world).items():
        getattr(answer, name)[0] = row
    terms.quota_t[0] *= factor
    Clearer(world.network).clear(terms, answer)
    assert answer.violation.max() <= 1e-9
    found = {}
    for g, row in enumerate(world.checks["base_measures"].itertuples()):
        seller = (world.nodes["good"] == row.good) & (world.nodes["country"] == row.country)
        inside = float(answer.price[0, np.flatnonzero(seller & (world.nodes["kind"] == "producer"))[0]])
        wedge = answer.wedge[0, g]
        found[row.good] = (inside, inside + float(wedge))
    return found


def test_lifting_a_base_year_measure_narrows_its_gap(world: World) -> None:
    """Without its licence the restricting country's price rises, the one outside falls, and the wedge is gone."""
    before, after = cleared(world, 1.0), cleared(world, np.inf)
    assert set(before) == {"gallium_refined", "germanium_refined", "antimony_refined"}
    for good, (inside, outside) in before.items():
        assert outside / inside > 1.2
        assert after[good][0] > inside * 1.01
        assert after[good][1] < outside * 0.99
        assert after[good][0] == pytest.approx(after[good][1])


def test_tightening_a_base_year_measure_widens_its_gap(world: World) -> None:
    """Half the licences make the price inside fall and the wedge grow."""
    before, after = cleared(world, 1.0), cleared(world, 0.5)
    for good, (inside, outside) in before.items():
        assert after[good][0] < inside
        assert after[good][1] - after[good][0] > outside - inside
