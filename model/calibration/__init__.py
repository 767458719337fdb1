"""Calibration: from a scenario to a calibrated world that reproduces the balanced base table exactly.

`calibrate(scenario)` builds the balanced table, fits tastes with the base year's measures in force, lays capacity along
cost curves and returns a `World`. `base_terms(world)` gives the rows of `Terms` at which clearing the market
returns the base year; `residual(world)` evaluates the equilibrium conditions there without a solver.
"""

from model.calibration.calibrate import calibrate
from model.calibration.terms import base_answer, base_terms, residual

__all__ = ["base_answer", "base_terms", "calibrate", "residual"]
