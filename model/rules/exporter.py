"""How a dominant exporter weighs what it may do: worth over time, leverage, provocation, the odds of restricting."""

import math

from model.compiled import rule


@rule
def plan_worth(worth_now, worth_later, horizon):
    """Return `(1 - w) now + w later`, usd a quarter; `horizon` w is the weight of what follows the world's answer.

    Source: Forchheimer1908, Pothen2013.
    """
    return (1.0 - horizon) * worth_now + horizon * worth_later


@rule
def own_worth(rent, downstream, outlay, rent_weight, downstream_weight):
    """Return the weighted gain of the exporter's own country, usd a quarter: net of public money.

    `outlay` is the support paid, which `rent` is net of: public money weighs no less than what users get of it, or
    every transfer to them would be a gain.
    """
    more = downstream_weight - rent_weight
    return rent_weight * rent + downstream_weight * downstream - 0.5 * (more + abs(more)) * outlay


@rule
def harm_worth(harm_usd, provocation, security, retaliation, retaliation_share):
    """Return what harm done to another state is worth, usd: `(a3 provocation - a5 theta) harm`.

    Harm to a state that provoked is deterrence; all harm brings retaliation.
    """
    return (security * provocation - retaliation * retaliation_share) * harm_usd


@rule
def leverage(supplier_share, substitutable, cover_days):
    """Return the hold of a supplier over a buyer, 0 to 1: `share (1 - substitutable) (1 - days / 180)`.

    `supplier_share` of the buyer's purchases, `substitutable` share of its use, stock in days of use.
    Source: FarrellNewman2019.
    """
    return supplier_share * (1.0 - substitutable) * max(0.0, 1.0 - cover_days / 180.0)


@rule
def restrict_chance(
    base, provoked, strained, held, lost, spread_out, provocation, pair_tension, gap, exposed, diversification
):
    """Return the probability in a quarter that an exporter restricts a state, by a logit.

    `1 / (1 + exp(-(b0 + b1 provocation + b2 tension + b3 gap - b4 exposed - b5 diversification)))`; `gap` is its
    leverage less the other's, `exposed` the part of its exports that goes there, `diversification` new capacity
    outside. Source: FarrellNewman2019.
    """
    odds = base + provoked * provocation + strained * pair_tension + held * gap
    odds -= lost * exposed + spread_out * diversification
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, odds))))


@rule
def remember_provocation(provocation, new_strikes, fade):
    """Return how provoked a state is, 0 to 1: what it felt fades, each new strike adds a whole."""
    return max(0.0, min(1.0, provocation * (1.0 - fade) + max(new_strikes, 0.0)))


@rule
def entry_cost(cash, inputs, capital_cost, asked, value_of_one, support):
    """Return the full cost of an entrant, usd_per_t: the price at which its profit index is one.

    `c + inputs + k h / v - support`, `value_of_one` v being the present value of a margin of one dollar.
    """
    return cash + inputs + capital_cost * asked / max(value_of_one, 1e-12) - support


@rule
def may_flood(utilisation, announced_share):
    """Tell whether flooding is considered: own plants run below 85 %, or outsiders have announced over 10 %.

    Source: MinooeiFard2023.
    """
    return utilisation < 0.85 or announced_share > 0.10
