"""Whose price is set against the world's, and numbers that are next to nothing."""

from pathlib import Path

import numpy as np
import pandas as pd

from experiments.observer import Observer
from experiments.outcome import METRICS, restricted_goods, restricting_countries
from experiments.preparation import prepare
from experiments.results import Results
from experiments.run import run_scenario
from model.calibration import calibrate


def _ban(actor: str) -> dict:
    fields = {"good": "germanium_refined"}
    return {"type": "export_ban", "actor": actor, "quarter": "2025Q3", "end": None, "fields": fields}


def test_only_a_large_producer_sets_a_price_apart() -> None:
    """A ban of a country with little output leaves the leading producer's price, which is then labelled as that."""
    made = {
        "name": "x",
        "title": "x",
        "start": "2025Q1",
        "end": "2025Q1",
        "base_year": 2024,
        "goods": ["germanium"],
    }
    for actor, restricts in (("CHN", True), ("RUS", False)):
        world = calibrate(prepare({**made, "measures": [_ban(actor)]}))
        assert restricting_countries(world) == {"germanium_refined": "CHN"}
        assert bool(restricted_goods(world)) == restricts


def test_numbers_next_to_nothing() -> None:
    """A price below a millionth of the base year's is 0 and has no gap; days of stock are never absurd."""
    world = calibrate(prepare("tiny", until="2025Q1"))
    observer = Observer(world)
    base = observer.base_gap_price[None, :]
    answer = type("Answer", (), {})()
    nodes, routes = len(world.nodes), len(world.routes)
    answer.price, answer.landed_price = np.full((1, nodes), 1e-9), np.full((1, routes), 5.0)
    recorded = {name: values for name, _, values in observer._gap(answer, np.ones((1, routes)))}
    assert (recorded["inside_price_usd_per_t"] == 0.0).all() and (base > 0.0).all()
    assert np.isnan(recorded["price_gap_index"]).all()
    results: Results = run_scenario(prepare("tiny", until="2025Q2"))
    days: pd.DataFrame = results.series[results.series["metric"] == "stock_days"]
    assert {"WLD", "CHN"} <= set(days["country"]) and days["value"].max() < 1e4


def test_every_metric_is_in_the_page_of_results():
    """docs/results.md lists each metric with unit and meaning, word for word."""
    page = (Path(__file__).parents[2] / "docs" / "results.md").read_text(encoding="utf-8")
    for metric in METRICS.values():
        assert f"| `{metric.name}` | {metric.unit} | {metric.what} |" in page, metric.name
