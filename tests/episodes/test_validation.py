"""Episodes: what the observables measure, how files are read, and what `validate` says of them."""

import json
from pathlib import Path

import numpy as np
import pytest

import orebloc
from experiments.validation import SPIKE, episode_files, is_met, judge, load_episode, placebo, validate
from experiments.validation_observable import OBSERVABLES, Record
from model.calibration import calibrate
from model.error import ScenarioError

GOOD = "gallium_refined"
SCENARIO = """
name = "small"
start = "2025Q1"
end = "2026Q4"
base_year = 2024
goods = ["gallium"]
"""
TEST = """
scenario = "small.toml"
[[tests]]
id = "a"
observable = "peak_ratio"
good = "gallium"
from = "2025Q1"
to = "2026Q4"
low = 0.5
high = 2
"""


def record(outside, inside=None, made=None, running=None, quota=np.nan):
    """Return a record of one run from 2025Q1 of one good that CHN restricts; its base price is 10."""
    outside = np.array([outside], dtype=float)
    series = {
        ("outside_price_usd_per_t", GOOD, "CHN"): outside,
        ("inside_price_usd_per_t", GOOD, "CHN"): np.array([inside or np.ones(outside.size)], dtype=float),
        ("production_t", GOOD, "CHN"): np.full(outside.shape, 8.0),
        ("production_t", GOOD, "JPN"): np.array([made or np.ones(outside.size)], dtype=float),
        ("exports_t", GOOD, "CHN"): np.full(outside.shape, 3.0),
    }
    base = {cell: 10.0 if "price" in cell[0] else 4.0 for cell in series}
    return Record(
        4 * 2025, outside.size, 1, series, base,
        {(name, GOOD): np.array([path], dtype=float) for name, path in (running or {}).items()},
        lambda goods, country: np.full(outside.size, quota), {GOOD: "CHN"}, {GOOD: ["CHN", "JPN"]},
    )  # fmt: skip


def test(observable, **fields):
    """Return a test as a file would give it."""
    plain = {
        "id": "x", "observable": observable, "good": [GOOD], "weight_of": None, "price": "outside", "of": None,
        "country": None, "without": [], "firm": None, "made": [], "survivor": None, "fall": None, "over": 1.5,
        "from": "2025Q1", "to": "2026Q4", "base_from": None, "base_to": None, "direction": "happens", "low": 0.0,
        "high": 1e9, "observed": None, "weight": 1.0,
    }  # fmt: skip
    return {**plain, **fields}


test.__test__ = False


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({"observable": "peak_ratio"}, 5.0),
        ({"observable": "peak_ratio", "base_from": "2025Q2", "base_to": "2025Q3"}, 50.0 / 30.0),
        ({"observable": "quarters_to_peak"}, 2.0),
        ({"observable": "gap_mean", "from": "2025Q2", "to": "2025Q3"}, 17.5),
        ({"observable": "exports_over_quota", "country": ["CHN"]}, 0.75),
        ({"observable": "ratio", "of": "outside", "from": "2026Q1", "to": "2026Q1"}, 0.5),
        ({"observable": "ratio", "of": "production", "without": ["CHN"]}, 0.25),
        ({"observable": "ratio_to_peak", "from": "2026Q1", "to": "2026Q1", "base_from": "2025Q1"}, 0.1),
        ({"observable": "share", "country": ["CHN"]}, 8.0 / 9.0),
        ({"observable": "quarters_to_exit", "firm": "Dear"}, 3.0),
        ({"observable": "quarters_to_exit", "firm": "Dear", "survivor": "Cheap"}, 3.0),
        ({"observable": "quarters_below_peak", "fall": 0.7}, 1.0),
        ({"observable": "outlasts", "over": 3.0}, 1.0),
    ],
)  # fmt: skip
def test_each_observable_measures_what_the_page_says(fields, value):
    """A path small enough to reckon by hand."""
    running = {"Dear": [0, 2, 4, 4, 4, 1, 0, 0], "Cheap": [1] * 8}
    found = record([10, 10, 50, 10, 5, 5, 5, 5], [1, 1, 2, 2, 2, 2, 2, 2], running=running, quota=4.0)
    assert OBSERVABLES[fields["observable"]](found, test(**fields)) == pytest.approx([value])


def test_no_exit_where_the_survivor_goes_or_never_was():
    """The survivor's own fate is part of the result."""
    for other in ([1, 1, 1, 1, 0, 0, 0, 0], [0] * 8):
        found = record([10, 50] + [10] * 6, running={"Dear": [2, 2, 2, 0, 0, 0, 0, 0], "Cheap": other})
        outcome = judge(found, test("quarters_to_exit", firm="Dear", survivor="Cheap"))
        assert np.isnan(outcome.value) and not outcome.direction and not outcome.band


def test_a_direction_can_be_wrong_while_the_band_holds():
    """Both are judged."""
    outcome = judge(record([9] * 8), test("peak_ratio", direction="up", low=0.5, high=2.0))
    assert outcome.band and not outcome.direction


