"""Qualification and taste: how new suppliers win buyers without moving the price index for nothing."""

import math

from model.compiled import rule


@rule
def qualify(qualified, capacity, speed):
    """Return the capacity buyers have qualified (t): follows growth with a lag, falls at once with capacity."""
    if capacity <= qualified:
        return capacity
    return qualified + speed * (capacity - qualified)


@rule
def wanted_taste(risk, markup, sharpness_ratio):
    """Return the taste for a supplier of this risk, `exp(-sigma markup risk)`, 0.02 to 1.

    `sharpness_ratio` sigma is the market's beta times its typical price; a supplier of risk one is weighed as if it
    cost `markup` (share of price) more. Source: FarrellNewman2019.
    """
    return max(0.02, math.exp(-max(0.0, min(20.0, sharpness_ratio * markup * risk))))


@rule
def adapt_taste(taste, wanted, speed):
    """Return taste a quarter later: `taste + speed (wanted - taste)`."""
    return taste + speed * (wanted - taste)


@rule
def neutral_weight(alpha, capacity, total, budget):
    """Return a route's preference `A = alpha K budget / total`; 0 where the buyer's total is 0.

    `total` sums alpha K over the buyer's routes, `budget` is the constant sum of A: added suppliers, or a supplier
    split in two, leave the price index of equal prices where it was.
    """
    if total <= 0.0:
        return 0.0
    return alpha * capacity * budget / total
