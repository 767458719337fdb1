"""Laws of the rules: what must hold whatever the numbers."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.draw import waiting_time
from model.market.offer import variable_cost
from model.rules.demand import interpolate, revert, substitute
from model.rules.expectation import bound_by_floor, expect, perceive_variance
from model.rules.investment import (
    annuity,
    capacity_value,
    delayed_share,
    foresee,
    option_multiple,
    profit_index,
    ramp_left,
    ramp_share,
    start_building,
    still_coming,
)
from model.rules.leak import detection, held_back_t, leak_cost, leak_spread, police
from model.rules.learning import cost_ratio
from model.rules.operation import (
    after_outage,
    interest,
    keep_cost,
    mothball,
    outage_size,
    surplus,
    utilisation,
)
from model.rules.qualification import neutral_weight, qualify, wanted_taste
from model.rules.recycling import ageing_t, recovered_t, steady_stock
from model.rules.risk import perceive, tension
from model.rules.stock import (
    coverage,
    draw_price,
    fear,
    restock_t,
    rising_share,
    store_room,
    store_share,
    target_t,
    urgency,
    usual_turnover,
)

_quick = settings(max_examples=60, deadline=None, derandomize=True)


@_quick
@given(st.floats(1.0, 1e6), st.floats(1.0, 1e6), st.floats(0.0, 1.0))
def test_expectation_lies_between_what_was_expected_and_seen(before, seen, speed):
    """Adaptive expectations never overshoot."""
    after = expect(before, seen, speed)
    assert min(before, seen) * (1 - 1e-12) <= after <= max(before, seen) * (1 + 1e-12)


def test_a_floor_only_ever_raises_expectations():
    """A credible floor bounds from below; one below the market or none changes nothing."""
    assert bound_by_floor(60.0, 110.0, 0.7) == pytest.approx(77.0)
    assert bound_by_floor(90.0, 110.0, 0.7) == 90.0
    assert bound_by_floor(60.0, 0.0, 0.7) == 60.0


def test_variance_settles_at_the_square_of_steady_changes():
    """Perceived variance converges to the squared change."""
    variance = 0.5
    for _ in range(400):
        variance = perceive_variance(variance, 0.1, 0.1)
    assert variance == pytest.approx(0.01)


def test_option_multiple_matches_the_textbook_number():
    """Dixit and Pindyck's base case, r = 4 %, dividend 4 % (drift 0), s = 0.2, gives a multiple of 2."""
    assert option_multiple(0.04, 0.0, 0.2) == pytest.approx(2.0)


@_quick
@given(st.floats(0.03, 0.2), st.floats(0.05, 1.0))
def test_waiting_is_worth_more_when_prices_are_wilder(discount, volatility):
    """The hurdle rises with volatility and is never below one."""
    assert (
        1.0 <= option_multiple(discount, 0.0, volatility) <= option_multiple(discount, 0.0, volatility * 1.1)
    )


def test_annuity_in_closed_form():
    """Twenty years at 10 % are worth 8.5136; at 0 % they are worth twenty."""
    assert annuity(0.1, 20.0) == pytest.approx(8.513563719, rel=1e-9)
    assert annuity(0.0, 20.0) == 20.0


def test_value_falls_with_delay_and_discount_and_is_nothing_at_a_loss():
    """Capacity is worth less the later and dearer, and nothing when it would lose."""
    near = capacity_value(100.0, 0.85, 0.1, 8.0, 8.0, 20.0)
    assert near > capacity_value(100.0, 0.85, 0.1, 16.0, 8.0, 20.0) > 0.0
    assert near > capacity_value(100.0, 0.85, 0.14, 8.0, 8.0, 20.0)
    assert capacity_value(-1.0, 0.85, 0.1, 8.0, 8.0, 20.0) == 0.0


def test_support_lowers_the_hurdle():
    """Halving volatility and cutting the discount rate raises the profit index of the same margin."""
    merchant = profit_index(
        capacity_value(50.0, 0.85, 0.10, 12.0, 8.0, 20.0), 600.0, option_multiple(0.10, 0.0, 0.4)
    )
    supported = profit_index(
        capacity_value(50.0, 0.85, 0.07, 12.0, 8.0, 20.0), 600.0, option_multiple(0.07, 0.0, 0.2)
    )
    assert supported > merchant


