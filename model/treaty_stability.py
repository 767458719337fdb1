"""Who would leave a treaty and who would join it, given what each set of members is worth to each country.

`payoff(members)` returns every country's value when exactly those are members; it is asked once for each set. Internal
stability: nobody gains by leaving. External stability: nobody outside gains by joining. With transfers a treaty holds
if the members together get at least what they would get one by one outside. Source: DAspremont1983.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

Payoff = Callable[[frozenset[str]], Mapping[str, float]]


@dataclass(frozen=True)
class Stability:
    """What each member gains by staying, and each outsider by joining (in the payoff's unit)."""

    gain_of_staying: Mapping[str, float]
    gain_of_joining: Mapping[str, float]

    @property
    def would_leave(self) -> list[str]:
        """Members better off outside."""
        return [code for code, gain in self.gain_of_staying.items() if gain < 0.0]

    @property
    def would_join(self) -> list[str]:
        """Outsiders better off inside."""
        return [code for code, gain in self.gain_of_joining.items() if gain > 0.0]

    @property
    def is_stable(self) -> bool:
        """Whether nobody would leave and nobody would join."""
        return not self.would_leave and not self.would_join

    @property
    def transfer_surplus(self) -> float:
        """What is left when every member is paid what it would have outside; below 0 no transfers hold it."""
        return sum(self.gain_of_staying.values())


def stability_of(members: Collection[str], outsiders: Collection[str], payoff: Payoff) -> Stability:
    """Return the stability of a set of members against leaving one by one and joining one by one."""
    inside = frozenset(members)
    here = payoff(inside)
    staying = {code: here[code] - payoff(inside - {code})[code] for code in members}
    joining = {code: payoff(inside | {code})[code] - here[code] for code in outsiders if code not in inside}
    return Stability(staying, joining)


def settle_members(start: Collection[str], everybody: Collection[str], payoff: Payoff) -> frozenset[str]:
    """Return the members after the most eager country has joined or left, again and again, until none would.

    Ties go by name. Stops at the first set seen before.
    """
    now, seen = frozenset(start), set[frozenset[str]]()
    while now not in seen:
        seen.add(now)
        found = stability_of(sorted(now), sorted(everybody), payoff)
        moves = [(-found.gain_of_staying[code], code) for code in found.would_leave]
        moves += [(found.gain_of_joining[code], code) for code in found.would_join]
        if moves:
            _, code = max(moves, key=lambda move: (move[0], move[1]))
            now = now ^ {code}
    return now
