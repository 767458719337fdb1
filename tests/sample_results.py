"""Made-up results of two goods, in the form of a real run: for tests of tables, summary and report."""

import numpy as np
import pandas as pd

from experiments.outcome import METRICS
from experiments.results import FLOW_COLUMNS, QUANTILE_COLUMNS, SERIES_COLUMNS, Results

COUNTRIES = ("AUS", "CHN", "JPN", "KAZ", "USA", "OTH")
GOODS = ("gallium_refined", "permanent_magnets")
QUARTERS = [f"{year}Q{quarter}" for year in range(2025, 2041) for quarter in (1, 2, 3, 4)]


def sample_results(runs: int = 1) -> Results:
    """Return results whose leader loses ground and whose price gap opens and closes."""
    long = _series()
    quantiles = pd.DataFrame(columns=QUANTILE_COLUMNS)
    if runs > 1:
        spread = {0.05: 0.8, 0.25: 0.93, 0.5: 1.0, 0.75: 1.07, 0.95: 1.2}
        copies = [long.assign(quantile=q, value=long["value"] * factor) for q, factor in spread.items()]
        quantiles = pd.concat(copies, ignore_index=True)[QUANTILE_COLUMNS]
    series = long.assign(run=0)[SERIES_COLUMNS]
    return Results(series, _flows(), quantiles, _manifest(runs))


def _series() -> pd.DataFrame:
    rows: list[tuple[str, str, str, str, float]] = []
    for good in GOODS:
        for step, quarter in enumerate(QUARTERS):
            part = step / (len(QUARTERS) - 1)
            shares = np.array(
                [0.02 + 0.1 * part, 0.9 - 0.4 * part, 0.02, 0.01 + 0.1 * part, 0.02 + 0.15 * part, 0.03]
            )
            shares = shares / shares.sum()
            output = 100.0 + 80.0 * part
            for country, share in zip(COUNTRIES, shares, strict=True):
                rows.append((quarter, good, country, "production_share", share))
                rows.append((quarter, good, country, "production_t", share * output))
            gap = 1.0 + 2.5 * np.exp(-((step - 8.0) ** 2) / 30.0)
            rows += [
                (quarter, good, "CHN", "inside_price_usd_per_t", 2.0e5 if step != 5 else np.nan),
                (quarter, good, "CHN", "outside_price_usd_per_t", 2.0e5 * gap),
                (quarter, good, "CHN", "price_gap_index", gap if step != 5 else np.nan),
                (quarter, good, "WLD", "hhi_index", 1e4 * float(shares @ shares)),
                (quarter, good, "WLD", "production_t", output),
                (quarter, good, "WLD", "capacity_t", 1.3 * output),
                (quarter, good, "WLD", "consumption_t", 0.97 * output),
                (quarter, good, "WLD", "recycled_t", 8.0 * part),
                (quarter, good, "WLD", "leakage_t", 2.0 if good == GOODS[0] else 0.0),
            ]
    table = pd.DataFrame(rows, columns=["quarter", "good", "country", "metric", "value"])
    table["unit"] = [METRICS[metric].unit for metric in table["metric"]]
    return table


def _flows() -> pd.DataFrame:
    rows = [
        (0, quarter, good, origin, destination, 10.0 * (1 + i) / (1 + j), 2.5e5, 0.0)
        for quarter in QUARTERS
        for good in GOODS
        for i, origin in enumerate(COUNTRIES)
        for j, destination in enumerate(("CHN", "EU27", "JPN", "KOR", "USA", "OTH"))
    ]
    return pd.DataFrame(rows, columns=FLOW_COLUMNS)


def _manifest(runs: int) -> dict:
    made = {"AUS": 2.0, "CHN": 90.0, "JPN": 2.0, "KAZ": 1.0, "USA": 2.0, "OTH": 3.0}
    production = [
        {"good": good, "country": country, "production_t": tonnes, "price_usd_per_t": 2e5}
        for good in GOODS
        for country, tonnes in made.items()
    ]
    assumptions = [
        _step("gallium_refined", "demand share", "Japan <estimate>", 0.3, "estimate: trade"),
        _step("permanent_magnets", "output 2024", "recalled, not re-read", None, "DOE 2022"),
    ]
    return {
        "format": 1, "name": "sample", "title": "A <sample> of two goods", "description": "Made-up numbers.",
        "start": QUARTERS[0], "end": QUARTERS[-1], "seed": 7, "runs": runs, "quarters": len(QUARTERS),
        "versions": {"orebloc": "0.1.0", "python": "3.11"}, "rule_hash": "0" * 16, "data_hash": "1" * 16,
        "certificate": {"worst_violation": 3e-12, "quarter": "2026Q1", "goods": "gallium_refined",
                        "clearings": 64, "mean_iterations": 3.1},
        "seconds": {"calibration": 0.5, "quarters": 0.2}, "outcomes": [], "quantiles": [], "flows": "first",
        "goods": [{"name": GOODS[0], "mineral": "gallium", "stage": "refined", "unit": "t Ga"},
                  {"name": GOODS[1], "mineral": "rare_earths", "stage": "component", "unit": "t"}],
        "headline_goods": list(GOODS), "restricting": dict.fromkeys(GOODS, "CHN"),
        "restricted": list(GOODS),
        "base": {"year": 2024, "production": production},
        "measures": [{"text": "CHN bans exports <of> gallium_refined.", "source": "MOFCOM 2024"}],
        "assumptions": assumptions, "checks": {"balance": [{"good": GOODS[0], "raw_t": 1.0, "balanced_t": 1.1}]},
        "weak": [{"good": good, "rows": 40, "recalled": 4, "estimate": 9} for good in GOODS],
        "credits": ["IEA (2025), CC BY 4.0"], "scenario": {"name": "sample"},
    }  # fmt: skip


def _step(good: str, step: str, what: str, value: float | None, source: str) -> dict:
    return {"good": good, "step": step, "what": what, "value": value, "unit": "1", "source": source}
