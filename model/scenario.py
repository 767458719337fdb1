"""A scenario: everything that decides a run, as one frozen record without files.

`scenario_from(mapping)` reads and checks the JSON or TOML values; `scenario.with_changes({...})` gives a
changed copy (the command line's `--set`). Errors name file, field, value, limit and remedy.
"""

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from model import name as names
from model.distribution import Distribution, distribution_from
from model.field import Field, Place, read_field, read_fields, refuse_unknown
from model.instruments import BY_NAME
from model.order import Order, order_from
from model.parameter import PARAMETERS, defaults
from model.quarter_date import quarter_index, quarter_label

DEMAND_PATHS = ("STEPS", "APS")
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
    are merged in `OTH`. `parameters` is complete. `raw` is what was written, JSON values only.
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
    demand_path: str
    parameters: Mapping[str, float]
    uncertain: Mapping[str, Distribution]
    measures: tuple[Order, ...]
    shocks: tuple[Shock, ...]
    projects: tuple[Project, ...]
    base: Base
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
            _set_path(raw, path, _typed(value), self.file)
        return scenario_from(raw, file=self.file)


_HEAD = (
    Field("name", "text", "Name", "a name in lower snake case"),
    Field("title", "text", "Title", "one line for lists and reports", default=""),
    Field("description", "text", "Description", "what the scenario is for", default=""),
    Field("start", "quarter", "First quarter", "the first quarter that is run"),
    Field("end", "quarter", "Last quarter", "the last quarter that is run"),
    Field("base_year", "integer", "Base year", "the year the world is calibrated to", low=1990, high=2100),
    Field("seed", "integer", "Seed", "the seed of all draws", low=0, high=2**63 - 1, default=1,
          remedy="Choose a smaller whole number."),
    Field("rare_earths", "choice", "Rare earths", "joint outputs or one good",
          choices=("joint", "single"), default="joint"),
    Field("eu_members", "flag", "EU members apart", "whether EU members stand apart",
          default=False),
    Field("demand_path", "choice", "Demand path", "the demand projection", choices=DEMAND_PATHS,
          default="STEPS"),
)  # fmt: skip
_LISTS = (
    "sources",
    "goods",
    "countries",
    "parameters",
    "uncertain",
    "measures",
    "shocks",
    "projects",
    "base",
)

_GOOD = Field("good", "good", "Good", "one traded good")
_COUNTRY = Field("country", "country", "Country", "a country code")
_SOURCE = Field("source", "text", "Source", "where it is documented", default="")
_SHOCK = (
    Field("kind", "choice", "Kind", "demand or supply", choices=("demand", "supply")),
    _GOOD,
    Field("country", "text", "Country", "a country code, or WORLD"),
    Field("factor", "number", "Factor", "what demand or capacity is multiplied by", low=0.0, high=100.0,
          remedy="Write 0.9 for a fall by a tenth."),
    Field("start", "quarter", "Start", "the first quarter or day it holds"),
    Field("end", "quarter", "End", "the last quarter or day it holds", default=None),
    _SOURCE,
)  # fmt: skip
_PROJECT = (
    Field("name", "text", "Name", "the project's name"),
    Field("firm", "text", "Firm", "the firm that runs it"),
    Field("owner", "text", "Owner", "the state or group behind the firm", default=""),
    _COUNTRY, _GOOD,
    Field("capacity_t_per_year", "number", "Capacity", "tonnes of the good in a year", unit="t a year",
          low=0.0),
    Field("cost_usd_per_t", "number", "Cash cost", "cash cost without inputs", unit="usd a t", low=0.0,
          default=None),
    Field("capex_usd", "number", "Capital cost", "cost of building it", unit="usd", low=0.0, default=None),
    Field("announced", "quarter", "Announced", "when it was announced"),
    Field("start", "quarter", "Start", "when it is meant to produce"),
    Field("backing", "text", "Backing", "who supports it, and how", default=""),
    Field("failure_share", "share", "Failure probability", "probability that it never produces",
          low=0.0, high=1.0, default=None),
    Field("slip_quarters", "number", "Mean delay", "mean delay in quarters", unit="quarters",
          low=0.0, high=80.0, default=None),
    _SOURCE,
)  # fmt: skip
_TONNES = Field("quantity_t", "number", "Quantity", "tonnes", unit="t", low=0.0)
_PRICE: dict[str, Any] = {"unit": "usd a t", "low": 0.0}
_BASE = {
    "demand_shares": (_GOOD, _COUNTRY,
                      Field("share", "share", "Demand share", "share of the world's", low=0.0, high=1.0),
                      _SOURCE),
    "exports": (_GOOD, Field("origin", "country", "Origin", "a country code"),
                Field("destination", "country", "Destination", "a country code"), _TONNES, _SOURCE),
    "splits": (_COUNTRY, Field("shares", "shares", "Split", "shares of lace, ndpr, dytb", low=0.0, high=1.0),
               _SOURCE),
    "prices": (_GOOD, Field("country", "country", "Country", "the country that restricts"),
               Field("inside_usd_per_t", "number", "Inside price", "price inside it", default=None, **_PRICE),
               Field("outside_usd_per_t", "number", "Outside price", "price elsewhere", **_PRICE), _SOURCE),
    "stocks": (_GOOD, _COUNTRY,
               Field("holder", "choice", "Holder", "who holds the stock",
                     choices=("buyers", "producers", "state"), default="buyers"), _TONNES, _SOURCE),
    "stages": (_GOOD, _COUNTRY,
               Field("production_t", "number", "Production", "tonnes in the base year", unit="t", low=0.0),
               _SOURCE),
}  # fmt: skip


