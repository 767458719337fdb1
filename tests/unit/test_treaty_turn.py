"""What is told of a treaty in force: who gives notice, joins, pays; that it is left, suspended or lapses, and why."""

import functools

import numpy as np
import pytest
from sample_results import sample_results

from agents import DECISIONS, membership
from agents.stake import Stakes
from experiments.stability import describe_stability, treaty_stability
from experiments.summary import summary
from model.calibration import calibrate
from model.engine import Engine
from model.scenario import scenario_from
from model.treaty_note import TREATIES
from model.treaty_state import IN_FORCE, LAPSED, LEFT, SUSPENDED

HEAD = {
    "name": "turns", "start": "2025Q1", "end": "2027Q4", "base_year": 2024, "goods": ["gallium"],
    "measures": [
        {"type": "export_licence", "actor": "CHN", "quarter": "2025Q1", "fields": {"good": "gallium", "rate": 0.1}},
    ],
}  # fmt: skip
WORLD = calibrate(scenario_from(HEAD))
CODES = list(WORLD.countries)
EXEMPTION = {"type": "mutual_exemption", "fields": {"verification": 1.0}}
DATED = {"id": "pact", "kind": "club", "members": ["CHN", "JPN", "USA"], "signed": "2025Q1", "in_force": "2025Q1",
         "notice_quarters": 1, "clauses": [EXEMPTION]}  # fmt: skip


def engine(treaty, quarters):
    """Return an engine of a world with one treaty some quarters on."""
    e = Engine(scenario_from({**HEAD, "treaties": [treaty]}), 1, 3, world=WORLD, decide=DECISIONS)
    return steps(e, quarters)


def steps(e, quarters):
    """Run some quarters."""
    for _ in range(quarters):
        e.step()
    return e


@functools.cache
def paid():
    """Return a treaty in force that all three signed for what they pay each other; fork it."""
    talks = {key: value for key, value in DATED.items() if key not in ("signed", "in_force")}
    return engine(
        {**talks, "proposed": "2025Q1", "decides": True, "minimum_members": 3, "side_payments": True}, 6
    )


def turns(e):
    """Return what was told of what became of treaties."""
    return [row for row in e.decisions if row["seat"] == TREATIES]


def said(e, code):
    """Return the last that a state said of the treaty."""
    return [row for row in e.decisions if row["seat"] == code and row.get("treaty") == "pact"][-1]


def test_who_signs_for_a_payment_says_so_in_row_and_log():
    """The exporter asks for more than being in is worth to it: the reason tells what it receives, and what is left."""
    e = paid()
    rows = {code: said(e, code) for code in DATED["members"]}
    china, payments = rows["CHN"], [row["payment_usd"] for row in rows.values()]
    assert china["choice"] == "signs" and china["payment_usd"] < 0.0 < max(payments)
    assert sum(payments) == pytest.approx(0.0, abs=1.0)
    logged = {entry["seat"]: entry["why"] for entry in e.log if entry["order"]["type"] == "sign_treaty"}
    for code, row in rows.items():
        word = "it receives" if row["payment_usd"] < 0.0 else "it pays the other members"
        assert word in row["why"] and word in logged[code] and "with that" in row["why"]
    (came,) = [row["why"] for row in turns(e) if row["choice"] == "comes into force"]
    assert (
        f"CHN ({china['gain_usd'] / 1e6:+,.1f} m usd a quarter, receives {-china['payment_usd'] / 1e6:,.1f})"
        in came
    )


def test_a_member_of_a_treaty_in_force_tells_what_is_booked():
    """What a look at a treaty in force says is paid is what went between treasuries in the quarter."""
    e = paid().fork()
    membership._review(e, 0, np.array([0]))
    for code in DATED["members"]:
        row = said(e, code)
        assert row["payment_usd"] == pytest.approx(-e.columns.country_levy_usd[0, CODES.index(code)])
        assert row["payment_usd"] != 0.0 and "counted in public money" in row["why"]


def stakes(**gains):
    """Return stakes of this worth to users of these countries, nothing to others."""
    parts = [np.zeros((1, len(CODES))) for _ in Stakes._fields]
    for code, usd in gains.items():
        parts[0][0, CODES.index(code)] = usd
    return Stakes(*parts)


def test_who_leaves_joins_stays_in_or_out_is_told_as_that(monkeypatch):
    """Each of the four has its words; notice is given and logged once."""
    e = paid().fork()
    e.columns.member_state[0, [CODES.index("CHN"), CODES.index("USA")]] = LEFT
    monkeypatch.setattr(membership, "weigh_membership", lambda *_: stakes(JPN=-1e7, CHN=1e7, USA=-1e7))
    membership._review(e, 0, np.array([0]))
    assert {code: said(e, code)["choice"] for code in DATED["members"]} == {
        "JPN": "gives notice to leave", "CHN": "joins", "USA": "stays out of",
    }  # fmt: skip
    membership._review(e, 0, np.array([0]))
    assert said(e, "JPN")["choice"] == "has given notice to leave"
    assert len([entry for entry in e.log if entry["order"]["type"] == "leave_treaty"]) == 1
    e.columns.member_notice[:] = -1.0
    monkeypatch.setattr(membership, "weigh_membership", lambda *_: stakes(JPN=1e7, CHN=1e7, USA=-1e7))
    membership._review(e, 0, np.array([0]))
    assert said(e, "JPN")["choice"] == "stays in"


