"""What is read out of a study's runs: against functions whose answers are known, and in the report."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_study import OUTCOMES, folder_of, run_here, small_study

import orebloc
from experiments.study import analysis
from experiments.study.archive import Archive
from experiments.study.study import Study
from model.error import OreblocError
from viz.study import draw_study, sentences, what_decides
from viz.study_chart import bar_figure, brief_labels


def ishigami_study(kind: str, runs: int) -> Study:
    """Return a study of three parameters that stand for Ishigami's variables."""
    doubts = {name: {"low": 0.0, "high": 0.2} for name in ("outage_share", "supply_noise", "demand_noise")}
    return small_study(
        scenarios=["tiny"],
        levers={},
        uncertainties=doubts,
        design={"kind": kind, "runs": runs},
        outcomes=OUTCOMES[:1],
    )


def ishigami(rows: pd.DataFrame) -> Any:
    """Return Ishigami's function, a = 7 and b = 0.1, on -pi to pi."""
    a, b, c = (np.pi * (rows[name] / 0.1 - 1.0) for name in ("outage_share", "supply_noise", "demand_noise"))
    return np.sin(a) + 7.0 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a)


def test_sobol_indices_of_ishigami(tmp_path: Path) -> None:
    """First-order indices 0.314, 0.442, 0 and total ones 0.558, 0.442, 0.244, known in closed form."""
    archive = folder_of(ishigami_study("saltelli", 5 * 1024), tmp_path / "out", ishigami)
    found = analysis.sobol_indices(archive, "share").set_index("factor")
    np.testing.assert_allclose(found["S1"], [0.3139, 0.4424, 0.0], atol=0.03)
    np.testing.assert_allclose(found["ST"], [0.5576, 0.4424, 0.2437], atol=0.03)
    assert analysis.deciding_factors(archive, "share")["factor"].iloc[0] == "outage_share"


