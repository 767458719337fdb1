"""Joint projects: the members' money goes to sites in members, and to nobody else's."""

import numpy as np
import pytest

from model.calibration import calibrate
from model.engine import Engine
from model.error import ScenarioError
from model.scenario import scenario_from
from model.treaty import treaty_from
from model.treaty_state import LEFT

FUND = {"type": "joint_projects", "fields": {"good": ["gallium"], "amount_usd": 1e9, "share": 0.3}}
TREATY = {"id": "pact", "kind": "club", "members": ["USA", "JPN", "KOR"], "signed": "2025Q1", "in_force": "2025Q1",
          "clauses": [FUND]}  # fmt: skip
HEAD = {"name": "fund", "start": "2025Q1", "end": "2025Q4", "base_year": 2024, "goods": ["gallium"]}
WORLD = calibrate(scenario_from(HEAD))


def relief(e, code):
    """Return the largest part of capital cost that funds take off at the sites of a country."""
    return e.columns.site_relief_share[0, e.layout.site_country == e.world.countries.index(code)].max()


def test_a_fund_relieves_sites_of_members_as_long_as_they_are_members():
    """All three bear a part and have it at home; one that leaves takes its part away and gets none of the others'."""
    e = Engine(scenario_from({**HEAD, "treaties": [TREATY]}), world=WORLD)
    e.step()
    assert [relief(e, code) for code in ("USA", "JPN", "KOR")] == pytest.approx([0.3] * 3)
    e.columns.member_state[0, e.world.countries.index("KOR")] = LEFT
    e.step()
    assert [relief(e, code) for code in ("USA", "JPN", "KOR", "CHN")] == pytest.approx([0.2, 0.2, 0.0, 0.0])


@pytest.mark.parametrize("outside", [False, True])
def test_a_fund_pays_for_what_members_build_only(outside):
    """Capacity begun in Korea is paid for while Korea is a member, and not a dollar of it once it has left."""
    e = Engine(scenario_from({**HEAD, "treaties": [TREATY]}), world=WORLD)
    e.step()
    korea = e.world.countries.index("KOR")
    if outside:
        e.columns.member_state[0, korea] = LEFT
        e.step()
    e.columns.site_invest_t[:] = 0.0
    e.columns.site_invest_t[0, e.layout.site_country == korea] = 1.0
    e.plan.pay_funds(e.step_number - 1, e.history, e.layout, e.columns, e.books)
    paid = e.columns.country_fund_usd[0]
    assert not paid.any() if outside else paid[korea] > 0.0
    np.testing.assert_allclose(paid.sum(), 3.0 * paid[korea])


def test_an_outsider_is_no_host():
    """A host that is no member is refused with place and remedy; a state of the Union is one where that is a member."""
    fields = {**FUND["fields"], "host": ["AUS"]}
    with pytest.raises(
        ScenarioError, match=r"host AUS, which is not a member\. Name members only, USA, JPN, KOR"
    ):
        treaty_from({**TREATY, "clauses": [{**FUND, "fields": fields}]})
    treaty_from({**TREATY, "members": ["AUS", "USA"], "clauses": [{**FUND, "fields": fields}]})
