"""The later look foresees: it is nearer to the prices that come than the guess that they stay."""

import numpy as np
import pytest

from agents import DECISIONS, look_ahead
from agents.look_ahead import LookAhead
from experiments.scenario_file import load_scenario
from model.calibration import calibrate
from model.engine import Engine

AHEAD = 20


def prices_by_good(engine, price):
    """Return log mean prices of the goods of run 0, weighed by capacity; goods nobody sells left out, [goods]."""
    layout, found = engine.layout, []
    for good in range(1, len(engine.world.goods)):
        mine = (layout.node_good == good) & ~layout.node_leak & (price[0] == price[0])
        weight = engine.columns.node_capacity_t[0, mine]
        found.append((price[0, mine] * weight).sum() / max(weight.sum(), 1e-9))
    return np.log(np.maximum(found, 1e-3))


def errors(scenario, seed, every):
    """Return errors of log price `AHEAD` quarters on, of looks and of the guess that prices stay, [dates, goods]."""
    e = Engine(scenario, 1, seed, world=calibrate(scenario), decide=DECISIONS)
    guesses, came = {}, {}
    while not e.is_done:
        now = e.step_number
        if now and now % every == 0 and now + AHEAD <= e.quarters:
            look = LookAhead(e)
            look.clear()
            answer = look.later(np.full(1, float(AHEAD)))[1]
            guesses[now + AHEAD] = prices_by_good(e, answer.price), prices_by_good(e, e.answer.price)
        e.step()
        came[e.step_number] = prices_by_good(e, e.answer.price)
    return tuple(np.array([guess[n] - came[q] for q, guess in guesses.items()]) for n in (0, 1))


@pytest.fixture(scope="module")
def rare_earths():
    """The baseline's rare earths by themselves, to 2036."""
    return load_scenario("baseline").with_changes({"goods": ["rare_earths", "lithium"], "end": "2036Q4"})


def test_a_look_foresees_better_than_that_prices_stay(rare_earths):
    """Error of log prices five years on, root mean square: at most two thirds of the guess that nothing changes."""
    looks, stays = errors(rare_earths, 11, 8)
    assert np.sqrt(np.mean(looks**2)) < 0.67 * np.sqrt(np.mean(stays**2))


def test_a_look_in_one_leap_foresees_worse(rare_earths, monkeypatch):
    """With all the time to come as one stage, built at one price, the error grows by half: stages are what foresees."""
    looks, _ = errors(rare_earths, 11, 8)
    monkeypatch.setattr(look_ahead, "STAGES", (1.0,))
    leaps, _ = errors(rare_earths, 11, 8)
    assert np.mean(leaps**2) > 2.0 * np.mean(looks**2)


@pytest.mark.soak
def test_looks_across_scenarios():
    """The same over all goods, seven worlds and seeds: prints errors, median, mean and root mean square."""
    worlds = [
        ("baseline", {}, 1), ("baseline", {}, 7), ("baseline", {"seats": {"CHN": "exporter"}}, 3),
        ("us_eu_japan_floor", {}, 2), ("gap_subsidy", {}, 4), ("bloc_autarky", {}, 5), ("exporter_floods", {}, 6),
    ]  # fmt: skip
    print(f"\n{'scenario':<22}{'seed':>5}{'':>4}{'look: median, mean, rms':>26}{'prices stay':>22}")
    every = []
    for name, changes, seed in worlds:
        pair = errors(load_scenario(name).with_changes(changes), seed, 4)
        every.append([np.abs(one).ravel() for one in pair])
        words = ["".join(f"{f(x):>8.3f}" for f in (np.median, np.mean, rms)) for x in every[-1]]
        print(f"{name:<22}{seed:>5}{'':>6}{words[0]}{'':>4}{words[1]}")
    looks, stays = (np.concatenate([one[n] for one in every]) for n in (0, 1))
    print(f"all: {np.median(looks):.3f} {np.mean(looks):.3f} {rms(looks):.3f}, prices stay "
          f"{np.median(stays):.3f} {np.mean(stays):.3f} {rms(stays):.3f}")  # fmt: skip
    assert rms(looks) < 0.75 * rms(stays) and np.median(looks) < 0.75 * np.median(stays)


def rms(x):
    """Return the root of the mean square."""
    return float(np.sqrt(np.mean(x**2)))
