"""What plants offer at a price: smooth cost curves, in logarithms so that nothing underflows."""

import math

from model.compiled import rule
from model.network import LINEAR


@rule
def softplus(x):
    """Return log(1 + e^x) without overflow."""
    if x > 0.0:
        return x + math.log1p(math.exp(-min(x, 700.0)))
    return math.log1p(math.exp(max(x, -700.0)))


@rule
def logistic(x):
    """Return 1 / (1 + e^-x) without overflow."""
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-min(x, 700.0)))
    e = math.exp(max(x, -700.0))
    return e / (1.0 + e)


@rule
def log_logistic(x):
    """Return log(1 / (1 + e^-x)), exact far into both tails."""
    return -softplus(-x)


@rule
def logistic_offer(net, capacity_t, cost, spread):
    """Return log output and its slope in the net price, for `y = K / (1 + exp(-(net - c) / w))`.

    `net` is output value less input cost per tonne (usd_per_t). The slope is `(1 - u) / w`.
    """
    z = (net - cost) / spread
    return math.log(capacity_t) + log_logistic(z), logistic(-z) / spread


@rule
def linear_offer(net, capacity_t, cost, slope, width):
    """Return log output and its slope for marginal cost `c + slope y`, 0 <= y <= K, with rounded corners.

    `width` (usd_per_t) is the size of the corners; a slope of zero (flat cost) leaves a logistic of that width.
    """
    a = (net - cost) / width
    s = slope * capacity_t / width
    if s < 1e-7:
        return math.log(capacity_t) + log_logistic(a), logistic(-a) / width
    if a < -30.0:
        return math.log(width / slope) + a + math.log(-math.expm1(-s)), 1.0 / width
    if a > s:
        used = s - (softplus(s - a) - softplus(-a))
        steep = logistic(s - a) - logistic(-a)
    else:
        used = softplus(a) - softplus(a - s)
        steep = logistic(a) - logistic(a - s)
    return math.log(width / slope * used), steep / used / width


@rule
def offer(form, net, capacity_t, cost, spread, width):
    """Return log output (tonnes) and its slope in the net price, for either form of plant."""
    if form == LINEAR:
        return linear_offer(net, capacity_t, cost, spread, width)
    return logistic_offer(net, capacity_t, cost, spread)


@rule
def variable_cost(output_t, capacity_t, cost, spread):
    """Return a logistic plant's cash cost (usd) of producing `output_t`: the integral of its marginal cost.

    `c y + w K (u log u + (1 - u) log(1 - u))`, u = y / K. Exit, the ledger and the market share this curve.
    """
    if capacity_t <= 0.0 or output_t <= 0.0:
        return 0.0
    u = min(output_t / capacity_t, 1.0)
    entropy = 0.0
    if u < 1.0:
        entropy = u * math.log(u) + (1.0 - u) * math.log(1.0 - u)
    return cost * output_t + spread * capacity_t * entropy
