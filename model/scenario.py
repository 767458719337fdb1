"""A scenario: everything that decides a run, as one frozen record without files.

`scenario_from(mapping)` reads and checks the JSON or TOML values; `scenario.with_changes({...})` gives a
changed copy (the command line's `--set`). Errors name file, field, value, limit and remedy.
"""

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from model import name as names
from model.distribution import Distribution, distribution_from
from model.event import Event, events_from
from model.field import Field, Place, read_field, read_fields, refuse_unknown
from model.instruments import BY_NAME
from model.order import Order, order_from
from model.parameter import PARAMETERS, defaults
from model.quarter_date import first_date, last_date, quarter_index, quarter_label
from model.scenario_field import BASE, BEHAVIOURS, DEMAND, HEAD, LISTS, PROJECT, SHOCK
from model.set_path import set_path, typed
from model.treaty import Treaty
from model.treaty_library import treaty_of_row
from model.treaty_order import treaty_orders

_ALL_MINERALS = ("rare_earths", *names.MINERAL_GOODS)


@dataclass(frozen=True)
class Shock:
    """A dated change of demand or supply: `factor` multiplies it from `start` to `end`, both included."""

    kind: str
    good: str
    country: str
    factor: float
    start: str
    end: str | None
    source: str


@dataclass(frozen=True)
class Project:
    """New capacity somebody has announced.

    `capacity_t_per_year` of the good, `cost_usd_per_t` cash cost (None: usual there), `capex_usd`
    (None: from technology data), `backing` of a state or buyer in words, `failure_share` the probability that
    it never produces and `slip_quarters` the mean delay (None: the general parameters).
    """

    name: str
    firm: str
    owner: str
    country: str
    good: str
    capacity_t_per_year: float
    cost_usd_per_t: float | None
    capex_usd: float | None
    announced: str
    start: str
    backing: str
    failure_share: float | None
    slip_quarters: float | None
    source: str


@dataclass(frozen=True)
class Demand:
    """Published volumes of final demand, tonnes a year by year or quarter.

    The model takes their growth over the base year, or with `basis` tonnes the tonnes themselves: what was made beyond
    them in the base year went into stocks, and no longer does.
    `foreseen` is what was projected before the start (None: the data's path): firms plan on it.
    """

    good: str
    country: str
    tonnes: Mapping[str, float]
    basis: str
    foreseen: Mapping[str, float] | None
    source: str


@dataclass(frozen=True)
class Base:
    """What a scenario says of its base year in place of the data; every row is a checked mapping.

    - `demand_shares`: good, country, share (of world final demand)
    - `exports`: good, origin, destination, quantity_t (per year)
    - `splits`: country, shares (of a rare-earth mine's or refinery's outputs: lace, ndpr, dytb)
    - `prices`: good, country (that restricts), inside_usd_per_t, outside_usd_per_t
    - `stocks`: good, country, holder (buyers, producers, state), quantity_t
    - `stages`: good, country, production_t (per year), for stages without data
    """

    demand_shares: tuple[Mapping[str, Any], ...] = ()
    exports: tuple[Mapping[str, Any], ...] = ()
    splits: tuple[Mapping[str, Any], ...] = ()
    prices: tuple[Mapping[str, Any], ...] = ()
    stocks: tuple[Mapping[str, Any], ...] = ()
    stages: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Scenario:
    """One world to run. `start` and `end` are quarters such as `2025Q1`, both run.

    `goods` are market names, upstream first within a mineral. `countries` is None for all with data; others
    are merged in `OTH`. `seats`: who decides for a country. `parameters` is complete. `raw` is what was written,
    JSON values only. `expected` says which sign is expected of what, in words.
    """

    name: str
    title: str
    description: str
    sources: tuple[str, ...]
    start: str
    end: str
    base_year: int
    seed: int
    goods: tuple[str, ...]
    countries: tuple[str, ...] | None
    rare_earths: str
    eu_members: bool
    eu_defects: bool
    demand_path: str
    parameters: Mapping[str, float]
    uncertain: Mapping[str, Distribution]
    measures: tuple[Order, ...]
    shocks: tuple[Shock, ...]
    projects: tuple[Project, ...]
    demand: tuple[Demand, ...]
    base: Base
    treaties: tuple[Treaty, ...] = ()
    events: tuple[Event, ...] = ()
    expected: tuple[str, ...] = ()
    seats: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    file: str = field(default="", compare=False)
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def start_index(self) -> int:
        """Index of the first quarter (`4 * year + quarter - 1`)."""
        return quarter_index(self.start)

    @property
    def quarters(self) -> int:
        """Number of quarters run."""
        return quarter_index(self.end) - self.start_index + 1

    def quarter_label(self, step: int) -> str:
        """Return the name of the quarter `step` quarters after the start."""
        return quarter_label(self.start_index + step)

    def sample(self, uniform: Callable[[str], float]) -> dict[str, float]:
        """Return all parameters, uncertain ones drawn with the uniform number given for their name."""
        drawn = {name: spread.sample(uniform(name)) for name, spread in self.uncertain.items()}
        return {**self.parameters, **drawn}

    def to_mapping(self) -> dict[str, Any]:
        """Return the scenario as it was written, as JSON values."""
        return copy.deepcopy(dict(self.raw))

    def with_changes(self, changes: Mapping[str, Any]) -> "Scenario":
        """Return a checked copy with values set by path: `{"measures.0.fields.rate": 0.5, "end": "2030Q4"}`.

        Text is read as JSON where it is JSON (`0.5`, `true`, `[1, 2]`), else taken as it stands.
        """
        raw = self.to_mapping()
        for path, value in changes.items():
            set_path(raw, path, typed(value), self.file)
        return scenario_from(raw, file=self.file)


