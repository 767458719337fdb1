"""Draws of the plain twin: the same addressed uniform numbers as the engine, turned into deviates here."""

import math


def normal(u: float) -> float:
    """Return the normal deviate of a uniform number (Abramowitz and Stegun 26.2.23), cut at four."""
    tail = min(max(min(u, 1.0 - u), 1e-12), 0.5)
    t = math.sqrt(-2.0 * math.log(tail))
    above = 2.515517 + 0.802853 * t + 0.010328 * t**2
    below = 1.0 + 1.432788 * t + 0.189269 * t**2 + 0.001308 * t**3
    deviate = min(t - above / below, 4.0)
    return deviate if u >= 0.5 else -deviate


def waiting_time(u: float, mean: float) -> float:
    """Return an exponential waiting time, cut at four means."""
    return min(-mean * math.log(max(1.0 - u, 1e-12)), 4.0 * mean)
