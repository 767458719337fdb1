"""What results hold, and that they do not depend on how a batch was cut."""

import json

import numpy as np
import pandas as pd
import pytest

import orebloc
from experiments import run as runner
from experiments.outcome import METRICS
from experiments.results import FLOW_COLUMNS, QUANTILE_COLUMNS, SERIES_COLUMNS
from model.quarter_date import quarter_index

UNITS = {"t", "usd", "usd_per_t", "share", "days", "index"}


@pytest.fixture(scope="module")
def one() -> orebloc.Results:
    """One short run."""
    return orebloc.run("tiny", until="2025Q4")


@pytest.fixture(scope="module")
def many() -> orebloc.Results:
    """A small ensemble."""
    return orebloc.run("tiny", runs=5, until="2025Q3", flows="all")


def wide(results: orebloc.Results, metric: str) -> pd.DataFrame:
    rows = results.series[results.series["metric"] == metric]
    return rows.pivot(index=["quarter", "good"], columns="country", values="value")


def test_the_form_of_series_and_flows(one: orebloc.Results) -> None:
    """Columns, types, units and the names of quarters, goods and totals are as documented."""
    assert list(one.series.columns) == SERIES_COLUMNS
    assert list(one.flows.columns) == FLOW_COLUMNS
    assert one.series["value"].dtype == np.float64
    assert set(one.series["unit"]) <= UNITS
    assert set(one.series["metric"]) == set(METRICS) - {"bloc_share"}  # without a treaty there is no bloc
    assert [quarter_index(quarter) for quarter in one.series["quarter"].unique()] == [8100, 8101, 8102, 8103]
    assert set(one.series["good"]) == {"gallium_refined", "germanium_refined", "all"}
    assert "WLD" in set(one.series["country"])
    assert not one.series.duplicated(["run", "quarter", "good", "country", "metric"]).any()
    assert not one.flows.duplicated(["run", "quarter", "good", "origin", "destination"]).any()


def test_a_misspelt_question_is_answered_with_a_suggestion(one: orebloc.Results) -> None:
    """`value` names the word that nothing is recorded under, and the likeliest one meant."""
    for words, told in (
        (
            ("production_shar", "gallium_refined"),
            "Metric 'production_shar' is not in the results. Did you mean",
        ),
        (
            ("production_share", "galium_refined", "CHN"),
            "Good 'galium_refined' .* Did you mean gallium_refined?",
        ),
        (("production_share", "gallium_refined", "CHM"), "Country 'CHM' .* Did you mean CHN?"),
        (("production_t", "gallium_refined", "CHN", "2030Q1"), "It has 2025Q1 to 2025Q4"),
    ):
        with pytest.raises(orebloc.OreblocError, match=told):
            one.value(*words)


def test_results_print_as_one_line(one: orebloc.Results) -> None:
    """`print(results)` says what was run, not all it holds."""
    assert repr(one).startswith("<Results of tiny: 2025Q1 to 2025Q4, 1 run, seed ")
    assert len(repr(one)) < 150


def test_totals_are_sums(one: orebloc.Results) -> None:
    """World tonnes are the sum of the countries', shares add up to 1, money over goods adds up."""
    for metric in ("production_t", "capacity_t", "consumption_t", "stock_t", "exports_t", "imports_t"):
        table = wide(one, metric)
        assert np.allclose(table.drop(columns="WLD").sum(axis=1), table["WLD"], rtol=1e-12)
    shares = wide(one, "production_share")
    assert np.allclose(shares.sum(axis=1), 1.0)
    value = wide(one, "production_value_usd")["WLD"].unstack("good")
    assert np.allclose(value[["gallium_refined", "germanium_refined"]].sum(axis=1), value["all"])


def test_flows_agree_with_series(one: orebloc.Results) -> None:
    """What the flows say of imports is what the series say, to a rounding."""
    flows = one.flows[one.flows["origin"] != one.flows["destination"]]
    imports = flows.groupby(["quarter", "good"], observed=True)["quantity_t"].sum()
    recorded = wide(one, "imports_t")["WLD"]
    leaked_home = 1e-3  # a restricted country's own leak that stays at home is no flow across a border
    for key, tonnes in imports.items():
        assert tonnes == pytest.approx(recorded[key], rel=leaked_home)


def test_concentration_is_the_sum_of_squares(one: orebloc.Results) -> None:
    """The index is 10,000 times the sum of squared shares."""
    squares = (wide(one, "production_share").fillna(0.0) ** 2).sum(axis=1) * 1e4
    assert np.allclose(wide(one, "hhi_index")["WLD"], squares)


