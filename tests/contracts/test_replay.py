"""A log replays its game exactly; a fork goes on from it; a log that is not whole is refused."""

import json

import numpy as np
import pytest

import orebloc
from experiments.log import read_log
from model.error import OreblocError

PLAYERS = {"CHN": "random", "JPN": "random", "refiner": "random"}
HEADER = {"format", "scenario", "seed", "version", "rule_hash", "data_hash", "players", "orders"}


@pytest.fixture(scope="module")
def game(tmp_path_factory):
    """Return the results of a game with players in some seats, and the folder of its log."""
    folder = tmp_path_factory.mktemp("game") / "game"
    done = orebloc.run("tiny", until="2026Q4", players=PLAYERS)
    done.save(folder, {})
    return done, folder


def rewrite(folder, tmp_path, change):
    """Return the path of a copy of the log whose lines were changed."""
    lines = (folder / "log.jsonl").read_text().splitlines()
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(change(lines)) + "\n")
    return path


def same(one, other):
    return np.array_equal(one["value"].to_numpy(), other["value"].to_numpy(), equal_nan=True)


def test_a_run_writes_its_log(game):
    """Line 1 is the header with the whole scenario; orders follow, numbered from one."""
    done, folder = game
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert set(lines[0]) == HEADER and lines[0]["scenario"]["end"] == "2026Q4"
    assert {"CHN", "JPN"} < set(lines[0]["players"])
    assert [entry["seq"] for entry in lines[1:]] == list(range(1, len(lines)))
    assert all(list(entry) == ["seq", "quarter", "seat", "order"] for entry in lines[1:])
    assert len({entry["seat"] for entry in lines[1:]}) > 2


def test_a_replay_is_the_same_bit_for_bit(game):
    """Series, flows and log of the replay are those of the game."""
    done, folder = game
    again = orebloc.replay(folder)
    assert same(again.series, done.series) and again.log == done.log
    assert again.flows["quantity_t"].equals(done.flows["quantity_t"])


def test_orders_are_what_makes_the_game(game, tmp_path):
    """The same log without its orders gives other series."""
    done, folder = game
    path = rewrite(folder, tmp_path, lambda lines: lines[:1])
    assert not same(orebloc.replay(path, force=True).series, done.series)


def test_a_replay_may_stop_early(game):
    """With `until` the series are the head of the game's."""
    done, folder = game
    early = orebloc.replay(folder, until="2025Q4").series
    head = done.series[done.series["quarter"].isin(early["quarter"].unique())]
    assert same(early, head) and set(early["quarter"]) == {"2025Q1", "2025Q2", "2025Q3", "2025Q4"}


def test_a_fork_goes_on_otherwise(game):
    """Up to the fork all is as it was; then built-in behaviours take the seats, and changes hold."""
    done, folder = game
    fork = orebloc.replay(folder, until="2025Q4", fork=True)
    changed = orebloc.replay(
        folder, until="2025Q4", fork=True, changes={"parameters.tension_cost": 2.0, "seed": 99}
    )
    for other in (fork, changed):
        before = other.series["quarter"].astype(str) <= "2025Q4"
        assert same(other.series[before], done.series[before])
        assert not same(other.series[~before], done.series[~before])
    assert not same(fork.series, changed.series)
    assert not any(json.loads(line)["quarter"] > "2025Q4" for line in fork.log.splitlines()[1:])


def test_a_fork_can_change_a_scripted_measure(tmp_path):
    """A measure changed at the fork holds in its new form from the next quarter, in its old one before."""
    tax = {
        "type": "export_tax",
        "actor": "CHN",
        "quarter": "2025Q1",
        "fields": {"good": "gallium", "rate": 0.1},
    }
    base = {"name": "taxed", "start": "2025Q1", "end": "2026Q2", "base_year": 2024, "goods": ["gallium"]}
    done = orebloc.run({**base, "measures": [tax]})
    done.save(tmp_path / "game", {})
    more = {**tax, "fields": {"good": "gallium", "rate": 0.4}}
    fork = orebloc.replay(
        tmp_path / "game", until="2025Q4", fork=True, changes={"measures.0.fields.rate": 0.4}
    )
    after = {**more, "quarter": "2026Q1"}
    before = {**tax, "end": "2025Q4"}
    written = orebloc.run({**base, "measures": [before, after]})
    for quarter in ("2025Q4", "2026Q1", "2026Q2"):
        ours = fork.value("export_tax_usd", "all", "CHN", quarter)
        assert ours == pytest.approx(written.value("export_tax_usd", "all", "CHN", quarter), rel=1e-6)
    assert ours > 1.5 * done.value("export_tax_usd", "all", "CHN", "2026Q2")


def test_another_player_may_go_on(game):
    """A fork takes players of its own."""
    _, folder = game
    fork = orebloc.replay(folder, until="2025Q1", fork=True, players={"CHN": "random"})
    later = {
        entry["seat"] for entry in map(json.loads, fork.log.splitlines()[1:]) if entry["quarter"] > "2025Q1"
    }
    assert later == {"CHN"}


