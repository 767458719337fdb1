"""Measures that were in force in the base year, as the base table sees them.

They enter before tastes are fitted, so that lifting one has an effect: a restricting country's inside price lies
below the price outside by a wedge (or a tax), a banned route carries nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from model.base.data import rows
from model.base.note import NOTICE, Notes
from model.base.place import Geography
from model.error import OreblocError
from model.instrument import mean_of_year
from model.quarter_date import first_date, last_date

RESTRICTIONS = ("export_quota", "export_licence", "export_ban", "export_tax")
#: A gap datum serves base years at most this far from its own.
GAP_YEARS = 2


@dataclass
class Gap:
    """A restricting country's price gap in one good. `measure` is the row of the scenario's measures, or -1."""

    good: str
    country: str
    inside: float
    outside: float
    measure: int


@dataclass
class BaseMeasures:
    """Gaps by good; closed routes and export taxes by (good, origin, destination) over the base year.

    `behind` is the first quota, licence or ban on all destinations by (good, country): what can hold a gap. Taxes are
    (share, usd_per_t); tariffs and floors are read once there are routes (`model.calibration.border`).
    """

    gaps: dict[str, Gap] = field(default_factory=dict)
    behind: dict[tuple[str, str], int] = field(default_factory=dict)
    closed: dict[tuple[str, str, str], int] = field(default_factory=dict)
    export_tax: dict[tuple[str, str, str], tuple[float, float]] = field(default_factory=dict)
    taxing: dict[tuple[str, str], int] = field(default_factory=dict)

    def tax_of(self, good: str, country: str) -> tuple[float, float]:
        """Return the highest export tax and duty of a country on a good: share, usd_per_t."""
        found = [tax for (g, i, _), tax in self.export_tax.items() if g == good and i == country]
        return max((t[0] for t in found), default=0.0), max((t[1] for t in found), default=0.0)


def base_measures(
    scenario: Any,
    goods: list[str],
    countries: list[str],
    outside: dict[str, float],
    places: Geography,
    notes: Notes,
) -> BaseMeasures:
    """Read which of the scenario's measures held in the base year and what gap they left."""
    found = BaseMeasures()
    for index, order, share in in_force(scenario):
        for good in [g for g in order.fields.get("good", []) if g in goods]:
            if order.type in RESTRICTIONS:
                _restriction(
                    found,
                    index,
                    order,
                    share,
                    good,
                    countries,
                    outside[good],
                    places,
                    scenario.base_year,
                    notes,
                )
    _taxed_gaps(found, outside, notes)
    _stated_gaps(found, scenario, goods, outside, places, notes)
    _note_gaps_left_out(found, scenario.base_year, goods, countries, places, notes)
    return found


def in_force(scenario: Any) -> Iterator[tuple[int, Any, float]]:
    """Yield (row, order, share of the base year in force) for the measures that held in the base year."""
    begin, end = date(scenario.base_year, 1, 1), date(scenario.base_year, 12, 31)
    days = (end - begin).days + 1
    for index, order in enumerate(scenario.measures):
        first = max(first_date(order.quarter), begin)
        last = end if order.end is None else min(last_date(order.end), end)
        held = (last - first).days + 1
        if held > 0:
            yield index, order, held / days


def _targets(order: Any, actor: str, countries: list[str], places: Geography) -> list[str]:
    named = order.fields.get("target") or ["WORLD"]
    spared = {c for name in order.fields.get("exempt") or [] for c in places.spread(name)}
    wanted = countries if "WORLD" in named else [c for name in named for c in places.spread(name)]
    return [c for c in dict.fromkeys(wanted) if c != actor and c not in spared]


def _restriction(
    found: BaseMeasures,
    index: int,
    order: Any,
    share: float,
    good: str,
    countries: list[str],
    outside: float,
    places: Geography,
    year: int,
    notes: Notes,
) -> None:
    actor = places.code(order.actor)
    targets = _targets(order, actor, countries, places)
    worldwide = "WORLD" in (order.fields.get("target") or ["WORLD"])
    if order.type == "export_tax":
        rate = mean_of_year(order, order.fields["rate"], year)
        duty = mean_of_year(order, order.fields["duty_usd_per_t"], year)
        for target in targets:
            key = (good, actor, target)
            before = found.export_tax.get(key, (0.0, 0.0))
            found.export_tax[key] = (before[0] + rate, before[1] + duty)
        if worldwide:
            found.taxing.setdefault((good, actor), index)
        return
    if order.type == "export_ban":
        if share < 0.5:
            what = f"ban by {actor} of {order.quarter} left out of the base year, in which it held for {share:.0%}"
            notes.add(good, "measure", what, share, "share", "scenario")
            return
        found.closed.update({(good, actor, target): index for target in targets})
    if worldwide:
        found.behind.setdefault((good, actor), index)
    if worldwide and order.type == "export_ban":
        return
    ratio = gap_ratio(good, actor, year)
    if worldwide and ratio is not None and good not in found.gaps:
        value, source = ratio
        found.gaps[good] = Gap(good, actor, outside / value, outside, index)
        what = f"price outside over price inside {actor}"
        notes.add(good, "price gap", what, value, "ratio", f"base_gap.csv: {source}")


