"""Dividing what a treaty is worth: shares, outside options, one voice against many, and the money that moves."""

import functools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import DECISIONS, bargain, membership
from model.calibration import calibrate
from model.engine import Engine
from model.parameter import PARAMETERS
from model.scenario import scenario_from
from model.treaty import treaty_from
from model.treaty_state import IN_FORCE, PROPOSED
from model.treaty_text import text

VALUES = np.array([parameter.default for parameter in PARAMETERS.values()])
MONEY = st.floats(0.0, 1e6)
HEAD = {
    "name": "table", "start": "2025Q1", "end": "2026Q4", "base_year": 2024, "goods": ["gallium"],
    "measures": [
        {"type": "export_licence", "actor": "CHN", "quarter": "2025Q1", "fields": {"good": "gallium", "rate": 0.1}},
    ],
}  # fmt: skip
WORLD = calibrate(scenario_from(HEAD))
EXEMPTION = {"type": "mutual_exemption", "fields": {"verification": 1.0}}


def agreed(gain, asked, together, delay=0.0):
    """Return what a drafter (the first) and the others have, None without an agreement."""
    others = np.arange(1, len(gain))
    return bargain.agreed(np.array(gain), np.array(asked), 0, others, together, delay, VALUES)


def check(gain, asked, together):
    found = agreed(gain, asked, together)
    scale = max(1.0, sum(map(abs, gain)), sum(asked))
    if found is None or sum(gain) < sum(asked) - 1e-9 * scale:
        assert found is None and sum(gain) <= sum(asked) + 1e-9 * scale
        return
    assert abs(found.sum() - sum(gain)) <= 1e-9 * scale
    assert (found >= np.array(asked) - 1e-9 * scale).all()


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    gain=st.lists(st.floats(-1e5, 1e6), min_size=3, max_size=3), asked=st.lists(MONEY, min_size=3, max_size=3),
    together=st.booleans(),
)  # fmt: skip
def test_i36_i37_what_is_agreed_adds_up_and_nobody_has_less_than_it_asks(gain, asked, together):
    """I36, I37: parts add up to the gain of all, nobody has less than it asks for; else nobody signs."""
    check(gain, asked, together)


def test_one_voice_gets_more_for_the_others_and_takes_longer():
    """Two others get 0.3 of the surplus by themselves and `0.3 + 0.7 / 2 * 0.5` together; delay can end a deal."""
    alone, together = agreed([10.0, 0.0, 0.0], [0.0] * 3, False), agreed([10.0, 0.0, 0.0], [0.0] * 3, True)
    assert alone[1:].sum() == pytest.approx(3.0) and together[1:].sum() == pytest.approx(4.75)
    barely = [10.0, 0.0, 0.0], [4.0, 3.0, 2.99]
    assert agreed(*barely, True) is not None and agreed(*barely, True, delay=1.2) is None


def table(rivalry=0.5, **head):
    """Return an engine with an exemption from China's licence on the table, after six quarters."""
    return _table(rivalry, json.dumps(head))


@functools.cache
def _table(rivalry, stated):
    treaty = {"id": "pact", "kind": "club", "members": ["CHN", "JPN", "USA"], "minimum_members": 3, "decides": True,
              "proposed": "2025Q1", "clauses": [EXEMPTION], **json.loads(stated)}  # fmt: skip
    made = scenario_from({**HEAD, "treaties": [treaty], "parameters": {"bargain_rivalry": rivalry}})
    e = Engine(made, 2, 3, world=WORLD, decide=DECISIONS)
    for _ in range(6):
        e.step()
    return e


def test_payments_bring_in_who_would_not_sign():
    """The exporter asks for more than it gains: paid by those who gain most it signs, else not; on against off."""
    with_pay, without = table(side_payments=True), table()
    assert (with_pay.columns.treaty_state[:, 0] == IN_FORCE).all()
    assert (without.columns.treaty_state[:, 0] == PROPOSED).all()
    china = with_pay.world.countries.index("CHN")
    assert (with_pay.columns.member_payment_usd[:, china] < 0.0).all()
    assert (with_pay.columns.country_levy_usd[:, china] > 0.0).all()
    np.testing.assert_allclose(with_pay.columns.country_levy_usd.sum(axis=1), 0.0, atol=1e-3)
    scale = np.abs(with_pay.columns.balance_usd).sum(axis=1)
    assert (np.abs(with_pay.columns.money_residual_usd[:, 0]) <= 1e-9 * scale).all()
    assert not without.columns.country_levy_usd.any()


def test_partners_of_one_text_pay_less_where_they_could_be_played_off():
    """The more one voice spares them, the less the exporter receives; a memorandum of two is in force sooner."""
    never, always = (table(rivalry, side_payments=True) for rivalry in (0.0, 1.0))
    china = never.world.countries.index("CHN")
    assert (always.columns.country_levy_usd[:, china] < 0.95 * never.columns.country_levy_usd[:, china]).all()
    alone = table(side_payments=True, kind="memorandum", members=["CHN", "JPN"], minimum_members=2)
    assert alone.columns.country_levy_usd[0, china] > 0.0
    assert alone.columns.treaty_began[0, 0] < never.columns.treaty_began[0, 0]


def test_what_was_agreed_in_failed_talks_is_void():
    """A payment left over from an earlier round changes nothing of the next one."""
    talks = table(side_payments=True).fork()
    paid = talks.columns.member_payment_usd
    membership._sign(talks, 0, np.arange(2))
    first = paid.copy()
    for code, usd in (("CHN", -1e9), ("USA", 1e9)):
        paid[:, talks.world.countries.index(code)] = usd
    membership._sign(talks, 0, np.arange(2))
    assert first.any()
    np.testing.assert_array_equal(paid, first)


def test_the_text_says_that_gains_are_divided():
    """What runs stands in the articles."""
    base = {"id": "pact", "kind": "club", "members": ["CHN", "JPN"], "clauses": [EXEMPTION]}
    assert "pay the others each quarter" in text(treaty_from({**base, "side_payments": True}))
    assert "pay the others" not in text(treaty_from(base))
