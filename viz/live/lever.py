"""The levers of the rail: each is a slider, a switch or a choice, and adds rows to a scenario.

What a lever does is an instrument's order (`model/instruments/`); its limits and its help come from the instrument's
typed field, so that a page cannot ask for what the model refuses.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from model.error import OreblocError
from model.field import Field
from model.instruments import BY_NAME
from model.quarter_date import quarter_index, quarter_label

#: A tonne of neodymium-praseodymium in a tonne of its oxide, as prices are quoted (US export contracts of 2025).
_NDPR_OXIDE = 1168.0
#: Blocs by name: title and members.
BLOCS: dict[str, tuple[str, tuple[str, ...]]] = {
    "thirty": ("US, EU, Japan, Korea (30 states)", ("USA", "EU27", "JPN", "KOR")),
    "seven": ("G7 with the EU", ("USA", "EU27", "JPN", "GBR", "CAN")),
    "wide": ("The thirty with UK, Canada, Australia, India",
             ("USA", "EU27", "JPN", "KOR", "GBR", "CAN", "AUS", "IND")),
    "us": ("United States alone", ("USA",)),
    "eu": ("European Union alone", ("EU27",)),
}  # fmt: skip
GROUPS = (
    ("bloc", "Bloc and floor"),
    ("trade", "Trade measures"),
    ("support", "Support"),
    ("stock", "Stocks"),
    ("circle", "Recycling and research"),
    ("exporter", "The exporter's conduct"),
    ("shock", "Shocks"),
)


@dataclass
class Rows:
    """What levers add to a scenario."""

    measures: list[dict[str, Any]] = field(default_factory=list)
    shocks: list[dict[str, Any]] = field(default_factory=list)
    treaties: list[dict[str, Any]] = field(default_factory=list)
    seats: dict[str, Any] = field(default_factory=dict)
    lifted: list[tuple[str, str]] = field(default_factory=list)  # (actor, good) whose export measures end

    @property
    def forks(self) -> bool:
        """Whether all of it can be put into a run that is under way."""
        return not (self.shocks or self.treaties or self.seats or self.lifted)


@dataclass(frozen=True)
class Setting:
    """What a lever is turned into rows with."""

    good: str
    value: Any
    start: str
    members: tuple[str, ...]
    leader: str
    countries: list[str]

    @property
    def inside(self) -> tuple[str, ...]:
        """Members that are countries of this world, without the exporter the measure is about."""
        return tuple(code for code in self.members if code in self.countries and code != self.leader)


@dataclass(frozen=True)
class Lever:
    """One lever. `kind` is range, switch or choice; numbers are in `unit`, `per` turns them into the field's unit."""

    id: str
    group: str
    label: str
    effect: str
    unit: str
    kind: str
    low: float
    high: float
    step: float
    default: float | str
    put: Callable[[Rows, Setting], None]
    instrument: str = ""
    instrument_field: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    off: str = "off"
    goods: Callable[[str], bool] = lambda good: True

    def about(self) -> str:
        """Return what stands behind it: the instrument and its sentence, or what it changes in the scenario."""
        if not self.instrument:
            return _BEHIND[self.id]
        found = BY_NAME[self.instrument]
        return f"Instrument \u201c{found.title}\u201d: {found.summary}"

    def limits(self) -> Field | None:
        """Return the typed field behind it."""
        if not self.instrument_field:
            return None
        return next(f for f in BY_NAME[self.instrument].fields if f.name == self.instrument_field)


#: What stands behind levers that are no instrument.
_BEHIND = {
    "lift": "Ends the scenario's own dated measures; their sources stand in the list of measures.",
    "conduct": "Behaviour \u201cexporter\u201d of the model: it weighs rents, leverage and the answer of others.",
    "demand": "A shock of your own, no forecast: it multiplies the foreseen final use.",
    "outage": "A shock of your own, no forecast: it multiplies capacity for four quarters.",
}


def price_factor(good: str) -> float:
    """Return usd a tonne in one unit of the price sliders: a kilogram, of oxide for NdPr."""
    return _NDPR_OXIDE if good == "ndpr_refined" else 1000.0


def price_unit(good: str) -> str:
    """Return the unit of the price sliders."""
    return "USD/kg oxide" if good == "ndpr_refined" else "USD/kg"


def _measure(rows: Rows, kind: str, actor: str, start: str, end: str | None = None, **fields: Any) -> None:
    rows.measures.append({"type": kind, "actor": actor, "quarter": start, "end": end, "fields": fields})


def _floor(rows: Rows, s: Setting) -> None:
    for code in s.inside:
        others = [other for other in s.inside if other != code]
        _measure(rows, "price_floor", code, s.start, good=[s.good], exempt=others,
                 price_usd_per_t=s.value * price_factor(s.good))  # fmt: skip


