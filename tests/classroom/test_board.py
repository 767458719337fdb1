"""Scoreboards: whom they count, and that independence weighs minerals by what their use is worth."""

import pytest
from classroom_kit import small_game

from experiments.debrief.board import boards, use_worth
from experiments.debrief.outcome import outcome
from experiments.game import Game
from model.error import OreblocError
from viz.classroom.session import session_of


@pytest.fixture(scope="module")
def world():
    return small_game().engine.world


def test_firms_of_the_class_are_on_a_board_of_their_own(world):
    """A firm that a class seats is told with its cash since the game began, whoever decides for it; others are not."""
    game = small_game(world=world)
    game.play_round()
    found = outcome(game, seats=["CHN", "Teck"])
    cash = float(game.engine.columns.balance_usd[0, game.seats["Teck"].row])
    assert found["scoreboards"]["cash"] == [{"seat": "Teck", "value": cash}] and cash != 0.0
    assert found["seats"]["Teck"]["cash_usd"] == cash
    assert "Teck" not in outcome(game)["seats"] and outcome(game)["scoreboards"]["cash"] == []
    assert all(row["seat"] != "Teck" for row in found["scoreboards"]["wealth"])


def test_independence_weighs_minerals_by_the_worth_of_their_use(world):
    """A country that buys one mineral for nearly all its money is as dependent as it is for that mineral."""
    worth = use_worth(world)["CHN"]
    large, small = sorted(worth, key=worth.get, reverse=True)
    share = {large: 0.2, small: 1.0}
    rows = {"2025Q1": {("import_dependence_share", "CHN"): list(share.items())}}
    found = boards(world, rows, ["2025Q1"], {})["independence"]
    total = sum(worth.values())
    expected = sum(share[good] * value for good, value in worth.items()) / total
    assert [row["seat"] for row in found] == ["CHN"]
    assert found[0]["value"] == pytest.approx(expected, rel=1e-12)
    assert abs(found[0]["value"] - 0.6) > 0.05  # it is not the plain mean


@pytest.fixture(scope="module")
def metals():
    """A world with mines: rare earths alone."""
    return Game("rare_earths_single", until="2027Q4")


def test_so_many_seats_are_a_mix_of_all_roles(metals):
    """A number brings the exporter first, then states, miners and refiners in turn, so that four have all of them."""
    for count in (4, 12):
        seats = session_of(metals, seats=[str(count)], rounds=1)["seats"]
        roles = [about["role"] for about in seats.values()]
        assert len(roles) == count and roles[0] == "exporter" and roles.count("exporter") == 1
        assert roles.count("state") >= roles.count("miner") == roles.count("refiner") > 0
    assert {"Lynas", "Shin-Etsu"} <= {*session_of(metals, seats=["12"], rounds=1)["seats"]}


def test_a_role_that_a_world_lacks_is_made_up_for_by_the_others(world):
    """Without mines the turn goes on without them; more seats than there are is refused as before."""
    seats = session_of(small_game(world=world), seats=["10"], rounds=1)["seats"]
    assert len(seats) == 10 and "miner" not in {about["role"] for about in seats.values()}
    with pytest.raises(OreblocError, match="2 to 60"):
        session_of(small_game(world=world), seats=["61"], rounds=1)
