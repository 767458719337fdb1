"""Key moments and the promises of a game, from what its rounds brought."""

import pytest
from classroom_kit import small_game

from experiments.debrief.delivery import delivery
from experiments.debrief.moment import moments
from experiments.debrief.outcome import outcome

TAX = {"type": "export_tax", "fields": {"good": "gallium", "rate": 0.3}}
PACT = {"id": "pact", "kind": "memorandum", "members": ["CHN", "JPN"], "title": "The pact",
        "clauses": [{"type": "mutual_exemption", "fields": {}}]}  # fmt: skip


def found(quarter_to, prices=(), measures=(), treaties=()):
    rows = [{"good": good, "leader": "CHN", "outside_change": change} for good, change in prices]
    return {"quarter_to": quarter_to, "prices": rows, "measures": list(measures), "treaties": list(treaties)}


def entry(quarter, sheets=(), events=()):
    return {"quarter": quarter, "sheets": dict(sheets), "events": list(events), "treaties": []}


def pact(**members):
    return {"id": "pact", "title": "The pact", "members": members}


@pytest.fixture(scope="module")
def played():
    """Two rounds: a tax on everybody, then a pact; with the outcomes."""
    game = small_game()
    game.play_round({"CHN": [TAX], "JPN": []})
    first = outcome(game)
    game.play_round({"CHN": [], "JPN": []}, treaties=[PACT])
    return game, [first, outcome(game)]


def test_a_played_game_tells_its_restriction_and_its_bloc_once(played):
    """The tax is a moment of the round in which it was ordered, the pact of the round that signed it."""
    game, outcomes = played
    told = moments(outcomes, game.played)
    taxes = [m for m in told if m["kind"] == "restriction" and "CHN taxes exports of gallium" in m["text"]]
    assert [(m["round"], m["quarter"]) for m in taxes] == [(1, game.played[0]["quarter"])]
    assert [(m["round"], m["text"]) for m in told if m["kind"] == "bloc" and "pact" in m["text"]] == [
        (2, "In force between China and Japan: The pact.")
    ]


def test_a_played_game_tells_who_is_in_its_pact(played):
    """Both members kept the pact, and the tax before it counts against nobody."""
    game, outcomes = played
    rows = [row for row in delivery(outcomes, game.played) if row["treaty"] == "pact"]
    assert [(row["member"], row["since"], row["is_kept"], row["against"]) for row in rows] == [
        ("CHN", 2, True, []), ("JPN", 2, True, []),
    ]  # fmt: skip


def test_the_largest_move_of_a_price_is_a_moment_and_large_ones_are():
    """A rise by half is told, a small one is not; the largest of a quiet game is."""
    rounds = [entry("2025Q1"), entry("2026Q1")]
    told = moments(
        [found("2025Q4", [("gallium_refined", 0.6), ("tin", 0.1)]), found("2026Q4", [("tin", -0.5)])], rounds
    )
    assert [(m["round"], m["text"]) for m in told] == [
        (1, "The price of gallium outside China rose by 60%."),
        (2, "The price of tin outside China fell by 50%, the largest move of the game."),
    ]
    quiet = moments([found("2025Q4", [("tin", 0.02), ("gallium", None)])], rounds[:1])
    assert [m["text"] for m in quiet] == [
        "The price of tin outside China rose by 2%, the largest move of the game."
    ]
    assert moments([found("2025Q4", [("tin", 0.0)])], rounds[:1]) == []


def test_joining_and_leaving_are_moments():
    """A member that comes later joined; one that leaves is named; what the opening had is not told."""
    here, gone = "in force", "left"
    outcomes = [
        found("2025Q4", treaties=[pact(JPN=here, USA=here)]),
        found("2026Q4", treaties=[pact(JPN=here, USA=here, CHN=here)]),
        found("2027Q4", treaties=[pact(JPN=gone, USA=here, CHN=here)]),
    ]
    rounds = [entry(f"{year}Q1") for year in (2025, 2026, 2027)]
    told = [(m["round"], m["kind"], m["text"]) for m in moments(outcomes, rounds, opening=outcomes[0])]
    assert told == [(2, "bloc", "China joined: The pact."), (3, "departure", "Japan no longer in: The pact.")]
    kept = {row["member"]: (row["until"], row["is_kept"]) for row in delivery(outcomes, rounds)}
    assert kept == {"JPN": (2, False), "USA": (3, True), "CHN": (3, True)}


def test_orders_against_a_fellow_member_are_listed_only_while_the_treaty_holds():
    """A tax on all or on the fellow is listed with whom it hits; one on others, or before the treaty, is not."""
    holds = [
        found(f"{year}Q4", treaties=[pact(JPN="in force", CHN="in force")]) for year in (2025, 2026, 2027)
    ]
    aimed = {"type": "export_ban", "fields": {"target": ["JPN", "USA"]}}
    elsewhere = {"type": "export_ban", "fields": {"target": "USA"}}
    rounds = [
        entry("2025Q1", {"CHN": [TAX]}), entry("2026Q1", {"CHN": [aimed, elsewhere]}), entry("2027Q1", {"CHN": [TAX]}),
    ]  # fmt: skip
    china = next(row for row in delivery(holds, rounds) if row["member"] == "CHN")
    assert china["against"] == [
        {"round": 2, "type": "export_ban", "targets": ["JPN"]},
        {"round": 3, "type": "export_tax", "targets": ["JPN"]},
    ]


def test_measures_alike_are_one_moment_dated_by_their_force():
    """A floor that a treaty gives three states is told once; a measure kept ready is dated when it came into force."""

    def measure(actor, kind, words, written="2025Q1"):
        return {"id": f"{actor} {kind}", "type": kind, "actor": actor, "quarter": "2026Q2",
                "text": f"{actor} {words} from {written} on."}  # fmt: skip

    now = {**found("2026Q4"), "measures": [
        *(measure(code, "price_floor", "holds gallium at 500 usd a kg") for code in ("USA", "JPN", "KOR")),
        measure("IDN", "export_ban", "bans exports of nickel"),
    ]}  # fmt: skip
    told = [(m["kind"], m["text"]) for m in moments([now], [entry("2026Q1")])]
    assert told == [
        ("floor", "USA holds gallium at 500 usd a kg from 2026Q2 on. So do Japan and South Korea."),
        ("restriction", "IDN bans exports of nickel from 2026Q2 on."),
    ]


def test_an_event_of_the_facilitator_is_a_moment():
    """It is told with whom it concerns, in the quarter in which it was brought."""
    told = moments(
        [found("2025Q4")], [entry("2025Q1", events=[{"kind": "sanctions", "actor": "USA", "target": "CHN"}])]
    )
    assert told == [{"round": 1, "quarter": "2025Q1", "kind": "event",
                     "text": "Event: sanctions (United States, China)."}]  # fmt: skip


def test_a_game_without_rounds_has_no_moments():
    """Nothing was played, nothing is told."""
    assert moments([], []) == [] and delivery([], []) == []
