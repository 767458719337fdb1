"""Players: whoever fills a seat keeps one contract, and whoever breaks it is told how."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import orebloc
from agents import DECISIONS
from agents.random_player import RandomPlayer
from agents.scripted_player import ScriptedPlayer
from experiments.player_check import check_player
from experiments.player_file import fill_seats, load_class, read_orders, read_pairs, who_is
from model.engine import Engine
from model.error import OreblocError
from model.seat import ROLES, Seat, dominant_country, seat_players, seats_of
from model.tiny import tiny_scenario, tiny_world

GAMBLER = """
import random

class Gambler:
    def decide(self, view):
        dice = random.Random(view["luck"])
        if not view["goods"] or dice.random() < 0.5:
            return []
        good = dice.choice(view["goods"])["good"]
        return [{"type": "export_tax", "fields": {"good": good, "rate": dice.random()}}]
"""
BROKEN = """
class Broken:
    def decide(self, view):
        share = 1.0
        return [share / 0.0]
"""


MINED = {"name": "mined", "start": "2025Q1", "end": "2026Q4", "base_year": 2024, "goods": ["antimony"]}


def small(runs=1, seed=None):
    scenario = tiny_scenario()
    return Engine(scenario, runs, seed, world=tiny_world(scenario), decide=DECISIONS)


def everybody(e, kind):
    seats = seats_of(e.world, dominant_country(e))
    seat_players(e, DECISIONS, {name: kind() for name in seats})
    return e


@pytest.fixture
def idea(tmp_path):
    path = tmp_path / "my_idea.py"
    path.write_text(GAMBLER)
    return path


@pytest.mark.parametrize("role", ROLES)
def test_the_random_player_keeps_the_contract_in_every_role(role):
    """It plays legally, repeats itself, is quick, and answers empty views."""
    report = check_player(RandomPlayer, MINED if role == "miner" else "tiny", role=role)
    assert report.ok, str(report)
    assert len(report.checks) == 6


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_players_in_all_seats_give_legal_orders_only(seed):
    """Five years with chance in every seat: no order is refused, and there are many."""
    e = everybody(small(seed=seed), RandomPlayer).run()
    kinds = {entry["order"]["type"] for entry in e.log}
    assert len(e.log) > 20 and {"repeal", "invest"} <= kinds
    assert len(kinds) > 6


def test_random_players_draw_from_the_luck_of_their_seat():
    """The same seed gives the same game, another seed another one."""
    logs = [everybody(small(seed=seed), RandomPlayer).run().log for seed in (5, 5, 6)]
    assert logs[0] == logs[1] != logs[2]


def test_a_script_gives_each_order_in_its_quarter(tmp_path):
    """JSON, JSON Lines and TOML say the same."""
    order = {"type": "export_tax", "quarter": "2025Q2", "fields": {"good": "lithium_refined", "rate": 0.2}}
    (tmp_path / "o.json").write_text(json.dumps([order]))
    (tmp_path / "o.jsonl").write_text(json.dumps(order) + "\n")
    (tmp_path / "o.toml").write_text(
        '[[orders]]\ntype = "export_tax"\nquarter = "2025Q2"\nfields = {good = "lithium_refined", rate = 0.2}\n'
    )
    for name in ("o.json", "o.jsonl", "o.toml"):
        player = ScriptedPlayer(read_orders(tmp_path / name))
        assert player.decide({"quarter": "2025Q1"}) == []
        assert player.decide({"quarter": "2025Q2"}) == [order]


@pytest.mark.parametrize(
    "text, words",
    [
        ("{", "is not JSON"),
        ("{}", "must hold a list of orders"),
        ("[1]", "1 is not an order"),
        ('[{"type": "export_tax"}]', "Quarter of the order is None"),
        ('[{"type": "x", "quarter": "2025"}]', "it must be the quarter in which it is given"),
    ],
)
def test_a_wrong_script_names_file_and_order(tmp_path, text, words):
    """A script that cannot be read is told by file and number."""
    path = tmp_path / "orders.json"
    path.write_text(text)
    with pytest.raises(OreblocError, match=words):
        read_orders(path)


def test_a_class_in_a_file_fills_a_seat(idea):
    """A plain class without any import of ours plays, and what it orders is in the log."""
    done = orebloc.run("tiny", until="2025Q4", players={"CHN": f"{idea}:Gambler"})
    entries = [json.loads(line) for line in done.log.splitlines()[1:]]
    assert done.manifest["players"] == {"CHN": f"{idea}:Gambler"}
    assert entries and {entry["seat"] for entry in entries} == {"CHN"}


def test_runs_with_players_do_not_depend_on_their_number():
    """Run 1 of three is run 1 of two: players are made anew and runs go one by one."""
    many = orebloc.run("tiny", until="2025Q3", runs=3, players={"CHN": "random"}).series
    few = orebloc.run("tiny", until="2025Q3", runs=2, players={"CHN": "random"}, workers=1).series
    assert np.array_equal(many[many["run"] < 2]["value"].to_numpy(), few["value"].to_numpy(), equal_nan=True)
    kept = many.groupby("run")["value"].sum()
    assert kept.nunique() == 3


def test_an_error_in_a_class_is_one_message(tmp_path):
    """Seat, class, quarter, error, file and line."""
    path = tmp_path / "bad.py"
    path.write_text(BROKEN)
    with pytest.raises(OreblocError) as told:
        orebloc.run("tiny", until="2025Q1", players={"CHN": f"{path}:Broken"})
    text = str(told.value)
    assert text == (
        "CHN (Broken) failed in 2025Q1: ZeroDivisionError: float division by zero (bad.py, line 5). "
        "Mend the class there."
    )


@pytest.mark.parametrize(
    "text, name, words",
    [
        ("class A: pass", "A", "no class 'A' that decides"),
        ("class Able:\n def decide(self, view): return []", "Abel", "Did you mean Able"),
        ("class A:\n def decide(self, view) return []", "A", r"cannot be read: .* \(line 2\)"),
        ("1 / 0", "A", r"ZeroDivisionError: division by zero \(line 1\)"),
        ("import not_there", "A", "No module named 'not_there'"),
    ],
)
def test_a_file_that_has_no_player_is_told(tmp_path, text, name, words):
    """A file that fails, or a class that does not decide, is named with the remedy."""
    path = tmp_path / "idea.py"
    path.write_text(text)
    with pytest.raises(OreblocError, match=words):
        load_class(path, name)


def test_a_class_that_needs_arguments_is_told():
    """A class must be made without arguments."""

    class Needy:
        def __init__(self, what):
            self.what = what

        def decide(self, view):
            return []

    with pytest.raises(OreblocError, match="Needy cannot be made: TypeError.*It must need no arguments"):
        who_is(Needy)[1]("CHN")


@pytest.mark.parametrize("who, words", [("randum", "Did you mean random"), (3, "must have a method decide"),
                                        ("gone.py:A", "does not exist"), ("gone.json", "cannot be read")])  # fmt: skip
def test_an_unknown_player_is_told(who, words):
    """Who is no player is told what a player is."""
    with pytest.raises(OreblocError, match=words):
        who_is(who)


def test_seats_are_named_by_country_firm_or_role():
    """A role means all its seats; one's own name goes before the role; an unknown seat is told."""
    seats = {
        "CHN": Seat("CHN", "exporter", 0),
        "AUS": Seat("AUS", "state", 1),
        "Ore": Seat("Ore", "miner", 0),
    }
    filled = fill_seats({"AUS": "built_in", "state": "random", "exporter": "random", "Ore": "random"}, seats)
    assert sorted(filled) == ["CHN", "Ore"]
    with pytest.raises(OreblocError, match="Seat 'CNH' is no country, firm or role.*Did you mean CHN"):
        fill_seats({"CNH": "random"}, seats)
    assert read_pairs(["CHN=a.py:B", "Big Ore=random"]) == {"CHN": "a.py:B", "Big Ore": "random"}
    for wrong in (["CHN"], ["=random"], ["CHN="], ["CHN=random", "CHN=random"]):
        with pytest.raises(OreblocError, match="--player"):
            read_pairs(wrong)