@pytest.mark.parametrize(
    ("least", "state", "choice"), [(2, IN_FORCE, "is left by USA"), (3, LAPSED, "lapses")]
)
def test_a_treaty_that_a_member_leaves_is_told_with_what_becomes_of_it(least, state, choice):
    """Who left, by notice, and whether enough are left, in the quarter in which it goes; and in the summary."""
    e = engine({**DATED, "minimum_members": least, "decides": True, "signed": None, "in_force": None}, 1)
    members = [CODES.index(code) for code in DATED["members"]]
    e.columns.treaty_state[0, 0] = IN_FORCE
    e.columns.member_state[0, members] = IN_FORCE
    e.columns.member_notice[0, CODES.index("USA")] = 0.0
    e.decisions.clear()
    e.step()
    assert e.columns.treaty_state[0, 0] == state
    (row,) = turns(e)
    assert (row["choice"], row["left"], row["signed"]) == (choice, ["USA"], ["CHN", "JPN"])
    assert (
        "USA left after notice" in row["why"]
        and f"2 of 3 have signed and not left, {least} are needed" in row["why"]
    )
    results = sample_results()
    results.manifest["decisions"] = [{**row, "choice": "comes into force", "why": "earlier"}, row]
    told = " ".join(summary(results).split())
    assert row["why"][:40] in told and "earlier" not in told


def test_a_treaty_that_ends_by_its_dates_says_so():
    """In the quarter of its end, once, and nothing before."""
    e = engine({**DATED, "ended": "2025Q3"}, 2)
    assert not turns(e)
    steps(e, 3)
    (row,) = turns(e)
    assert (row["choice"], row["treaty"]) == ("lapses", "pact") and row["why"].endswith(
        "it was dated to end."
    )
    assert row["quarter"] == e.scenario.quarter_label(int(e.columns.treaty_since[0, 0]))


def test_a_breach_that_is_seen_suspends_a_member_or_the_treaty():
    """With few enough members to spare the treaty is suspended, else the member alone; back after its penalty."""
    for least, choice in ((2, "suspends JPN"), (3, "is suspended")):
        e = engine({**DATED, "minimum_members": least, "detection_lag_quarters": 0, "detection_share": 1.0,
                    "suspension_quarters": 1}, 2)  # fmt: skip
        e.columns.member_cheats[0, CODES.index("JPN")] = 1.0
        e.step()
        assert e.columns.member_state[0, CODES.index("JPN")] == SUSPENDED
        assert (
            turns(e)[-1]["choice"] == choice
            and "JPN suspended for a breach that was seen" in turns(e)[-1]["why"]
        )
        e.columns.member_cheats[0, CODES.index("JPN")] = 0.0
        steps(e, 2)
        assert turns(e)[-1]["choice"] == ("takes back JPN" if least == 2 else "is in force again")


def row(country, member, gain, asks, verdict):
    """Return a record of one country's answer."""
    return {
        "country": country,
        "member": member,
        "gain_usd": gain,
        "asks_usd": asks,
        "verdict": verdict,
        "reason": "why",
    }


def record(*rows, **changes):
    """Return a record of a treaty with these answers."""
    return {"treaty": "pact", "title": "Pact", "state": "in force", "quarter": "2025Q4", "as_if_signed": False,
            "rows": rows, **changes}  # fmt: skip


def test_a_verdict_says_by_which_measure():
    """Who loses less than its bar stays, and is named; who gains less than it outside stays out; both are told."""
    loser, winner = row("VNM", True, -4e6, 577e6, "stays"), row("JPN", True, 4e6, 0.0, "stays")
    told = describe_stability([record(loser, winner)])
    assert (
        "loses less than the 577 m usd a quarter at which it moves; why" in told
        and told.count("at which") == 1
    )
    assert (
        "stable within: yes, no member would move, though by its weights" in told
        and "loses by being in: VNM" in told
    )
    assert "nobody outside was asked (--ask" in told
    told = describe_stability([record(winner, row("MYS", False, 2e6, 20e6, "stays out"))])
    assert "yes, no member would move, and by its own weights none loses by being in" in told
    assert "gains less than the 20 m usd a quarter" in told and "nobody asked would join (MYS)" in told
    told = describe_stability(
        [record(row("JPN", True, -4e6, 0.0, "would leave"), row("KOR", False, 4e6, 0.0, "would join"))]
    )
    assert "stable within: no, JPN would leave" in told and "stable without: no, KOR would join" in told


def test_members_of_a_treaty_not_in_force_are_taken_as_if_they_had_signed():
    """The record says so, and the text; of one in force neither. Nobody asked outside is no answer."""
    for treaty, expected in ((DATED, False), ({**DATED, "signed": "2025Q4", "in_force": "2026Q1"}, True)):
        made = scenario_from({**HEAD, "treaties": [treaty]})
        (found,) = treaty_stability(made, "2025Q1")
        assert found["as_if_signed"] is expected and found["stable_without"] is None
        assert ("as if they had all signed" in " ".join(describe_stability([found]).split())) is expected
        assert all(answer["member"] for answer in found["rows"])
