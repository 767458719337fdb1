"""Games of machines: their numbers are those of a game, an interrupted run goes on, a class finds its place in them."""

import argparse
import json
import re
import shlex

import numpy as np
import pytest
from classroom_kit import Class, small_game

import experiments.machine.games as games_module
import experiments.machine.table as table_module
from experiments.commands.games import add_games_command
from experiments.debrief.outcome import outcome
from experiments.machine.batch import BATCH, Task, play_batch
from experiments.machine.table import POINTS, SHIPPED, Table, find_table, game_key, table_of
from experiments.scenario_file import load_scenario
from model.error import ClearingError, OreblocError
from viz.classroom.against import against_part, games_command, lines, place_word, places
from viz.classroom.debrief_page import debrief_page, told_of

SEATS = ("CHN", "JPN", "USA", "Teck")
#: What makes a table of the class that is debriefed here.
TINY_GAMES = "orebloc games --scenario tiny --seats CHN,JPN,USA,EU27 --rounds 2"


@pytest.fixture(scope="module")
def game():
    return small_game()


def task(game, number=0, games=2, rounds=2):
    return Task(game.scenario.to_mapping(), game.engine.seed, SEATS, rounds, 4, number, games)


@pytest.fixture(scope="module")
def played(game):
    """Two batches: one of built-in behaviours, one with seats that gamble."""
    return [play_batch(task(game, number, 2), game.scenario, game.engine.world) for number in (0, 1)]


def test_a_machine_game_has_the_numbers_of_a_game(game, played):
    """Round by round, prices, shares and scoreboards are what a game without people brings under the same luck."""
    twin = small_game(world=game.engine.world)
    for number in (1, 2):
        twin.play_round()
        found = outcome(twin, seats=SEATS)
        told = played[0][0][number - 1]
        for row in found["prices"]:
            assert told["price outside", row["good"]] == pytest.approx(row["outside"], rel=1e-9)
            assert told["price inside", row["good"]] == pytest.approx(row["inside"], rel=1e-9)
        for row in found["shares"]:
            assert told["share", row["good"], row["country"]] == pytest.approx(row["share"], rel=1e-9)
        for board, rows in found["scoreboards"].items():
            assert rows
            for row in rows:
                assert told[board, row["seat"]] == pytest.approx(row["value"], rel=1e-6, abs=1e-3), board


def test_games_differ_by_luck_and_by_gambles(game, played):
    """Games of a batch differ by luck; seats that gamble change the game; the same batch again is the same."""
    built_in, gambled = played
    key = ("price outside", "gallium_refined")
    prices = [one[-1][key] for one in (*built_in, *gambled)]
    assert len({*prices}) == 4
    calm = play_batch(task(game, 0, 4), game.scenario, game.engine.world)
    again = play_batch(task(game, 1, 2), game.scenario, game.engine.world)
    assert again == gambled and calm[:2] == built_in


def test_a_game_that_cannot_be_worked_out_costs_no_other(game, monkeypatch):
    """Where a batch fails its games are played one by one; only the failed one is missing, and the table counts it."""
    import experiments.machine.batch as batch

    real, told = batch._played, []

    def failing(task, scenario, world, first, games):
        if first <= 1 < first + games:
            raise ClearingError("No market.")
        return real(task, scenario, world, first, games)

    monkeypatch.setattr(batch, "_played", failing)
    found = play_batch(task(game, 0, 3, 1), game.scenario, game.engine.world, told.append)
    assert [one is None for one in found] == [False, True, False] and sum(told) == 3
    table = table_of(found, game.scenario.to_mapping(), SEATS, 4)
    assert (table["games"], table["failed"]) == (2, 1)


class NearPool:
    """Workers' place taken by this process: plays what it is given when asked what happened."""

    def __init__(self, workers, compute, cold):
        self.tasks, self.room = [], 1
        NearPool.given = []

    def submit(self, job, task, limit):
        self.tasks.append((job, task))
        self.room = 0
        NearPool.given.append(job)

    def wait(self, seconds):
        job, task = self.tasks.pop()
        self.room = 1
        fake = [[{("price outside", "gallium_refined"): float(10 * job + n)}] for n in range(task.games)]
        return NearPool.Event("done", job, fake)

    def close(self):
        pass


def test_an_interrupted_run_goes_on_where_it_was(tmp_path, monkeypatch):
    """Batches on the disk are not played again; one that was spoilt, or played with other seats, is."""
    from experiments.study.pool import Event

    NearPool.Event = Event
    monkeypatch.setattr(games_module, "LocalPool", NearPool)
    done = []

    def run(seats=SEATS, games=20):
        done.clear()
        return games_module.play_games("tiny", seats, rounds=1, games=games, workers=1, folder=tmp_path,
                                       progress=done.append)  # fmt: skip

    first = run()
    assert NearPool.given == [0, 1, 2] and first["games"] == 20
    (tmp_path / "batches" / "batch_00001.json").write_text("{", encoding="utf-8")
    assert run() == first and NearPool.given == [1] and sum(done) == 20 - BATCH
    NearPool.given = []
    assert run() == first and NearPool.given == []
    run(games=28)
    assert NearPool.given == [2, 3]  # the last batch was a short one
    run(seats=SEATS[:2])
    assert NearPool.given == [0, 1, 2]
    for wrong in ({"games": 3}, {"games": 20, "seats": ["Nobody"]}):
        with pytest.raises(OreblocError):
            run(**wrong)


def flat_table(**more):
    values = [float(p) for p in POINTS]
    given = {"scenario": "tiny", "games": 1000, "failed": 0, "seats": SEATS, "is_current": True,
             "rounds": ({("price outside", "gallium_refined"): values, ("wealth", "JPN"): values},)}  # fmt: skip
    return Table(**{**given, **more})


