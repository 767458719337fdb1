"""Which countries a scenario carries: members of the EU, countries left out, small producers in `OTH`."""

from collections.abc import Mapping
from typing import Any

from model.base.data import merged, nearest_year, read_table, rows
from model.good import Good

#: A supplier below this share of world output is carried in `OTH`, unless it is an entrant or a demand region.
SMALLEST_SHARE = 0.01
REGIONS = ("CHN", "EU27", "IND", "JPN", "KOR", "USA", "OTH")


class Geography:
    """Maps the countries of the data to those of the scenario."""

    def __init__(self, scenario: Any) -> None:
        self.eu_members = bool(scenario.eu_members)
        self.allowed = None if scenario.countries is None else {*scenario.countries, "OTH"}
        self._members = {row["country"]: float(row["share"]) for row in rows("eu_share")}

    def code(self, country: str) -> str:
        """Return the scenario's code for one place: `EU27` becomes its largest member where members stand apart."""
        if country == "EU27" and self.eu_members:
            country = max(self._members, key=lambda c: self._members[c])
        found = merged(country, self.eu_members)
        return found if self.allowed is None or found in self.allowed else "OTH"

    def spread(self, country: str) -> dict[str, float]:
        """Return the places a regional figure goes to with their shares, which sum to 1."""
        if country == "EU27" and self.eu_members:
            total = sum(self._members.values())
            return self.carry({c: share / total for c, share in self._members.items()})
        return {self.code(country): 1.0}

    def carry(self, values: Mapping[str, float], keep: set[str] | None = None) -> dict[str, float]:
        """Return values summed by the scenario's countries; those not in `keep` go to `OTH`."""
        result: dict[str, float] = {}
        for country, value in values.items():
            code = self.code(country)
            if keep is not None and code not in keep:
                code = "OTH"
            result[code] = result.get(code, 0.0) + value
        return result

    def regional(self, values: Mapping[str, float]) -> dict[str, float]:
        """Return regional values (demand, scrap) by the scenario's countries, regions spread over their members."""
        result: dict[str, float] = {}
        for region, value in values.items():
            for country, share in self.spread(region).items():
                result[country] = result.get(country, 0.0) + share * value
        return result

    def kept(self, good: Good, values: Mapping[str, float], projects: set[str]) -> set[str]:
        """Return the countries that stay apart as suppliers of a good."""
        carried = self.carry(values)
        total = sum(carried.values()) or 1.0
        large = {c for c, q in carried.items() if q >= SMALLEST_SHARE * total}
        regions = {c for c, q in carried.items() if c in {self.code(r) for r in REGIONS} and q > 0.0}
        entrants = {self.code(row["country"]) for row in rows("entrants", good=good.name)}
        return large | regions | entrants | {self.code(c) for c in projects}


def demand_shares(good: Good, scenario: Any, places: Geography) -> tuple[dict[str, float], int]:
    """Return each country's share of world final demand (sum 1) and the year the shares are of."""
    mineral = "rare_earths" if good.group == "lace" else good.data_mineral
    frame = read_table("demand")
    frame = frame[(frame["mineral"] == mineral) & (frame["unit"] == "share")]
    year = nearest_year(sorted({int(y) for y in frame["year"]}), scenario.base_year)
    frame = frame[frame["year"] == year]
    shares_of = zip(frame["country_or_region"], frame["quantity_or_share"].astype(float), strict=True)
    data = places.regional(dict(shares_of))
    own = [row for row in scenario.base.demand_shares if row["good"] == good.name]
    stated = places.regional({row["country"]: float(row["share"]) for row in own})
    others = {c: s for c, s in data.items() if c not in stated and s > 0.0}
    rest = max(1.0 - sum(stated.values()), 0.0)
    scale = rest / sum(others.values()) if others else 0.0
    shares = {c: s * scale for c, s in others.items() if rest > 1e-12}
    shares.update({c: s for c, s in stated.items() if s > 0.0})
    total = sum(shares.values())
    return {c: s / total for c, s in sorted(shares.items())}, year