CHOOSING = {
    "name": "choosing", "start": "2025Q1", "end": "2025Q4", "base_year": 2024, "seed": 1,
    "goods": ["gallium"], "countries": ["CHN", "JPN", "USA", "EU27", "KOR"],
    "seats": {"CHN": "exporter", "JPN": {"behaviour": "state", "doctrine": "hawk"},
              "USA": {"behaviour": "state", "doctrine": "industrial"}},
    "treaties": [{"id": "pact", "kind": "club", "members": ["EU27", "JPN", "USA"], "proposed": "2025Q1",
                  "decides": True,
                  "clauses": [{"type": "gap_subsidy", "fields": {"good": "gallium", "strike_usd_per_t": 6e5}}]}],
}  # fmt: skip


def test_what_states_choose_is_told_and_replays(tmp_path):
    """Moves of built-in states are in the log with the reason; results tell all decisions; the replay is exact."""
    done = orebloc.run(CHOOSING)
    done.save(tmp_path / "game", {})
    entries = [json.loads(line) for line in done.log.splitlines()[1:]]
    signed = [entry for entry in entries if entry["order"]["type"] == "sign_treaty"]
    assert signed and all("usd a quarter" in entry["why"] for entry in signed)
    told = orebloc.read_results(tmp_path / "game").decisions
    assert told == done.decisions
    assert {row["seat"] for row in told} >= {"CHN", "JPN", "USA"}
    assert all(row["why"] and row["quarter"] for row in told)
    again = orebloc.replay(tmp_path / "game")
    assert same(again.series, done.series) and again.log == done.log
    assert again.decisions == done.decisions


def torn(lines):
    return [*lines[:-1], lines[-1][:20]]


def edited(lines):
    return [lines[0], *(line.replace('"good"', '"good" ') for line in lines[1:])]


def gap(lines):
    return [lines[0], *lines[2:]]


def stranger(lines):
    return [*lines, json.dumps({**json.loads(lines[-1]), "seq": len(lines), "seat": "Atlantis"})]


def disorder(lines):
    return [*lines, json.dumps({**json.loads(lines[1]), "seq": len(lines), "quarter": "2025Q1"})]


def outside(lines):
    return [*lines, json.dumps({**json.loads(lines[1]), "seq": len(lines), "quarter": "2040Q1"})]


def no_header(lines):
    return lines[1:]


def newer(lines):
    return [json.dumps({**json.loads(lines[0]), "format": 9}), *lines[1:]]


@pytest.mark.parametrize(
    "change, words",
    [
        (torn, "it is not JSON"),
        (edited, "its orders were changed after it was written"),
        (gap, "an order is missing or out of place"),
        (stranger, "orders of 'Atlantis', which is no seat"),
        (disorder, "before that of the line above"),
        (outside, "the scenario runs from 2025Q1 to 2026Q4"),
        (no_header, "it is no header"),
        (newer, "its format is 9"),
    ],
)
def test_a_log_that_is_not_whole_is_refused(game, tmp_path, change, words):
    """Each fault is one message that says where."""
    path = rewrite(game[1], tmp_path, change)
    force = change is stranger
    with pytest.raises(OreblocError) as told:
        orebloc.replay(path, force=force)
    assert words in str(told.value) and "\n" not in str(told.value)


def test_a_torn_last_line_is_told_with_its_number(game, tmp_path):
    """A log that stops in the middle of a line names the line to remove."""
    text = (game[1] / "log.jsonl").read_text()
    path = tmp_path / "log.jsonl"
    path.write_text(text[:-30])
    with pytest.raises(OreblocError, match=f"torn: line {len(text.splitlines())} stops in the middle"):
        read_log(path)


def test_other_rules_are_refused_unless_forced(game, tmp_path):
    """A log of another rule hash is refused; forced it runs and the results say so."""
    path = rewrite(
        game[1],
        tmp_path,
        lambda lines: [json.dumps({**json.loads(lines[0]), "rule_hash": "f" * 16}), *lines[1:]],
    )
    with pytest.raises(OreblocError, match="written under other rules .ffffffffffffffff"):
        orebloc.replay(path)
    notes = orebloc.replay(path, force=True, until="2025Q1").manifest["replay"]["notes"]
    assert len(notes) == 1 and "other rules" in notes[0]


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"changes": {"seed": 1}}, "Write --fork"),
        ({"fork": True}, "Write --until QUARTER"),
        ({"until": "2050Q1"}, "it must lie within the log's scenario"),
        ({"until": "2025Q2", "fork": True, "changes": {"goods": ["gallium"]}}, "cannot change in the middle"),
        ({"until": "2025Q2", "fork": True, "players": {"XXX": "random"}}, "is no country, firm or role"),
    ],
)
def test_a_fork_that_cannot_be_is_told(game, arguments, words):
    """What a fork cannot change, and what it lacks, is one message."""
    with pytest.raises(OreblocError, match=words):
        orebloc.replay(game[1], **arguments)


def test_replay_on_the_command_line(game, tmp_path, capsys):
    """The command writes results and a log that replays again; a missing log ends with 2."""
    out = tmp_path / "again"
    assert orebloc.main(["replay", str(game[1]), "--until", "2025Q2", "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["end"] == "2025Q2"
    assert {"log.jsonl", "series.parquet", "report.html"} <= {path.name for path in out.iterdir()}
    assert orebloc.main(["replay", str(tmp_path / "gone.jsonl")]) == 2
    assert "does not exist" in capsys.readouterr().err
