"""Doctrines: how a state weighs what happens to it, and what it does by itself. Data, not branches.

Weights multiply changes in usd a quarter, so that all are comparable; 1 is a dollar for a dollar. What a state does by
itself (`agents/unilateral.py`): sizes of measures that it considers and chooses among by looking ahead, days of use
that it stores in danger, the part of a restriction that it answers in kind. Levels are judgement, after the
descriptions in `docs/strategy.md`; the list is open: a new doctrine is a new row.
"""

from dataclasses import dataclass

from model.name import EU_MEMBERS


@dataclass(frozen=True)
class Doctrine:
    """How a state weighs gains and losses, and what it does. Weights are pure numbers, shares 0 to 1."""

    name: str
    title: str
    summary: str
    consumer: float  # what its users gain, choice among suppliers included
    producer: float  # what plants on its soil earn
    treasury: float  # public money
    rent: float  # quota rents that come in
    risk: float  # expected cost of a stop by the leading supplier
    tension: float  # cost of binding itself to states it is at odds with
    retaliation: float  # fear of the dominant exporter's answer
    processing: float  # extra weight on what its refineries and magnet plants earn
    patience: float  # weight of the years after firms have built, against the coming quarter
    hurdle_share: float  # gain that it asks for before it moves, share of what its users spend
    reciprocity: float  # share of a restriction against it that it answers in kind
    raw_measures: tuple[
        tuple[str, float], ...
    ] = ()  # on exports of raw goods: instrument and size it considers
    raw_share: float = 1.0  # least share of the world's output of a raw good from which it does
    home_support: tuple[
        float, ...
    ] = ()  # subsidies of its own processing it considers, shares of the base price
    stock_days: float = 0.0  # days of use that it stores in danger
    stock_danger: float = 1.0  # part of a year's purchases in danger from which it stores


#: What a host of raw materials tries, mildest first: parts of the price, of usual exports let through, all of it.
_HOST = (("export_tax", 0.15), ("export_tax", 0.4), ("export_quota", 0.5), ("export_ban", 1.0))

DOCTRINES: tuple[Doctrine, ...] = (
    Doctrine("laissez_faire", "Laissez-faire", "Prices decide; the state stays out.",
             1.0, 1.0, 1.0, 1.0, 0.5, 0.0, 0.5, 0.0, 0.3, 0.02, 0.0),
    Doctrine("hawk", "Hawk", "Security first; what the rival holds is a danger, whatever it costs.",
             0.6, 1.2, 0.6, 1.0, 3.0, 0.5, 0.0, 0.5, 0.8, 0.0, 1.0,
             home_support=(0.1, 0.25), stock_days=60.0, stock_danger=0.2),
    Doctrine("reciprocal", "Reciprocal", "Answers in kind: open to the open, closed to the closed.",
             1.0, 1.0, 1.0, 1.0, 1.5, 0.5, 0.5, 0.0, 0.5, 0.0, 0.5),
    Doctrine("industrial", "Industrial", "Wants mines, refineries and magnet plants at home.",
             0.7, 1.8, 0.7, 1.0, 1.5, 0.5, 0.5, 1.0, 0.8, 0.0, 0.2,
             home_support=(0.1, 0.25)),
    Doctrine("free_rider", "Free rider", "Takes what others' efforts bring, and pays for none.",
             1.2, 1.0, 1.5, 1.0, 0.5, 1.0, 1.0, 0.0, 0.3, 0.02, 0.0),
    Doctrine("resource_host", "Resource host", "Has the ore and wants it processed at home.",
             0.3, 1.0, 1.5, 1.5, 0.5, 0.5, 0.5, 1.5, 0.6, 0.0, 0.2,
             raw_measures=_HOST, raw_share=0.1),
    Doctrine("careful_importer", "Careful importer", "Depends on others and offends nobody; stores what it can.",
             1.2, 1.0, 0.8, 1.0, 2.5, 1.0, 1.5, 0.2, 0.6, 0.0, 0.0,
             stock_days=60.0, stock_danger=0.1),
)  # fmt: skip
BY_NAME: dict[str, Doctrine] = {doctrine.name: doctrine for doctrine in DOCTRINES}

#: What states go by where a scenario says nothing else. Judgement, from what they did in 2023-26.
USUAL: dict[str, str] = {
    "USA": "hawk", "EU27": "reciprocal", "JPN": "careful_importer", "KOR": "careful_importer", "AUS": "industrial",
    "CAN": "industrial", "GBR": "reciprocal", "IND": "industrial", "IDN": "resource_host", "COD": "resource_host",
    "ZWE": "resource_host", "MMR": "resource_host", "CHL": "resource_host", "BRA": "resource_host",
    "VNM": "free_rider", "MYS": "free_rider", "THA": "free_rider", "TWN": "careful_importer",
}  # fmt: skip


def doctrine_of(country: str, chosen: str | None = None) -> Doctrine:
    """Return a state's doctrine: the chosen one, else its usual one, else laissez-faire.

    Raises KeyError for a name that is no doctrine.
    """
    usual = USUAL["EU27"] if country in EU_MEMBERS else "laissez_faire"
    return BY_NAME[chosen or USUAL.get(country, usual)]
