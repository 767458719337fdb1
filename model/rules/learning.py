"""Learning by doing: cash cost falls with cumulative output."""

import math

from model.compiled import rule


@rule
def cost_ratio(cumulative, first, rate, least):
    """Return cash cost over the first, `(cumulative / first)^-b`, `b = -log2(1 - rate)`, within `least` and 1.

    `rate` is the fall per doubling, 0 to 0.9; outputs in the same unit. Source: Wright1936.
    """
    if first <= 0.0 or cumulative <= first or rate <= 0.0:
        return 1.0
    b = -math.log(1.0 - min(rate, 0.9)) / math.log(2.0)
    return max(least, math.exp(-b * math.log(cumulative / first)))
