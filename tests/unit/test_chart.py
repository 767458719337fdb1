"""Charts: every registered one, on one run and on an ensemble."""

import re
from dataclasses import replace

import pandas as pd
import pytest
from sample_results import sample_results

from viz.charts import CHARTS
from viz.colour import FIXED, country_colours
from viz.drawing import nice_top, path
from viz.figure import Figure, GoodTable
from viz.good_table import good_tables

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
