"""Every field of every instrument acts: two orders that differ in it alone end in different states."""

import functools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from instrument_field import ELSEWHERE, FIELDS, METAL, ORE, WITH
from mechanism import shock

from agents import DECISIONS
from model.engine import Engine
from model.instruments import INSTRUMENTS
from model.measure_plan import PUSHES
from model.tiny import tiny_scenario, tiny_world
from model.world import World

#: A boom that makes firms build and users turn away, then a shortage that opens stocks.
STORY = (
    shock("demand", METAL, "WORLD", 1.4, "2025Q3", "2026Q3"),
    shock("supply", METAL, "AUS", 0.2, "2026Q2", "2026Q3"),
    shock("supply", ORE, "AUS", 0.5, "2026Q2", "2026Q3"),
)
#: Begins inside a quarter, so that what holds for a part of it counts too.
START, QUARTERS = "2025-05-15", 12
CASES = [(kind.name, field.name) for kind in INSTRUMENTS for field in kind.fields if field.name != "good"]
CASES = [case for case in CASES if case not in ELSEWHERE]


@functools.cache
def world() -> World:
    """Return the tiny world; no measure was there in its base year."""
    return tiny_world()


@functools.cache
def ended(stated: str) -> dict[str, np.ndarray]:
    """Return everything of the state after the story under one order, but for what pushes alone are."""
    scenario = tiny_scenario(json.loads(stated), shocks=STORY)
    engine = Engine(scenario, 1, world=replace(world(), scenario=scenario), decide=DECISIONS)
    for _ in range(QUARTERS):
        engine.step()
    seen = {**engine.columns._asdict(), **engine.answer._asdict()}
    return {name: array for name, array in seen.items() if name not in PUSHES and "_factor" not in name}


def under(name, beside, **changed):
    """Return the end under an order of the table, with other fields beside and one changed."""
    actor, fields, _ = FIELDS[name]
    said = {key: value for key, value in {**fields, **beside, **changed}.items() if value is not None}
    order = {"type": name, "actor": actor, "quarter": START, "end": None, "fields": said}
    return ended(json.dumps(order, sort_keys=True))


def moved(one, other):
    """Return the columns in which two ends differ."""
    return [
        name for name in one
        if one[name].shape != other[name].shape
        or not np.allclose(one[name], other[name], rtol=1e-9, atol=1e-9, equal_nan=True)
    ]  # fmt: skip


def test_every_field_has_its_row():
    """A field that is new, or gone, is found."""
    stated = {(name, field) for name, (_, _, changes) in FIELDS.items() for field in changes}
    assert stated == set(CASES)
    for test in ELSEWHERE.values():
        file, name = test.split("::")
        assert f"def {name}(" in (Path(__file__).parents[1] / file).read_text()


@pytest.mark.parametrize(("name", "field"), CASES)
def test_a_field_acts(name, field):
    """Money, tonnes or capacity move when the field alone is changed; a field that nobody reads is found."""
    beside, value = FIELDS[name][2][field]
    assert moved(under(name, beside), under(name, beside, **{field: value}, **WITH.get((name, field), {})))
