"""Where goods that a treaty or a floor spares may be sold on: who needs a node to resell from.

A reseller buys in a country that is exempt from a restriction, or that a floor leaves out, and sells to those who
are not. Until something that binds spares its country, it has no capacity and changes no figure.
"""

from collections.abc import Iterable
from typing import Any

from model.name import EU_MEMBERS, WORLD
from model.scenario import Scenario

Pair = tuple[str, str]
#: Goods (none: all), countries, and whether these are the ones spared or the only ones that are not.
_Spared = tuple[frozenset[str], frozenset[str], bool]


def resale_pairs(scenario: Scenario, buyers: Iterable[Pair]) -> set[Pair]:
    """Return the pairs of good and country among `buyers` where goods may be sold on.

    - members of a mutual exemption whose shipments are not all verified
    - members of a common floor (one that breaks it lets goods in below it), and whom its targets leave out
    - countries that a state's own floor exempts, or leaves out of its targets
    """
    spared = _spared(scenario)
    return {
        (good, country)
        for good, country in buyers
        if country != "OTH"
        and any(
            (not goods or good in goods) and (country in named) == inside for goods, named, inside in spared
        )
    }


def resale_key(scenario: Scenario) -> list[list[Any]]:
    """Return what calibration reads of treaties and floors, in JSON values, in a fixed order."""
    rows = [[sorted(goods), sorted(named), inside] for goods, named, inside in _spared(scenario)]
    return sorted(rows, key=str)


def _spared(scenario: Scenario) -> list[_Spared]:
    found = []
    for treaty in scenario.treaties:
        for clause in treaty.clauses:
            fields, goods = clause.fields, frozenset(clause.fields.get("good", []))
            if clause.type == "mutual_exemption" and fields["verification"] < 1.0:
                found.append((goods, _apart(scenario, treaty.members), True))
            elif clause.type == "common_price_floor":
                found.append((goods, _apart(scenario, treaty.members), True))
                found += _left_out(scenario, goods, fields["target"])
    for order in scenario.measures:
        if order.type == "price_floor":
            goods = frozenset(order.fields["good"])
            found.append((goods, _apart(scenario, order.fields["exempt"]), True))
            found += _left_out(scenario, goods, [*order.fields["target"], order.actor])
    return [(goods, named, inside) for goods, named, inside in found if named or not inside]


def _left_out(scenario: Scenario, goods: frozenset[str], covered: Iterable[str]) -> list[_Spared]:
    return [] if WORLD in covered else [(goods, _apart(scenario, covered), False)]


def _apart(scenario: Scenario, countries: Iterable[str]) -> frozenset[str]:
    """Return the countries, the members of EU27 for it where they are apart."""
    found = set(countries)
    return frozenset(found | set(EU_MEMBERS) if "EU27" in found and scenario.eu_members else found)
