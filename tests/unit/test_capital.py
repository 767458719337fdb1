"""Tension between a firm's home and the host of its site makes building there dearer, and only there."""

import numpy as np
import pytest

from agents import DECISIONS
from model.engine import Engine
from model.tiny import tiny_scenario, tiny_world


def engine(home, **parameters):
    """Return the tiny world with the Australian refinery in the hands of a firm from `home`."""
    made = tiny_scenario(parameters={"tension_noise": 0.0, **parameters})
    world = tiny_world(made)
    world.firms.loc[world.firms["name"] == "Kwinana Metal", "country"] = home
    return Engine(made, world=world, decide=DECISIONS)


def strained(home, tension, **parameters):
    """Return an engine after a quarter in which AUS and CHN are at odds, and the site of the refinery."""
    e = engine(home, **parameters)
    a, b = (e.world.countries.index(code) for code in ("AUS", "CHN"))
    size = len(e.world.countries)
    e.columns.tension[:, [a * size + b, b * size + a]] = tension
    usual = float(e.layout.pair_usual[a * size + b])
    e.step()
    site = int(np.flatnonzero(np.array(e.world.firms["name"])[e.layout.site_firm] == "Kwinana Metal")[0])
    return e, site, usual


def test_a_foreign_firm_pays_more_where_relations_are_strained():
    """Twice as sensitive as trade; a firm at home pays nothing more, nor anybody when tension moves no costs."""
    e, site, usual = strained("CHN", 0.9, tension_cost=0.5)
    factor = e.columns.site_capex_factor[0]
    assert factor[site] == pytest.approx(np.exp(2.0 * 0.5 * (0.9 - usual))) and factor[site] > 1.1
    assert np.all(np.delete(factor, site) == 1.0)
    at_home, _, _ = strained("AUS", 0.9, tension_cost=0.5)
    assert np.all(at_home.columns.site_capex_factor == 1.0) and np.all(at_home.layout.site_pair == -1)
    off, _, _ = strained("CHN", 0.9, tension_cost=0.0)
    assert np.all(off.columns.site_capex_factor == 1.0)


def test_what_is_dearer_is_worth_less_to_build():
    """The profit index of the strained site falls by the factor; calm relations leave it alone."""
    tense, site, _ = strained("CHN", 0.9, tension_cost=0.5)
    calm, _, usual = strained("CHN", engine("CHN").layout.pair_usual[1], tension_cost=0.5)
    ratio = tense.columns.site_profit_index[0, site] / calm.columns.site_profit_index[0, site]
    assert calm.columns.site_capex_factor[0, site] == pytest.approx(1.0)
    assert ratio < 0.9


def test_the_factor_is_written_anew_each_quarter():
    """It does not pile up over quarters."""
    e, site, _ = strained("CHN", 0.9, tension_cost=0.5, tension_persistence=1.0)
    first = float(e.columns.site_capex_factor[0, site])
    for _ in range(3):
        e.step()
    assert e.columns.site_capex_factor[0, site] == pytest.approx(first, rel=0.05)
