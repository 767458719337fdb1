"""What firms and buyers expect: adaptive prices, bounded from below by a floor they believe in."""

import math

from model.compiled import rule

#: Changes of log price beyond this are not told apart.
MOST_CHANGE = 2.0


@rule
def expect(before, seen, speed):
    """Return `before + speed (seen - before)`: expectations that follow what is seen.

    Any unit, the same for `before` and `seen`; `speed` 0 to 1 a quarter. Source: Nerlove1958.
    """
    return before + speed * (seen - before)


@rule
def lasting(speed, quarters):
    """Return the speed over several quarters of what stays as it is, `1 - (1 - speed)^quarters`. `speed` 0 to 1."""
    if quarters == 1.0 or speed >= 1.0:
        return speed
    return 1.0 - math.exp(quarters * math.log1p(-speed))


@rule
def bound_by_floor(expected, floor, credibility):
    """Return `max(expected, credibility * floor)`, usd_per_t; a floor of 0 or less is none.

    A floor or a contract for difference bounds what is expected from below, as far as it is believed.
    """
    if floor <= 0.0:
        return expected
    return max(expected, credibility * floor)


@rule
def log_change(now, before):
    """Return `log(now / before)` cut to +-2; 0 where either price is 0 or less. Prices below 1e300."""
    if now <= 0.0 or before <= 0.0:
        return 0.0
    return max(-MOST_CHANGE, min(MOST_CHANGE, math.log(now / before)))


@rule
def perceive_variance(variance, change, speed):
    """Return `(1 - speed) variance + speed change^2`: perceived variance of log price, a quarter."""
    return variance + speed * (change * change - variance)


@rule
def yearly_volatility(variance):
    """Return the standard deviation of log price a year, `sqrt(4 variance)`, within 0.05 and 1.5."""
    return max(0.05, min(1.5, math.sqrt(max(4.0 * variance, 0.0))))


@rule
def misjudge(price, error):
    """Return a price seen through an error: `price exp(error)`, the error cut to +-1."""
    return price * math.exp(max(-1.0, min(1.0, error)))
