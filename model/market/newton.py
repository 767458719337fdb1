"""How the equilibrium conditions are met: implicit steps of a tatonnement, with the exact Jacobian.

Prices rise where demand exceeds supply, `dp = scale (log demand - log supply)`; one step of that motion,
taken implicitly over a time `delta`, solves `(1 / (delta scale) + J) dx = -r`. Long steps are Newton's;
short ones always make progress, also where a floor makes the market flat. The step is accepted if the
implicit equation is met well enough at the new point, and `delta` grows or shrinks by how well.
"""

import math

import numpy as np

from model.compiled import inner, rule
from model.market.balance import evaluate
from model.market.derivative import differentiate

#: Starting length of a step where a good starting point is at hand, and where it is not.
WARM, COLD = 1e8, 1.0
_SHORTEST, _LONGEST = 1e-12, 1e12
#: The factors of a step serve so many times more, as long as each time leaves less than this of the residual.
_MOST_AGAIN, _GOES_WELL = 4, 0.1


@rule
def solve_linear(matrix, n, x, pivots):
    """Solve `A x = b` for `matrix` = [A | b] in place, with partial pivoting; return False if singular.

    Leaves the factors in `matrix` and the row exchanges in `pivots`, for `solve_again`.

    An elimination of our own in fixed order, so that the answer does not depend on a library's threads.
    The innermost index is unsigned: the compiler then knows that it never counts from the end, and works on
    several columns at once.
    """
    end = np.uint64(n + 1)
    for k in range(n):
        pivot = k
        best = abs(matrix[k, k])
        for i in range(k + 1, n):
            if abs(matrix[i, k]) > best:
                best = abs(matrix[i, k])
                pivot = i
        if not best > 0.0 or not best < 1e300:
            return False
        pivots[k] = pivot
        if pivot != k:
            for j in range(k, n + 1):
                matrix[k, j], matrix[pivot, j] = matrix[pivot, j], matrix[k, j]
        inverse = 1.0 / matrix[k, k]
        after = np.uint64(k + 1)
        for i in range(k + 1, n):
            factor = matrix[i, k]
            if factor != 0.0:
                factor *= inverse
                matrix[i, k] = factor
                for j in range(after, end):
                    matrix[i, j] -= factor * matrix[k, j]
    for k in range(n - 1, -1, -1):
        total = matrix[k, n]
        for j in range(k + 1, n):
            total -= matrix[k, j] * x[j]
        x[k] = total / matrix[k, k]
    return True


@rule
def solve_again(matrix, n, x, pivots):
    """Solve `A x = b` with the factors that `solve_linear` left; `x` holds b and is overwritten."""
    for k in range(n):
        pivot = pivots[k]
        x[k], x[pivot] = x[pivot], x[k]
        for i in range(k + 1, n):
            x[i] -= matrix[i, k] * x[k]
    for k in range(n - 1, -1, -1):
        total = x[k]
        for j in range(k + 1, n):
            total -= matrix[k, j] * x[j]
        x[k] = total / matrix[k, k]


@rule
def _largest(residual, n):
    worst = 0.0
    for v in range(n):
        if not abs(residual[v]) <= 1e300:
            return 1e300
        worst = max(worst, abs(residual[v]))
    return worst


@inner
def _is_bounded_below(network, ws, c, v):
    """Tell whether unknown `v` of component `c` may not be negative: wedges and prices of joint products."""
    nodes = network.component_node_start[c + 1] - network.component_node_start[c]
    if v >= nodes:
        return True
    return network.node_disposal[network.component_node_start[c] + v]


@inner
def _fill_scale(network, ws, c, n):
    """Set the size that counts as one step: a typical price of the market, or the price itself if larger."""
    n0 = network.component_node_start[c]
    nodes = network.component_node_start[c + 1] - n0
    for v in range(n):
        if v < nodes:
            typical = network.market_price_scale[network.node_market[n0 + v]]
        else:
            typical = network.market_price_scale[
                network.quota_market[network.component_quota_start[c] + v - nodes]
            ]
        ws.scale[v] = max(typical, abs(ws.unknown[v]))


