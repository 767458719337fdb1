"""Comparing: common luck, paired differences, sums by group, words and pages."""

import json

import numpy as np
import pytest

from experiments.cause import explain
from experiments.compare import compare, first_difference, groups_of, horizons
from experiments.compare_text import describe_comparison
from experiments.preparation import prepare
from experiments.run import run_scenario
from model.error import OreblocError
from orebloc import main
from viz.comparison import draw_comparison, draw_explanation

TARIFF = {"type": "import_tariff", "actor": "USA", "quarter": "2025Q2",
          "fields": {"good": "gallium_refined", "rate": 0.5}}  # fmt: skip


def pair(end="2026Q1"):
    """Return the tiny scenario and the same with one more tariff."""
    one = prepare("tiny", changes={"end": end})
    return one, one.with_changes({"measures": [*one.to_mapping()["measures"], TARIFF]})


@pytest.fixture(scope="module")
def found():
    """Return a comparison of six runs."""
    return compare(*pair(), runs=6, workers=2)


def test_a_scenario_against_itself_differs_in_nothing():
    """Common luck: every paired difference is exactly nothing."""
    one, _ = pair("2025Q3")
    same = compare(one, one, runs=3)
    assert same.differences and all(row.mean == 0.0 and row.error == 0.0 for row in same.differences)


def test_the_runs_are_those_of_run(found):
    """The numbers of run 0 are the ones that `run` records, and do not depend on the workers."""
    one, _ = pair()
    alone = run_scenario(one)
    place = found.a.restrictors["gallium_refined"]
    path = found.paths["outside_price_usd_per_t", "gallium_refined", place][0]
    series = alone.series
    mine = series[(series.metric == "outside_price_usd_per_t") & (series.good == "gallium_refined")]
    np.testing.assert_allclose(path[0], mine[mine.country == place].value, rtol=1e-12)
    again = compare(*pair(), runs=6, workers=1)
    for key, (a, b) in found.paths.items():
        np.testing.assert_array_equal(a, again.paths[key][0])
        np.testing.assert_array_equal(b, again.paths[key][1])


def test_differences_are_paired(found):
    """The standard error is that of the differences run by run, far smaller than the spread of the runs."""
    place = found.a.restrictors["gallium_refined"]
    row = found.find("outside_price_usd_per_t", "gallium_refined", place, "end")
    a, b = found.paths["outside_price_usd_per_t", "gallium_refined", place]
    change = b[:, -4:].mean(axis=1) - a[:, -4:].mean(axis=1)
    assert row.mean == pytest.approx(change.mean(), rel=1e-12)
    assert row.error == pytest.approx(change.std(ddof=1) / np.sqrt(6), rel=1e-12)
    assert row.error < 0.5 * a[:, -1].std(ddof=1)
    assert row.low <= np.median(change) <= row.high and row.mean != 0.0


def test_welfare_adds_up_by_group(found):
    """The five lines add up to the total in every group, and the groups to the world."""
    parts = ("consumer", "producer", "treasury", "rent", "variety")
    for group in found.groups:
        total = found.find("welfare_total_usd", "all", group, "whole run")
        lines = [found.find(f"welfare_{part}_usd", "all", group, "whole run").mean for part in parts]
        assert sum(lines) == pytest.approx(total.mean, rel=1e-6, abs=1.0)
    whole = sum(
        found.find("welfare_total_usd", "all", g, "whole run").mean for g in found.groups if g != "WLD"
    )
    assert whole == pytest.approx(
        found.find("welfare_total_usd", "all", "WLD", "whole run").mean, rel=1e-6, abs=1.0
    )
    treasury = found.find("welfare_treasury_usd", "all", "large buyers", "whole run")
    assert treasury.mean > 0.0 and treasury.sure == 1.0  # the tariff's revenue


def test_words_fit_and_name_both(found):
    """The terminal text has both names, the runs, and no line over 110 columns."""
    text = describe_comparison(found)
    assert "against tiny" in text and "6 runs each" in text
    assert max(map(len, text.splitlines())) <= 110