def test_a_place_is_the_part_of_games_below():
    """Between kept points it is linear, outside them 0 or 100; half of equal games count as below."""
    table, key = flat_table(), ("price outside", "gallium_refined")
    found = [table.place(1, key, value) for value in (-5.0, 2.0, 42.5, 99.5, 200.0)]
    assert found == [0.0, 2.0, 42.5, 99.5, 100.0]
    even = flat_table(rounds=({key: [0.0] * 10 + [1.0] * 13},))
    assert even.place(1, key, 0.0) == (POINTS[0] + POINTS[9]) / 2.0
    assert table.place(2, key, 1.0) is None and table.place(1, ("wealth", "CHN"), 1.0) is None


@pytest.mark.parametrize(
    ("value", "more", "words"),
    [(82.3, "higher", "higher than in 82 of 100 games"), (12.0, "higher", "lower than in 88 of 100 games"),
     (50.0, "higher", "in the middle of the games"), (100.0, "richer", "richer than in nearly all games"),
     (0.0, "more at risk", "less at risk than in nearly all games"),
     (20.0, "more dependent", "less dependent than in 80 of 100 games")],
)  # fmt: skip
def test_a_place_in_words(value, more, words):
    """A percentile is a sentence that says which way."""
    assert place_word(value, more) == words


@pytest.fixture(scope="module")
def debriefed(tmp_path_factory, game):
    """A class that has played two rounds of the same game, in the debrief."""
    found = Class(tmp_path_factory.mktemp("machine") / "s.orebloc", small_game(world=game.engine.world))
    found.join("Ann", "JPN")
    found.on_to("debrief", 2)
    return found


def test_the_debrief_shows_where_the_class_lies(debriefed, game, played, tmp_path, monkeypatch):
    """With a table at hand the page draws bands and tells places, by seat too; without one it says how to make one."""
    monkeypatch.setattr(table_module, "MADE", tmp_path)
    state = debriefed.state
    page = debrief_page(told_of(state))
    assert "No games to compare with yet" in page and f"<code>{TINY_GAMES}</code>" in page
    assert find_table(state.record) is None
    table = table_of([*played[0], *played[1]], game.scenario.to_mapping(), SEATS, 4)
    (tmp_path / "spoilt.json").write_text("[1", encoding="utf-8")
    (tmp_path / "tiny.json").write_text(json.dumps(table), encoding="utf-8")
    page = debrief_page(told_of(state))
    part = page[page.index('id="machines"') :]
    assert "4 games of the same scenario" in part and "earlier rules" not in part
    drawn = part.count('class="band wide-band"')
    assert drawn >= 2 and "Seat by seat" in part
    found = places(find_table(state.record), told_of(state)[1])
    japan = next(one for one in found if one.key == ("wealth", "JPN"))
    assert place_word(japan.percent, "richer") in re.search(r"<b>Japan</b>: [^<]*", part)[0]
    names = {seat: about["label"] for seat, about in state.seats.items()}
    told, rounds, found_again = told_of(state)
    assert told["debrief"]["against"] == lines(found_again, rounds, names) != []
    assert [part.count(f'class="mark" data-round="{n}"') for n in (0, 1, 2, 3)] == [0, drawn, drawn, 0]
    old = {**table, "rule_hash": "of another version"}
    (tmp_path / "tiny.json").write_text(json.dumps(old) + " ", encoding="utf-8")
    page = debrief_page(told_of(state))
    assert f"earlier rules or data: make them anew with <code>{TINY_GAMES}</code>" in page


def test_the_command_on_the_page_is_that_of_the_session():
    """Typed into a shell it asks for the session's own scenario, seats (with spaces in them) and rounds."""
    told = {"scenario": "tiny", "about": {"CHN": {}, "MP Materials": {}}, "rounds": 3}
    words = shlex.split(games_command(told))
    parser = argparse.ArgumentParser()
    add_games_command(parser.add_subparsers())
    found = parser.parse_args(words[1:])
    assert (found.scenario, found.seats, found.rounds) == ("tiny", "CHN,MP Materials", 3)
    assert "--scenario mine.toml" in games_command({**told, "scenario": "mine"})


def test_seats_are_placed_only_where_scoreboards_are_shown(debriefed):
    """What the desk does not show is not told by way of a comparison."""
    table, rounds = flat_table(), told_of(debriefed.state)[1]
    assert "Japan" in against_part(table, rounds, {"JPN": "Japan"}, TINY_GAMES)
    hidden = [{key: value for key, value in one.items() if key != "scoreboards"} for one in rounds]
    part = against_part(table, hidden, {"JPN": "Japan"}, TINY_GAMES)
    assert "Japan" not in part and "Prices outside" in part


def test_the_shipped_table_is_of_the_usual_class():
    """The table that ships is small, of many games, of the usual class's scenario, with a number for every seat."""
    (path,) = SHIPPED.glob("*.json")
    found = json.loads(path.read_text(encoding="utf-8"))
    assert path.stat().st_size < 200_000 and found["games"] >= 950 and len(found["rounds"]) >= 4
    assert found["key"] == game_key(load_scenario("class_minerals").to_mapping(), 4)
    boards = {"state": "wealth", "exporter": "wealth"}
    told = {key for one in found["rounds"] for key in one}
    assert all(f"{boards['state']}|{seat}" in told or f"cash|{seat}" in told for seat in found["seats"])
    assert all(np.all(np.diff(values) >= 0.0) for one in found["rounds"] for values in one.values())
