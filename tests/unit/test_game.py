"""A game in rounds: the same world as a run, orders at the table, machines in between, its record."""

import pytest

from experiments.game import Game
from experiments.preparation import prepare
from experiments.run import run_scenario
from model import seat
from model.calibration import calibrate
from model.error import OreblocError
from model.view import firm_view

UNTIL = "2026Q4"
TAX = [{"type": "export_tax", "fields": {"good": "gallium", "rate": 0.3}}]


@pytest.fixture(scope="module")
def world():
    return calibrate(prepare("tiny", until=UNTIL))


def game_of(world, **more):
    return Game("tiny", until=UNTIL, world=world, **more)


def played(game, *rounds):
    for given in rounds:
        game.play_round(*given)
    return game


def series(game):
    return plain(game.results().series)


def plain(table):
    return table.assign(quarter=table["quarter"].astype(str))


def test_rounds_without_people_are_the_run(world):
    """A game in which nobody gives orders has the series of the scenario's run, bit for bit."""
    game = played(game_of(world), (), ())
    assert game.is_done and game.rounds == 2
    assert series(game).equals(plain(run_scenario(prepare("tiny", until=UNTIL)).series))


def test_a_sheet_holds_from_the_first_quarter_of_its_round(world):
    """An export tax ordered in the second round raises the price outside from that round on, not before."""
    quiet = series(played(game_of(world), (), ()))
    taxed = series(played(game_of(world), (), ({"CHN": TAX},)))
    before = quiet["quarter"] < "2026Q1"
    assert taxed[before].equals(quiet[before])
    rows = (quiet["metric"] == "outside_price_usd_per_t") & (quiet["good"] == "gallium_refined")
    rows &= quiet["quarter"] == "2026Q1"
    assert (taxed[rows]["value"] > quiet[rows]["value"] * 1.01).any()


def test_a_record_plays_again(world):
    """A game's record gives the same series again, bit for bit; up to a round, the rounds before it."""
    sheets = {"CHN": TAX, "JPN": []}
    firm = next(name for name, seat in game_of(world).seats.items() if seat.is_firm)
    game = played(
        game_of(world),
        (sheets, {"USA": "random"}),
        ({firm: []}, {}, [{"kind": "outage", "actor": "CHN", "good": "gallium"}]),
    )
    again = Game.of(game.record, world=world)
    assert series(again).equals(series(game)) and again.record == game.record
    half = Game.of(game.record, world=world, until_round=1)
    assert half.quarter == "2026Q1" and series(half).equals(
        series(game)[series(game)["quarter"] < "2026Q1"].reset_index(drop=True)
    )


def test_a_firm_at_the_table_builds_only_what_its_people_order(world):
    """Between its people's orders a firm goes on running its plants, and starts none by itself."""
    game = game_of(world)
    firm = next(name for name, seat in game.seats.items() if seat.is_firm)
    game.play_round({firm: []})
    orders = [entry["order"]["type"] for entry in game.engine.log if entry["seat"] == firm]
    assert "invest" not in orders and "exit" not in orders


def test_check_says_what_a_sheet_does_or_why_not(world):
    """A sheet is told in words before the round; a faulty one is refused and nothing of the game moves."""
    game = game_of(world)
    assert "30 %" in game.check("CHN", TAX)[0]
    wrong = [{"type": "export_tax", "fields": {"good": "unobtainium", "rate": 0.3}}]
    with pytest.raises(OreblocError, match="unobtainium"):
        game.play_round({"CHN": TAX, "JPN": wrong})
    assert game.quarter == "2025Q1" and not game.played and not game.engine.log


def test_a_view_speaks_of_the_quarter_to_come(world):
    """Before the second round a state and a firm see its first quarter."""
    game = played(game_of(world), ())
    firm = next(name for name, seat in game.seats.items() if seat.is_firm)
    assert game.view("JPN")["quarter"] == "2026Q1" == game.view(firm)["quarter"]


def test_a_view_of_a_game_that_is_over_speaks_of_its_last_quarter(world):
    """After the last round seats still see where they stand, and the game is over as before."""
    game = played(game_of(world), (), ({"CHN": TAX},))
    view = game.view("CHN")
    assert view["quarter"] == "2026Q4" and "taxes" in view["measures"][-1]["text"]
    assert game.is_done and game.engine.step_number == 8


def test_a_fork_leaves_the_game_alone(world):
    """What is tried on a fork does not happen in the game."""
    game = played(game_of(world), ())
    game.fork().play_round({"CHN": TAX})
    assert game.quarter == "2026Q1" and len(game.played) == 1
    assert series(played(game, ())).equals(series(played(game_of(world), (), ())))


def test_seats_and_rounds_that_cannot_be_are_refused(world):
    """A role for a seat, a seat that is not there, no quarters, and a round after the last one are refused."""
    with pytest.raises(OreblocError, match="is a role"):
        game_of(world).view("miner")
    with pytest.raises(OreblocError, match="no country, firm or role"):
        game_of(world).play_round({"XXX": []})
    with pytest.raises(OreblocError, match="1 to 20"):
        game_of(world, quarters_per_round=0)
    with pytest.raises(OreblocError, match="over"):
        played(game_of(world), (), (), ())


def test_a_treaty_signed_at_the_table_binds_in_the_round(world):
    """An exemption that Japan and China sign frees Japan of China's licence from the first quarter of the round."""
    pact = {
        "id": "table_pact",
        "kind": "memorandum",
        "members": ["CHN", "JPN"],
        "clauses": [{"type": "mutual_exemption", "fields": {}}],
    }
    quota = [{"type": "export_quota", "fields": {"good": "gallium", "quantity_t": 5}}]
    alone = played(game_of(world), (), ({"CHN": quota},))
    signed = played(game_of(world), (), ({"CHN": quota}, {}, [], [pact]))
    answers = game_of(world).would_sign(pact)
    assert set(answers) == {"CHN", "JPN"} and all(row["reason"] for row in answers.values())

    def landed(game):
        rows = series(game)
        rows = rows[(rows["metric"] == "landed_price_usd_per_t") & (rows["country"] == "JPN")]
        return rows[(rows["quarter"] == "2026Q1") & (rows["good"] == "gallium_refined")]["value"].iloc[0]

    assert landed(signed) < 0.9 * landed(alone)
    assert Game.of(signed.record, world=world).record == signed.record
    with pytest.raises(OreblocError, match="there already"):
        signed.treaty(pact)


def test_people_are_shown_no_view_in_the_engine(world, monkeypatch):
    """Sheets are written before: no view is made for a state's people, and for a firm's only after their quarter."""
    made = []

    def seen(*arguments):
        made.append(arguments)
        return firm_view(*arguments)

    def refuse(*_):
        raise AssertionError("a view was made for people who do not look at it")

    monkeypatch.setattr(seat, "state_view", refuse)
    monkeypatch.setattr(seat, "firm_view", seen)
    game = game_of(world)
    firm = next(name for name, one in game.seats.items() if one.is_firm)
    game.play_round({"CHN": TAX, firm: []})
    assert len(made) == game.quarters_per_round - 1
    assert game.engine.log[0]["order"]["type"] == "export_tax"
