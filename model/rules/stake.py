"""What a state weighs when it decides: the odds of being cut off, its quarrels, its fear of an answer."""

import math

from model.compiled import rule


@rule
def stop_chance(base, strained, held, pair_tension, dependence):
    """Return the probability in a quarter that a supplier stops deliveries: a logit of tension and dependence.

    `1 / (1 + exp(-(b0 + b2 tension + b3 dependence)))`, all else equal. Source: FarrellNewman2019.
    """
    odds = base + strained * pair_tension + held * dependence
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, odds))))


@rule
def weigh(now, later, patience):
    """Return `(1 - h) now + h later`: a gain in the coming quarter and one once firms have built, usd a quarter."""
    return (1.0 - patience) * now + patience * later


@rule
def border_cost(weight, share, spending, mean_tension):
    """Return what it costs a state to bind itself to others it is at odds with, usd a quarter: `w s spending T`."""
    return weight * share * spending * mean_tension


@rule
def feared_answer(weight, theta, dependence, spending):
    """Return the answer of a supplier that a state fears, usd a quarter: `w theta lev spending`."""
    return weight * theta * dependence * spending
