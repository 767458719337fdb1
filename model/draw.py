"""Chance enters here: uniform numbers addressed by what they are for, never streamed.

A number is a function of (seed, run, quarter, channel, entity) alone. A new channel shifts nothing, runs may be
computed in any order or batch, and two policies are compared under the same luck.

The mixing step is the finaliser of splitmix64 (Steele, Lea and Flood 2014).
"""

import hashlib
import math

import numpy as np

from model.compiled import rule

#: Channels: what a draw is for. Numbers are never reused; a new channel takes the next one.
DEMAND_DISTURBANCE = 1
SUPPLY_NOISE = 2
OUTAGE = 3
PROJECT_FAILURE = 4
PROJECT_SLIP = 5
PERMIT = 6
EXPECTATION_ERROR = 7
TENSION = 8
PARAMETER = 9
TREATY = 10
TREATY_BREACH = 11
PLAYER = 12
VIEW = 13
EVENT = 14
COERCION = 15
COERCION_LENGTH = 16
TREATY_RESALE = 17

CHANNELS: dict[str, int] = {
    "demand_disturbance": DEMAND_DISTURBANCE,
    "supply_noise": SUPPLY_NOISE,
    "outage": OUTAGE,
    "project_failure": PROJECT_FAILURE,
    "project_slip": PROJECT_SLIP,
    "permit": PERMIT,
    "expectation_error": EXPECTATION_ERROR,
    "tension": TENSION,
    "parameter": PARAMETER,
    "treaty": TREATY,
    "treaty_breach": TREATY_BREACH,
    "player": PLAYER,
    "view": VIEW,
    "event": EVENT,
    "coercion": COERCION,
    "coercion_length": COERCION_LENGTH,
    "treaty_resale": TREATY_RESALE,
}

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S12 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(12)
#: Draws beyond this many standard deviations are cut.
MOST_DEVIATIONS = 4.0


def address(*words: str) -> int:
    """Return the entity number that belongs to these names for good, 0 or more.

    Draws are addressed by names, not by row numbers: a measure that adds a row somewhere shifts no luck elsewhere.
    """
    digest = hashlib.blake2b("|".join(words).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


@rule
def mix(state, word):
    """Return `state` stirred with `word`; both and the result are uint64."""
    z = (state ^ word) + _GOLDEN
    z = (z ^ (z >> _S30)) * _FIRST
    z = (z ^ (z >> _S27)) * _SECOND
    return z ^ (z >> _S31)


@rule
def uniform(seed, run, quarter, channel, entity):
    """Return the uniform number, 0 < u < 1, at an address of five whole numbers of 0 or more."""
    z = np.uint64(mix(_GOLDEN, np.uint64(seed)))
    z = np.uint64(mix(z, np.uint64(run)))
    z = np.uint64(mix(z, np.uint64(quarter)))
    z = np.uint64(mix(z, np.uint64(channel)))
    z = np.uint64(mix(z, np.uint64(entity)))
    return (np.float64(z >> _S12) + 0.5) * 2.220446049250313e-16


@rule
def normal(u):
    """Return the standard normal deviate of a uniform number, cut at four standard deviations.

    Inverse of the normal distribution by rational approximation, error below 5e-4 (Abramowitz and Stegun
    1964, 26.2.23): enough for disturbances, and one uniform number gives one deviate.
    """
    tail = min(max(min(u, 1.0 - u), 1e-12), 0.5)
    t = math.sqrt(-2.0 * math.log(tail))
    above = 2.515517 + t * (0.802853 + t * 0.010328)
    below = 1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    deviate = min(t - above / below, MOST_DEVIATIONS)
    return -deviate if u < 0.5 else deviate


@rule
def waiting_time(u, mean):
    """Return an exponential waiting time of this mean (same unit), cut at four means."""
    return min(-mean * math.log(max(1.0 - u, 1e-12)), 4.0 * mean)