def scenario_from(mapping: Mapping[str, Any], *, file: str = "") -> Scenario:
    """Read and check a scenario. Raises `ScenarioError` at the first fault, with file and field."""
    raw = _json_values(mapping)
    place = Place(file=file)
    refuse_unknown(raw, [*(item.name for item in HEAD), *LISTS], place)
    head = {item.name: read_field(item, raw, place) for item in HEAD}
    place = Place(file, "", head["rare_earths"], head["eu_members"])
    _check_head(head, place)
    goods = _goods(raw.get("goods"), place)
    return Scenario(
        **head,
        sources=tuple(_texts(raw.get("sources", []), place.at("sources"))),
        goods=goods,
        countries=_countries(raw.get("countries"), place.at("countries")),
        parameters=_parameters(raw.get("parameters", {}), place.at("parameters")),
        uncertain=_uncertain(raw.get("uncertain", {}), place.at("uncertain")),
        measures=tuple(order_from(item, BY_NAME, spot) for item, spot in _rows(raw, "measures", place)),
        shocks=tuple(_shock(item, spot) for item, spot in _rows(raw, "shocks", place)),
        projects=tuple(_project(item, spot) for item, spot in _rows(raw, "projects", place)),
        demand=tuple(_demand(item, spot, head["base_year"]) for item, spot in _rows(raw, "demand", place)),
        base=_base(raw.get("base", {}), place.at("base")),
        treaties=_treaties(raw, goods, head["start"], place),
        events=events_from(raw.get("events", []), place.at("events")),
        expected=tuple(_texts(raw.get("expected", []), place.at("expected"))),
        seats=_seats(raw.get("seats", {}), place.at("seats")),
        file=file,
        raw=raw,
    )


#: No run goes beyond this year: the projections of demand end long before.
LAST_YEAR = 2100


def _check_head(head: dict[str, Any], place: Place) -> None:
    text = head["name"]
    if not (text.isidentifier() and text == text.lower()):
        place.at("name").refuse(
            f"Name is {text!r}; it must be in lower snake case, such as rare_earth_crisis."
        )
    head["title"] = head["title"] or text.replace("_", " ").capitalize()
    for key in ("start", "end"):
        head[key] = quarter_label(quarter_index(head[key]))
    if quarter_index(head["end"]) < quarter_index(head["start"]):
        place.at("end").refuse(f"Last quarter is {head['end']}; it must be {head['start']} or later.")
    if quarter_index(head["end"]) // 4 > LAST_YEAR:
        place.at("end").refuse(
            f"Last quarter is {head['end']}; it must be in {LAST_YEAR} or earlier. End it sooner."
        )
    if quarter_index(head["start"]) // 4 <= head["base_year"]:
        remedy = f"Start in {head['base_year'] + 1}Q1 or later, or choose an earlier base year"
        place.at("start").refuse(
            f"First quarter is {head['start']}; it must be after base year {head['base_year']}. {remedy}."
        )