def _cover(rows: Rows, s: Setting) -> None:
    for code in s.inside:
        others = [other for other in s.inside if other != code]
        _measure(rows, "price_floor", code, s.start, good=["permanent_magnets"], exempt=others,
                 price_usd_per_t=s.value * 1000.0)  # fmt: skip


def _tariff(rows: Rows, s: Setting) -> None:
    for code in s.inside:
        _measure(rows, "import_tariff", code, s.start, good=[s.good], target=[s.leader], rate=s.value / 100.0)


def _licence(rows: Rows, s: Setting) -> None:
    if s.value <= 0.0:
        _measure(rows, "export_ban", s.leader, s.start, good=[s.good])
    else:
        _measure(rows, "export_licence", s.leader, s.start, good=[s.good], rate=s.value / 100.0)


def _export_tax(rows: Rows, s: Setting) -> None:
    _measure(rows, "export_tax", s.leader, s.start, good=[s.good], rate=s.value / 100.0)


def _lift(rows: Rows, s: Setting) -> None:
    rows.lifted.append((s.leader, s.good))


def _strike(rows: Rows, s: Setting) -> None:
    for code in s.inside:
        _measure(rows, "price_support", code, s.start, good=[s.good],
                 strike_usd_per_t=s.value * price_factor(s.good))  # fmt: skip


def _grant(rows: Rows, s: Setting) -> None:
    for code in s.inside:
        _measure(
            rows, "investment_fund", code, s.start, good=[s.good], share=s.value / 100.0, amount_usd=2e10
        )


def _permits(rows: Rows, s: Setting) -> None:
    for code in s.inside:
        _measure(rows, "fast_track", code, s.start, good=[s.good], permit_factor=1.0 - s.value / 100.0)


def _stock(rows: Rows, s: Setting) -> None:
    for code in s.inside:
        _measure(rows, "strategic_stockpile", code, s.start, good=[s.good], target_days=s.value)


def _recycle(rows: Rows, s: Setting) -> None:
    for code in s.inside:
        _measure(rows, "recycling_programme", code, s.start, good=[s.good], speed_factor=s.value)


def _substitute(rows: Rows, s: Setting) -> None:
    for code in s.inside:
        _measure(rows, "substitution_programme", code, s.start, good=[s.good], speed_factor=s.value)


def _conduct(rows: Rows, s: Setting) -> None:
    if s.value == "chooses":
        rows.seats[s.leader] = {"behaviour": "exporter"}


def _demand(rows: Rows, s: Setting) -> None:
    rows.shocks.append({"kind": "demand", "good": s.good, "country": "WORLD", "factor": 1.0 + s.value / 100.0,
                        "start": s.start, "source": "lever"})  # fmt: skip


def _outage(rows: Rows, s: Setting) -> None:
    end = quarter_label(quarter_index(s.start) + 3)
    rows.shocks.append({"kind": "supply", "good": s.good, "country": s.leader, "factor": 1.0 - s.value / 100.0,
                        "start": s.start, "end": end, "source": "lever"})  # fmt: skip


