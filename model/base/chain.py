"""The chain of a mineral, balanced: what is mined feeds what is refined, with yields in their technology ranges.

For each refined good (tonnes per year of contained product):

1. `yield` of a stage is the stated stage yield; its range is the technology's ore-to-refined range over the part
   of the ore's content that already reached the reported mine stage, never above 1;
2. primary output is at most mined content times yield; what a published total exceeds it by is secondary supply;
3. mined content that finds no refinery even at the low end of the range is a stock change, carried as final use.
"""

from dataclasses import dataclass, field
from typing import Any

from model.base.data import cite, rows
from model.base.note import Notes
from model.base.place import Geography, demand_shares
from model.base.production import Stage, mined, with_stated
from model.good import Good, inputs_of


@dataclass
class Balance:
    """Balanced tonnes per year by good and country, before routes and prices.

    `primary` is output that takes the inputs in `input_per_t` (mines take none), `unfed` output of the same good
    without mined input (synthetic graphite), `recycled` secondary supply.
    """

    primary: dict[str, dict[str, float]] = field(default_factory=dict)
    unfed: dict[str, dict[str, float]] = field(default_factory=dict)
    recycled: dict[str, dict[str, float]] = field(default_factory=dict)
    input_per_t: dict[str, dict[str, float]] = field(default_factory=dict)
    plant_use: dict[str, dict[str, float]] = field(default_factory=dict)
    final_use: dict[str, dict[str, float]] = field(default_factory=dict)
    yields: dict[str, dict[str, float]] = field(default_factory=dict)

    def supply(self, good: str) -> dict[str, float]:
        """Return all supply of a good by country, tonnes per year."""
        result: dict[str, float] = {}
        for source in (self.primary, self.unfed, self.recycled):
            for country, quantity in source.get(good, {}).items():
                result[country] = result.get(country, 0.0) + quantity
        return result

    def use(self, good: str) -> dict[str, float]:
        """Return all use of a good by country, tonnes per year."""
        result = dict(self.plant_use.get(good, {}))
        for country, quantity in self.final_use.get(good, {}).items():
            result[country] = result.get(country, 0.0) + quantity
        return result


@dataclass(frozen=True)
class StageYield:
    """Stage yield with its range and what it implies from ore to refined."""

    value: float
    low: float
    high: float
    recovery_before: float


def stage_yield(output: str, source: str) -> StageYield:
    """Return the stated yield of a stage and its technology range, cut at 1."""
    row = rows("yields", output=output, input=source, basis="yield")[0]
    before = float(row["recovery_before"])
    low, high = float(row["technology_low"]) / before, min(1.0, float(row["technology_high"]) / before)
    return StageYield(min(max(float(row["value"]), low), high), low, high, before)


def add_refined(balance: Balance, good: Good, stage: Stage, keep: set[str], context: "Context") -> None:
    """Add a refined good to the balance: primary, unfed and recycled output and the use of its mined input."""
    sources = inputs_of(good.name, balance.primary)
    mine = sources[0] if sources else None
    if mine is not None and stage.total_t is None and stage.stated:
        stage = with_stated(good, stage, _fed_by_mines(balance, good, mine), context.notes)
    shares = context.places.carry(stage.shares, keep)
    if mine is None:
        _add_total(balance, good, shares, stage.total_t or 0.0, stage.total_t or 0.0, keep, context)
        return
    mined = sum(balance.primary[mine].values())
    part = _part(good.name, mine)
    limits = stage_yield(good.name, mine)
    primary, total = _primary_and_total(good, mined, part, limits.value, stage, context.notes)
    value = max(limits.low, min(limits.value, primary * part / mined)) if part == 1.0 else limits.value
    _add_total(balance, good, shares, total, primary, keep, context)
    fed = {c: q * part for c, q in balance.primary[good.name].items()}
    balance.unfed[good.name] = {c: balance.primary[good.name][c] - q for c, q in fed.items() if part < 1.0}
    balance.primary[good.name] = fed
    balance.input_per_t[good.name] = {mine: 1.0 / value}
    balance.plant_use[mine] = {c: q / value for c, q in fed.items() if q > 0.0}
    balance.yields[good.name] = {
        "stage_yield": value, "low": limits.low, "high": limits.high, "ore_to_refined": value * limits.recovery_before
    }  # fmt: skip
    source = cite("yields", rows("yields", output=good.name, input=mine, basis="yield")[0])
    context.notes.add(good.name, "yield", f"yield from {mine}", value, "share", source)


@dataclass(frozen=True)
class Context:
    """What the steps of a balance share."""

    scenario: Any
    places: Geography
    notes: Notes


def _part(output: str, source: str) -> float:
    found = rows("yields", output=output, input=source, basis="part")
    return float(found[0]["value"]) if found else 1.0


def _fed_by_mines(balance: Balance, good: Good, mine: str) -> float:
    """Return output of a refined good where none is published: mined content times yield."""
    return sum(balance.primary[mine].values()) * stage_yield(good.name, mine).value / _part(good.name, mine)


def _primary_and_total(
    good: Good, mined: float, part: float, value: float, stage: Stage, notes: Notes
) -> tuple[float, float]:
    """Return primary output (with and without mined input) and total output in tonnes per year."""
    most = mined * value / part
    rule = _secondary(good.name)
    if stage.total_t is None:
        primary = most
        notes.add(good.name, "scale", "output is mined content times yield", primary, "t", "yields.csv")
        return primary, primary / (1.0 - rule["share"])
    primary = min(stage.total_t, most)
    if rule["basis"] == "residual":
        rest = stage.total_t - primary
        what = "secondary supply: refined output beyond mined content times yield"
        notes.add(good.name, "residual", what, rest, "t", cite("secondary", rule))
        return primary, stage.total_t
    if stage.total_t > most:
        what = "refined output cut to mined content times yield"
        notes.add(good.name, "replaced", what, primary / stage.total_t, "ratio", "yields.csv")
    return primary, primary / (1.0 - rule["share"])