def test_money_has_its_standard_error_below(found):
    """Each group's line of welfare is followed by one of standard errors, which are those of the record."""
    lines = describe_comparison(found).splitlines()
    parts = [
        f"welfare_{part}_usd" for part in ("total", "consumer", "producer", "treasury", "rent", "variety")
    ]
    for group in found.groups:
        below = lines[next(n for n, line in enumerate(lines) if line.startswith(f"{group:<18} ")) + 1]
        rows = [found.find(metric, "all", group, "whole run") for metric in [*parts, "investment_usd"]]
        assert below.split("+-")[0].strip() == ""
        assert [float(word) for word in below.split("+-")[1:]] == [round(row.error / 1e9, 2) for row in rows]
    treasury = found.find("welfare_treasury_usd", "all", "WLD", "whole run")
    assert treasury.error > 0.0


def test_one_run_has_no_standard_errors():
    assert "+-" not in describe_comparison(compare(*pair("2025Q2"), runs=1))


def test_pages_are_whole(found):
    """Both pages open by themselves: one document, charts and tables in it, nothing fetched."""
    explained = explain(*pair(), "landed_price_usd_per_t", "gallium_refined", "USA", "2025Q4")
    for page in (draw_comparison(found), draw_explanation(explained)):
        assert page.startswith("<!doctype html>") and "<svg" in page and "<table" in page
        assert (
            "http://" not in page
            and "https://" not in page
            and "nan" not in page.lower().replace("finance", "")
        )


def test_json_has_no_unknown_numbers(found):
    """The record is plain JSON and names groups, horizons and the certificate."""
    record = json.loads(json.dumps(found.record(), allow_nan=False))
    assert record["runs"] == 6 and record["worst_violation"] <= 1e-9
    assert {row["horizon"] for row in record["differences"]} >= {"year 1", "end", "whole run"}


def test_horizons_and_groups():
    """Year five needs six years; blocs are the members of treaties."""
    assert list(horizons(8)) == ["year 1", "end"] and horizons(64)["year 5"] == slice(16, 20)
    assert horizons(64, 8)["year 1"] == slice(8, 12) and horizons(64, 8)["year 5"] == slice(24, 28)
    one, two = pair()
    groups = groups_of(one, two, ["CHN", "USA", "OTH"])
    assert groups == {
        "large buyers": ("USA",),
        "CHN": ("CHN",),
        "others": ("OTH",),
        "WLD": ("CHN", "USA", "OTH"),
    }


def test_years_are_counted_from_where_the_two_begin_to_differ():
    """A measure of 2026 shows in its first year, not in the two years before it; rounding is no difference."""
    one, _ = pair()
    late = {
        "type": "export_tax",
        "actor": "CHN",
        "quarter": "2026Q1",
        "fields": {"good": ["gallium_refined"], "rate": 0.5},
    }
    found = compare(one, one.with_changes({"measures": [*one.to_mapping().get("measures", []), late]}))
    assert found.differs_from == "2026Q1" and "begin to differ in 2026Q1" in str(found)
    assert found.find("welfare_treasury_usd", "all", "CHN", "first two years").mean > 0.0
    same = np.ones((1, 4))
    assert first_difference({("a", "b", "c"): (same, same * (1.0 + 1e-12))}) == 0


def test_other_spans_are_refused():
    """Two scenarios over different quarters are refused with the remedy."""
    one, _ = pair()
    with pytest.raises(OreblocError, match="--until"):
        compare(one, one.with_changes({"end": "2026Q4"}))


def test_commands_write_what_they_say(tmp_path, capsys):
    """`compare` and `explain` write their folders and print JSON; without a second scenario they refuse."""
    short = ["--set", "parameters.discount_private=0.05"]
    out = tmp_path / "a"
    assert main(["compare", "tiny", *short, "--until", "2025Q2", "--runs", "2", "--out", str(out)]) == 0
    assert sorted(p.name for p in out.iterdir()) == ["comparison.json", "differences.parquet", "report.html"]
    capsys.readouterr()
    asked = ["--metric", "price_usd_per_t", "--good", "gallium_refined", "--at", "2025Q2"]
    assert main(["explain", "tiny", *short, *asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["parts"][0]["kind"] == "assumption"
    assert main(["explain", "tiny", *asked]) == 2
    assert main(["compare", "tiny"]) == 2
    assert "nothing to compare" in capsys.readouterr().err
