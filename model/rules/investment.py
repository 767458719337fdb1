"""When firms build: value of new capacity, the option to wait, pace, and what rivals already build."""

import math

from model.compiled import rule

#: A hurdle is never taken to be more than this multiple of the capital cost.
MOST_HURDLE = 4.0
#: Profit indices beyond this are not told apart.
MOST_INDEX = 10.0


@rule
def option_multiple(discount, drift, volatility):
    """Return the value over cost at which building beats waiting, `h* = b / (b - 1)`, 1 to 4.

    `b = 1/2 - m/s^2 + sqrt((m/s^2 - 1/2)^2 + 2 r / s^2)`; `discount` r 0.001 to 1 a year, `drift` m -0.5 to 0.5
    a year, `volatility` s 0.05 to 1.5 a year. Source: DixitPindyck1994.
    """
    variance = max(volatility * volatility, 1e-4)
    ratio = drift / variance
    root = math.sqrt((ratio - 0.5) * (ratio - 0.5) + 2.0 * max(discount, 0.001) / variance)
    b = 0.5 - ratio + root
    if b <= MOST_HURDLE / (MOST_HURDLE - 1.0):
        return MOST_HURDLE
    return max(1.0, b / (b - 1.0))


@rule
def hurdle(multiple, weight):
    """Return the multiple that firms ask for, `1 + weight (h* - 1)`: rivals erode the value of waiting.

    `weight` 0 (free entry) to 1 (no rival). Source: Grenadier2002.
    """
    return 1.0 + weight * (multiple - 1.0)


@rule
def annuity(discount, years):
    """Return the present value of 1 a year for `years`: `(1 - (1 + r)^-n) / r`. r 0 to 1, n 0 to 100."""
    if discount < 1e-6:
        return years
    return (1.0 - math.exp(-years * math.log1p(discount))) / discount


@rule
def capacity_value(margin, utilisation, discount, delay_quarters, ramp_quarters, years):
    """Return the present value (usd) of a tonne a quarter of new capacity that earns `margin` usd_per_t.

    `4 u margin A(r, n) (1 + r)^-(delay + ramp / 2)`, delays in years; 0 where the margin is 0 or less.
    Source: DixitPindyck1994.
    """
    if margin <= 0.0:
        return 0.0
    wait = 0.25 * (delay_quarters + 0.5 * ramp_quarters)
    return (
        4.0
        * utilisation
        * margin
        * annuity(discount, years)
        * math.exp(-wait * math.log1p(max(discount, 0.0)))
    )


@rule
def profit_index(value, capital_cost, multiple):
    """Return value over the capital cost times the hurdle, 0 to 10; a free project scores 10 if it earns."""
    if value <= 0.0:
        return 0.0
    asked = capital_cost * multiple
    if asked * MOST_INDEX <= value:
        return MOST_INDEX
    return value / asked


@rule
def required_return(base, supported_return, supported):
    """Return the discount rate: the lower of the firm's own and that of supported projects, if supported."""
    if supported:
        return min(base, supported_return)
    return base


@rule
def foresee(demand_growth, capacity_growth, elasticity, weight):
    """Return the change of log price that announced growth implies, `weight (d - k) / e`, within +-1.

    `demand_growth` d and `capacity_growth` k are logs of ratios, then against now; `elasticity` e > 0 is the
    sum of long-run supply and demand elasticities. Source: elasticities (supply_long, demand_long).
    """
    return max(-1.0, min(1.0, weight * (demand_growth - capacity_growth) / max(elasticity, 0.01)))


@rule
def start_building(index, size, pipeline, room, speed, most, pipeline_most):
    """Return the capacity to start (t a quarter): `size min(most, speed (index - 1))`, within three limits.

    Nothing below an index of one. `size` is the site's capacity or an entrant's unit; what is under construction
    stays within `pipeline_most` of it, and all of it within `room` (the host metal; inf for none).
    """
    if index <= 1.0 or size <= 0.0:
        return 0.0
    wanted = size * min(most, speed * (index - 1.0))
    return max(0.0, min(wanted, pipeline_most * size - pipeline, room))


@rule
def keep_share(failure_share, usual_failure_share):
    """Return the probability that an announced project produces; a share below 0 stands for the usual one."""
    return 1.0 - (failure_share if failure_share >= 0.0 else usual_failure_share)


@rule
def still_coming(chance, overdue_quarters, slip_quarters):
    """Return the probability that a project without output so far will produce: `chance` until it is due, then less.

    Bayes' rule with exponential delays of mean `slip_quarters`: `c s / (c s + 1 - c)`, `s = exp(-overdue / slip)`.
    """
    if overdue_quarters <= 0.0:
        return chance
    if slip_quarters <= 0.0:
        return 0.0
    late = chance * math.exp(-min(overdue_quarters / slip_quarters, 700.0))
    return late / (late + 1.0 - chance) if late > 0.0 else 0.0


@rule
def delayed_share(quarters, slip_quarters):
    """Return the part of delays that are over after so many quarters: `1 - exp(-q / slip)`, all after four means.

    The law by which `model.draw.waiting_time` draws them; nothing before they begin.
    """
    if quarters < 0.0:
        return 0.0
    if quarters >= 4.0 * slip_quarters:
        return 1.0
    return 1.0 - math.exp(-quarters / slip_quarters)


@rule
def ramp_left(ramp_quarters, elapsed):
    """Return the part of new capacity still to come `elapsed` quarters after first output (0: first step just came)."""
    steps = max(1, int(ramp_quarters + 0.5))
    return max(0.0, min(1.0, (steps - 1.0 - elapsed) / steps))


@rule
def ramp_share(ramp_quarters, elapsed):
    """Return the part of new capacity that comes in the `elapsed`-th quarter (0, 1, ...) after first output.

    Even steps over `ramp_quarters` (1 or more); the parts add up to one.
    """
    steps = max(1, int(ramp_quarters + 0.5))
    return 1.0 / steps if 0 <= elapsed < steps else 0.0