def _secondary(good: str) -> dict[str, Any]:
    found = rows("secondary", good=good)
    return found[0] if found else {"basis": "rate", "share": 0.0, "source": "", "tag": ""}


def _add_total(
    balance: Balance,
    good: Good,
    shares: dict[str, float],
    total: float,
    primary: float,
    keep: set[str],
    context: Context,
) -> None:
    """Spread primary and secondary output over countries."""
    balance.primary[good.name] = {c: s * primary for c, s in shares.items()}
    rule = _secondary(good.name)
    secondary = total - primary
    if secondary <= 1e-9 * total:
        return
    if rule["basis"] == "residual":
        where = shares
    else:
        where = _scrap_shares(good, context)
        what = "secondary supply by place of use"
        context.notes.add(good.name, "secondary", what, secondary / total, "share", cite("secondary", rule))
    balance.recycled[good.name] = context.places.carry(
        {c: s * secondary for c, s in where.items()}, keep | {"OTH"}
    )


def _scrap_shares(good: Good, context: Context) -> dict[str, float]:
    split = rows("secondary_split", good=good.name)
    if split:
        return context.places.regional({row["country"]: float(row["share"]) for row in split})
    return demand_shares(good, context.scenario, context.places)[0]


def add_single(
    balance: Balance, good: Good, output: dict[str, float], keep: set[str], context: Context
) -> None:
    """Add a good that is neither fed by a mine stage nor feeds one: by-product metals and baryte."""
    carried = context.places.carry(output, keep)
    primary = sum(carried.values())
    rule = _secondary(good.name)
    share = float(rule["share"])
    if rule["basis"] == "demand":
        share = max(1.0 - primary / _published_demand(good, context), 0.0) or 0.0
        what = "what published demand exceeds output by"
        context.notes.add(good.name, "secondary", what, share, "share", "demand_growth.csv")
    shares = {c: q / primary for c, q in carried.items()}
    _add_total(balance, good, shares, primary / (1.0 - share), primary, keep, context)


def _published_demand(good: Good, context: Context) -> float:
    """Return world demand of 2024 in tonnes, scaled to the base year's output where that is another year."""
    found = rows("demand_growth", mineral=good.data_mineral, scope="total demand")
    years = context.scenario.base_year, int(found[0]["base_year"])
    now, then = (mined(good.data_mineral, year) for year in years)
    scale = sum(now.values()) / sum(then.values()) if now and then else 1.0
    return float(found[0]["base_quantity"]) * scale


def add_component(balance: Balance, good: Good, stage: Stage, keep: set[str], context: Context) -> None:
    """Add magnets: inputs per tonne are the stated part of each separated input over world magnet output."""
    carried = context.places.carry(stage.shares, keep)
    total = float(stage.total_t or 0.0)
    balance.primary[good.name] = {c: s * total for c, s in carried.items()}
    needs = {}
    for source in inputs_of(good.name, balance.primary):
        needs[source] = _part(good.name, source) * sum(balance.supply(source).values()) / total
        balance.plant_use[source] = {c: q * needs[source] for c, q in balance.primary[good.name].items()}
        row = rows("yields", output=good.name, input=source, basis="part")[0]
        what = f"{source} per tonne of magnets"
        context.notes.add(good.name, "inputs", what, needs[source], "t", cite("yields", row))
    balance.input_per_t[good.name] = needs


def add_final_use(balance: Balance, good: Good, context: Context) -> None:
    """Give what plants leave to final users, by their shares of demand less what plants there already use."""
    supply, plants = sum(balance.supply(good.name).values()), balance.plant_use.get(good.name, {})
    rest = supply - sum(plants.values())
    if rest <= 1e-9 * supply:
        return
    shares, year = demand_shares(good, context.scenario, context.places)
    if year != context.scenario.base_year:
        context.notes.add(
            good.name, "demand", f"demand shares of {year}, the nearest year", year, "year", "demand.csv"
        )
    own = [row for row in context.scenario.base.demand_shares if row["good"] == good.name]
    if own:
        what = f"share of final demand stated for {', '.join(sorted(row['country'] for row in own))}"
        context.notes.add(good.name, "demand", what, sum(row["share"] for row in own), "share", "scenario")
    guessed = set(shares) - {c for row in own for c in context.places.spread(row["country"])}
    if guessed:
        regions = "regional shares of final demand: little better than guesses but for the USA"
        context.notes.add(
            good.name, "demand", regions, len(guessed), "countries", "demand.csv: mostly estimate"
        )
    if good.stage == "mine" and plants and good.name != "graphite_concentrate":
        context.notes.add(
            good.name, "stock change", "mined content beyond refineries' use", rest, "t", "yields.csv"
        )
        shares = {c: q / supply for c, q in balance.supply(good.name).items()}
        balance.final_use[good.name] = {c: s * rest for c, s in shares.items()}
        return
    if plants and good.stage == "refined":
        wanted = {c: max(s * supply - plants.get(c, 0.0), 0.02 * s * supply) for c, s in shares.items()}
    else:
        wanted = dict(shares)
    scale = rest / sum(wanted.values())
    balance.final_use[good.name] = {c: q * scale for c, q in wanted.items() if q > 0.0}
