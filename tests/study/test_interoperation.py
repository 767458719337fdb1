"""Others' tools: Mesa's batch_run, the EMA Workbench, PettingZoo, Optuna."""

import inspect
import warnings
from pathlib import Path
from typing import Any

import mesa
import numpy as np
import pytest
from small_study import OUTCOMES, run_here, small_study

import orebloc
from experiments.seat_environment import SeatGame, parallel_env
from experiments.study.archive import Archive
from experiments.study.ema_model import ema_model
from experiments.study.search import fit, search
from model.error import OreblocError


def test_mesa_runs_our_model_in_batches() -> None:
    """`mesa.batch_run` takes TradeModel with keyword parameters and seeds, and its model data differ by both."""
    found = mesa.batch_run(
        orebloc.TradeModel, {"scenario": ["tiny"], "until": "2025Q2", "seed": [1, 2], "discount_private": [0.06, 0.14]},
        number_processes=1, display_progress=False,
    )  # fmt: skip
    assert len(found) == 4 and {row["quarter"] for row in found} == {"2025Q2"}
    prices = {(row["seed"], row["discount_private"]): row["price gallium_refined"] for row in found}
    assert prices[1, 0.06] != prices[2, 0.06]


def test_mesa_hands_over_generators() -> None:
    """`rng`, a keyword of `mesa.batch_run` in Mesa 3.5 and of the model before, makes the numbers and repeats them."""
    parameters: dict[str, Any] = {"scenario": ["tiny"], "until": "2025Q2"}
    words: dict[str, Any] = {"number_processes": 1, "display_progress": False}
    (words if "rng" in inspect.signature(mesa.batch_run).parameters else parameters)["rng"] = [1, 2]

    def prices() -> list[float]:
        found = mesa.batch_run(orebloc.TradeModel, parameters, **words)
        return [row["price gallium_refined"] for row in found]

    first = prices()
    assert len(set(first)) == 2 and prices() == first


def test_the_workbench_runs_a_study(tmp_path: Path) -> None:
    """An experiment of the EMA Workbench has the numbers of the same run of the study."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ema_workbench import SequentialEvaluator
    study = small_study(
        until="2025Q1", outcomes=OUTCOMES[:1], luck="shared", design={"kind": "monte_carlo", "runs": 2}
    )
    model = ema_model(study, "taxed")
    with SequentialEvaluator(model) as evaluator:
        experiments, outcomes = evaluator.perform_experiments(scenarios=2, policies=2)
    assert len(experiments) == 4 and outcomes["share"].shape == (4,) and np.isfinite(outcomes["share"]).all()
    run_here(study, tmp_path / "out")
    row = Archive(tmp_path / "out").table.query("scenario == 'taxed'").iloc[0]
    given = {name: row[name] for name in ("tax", "discount_private", "stock_days")}
    assert model.function(**given)["share"] == row["share"]


def test_pettingzoo_s_own_test_passes() -> None:
    """PettingZoo's test of parallel environments passes, and the same seed gives the same game."""
    pytest.importorskip("pettingzoo")
    from pettingzoo.test import parallel_api_test

    env = parallel_env(scenario=orebloc.load_scenario("tiny").with_changes({"end": "2026Q4"}))
    parallel_api_test(env, num_cycles=20)
    played = []
    for _ in range(2):
        env.reset(seed=3)
        played.append([env.step({"CHN": 2, "USA": 0})[1] for _ in range(2)])
    assert played[0] == played[1] and env.agents == []


def test_games_in_step_are_the_games_alone() -> None:
    """Game 2 of many is what it is by itself in its first run's place, and choices change rewards."""
    scenario = orebloc.load_scenario("tiny").with_changes({"end": "2025Q4"})
    many, one = SeatGame(scenario, runs=3), SeatGame(scenario)
    many.reset(seed=5)
    one.reset(seed=5)
    actions = np.array([[2, 0], [0, 0], [1, 3]])
    _, rewards = many.step(actions)
    _, alone = one.step(actions[:1])
    np.testing.assert_array_equal(rewards[0], alone[0])
    assert many.is_done and not np.array_equal(rewards[0], rewards[1])
    with pytest.raises(OreblocError, match="they must have shape"):
        many.step(np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("actions", "told"),
    [([[0, 9]], "Action of USA is 9"), ([["x", 0]], "whole numbers"), ([[0.5, 0.0]], "whole numbers"),
     ([[0]], "must have shape"), ([[-1, 0]], "Action of CHN is -1")],
)  # fmt: skip
def test_actions_that_cannot_be_name_the_seat(actions, told):
    """Out of the menu, no whole number, too few: one message, and the game stands where it stood."""
    game = SeatGame("tiny", ["CHN", "USA"])
    game.reset()
    with pytest.raises(OreblocError, match=told):
        game.step(actions)
    assert game.engine.step_number == 0


def test_an_environment_needs_seats_and_an_action_of_each():
    """No seats, a word for a list, a missing action: messages that say what to give."""
    for seats in ([], "CHN"):
        with pytest.raises(OreblocError, match="list of countries"):
            parallel_env(scenario="tiny", seats=seats)
    here = parallel_env(scenario="tiny", seats=["CHN", "JPN"])
    here.reset()
    with pytest.raises(OreblocError, match="Action of JPN is missing"):
        here.step({"CHN": 0})


def test_a_search_tries_candidates_as_a_study_runs_them(tmp_path: Path) -> None:
    """Workers give a candidate the very number that a study of it has, and a search goes on from its rounds."""
    keys: dict[str, Any] = {
        "seed": 6, "uncertainties": {}, "design": {"kind": "monte_carlo"}, "until": "2025Q2",
        "outcomes": [{"name": "tariff", "metric": "tariff_usd", "country": "USA", "take": "sum"}],
    }  # fmt: skip
    changes = {"measures.3.fields.rate": 0.42}
    known = small_study(
        scenarios=[{"name": "tiny", "scenario": "tiny", "changes": changes}], levers={}, **keys
    )
    run_here(known, tmp_path / "known")
    target = float(Archive(tmp_path / "known").table["tariff"].iloc[0])
    lever = {"tax": {"path": "measures.3.fields.rate", "values": [0.3, 0.42]}}
    base = small_study(scenarios=["tiny"], levers=lever, **keys)
    found = fit(base, {"tariff": target}, tmp_path / "fit", rounds=1, batch=4, workers=1)
    assert found.best == {"tax": 0.42} and found.loss == 0.0 and set(found.trials["tax"]) == {0.3, 0.42}
    again = fit(base, {"tariff": target}, tmp_path / "fit", rounds=1, batch=4, workers=1)
    assert again.trials.equals(found.trials)
    with pytest.raises(OreblocError, match="round of another search"):
        fit(base.with_changes(seed=9), {"tariff": target}, tmp_path / "fit", rounds=1, batch=4, workers=1)
    with pytest.raises(OreblocError, match="has 2 scenarios and 1 levers; a search needs one"):
        search(small_study(), lambda mean: 0.0, tmp_path / "two")
