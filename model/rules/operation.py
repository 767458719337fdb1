"""How plants run down and up: the keep they must earn, mothballing, reopening and exit."""

import math

from model.compiled import rule


@rule
def _softplus(x):
    """Return log(1 + e^x)."""
    if x > 0.0:
        return x + math.log1p(math.exp(-min(x, 700.0)))
    return math.log1p(math.exp(max(x, -700.0)))


@rule
def surplus(net, cost, spread):
    """Return what a tonne of capacity earns over variable cost, `w log(1 + exp((net - c) / w))`, usd.

    The market's own cost curve: `net` output value less inputs, `cost` c and `spread` w > 0, all usd_per_t.
    """
    return spread * _softplus((net - cost) / spread)


@rule
def utilisation(net, cost, spread):
    """Return the part of capacity a plant runs at, `1 / (1 + exp(-(net - c) / w))`."""
    z = max(-700.0, min(700.0, (net - cost) / spread))
    if z >= 0.0:
        return 1.0 / (1.0 + math.exp(-z))
    e = math.exp(z)
    return e / (1.0 + e)


@rule
def keep_cost(spread, idle_utilisation):
    """Return the cost (usd per t of capacity a quarter) of keeping a plant ready: `-w log(1 - u)`.

    Set so that the surplus at utilisation `idle_utilisation` u (0 to 0.9) just covers it.
    """
    return -spread * math.log1p(-max(0.0, min(0.9, idle_utilisation)))


@rule
def interest(capital_cost, debt_share, rate):
    """Return what lenders ask a quarter (usd per t of capacity a quarter) of new plants: `debt capital r / 4`.

    `capital_cost` usd per t a quarter of capacity, `rate` a year. Source: Molycorp2015.
    """
    return 0.25 * debt_share * capital_cost * rate


@rule
def idle_level(idle_utilisation, base_utilisation):
    """Return the utilisation below which a plant loses: reserve plants are kept at half their usual level."""
    return min(idle_utilisation, 0.5 * max(base_utilisation, 0.0))


@rule
def count_losses(quarters, expected_surplus, keep, more):
    """Return the number of quarters in a row of loss: `more` of them below `keep`, else none."""
    return quarters + more if expected_surplus < keep else 0.0


@rule
def mothball(running, loss_quarters, patience, share):
    """Return capacity to mothball (t): `share` of what runs after `patience` quarters of loss. Source: Molycorp2015."""
    return running * share if loss_quarters >= patience else 0.0


@rule
def reopen(idle, expected_utilisation, enough, share):
    """Return mothballed capacity to reopen (t): `share` of it while it would run at `enough` or more."""
    return idle * share if expected_utilisation >= enough else 0.0


@rule
def leave(idle, loss_quarters, patience, share):
    """Return mothballed capacity to close for good (t), after `patience` quarters of loss. Source: Molycorp2015."""
    return idle * share if loss_quarters >= patience else 0.0


@rule
def outage_size(share, most, market_share):
    """Return the share of a country's capacity that one outage takes: `share`, at most `most` of the market.

    A country that makes most of a good has many sites, and one of them fails. `market_share` 0 to 1.
    """
    return min(share, most / max(market_share, 1e-9))


@rule
def after_outage(lost_share, hit, hit_share, decay):
    """Return the share of capacity lost: what remains of the last outage, and the new one if it hits."""
    remains = lost_share * decay
    return max(remains, hit_share) if hit else remains
