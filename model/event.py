"""Events: what befalls the world, dated, by chance, or put in by hand.

An event acts through what is there: tension of a pair, capacity lost to an outage, disturbance of demand, capital
cost of new plants. Its kind says how strongly where it does not say itself. `model/data/events.csv` is the deck.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from model.base.data import read_table
from model.field import Field, Place, read_fields
from model.quarter_date import quarter_index


@dataclass(frozen=True)
class EventKind:
    """What an event of a kind does by default, all sizes a judgement; `pair`: it is between two countries."""

    name: str
    what: str
    pair: bool = False
    tension: float = 0.0
    outage_share: float = 0.0
    demand_factor: float = 1.0
    capex_factor: float = 1.0


EVENT_KINDS: dict[str, EventKind] = {
    kind.name: kind
    for kind in [
        EventKind("sanctions", "one state bars the other's firms or goods", True, 0.15),
        EventKind("claim", "one state claims, or threatens, the other's territory", True, 0.3),
        EventKind("provocation", "an incident, a drill, a visit to a disputed place", True, 0.1),
        EventKind("visit", "leaders meet and ease tension", True, -0.1),
        EventKind("strike", "workers stop part of the capacity", outage_share=0.25),
        EventKind("outage", "an accident, a flood, a closed border stops capacity", outage_share=0.5),
        EventKind("demand", "use of a good jumps", demand_factor=1.15),
        EventKind("discovery", "a rich find makes new plants cheaper for good", capex_factor=0.8),
    ]
}
DECK = "deck"
_FIELDS = (
    Field("kind", "choice", "Kind", "what happens, or `deck` for all cards that ship",
          choices=(*EVENT_KINDS, DECK)),
    Field("name", "text", "Name", "the event's own name, which its luck belongs to", default=""),
    Field("title", "text", "Title", "one line for the views", default=""),
    Field("actor", "country", "Actor", "the country where it happens, or one of the two", default=None),
    Field("target", "country", "Target", "the other country of the two", default=None),
    Field("good", "goods", "Good", "the goods it is about", default=None),
    Field("quarter", "quarter", "Quarter", "when it happens", default=None),
    Field("hazard_share", "share", "Hazard", "chance in a quarter, where it has no date", unit="share", low=0.0,
          high=1.0, default=None, remedy="Write 0.02 for 2 % a quarter."),
    Field("tension", "number", "Change of tension", "added to the tension of the two", low=-1.0, high=1.0,
          default=None),
    Field("outage_share", "share", "Outage", "share of the capacity that stops", unit="share", low=0.0, high=1.0,
          default=None),
    Field("demand_factor", "number", "Demand factor", "what use is multiplied by at first", low=0.01, high=100.0,
          default=None),
    Field("capex_factor", "number", "Factor on capital cost", "what new plants cost, over what they would",
          low=0.01, high=100.0, default=None),
    Field("source", "text", "Source", "where it is documented", default=""),
)  # fmt: skip


@dataclass(frozen=True)
class Event:
    """One card. `quarter` is None for one that chance brings, with `hazard_share` a quarter; sizes are complete."""

    name: str
    kind: str
    title: str
    actor: str
    target: str | None
    goods: tuple[str, ...]
    quarter: str | None
    hazard_share: float
    tension: float
    outage_share: float
    demand_factor: float
    capex_factor: float
    source: str

    def to_mapping(self) -> dict[str, Any]:
        """Return the event as an entry of a scenario or log, JSON values."""
        named = {"name": self.name, "kind": self.kind, "title": self.title, "actor": self.actor}
        sizes = ("tension", "outage_share", "demand_factor", "capex_factor", "source")
        when = {"quarter": self.quarter} if self.quarter else {"hazard_share": self.hazard_share}
        about = {**({"target": self.target} if self.target else {}), "good": list(self.goods) or None}
        found = {**named, **about, **when, **{name: getattr(self, name) for name in sizes}}
        return {key: value for key, value in found.items() if value is not None}


def events_from(value: Any, place: Place) -> tuple[Event, ...]:
    """Return the events of a scenario: `"deck"`, or a list of tables. Raises `ScenarioError`."""
    rows = [{"kind": DECK}] if value == DECK else value
    if not isinstance(rows, list):
        place.refuse(f'events is {value!r}; it must be "{DECK}" or a list of tables; write [[events]].')
    found: list[Event] = []
    for number, row in enumerate(rows):
        found += event_from(row, place.at(number), number)
    for number, event in enumerate(found):
        if event.name in [other.name for other in found[:number]]:
            place.refuse(f"Event {event.name} is there twice. Give each its own name.")
    return tuple(found)


def event_from(row: Any, place: Place, number: int = 0) -> Sequence[Event]:
    """Return the event of one entry, or all of the deck. Raises `ScenarioError`."""
    values = read_fields(_FIELDS, row, place)
    if values["kind"] == DECK:
        return _deck(place)
    kind = EVENT_KINDS[values["kind"]]
    label = f"Event {values['name'] or number + 1} ({kind.name})"
    if values["actor"] is None or (kind.pair and values["target"] is None):
        missing = "actor" if values["actor"] is None else "target"
        place.at(missing).refuse(f"{label} has no {missing}. Write the code of a country.")
    if not kind.pair and not values["good"]:
        place.at("good").refuse(f"{label} has no good. Write which goods it is about.")
    if (values["quarter"] is None) == (values["hazard_share"] is None):
        both = (
            "both a quarter and a hazard_share" if values["quarter"] else "neither quarter nor hazard_share"
        )
        place.refuse(f"{label} has {both}. Write one of them.")
    return [_event(values, kind, number)]


def _event(values: Mapping[str, Any], kind: EventKind, number: int) -> Event:
    def size(name: str) -> float:
        given = values[name]
        return float(getattr(kind, name) if given is None else given)

    name = values["name"] or f"{kind.name}_{number + 1}"
    return Event(
        name, kind.name, values["title"] or name.replace("_", " ").capitalize(), values["actor"], values["target"],
        tuple(values["good"] or ()), values["quarter"], float(values["hazard_share"] or 0.0), size("tension"),
        size("outage_share"), size("demand_factor"), size("capex_factor"), values["source"],
    )  # fmt: skip


def _deck(place: Place) -> list[Event]:
    """Return the cards that ship; a good that the world carries in another form falls under its names."""
    found: list[Event] = []
    for number, card in enumerate(read_table("events").to_dict("records")):
        row = {key: value for key, value in card.items() if key != "tag" and value == value}
        if place.rare_earths == "single" and "good" in row:
            row["good"] = _single(row["good"])
        found += event_from(
            row, Place("events.csv", f"row {number + 2}", place.rare_earths, place.eu_members), number
        )
    return found


def _single(good: str) -> str:
    return f"rare_earths_{good.split('_', 1)[1]}" if good.startswith(("ndpr_", "dytb_", "lace_")) else good


def falls_in(event: Event, index: int) -> bool:
    """Tell whether a dated event falls in the quarter of that index."""
    return event.quarter is not None and quarter_index(event.quarter) == index
