"""What states decide in a run: any instrument, the repeal of a measure, and moves about treaties.

`take_orders(engine, sheets)` reads, checks and takes in the orders of one quarter. An order holds from the quarter in
which it is given, or from its own later date, until its end. What is refused is told in one message.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from model.clauses import BY_NAME as CLAUSES_BY_NAME
from model.field import Field, Place
from model.instruments import BY_NAME
from model.measure_plan import BASE_QUARTERS
from model.name import EU_MEMBERS, WORLD, did_you_mean
from model.order import Order, OrderKind, order_from
from model.price_limit import base_prices, check_prices
from model.quarter_date import first_date, last_date, quarter_index
from model.sheet import read_sheet
from model.stock_limit import check_stock_order, stock_order_most
from model.treaty import Treaty
from model.treaty_library import treaty_of_row
from model.treaty_move import BY_NAME as MOVES_BY_NAME
from model.treaty_move import apply_move

_MEASURE = Field("measure", "integer", "Measure", "the measure's id, as the view lists it", low=0.0,
                 remedy="The view lists the measures in force with their ids.")  # fmt: skip


_DOCUMENT = Field("document", "table", "Document", "id, kind, members and clauses, as in a scenario")


def _drafts(order: Order) -> str:
    return f"{order.actor} drafts treaty {order.fields['document'].get('id', '')} in {order.quarter}."


def _repeals(order: Order) -> str:
    return f"{order.actor} repeals measure {order.fields['measure']} in {order.quarter}."


REPEAL = OrderKind("repeal", "Repeal", "Ends one of its own measures at once.", (_MEASURE,), _repeals)
DRAFT = OrderKind(
    "draft_treaty", "New treaty", "Puts a treaty of its own on the table.", (_DOCUMENT,), _drafts
)
#: Everything a state may order: all instruments, repeal, treaties of its own, moves about treaties.
STATE_ORDERS_BY_NAME: dict[str, OrderKind] = {
    **BY_NAME,
    REPEAL.name: REPEAL,
    DRAFT.name: DRAFT,
    **MOVES_BY_NAME,
}

Sheets = Mapping[str, Sequence[Any]]

#: Fields of instruments by which others would pay or be bound, with their kinds.
_BINDS_OTHERS = {"burden": "shares", "members": "countries", "payer": "country"}
#: The clause by which a treaty's members do together what an instrument does for one.
_SHARED_BY = {
    "price_support": "gap_subsidy",
    "investment_fund": "joint_projects",
    "research_programme": "research",
    "standards": "standards",
}


def own_fields(kind: OrderKind) -> tuple[Field, ...]:
    """Return the fields that a seat's form offers: without those by which others would pay or be bound."""
    return tuple(field for field in kind.fields if not _may_bind_others(kind, field))


def _may_bind_others(kind: OrderKind, field: Field) -> bool:
    return kind.name in BY_NAME and _BINDS_OTHERS.get(field.name) == field.kind


def take_orders(engine: Any, sheets: Sheets) -> list[tuple[str, int, Order]]:
    """Take in the quarter's orders: `sheets[seat][run]` is the list a state gives in that run of the engine.

    All are checked before any takes effect. Repeals come first, then treaty moves, then measures; the same measure
    of several runs is taken in once and switched on in those runs. Returns (seat, run, order) as accepted.
    Raises `OreblocError` for the first order that cannot be.
    """
    accepted = [
        (seat, run, order)
        for seat, runs in sheets.items()
        for run, given in enumerate(runs)
        for order in check_orders(engine, seat, run, given)
    ]
    for _, run, order in accepted:
        if order.type == REPEAL.name:
            mask = np.arange(engine.runs) == run
            number = order.fields["measure"]
            engine.switch(number, engine.history.measure_force[:, number] * ~mask)
    for _, run, order in accepted:
        if order.type == DRAFT.name:
            engine.add_treaty(_treaty(engine, order, Place()))
        elif order.type in MOVES_BY_NAME:
            apply_move(engine, order, np.arange(engine.runs) == run)
    _switch_on(engine, [(run, order) for _, run, order in accepted if order.type in BY_NAME])
    for seat, run, order in accepted:
        engine.record(seat, order, run=run)
    return accepted


def _switch_on(engine: Any, given: list[tuple[int, Order]]) -> None:
    """Add each different measure once and switch it on in the runs that ordered it."""
    masks: dict[str, Any] = {}
    orders: dict[str, Order] = {}
    for run, order in given:
        key, again = json.dumps(order.to_mapping(), sort_keys=True), 0
        while f"{again} {key}" in masks and masks[f"{again} {key}"][run]:
            again += 1  # the same order twice on one sheet counts twice
        mask = masks.setdefault(f"{again} {key}", np.zeros(engine.runs, dtype=bool))
        mask[run] = True
        orders[f"{again} {key}"] = order
    if orders:
        numbers = engine.add_measures(list(orders.values()), dated=True)
        for number, mask in zip(numbers, masks.values(), strict=True):
            engine.switch(number, mask)


def check_orders(engine: Any, seat: str, run: int, given: Any) -> list[Order]:
    """Return a state's orders of the quarter, checked against this world. Raises `OreblocError`."""
    quarter, scenario = engine.quarter_label, engine.scenario
    orders, prices, most = [], base_prices(engine.world), stock_order_most(engine.world)
    for number, mapping in enumerate(read_sheet(seat, quarter, given)):
        place = Place(f"{seat} in {quarter}", f"orders[{number}]", scenario.rare_earths, scenario.eu_members)
        order = order_from(mapping, STATE_ORDERS_BY_NAME, place)
        _check_time(engine, order, place)
        _check_names(engine, order, place)
        _check_own(order, place)
        about = f" of {order.actor}"
        check_prices(STATE_ORDERS_BY_NAME[order.type].fields, order.fields, prices, place, about)
        check_stock_order(order, most, place)
        if order.type == REPEAL.name:
            _check_repeal(engine, run, order, place)
        elif order.type == DRAFT.name:
            _treaty(engine, order, place.at("fields").at("document"))
        elif order.type in MOVES_BY_NAME:
            apply_move(engine, order, False)  # in no run: only to be refused here if it must be
        orders.append(order)
    return orders