def test_the_manifest_says_what_was_run(one: orebloc.Results) -> None:
    """Scenario, seed, versions, hashes, certificate and assumptions are there, as plain JSON."""
    manifest = json.loads(json.dumps(one.manifest, allow_nan=False))
    assert manifest["seed"] == manifest["scenario"].get("seed", 1)
    assert manifest["end"] == "2025Q4"
    assert len(manifest["rule_hash"]) == len(manifest["data_hash"]) == 16
    assert manifest["certificate"]["worst_violation"] <= 1e-9
    assert manifest["certificate"]["clearings"] == 4 * 2  # quarters times sets of linked markets
    assert manifest["assumptions"]
    assert manifest["versions"]["numba"]


def test_the_same_seed_gives_the_same_bits(one: orebloc.Results) -> None:
    """A second run is equal bit for bit; another seed is not."""
    pd.testing.assert_frame_equal(one.series, orebloc.run("tiny", until="2025Q4").series, check_exact=True)
    other = orebloc.run("tiny", until="2025Q4", seed=99)
    assert not one.series["value"].equals(other.series["value"])


def test_a_run_of_an_ensemble_is_that_run(many: orebloc.Results, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run 0 of an ensemble is the single run, and batches cut otherwise change no bit."""
    alone = orebloc.run("tiny", until="2025Q3").series
    keys = ["quarter", "good", "country", "metric"]
    first = many.series[many.series["run"] == 0].merge(alone, on=keys, suffixes=("", "_alone"))
    assert len(first) == len(many.series[many.series["run"] == 0])
    assert first["value"].equals(first["value_alone"])
    monkeypatch.setattr(runner, "BATCH", 2)
    cut = orebloc.run("tiny", runs=5, until="2025Q3", flows="all", workers=2)
    pd.testing.assert_frame_equal(many.series, cut.series, check_exact=True)
    pd.testing.assert_frame_equal(many.quantiles, cut.quantiles, check_exact=True)
    pd.testing.assert_frame_equal(many.flows, cut.flows, check_exact=True)


def test_an_ensemble_keeps_declared_outcomes_and_quantiles(many: orebloc.Results) -> None:
    """Run by run only what the manifest declares; quantiles for the rest; flows of all runs where asked."""
    kept = set(many.series[["metric", "good", "country"]].astype(str).itertuples(index=False, name=None))
    assert kept == {tuple(outcome) for outcome in many.manifest["outcomes"]}
    assert set(many.series["run"]) == set(range(5)) == set(many.flows["run"])
    assert list(many.quantiles.columns) == QUANTILE_COLUMNS
    assert set(many.quantiles["metric"]) == set(METRICS) - {"bloc_share"}
    wide_quantiles = many.quantiles.pivot(
        index=["quarter", "good", "country", "metric"], columns="quantile", values="value"
    ).dropna()
    numbers = wide_quantiles.to_numpy()  # interpolation rounds: money in the last of sixteen digits
    assert (np.diff(numbers, axis=1) >= -1e-12 * (1.0 + np.abs(numbers[:, 1:]))).all()


def test_quantiles_are_numpys() -> None:
    """Quantiles between order statistics are linear, and unknown values are left out."""
    values = np.random.default_rng(3).normal(size=(37, 4))
    values[5:, 2] = np.nan
    values[:, 3] = np.nan
    found = runner.quantiles_of(values, runner.QUANTILES)
    assert np.allclose(found[:, :2], np.quantile(values[:, :2], runner.QUANTILES, axis=0))
    assert np.allclose(found[:, 2], np.quantile(values[:5, 2], runner.QUANTILES))
    assert np.isnan(found[:, 3]).all()


def test_the_baseline_declares_about_forty_outcomes() -> None:
    """The default list of outcomes of an ensemble of the baseline has between 30 and 50 entries."""
    results = orebloc.run("baseline", runs=2, until="2025Q1")
    assert 30 <= len(results.manifest["outcomes"]) <= 50


def test_the_mesa_model_has_the_same_results(one: orebloc.Results) -> None:
    """Stepping the Mesa model records what `orebloc.run` records, to rounding; before the first step it says so."""
    model = orebloc.TradeModel("tiny", until="2025Q4")
    with pytest.raises(orebloc.OreblocError, match="results need 1 or more"):
        model.results()
    while model.running:
        model.step()
    stepped = model.results()
    pd.testing.assert_frame_equal(stepped.series, one.series)
    assert stepped.manifest["end"] == "2025Q4"
