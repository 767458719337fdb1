"""Who signs: a treaty is signed when the look-ahead says so, stakes add up, and doctrine decides what counts."""

import re

import numpy as np
import pytest

from agents import DECISIONS
from agents.doctrine import BY_NAME, DOCTRINES, USUAL, doctrine_of
from agents.membership import stability
from agents.stake import PARTS, Stakes, weigh_membership
from agents.treaty_words import reason
from model.calibration import calibrate
from model.engine import Engine
from model.error import ScenarioError
from model.name import EU_MEMBERS
from model.order import Order
from model.rules.stake import weigh
from model.scenario import scenario_from
from model.treaty_move import apply_move
from model.treaty_state import IN_FORCE, PROPOSED

HEAD = {
    "name": "table", "start": "2025Q1", "end": "2026Q4", "base_year": 2024, "goods": ["gallium"],
    "measures": [
        {"type": "export_licence", "actor": "CHN", "quarter": "2025Q1", "fields": {"good": "gallium", "rate": 0.1}},
    ],
}  # fmt: skip
WORLD = calibrate(scenario_from(HEAD))


def table(*clauses, members=("USA", "JPN"), **changes):
    """Return an engine with one treaty of these clauses on the table from the first quarter on."""
    treaty = {"id": "pact", "kind": "club", "members": list(members), "proposed": "2025Q1", "decides": True,
              "clauses": list(clauses)}  # fmt: skip
    made = scenario_from({**HEAD, "treaties": [treaty], **changes})
    return Engine(made, 2, 3, world=WORLD, decide=DECISIONS)


EXEMPTION = {"type": "mutual_exemption", "fields": {"verification": 0.9}}
FLOOR = {"type": "common_price_floor", "fields": {"good": ["gallium"], "price_usd_per_t": 3e6}}


def steps(e, count):
    """Run some quarters."""
    for _ in range(count):
        e.step()
    return e


def test_who_gains_by_a_lifted_restriction_wants_it_and_who_asks_for_more_does_not_sign():
    """Exemption from the exporter's licence pays the importer; the exporter gains less than it asks for."""
    e = steps(table(EXEMPTION, members=("CHN", "JPN", "USA")), 1)
    found = {row["country"]: row for row in stability(e, 0)}
    assert found["JPN"]["gain_usd"] > 0.0 and "users +" in found["JPN"]["reason"]
    assert found["CHN"]["gain_usd"] < found["JPN"]["gain_usd"]
    steps(e, 2)
    said = {d["seat"]: d for d in e.decisions if d.get("treaty") == "pact"}
    assert said["CHN"]["choice"] == "does not sign" and said["CHN"]["why"].endswith(".")


def test_a_treaty_that_only_costs_is_not_signed():
    """A floor far above the price, on a good the members hardly make, is left on the table."""
    e = steps(table(FLOOR, members=("JPN", "KOR")), 6)
    assert (e.columns.treaty_state[:, 0] == PROPOSED).all()
    said = [d["choice"] for d in e.decisions if d["seat"] in ("JPN", "KOR")]
    assert said and set(said) == {"does not sign"}


def test_stakes_are_nothing_for_a_treaty_without_effect():
    """A promise to examine moves no market: no part of the stake but quarrels."""
    e = steps(table({"type": "joint_stockpile", "fields": {}}), 1)
    stakes = weigh_membership(
        e, 0, np.array([0]), np.tile([c in ("USA", "JPN") for c in e.world.countries], (1, 1))
    )
    for part in ("users", "producers", "treasury", "rent", "safety"):
        np.testing.assert_allclose(getattr(stakes, part), 0.0, atol=1.0)


def test_a_plant_built_under_a_treaty_makes_a_stop_less_feared():
    """A gap subsidy builds what a stop cannot take; the likelier the stop, the more that is worth."""
    clause = {"type": "gap_subsidy", "fields": {"good": ["gallium"], "strike_usd_per_t": 1.5e6}}
    e = steps(table(clause, members=("JPN", "USA")), 1)
    japan = e.world.countries.index("JPN")
    inside = np.tile([c in ("JPN", "USA") for c in e.world.countries], (1, 1))
    usual = weigh_membership(e, 0, np.array([0]), inside).safety[0, japan]
    e.columns.tension[0, e.world.countries.index("CHN") * len(e.world.countries) + japan] = 1.0
    tense = weigh_membership(e, 0, np.array([0]), inside).safety[0, japan]
    assert tense > 1.2 * usual > 0.0
    part = {row["country"]: row for row in stability(e, 0)}["JPN"]
    assert part["safety"] == pytest.approx(tense)


