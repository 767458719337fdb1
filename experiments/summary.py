"""The summary of a run on the terminal: who leads in the base year and at the end, prices, certificate."""

from collections import defaultdict
from typing import Any

import pandas as pd

from experiments.results import Results

_WIDTHS = (24, 26, 26, 22)


def summary(results: Results) -> str:
    """Return the summary as text of at most 110 columns."""
    manifest = results.manifest
    runs, kind = manifest["runs"], "run" if manifest["runs"] == 1 else "runs (medians)"
    lines = [
        f"{manifest['title']}: {manifest['start']} to {manifest['end']}, {runs} {kind}, seed {manifest['seed']}",
        "",
        _line("", f"top shares {manifest['base']['year']}", f"top shares {manifest['end']}",
              "usd/t inside | outside"),
    ]  # fmt: skip
    final = _final(results)
    base = base_shares(manifest)
    for good in [row["name"] for row in manifest["goods"]]:
        lines.append(
            _line(good, _top(base.get(good, {})), _top(_shares(final, good)), _prices(final, good, manifest))
        )
    return "\n".join([*lines, "", *_foot(manifest)])


def _final(results: Results) -> pd.DataFrame:
    table = results.central()
    return table[table["quarter"] == results.manifest["end"]]


def base_shares(manifest: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return the base year's production shares: good, country, share."""
    tonnes: dict[str, dict[str, float]] = defaultdict(dict)
    for row in manifest["base"]["production"]:
        tonnes[row["good"]][row["country"]] = row["production_t"]
    return {
        good: {country: value / sum(made.values()) for country, value in made.items()}
        for good, made in tonnes.items()
    }


def _shares(final: pd.DataFrame, good: str) -> dict[str, float]:
    rows = final[(final["metric"] == "production_share") & (final["good"] == good)]
    return {str(country): float(value) for country, value in zip(rows["country"], rows["value"], strict=True)}


def _top(shares: dict[str, float], count: int = 3) -> str:
    known = [(country, share) for country, share in shares.items() if share > 0.005]
    best = sorted(known, key=lambda pair: (-pair[1], pair[0]))[:count]
    return ", ".join(f"{country} {share:.0%}" for country, share in best) or "nothing made"


def _prices(final: pd.DataFrame, good: str, manifest: dict[str, Any]) -> str:
    country = manifest["restricting"][good]
    here = final[(final["good"] == good) & (final["country"] == country)].set_index("metric")["value"]
    return f"{country} {_money(here.get('inside_price_usd_per_t'))} | {_money(here.get('outside_price_usd_per_t'))}"


def _money(value: float | None) -> str:
    return "-" if value is None or value != value else f"{value:,.0f}"


def _line(*words: str) -> str:
    return "  ".join(f"{word:<{width}}" for word, width in zip(words, _WIDTHS, strict=True)).rstrip()


def _foot(manifest: dict[str, Any]) -> list[str]:
    certificate, seconds = manifest["certificate"], manifest["seconds"]
    worst = f"worst violation {certificate['worst_violation']:.1e}"
    where = f" ({certificate['quarter']})" if certificate["quarter"] else ""
    return [
        f"certificate: {worst}{where} in {certificate['clearings']:,} clearings, "
        f"{certificate['mean_iterations']:.1f} iterations each",
        f"seconds: {seconds['calibration']:.1f} to calibrate, {seconds['quarters']:.1f} to run",
        f"assumptions listed in the manifest: {len(manifest['assumptions'])}",
    ]