def _goods(value: Any, place: Place) -> tuple[str, ...]:
    minerals = list(_ALL_MINERALS) if value is None else _texts(value, place.at("goods"))
    chosen: list[str] = []
    for i, word in enumerate(minerals):
        goods = names.goods_of_mineral(word, place.rare_earths)
        if not goods:
            spot = place.at("goods").at(i)
            remedy = names.did_you_mean(word, _ALL_MINERALS, f"Known: {', '.join(_ALL_MINERALS)}.")
            spot.refuse(f"Good {word!r} is unknown in a list of minerals. {remedy}")
        chosen += [good for good in goods if good not in chosen]
    if not chosen:
        place.at("goods").refuse(
            "The list of goods is empty; name at least one mineral, or leave it out for all."
        )
    if "permanent_magnets" in chosen and not any(good.startswith(("ndpr", "rare_earths")) for good in chosen):
        place.at("goods").refuse(
            "permanent_magnets need rare_earths, which are not in the list of goods. Add them."
        )
    order = [good for mineral in _ALL_MINERALS for good in names.goods_of_mineral(mineral, place.rare_earths)]
    return tuple(good for good in order if good in chosen)


def _countries(value: Any, place: Place) -> tuple[str, ...] | None:
    if value is None:
        return None
    spot = Place(place.file, "", place.rare_earths, place.eu_members)
    countries = read_field(Field("countries", "countries", "Country", ""), {"countries": value}, spot)
    if names.WORLD in countries:
        place.refuse("WORLD is not a country; leave countries out to keep all that have data.")
    return tuple(sorted(set(countries) | {"OTH"}))


def _parameters(value: Any, place: Place) -> dict[str, float]:
    table = _table(value, place)
    _refuse_unknown_parameters(table, place)
    return {**defaults(), **{name: read_field(_parameter_field(name), table, place) for name in table}}


def _uncertain(value: Any, place: Place) -> dict[str, Distribution]:
    table = _table(value, place)
    _refuse_unknown_parameters(table, place)
    for name in table:
        if PARAMETERS[name].one_for_all:
            place.at(name).refuse(
                f"Parameter {name} is one number for all runs; it cannot have a distribution. Set it in [parameters]."
            )
    spreads = {name: distribution_from(item, place.at(name), name) for name, item in table.items()}
    for name, spread in spreads.items():
        low, high = spread.support()
        limits = _parameter_field(name)
        for end in (low, high):
            if not PARAMETERS[name].low <= end <= PARAMETERS[name].high:
                remedy = "Truncate the distribution with low and high"
                place.at(name).refuse(
                    f"Distribution of {name} reaches {end:g}; it must stay {limits.limit()}. {remedy}."
                )
    return spreads


def _refuse_unknown_parameters(table: Mapping[str, Any], place: Place) -> None:
    for name in table:
        if name not in PARAMETERS:
            remedy = names.did_you_mean(name, PARAMETERS, "`orebloc data --parameters` lists them.")
            place.at(name).refuse(f"Parameter {name!r} is unknown. {remedy}")


def _parameter_field(name: str) -> Field:
    parameter = PARAMETERS[name]
    label = f"Parameter {name}"
    return Field(name, "number", label, parameter.what, parameter.unit, parameter.low, parameter.high)


def _shock(item: Any, place: Place) -> Shock:
    shock = Shock(**read_fields(SHOCK, item, place))
    if shock.end is not None and last_date(shock.end) < first_date(shock.start):
        place.at("end").refuse(
            f"End of the shock is {shock.end}; it must not be before its start, {shock.start}."
        )
    return shock


def _project(item: Any, place: Place) -> Project:
    project = Project(**read_fields(PROJECT, item, place))
    if first_date(project.start) < first_date(project.announced):
        place.at("start").refuse(
            f"Start of {project.name} is {project.start}; it must not be before it was announced, "
            f"{project.announced}. Correct one of them."
        )
    return project


def _demand(item: Any, place: Place, base_year: int) -> Demand:
    row = Demand(**read_fields(DEMAND, item, place))
    for key, path in (("tonnes", row.tonnes), ("foreseen", row.foreseen)):
        if path is not None and int(next(iter(path))[:4]) > base_year:
            first = next(iter(path))
            place.at(key).refuse(
                f"Demand of {row.good} begins in {first}; it must begin in the base year {base_year} or earlier. "
                f"Add the tonnes of {base_year}."
            )
    return row


