"""Taxes, duties, tariffs and floors of the base year, and flows stated as zero, are in the calibrated world."""

import importlib

import numpy as np
import pytest
from base_scenario import LICENCES, scenario

from model.calibration import base_terms, calibrate, residual
from model.engine import Engine
from model.error import OreblocError
from model.market.clearing import Clearer, allocate_answer, allocate_terms
from model.world import World

GOOD = "gallium_refined"


def measure(kind: str, actor: str, **fields: object) -> dict:
    return {"type": kind, "actor": actor, "quarter": "2020Q1", "fields": {"good": "gallium", **fields}}


FLOOR = measure("price_floor", "JPN", price_usd_per_t=900_000)
HALF_FLOOR = {**FLOOR, "quarter": "2024-07-01"}
DUTY = measure("import_tariff", "USA", duty_usd_per_t=200_000, rate=0.1)
COUNTERVAILING = measure("trade_defence", "USA", target=["CHN"], form="countervailing", rate=0.5)
DUMPING = measure("trade_defence", "USA", target=["CHN"], normal_usd_per_t=600_000)
TAX = measure("export_tax", "CHN", duty_usd_per_t=100_000)


def gallium(*measures: dict, **changes: object) -> World:
    return calibrate(scenario(goods=["gallium"], measures=list(measures), **changes))


@pytest.mark.parametrize(
    "measures",
    [[FLOOR], [HALF_FLOOR], [DUTY], [COUNTERVAILING], [DUMPING], [TAX], [LICENCES[0], FLOOR, DUTY]],
    ids=["floor", "half a year", "duty", "countervailing", "dumping", "tax", "together"],
)
def test_levies_of_the_base_year_stand_in_its_equilibrium(measures: list[dict]) -> None:
    """Cold clearing under the base year's levies returns its prices and flows to 1e-8."""
    world = gallium(*measures)
    terms, answer = allocate_terms(world.network, 1), allocate_answer(world.network, 1)
    for name, row in base_terms(world).items():
        getattr(terms, name)[0] = row
    Clearer(world.network).clear(terms, answer, warm=False)
    sells = world.nodes["capacity_t"].to_numpy() > 0.0
    assert answer.price[0][sells] == pytest.approx(world.nodes["price_usd_per_t"].to_numpy()[sells], rel=1e-8)
    flows = world.routes["flow_t"].to_numpy()
    assert np.abs(answer.flow_t[0] - flows).max() < 1e-8 * flows.sum()


def landed(world: World, origin: str, destination: str) -> float:
    found = world.routes[(world.routes["origin"] == origin) & (world.routes["destination"] == destination)]
    return float(found.loc[found["kind"] == "producer", "landed_price_usd_per_t"].iloc[0])


def test_how_high_they_stand() -> None:
    """A floor is the landed price, for half a year half its top-up; duties add; a dumping duty is the margin."""
    free = gallium()
    plain = landed(free, "CHN", "JPN")
    assert landed(gallium(FLOOR), "CHN", "JPN") == pytest.approx(900_000)
    assert landed(gallium(HALF_FLOOR), "CHN", "JPN") == pytest.approx(
        plain + 0.5 * (900_000 - plain), rel=0.01
    )
    plain = landed(free, "CHN", "USA")
    assert landed(gallium(DUTY), "CHN", "USA") == pytest.approx(1.1 * plain + 200_000)
    assert landed(gallium(COUNTERVAILING), "CHN", "USA") == pytest.approx(1.5 * plain)
    price = float(free.nodes["price_usd_per_t"].iloc[0])
    assert landed(gallium(DUMPING), "CHN", "USA") == pytest.approx(plain * 600_000 / price)


def test_a_levy_of_the_base_year_is_no_news_at_the_start() -> None:
    """The first quarter under a floor that always held is the base year; a floor that is new moves purchases."""
    bought = {}
    for name, start in (("old", "2020Q1"), ("new", "2025Q1")):
        world = gallium({**FLOOR, "quarter": start})
        engine = Engine(world.scenario, world=world)
        engine.step()
        buyer = np.flatnonzero((world.buyers["country"] == "JPN").to_numpy())[0]
        rows = np.flatnonzero((world.routes["buyer"] == buyer).to_numpy())
        abroad = rows[(world.routes["origin"].to_numpy()[rows] != "JPN")]
        bought[name] = engine.answer.flow_t[0, abroad].sum() / world.routes["flow_t"].to_numpy()[abroad].sum()
    assert bought["new"] < 0.9 * bought["old"]


