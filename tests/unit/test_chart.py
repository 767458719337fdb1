"""Charts: every registered one, on one run and on an ensemble."""

import re
from dataclasses import replace
from html import escape

import pandas as pd
import pytest
from sample_results import sample_results

from model.error import OreblocError
from viz.charts import CHARTS, price
from viz.colour import FIXED, country_colours
from viz.drawing import Plot, end_labels, nice_top, path
from viz.figure import Figure, GoodTable
from viz.finding import findings, gaps
from viz.good_table import good_tables
from viz.results import Results

TABLES = {runs: good_tables(sample_results(runs))[0] for runs in (1, 5)}


@pytest.mark.parametrize("runs", [1, 5])
@pytest.mark.parametrize("draw", CHARTS, ids=lambda draw: draw.__module__.split(".")[-1])
def test_a_chart_states_its_finding(draw, runs: int) -> None:
    """Title, unit, source and table are there; no unknown value reaches a drawing."""
    figure: Figure = draw(TABLES[runs])
    assert len(figure.title) > 20
    assert figure.unit
    assert "Source: Orebloc" in figure.source
    assert isinstance(figure.table, pd.DataFrame) and len(figure.table)
    assert not re.search(r'd="[^"]*nan', figure.body)


@pytest.mark.parametrize("draw", CHARTS, ids=lambda draw: draw.__module__.split(".")[-1])
def test_a_notebook_shows_a_chart(draw) -> None:
    """IPython's own display finds HTML with title, unit, drawing, source and numbers, and a style of its own only."""
    formatter = pytest.importorskip("IPython.core.formatters").HTMLFormatter()
    figure: Figure = draw(TABLES[5])
    shown = formatter(figure)
    for part in (escape(figure.title), escape(figure.unit), figure.body, escape(figure.source), "<td>"):
        assert part in shown
    rules = re.search(r"<style>(.*?)</style>", shown, re.S)
    assert rules and all(line.startswith(".orebloc-figure") for line in rules[1].strip().splitlines())


def test_results_give_their_charts_by_name() -> None:
    """Each registered chart of a good is there; a good that is not is told with those that are."""
    results = Results.of(sample_results(1))
    good = TABLES[1].good
    assert list(results.charts(good)) == [
        "production_share", "price", "concentration", "volume", "supplier_matrix",
    ]  # fmt: skip
    assert results.charts(good)["price"].title == CHARTS[1](TABLES[1]).title
    with pytest.raises(OreblocError, match="'cheese' is not in the run"):
        results.charts("cheese")


@pytest.mark.parametrize("draw", CHARTS, ids=lambda draw: draw.__module__.split(".")[-1])
def test_a_chart_bears_a_good_that_nobody_makes(draw) -> None:
    """A good without output, price or flow gives a chart that says so, not an error."""
    data = TABLES[1]
    nothing = {
        metric: table * (float("nan") if "price" in metric or "hhi" in metric else 0.0)
        for metric, table in data.wide.items()
    }
    empty: GoodTable = replace(data, wide=nothing, base_shares={}, flows=data.flows.iloc[:0])
    assert draw(empty).title


def test_shares_fill_the_chart() -> None:
    """The stacked shares add up to 1 in every quarter, the base year included."""
    table = CHARTS[0](TABLES[1]).table
    assert table.index[0] == "2024"
    assert ((table.sum(axis=1) - 1.0).abs() < 1e-12).all()


def test_a_country_has_one_colour() -> None:
    """Fixed colours are distinct, and the rest do not depend on which fixed countries are around."""
    assert len(set(FIXED.values())) == len(FIXED)
    assert country_colours(["ZWE", "BOL"])["ZWE"] == country_colours(["CHN", "BOL", "ZWE"])["ZWE"]


def test_axes_end_on_round_numbers() -> None:
    """The end of an axis is round and not below the data; nothing at all gives 1."""
    assert [nice_top(value) for value in (0.0, 0.93, 1.0, 1234.0, 7e5)] == [1.0, 1.0, 1.0, 2000.0, 8e5]


def test_unknown_values_interrupt_a_line() -> None:
    """A gap in the data is a gap in the line."""
    assert path([(0.0, 1.0), (1.0, float("nan")), (2.0, 3.0)]) == "M0.0 1.0M2.0 3.0"


