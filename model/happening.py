"""Events at work: at the start of a quarter they move tension, outages, demand and capital cost, run by run."""

import math
from typing import Any

import numpy as np

from model.draw import EVENT, address, uniform
from model.event import Event, falls_in
from model.network import Bools

#: Quarters for which an event stays in the views.
REMEMBERED = 4


def happens(engine: Any, event: Event, step: int) -> Bools:
    """Return [runs]: whether an event happens in the quarter `step`."""
    if event.quarter is not None:
        return np.full(engine.runs, falls_in(event, engine.scenario.start_index + step))
    if step < 0:
        return np.zeros(engine.runs, dtype=bool)
    entity, first = address("event", event.name), engine.first_run
    luck = [uniform(engine.seed, first + run, step, EVENT, entity) for run in range(engine.runs)]
    return np.array(luck) < event.hazard_share


def befall(engine: Any) -> None:
    """Let the quarter's events happen."""
    for event in engine.events:
        hit = happens(engine, event, engine.step_number)
        if hit.any():
            _move_tension(engine, event, hit)
            _stop_capacity(engine, event, hit)
            _move_demand(engine, event, hit)
            _cheapen(engine, event, hit)


def _move_tension(engine: Any, event: Event, hit: Bools) -> None:
    countries = list(engine.world.countries)
    if event.target is None or event.actor not in countries or event.target not in countries:
        return
    a, b = countries.index(event.actor), countries.index(event.target)
    there, back = a * len(countries) + b, b * len(countries) + a
    tension = engine.columns.tension
    for pair in (there, back):
        tension[hit, pair] = np.clip(tension[hit, pair] + event.tension, 0.0, 1.0)
    if event.kind == "claim":
        engine.columns.pair_claims[hit, there] = 1.0


def _rows(engine: Any, event: Event, good: Any, country: Any) -> Any:
    """Return the rows of the event's goods in its country."""
    goods, countries = list(engine.world.goods["name"]), list(engine.world.countries)
    wanted = [goods.index(name) for name in event.goods if name in goods]
    code = countries.index(event.actor) if event.actor in countries else -2
    return np.flatnonzero(np.isin(good, wanted) & (country == code))


def _stop_capacity(engine: Any, event: Event, hit: Bools) -> None:
    if event.outage_share > 0.0:
        layout, lost = engine.layout, engine.columns.node_outage_share
        nodes = _rows(engine, event, layout.node_good, layout.node_country)
        where = np.ix_(hit, nodes[~layout.node_leak[nodes]])
        lost[where] = np.maximum(lost[where], event.outage_share)


def _move_demand(engine: Any, event: Event, hit: Bools) -> None:
    if event.demand_factor != 1.0:
        buyers = _rows(engine, event, engine.layout.buyer_good, engine.layout.buyer_country)
        engine.columns.buyer_disturbance[np.ix_(hit, buyers)] += math.log(event.demand_factor)


def _cheapen(engine: Any, event: Event, hit: Bools) -> None:
    if event.capex_factor != 1.0:
        sites = _rows(engine, event, engine.layout.site_good, engine.layout.site_country)
        engine.columns.site_capex[np.ix_(hit, sites)] *= event.capex_factor


def event_view(engine: Any, run: int) -> list[dict[str, Any]]:
    """Return the events of the last year in a run, newest first: they are public."""
    seen = []
    for back in range(REMEMBERED):
        step = engine.step_number - back
        for event in engine.events:
            if happens(engine, event, step)[run]:
                when = engine.scenario.quarter_label(step)
                named = {"quarter": when, "name": event.name, "kind": event.kind, "title": event.title}
                about = {"actor": event.actor, "target": event.target, "good": list(event.goods)}
                seen.append({**named, **about})
    return seen