LEVERS: tuple[Lever, ...] = (
    Lever(
        "floor",
        "bloc",
        "Common price floor",
        "Imports from outside the bloc cost its members at least this.",
        "price",
        "range",
        0.0,
        0.0,
        1.0,
        0.0,
        _floor,
        "price_floor",
        "price_usd_per_t",
    ),
    Lever(
        "cover",
        "bloc",
        "Floor on magnets too",
        "Keeps the metal from coming in as magnets.",
        "USD/kg",
        "range",
        0.0,
        120.0,
        1.0,
        0.0,
        _cover,
        "price_floor",
        "price_usd_per_t",
        goods=lambda good: good == "ndpr_refined",
    ),
    Lever(
        "tariff",
        "trade",
        "Tariff of the bloc on {leader}",
        "Makes {leader}'s exports dearer for members.",
        "%",
        "range",
        0.0,
        100.0,
        1.0,
        0.0,
        _tariff,
        "import_tariff",
        "rate",
    ),
    Lever(
        "licence",
        "trade",
        "Exports {leader} lets through",
        "Share of the normal exports that gets a licence; 0 is a ban.",
        "%",
        "range",
        0.0,
        101.0,
        1.0,
        101.0,
        _licence,
        "export_licence",
        "rate",
        off="as it is",
    ),
    Lever(
        "export_tax",
        "trade",
        "Export tax of {leader}",
        "Dearer outside {leader}, cheaper inside.",
        "%",
        "range",
        0.0,
        100.0,
        1.0,
        0.0,
        _export_tax,
        "export_tax",
        "rate",
    ),
    Lever(
        "lift",
        "trade",
        "{leader} lifts its restrictions",
        "Quotas, licences and bans on exports end.",
        "",
        "switch",
        0.0,
        1.0,
        1.0,
        0.0,
        _lift,
    ),
    Lever(
        "strike",
        "support",
        "Price support for the bloc's producers",
        "Treasuries make the price up to this for plants at home.",
        "price",
        "range",
        0.0,
        0.0,
        1.0,
        0.0,
        _strike,
        "price_support",
        "strike_usd_per_t",
    ),
    Lever(
        "grant",
        "support",
        "Grant for new plants",
        "Public part of the capital cost at home.",
        "%",
        "range",
        0.0,
        60.0,
        1.0,
        0.0,
        _grant,
        "investment_fund",
        "share",
    ),
    Lever(
        "permits",
        "support",
        "Faster permits",
        "Cut of the wait for a permit at home.",
        "%",
        "range",
        0.0,
        100.0,
        5.0,
        0.0,
        _permits,
        "fast_track",
        "permit_factor",
    ),
    Lever(
        "stock",
        "stock",
        "Strategic stock of each member",
        "Bought over two years, released in a crisis.",
        "days of use",
        "range",
        0.0,
        180.0,
        5.0,
        0.0,
        _stock,
        "strategic_stockpile",
        "target_days",
    ),
    Lever(
        "recycle",
        "circle",
        "Recycling programme",
        "How much faster the recycled share grows at home.",
        "times",
        "range",
        1.0,
        5.0,
        0.5,
        1.0,
        _recycle,
        "recycling_programme",
        "speed_factor",
    ),
    Lever(
        "substitute",
        "circle",
        "Research into substitutes",
        "How much faster users learn to do without, while prices stay high.",
        "times",
        "range",
        1.0,
        5.0,
        0.5,
        1.0,
        _substitute,
        "substitution_programme",
        "speed_factor",
    ),
    Lever(
        "conduct",
        "exporter",
        "{leader}",
        "What {leader} does about its restrictions on all goods it dominates, in the whole run.",
        "",
        "choice",
        0.0,
        0.0,
        1.0,
        "scripted",
        _conduct,
        choices=(("scripted", "keeps to its dated measures"), ("chooses", "chooses by its own interest")),
    ),
    Lever(
        "demand",
        "shock",
        "Demand of the world",
        "More or less final use than foreseen, for good.",
        "%",
        "range",
        -50.0,
        100.0,
        1.0,
        0.0,
        _demand,
    ),
    Lever(
        "outage",
        "shock",
        "A year's outage in {leader}",
        "Part of {leader}'s capacity that stands for a year.",
        "%",
        "range",
        0.0,
        95.0,
        5.0,
        0.0,
        _outage,
    ),
)
LEVERS_BY_ID = {lever.id: lever for lever in LEVERS}


def read_value(lever: str, value: Any) -> float | str:
    """Return a lever's value, checked. Raises `OreblocError` with the limit."""
    if lever not in LEVERS_BY_ID:
        raise OreblocError(f"There is no lever {lever!r}. Known: {', '.join(LEVERS_BY_ID)}.")
    found = LEVERS_BY_ID[lever]
    if found.kind == "choice":
        words = [word for word, _ in found.choices]
        if value not in words:
            raise OreblocError(f"{_named(found)} is {value!r}; it must be one of {', '.join(words)}.")
        return str(value)
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise OreblocError(f"{_named(found)} is {value!r}; it must be a number. Move the slider.") from None
    high = found.high if found.high > found.low else 1e6
    if not found.low <= number <= high:
        raise OreblocError(
            f"{_named(found)} is {number:g} {found.unit}; it must be {found.low:g} to {high:g}. Move the slider."
        )
    return number


def _named(lever: Lever) -> str:
    words = lever.label.format(leader="the exporter")
    return words[0].upper() + words[1:]


def lever_rows(
    rows: Rows,
    lever: str,
    good: str,
    value: Any,
    start: str,
    members: tuple[str, ...],
    leaders: Mapping[str, str],
    countries: list[str],
) -> None:
    """Add the rows of one lever."""
    found = LEVERS_BY_ID[lever]
    if good not in leaders:
        raise OreblocError(
            f"{_named(found)} is set for {good!r}, which this scenario does not have. Take it out."
        )
    found.put(rows, Setting(good, value, start, members, leaders.get(good, ""), countries))


_EXPORT = ("export_quota", "export_licence", "export_ban", "export_tax")


def ending(row: Mapping[str, Any], rows: Rows, start: str) -> list[dict[str, Any]]:
    """Return what is left of a measure when restrictions are lifted: ended the quarter before, for these goods."""
    goods = list(row["fields"].get("good", []))
    gone = {good for actor, good in rows.lifted if actor == row["actor"]}
    if row["type"] not in _EXPORT or not gone.intersection(goods):
        return [dict(row)]
    kept, lifted = [good for good in goods if good not in gone], [good for good in goods if good in gone]
    found = [{**row, "fields": {**row["fields"], "good": kept}}] if kept else []
    before = quarter_index(start) - 1
    if quarter_index(row["quarter"]) <= before:
        end = row.get("end")
        last = end if end is not None and quarter_index(end) <= before else quarter_label(before)
        found.append({**row, "end": last, "fields": {**row["fields"], "good": lifted}})
    return found