@_quick
@given(st.floats(0.0, 10.0), st.floats(0.0, 1e5), st.floats(0.0, 1e5), st.floats(0.0, 1e5))
def test_building_stays_within_every_limit(index, size, pipeline, room):
    """Nothing is started below an index of one; never more than the pace, the pipeline or the host allow."""
    started = start_building(index, size, pipeline, room, 0.15, 0.05, 1.2)
    assert 0.0 <= started <= 0.05 * size and started <= room
    assert started == 0.0 or (index > 1.0 and started + pipeline <= 1.2 * size * (1 + 1e-12))


def test_ramp_parts_add_up():
    """The parts of a ramp add up to the whole, for whole and broken numbers of quarters."""
    for ramp in (1.0, 4.4, 8.0, 15.9):
        assert sum(ramp_share(ramp, e) for e in range(40)) == pytest.approx(1.0)


def test_more_announced_capacity_lowers_the_outlook():
    """Announced demand raises, announced capacity lowers the foreseen price, within a factor of e."""
    assert foresee(0.3, 0.0, 0.9, 1.0) > foresee(0.3, 0.2, 0.9, 1.0) > foresee(0.0, 0.2, 0.9, 1.0)
    assert foresee(9.0, 0.0, 0.9, 1.0) == 1.0


@_quick
@given(st.floats(-2e4, 2e4), st.floats(10.0, 1e4), st.floats(10.0, 1e3))
def test_surplus_is_the_area_under_the_cost_curve(net, cost, spread):
    """Surplus on a tonne of capacity is revenue less the ledger's variable cost at the market's utilisation."""
    used = utilisation(net, cost, spread)
    by_cost = net * used - variable_cost(used, 1.0, cost, spread)
    assert surplus(net, cost, spread) == pytest.approx(by_cost, rel=1e-9, abs=1e-6)


def test_the_keep_is_earned_at_its_utilisation():
    """A plant running at the idle utilisation just earns its keep."""
    net = 100.0 + 5.0 * math.log(0.12 / 0.88)
    assert surplus(net, 100.0, 5.0) == pytest.approx(keep_cost(5.0, 0.12))


def test_mothballing_needs_patience():
    """Nothing is mothballed before the patience is used up."""
    assert mothball(10.0, 3.0, 4.0, 0.2) == 0.0
    assert mothball(10.0, 4.0, 4.0, 0.2) == 2.0
    assert after_outage(0.3, False, 0.3, 0.5) == 0.15


def test_an_outage_is_one_site_of_many():
    """A small producer may lose the full share; the one that makes nearly everything loses a site's worth."""
    assert outage_size(0.3, 0.05, 0.01) == 0.3
    assert outage_size(0.3, 0.05, 0.94) == pytest.approx(0.05 / 0.94)


def test_stock_target_rises_with_risk():
    """Sixty days of use at no risk; doubled at risk one with a multiple of one."""
    assert target_t(60.0, 91.25, 0.0, 1.0) == pytest.approx(60.0)
    assert target_t(60.0, 91.25, 1.0, 1.0) == pytest.approx(120.0)


def stock_over_target(change, quarters, speed=0.25):
    """Return stock over a target of 45 days after quarters of a price that changes by a share each quarter."""
    use, wanted, most, power = 100.0, target_t(45.0, 100.0, 0.0, 1.0), 0.7, 4.0
    stock, price, expected = wanted, 1.0, 1.0
    for _ in range(quarters):
        middle, top = draw_price(expected, 1.6, coverage(stock, wanted), 0.0, 4.0), 1.3 * expected
        rising_draw, rising_restock = (
            rising_share(expected, middle, power),
            rising_share(expected, top, power),
        )
        usual = usual_turnover(use, stock, most, rising_draw, rising_restock)
        ordered = restock_t(stock, wanted, use, 0.15, 0.2, usual)
        price *= 1.0 + change
        drawn = min(most * rising_share(price, middle, power) * use, stock)
        stock += ordered * (1.0 - rising_share(price, top, power)) - drawn
        expected += speed * (price - expected)
    return stock / wanted


@pytest.mark.parametrize("change", [-0.05, -0.02, -0.01, 0.0, 0.01, 0.02])
def test_stocks_stay_near_their_target_while_prices_drift(change):
    """Sixteen years of prices that fall or rise by a few per cent a quarter move stocks little off their target."""
    assert 0.3 < stock_over_target(change, 64) < 2.0
    if change == 0.0:
        assert stock_over_target(change, 64) == pytest.approx(1.0, abs=0.05)


