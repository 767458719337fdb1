"""The signs a study expects of its outcomes, so that whoever runs it anew learns whether they still come.

A sign compares two policies under the same luck, follows a factor, or sets what two factors decide side by side:

    [[signs]]
    says = "the floor lowers China's share"      # in words, for reports
    outcome = "share_of_china"
    policy = "floor, height 160,000"             # as reports label it; or factor = "discount_private"
    against = "no_floor"                         # left out: the first policy
    way = "lower"                                # or higher, same; more_than = "stock_days" for a factor
    within = 0.005                               # for same: how far apart still counts as the same
    holds = false                                # an expectation that the runs did not bear out
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from model.field import Field, Place, read_fields
from model.name import did_you_mean

WAYS = ("lower", "higher", "same")
_SIGN = (
    Field("says", "text", "Sign", "what is expected, in words"),
    Field("outcome", "text", "Outcome", "an outcome of the study"),
    Field("policy", "text", "Policy", "a policy as reports label it", default=""),
    Field("against", "text", "Against", "the policy it is set against; left out: the first", default=""),
    Field("factor", "text", "Factor", "a lever or an uncertainty", default=""),
    Field("more_than", "text", "More than", "a factor that decides less", default=""),
    Field("way", "choice", "Way", "which way the outcome goes", choices=WAYS, default=None),
    Field("within", "number", "Within", "how far apart counts as the same, in the outcome's unit", low=0.0,
          default=None),
    Field("holds", "flag", "Holds", "whether the runs bore it out", default=True),
)  # fmt: skip


@dataclass(frozen=True)
class Sign:
    """One expected sign; either `policy` (set `against` another) or `factor` is given.

    A factor with `more_than` is expected to decide more than that one, else the outcome goes the `way` it goes.
    """

    says: str
    outcome: str
    policy: str = ""
    against: str = ""
    factor: str = ""
    more_than: str = ""
    way: str | None = None
    within: float | None = None
    holds: bool = True


def read_signs(value: Any, outcomes: Sequence[str], factors: Sequence[str], place: Place) -> tuple[Sign, ...]:
    """Read the signs of a study with these outcomes and factors. Raises `ScenarioError` with file and field."""
    if not isinstance(value, list):
        place.refuse(f"Signs are {value!r}; they must be a list of tables. Write [[signs]].")
    return tuple(_sign(row, outcomes, factors, place.at(i)) for i, row in enumerate(value))


def _sign(row: Any, outcomes: Sequence[str], factors: Sequence[str], place: Place) -> Sign:
    if not isinstance(row, Mapping):
        place.refuse(f"Sign is {row!r}; it must be a table with says, outcome, and policy or factor.")
    sign = Sign(**read_fields(_SIGN, row, place))
    _known(sign.outcome, "outcome", outcomes, place.at("outcome"))
    if bool(sign.policy) == bool(sign.factor):
        place.refuse("A sign has one of policy and factor. Write which the outcome is looked at by.")
    for key in ("factor", "more_than"):
        if getattr(sign, key):
            _known(getattr(sign, key), "factor", factors, place.at(key))
    _check_way(sign, place)
    return sign


def _check_way(sign: Sign, place: Place) -> None:
    """Refuse a sign whose keys do not go together."""
    if sign.factor and sign.against:
        place.at("against").refuse("Against is for policies; a factor has none. Take it out.")
    if sign.policy and sign.more_than:
        place.at("more_than").refuse("More_than is for factors; a policy has against. Write that.")
    if bool(sign.way) == bool(sign.more_than):
        place.refuse(f"A sign has one of way ({', '.join(WAYS)}) and more_than. Write one.")
    if (sign.way == "same") != (sign.within is not None):
        place.refuse("Within belongs to way = 'same', and that needs it. Write both or neither.")
    if sign.way == "same" and sign.factor:
        place.at("way").refuse("Way of a factor is same; it must be lower or higher.")


def _known(name: str, what: str, known: Sequence[str], place: Place) -> None:
    if name not in known:
        remedy = did_you_mean(name, known, f"It has {', '.join(known) or 'none'}.")
        place.refuse(f"{name!r} is no {what} of the study. {remedy}")
