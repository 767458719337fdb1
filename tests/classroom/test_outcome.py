"""What a round brought and why: numbers are the game's, causes add up, a silent seat is no cause."""

import pytest
from classroom_kit import small_game

from experiments.debrief.board import cells_of
from experiments.debrief.outcome import causes, opening_cells, outcome

TAX = [{"type": "export_tax", "fields": {"good": "gallium", "rate": 0.3}}]
TARIFF = [{"type": "import_tariff", "fields": {"good": "gallium", "target": ["CHN"], "rate": 0.3}}]
OUTAGE = {"kind": "outage", "actor": "CHN", "good": "gallium"}
PRICES = [("outside_price_usd_per_t", good, "CHN") for good in ("gallium_refined", "germanium_refined")]


@pytest.fixture(scope="module")
def world():
    return small_game().engine.world


def test_an_outcome_has_the_numbers_of_the_game(world):
    """Prices, shares and scores of a round are those of the results; a copy without tables tells the same."""
    game = small_game(world=world)
    game.play_round({"CHN": TAX})
    copy = game.copy()
    for one in (game, copy):
        one.play_round({"CHN": []})
    found, series = outcome(game), game.results().series
    last = series[series["quarter"].astype(str) == "2026Q4"]
    rows = last[(last["metric"] == "outside_price_usd_per_t") & (last["good"] == "gallium_refined")]
    assert found["prices"][0]["outside"] == rows[rows["country"] == "CHN"]["value"].iloc[0]
    year = series[(series["metric"] == "score_usd") & (series["quarter"].astype(str) >= "2026Q1")]
    japan = year[(year["country"] == "JPN") & (year["good"] == "all")]["value"].sum()
    assert found["seats"]["JPN"]["score_usd"] == pytest.approx(japan, rel=1e-12)
    assert outcome(copy) == found
    assert (found["quarter_from"], found["quarter_to"]) == ("2026Q1", "2026Q4")


def test_changes_of_the_first_round_are_against_the_opening(world):
    """Round 1 counts from the opening that screens draw, as its causes do; handed over or worked out is the same."""
    before = small_game(world=world)
    game = before.copy()
    game.play_round({"CHN": TAX}, events=[OUTAGE])
    found, opening = outcome(game), opening_cells(before)
    assert outcome(game, opening=opening) == found and repr(opening_cells(game)) == repr(opening)  # nan too
    told = {one["good"]: one["total"] for one in causes(before, game.played[0], PRICES)}
    for row in found["prices"]:
        start = opening["outside_price_usd_per_t", row["good"], row["leader"]]
        assert row["outside_change"] == pytest.approx(row["outside"] / start - 1.0, rel=1e-12)
        assert row["outside"] - start == pytest.approx(told[row["good"]], rel=1e-9)
    panels, (quarter, first) = game.recorder.observer.panels, game.recorder.seen[0]
    now, key = cells_of(panels, first), ("outside_price_usd_per_t", "gallium_refined", "CHN")
    assert (
        quarter == "2025Q1" and abs(now[key] / opening[key] - 1.0) > 0.001
    )  # its own first quarter is another base


def test_causes_add_up_and_blame_who_acted(world):
    """Parts sum to the change to 1e-9; the tariff's seat and the outage have parts of their own, a silent seat none."""
    before = small_game(world=world)
    game = before.copy()
    entry = game.play_round({"USA": TARIFF, "JPN": []}, events=[OUTAGE])
    for told in causes(before, entry, PRICES):
        assert sum(part["amount"] for part in told["parts"]) == pytest.approx(
            told["total"], rel=1e-9, abs=1e-6
        )
        assert {part["cause"] for part in told["parts"]} == {"drift", "USA", "events"}
    gallium = {part["cause"]: part["amount"] for part in causes(before, entry, PRICES)[0]["parts"]}
    assert gallium["events"] > 0.01 * outcome(game)["prices"][0]["outside"]


def test_without_orders_all_is_drift(world):
    """A round in which nobody does anything is explained by drift alone."""
    before = small_game(world=world)
    entry = before.copy().play_round()
    (told,) = causes(before, entry, PRICES[:1])
    assert told["parts"] == [{"cause": "drift", "amount": told["total"]}]
