"""Searches from files: the best within a budget, going on after an interruption, faults of a file."""

import json
import shutil
from functools import partial
from pathlib import Path

import pytest
from small_study import Here, small_study

from experiments.study import search
from experiments.study.search import ask_and_tell
from experiments.study.search_file import load_search, search_files
from experiments.study.study import Study
from model.error import OreblocError
from orebloc import main

SEARCH = """
name = "tax"
question = "Which tax brings most within the budget?"
until = "2026Q2"
seed = 4
scenarios = [{ name = "tiny", scenario = "tiny" }]
levers.tax = { path = "measures.3.fields.rate", values = [0.05, 0.1, 0.15, 0.2] }
design = { kind = "monte_carlo", runs = 1 }

[[outcomes]]
name = "tariff"
metric = "tariff_usd"
country = "USA"
take = "sum"
goal = "higher"

[search]
outcome = "tariff"
rounds = 2
batch = 4
budget = { outcome = 'tariff', most = 1.8e6 }
"""
#: USD of tariffs, between what the two highest taxes bring.
LIMIT = 1.8e6


def written(folder: Path, text: str) -> str:
    """Write a search file; return its path."""
    path = folder / "tax.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Candidates are computed here: other tests are of workers."""
    monkeypatch.setattr(search, "LocalPool", Here)


def searched(file: str, out: Path, rounds: int = 2) -> int:
    """Search by the command; return its exit code."""
    return main(
        ["study", "search", file, "--out", str(out), "--workers", "1", "--rounds", str(rounds), "--json"]
    )


def test_the_best_policy_within_a_budget_and_again_after_an_interruption(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The best has the highest revenue of those within the budget; a round that was lost changes nothing."""
    import pandas as pd

    file, out = written(tmp_path, SEARCH), tmp_path / "out"
    assert searched(file, out) == 0
    found = json.loads((out / "found.json").read_text())
    trials = pd.read_csv(out / "trials.csv")
    revenue = trials.groupby("tax")["tariff"].first()
    within = revenue[revenue <= LIMIT]
    assert len(within) > 1 and within.is_unique and revenue.max() > LIMIT
    assert json.loads(capsys.readouterr().out)["best"] == found["best"] == {"tax": within.idxmax()}
    assert found["candidates"] == len(trials) == 8 and found["outcomes"]["tariff"] == within.max()

    before = (out / "found.json").read_bytes()
    (out / "found.json").unlink()
    shutil.rmtree(out / "round_001")
    assert searched(file, out) == 0 and (out / "found.json").read_bytes() == before

    capsys.readouterr()
    assert searched(written(tmp_path, SEARCH.replace("most =", "least =")), out) == 2
    assert "holds search tax, not this one as it is written now" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        ('outcome = "tariff"', 'outcome = "tarif"', "tarif"),
        ("levers.tax", "uncertainties.tax", "0 levers; it must have one scenario and at least one lever"),
        (", most = 1.8e6", ", most = 1e6, least = 2e6", r"least 2e\+06 and at most 1e\+06; no value is both"),
        ("values = [0.05, 0.1, 0.15, 0.2]", "low = 0.2, high = 0.1", "goes from low 0.2 to high 0.1"),
        ("values = [0.05, 0.1, 0.15, 0.2]", "low = 0.2", "Lever tax has no high"),
        ("fields.rate", "fields.rat", "Field 'rat' is unknown"),
        ('metric = "tariff_usd"', "", "Metric is missing"),
        ('outcome = "tariff"', "targets = { tariff = {} }", "Value is missing"),
        ("\nrounds = 2", "\nround = 2", "Field 'round' is unknown. Did you mean rounds"),
        ('outcome = "tariff"', "", "has no mark; it must have one of outcome, targets and episodes"),
        (", most = 1.8e6", "", "Budget limits nothing. Write most or least"),
        ("batch = 4", "batch = 0", "Batch"),
        ("[search]", "[serch]", "serch|needs a table"),
    ],
)  # fmt: skip
def test_faults_of_a_file_are_told(tmp_path: Path, was: str, becomes: str, words: str) -> None:
    """Each fault is one message that names the file."""
    file = written(tmp_path, SEARCH.replace(was, becomes))
    with pytest.raises(OreblocError, match=words) as error:
        load_search(file)
    assert "tax.toml" in str(error.value)


def test_a_budget_that_nothing_meets_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2 with the nearest miss and what to widen; the candidates that were tried stay readable."""
    file, out = (
        written(tmp_path, SEARCH.replace("most = 1.8e6", "least = 1e12").replace("batch = 4", "batch = 2")),
        tmp_path / "out",
    )
    assert searched(file, out, rounds=1) == 2
    told = capsys.readouterr().err
    assert "No candidate of 2 keeps within the budget of tariff at least 1e+12; the nearest is" in told
    assert len((out / "trials.csv").read_text().splitlines()) == 3 and not (out / "found.json").exists()


@pytest.mark.parametrize(
    ("word", "value", "words"),
    [("--rounds", "0", "Number of rounds is 0"), ("--workers", "-1", "Number of workers is -1"),
     ("--limit", "0", "Time limit is 0 s")],
)  # fmt: skip
def test_a_number_out_of_bounds_is_told_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], word: str, value: str, words: str
) -> None:
    """Exit code 2, and no folder."""
    out = tmp_path / "out"
    assert main(["study", "search", written(tmp_path, SEARCH), "--out", str(out), f"{word}={value}"]) == 2
    assert words in capsys.readouterr().err and not out.exists()


