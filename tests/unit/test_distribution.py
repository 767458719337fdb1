import math

import pytest

from model.distribution import distribution_from
from model.error import ScenarioError
from model.field import Place

CASES = {
    "uniform": ({"kind": "uniform", "low": 2, "high": 4}, 3.0),
    "triangular": ({"kind": "triangular", "low": 0, "mode": 1, "high": 2}, 1.0),
    "normal": ({"kind": "normal", "mean": 5, "sd": 2, "low": 1, "high": 9}, 5.0),
    "lognormal": ({"kind": "lognormal", "median": 3, "sd_log": 0.5, "low": 1, "high": 9}, 3.0),
    "choice": ({"kind": "choice", "values": [1, 2, 3]}, 2.0),
}


def read(mapping):
    return distribution_from(mapping, Place("file.toml", "uncertain.x"), "x")


@pytest.mark.parametrize("name", CASES)
def test_the_middle_draw_of_a_symmetric_distribution_is_its_middle(name):
    """A uniform number of one half gives the median."""
    mapping, median = CASES[name]
    assert read(mapping).sample(0.5) == pytest.approx(median, rel=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_draws_rise_with_the_uniform_number_and_stay_inside(name):
    """The inverse distribution never falls and never leaves its support, even at 0 and 1."""
    spread = read(CASES[name][0])
    draws = [spread.sample(i / 200) for i in range(201)]
    low, high = spread.support()
    assert draws == sorted(draws)
    assert low <= draws[0] and draws[-1] <= high


def test_a_triangular_draw_matches_the_closed_form():
    """At u the triangle's distribution function is u again."""
    spread = read({"kind": "triangular", "low": 1, "mode": 2, "high": 5})
    for u in (0.1, 0.25, 0.6, 0.99):
        x = spread.sample(u)
        cdf = (x - 1) ** 2 / 4 if x < 2 else 1 - (5 - x) ** 2 / 12
        assert cdf == pytest.approx(u, abs=1e-12)


def test_an_open_lognormal_has_its_quantiles():
    """Without limits the log is normal: 97.5 % lie below median * exp(1.96 sd)."""
    spread = read({"kind": "lognormal", "median": 2, "sd_log": 0.3})
    assert spread.sample(0.975) == pytest.approx(2 * math.exp(0.3 * 1.959963985), rel=1e-9)


def test_weights_decide_how_often_a_choice_is_drawn():
    """A value of weight 3 in 4 takes three quarters of the uniform numbers."""
    spread = read({"kind": "choice", "values": [1, 2], "weights": [1, 3]})
    assert [spread.sample(u) for u in (0.2, 0.26, 0.9)] == [1.0, 2.0, 2.0]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        (
            {"kind": "unform", "low": 1, "high": 2},
            "Distribution of x is 'unform'; it must be one of uniform, triangular, normal, lognormal, choice. "
            "Did you mean uniform? (file.toml, uncertain.x.kind)",
        ),
        (
            {"kind": "uniform", "low": 3, "high": 2},
            "Distribution of x has low 3, mode 3, high 2; they must not decrease. (file.toml, uncertain.x)",
        ),
        (
            {"kind": "choice", "values": [1, 2], "weights": [1]},
            "Weights of x must be one for each value, with a sum above 0. (file.toml, uncertain.x.weights)",
        ),
        (
            {"kind": "uniform", "low": 3},
            "Highest value of x is missing. Write high: the highest value drawn. (file.toml, uncertain.x.high)",
        ),
    ],
)
def test_a_faulty_distribution_is_refused_in_words(mapping, message):
    """The message names the parameter, the fault and the place."""
    with pytest.raises(ScenarioError) as refusal:
        read(mapping)
    assert str(refusal.value) == message