def test_the_exporter_is_feared_where_a_treaty_leaves_it_out_and_strikes_it():
    """What it might do in answer is a loss to those who buy of it, by their doctrine, and none where it is a member."""
    feared = {}
    for who, clause in ((("JPN", "KOR"), FLOOR), (("CHN", "JPN", "USA"), EXEMPTION)):
        e = steps(table(clause, members=who), 1)
        inside = np.tile([c in who for c in e.world.countries], (1, 1))
        feared[who] = weigh_membership(e, 0, np.array([0]), inside).answer[0]
    japan, korea = (e.world.countries.index(code) for code in ("JPN", "KOR"))
    struck, spared = feared.values()
    assert struck[japan] < struck[korea] < 0.0 and not spared.any()


def test_a_look_leaves_the_run_alone():
    """Weighing a treaty changes nothing of the run it looks at."""
    e = steps(table(EXEMPTION, members=("CHN", "JPN", "USA")), 2)
    e.step()
    other = e.fork()
    before = [array.copy() for array in e.columns]
    stability(e, 0)
    for array, old in zip(e.columns, before, strict=True):
        np.testing.assert_array_equal(array, old)
    np.testing.assert_array_equal(steps(e, 2).answer.price, steps(other, 2).answer.price)


def test_each_run_decides_for_itself():
    """A batch of two decides as two batches of one do."""
    both = steps(table(EXEMPTION, members=("CHN", "JPN", "USA")), 4)
    made = both.scenario
    for run in range(2):
        alone = steps(Engine(made, 1, 3, first_run=run, world=WORLD, decide=DECISIONS), 4)
        np.testing.assert_array_equal(both.columns.member_state[run], alone.columns.member_state[0])


def test_a_treaty_in_force_shows_who_would_leave():
    """Stability lists every named country with its gain, the parts, a verdict and the reason."""
    e = table(EXEMPTION, members=("CHN", "JPN", "USA"))
    e.step()
    e.columns.treaty_state[:, 0] = IN_FORCE
    count = len(e.world.countries)
    e.columns.member_state[:, :count] = np.where(e.treaties.table.invited > 0, IN_FORCE, 0)
    found = {row["country"]: row for row in stability(e, 0)}
    assert set(found) == {"CHN", "JPN", "USA"}
    assert found["JPN"]["verdict"] == "stays" and found["JPN"]["gain_usd"] > 0.0
    parts = sum(found["JPN"][name] for name in Stakes._fields[: len(PARTS)])
    assert parts == pytest.approx(found["JPN"]["gain_usd"])


@pytest.mark.parametrize("defects", [False, True])
def test_an_eu_member_signs_alone_only_where_members_may_defect(defects):
    """A deal that pays Germany is left alone while the EU negotiates as one, and signed where members may defect."""
    clause = {"type": "gap_subsidy", "fields": {"good": ["gallium"], "strike_usd_per_t": 6e5,
                                                "burden": {"DEU": 0.0, "JPN": 1.0}}}  # fmt: skip
    treaty = {"id": "deal", "kind": "memorandum", "members": ["DEU", "JPN"], "proposed": "2025Q1", "decides": True,
              "clauses": [clause]}  # fmt: skip
    seats = {code: {"behaviour": "state", "doctrine": "industrial", "acts": False} for code in ("DEU", "JPN")}
    made = scenario_from(
        {**HEAD, "eu_members": True, "eu_defects": defects, "treaties": [treaty], "seats": seats}
    )
    e = steps(Engine(made, world=calibrate(made), decide=DECISIONS), 2)
    (told,) = [d for d in e.decisions if d.get("treaty") == "deal" and d["seat"] == "DEU"]
    assert told["gain_usd"] > 0.0
    assert told["choice"] == ("signs" if defects else "does not sign")
    assert ("negotiates as one" in told["why"]) is not defects
    order = Order("sign_treaty", "DEU", "2025Q2", None, {"treaty": "deal"})
    if defects:
        apply_move(e, order)
    else:
        with pytest.raises(
            ScenarioError, match="DEU may not sign treaty deal without the other members of the EU"
        ):
            apply_move(e, order)