def _check_time(engine: Any, order: Order, place: Place) -> None:
    now, title = engine.quarter_label, STATE_ORDERS_BY_NAME[order.type].title.lower()
    is_measure = order.type in BY_NAME
    if last_date(order.quarter) < first_date(now) or (not is_measure and order.quarter != now):
        what = f"{now} or later" if is_measure else f"{now}, as it takes effect at once"
        place.at("quarter").refuse(
            f"Start of the {title} of {order.actor} is {order.quarter}; it must be {what}. "
            "Leave the quarter out to begin now."
        )
    if quarter_index(order.quarter) > quarter_index(engine.scenario.end):
        place.at("quarter").refuse(
            f"Start of the {title} of {order.actor} is {order.quarter}; "
            f"it must be {engine.scenario.end} or earlier, "
            "the last quarter of the run. Leave the quarter out to begin now."
        )


def _check_names(engine: Any, order: Order, place: Place) -> None:
    """Refuse goods and countries that this world does not have apart."""
    goods, countries = list(engine.world.goods["name"]), list(engine.world.countries)
    kinds = {field.name: field for field in STATE_ORDERS_BY_NAME[order.type].fields}
    for name, value in order.fields.items():
        field, spot = kinds[name], place.at("fields").at(name)
        words = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        if field.kind in ("good", "goods"):
            for word in words:
                if word not in goods:
                    remedy = did_you_mean(word, goods, f"It has {', '.join(goods)}.")
                    spot.refuse(
                        f"{field.label} of {order.actor} is {word}, which this world does not have. {remedy}"
                    )
        elif field.kind in ("country", "countries", "place"):
            for word in words:
                if word not in (*countries, WORLD, "EU27", *EU_MEMBERS, ""):
                    spot.refuse(
                        f"{field.label} of {order.actor} is {word}, which this world has within OTH. "
                        f"Write OTH, or one of {', '.join(countries)}."
                    )


def _check_own(order: Order, place: Place) -> None:
    """Refuse an order by which another state would pay or its buyers be bound: that takes its consent."""
    kind = STATE_ORDERS_BY_NAME[order.type]
    for field in kind.fields:
        if not _may_bind_others(kind, field):
            continue
        value = order.fields[field.name] or []
        others = [code for code in ([value] if isinstance(value, str) else value) if code != order.actor]
        if others:
            clause = _SHARED_BY.get(order.type)
            remedy = f"; a treaty with clause {clause} (draft_treaty) needs their consent" if clause else ""
            place.at("fields").at(field.name).refuse(
                f"{field.label} of the {kind.title.lower()} of {order.actor} names {', '.join(others)}; "
                f"a state's order may name {order.actor} only. Leave the field out{remedy}."
            )


def _treaty(engine: Any, order: Order, place: Place) -> Treaty:
    """Return the treaty that a state drafts, on the table from this quarter, for states to decide on."""
    if engine.runs > 1:
        place.refuse(
            f"{order.actor} drafts a treaty; that takes an engine of one run, this one has {engine.runs}."
        )
    settled = ("signed", "in_force", "ended")
    row = {key: value for key, value in order.fields["document"].items() if key not in settled}
    treaty = treaty_of_row({**row, "proposed": order.quarter, "decides": True}, place)
    if order.actor not in treaty.members:
        place.at("members").refuse(
            f"{order.actor} drafts a treaty without itself. Add {order.actor} to the members."
        )
    for number, clause in enumerate(treaty.clauses):
        kind, spot = CLAUSES_BY_NAME[clause.type], place.at("clauses").at(number)
        check_prices(kind.fields, clause.fields, base_prices(engine.world), spot, f" of clause {clause.type}")
    if treaty.id in [other.id for other in engine.treaties.treaties]:
        place.at("id").refuse(f"Treaty {treaty.id} is there already. Give the new one an id of its own.")
    return treaty


def _check_repeal(engine: Any, run: int, order: Order, place: Place) -> None:
    number, measures = order.fields["measure"], engine.plan.measures
    own = [m for m in in_force(engine, run) if measures[m].order.actor == order.actor]
    free = [m for m in own if measures[m].treaty < 0]
    if number in free:
        return
    listed = ", ".join(f"{m} ({measures[m].order.type})" for m in free)
    remedy = f"Its measures are {listed}." if free else "It has none in force."
    bound = number in own
    why = (
        "which carries out a treaty; leave the treaty to end it" if bound else "which is none of its measures"
    )
    place.at("fields").at("measure").refuse(f"{order.actor} repeals measure {number}, {why}. {remedy}")


def in_force(engine: Any, run: int, ahead: bool = False) -> list[int]:
    """Return the numbers of the measures in force in a run in this quarter; `ahead`: or later by their date."""
    held, step = engine.history.measure_force[run], engine.step_number
    found = []
    for m, measure in enumerate(engine.plan.measures):
        days = measure.active[BASE_QUARTERS + step :]
        if held[m] > 0.0 and (not measure.dated or (days.any() if ahead else days[0] > 0.0)):
            found.append(m)
    return found
