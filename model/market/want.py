"""What buyers buy: final use, and stocks that answer this quarter's price."""

import math

from model.compiled import rule
from model.market.offer import logistic, softplus
from model.network import FIXED_DEMAND, LINEAR_DEMAND

#: Below this share of the reference price demand no longer grows.
LOWEST_PRICE_RATIO = 0.01
LOG_LOWEST_PRICE_RATIO = math.log(LOWEST_PRICE_RATIO)
#: State stock meets at most this share of what is still to be bought, so that a market remains.
MOST_FROM_STATE = 0.95


@rule
def final_use(form, price, quantity_t, reference, elasticity, choke_ratio, choke_power, width):
    """Return log final demand (tonnes) and its slope in the price index.

    Isoelastic near the reference price P0 and choked off by substitution at `choke_ratio` times it:
    `D0 x^-eps (1 + kappa^-nu) / (1 + (x / kappa)^nu)`, `x = max(P / P0, 0.01)`. The linear form reads
    `quantity_t` as the intercept and `reference` as the slope of inverse demand (corner rounded by `width`);
    the fixed form is `quantity_t` whatever the price. `evaluate` takes the isoelastic form apart, to have its
    exponentials many at a time.
    """
    if form == FIXED_DEMAND:
        return math.log(quantity_t), 0.0
    if form == LINEAR_DEMAND:
        a = (quantity_t - price) / width
        if a < -30.0:
            return math.log(width / reference) + a, -1.0 / width
        used = softplus(a)
        return math.log(width / reference * used), -logistic(a) / used / width
    x = price / reference
    log_x = math.log(max(x, LOWEST_PRICE_RATIO))
    choked = choke_power * (log_x - math.log(choke_ratio))
    log_use = (
        math.log(quantity_t)
        - elasticity * log_x
        + math.log1p(math.exp(-choke_power * math.log(choke_ratio)))
        - softplus(choked)
    )
    if x <= LOWEST_PRICE_RATIO:
        return log_use, 0.0
    return log_use, -(elasticity + choke_power * logistic(choked)) / price


@rule
def soft_minimum(a, b):
    """Return a smooth lower bound of min(a, b) (within 16 % at a = b) and its slopes in a and in b."""
    if a <= 0.0 or b <= 0.0:
        return 0.0, 0.0, 0.0
    if a < b:
        t = a / b
        t4 = t * t * t * t
        root = math.sqrt(math.sqrt(1.0 + t4))
        return a / root, 1.0 / (root * (1.0 + t4)), t4 * t / (root * (1.0 + t4))
    t = b / a
    t4 = t * t * t * t
    root = math.sqrt(math.sqrt(1.0 + t4))
    return b / root, t4 * t / (root * (1.0 + t4)), 1.0 / (root * (1.0 + t4))


@rule
def from_stock(rising, rising_slope, use_t, stock_t, draw_share, release_t):
    """Return what buyers draw and the state releases per tonne of use, and the share bought with its slopes.

    Draw-down is `draw_share` of use times `rising`, a share that rises with the price (`rising_slope`), limited
    by the stock held; the state's release comes first off what remains. Returns (draw / use, release / use,
    bought / use, d log(bought)/d log(use), d (bought / use)/d price).
    """
    wanted = draw_share * rising
    held = stock_t / use_t
    draw, draw_wanted, draw_held = soft_minimum(wanted, held)
    left = 1.0 - draw
    offered = release_t / use_t
    release, release_left, release_offered = soft_minimum(MOST_FROM_STATE * left, offered)
    bought = left - release
    # held and offered are per tonne of use: d held / d log use = -held
    left_by_log_use = draw_held * held
    bought_by_log_use = left_by_log_use * (1.0 - MOST_FROM_STATE * release_left) + release_offered * offered
    left_by_price = -draw_wanted * draw_share * rising_slope
    bought_by_price = left_by_price * (1.0 - MOST_FROM_STATE * release_left)
    return draw, release, bought, 1.0 + bought_by_log_use / bought, bought_by_price
