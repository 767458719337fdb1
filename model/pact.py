"""Pacts: what a clause does beside the measures its members take.

Measures edit the market; pacts say which measures do not bind between members, who pays whom, what the members
may sign elsewhere, and what happens to tension. Every pact is a small typed record that the quarter reads.
"""

from collections.abc import Mapping
from dataclasses import dataclass

#: Who receives the top-up of a common floor: the country of destination, each member by its use, by its
#: output, or the joint fund.
LEVY_RULES = ("destination", "use", "producer", "fund")


@dataclass(frozen=True)
class Exemption:
    """Export measures of a member do not bind towards the others; `goods` empty for all.

    `verification` is the share of shipments whose end use is checked: of what leaks on, at most
    `1 - verification` stays unseen. `duties_only` leaves quotas, licences and bans in place.
    """

    goods: tuple[str, ...]
    verification: float
    duties_only: bool = False


@dataclass(frozen=True)
class LevySharing:
    """How the top-up of the common floor is divided: a rule of `LEVY_RULES`."""

    rule: str


@dataclass(frozen=True)
class Burden:
    """Shares of a common outlay by member, adding up to 1; `what` names the outlay."""

    what: str
    shares: Mapping[str, float]


@dataclass(frozen=True)
class OneVoice:
    """No member signs a treaty of its own with `toward` (empty: any country outside) on these goods."""

    goods: tuple[str, ...]
    toward: tuple[str, ...]


@dataclass(frozen=True)
class Territorial:
    """A claim or threat against a member's territory suspends exemptions between the two, and raises tension."""

    suspension_quarters: int
    breach_tension: float


@dataclass(frozen=True)
class Tension:
    """Change of tension between members when the treaty is signed."""

    at_signature: float


Pact = Exemption | LevySharing | Burden | OneVoice | Territorial | Tension