def written(folder: Path, episode: str = TEST, scenario: str = SCENARIO) -> Path:
    (folder / "small.toml").write_text(scenario)
    file = folder / "episode.toml"
    file.write_text(episode)
    return file


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"peak_ratio"', '"peek_ratio"', "Did you mean peak_ratio?"),
        ('good = "gallium"', 'good = "cobalt"', "is not in scenario small"),
        ("low = 0.5", "low = 3", "Swap low and high"),
        ('to = "2026Q4"', 'to = "2027Q4"', "reaches 2027Q4"),
        ('"small.toml"', '"smal.toml"', "does not exist"),
        ('"peak_ratio"', '"share"', "needs country"),
        ("weight = 1", "", "no tests"),
        ('id = "a"', 'id = "a', "is not TOML"),
    ],
)
def test_a_broken_episode_file_gives_one_clear_message(tmp_path, capsys, old, new, words):
    """One line, the file's name, exit code 2."""
    text = 'scenario = "small.toml"\n' if words == "no tests" else TEST.replace(old, new)
    assert orebloc.main(["validate", str(written(tmp_path, text))]) == 2
    told = capsys.readouterr().err.strip()
    assert words in told and "episode.toml" in told and "\n" not in told


def test_a_strangers_episode_runs_and_its_exit_code_tells_the_marks(tmp_path, capsys):
    """A calm world stays in a wide band and fails one that asks for a spike."""
    assert orebloc.main(["validate", str(written(tmp_path)), "--runs", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["met"] and told["episodes"][0]["placebo_has_no_spike"]
    spiky = TEST.replace("low = 0.5\nhigh = 2", "low = 20\nhigh = 30")
    assert orebloc.main(["validate", str(written(tmp_path, spiky)), "--runs", "1"]) == 1
    assert "NOT met" in capsys.readouterr().out


def test_the_placebo_keeps_the_base_years_measures_and_nothing_later():
    """The quota stays at the height it had in 2009; stop, cut and end are gone."""
    calm = placebo(load_episode("rare_earth_crisis_2010").scenario)
    assert [order.type for order in calm.measures] == ["export_quota"] + ["export_tax"] * 3
    assert calm.measures[0].fields["quantity_t"] == 28417.0
    assert {order.end for order in calm.measures} == {None}
    assert placebo(load_episode("lithium_boom_2021").scenario).demand == ()


@pytest.fixture(scope="module")
def verdicts():
    """Return the verdicts of the shipped episodes, by name, and what `--json` tells of them."""
    return {name: validate(load_episode(name)) for name in episode_files()}


def test_the_marks_are_met(verdicts):
    """All directions right, at least 70 % of the bands by weight."""
    assert set(verdicts) == {"lithium_boom_2021", "rare_earth_crisis_2010"}
    assert is_met(list(verdicts.values()))


def test_without_the_shock_there_is_no_spike(verdicts):
    """The placebo stays calm while the episode spikes."""
    for verdict in verdicts.values():
        assert verdict.rise["placebo"] < SPIKE < 2.0 * SPIKE < verdict.rise["episode"]


def test_fear_makes_most_of_the_spike(verdicts):
    """With stock behaviour off the peak is far lower."""
    for verdict in verdicts.values():
        assert verdict.rise["calm"] < 0.7 * verdict.rise["episode"]


def test_the_crisis_starts_at_the_official_exports():
    """43,895 t left China in 2009."""
    world = calibrate(load_episode("rare_earth_crisis_2010").scenario)
    routes = world.routes
    out = (
        (routes["origin"] == "CHN")
        & (routes["destination"] != "CHN")
        & routes["good"].str.endswith("refined")
    )
    assert 4.0 * routes.loc[out, "flow_t"].sum() == pytest.approx(43895, rel=1e-3)


def test_an_episode_sets_no_parameter():
    """Behaviour is common to all episodes and the baseline."""
    for name in episode_files():
        raw = load_episode(name).scenario.to_mapping()
        assert "parameters" not in raw and "uncertain" not in raw, name


def test_demand_before_the_base_year_is_asked_for(tmp_path):
    """Growth is over the base year's tonnes, which must be there."""
    late = SCENARIO + '[[demand]]\ngood = "gallium"\ntonnes = { 2026 = 900 }\n'
    with pytest.raises(ScenarioError, match="Add the tonnes of 2024"):
        load_episode(written(tmp_path, TEST, late))


def test_stated_demand_is_followed_and_comes_as_a_surprise(tmp_path):
    """Use grows as stated, while what firms foresee does not."""
    from model.engine import Engine

    plain = load_episode(written(tmp_path)).scenario
    more = SCENARIO + '[[demand]]\ngood = "gallium"\ntonnes = { 2024 = 800, 2026 = 1600 }\n'
    grown = load_episode(written(tmp_path, TEST, more)).scenario
    calm, busy = Engine(plain).layout, Engine(grown).layout
    step = plain.quarters - 1  # the last quarter of 2026: past the middle of the last year stated
    assert busy.growth[step] == pytest.approx(np.full(busy.growth.shape[1], 2.0))
    assert busy.outlook == pytest.approx(calm.outlook)