def _treaties(raw: Mapping[str, Any], goods: tuple[str, ...], start: str, place: Place) -> tuple[Treaty, ...]:
    """Return the treaties, each with its own id; the orders of their clauses are checked as well."""
    treaties: list[Treaty] = []
    for row, spot in _rows(raw, "treaties", place):
        treaty = treaty_of_row(row, spot)
        if treaty.id in [other.id for other in treaties]:
            spot.at("id").refuse(f"Treaty {treaty.id} is there twice. Give each its own id.")
        treaty_orders(treaty, start, goods, place=spot)
        treaties.append(treaty)
    return tuple(treaties)


def _seats(value: Any, place: Place) -> dict[str, dict[str, Any]]:
    """Return the behaviour that fills each seat, with its options: a name, or a table with `behaviour` and options."""
    seats: dict[str, dict[str, Any]] = {}
    for code, item in _table(value, place).items():
        spot = place.at(code)
        read_field(Field(code, "country", "Seat", ""), {code: code}, place)
        table = _table({"behaviour": item} if isinstance(item, str) else item, spot)
        kind = Field("behaviour", "choice", f"Behaviour of {code}", "who decides", choices=tuple(BEHAVIOURS))
        behaviour = read_field(kind, table, spot)
        options = {name: option for name, option in table.items() if name != "behaviour"}
        seats[code] = {
            "behaviour": behaviour,
            **read_fields(BEHAVIOURS[behaviour], options, spot, f" of {code}"),
        }
        if code in seats[code].get("rivals", []):
            spot.at("rivals").refuse(
                f"Rivals of {code} name {code} itself. Name other states, or leave rivals out."
            )
    return seats


def _base(value: Any, place: Place) -> Base:
    table = _table(value, place)
    refuse_unknown(table, list(BASE), place)
    rows = {
        key: tuple(read_fields(BASE[key], item, spot) for item, spot in _rows(table, key, place))
        for key in table
    }
    for i, row in enumerate(rows.get("splits", ())):
        spot = place.at("splits").at(i).at("shares")
        refuse_unknown(row["shares"], ["lace", "ndpr", "dytb"], spot)
    for key, names_of_row in _BASE_KEYS.items():
        _refuse_twice(key, rows.get(key, ()), names_of_row, place.at(key))
    _refuse_more_than_all(rows.get("demand_shares", ()), place.at("demand_shares"))
    return Base(**rows)


#: What tells the rows of each table of the base year apart.
_BASE_KEYS = {
    "demand_shares": ("good", "country"),
    "exports": ("good", "origin", "destination"),
    "splits": ("country",),
    "prices": ("good", "country"),
    "stocks": ("good", "country", "holder"),
    "stages": ("good", "country"),
}


def _refuse_twice(key: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], place: Place) -> None:
    seen: list[tuple[Any, ...]] = []
    for i, row in enumerate(rows):
        name = tuple(row[column] for column in columns)
        if name in seen:
            first = seen.index(name)
            place.at(i).refuse(
                f"{', '.join(name)} is there twice in base.{key}, as in row {first}. Leave one of them out."
            )
        seen.append(name)


def _refuse_more_than_all(rows: Sequence[Mapping[str, Any]], place: Place) -> None:
    """Refuse shares of a good's demand that add up to more than the world's."""
    total: dict[str, float] = {}
    for i, row in enumerate(rows):
        total[row["good"]] = total.get(row["good"], 0.0) + row["share"]
        if total[row["good"]] > 1.0 + 1e-9:
            place.at(i).at("share").refuse(
                f"Demand shares of {row['good']} add up to {total[row['good']]:.6g}; they must add up to 1 or less, "
                "the others share what is left. Lower them."
            )


def _rows(table: Mapping[str, Any], key: str, place: Place) -> list[tuple[Any, Place]]:
    rows = table.get(key, [])
    if not isinstance(rows, list):
        place.at(key).refuse(f"{key} must be a list of tables; write [[{place.at(key).path}]].")
    return [(row, place.at(key).at(i)) for i, row in enumerate(rows)]


def _table(value: Any, place: Place) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        place.refuse(f"{place.path} is {value!r}; it must be a table.")
    return value


def _texts(value: Any, place: Place) -> list[str]:
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or any(not isinstance(item, str) for item in value):
        place.refuse(f"{place.path} is {value!r}; it must be a list of names.")
    return value


def _json_values(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return a deep copy in which dates have become text."""
    return json.loads(json.dumps(dict(mapping), default=str))
