"""Final demand between quarters: growth, disturbance, and substitution after sustained high prices."""

import math

from model.compiled import rule

#: Substitution starts from this share; logistic growth needs a seed.
SEED = 0.1


@rule
def interpolate(year, year_before, value_before, year_after, value_after):
    """Return a positive path at `year` by constant growth between two dated values, held flat outside them."""
    if year <= year_before or year_after <= year_before:
        return value_before
    if year >= year_after:
        return value_after
    part = (year - year_before) / (year_after - year_before)
    return value_before * math.exp(part * math.log(max(value_after, 1e-12) / max(value_before, 1e-12)))


@rule
def disturb(before, persistence, deviation, shock):
    """Return the disturbance of log demand: `rho before + sqrt(1 - rho^2) sd shock`; shock standard normal."""
    return persistence * before + math.sqrt(max(0.0, 1.0 - persistence * persistence)) * deviation * shock


@rule
def demand_t(base, growth, shock, disturbance, substituted):
    """Return final demand at the reference price (t): `base growth shock exp(disturbance) (1 - substituted)`."""
    return base * growth * shock * math.exp(max(-2.0, min(2.0, disturbance))) * (1.0 - substituted)


@rule
def substitute(share, price_ratio, threshold, speed, most, power):
    """Return the growth of substitution in a quarter while prices stay high, 0 or more.

    `v s (1 - s / s_max) ((x / threshold)^b)` with x the expected price over the base year's, nothing at or below
    the threshold; `share` 0 to `most`. Source: Substitution.
    """
    if price_ratio <= threshold or share >= most:
        return 0.0
    response = math.exp(min(5.0, power * math.log(price_ratio / threshold)))
    grown = speed * max(share, SEED) * (1.0 - share / most) * response
    return max(0.0, min(grown, most - share))


@rule
def revert(share, forever, price_ratio, threshold, speed):
    """Return how much substitution is undone in a quarter: part `speed` of what is not permanent, below the threshold.

    Source: Substitution.
    """
    if price_ratio >= threshold:
        return 0.0
    return max(0.0, speed * (share - forever))