def _taxed_gaps(found: BaseMeasures, outside: dict[str, float], notes: Notes) -> None:
    """Add the gaps that export taxes alone leave: `inside (1 + share) + duty = outside`."""
    for (good, actor), index in found.taxing.items():
        if good in found.gaps:
            continue
        share, duty = found.tax_of(good, actor)
        inside = (outside[good] - duty) / (1.0 + share)
        if inside <= 0.0:
            raise OreblocError(
                f"Export duty of {actor} on {good} is {duty:g} usd a t in the base year; it must be below the price "
                f"outside, {outside[good]:g} usd a t. Lower it, or state base.prices."
            )
        found.gaps[good] = Gap(good, actor, inside, outside[good], index)
        what = f"price outside over price inside {actor}: its export tax"
        notes.add(good, "price gap", what, outside[good] / inside, "ratio", "scenario")


def gap_ratio(good: str, country: str, year: int) -> tuple[float, str] | None:
    """Return outside price over inside price and its source from the nearest year with a datum, or None."""
    near = [
        row for row in rows("base_gap", good=good, country=country) if abs(row["year"] - year) <= GAP_YEARS
    ]
    if not near:
        return None
    row = min(near, key=lambda r: abs(r["year"] - year))
    return float(row["outside_over_inside"]), f"{row['year']}, {row['tag']}"


def _stated_gaps(
    found: BaseMeasures,
    scenario: Any,
    goods: list[str],
    outside: dict[str, float],
    places: Geography,
    notes: Notes,
) -> None:
    for row in scenario.base.prices:
        good, inside = row["good"], row.get("inside_usd_per_t")
        if inside is None or good not in goods:
            continue
        country, earlier = places.code(row["country"]), found.gaps.get(good)
        if inside > outside[good]:
            raise OreblocError(
                f"Inside price of {country} on {good} is {inside:g} usd a t; it must be at most the price outside, "
                f"{outside[good]:g} usd a t. Lower inside_usd_per_t or raise outside_usd_per_t in base.prices."
            )
        if earlier and earlier.country != country:
            what = (
                f"the base-year gap of {earlier.country} on {good} is left out: "
                f"the scenario states the inside price of {country}, and a good has one gap"
            )
            notes.add(good, NOTICE, what, earlier.outside / earlier.inside, "ratio", "scenario")
        taxed = earlier.measure if earlier and earlier.country == country else -1
        measure = found.behind.get((good, country), taxed)
        found.gaps[good] = Gap(good, country, float(inside), outside[good], measure)
        notes.add(
            good, "price gap", "inside price stated by the scenario", float(inside), "usd_per_t", "scenario"
        )
        if measure < 0:
            what = (
                f"the inside price stated for {country} on {good} closes at the start: "
                "no measure of the scenario holds it"
            )
            notes.add(good, NOTICE, what, float(inside), "usd_per_t", "scenario")


def _note_gaps_left_out(
    found: BaseMeasures, year: int, goods: list[str], countries: list[str], places: Geography, notes: Notes
) -> None:
    """Record each price gap in the data that has no measure of the scenario behind it."""
    pairs = dict.fromkeys((str(row["good"]), str(row["country"])) for row in rows("base_gap"))
    for good, country in pairs:
        datum, gap = gap_ratio(good, country, year), found.gaps.get(good)
        code = places.code(country)
        held = (good, code) in found.behind or (gap is not None and gap.country == code)
        if datum is None or held or good not in goods or code != country or code not in countries:
            continue
        value, source = datum
        what = (
            f"the base-year price gap of {country} on {good}, {value:g} times as dear outside as inside, is left out: "
            "no measure of the scenario is behind it"
        )
        notes.add(good, NOTICE, what, value, "ratio", f"base_gap.csv: {source}")