def test_labels_at_the_end_of_lines_stay_in_the_drawing() -> None:
    """Labels crowded at the top or the bottom keep apart and inside."""
    plot = Plot(660, 300, 56, 68, ("a", "b"), 1.0)
    for values in ([0.99, 0.985, 0.98, 1.0], [0.0, 0.001, 0.002], [0.5, 0.51, 0.99, 1.0]):
        words = end_labels(plot, [(f"w{i}", value, "#000") for i, value in enumerate(values)])
        heights = sorted(float(y) for y in re.findall(r' y="([\d.]+)"', words))
        assert heights[0] >= plot.above and heights[-1] <= plot.height - plot.below + 4.0
        assert all(b - a >= 12.9 for a, b in zip(heights, heights[1:], strict=False))


def test_the_findings_name_shares_gaps_and_smuggling() -> None:
    """What happened: the largest change of share, the widest gap, what was smuggled; at most eight sentences."""
    found = [finding.text for finding in findings(good_tables(sample_results()), ["gallium_refined"])]
    assert 3 <= len(found) <= 8
    assert "the share of China in output falls from 90 % in 2024 to 53 % in 2040Q4." in found
    assert any("the price outside China is 3.5 times that inside" in text for text in found)
    assert any("128 t are smuggled" in text for text in found)


def test_a_good_that_nobody_restricts_shows_no_gap() -> None:
    """Without a restriction there is no gap to tell of, neither in the findings nor over the price chart."""
    free = replace(TABLES[1], is_restricted=False)
    assert gaps(free).empty and "largest producer" in CHARTS[1](free).title


def test_title_and_table_of_an_ensemble_agree() -> None:
    """Medians need not add up to 1: the title of the shares is the table's number, not one made to fill the chart."""
    data = TABLES[5]
    doubled = {**data.wide, "production_share": 0.9 * data.wide["production_share"]}
    figure = CHARTS[0](replace(data, wide=doubled))
    assert f"{100 * doubled['production_share']['CHN'].iloc[-1]:.0f} % in 2040Q4" in figure.title


def test_a_country_has_its_colour_in_every_scenario() -> None:
    """Whoever else is in the world, and whether the code is known here, each country keeps its colour."""
    few, many = (
        country_colours(["BRA", "VNM"]),
        country_colours(["ARE", "BRA", "CUB", "MDG", "VNM", "ZAF", "XYZ"]),
    )
    assert few["BRA"] == many["BRA"] and few["VNM"] == many["VNM"]
    assert country_colours(["CUB"])["CUB"] == many["CUB"]


def test_no_two_countries_share_a_colour() -> None:
    """With more countries than any scheme has colours, each still has its own."""
    codes = [f"{a}{b}X" for a in "ABCDEFG" for b in "ABCDEFGHIJ"]
    colours = country_colours([*codes, "CHN", "USA"])
    assert len(set(colours.values())) == len(colours)


@pytest.mark.parametrize(
    "path, told",
    [
        ([56.0, 34.0, 71.0, 80.0, 55.5],
         "goes from 56 .* to 55.5 .*, with a peak of 80 in 2026 and a low of 34 in 2024"),
        ([56.6, 760.0, 49.2], "falls from 56.6 .* to 49.2 .*, with a peak of 760 in 2024"),
        ([56.0, 60.0, 55.5], "moves little, from 56 .* to 55.5 dollars in 2025$"),
    ],
)  # fmt: skip
def test_a_price_that_comes_back_names_its_peak(path: list[float], told: str) -> None:
    """A price far above or below both its ends is not told as one that moves little."""
    years = [str(2023 + n) for n in range(len(path))]
    table = pd.DataFrame({"inside": path, "outside": path}, index=years)
    assert re.search(told, price.finding(table, "China", is_restricted=False))


def test_a_gap_at_its_widest_is_told_once() -> None:
    """The widest gap in the last quarter is one number, and prices that meet again are as high."""
    table = pd.DataFrame({"inside": [1.0, 1.0, 1.0], "outside": [1.0, 1.5, 2.0]}, index=["a", "b", "c"])
    assert (
        price.finding(table, "China", True)
        == "Outside China the price is 2 times that inside in c, its widest gap"
    )
    assert "as high in a" in price.finding(table.iloc[::-1], "China", True)
