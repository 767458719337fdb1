"""What a hypothetical quarter is worth to states: welfare by good and country, weighed by each state's doctrine."""

from typing import Any, NamedTuple

import numpy as np

from agents.doctrine import Doctrine
from agents.look_ahead import LookAhead
from model.network import Floats
from model.parameter import POSITION
from model.welfare import elsewhere_of, welfare_by_good

#: How far ahead a state looks: until firms have built.
HORIZON_QUARTERS = 20.0


class Weighed(NamedTuple):
    """Weighed lines of welfare, usd a quarter, [rows, goods, C] each; `total` is welfare as it stands, not weighed."""

    users: Floats
    producers: Floats
    treasury: Floats
    rent: Floats
    total: Floats


def weigh_goods(
    engine: Any, look: LookAhead, cleared: Any, doctrines: list[Doctrine], charge: Floats | None = None
) -> Weighed:
    """Return what a look's markets hold for every country; goods that it did not clear are to be left out.

    `charge` [rows, goods, C] is taken off what producers earn, see `capital_charge`.
    """
    terms, answer = cleared
    e, scratch = engine, look.scratch
    found = welfare_by_good(
        e.network, e.layout, terms, answer, scratch.history.support_usd_per_t, scratch.history.floor_public_share,
        len(e.world.countries), elsewhere_of(e.layout, scratch.columns, scratch.values),
    )  # fmt: skip
    refined = np.array([not name.endswith("_concentrate") for name in e.world.goods["name"]], float)

    def by(name: str) -> Floats:
        return np.array([getattr(doctrine, name) for doctrine in doctrines])

    making = by("producer") + by("processing") * refined[:, None]
    earned = found.producer_usd if charge is None else found.producer_usd - charge
    return Weighed(
        by("consumer") * (found.consumer_usd + found.variety_usd),
        making * earned,
        by("treasury") * found.treasury_usd,
        by("rent") * found.rent_usd,
        np.asarray(found.total_usd),
    )


def capital_charge(engine: Any, look: LookAhead, relief: Floats | None = None) -> Floats:
    """Return what a quarter's return on the capacity that a later look has built costs, usd, [rows, goods, C].

    An annuity over the plants' life at each site's required return, less `relief` [rows, S], the part of it that public
    money bears; what is under way in any case is in it alike.
    """
    layout, columns = engine.layout, look.scratch.columns
    capital = built_at_sites(engine, look) * columns.site_capex * columns.site_capex_factor
    usd = capital / (4.0 * annuity_of_sites(engine, look)) - (0.0 if relief is None else relief)
    goods, countries = len(engine.world.goods), len(engine.world.countries)
    cell = layout.site_good * countries + layout.site_country
    charge = [np.bincount(cell, row, goods * countries) for row in usd]
    return np.array(charge, dtype=float).reshape(look.rows.size, goods, countries)


def built_at_sites(engine: Any, look: LookAhead) -> Floats:
    """Return the new capacity of each site that a later look has and the engine has not, t a quarter, [rows, S]."""
    new = engine.layout.site_new_plant
    before = engine.columns.plant_installed_t[look.rows][:, new]
    return np.maximum(look.scratch.columns.plant_installed_t[:, new] - before, 0.0)


def annuity_of_sites(engine: Any, look: LookAhead) -> Floats:
    """Return the present value of a dollar a year over a plant's life at each site's required return, [rows, S]."""
    columns = look.scratch.columns
    rate = np.maximum(columns.site_discount * columns.site_discount_factor, 1e-6)
    years = look.scratch.values[:, POSITION["plant_life_years"], None]
    return np.asarray((1.0 - (1.0 + rate) ** -years) / rate)


def goods_cleared(engine: Any, components: Any) -> list[np.ndarray]:
    """Return, for each linked market, the numbers of its goods."""
    starts, layout = engine.network.component_node_start, engine.layout
    return [np.unique(layout.node_good[starts[c] : starts[c + 1]]) for c in components]


def money(usd: float) -> str:
    """Return an amount with its sign and a fitting unit: `+1.2 bn usd`, `-35 m usd`."""
    if abs(usd) >= 9.5e8:
        return f"{usd / 1e9:+,.1f} bn usd"
    return f"{usd / 1e6:+,.{0 if abs(usd) >= 9.5e6 else 1}f} m usd"