@inner
def _propose(network, ws, c, n, delta):
    """Solve for the step at length `delta` into `ws.trial`; return the step over its scale (or -1 if singular)."""
    columns = np.uint64(n)
    for v in range(n):
        for u in range(columns):
            ws.matrix[v, u] = ws.jacobian[v, u]
        ws.matrix[v, v] += 1.0 / (delta * ws.scale[v])
        ws.matrix[v, n] = -ws.residual[v]
    if not solve_linear(ws.matrix, n, ws.step, ws.pivots):
        return -1.0
    longest = 0.0
    for v in range(n):
        size = abs(ws.step[v]) / ws.scale[v]
        if not size <= 1e300:
            return -1.0
        longest = max(longest, size)
        ws.trial[v] = ws.unknown[v] + ws.step[v]
        if ws.trial[v] < 0.0 and _is_bounded_below(network, ws, c, v):
            ws.trial[v] = 0.0
            ws.step[v] = -ws.unknown[v]
    return longest


@inner
def _mismatch(ws, n, delta):
    """Return by how much the implicit step's equation fails at the trial point, over the residual before."""
    before = 0.0
    after = 0.0
    for v in range(n):
        miss = ws.step[v] / (delta * ws.scale[v]) + ws.trial_residual[v]
        after += miss * miss
        before += ws.residual[v] * ws.residual[v]
    if not after <= 1e300:
        return 1e300
    return math.sqrt(after / max(before, 1e-300))


@inner
def _polish(network, ws, c, n):
    """Step once more from the accepted point with the Jacobian already factored, into `ws.trial`."""
    for v in range(n):
        ws.step[v] = -ws.residual[v]
    solve_again(ws.matrix, n, ws.step, ws.pivots)
    for v in range(n):
        ws.trial[v] = ws.unknown[v] + ws.step[v]
        if ws.trial[v] < 0.0 and _is_bounded_below(network, ws, c, v):
            ws.trial[v] = 0.0


@inner
def improve(network, ws, c, tolerance, sharp, width, power, delta, most):
    """Iterate from `ws.unknown` until every residual is within `tolerance`; return (iterations, reached).

    At most `most` Jacobians are factored. `ws.unknown` holds the best point found. Where a step went well its
    factors serve again, from the new point: a third of the price of an iteration for much of its gain.
    """
    g = network.component_quota_start[c + 1] - network.component_quota_start[c]
    n = network.component_node_start[c + 1] - network.component_node_start[c] + g
    evaluate(network, ws, c, ws.unknown, ws.residual, sharp, width, power)
    worst = _largest(ws.residual, n)
    for iteration in range(most):
        if worst <= tolerance:
            return iteration, True
        _fill_scale(network, ws, c, n)
        differentiate(network, ws, c, ws.unknown, sharp)
        accepted = False
        while not accepted and delta >= _SHORTEST:
            longest = _propose(network, ws, c, n, delta)
            if longest < 0.0:
                delta *= 0.25
                continue
            if longest > 1.0:
                delta *= min(0.25, 0.5 / longest) if longest < 1e6 else 1e-3
                delta = max(delta, _SHORTEST)
                if delta <= _SHORTEST:
                    break
                continue
            evaluate(network, ws, c, ws.trial, ws.trial_residual, sharp, width, power)
            miss = _mismatch(ws, n, delta)
            accepted = miss < 0.8
            if not accepted:
                delta *= 0.25
        if not accepted:
            evaluate(network, ws, c, ws.unknown, ws.residual, sharp, width, power)
            return iteration, False
        for v in range(n):
            ws.unknown[v] = ws.trial[v]
            ws.residual[v] = ws.trial_residual[v]
        worst = _largest(ws.residual, n)
        again = _MOST_AGAIN if miss < 0.1 else 0
        while again > 0 and worst > tolerance:
            _polish(network, ws, c, n)
            evaluate(network, ws, c, ws.trial, ws.trial_residual, sharp, width, power)
            polished = _largest(ws.trial_residual, n)
            if polished < 0.5 * worst:
                again = again - 1 if polished < _GOES_WELL * worst else 0
                worst = polished
                for v in range(n):
                    ws.unknown[v] = ws.trial[v]
                    ws.residual[v] = ws.trial_residual[v]
            else:
                again = 0
                evaluate(network, ws, c, ws.unknown, ws.residual, sharp, width, power)
        if miss < 0.1:
            delta = min(delta * 32.0, _LONGEST)
        elif miss < 0.3:
            delta = min(delta * 4.0, _LONGEST)
        else:
            delta = min(delta * 1.5, _LONGEST)
    return most, worst <= tolerance
