"""Refiners and makers of magnets."""

from agents.owner import Firm


class Refiner(Firm):
    """A firm that buys concentrate or metal and refines it, or makes magnets. Subclass it as `Miner`."""