def test_eu_members_sign_together_by_their_sum():
    """A treaty that names them all is signed by all of them or by none, whatever it is worth to each."""
    members = [*EU_MEMBERS, "JPN"]
    share = {code: float(code == "JPN") for code in members}
    clause = {
        "type": "gap_subsidy",
        "fields": {"good": ["gallium"], "strike_usd_per_t": 6e5, "burden": share},
    }
    treaty = {"id": "deal", "kind": "club", "members": members, "proposed": "2025Q1", "decides": True,
              "clauses": [clause]}  # fmt: skip
    seats = {code: {"behaviour": "state", "doctrine": "industrial", "acts": False} for code in ("DEU", "JPN")}
    made = scenario_from({**HEAD, "eu_members": True, "treaties": [treaty], "seats": seats})
    e = steps(Engine(made, world=calibrate(made), decide=DECISIONS), 2)
    told = [d for d in e.decisions if d.get("treaty") == "deal" and d["seat"] in EU_MEMBERS]
    assert len(told) > 1 and {d["choice"] for d in told} == {"signs"}
    assert len({d["gain_usd"] > 0.0 for d in told}) == 2


def test_doctrine_decides_what_counts():
    """Of two states as patient, what their users gain counts as their doctrines weigh users."""
    gains = {}
    for doctrine in ("hawk", "industrial"):
        assert BY_NAME[doctrine].patience == 0.8
        seats = {"JPN": {"behaviour": "state", "doctrine": doctrine}}
        e = steps(table(EXEMPTION, members=("CHN", "JPN", "USA"), seats=seats), 1)
        inside = np.tile([c in ("CHN", "JPN", "USA") for c in e.world.countries], (1, 1))
        stakes = weigh_membership(e, 0, np.array([0]), inside)
        gains[doctrine] = float(stakes.users[0, e.world.countries.index("JPN")])
    weights = BY_NAME["hawk"].consumer / BY_NAME["industrial"].consumer
    assert weights < 0.9 and gains["hawk"] > 0.0
    assert gains["hawk"] == pytest.approx(weights * gains["industrial"], rel=1e-9)


def test_plain_dollars_stand_beside_weighed_ones():
    """A state that weighs all lines alike gains the plain dollars of now and later, as patient as it is."""
    assert {
        BY_NAME["reciprocal"].consumer,
        BY_NAME["reciprocal"].producer,
        BY_NAME["reciprocal"].treasury,
    } == {1.0}
    seats = {"JPN": {"behaviour": "state", "doctrine": "reciprocal"}}
    e = steps(table(EXEMPTION, members=("CHN", "JPN", "USA"), seats=seats), 1)
    inside = np.tile([c in ("CHN", "JPN", "USA") for c in e.world.countries], (1, 1))
    stakes = weigh_membership(e, 0, np.array([0]), inside)
    japan = e.world.countries.index("JPN")
    lines = sum(stakes[part][0, japan] for part in range(4))
    patience = BY_NAME["reciprocal"].patience
    assert stakes.now[0, japan] != 0.0
    plain = weigh.py_func(stakes.now[0, japan], stakes.later[0, japan], patience)
    assert lines == pytest.approx(plain, rel=1e-9)


def test_a_reason_names_the_largest_parts_first():
    """Words and numbers: what counts most stands first, with its sign."""
    parts = [np.array([[value]]) for value in (-85e6, -10e6, 50e6, 0.0, 0.1e6, 0.0, 0.0)]
    now, later = np.array([[-4e6]]), np.array([[2e6]])
    words = reason(Stakes(*parts, asked=np.array([[5e6]]), now=now, later=later), 0, 0)
    assert (
        words.index("users -85 m usd")
        < words.index("public money +50 m usd")
        < words.index("producers -10 m usd")
    )
    assert "asks for 5.0 m usd" in words and words.startswith(
        "in rather than out is worth -45 m usd a quarter by its"
    )
    assert "by its weights (plain: -4.0 m usd now, +2.0 m usd once firms have built)" in words


def test_doctrines_are_data_with_a_usual_one_for_many():
    """Every usual doctrine exists; an unknown country is laissez-faire."""
    assert len(BY_NAME) == len(DOCTRINES)
    assert all(name in BY_NAME for name in USUAL.values())
    assert (
        doctrine_of("FJI").name == "laissez_faire" and doctrine_of("USA", "free_rider").name == "free_rider"
    )


def test_the_parts_of_a_reason_add_up():
    """Beyond the four largest parts the rest is told, so that what is named is what it is worth."""
    sizes = (-165e6, 60e6, 16e6, 12e6, -7e6, 3e6, -2e6)
    parts = [np.full((1, 1), usd) for usd in sizes]
    told = reason(Stakes(*parts, *(np.zeros((1, 1)) for _ in Stakes._fields[len(parts) :])), 0, 0)
    named = re.findall(r"([+-][0-9.]+) m usd", told.split("): ")[1])
    assert sum(map(float, named)) == pytest.approx(sum(sizes) / 1e6) and "the rest" in told
