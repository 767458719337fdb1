"""The catalogue of goods: a mineral at a stage, with its unit, elasticities and place in the chain."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass

from model.base.data import read_table, rows
from model.error import OreblocError

#: Joint outputs of a rare-earth mine; the first is the primary output that capacity is counted in.
JOINT_MINE = ("ndpr_concentrate", "lace_concentrate", "dytb_concentrate")
#: Larger short-run supply elasticities are cut to this: responses within a quarter or two, not within a year.
MOST_SUPPLY_ELASTICITY = 1.0
#: The part of a good's name that names a rare-earth group, and the mineral the data file it under.
GROUP_MINERAL = {"lace": "rare_earths", "ndpr": "ndpr", "dytb": "heavy_rare_earths"}


@dataclass(frozen=True)
class Good:
    """One traded good. Elasticities are positive numbers; `sigma` is the Armington elasticity.

    `parent` is the good whose price a missing price of this one follows. `freight_share` is a share of price.
    """

    name: str
    mineral: str
    stage: str
    unit: str
    title: str
    parent: str | None
    sigma: float
    demand_elasticity: float
    supply_elasticity: float
    freight_share: float

    @property
    def group(self) -> str:
        """The first part of the name: `ndpr` for `ndpr_refined`."""
        return self.name.rsplit("_", 1)[0]

    @property
    def data_mineral(self) -> str:
        """The name the data files use for what this good is made of."""
        if self.name == "permanent_magnets":
            return self.name
        return GROUP_MINERAL.get(self.group, self.mineral)


@functools.cache
def catalogue() -> dict[str, Good]:
    """Return every good by name, in the order of goods.csv (upstream first within a mineral)."""
    freight = {row["good"]: row["freight_share"] for row in rows("transport")}
    return {row["name"]: _good(row, freight[row["name"]]) for row in rows("goods")}


def goods_of(names: Iterable[str]) -> list[Good]:
    """Return the goods named, in catalogue order. Raises `OreblocError` for an unknown name."""
    wanted = list(names)
    known = catalogue()
    for name in wanted:
        if name not in known:
            raise OreblocError(f"Good {name!r} is unknown. `orebloc data` lists the goods.")
    return [good for good in known.values() if good.name in wanted]


def inputs_of(output: str, carried: Iterable[str]) -> list[str]:
    """Return the goods a good is made of that the scenario carries, in the order of yields.csv."""
    present = set(carried)
    found = [row["input"] for row in rows("yields", output=output)]
    return [name for name in dict.fromkeys(found) if name in present]


def elasticity(key: str, kind: str) -> float:
    """Return the size of an elasticity: `key` is `mineral|stage` as in elasticities.csv, `kind` its kind."""
    mineral, stage = key.split("|")
    frame = read_table("elasticities")
    found = frame[(frame["mineral"] == mineral) & (frame["stage"] == stage) & (frame["kind"] == kind)]
    if found.empty:
        raise OreblocError(f"elasticities.csv has no {kind} of {mineral} at stage {stage}. Add the row.")
    return abs(float(found["value"].iloc[0]))


def _good(row: dict, freight_share: float) -> Good:
    parent = row["parent"] if isinstance(row["parent"], str) else None
    return Good(
        row["name"], row["mineral"], row["stage"], row["unit"], row["title"], parent,
        elasticity(row["armington"], "armington"), elasticity(row["demand"], "demand_short"),
        min(elasticity(row["supply"], "supply_short"), MOST_SUPPLY_ELASTICITY), float(freight_share),
    )  # fmt: skip
