"""What is told of treaties: what came of talks as one row, nothing twice, and whose partners are not modelled."""

import functools

import numpy as np
import pytest
from sample_results import sample_results

from agents import DECISIONS, treaty_words
from agents.stake import PARTS, Stakes
from experiments.stability import treaty_stability
from experiments.summary import summary
from model.calibration import calibrate
from model.engine import Engine
from model.scenario import scenario_from
from model.treaty_note import TREATIES, state_words
from model.treaty_state import IN_FORCE, LAPSED, PROPOSED
from model.view import treaties_view

HEAD = {
    "name": "talks", "start": "2025Q1", "end": "2026Q4", "base_year": 2024, "goods": ["gallium"],
    "measures": [
        {"type": "export_licence", "actor": "CHN", "quarter": "2025Q1", "fields": {"good": "gallium", "rate": 0.1}},
    ],
}  # fmt: skip
WORLD = calibrate(scenario_from(HEAD))
EXEMPTION = {"type": "mutual_exemption", "fields": {"verification": 1.0}}
FLOOR = {"type": "common_price_floor", "fields": {"good": ["gallium"], "price_usd_per_t": 3e6}}


@functools.cache
def talks(clause="exemption", quarters=6, **changes):
    """Return an engine some quarters after a treaty was put on the table."""
    clauses = [EXEMPTION] if clause == "exemption" else [FLOOR]
    members = ["CHN", "JPN", "USA"] if clause == "exemption" else ["JPN", "KOR"]
    treaty = {"id": "pact", "kind": "club", "members": members, "proposed": "2025Q1", "decides": True,
              "minimum_members": len(members), "clauses": clauses, **changes}  # fmt: skip
    e = Engine(scenario_from({**HEAD, "treaties": [treaty]}), 1, 3, world=WORLD, decide=DECISIONS)
    for _ in range(quarters):
        e.step()
    return e


def outcomes(e):
    """Return what was told of what came of treaties."""
    return [row for row in e.decisions if row["seat"] == TREATIES]


def test_a_treaty_that_comes_into_force_is_told_with_all_who_signed():
    """Side payments bring all three in: a row in the quarter in which it binds."""
    told = outcomes(e := talks(side_payments=True))[-1]
    assert (e.columns.treaty_state[0, 0], told["choice"]) == (IN_FORCE, "comes into force")
    assert (told["signed"], told["not_signed"]) == (["CHN", "JPN", "USA"], [])
    began = e.scenario.quarter_label(int(e.columns.treaty_began[0, 0]))
    assert told["quarter"] == began and "3 of 3 have signed, 3 are needed" in told["why"]


def test_a_treaty_that_nobody_wants_stays_on_the_table_told_once():
    """Asked in two years, refused in both: one row with what each would lose."""
    e = talks("floor")
    assert e.columns.treaty_state[0, 0] == PROPOSED
    (told,) = outcomes(e)
    assert (told["choice"], told["signed"], told["not_signed"]) == ("stays on the table", [], ["JPN", "KOR"])
    loss = next(row["gain_usd"] for row in e.decisions if row["seat"] == "JPN")
    assert loss < 0.0 and f"JPN ({loss / 1e6:+,.1f} m usd a quarter)" in told["why"]
    assert "0 of 2 have signed, 2 are needed" in told["why"]


def test_talks_that_fail_are_told():
    """After its deadline a treaty that is not signed fails for sure where the chance of that is one."""
    e = talks("floor", ratify_by="2025Q3", failure_share=1.0)
    assert e.columns.treaty_state[0, 0] == LAPSED
    assert [row["choice"] for row in outcomes(e)] == ["stays on the table", "fails"]
    assert outcomes(e)[-1]["not_signed"] == ["JPN", "KOR"]


def test_the_summary_of_a_run_shows_what_came_of_treaties():
    """Beside what states decided, not among it."""
    row = outcomes(talks("floor"))[0]
    results = sample_results()
    results.manifest["decisions"] = [row]
    text = summary(results)
    assert "treaties, what came of each last" in text and "decided by states" not in text
    assert row["why"].split(";")[0] in " ".join(text.split())


def stakes(users, producers):
    """Return stakes of these two parts for every country."""
    parts = [np.full((1, len(WORLD.countries)), value) for value in (users, producers, *[0.0] * 8)]
    assert len(parts) == len(PARTS) + 3
    return Stakes(*parts)


@pytest.mark.parametrize(
    ("users", "producers", "yes", "news"),
    [
        (-10e6, 4e6, False, 0),
        (-10.9e6, 4.3e6, False, 0),
        (-11.1e6, 4e6, False, 1),
        (-10e6, 3.5e6, False, 1),
        (-10e6, 0.0, False, 1),
        (-10e6, 4e6, True, 1),
    ],
)
def test_the_same_answer_for_the_same_reasons_is_told_once(users, producers, yes, news):
    """Another row only where the choice is another one or a reason has changed by more than a tenth."""
    e = talks("floor", quarters=1).fork()
    country = np.array([[code == "JPN" for code in e.world.countries]])
    held = np.zeros_like(country)
    nobody, paid = ["does not sign"] * held.size, treaty_words.Paid(np.zeros(held.size), is_weighed=False)
    treaty_words.tell(e, 0, np.array([0]), stakes(-10e6, 4e6), nobody, held, paid)
    before = len([row for row in e.decisions if row["seat"] == "JPN"])
    choices = ["signs" if signs else "does not sign" for signs in (country & yes)[0]]
    treaty_words.tell(e, 0, np.array([0]), stakes(users, producers), choices, held, paid)
    assert len([row for row in e.decisions if row["seat"] == "JPN"]) - before == news


def test_an_agreement_whose_partner_is_no_country_of_the_world_says_so():
    """In force by its dates, it binds nobody here: no lapse, but a partner that is not modelled, and since when."""
    treaty = {"id": "partners", "kind": "memorandum", "members": ["EU27", "RWA"], "signed": "2024-02-19",
              "clauses": [EXEMPTION]}  # fmt: skip
    made = scenario_from({**HEAD, "treaties": [treaty, {**treaty, "id": "over", "ended": "2024Q4"}]})
    e = Engine(made, world=WORLD)
    e.step()
    assert e.columns.treaty_state[0].tolist() == [LAPSED, LAPSED]
    assert state_words(e, 0, 0) == "partner RWA not modelled, since 2025Q1"
    assert state_words(e, 0, 1) == "lapsed"
    assert treaties_view(e, 0)[0]["state"] == state_words(e, 0, 0)
    assert [row["state"] for row in treaty_stability(made, "2025Q1")] == [
        state_words(e, 0, x) for x in (0, 1)
    ]
