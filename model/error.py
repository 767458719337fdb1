"""Errors that speak to the person who can mend them."""


class OreblocError(ValueError):
    """A user's mistake: the message names subject, value, limit and remedy. Commands exit with 2."""


class ScenarioError(OreblocError):
    """A scenario or order that cannot be run."""


class ClearingError(RuntimeError):
    """A market clearing that missed its tolerance; names the quarter, the market and the violation."""
