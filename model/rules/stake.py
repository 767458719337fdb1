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
def feared_answer(weight, theta, chance, dependence, spending):
    """Return the answer of a supplier that a state fears, usd a quarter: `w theta p lev spending`.

    `chance` a quarter of an answer, `dependence` on all goods that it could hold back, `spending` on them.
    """
    return weight * theta * chance * dependence * spending


@rule
def answer_in_kind(restricted_share, share, least):
    """Return the part that a state holds back in turn: `share` of what is held back from it, if that is noticeable.

    Nothing below `least`, so that it ends when the other's restriction does. Source: Axelrod1984.
    """
    return share * restricted_share if restricted_share >= least else 0.0


@rule
def stop_danger(chance, dependence):
    """Return the expected part of a year's purchases lost to a stop: `dependence (1 - (1 - chance)^4)`.

    `chance` a quarter that the supplier stops, `dependence` its share of purchases.
    """
    stays = 1.0 - chance
    return dependence * (1.0 - stays * stays * stays * stays)


@rule
def stock_days_wanted(days, risk, least):
    """Return the days of use that a state stores: none below a danger of `least`, all of `days` from twice that."""
    if risk < least:
        return 0.0
    return days * min(1.0, risk / max(2.0 * least, 1e-9))
