"""Leakage: what smugglers earn and risk on the way around an export restriction, and what customs learn of it."""

from model.compiled import rule

#: The gap that smugglers reckon with is at least this share of the price outside.
LEAST_GAP = 0.25


@rule
def held_back_t(usual_t, growth, share):
    """Return the exports that measures hold back (t): `share` of usual ones, grown with demand since the base year."""
    return usual_t * growth * max(0.0, min(1.0, share))


@rule
def enforced(level, factor):
    """Return the chance that goods are caught on a way that is new: a country's level times measures' push, 0 to 1."""
    return max(0.0, min(1.0, level * factor))


@rule
def detection(enforcement, policing):
    """Return the chance of being caught, `e + (1 - e) l`: enforcement, and what was learned of what it misses."""
    return enforcement + (1.0 - enforcement) * policing


@rule
def leak_cost(price, cost_share, caught, fine_multiple):
    """Return what a smuggled tonne costs beside its purchase (usd): the way round, and the fine it may bring.

    Both go with what is at stake: `price (c + q f)`, `price` outside, q the chance of being caught.
    Source: Becker1968.
    """
    return price * (cost_share + caught * fine_multiple)


@rule
def leak_spread(price, home_price, spread_share):
    """Return the spread (usd_per_t) of smugglers' costs: a share of the gap from home to outside `price`.

    It widens with the gap, so that a wide one alone does not make everybody a smuggler; more than 0.
    """
    return max(spread_share * max(price - home_price, LEAST_GAP * price), 1e-9)


@rule
def police(policing, enforcement, used, speed, fade):
    """Return what customs know of the ways round a quarter later, 0 to 1.

    `l + v e u (1 - l) - f l`: they learn from what passes (`used`, the part of smugglers' capacity) as far as they look
    (`enforcement`), and forget. Source: PolicyRecord (antimony through Mexico: nine tenths less once policed).
    """
    learned = speed * enforcement * used * (1.0 - policing)
    return max(0.0, min(1.0, policing + learned - fade * policing))