@_quick
@given(st.floats(1.0, 100.0), st.floats(1.0, 3.0))
def test_restocking_vanishes_above_the_target(wanted, ratio):
    """No step at the target; above it restocking falls faster than stock rises, and more is drawn."""
    usual = 10.0
    assert restock_t(wanted * 1.0001, wanted, 100.0, 0.15, 0.2, usual) == pytest.approx(usual, rel=1e-3)
    more, less = restock_t(ratio * wanted, wanted, 100.0, 0.15, 0.2, usual), usual / ratio**3
    assert more <= less * (1.0 + 1e-12)
    assert draw_price(1.0, 1.6, ratio, 0.0, 4.0) <= 1.6 / math.sqrt(ratio) * (1.0 + 1e-12)


def test_fear_bids_and_hoards():
    """Fear of one half at a panic of six orders four times as fast; hoarding of two doubles the price of drawing.

    Who holds half of what calms fears half of the risk; who holds all of it, nothing.
    """
    assert fear(0.8, 100.0, 100.0, 2.0) == pytest.approx(0.4) and fear(0.8, 200.0, 100.0, 2.0) == 0.0
    assert urgency(0.5, 6.0) == pytest.approx(4.0) and urgency(0.0, 6.0) == 1.0
    assert draw_price(1.0, 1.6, 1.0, 0.5, 2.0) == pytest.approx(2.0 * draw_price(1.0, 1.6, 1.0, 0.0, 2.0))


def test_interest_is_a_quarter_of_the_years():
    """Half of 400 owed at a tenth a year costs 5 a quarter."""
    assert interest(400.0, 0.5, 0.1) == pytest.approx(5.0)


def test_storage_closes_at_its_limit():
    """Storage is open while more than a quarter of usual output fits, and closed at the limit."""
    assert store_room(100.0, 100.0, 3.0) == 1.0
    assert store_room(250.0, 100.0, 3.0) == pytest.approx(0.5)
    assert store_room(300.0, 100.0, 3.0) == store_room(400.0, 100.0, 3.0) == 0.0


def test_smuggling_is_dearer_where_more_is_at_stake_and_more_are_caught():
    """Cost rises with the price outside, with enforcement and with what customs know; the spread with the gap."""
    caught = detection(0.3, 0.0)
    assert leak_cost(2e5, 0.1, caught, 1.5) == 2.0 * leak_cost(1e5, 0.1, caught, 1.5)
    assert caught < detection(0.6, 0.0) < detection(0.6, 0.5) < detection(1.0, 0.0) == 1.0
    assert leak_cost(1e5, 0.1, 0.6, 1.5) > leak_cost(1e5, 0.1, 0.3, 1.5)
    assert leak_spread(3e5, 1e5, 0.35) == pytest.approx(7e4)
    assert leak_spread(1e5, 1e5, 0.35) > 0.0
    assert held_back_t(100.0, 1.2, 0.5) == pytest.approx(60.0)


def test_customs_learn_from_what_passes_and_forget():
    """What customs know rises while a way round is used and watched, never past one, and fades when it is idle."""
    assert police(0.2, 0.5, 1.0, 0.4, 0.0) == pytest.approx(0.36)
    assert police(0.2, 0.0, 1.0, 0.4, 0.0) == police(0.2, 0.5, 0.0, 0.4, 0.0) == 0.2
    assert police(0.2, 0.5, 0.0, 0.4, 0.1) == pytest.approx(0.18)
    assert police(1.0, 1.0, 1.0, 1.0, 0.0) == 1.0


def test_a_late_project_is_believed_in_less_and_less():
    """Until it is due a project counts with its usual chance; overdue, with less each quarter; without delays not."""
    assert still_coming(0.7, 0.0, 3.0) == still_coming(0.7, -8.0, 3.0) == 0.7
    assert 0.7 > still_coming(0.7, 3.0, 3.0) > still_coming(0.7, 9.0, 3.0) > 0.0
    assert still_coming(0.7, 3.0, 3.0) == pytest.approx(0.7 / math.e / (0.7 / math.e + 0.3))
    assert still_coming(0.7, 1.0, 0.0) == 0.0
    assert [ramp_left(4.0, e) for e in range(5)] == [0.75, 0.5, 0.25, 0.0, 0.0]


def test_delays_are_over_by_the_law_that_draws_them():
    """The part over after some quarters is that of the waiting times drawn: none before, all after four means."""
    drawn = np.array([waiting_time(u, 3.0) for u in np.linspace(0.0, 1.0, 4001)])
    for quarters in (0.0, 0.5, 3.0, 11.9, 12.0, 40.0):
        assert delayed_share(quarters, 3.0) == pytest.approx((drawn <= quarters).mean(), abs=1e-3)
    assert delayed_share(-0.1, 3.0) == 0.0 and delayed_share(0.0, 0.0) == 1.0


