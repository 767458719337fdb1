"""Who supplied whom: iterative proportional fitting of known supplier shares to balanced supply and use."""

from typing import Any

import numpy as np

from model.base.data import read_table, rows
from model.base.note import NOTICE, Notes
from model.base.place import Geography
from model.good import Good
from model.network import Bools, Floats

#: Part of a buyer's need met at home, as far as home supply reaches, by stage.
HOME_SHARE = {"mine": 0.97, "refined": 0.9, "component": 0.9}
#: Part of every supplier set that follows world supply, so that no plausible route is zero.
BLEND = 0.1
_CHN_FEED = ("antimony", "cobalt", "heavy_rare_earths", "rare_earths")


def supplier_shares(good: Good, importer: str, places: Geography) -> dict[str, float]:
    """Return known shares of an importer's suppliers, home excluded; empty where the data have none."""
    own = rows("supplier_share", importer=importer, good=good.name)
    if own:
        return {places.code(row["supplier"]): float(row["share"]) for row in own}
    mineral = "rare_earths" if good.group in ("lace", "ndpr") else good.data_mineral
    if not _describes(good, importer, mineral):
        return {}
    named = "EU27" if places.eu_members and importer in places.spread("EU27") else importer
    frame = read_table("import_reliance")
    frame = frame[(frame["importer"] == named) & (frame["mineral"] == mineral) & (frame["preferred"] == "Y")]
    shares = places.regional(dict(zip(frame["supplier"], frame["share"].astype(float), strict=True)))
    shares.pop(importer, None)
    total = sum(shares.values())
    return {c: s / total for c, s in shares.items()} if total > 0.0 else {}


def _describes(good: Good, importer: str, mineral: str) -> bool:
    """Return whether the import data of a mineral describe this stage: China's are mostly of feed."""
    if good.stage == "component" or good.name == "baryte_concentrate":
        return True
    if importer == "CHN" and mineral in _CHN_FEED:
        return good.stage == "mine"
    if mineral == "graphite":
        return importer != "CHN"
    return good.stage == "refined"


def prior(
    good: Good, origins: list[str], supply: Floats, buyers: list[str], use: Floats, places: Geography
) -> Floats:
    """Return first guesses of each buyer's supplier shares, [origins, buyers], columns summing to 1."""
    world = supply / supply.sum()
    home_share = HOME_SHARE[good.stage]
    spare = _spare(origins, supply, buyers, use, home_share)
    matrix = np.empty((len(origins), len(buyers)))
    for j, buyer in enumerate(buyers):
        home = origins.index(buyer) if buyer in origins else -1
        known = supplier_shares(good, buyer, places)
        foreign = _foreign(origins, home, known, supply, world, spare)
        own = 0.0
        if home >= 0 and supply[home] > 0.0:
            own = home_share * min(1.0, supply[home] / use[j]) if use[j] > 0.0 else home_share
        matrix[:, j] = foreign * (1.0 - own) if foreign.sum() > 0.0 else 0.0
        if home >= 0:
            matrix[home, j] = own if foreign.sum() > 0.0 else 1.0
    return matrix / matrix.sum(axis=0)


def _spare(origins: list[str], supply: Floats, buyers: list[str], use: Floats, home_share: float) -> Floats:
    """Return what each supplier has left for others after its own use."""
    at_home = np.array([use[buyers.index(c)] if c in buyers else 0.0 for c in origins])
    return np.maximum(supply - home_share * at_home, 0.02 * supply)


def _foreign(
    origins: list[str], home: int, known: dict[str, float], supply: Floats, world: Floats, spare: Floats
) -> Floats:
    """Return supplier shares other than home: known ones, or what others can spare, blended with world supply."""
    general = world.copy()
    if home >= 0:
        general[home] = 0.0
    if general.sum() <= 0.0:
        return general
    general = general / general.sum()
    shares = np.array([known.get(c, 0.0) for c in origins])
    if "OTH" in origins and origins.index("OTH") != home:
        shares[origins.index("OTH")] += sum(s for c, s in known.items() if c not in origins)
    shares[supply <= 0.0] = 0.0
    if home >= 0:
        shares[home] = 0.0
    if shares.sum() <= 0.0:
        shares = np.where(general > 0.0, spare, 0.0)
    return BLEND * general + (1.0 - BLEND) * shares / shares.sum()


