"""Recycling: products age, are discarded, and part of what is discarded comes back."""

import math

from model.compiled import rule


@rule
def ageing_t(held, life_quarters):
    """Return what leaves one of three ages of products in a quarter (t): `held (1 - exp(-3 / life))`.

    Three equal ages make a bell-shaped spread of lives around the mean. `life_quarters` 1 or more.
    """
    return held * -math.expm1(-3.0 / max(life_quarters, 1.0))


@rule
def steady_stock(inflow, life_quarters, growth, age):
    """Return what an age (1, 2, 3) holds (t) after long growth of inflow at `growth` a quarter (-0.02 to 0.2).

    Balance of a growing stock: `held = inflow / (e^g - 1 + d)` with d the part that leaves a quarter; each age
    feeds the next.
    """
    leaving = -math.expm1(-3.0 / max(life_quarters, 1.0))
    kept = max(math.expm1(growth) + leaving, 1e-6)
    held = inflow / kept
    for _ in range(1, age):
        held = held * leaving / kept
    return held


@rule
def recovered_t(discard, share, price_ratio, power, most):
    """Return what recyclers may recover (t): `discard min(most, share min(1, x^b))`, never more than discards.

    `price_ratio` x is price over the base year's. Source: Recycling2011.
    """
    if discard <= 0.0:
        return 0.0
    response = 1.0
    if price_ratio < 1.0:
        response = math.exp(power * math.log(max(price_ratio, 1e-6)))
    return discard * max(0.0, min(most, share * response))


@rule
def grow_share(share, usual, price_ratio, growth, most):
    """Return the recycled share of discards a quarter later: it grows by `growth` of itself while it pays.

    Where less is recycled than the technology's `usual` share it grows by that part of `usual`: a country without
    recyclers starts from nothing.
    """
    if price_ratio <= 1.0:
        return share
    return min(max(most, share), share + growth * max(share, usual) * min(price_ratio - 1.0, 1.0))