def test_only_by_products_go_to_stock_under_a_ban():
    """Host-bound output is withheld nearly in full once exports are restricted; other output is not."""
    assert store_share(0.0, 0.97, True, 0.6) == pytest.approx(0.97)
    assert store_share(0.0, 0.97, True, 0.0) == 0.0
    assert store_share(0.0, 0.97, False, 1.0) == 0.0


@_quick
@given(st.floats(0.0, 0.5), st.floats(0.0, 20.0))
def test_substitution_only_grows_and_keeps_its_permanent_part(share, ratio):
    """Substitution is never negative, never passes its limit, and reverts no further than the permanent part."""
    grown = substitute(share, ratio, 1.5, 0.12, 0.5, 0.7)
    assert grown >= 0.0 and share + grown <= 0.5 + 1e-12
    assert share - revert(share, 0.6 * share, ratio, 1.5, 0.12) >= 0.6 * share - 1e-12


def test_growth_path_passes_through_its_points():
    """Interpolation hits both ends and grows at a constant rate between them."""
    assert interpolate(2030.0, 2030.0, 5.0, 2040.0, 20.0) == 5.0
    assert interpolate(2040.0, 2030.0, 5.0, 2040.0, 20.0) == 20.0
    assert interpolate(2035.0, 2030.0, 5.0, 2040.0, 20.0) == pytest.approx(10.0)


@_quick
@given(st.floats(0.0, 1e6), st.floats(0.0, 2.0), st.floats(0.0, 30.0))
def test_recycled_never_exceeds_discards(discard, share, ratio):
    """Recyclers recover at most what is discarded."""
    assert 0.0 <= recovered_t(discard, share, ratio, 0.5, 0.98) <= discard


def test_products_in_use_balance():
    """With steady inflow the three ages hold the mean life's worth and discard what comes in."""
    held = [steady_stock(100.0, 40.0, 0.0, age) for age in (1, 2, 3)]
    assert all(ageing_t(h, 40.0) == pytest.approx(100.0) for h in held)
    assert sum(held) == pytest.approx(100.0 * 40.0, rel=0.05)


def test_cost_falls_by_the_learning_rate_per_doubling():
    """Doubling cumulative output cuts cost by the rate, never below the limit."""
    assert cost_ratio(200.0, 100.0, 0.12, 0.5) == pytest.approx(0.88)
    assert cost_ratio(1e9, 100.0, 0.12, 0.5) == 0.5
    assert cost_ratio(50.0, 100.0, 0.12, 0.5) == 1.0


@_quick
@given(
    st.lists(st.tuples(st.floats(0.01, 5.0), st.floats(1.0, 1e5)), min_size=2, max_size=8),
    st.floats(0.1, 5.0),
)
def test_preferences_add_up_to_the_buyers_constant_sum(suppliers, budget):
    """Whoever enters, the sum of preferences stays; splitting a supplier leaves the others' alone."""
    total = sum(alpha * capacity for alpha, capacity in suppliers)
    weights = [neutral_weight(alpha, capacity, total, budget) for alpha, capacity in suppliers]
    assert sum(weights) == pytest.approx(budget)
    alpha, capacity = suppliers[0]
    halves = 2.0 * neutral_weight(alpha, capacity / 2.0, total, budget)
    assert halves == pytest.approx(weights[0])


def test_new_capacity_is_qualified_with_a_lag():
    """Qualified capacity creeps up to capacity and falls with it at once."""
    assert qualify(100.0, 200.0, 0.25) == 125.0
    assert qualify(100.0, 60.0, 0.25) == 60.0
    assert wanted_taste(1.0, 0.15, 4.0) < wanted_taste(0.0, 0.15, 4.0) == 1.0


@_quick
@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(-0.5, 0.5))
def test_risk_and_tension_stay_within_nought_and_one(now, signal, shock):
    """Perceived risk and tension are shares; risk rises faster than it fades."""
    assert 0.0 <= perceive(now, signal, 0.5, 0.08) <= 1.0
    assert 0.0 <= tension(now, 0.25, 0.9, 0.1, shock) <= 1.0
    assert perceive(0.0, 1.0, 0.5, 0.08) == 0.5
    assert perceive(1.0, 0.0, 0.5, 0.08) == pytest.approx(0.92)