def fit_flows(
    first: Floats, supply: Floats, use: Floats, fixed: Floats | None = None
) -> tuple[Floats, float]:
    """Return flows [origins, buyers] in proportion to `first` that meet supply and use, and the largest miss.

    `fixed` holds flows stated in advance (NaN where free). Alternating row and column scaling (iterative
    proportional fitting, Deming and Stephan 1940); the miss is relative to total supply.
    """
    stated = np.zeros_like(first) if fixed is None else np.nan_to_num(fixed, nan=0.0)
    free: Bools = np.ones_like(first, dtype=bool) if fixed is None else np.isnan(fixed)
    rows_t, columns_t = supply - stated.sum(axis=1), use - stated.sum(axis=0)
    total = supply.sum()
    if min(rows_t.min(), columns_t.min()) < -1e-9 * total:
        return stated, float("inf")
    flows = np.where(free, first, 0.0) * np.maximum(columns_t, 0.0)
    miss = 1.0
    for _ in range(20_000):
        flows *= _ratio(rows_t, flows.sum(axis=1))[:, None]
        flows *= _ratio(columns_t, flows.sum(axis=0))[None, :]
        miss = float(np.abs(flows.sum(axis=1) - rows_t).max() / total)
        if miss < 1e-15:
            break
    miss = max(miss, float(np.abs(flows.sum(axis=0) - columns_t).max() / total))
    return flows + stated, miss


def _ratio(wanted: Floats, have: Floats) -> Floats:
    return np.divide(np.maximum(wanted, 0.0), have, out=np.zeros_like(have), where=have > 0.0)


def stated_flows(
    scenario: Any,
    good: Good,
    origins: list[str],
    supply: Floats,
    buyers: list[str],
    places: Geography,
    notes: Notes,
) -> Floats | None:
    """Return the scenario's own bilateral flows of a good in tonnes per year, NaN where it states none."""
    rows = [row for row in scenario.base.exports if row["good"] == good.name]
    if not rows:
        return None
    result = np.full((len(origins), len(buyers)), np.nan)
    for row in rows:
        origin, destination = places.code(row["origin"]), places.code(row["destination"])
        pair, tonnes = f"{row['origin']} to {row['destination']}", float(row["quantity_t"])
        if origin in origins and destination in buyers:
            i, j = origins.index(origin), buyers.index(destination)
            result[i, j] = np.nan_to_num(result[i, j]) + tonnes
            notes.add(good.name, "routes", f"flow stated from {pair}", tonnes, "t", "scenario")
            if tonnes == 0.0 and supply[i] > 0.0:
                what = f"the flow of {good.name} from {pair} is stated as 0: that route stays shut for the whole run"
                notes.add(good.name, NOTICE, what, tonnes, "t", "scenario")
            continue
        why = f"{row['origin']} makes none" if origin not in origins else f"{row['destination']} buys none"
        what = f"the flow of {good.name} stated from {pair} is left out: {why}"
        notes.add(good.name, NOTICE, what, tonnes, "t", "scenario")
    return result


def note_prior(good: Good, origins: list[str], buyers: list[str], places: Geography, notes: Notes) -> None:
    """Record where the first guesses of a good's routes come from."""
    known = [buyer for buyer in buyers if supplier_shares(good, buyer, places)]
    years = "supplier_share.csv and import_reliance.csv, of the years they give, whatever the base year"
    notes.add(good.name, "routes", "buyers whose suppliers are known", len(known), "buyers", years)
    if len(known) < len(buyers):
        what = "other buyers take foreign supply in proportion to what each supplier leaves after its own use"
        notes.add(good.name, "routes", what, len(buyers) - len(known), "buyers", "assumption")
    what = "part of a buyer's need met at home, as far as home supply reaches"
    notes.add(good.name, "routes", what, HOME_SHARE[good.stage], "share", "judgement")
    what = "part of each supplier set that follows world supply, so that no plausible route is zero"
    notes.add(good.name, "routes", what, BLEND, "share", "judgement")