class Mutator:
    def decide(self, view):
        view["goods"].clear()
        return []


class Moody:
    def decide(self, view):
        return [
            {"type": "export_tax", "fields": {"good": "gallium", "rate": np.random.default_rng().random()}}
        ]


class Fragile:
    def decide(self, view):
        return [] if view["goods"][0]["good"] else []


class Illegal:
    def decide(self, view):
        return [{"type": "export_tax", "fields": {"good": "gallium", "rate": -1.0}}]


class NoJson:
    def decide(self, view):
        return [{"type": "export_tax", "fields": {"good": "gallium", "rate": np.float32(0.5)}}]


class Slow:
    def decide(self, view):
        import time

        time.sleep(0.7 if view["quarter"] == "2025Q1" else 0.55)
        return []


class Mute:
    pass


@pytest.mark.parametrize(
    "kind, broken, words",
    [
        (Mutator, "leaves the view as it is", "it changed goods in 2025Q1"),
        (Moody, "decides the same from the same views", "two games went apart in 2025Q1"),
        (Fragile, "answers views with nothing in them", "IndexError"),
        (Illegal, "plays 8 quarters", "it must be"),
        (NoJson, "plays 8 quarters", "numpy.float32"),
        (Mute, "is made without arguments", "no method decide"),
        (Slow, "decides within 0.5 s", "ms on average"),
    ],
)
def test_each_broken_promise_is_found(kind, broken, words, monkeypatch):
    """The check fails on exactly what the class does not keep, and says what was seen."""
    if kind is Slow:
        monkeypatch.setattr("experiments.player_check._QUARTERS", 1)
    report = check_player(kind, "tiny", seat="CHN")
    found = next(check for check in report.checks if check.name.startswith(broken))
    assert not report.ok and not found.is_kept and words in found.message
    assert "FAIL" in str(report) and "does not keep the contract" in str(report)


def test_check_player_on_the_command_line(idea, capsys):
    """Exit code 0 for a class that keeps the contract, 1 for one that does not."""
    assert orebloc.main(["check-player", f"{idea}:Gambler", "--seat", "CHN"]) == 0
    assert "keeps the contract" in capsys.readouterr().out
    idea.write_text(BROKEN)
    assert orebloc.main(["check-player", str(idea), "--seat", "CHN"]) == 1
    assert orebloc.main(["check-player", str(idea), "--seat", "XXX"]) == 2
    assert "is no country, firm or role" in capsys.readouterr().err


def test_a_class_without_our_packages_is_enough(idea):
    """The module that is loaded imports nothing of ours."""
    load_class(idea, "Gambler")
    assert "model" not in vars(sys.modules["orebloc_player_my_idea"])


def test_a_folder_of_the_player_with_names_like_ours_does_no_harm(tmp_path):
    """A `viz.py` beside the player's file is neither run nor taken for Orebloc's, and the run is kept."""
    (tmp_path / "idea.py").write_text(GAMBLER)
    for name in ("viz", "model", "agents", "experiments"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('mine')")
    where = Path(sys.executable).parent
    done = subprocess.run(
        [sys.executable, str(Path(orebloc.__file__)), "run", "tiny", "--until", "2025Q1",
         "--player", f"CHN={tmp_path / 'idea.py'}:Gambler", "--out", str(tmp_path / "out")],
        capture_output=True, text=True, cwd=where,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "report.html").is_file()
