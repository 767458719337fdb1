"""The promises of every registered instrument. A new one is tested by being registered."""

import json
from pathlib import Path

import numpy as np
import pytest
from measure_world import columns, layout, scenario, tables, terms

import model.instruments
from model.edit import compile_measures
from model.error import ScenarioError
from model.field import KINDS, REQUIRED
from model.instrument import Site
from model.instruments import BY_NAME, INSTRUMENTS
from model.order import order_from

FOLDER = Path(model.instruments.__file__).parent
EVERY = pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda instrument: instrument.name)
#: A value inside the limits for each kind of field that must be written.
#: What makes an order bite in the small world, where its defaults do not: all prices there are 100 usd a t.
BITES = {
    "trade_defence": {"target": ["USA"], "normal_usd_per_t": 150.0},
    "price_floor": {"price_usd_per_t": 500.0},
    "strategic_stockpile": {"target_t": 2e6, "buy_below": 2.0},
    "offtake": {"seller": "CHN", "price_usd_per_t": 150.0},
    "research_programme": {"delay_quarters": 0},
}
SAMPLE = {"good": "gallium_refined", "goods": ["gallium_refined"], "country": "CHN", "countries": ["JPN"],
          "flag": True, "text": "words", "quarter": "2026Q1"}  # fmt: skip


def sample_of(field):
    """Return a value that the field accepts."""
    if field.kind == "choice":
        return field.choices[0]
    if field.kind in SAMPLE:
        return SAMPLE[field.name] if field.name in SAMPLE else SAMPLE[field.kind]
    low = field.low if field.low is not None else 0.0
    high = field.high if field.high is not None else low + 1000.0
    number = low + 0.5 * (high - low)
    return int(number) if field.kind == "integer" else number


def order_of(instrument, **changes):
    """Return a sound order: required fields filled in; optional numbers one by one if that is not enough."""
    fields = {field.name: sample_of(field) for field in instrument.fields if field.default is REQUIRED}
    base = {"type": instrument.name, "actor": "CHN", "quarter": "2025Q2", "end": "2026Q1"}
    optional = [
        f for f in instrument.fields if f.default is not REQUIRED and f.kind in ("path", "number", "share")
    ]
    for extra in [{}, *({field.name: sample_of(field)} for field in optional)]:
        order = {**base, "fields": {**fields, **extra, **changes}}
        try:
            order_from(order, BY_NAME)
        except ScenarioError:
            continue
        return order
    raise AssertionError(f"no sound order of {instrument.name} found")


def test_every_instrument_file_is_registered():
    """A file of the folder that defines an instrument is in the list, under its file's name."""
    files = {path.stem for path in FOLDER.glob("*.py") if "INSTRUMENT =" in path.read_text()}
    assert files == set(BY_NAME)


def test_names_are_unique():
    """The registry maps each name to one instrument."""
    assert len(BY_NAME) == len(INSTRUMENTS)


@EVERY
def test_an_instrument_explains_itself(instrument):
    """Title, summary and every field's label and help are there; forms are built from them."""
    assert instrument.title and instrument.summary.endswith(".")
    for field in instrument.fields:
        assert field.kind in KINDS
        assert field.label and field.help
        assert (field.kind == "choice") == bool(field.choices)
        numeric = field.kind in ("path", "number", "share", "integer")
        assert not numeric or (field.unit and field.low is not None), f"{field.name} needs a unit and a limit"


@EVERY
def test_an_order_survives_json(instrument):
    """An order read, written and read again is the same, in JSON values only."""
    order = order_from(order_of(instrument), BY_NAME)
    assert order_from(json.loads(json.dumps(order.to_mapping())), BY_NAME) == order


@EVERY
def test_an_order_has_a_sentence(instrument):
    """The sentence names the actor and the good, and ends with a full stop."""
    text = instrument.text(order_from(order_of(instrument), BY_NAME))
    assert text.startswith("CHN ") and text.endswith(".")
    assert "2025Q2" in text and "None" not in text
    assert "gallium_refined" in text or "good" not in (field.name for field in instrument.fields)


@EVERY
def test_an_unknown_field_is_refused(instrument):
    """A field that the instrument does not have is an error."""
    order = order_of(instrument)
    order["fields"]["colour"] = "red"
    with pytest.raises(ScenarioError, match="Field 'colour' is unknown"):
        order_from(order, BY_NAME)


@EVERY
def test_numbers_outside_their_limits_are_refused(instrument):
    """Below the low and above the high limit, and not a number: each is an error that names the limit."""
    for field in instrument.fields:
        if field.kind not in ("path", "number", "share", "integer"):
            continue
        bad = [field.low - 1.0] + ([field.high + 1.0] if field.high is not None else [])
        for value in [*bad, "many", float("nan")]:
            order = order_of(instrument)
            order["fields"][field.name] = value
            with pytest.raises(ScenarioError, match="it must be"):
                order_from(order, BY_NAME)


@EVERY
def test_an_order_edits_the_market_only_while_in_force(instrument):
    """Before its start and after its end the terms are those of no measure at all."""
    world = tables()
    made = scenario(order_of(instrument, **BITES.get(instrument.name, {})), base={"stocks": [_stock()]})
    empty = compile_measures(world, scenario(base={"stocks": [_stock()]}))
    plan = compile_measures(world, made)
    assert not plan.notes
    for step in range(made.quarters):
        ours, none, pushed = terms(world, plan), terms(world, empty), columns(world)
        history = plan.new_history(2)
        plan.push(step, history, pushed, layout(world))
        plan.apply(step, ours, history)
        empty.apply(step, none, empty.new_history(2))
        same = all(np.array_equal(a, b) for a, b in zip(ours[:-2], none[:-2], strict=True))
        same = same and all(np.array_equal(a, b) for a, b in zip(pushed, columns(world), strict=True))
        inside = 1 <= step <= 4
        assert (same and np.isinf(ours.quota_t).all()) != inside


@EVERY
def test_an_order_elsewhere_compiles_to_nothing(instrument):
    """An actor without a place in the market edits nothing and does not fail."""
    made = scenario()
    site = Site(tables(), made.base_year, made.start_index, made.quarters)
    order = order_from({**order_of(instrument), "actor": "NOR"}, BY_NAME)
    for place in ("country", "seller"):
        if place in order.fields:
            order = order_from({**order_of(instrument, **{place: "NOR"}), "actor": "NOR"}, BY_NAME)
    assert instrument.compile(order, site) == []


def _stock():
    return {"good": "gallium", "country": "CHN", "holder": "state", "quantity_t": 1e6}
