"""Stocks: how many days buyers want, what they would draw or order, what producers store and sell."""

import math

from model.compiled import rule

DAYS_PER_QUARTER = 91.25


@rule
def target_t(days, use_t, risk, risk_multiple):
    """Return the stock wanted (t): `days / 91.25 * use * (1 + multiple * risk)`; risk 0 to 1.

    Source: StockPolicy; RareEarths2011.
    """
    return days / DAYS_PER_QUARTER * use_t * (1.0 + risk_multiple * risk)


@rule
def coverage(stock_t, wanted_t):
    """Return stock over the stock wanted, within 0.05 and 4; 1 where none is wanted."""
    if wanted_t <= 0.0:
        return 1.0
    return max(0.05, min(4.0, stock_t / wanted_t))


@rule
def draw_price(expected, ratio, cover, fear, hoarding):
    """Return the price (usd_per_t) at which half of that is drawn: `expected ratio (1 + hoarding fear) / cover^b`.

    `cover` is stock over its usual target; b is 1/4 below it and 1/2 above. Buyers who hold little, or fear worse,
    wait for a somewhat higher price; those who hold too much use it up.
    """
    held = math.sqrt(math.sqrt(max(cover, 0.05)))
    return expected * ratio * (1.0 + hoarding * fear) / (held * max(held, 1.0))


@rule
def rising_share(price, middle, power):
    """Return the market's response share, `1 / (1 + (middle / price)^power)`; 0.5 at `middle`. Prices > 0."""
    if price <= 0.0 or middle <= 0.0:
        return 0.0
    z = max(-700.0, min(700.0, power * math.log(price / middle)))
    return 1.0 / (1.0 + math.exp(-z)) if z >= 0.0 else math.exp(z) / (1.0 + math.exp(z))


@rule
def fear(risk, stock, use, calm_quarters):
    """Return fear, 0 to 1: `risk (1 - held / calm)`; who holds `calm_quarters` of use or more does not fear a stop.

    `stock` and `use` in t and t a quarter. Source: RareEarths2011.
    """
    if use <= 0.0 or calm_quarters <= 0.0:
        return 0.0
    return risk * max(0.0, 1.0 - stock / use / calm_quarters)


@rule
def urgency(fear, panic):
    """Return what fear multiplies the pace of ordering and the price buyers bear for it by: `1 + panic fear`.

    Source: RareEarths2011.
    """
    return 1.0 + panic * fear


@rule
def restock_t(stock, wanted, use, speed, most, usual_draw):
    """Return the largest restocking (t): part `speed` of the gap to the target, at most `most` of use.

    `usual_draw` (t) is what is drawn at the expected price, ordered back so that stocks rest at the target. Above
    the target it is ordered less, by `(wanted / stock)^4`: what a long fall of prices leaves undrawn is not replaced.
    """
    over = min(1.0, wanted / stock) if stock > 0.0 else 1.0
    return usual_draw * (over * over) * (over * over) + max(0.0, min(most * use, speed * (wanted - stock)))


@rule
def usual_turnover(use, stock, largest_draw, rising_draw, rising_restock):
    """Return the restocking curve's size (t) that replaces what is drawn at the expected price.

    `largest_draw` is a share of use; the two `rising_*` are the response shares at the expected price. The draw is
    the market's smooth lower bound of what is wanted and what is held.
    """
    wanted = largest_draw * rising_draw * use
    if wanted <= 0.0 or stock <= 0.0:
        return 0.0
    t = min(wanted, stock) / max(wanted, stock)
    t4 = t * t * t * t
    drawn = min(wanted, stock) / math.sqrt(math.sqrt(1.0 + t4))
    return drawn / max(1.0 - rising_restock, 0.05)


@rule
def store_share(usual, host, bound_to_host, restricted_share):
    """Return the largest part of output that producers withhold, 0 to 0.99.

    By-products of a host metal are made whatever the price: what measures hold back goes into stock
    (up to `host` once a quarter of usual sales is restricted). Others store `usual`.
    """
    if not bound_to_host:
        return usual
    return max(usual, min(0.99, host * min(1.0, 4.0 * restricted_share)))


@rule
def store_room(stock, usual, most):
    """Return the part of storage that is open, 0 to 1: all of it up to a quarter of `usual` (t) below the limit.

    The limit is `most` quarters of `usual`; at it nothing more is stored, and by-products stay with their host's waste.
    """
    if usual <= 0.0:
        return 0.0 if stock > 0.0 else 1.0
    return max(0.0, min(1.0, most - stock / usual))


@rule
def settle_stock(stock, added, taken):
    """Return the stock after the quarter (t), never below 0."""
    return max(0.0, stock + added - taken)
