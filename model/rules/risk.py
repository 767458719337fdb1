"""Risk that buyers see, and political tension."""

import math

from model.compiled import rule


@rule
def price_signal(price, expected, weight):
    """Return the risk read from a price above the expected one: `weight log2(price / expected)`, 0 to 1."""
    if price <= expected or expected <= 0.0:
        return 0.0
    return max(0.0, min(1.0, weight * math.log(price / expected) / math.log(2.0)))


@rule
def perceive(risk, signal, rise, fall):
    """Return perceived risk, 0 to 1: quick to follow a worse signal, slow to fade. Source: PolicyRecord."""
    speed = rise if signal > risk else fall
    return max(0.0, min(1.0, risk + speed * (signal - risk)))


@rule
def tension(now, usual, persistence, rise, shock):
    """Return tension of a pair, 0 to 1: `rho T + (1 - rho) usual + rise + shock`. Source: BIS2024."""
    return max(0.0, min(1.0, persistence * now + (1.0 - persistence) * usual + rise + shock))


@rule
def tension_cost(now, usual, strength):
    """Return the multiple on trade cost from tension above the usual: `exp(b (T - usual))`. Source: BIS2024."""
    return math.exp(max(-2.0, min(2.0, strength * (now - usual))))