def test_an_export_duty_leaves_its_own_gap() -> None:
    """Inside price plus the duty is the price outside, whatever gap the data name for licences."""
    row = gallium(TAX).nodes.set_index(["country", "kind"])["price_usd_per_t"]
    assert row["CHN", "producer"] + 100_000 == pytest.approx(gallium().nodes["price_usd_per_t"].max())


def test_a_duty_above_the_price_is_refused() -> None:
    with pytest.raises(OreblocError, match="Export duty of CHN on gallium_refined is 1e"):
        gallium(measure("export_tax", "CHN", duty_usd_per_t=1e7))


def test_what_only_acts_from_the_start_is_told() -> None:
    """A support of the base year, and a quota below the base year's exports, are in the record."""
    support = measure("price_support", "JPN", strike_usd_per_t=900_000)
    quota = measure("export_quota", "CHN", quantity_t=1)
    said = " ".join(gallium(support, quota).assumptions["what"])
    assert "price support of JPN, held in the base year but acts from the start on" in said
    assert "export quota of CHN on gallium_refined, is 4 t in the base year, exports are" in said


@pytest.mark.parametrize(
    ("good", "origin", "destination"), [(GOOD, "CHN", "USA"), ("cobalt_refined", "CHN", "JPN")]
)
def test_a_flow_stated_as_zero_is_zero(good: str, origin: str, destination: str) -> None:
    """A stated zero is reproduced, and said."""
    stated = {"good": good, "origin": origin, "destination": destination, "quantity_t": 0}
    world = calibrate(scenario(goods=[good.split("_")[0]], base={"exports": [stated]}))
    assert np.abs(residual(world)["balance"]).max() < 1e-12
    route = (world.routes["good"] == good) & (world.routes["origin"] == origin)
    route &= world.routes["destination"] == destination
    assert not residual(world)["flow_t"][route & (world.routes["kind"] == "producer")].any()
    assert any("is stated as 0" in what for what in world.assumptions["what"])


def test_a_world_that_misses_its_table_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard sees a preference that does not belong to the table."""
    module = importlib.import_module("model.calibration.calibrate")
    honest = module._finish_routes

    def spoilt(layout: object) -> None:
        honest(layout)
        layout.routes.loc[layout.routes["flow_t"].idxmax(), "preference"] *= 0.5

    monkeypatch.setattr(module, "_finish_routes", spoilt)
    with pytest.raises(OreblocError, match="Base year 2024 of gallium_refined cannot be reproduced"):
        gallium()


@pytest.mark.parametrize(
    ("base", "says"),
    [
        ({"demand_shares": [{"good": GOOD, "country": "USA", "share": 0.7},
                            {"good": GOOD, "country": "CHN", "share": 0.7}]}, "add up to 1.4"),
        ({"demand_shares": [{"good": GOOD, "country": "USA", "share": 0.1}] * 2}, "is there twice"),
        ({"exports": [{"good": GOOD, "origin": "CHN", "destination": "USA", "quantity_t": 5}] * 2}, "there twice"),
        ({"prices": [{"good": GOOD, "country": "CHN", "outside_usd_per_t": 0}]}, "Write a price above 0"),
        ({"prices": [{"good": GOOD, "country": "CHN", "inside_usd_per_t": 4e5, "outside_usd_per_t": 2e5}]},
         "must be at most the price outside"),
    ],
)  # fmt: skip
def test_contradictions_are_refused(base: dict, says: str) -> None:
    with pytest.raises(OreblocError, match=says):
        gallium(base=base)


def test_an_export_nobody_makes_is_told() -> None:
    stated = [{"good": GOOD, "origin": "BRA", "destination": "USA", "quantity_t": 5}]
    world = gallium(base={"exports": stated})
    assert any("from BRA to USA is left out: BRA makes none" in what for what in world.assumptions["what"])