def test_elementary_effects_of_a_line(tmp_path: Path) -> None:
    """Of a straight line the effects over the range are its slopes times the range, without spread."""
    archive = folder_of(
        ishigami_study("morris", 80),
        tmp_path / "out",
        lambda r: 10 * r["outage_share"] - 5 * r["supply_noise"],
    )
    found = analysis.morris_effects(archive, "share").set_index("factor")
    np.testing.assert_allclose(found["mu"], [2.0, -1.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(found["sigma"], 0.0, atol=1e-9)
    with pytest.raises(OreblocError, match="Sobol indices need a saltelli design; study small has morris"):
        analysis.sobol_indices(archive, "share")


def test_a_box_is_found(tmp_path: Path) -> None:
    """Where the worst quarter lies in a corner, the box is that corner and holds nearly all of it."""

    def corner(rows: pd.DataFrame) -> Any:
        inside = (rows["outage_share"] > 0.1) & (rows["supply_noise"] < 0.1)
        return np.where(inside, 1.0, 0.0) + 1e-3 * rows["demand_noise"]

    archive = folder_of(ishigami_study("latin_hypercube", 600), tmp_path / "out", corner)
    box = analysis.discover(archive, "share")
    assert box is not None and box.coverage > 0.85 and box.density > 0.85
    limits = {name: (low, high) for name, low, high in box.limits}
    assert limits["outage_share"][0] == pytest.approx(0.1, abs=0.015)
    assert limits["supply_noise"][1] == pytest.approx(0.1, abs=0.015)
    assert "demand_noise" not in limits
    scores = analysis.feature_scores(archive, "share").set_index("factor")
    assert scores["sure"].tolist() == [True, True, False] and abs(scores["score"]["demand_noise"]) < 0.02
    leaves = analysis.classify(archive, "share")
    assert leaves["coverage"].max() > 0.8


def lucky(effect: float) -> Any:
    """Return an outcome of luck with standard deviation 1 that one factor moves by `effect` standard deviations."""
    draw = np.random.default_rng(11)
    slope = effect * np.sqrt(12.0) / 0.2
    return lambda rows: slope * rows["supply_noise"] + draw.normal(size=len(rows))


def test_luck_is_not_said_to_decide(tmp_path: Path) -> None:
    """Where luck alone moves an outcome no factor is said to decide, and nearly all is unexplained."""
    archive = folder_of(ishigami_study("latin_hypercube", 96), tmp_path / "out", lucky(0.0))
    found = analysis.deciding_factors(archive, "share")
    assert not found["sure"].any() and analysis.unexplained(archive, "share") > 0.9
    told = sentences(archive, archive.study.outcomes[0])[-1]
    assert told.startswith("Nothing here is told apart from luck") and "decides it most" not in told
    (figure,) = what_decides(archive, archive.study.outcomes[0])
    assert figure.title == "What decides: nothing here is told apart from luck"
    assert figure.table.index[-1].startswith("luck")


def test_a_factor_is_told_apart_from_luck(tmp_path: Path) -> None:
    """A factor with as much of the variance as luck is said to decide, with about a half; others are not."""
    archive = folder_of(ishigami_study("latin_hypercube", 96), tmp_path / "out", lucky(1.0))
    found = analysis.deciding_factors(archive, "share").set_index("factor")
    assert found.index[0] == "supply_noise" and found["sure"].tolist() == [True, False, False]
    assert 0.25 < found["score"].iloc[0] < 0.6 and 0.4 < analysis.unexplained(archive, "share") < 0.75
    (figure,) = what_decides(archive, archive.study.outcomes[0])
    assert figure.title == "What decides: supply noise most"
    assert (
        "Among the uncertainties supply noise decides it most"
        in sentences(archive, archive.study.outcomes[0])[-1]
    )


def test_luck_shared_by_policies_is_held_out_with_them(tmp_path: Path) -> None:
    """Runs of one future have one luck: a forest that has seen it under one policy is not judged on the other."""
    luck = np.random.default_rng(4).normal(size=40)
    archive = folder_of(
        small_study(outcomes=OUTCOMES[:1]), tmp_path / "out", lambda rows: luck[rows["point"].to_numpy()]
    )
    assert not analysis.deciding_factors(archive, "share")["sure"].any()


def test_no_box_in_noise(tmp_path: Path) -> None:
    """Where an outcome is the same in all runs no box is told, and no factor scores."""
    archive = folder_of(
        ishigami_study("latin_hypercube", 100), tmp_path / "out", lambda rows: np.ones(len(rows))
    )
    assert analysis.discover(archive, "share") is None
    assert (analysis.feature_scores(archive, "share")["score"] == 0.0).all()


def known_policies(tmp_path: Path, **changes: Any) -> Archive:
    """Return a study whose second and third policy are 1 better and 1 worse, whatever the future brings."""
    study = small_study(outcomes=OUTCOMES[:1], **changes)
    shift = np.array([0.0, -1.0, 1.0])
    return folder_of(
        study, tmp_path / "out", lambda rows: 5 * rows["discount_private"] / 0.1 + shift[rows["policy"]]
    )


def test_regret(tmp_path: Path) -> None:
    """Regret is what a policy falls short of the best in the same future; the best has none."""
    found = analysis.regret(known_policies(tmp_path), "share").set_index("policy")
    assert found.index.tolist() == [1, 0, 2]
    np.testing.assert_allclose(
        found[["mean", "high", "worst"]].to_numpy(), np.outer([0, 1, 2], np.ones(3)), atol=1e-12
    )
    assert found["best_share"].tolist() == [1.0, 0.0, 0.0]


def test_common_luck_saves_variance(tmp_path: Path) -> None:
    """Where policies differ by a constant the paired difference has no variance left: all of it is saved."""
    found = analysis.paired_differences(known_policies(tmp_path), "share")
    np.testing.assert_allclose(found["mean"], [-1.0, 1.0])
    np.testing.assert_allclose(found["saved"], 1.0)
    assert (found["same_sign"] == 1.0).all() and (found["error"] < 1e-12).all()


def test_convergence_and_robustness(tmp_path: Path) -> None:
    """The last row of convergence is the mean over all runs with its standard error."""
    archive = known_policies(tmp_path)
    last = analysis.convergence(archive, "share").groupby("policy").last()
    whole = analysis.robustness(archive, "share").set_index("policy")
    np.testing.assert_allclose(last[["runs", "mean", "error"]], whole[["runs", "mean", "error"]])
    assert analysis.policy_labels(archive) == {0: "plain", 1: "taxed, tax 0.1", 2: "taxed, tax 0.2"}


def test_a_tipping_map_is_in_order(tmp_path: Path) -> None:
    """Rows and columns of a map go up with their factors, and so do its values."""
    found = analysis.tipping_map(known_policies(tmp_path), "share", "discount_private", "tax", 4)
    assert found.columns.tolist() == ["0.1", "0.2"] and (found.diff().iloc[1:] > 0).all().all()
    np.testing.assert_allclose(found["0.2"] - found["0.1"], 2.0)


def test_incomplete_runs_are_left_out(tmp_path: Path) -> None:
    """A block of a Saltelli design with a failed run is dropped whole; the others still tell."""
    study = ishigami_study("saltelli", 5 * 256)
    archive = folder_of(study, tmp_path / "out", ishigami)
    table = archive.table.astype({"status": str})
    table.loc[7, "status"] = "error"
    archive.__dict__["table"] = table
    assert len(analysis._whole_blocks(analysis._by_point(archive, "share", None), 5)) == 5 * 255
    assert analysis.sobol_indices(archive, "share")["ST"].notna().all()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the small study, run."""
    folder = tmp_path_factory.mktemp("study") / "out"
    run_here(small_study(), folder)
    return folder


def test_the_pair_of_the_ema_workbench(small: Path) -> None:
    """Experiments and outcomes have one row for each run, and the workbench's own analysis takes them."""
    from ema_workbench.analysis import feature_scoring
    from ema_workbench.analysis.scenario_discovery_util import RuleInductionType

    experiments, outcomes = Archive(small).ema(paths=True)
    assert len(experiments) == 120 and set(experiments["model"]) == {"plain", "taxed"}
    assert outcomes["share"].shape == (120,)
    assert outcomes["production_value_usd.all.WLD"].shape == (120, 4)
    doubts = experiments[["discount_private", "stock_days"]]
    scores = feature_scoring.get_ex_feature_scores(
        doubts, outcomes["price"], RuleInductionType.REGRESSION, nr_trees=20, max_features=1, random_state=1
    )[0]
    assert sorted(scores.index) == sorted(doubts.columns) and scores[1].sum() == pytest.approx(1.0)


def test_the_report(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The report is one page without a link to anywhere.

    Question, sentences, pictures, tables, how to get it again.
    """
    assert orebloc.main(["study", "report", str(small)]) == 0
    page = (small / "report.html").read_text()
    told = capsys.readouterr()
    assert "report:" in told.out and "drawing 3 outcomes of 120 runs" in told.err
    words = [
        "Does the lever matter?", "What came out", "By policy: Share", "What decides", "Where it tips", "Regret",
        "variance saved by common luck", "How sure it is", "How to read this", "taxed, tax 0.2",
    ]  # fmt: skip
    assert [word for word in words if word not in page] == []
    assert (
        not re.findall(r"(?:src|href)=[\"'](?!#|data:)", page)
        and "@import" not in page
        and "nan" not in page.lower()
    )
    assert page.index("<svg") < page.index("<table")
    assert len(page) < 400_000


def test_a_policy_that_changes_nothing_is_told(tmp_path: Path) -> None:
    """A policy whose outcomes are those of another to the last digit is named in the report, others are not."""
    shift = np.array([0.0, 0.0, 1e-9])
    study = small_study(outcomes=OUTCOMES[:1])
    archive = folder_of(study, tmp_path / "out", lambda r: r["discount_private"] + shift[r["policy"]])
    assert analysis.identical_policies(archive) == {"taxed, tax 0.1": "plain"}
    page = draw_study(archive)
    assert "\u201ctaxed, tax 0.1\u201d changes nothing" in page
    assert "\u201ctaxed, tax 0.2\u201d changes nothing" not in page


def test_a_fan_takes_an_outcome_or_a_column(small: Path) -> None:
    """The name of an outcome stands for its column of the series."""
    archive = Archive(small)
    by_name, by_column = (
        analysis.fan(archive, name) for name in ("share", "production_share.gallium_refined.CHN")
    )
    assert list(by_name) == list(by_column) and by_name["plain"].equals(by_column["plain"])


def test_names_at_the_ends_of_lines_tell_policies_apart() -> None:
    """What policies share is left out, unless their names would then be the same."""
    names = ["no_bloc", "bloc, members USA+KOR", "bloc, members USA+EU27"]
    assert list(brief_labels(names).values()) == ["no bloc", "USA+KOR", "USA+EU27"]
    assert brief_labels(["a, x 1", "a, x 2", "b, x 1", "b, x 2"])["b, x 2"] == "b, x 2"
    assert brief_labels(["plain", "taxed, tax 0.1"])["taxed, tax 0.1"] == "taxed, tax 0.1"


@pytest.mark.parametrize("marks", [{}, {"error": 0.1}])
def test_bars_are_drawn_for_wide_and_for_narrow_screens(marks: dict[str, float]) -> None:
    """Both drawings hold every name, and nothing lies outside their frames."""
    table = pd.DataFrame({"label": ["capital_cost", "floor"], "value": [0.6, 0.4], "error": np.nan}).assign(
        **marks
    )
    drawn = re.findall(r"<svg.*?</svg>", bar_figure(table, "What decides", "", "").body)
    assert len(drawn) == 2 and all("capital cost" in one and "floor" in one for one in drawn)
    for one, width in zip(drawn, (666, 330), strict=True):
        assert f'viewBox="0 0 {width} ' in one
        assert all(0 <= float(x) <= width for x in re.findall(r' x[12]?="([-0-9.]+)"', one))


def test_a_report_needs_runs(tmp_path: Path) -> None:
    """A study with too few complete runs is told so instead of drawn."""
    study = small_study(scenarios=["tiny"], levers={}, design={"kind": "monte_carlo", "runs": 3})
    run_here(study, tmp_path / "out")
    with pytest.raises(
        OreblocError, match="are 3; a report needs 8 or more. Run the study anew with more runs"
    ):
        draw_study(Archive(tmp_path / "out"))
