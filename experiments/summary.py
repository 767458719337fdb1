"""The summary of a run on the terminal: who leads in the base year and at the end, prices, certificate."""

import textwrap
from collections import defaultdict
from typing import Any

import pandas as pd

from experiments.results import Results
from model.treaty_note import TREATIES

_WIDTHS = (22, 27, 27, 26)
_WIDTH = 108
_MOST_DECISIONS = 12
_GROUPS = {
    "lace": "lanthanum and cerium",
    "ndpr": "neodymium and praseodymium",
    "dytb": "dysprosium and terbium",
}


def summary(results: Results) -> str:
    """Return the summary as text of at most 110 columns."""
    manifest = results.manifest
    runs, kind = manifest["runs"], "run" if manifest["runs"] == 1 else "runs (medians)"
    year, end = manifest["base"]["year"], manifest["end"]
    lines = [
        f"{manifest['title']}: {manifest['start']} to {end}, {runs} {kind}, seed {manifest['seed']}",
        "",
        _line("", "top shares of output", "top shares of output", f"price in {end}, real"),
        _line("good", f"in {year}", f"in {end}", "2024 usd/t: in | out"),
    ]
    final = _final(results)
    base = base_shares(manifest)
    goods = [row["name"] for row in manifest["goods"]]
    for good in goods:
        lines.append(
            _line(good, _top(base.get(good, {})), _top(_shares(final, good)), _prices(final, good, manifest))
        )
    glut = any(line.endswith(" (0)") for line in lines)
    return "\n".join(
        [
            *lines,
            "",
            *_legend(goods, manifest, glut),
            *_smuggled(results, "leakage_t", "smuggled"),
            *_smuggled(results, "resold_t", "sold on by exempt countries"),
            *_treaties(results),
            *_decided(results),
            "",
            *_foot(manifest),
        ]
    )


def restricted(manifest: dict[str, Any]) -> set[str]:
    """Return the goods whose country of prices restricts its exports."""
    return set(manifest.get("restricted", manifest["restricting"]))


def smuggled_t(results: Results, metric: str = "leakage_t") -> dict[str, float]:
    """Return the tonnes of each good that left a country around its restrictions, where there are any."""
    table = results.central()
    rows = table[(table["metric"] == metric) & (table["country"] == "WLD")]
    tonnes = rows.groupby("good", observed=True)["value"].sum()
    return {str(good): float(value) for good, value in tonnes.items() if value >= 0.5}


def _legend(goods: list[str], manifest: dict[str, Any], glut: bool) -> list[str]:
    lines = [
        f"in: producer price inside the country named; out: price paid on arrival outside it; {manifest['end']} only."
    ]
    if set(goods) - restricted(manifest):
        lines.append(
            "(one price): nobody large restricts exports; producer price of the base year's largest producer."
        )
    if glut:
        lines.append("(0): a joint product of which more comes out of the mines than anybody uses.")
    groups = [
        f"{word} is {what}" for word, what in _GROUPS.items() if any(good.startswith(word) for good in goods)
    ]
    return [*lines, f"rare earths: {', '.join(groups)}."] if groups else lines


def _smuggled(results: Results, metric: str, word: str) -> list[str]:
    tonnes = smuggled_t(results, metric)
    order = [row["name"] for row in results.manifest["goods"] if row["name"] in tonnes]
    table = results.central()
    made = table[(table["metric"] == "production_t") & (table["country"] == "WLD")]
    output = made.groupby("good", observed=True)["value"].sum()
    found = [
        f"{good} {tonnes[good]:,.0f} t ({_percent(tonnes[good], output.get(good, 0.0))})" for good in order
    ]
    text = f"{word} over the run, and as part of world output: {'; '.join(found)}."
    return textwrap.wrap(text, _WIDTH, subsequent_indent="  ") if found else []


def _percent(part: float, whole: float) -> str:
    share = 100.0 * part / whole if whole > 0.0 else 100.0
    return "under 0.1 %" if share < 0.1 else f"{share:.1f} %" if share < 10.0 else f"{share:.0f} %"


def _treaties(results: Results) -> list[str]:
    """Return what came last of each treaty: of talks, or of one in force that ended or changed, with the reason."""
    last = {row["treaty"]: row for row in results.decisions if row["seat"] == TREATIES}
    lines = ["", f"treaties, what came of each last{_in_which_run(results)}:"] if last else []
    for row in last.values():
        lines += textwrap.wrap(f"{row['quarter']} {row['why']}", 110, subsequent_indent="  ")
    return lines


def _in_which_run(results: Results) -> str:
    """Return which run decisions are told of: in an ensemble others may decide otherwise."""
    return "" if results.manifest["runs"] == 1 else " in run 0 (others may differ)"


def _decided(results: Results) -> list[str]:
    """Return the last decision of each state that chooses on each matter, with its reason."""
    told = [row for row in results.decisions if row["seat"] != TREATIES]
    last = {
        (row["seat"], *(row.get(key, "") for key in ("market", "target", "treaty", "measure"))): row
        for row in told
    }
    if not last:
        return []
    rows = sorted(last.values(), key=lambda row: row["quarter"])
    lines = [
        "",
        f"decided by states that choose, last on each matter{_in_which_run(results)} ({len(told)} decisions in all):",
    ]
    for row in rows[-_MOST_DECISIONS:]:
        lines += textwrap.wrap(f"{row['quarter']} {row['why']}", 110, subsequent_indent="  ")
    if len(rows) > _MOST_DECISIONS:
        lines.append(f"and {len(rows) - _MOST_DECISIONS} more in manifest.json under decisions")
    return lines


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
    inside = _money(here.get("inside_price_usd_per_t"))
    if good not in restricted(manifest):
        return f"{country} ({inside})"
    return f"{country} {inside} | {_money(here.get('outside_price_usd_per_t'))}"


def _money(value: float | None) -> str:
    return "-" if value is None or value != value else f"{value:,.0f}"


def _line(*words: str) -> str:
    return "  ".join(f"{word:<{width}}" for word, width in zip(words, _WIDTHS, strict=True)).rstrip()


def _foot(manifest: dict[str, Any]) -> list[str]:
    certificate, seconds = manifest["certificate"], manifest["seconds"]
    worst = f"worst violation {certificate['worst_violation']:.1e}"
    compiled = (
        f"{seconds['compilation']:.1f} to compile (once), " if seconds.get("compilation", 0) > 0.05 else ""
    )
    where = f" ({certificate['quarter']})" if certificate["quarter"] else ""
    return [
        f"certificate: {worst}{where} in {certificate['clearings']:,} clearings, "
        f"{certificate['mean_iterations']:.1f} iterations each",
        f"seconds: {compiled}{seconds['calibration']:.1f} to calibrate, {seconds['quarters']:.1f} to run",
        f"assumptions: {len(manifest['assumptions'])}, in the report and in manifest.json",
    ]