def scenario_from(mapping: Mapping[str, Any], *, file: str = "") -> Scenario:
    """Read and check a scenario. Raises `ScenarioError` at the first fault, with file and field."""
    raw = _json_values(mapping)
    place = Place(file=file)
    refuse_unknown(raw, [*(item.name for item in _HEAD), *_LISTS], place)
    head = {item.name: read_field(item, raw, place) for item in _HEAD}
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
        base=_base(raw.get("base", {}), place.at("base")),
        file=file,
        raw=raw,
    )


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
    values = read_fields(_SHOCK, item, place)
    if values["country"] != names.WORLD:
        read_field(_COUNTRY, values, place)
    return Shock(**values)


def _project(item: Any, place: Place) -> Project:
    return Project(**read_fields(_PROJECT, item, place))


def _base(value: Any, place: Place) -> Base:
    table = _table(value, place)
    refuse_unknown(table, list(_BASE), place)
    rows = {
        key: tuple(read_fields(_BASE[key], item, spot) for item, spot in _rows(table, key, place))
        for key in table
    }
    for i, row in enumerate(rows.get("splits", ())):
        spot = place.at("splits").at(i).at("shares")
        refuse_unknown(row["shares"], ["lace", "ndpr", "dytb"], spot)
    return Base(**rows)


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


def _typed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _set_path(raw: dict[str, Any], path: str, value: Any, file: str) -> None:
    """Set one value in nested tables and lists; `a.b.0.c` and `a.b[0].c` are the same."""
    steps = path.replace("[", ".").replace("]", "").split(".")
    owner: Any = raw
    for depth, step in enumerate(steps):
        last = depth == len(steps) - 1
        if isinstance(owner, list):
            owner = _list_step(owner, step, value, last, path, file)
        elif isinstance(owner, dict):
            owner = _table_step(owner, step, value, last)
        else:
            Place(file, path).refuse(f"{'.'.join(steps[:depth])} is {owner!r}, which has no part {step!r}.")


def _table_step(owner: dict[str, Any], step: str, value: Any, last: bool) -> Any:
    if last:
        owner[step] = value
        return None
    return owner.setdefault(step, {})


def _list_step(owner: list[Any], step: str, value: Any, last: bool, path: str, file: str) -> Any:
    if not step.isdigit() or int(step) >= len(owner):
        there = f"0 to {len(owner) - 1}" if owner else "none"
        Place(file, path).refuse(f"{step!r} is not an entry of the list; entries are {there}.")
    if last:
        owner[int(step)] = value
        return None
    return owner[int(step)]