def test_a_name_that_is_nearly_right_is_helped(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A search that does not exist is a user's mistake: exit code 2, with the nearest name."""
    assert searched("fear_in_histori", tmp_path / "out") == 2
    assert "fear_in_history" in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_the_shipped_searches_load() -> None:
    """One of a policy and one of episodes ship, and both pass their checks."""
    assert set(search_files()) >= {"fear_in_history", "subsidy_for_a_budget"}
    policy, history = load_search("subsidy_for_a_budget"), load_search("fear_in_history")
    assert policy.study is not None and policy.outcome and policy.budget is not None and not policy.episodes
    assert [episode.name for episode in history.episodes] == [
        "rare_earth_crisis_2010"
    ] and history.study is None


def taxed(monkeypatch: pytest.MonkeyPatch, **lever: object) -> Study:
    """Return a study whose lever brings tax times (1 - tax), computed by hand instead of by the engine."""

    def revenue(study: object, candidates: list[dict[str, float]], *more: object) -> list[dict[str, float]]:
        return [{"tariff": row["tax"] * (1.0 - row["tax"])} for row in candidates]

    monkeypatch.setattr(search, "_tried", revenue)
    outcome = {"name": "tariff", "metric": "tariff_usd", "country": "USA", "take": "sum", "goal": "higher"}
    levers = {"tax": {"path": "measures.3.fields.rate", **lever}}
    return small_study(scenarios=["tiny"], levers=levers, uncertainties={}, outcomes=[outcome], design=None)


def test_a_lever_is_fitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tax that gave a revenue is found again from the revenue, and the same search tries the same candidates."""
    study = taxed(monkeypatch, low=0.01, high=0.5)
    found = search.fit(study, {"tariff": 0.42 * 0.58}, tmp_path, rounds=6, batch=6)
    assert found.best["tax"] == pytest.approx(0.42, abs=0.02) and len(found.trials) == 36
    later = found.trials[found.trials["round"] > 1]["loss"].median()
    assert later < found.trials[found.trials["round"] <= 1]["loss"].median()
    again = search.fit(study, {"tariff": 0.42 * 0.58}, tmp_path, rounds=6, batch=6)
    assert again.trials.equals(found.trials)


def test_the_best_policy_keeps_to_its_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best is at the top of the curve; within a budget just below it; where nothing is within, that is told."""
    study = taxed(monkeypatch, values=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    best = partial(search.best_policy, study, "tariff", tmp_path, rounds=2, batch=8)
    assert best().best == {"tax": 0.5}
    assert best(budget=("tariff", 0.22)).best == {"tax": 0.3}
    assert best(budget=search.Budget("tariff", most=0.2)).best == {"tax": 0.2}
    with pytest.raises(OreblocError, match="No candidate of 16 keeps within the budget of tariff at most -1"):
        best(budget=("tariff", -1.0))
    with pytest.raises(OreblocError, match="Number of candidates a round is 0; it must be 1 or more"):
        best(batch=0)


def test_candidates_without_an_answer_are_never_the_best() -> None:
    """A candidate that failed or gave no number is passed over; where all did, that is told."""
    levers = load_search("fear_in_history").levers

    def half(number: int, candidates: list[dict[str, float]]) -> list[dict[str, float]]:
        return [
            [{}, {"x": float("nan")}, {"x": row["panic"]}][place % 3] for place, row in enumerate(candidates)
        ]

    found = ask_and_tell(levers, 1, half, lambda mean: mean["x"], rounds=1, batch=6)
    assert found.loss == found.best["panic"] == found.trials["x"].min()
    with pytest.raises(OreblocError, match="No candidate has an answer"):
        ask_and_tell(levers, 1, lambda _, rows: [{} for _ in rows], lambda mean: 0.0, rounds=1, batch=3)
