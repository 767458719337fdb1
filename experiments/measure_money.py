"""What each measure costs whom: the money that a quarter's duties, wedges, top-ups and supports move, by measure.

Statutory flows as the ledger posts them, not incidence: users at the destination pay duties, export taxes, wedges and
top-ups within the landed price; treasuries and holders receive them; treasuries pay supports to firms, and programmes
to those who carry them out. Funds and the keep of stocks are booked by country only. What a measure does to prices is
in `orebloc explain`.
"""

from collections import defaultdict
from typing import Any

import numpy as np

from model.instruments import BY_NAME
from model.measure_table import BASE_QUARTERS
from model.network import Floats, Ints

Key = tuple[int, str, str, str]  # measure, country, side (users, treasury, firms, wages), kind
#: (payer's side, payee's side), measures, payers, payees, kind, usd.
Flow = tuple[tuple[str, str], Ints, Ints, Ints, str, Floats]
_KINDS = ("export_tax", "export_duty", "tariff", "import_duty")
_USERS, _TREASURY, _FIRMS, _WAGES = "users", "treasury", "firms", "wages"
_UNCAPPED = -1
_HOLDERS = {0: _FIRMS, 1: _TREASURY, 2: _USERS}


class MeasureMoney:
    """Adds up, over the quarters of one run of an engine, what each measure brought (above 0) or took, usd."""

    def __init__(self, run: int = 0) -> None:
        self.run = run
        self.total: defaultdict[Key, float] = defaultdict(float)
        self.texts: dict[int, str] = {}

    def take(self, engine: Any) -> None:
        """Add the quarter that the engine has just run."""
        quarter = _Quarter(engine, self.run)
        for pay, m, payer, payee, kind, amounts in quarter.flows():
            self._post(engine.world.countries, pay, m, payer, payee, kind, amounts)
        for number, measure in enumerate(engine.plan.measures):
            if number not in self.texts:
                self.texts[number] = BY_NAME[measure.order.type].text(measure.order)

    def _post(
        self, countries: list[str], sides: tuple[str, str], measure: Ints, payer: Ints, payee: Ints, kind: str,
        amounts: Floats,
    ) -> None:  # fmt: skip
        """Move amounts from payers to payees, rows alike added up."""
        size = len(countries)
        for side, party, sign in ((sides[0], payer, -1.0), (sides[1], payee, 1.0)):
            keys, place = np.unique(measure * size + party, return_inverse=True)
            sums = np.bincount(place.reshape(-1), amounts, keys.size)
            for key, usd in zip(keys.tolist(), sums.tolist(), strict=True):
                if usd:
                    self.total[key // size, countries[key % size], side, kind] += sign * usd

    def rows(self) -> list[dict[str, Any]]:
        """Return measure number, its words, country, side, kind and usd over the quarters so far."""
        return [
            {"measure": m, "text": self.texts[m], "country": country, "side": side, "kind": kind, "usd": usd}
            for (m, country, side, kind), usd in sorted(self.total.items())
        ]


class _Quarter:
    """One run's quarter, seen measure by measure."""

    def __init__(self, engine: Any, run: int) -> None:
        self.e, self.run = engine, run
        table, history = engine.plan.table, engine.history
        self.table, self.history = table, history
        step = engine.step_number - 1
        age = np.maximum(step - history.measure_since[run], 0.0)
        at = np.where(table.measure_dated > 0, BASE_QUARTERS + step, BASE_QUARTERS + age)
        self.at = np.minimum(at, table.measure_active.shape[1] - 1).astype(np.int64)
        self.force = history.measure_force[run] > 0.0
        self.strength = np.where(self.force, history.measure_level[run], 0.0)
        self.flow = engine.answer.flow_t[run]
        self.origin, self.destination = engine.layout.route_origin, engine.layout.route_destination

    def flows(self) -> list[Flow]:
        """Return ((payer's side, payee's side), measures, payers, payees, kind, usd) of everything that moves."""
        return [*self._costs(), *self._wedges(), *self._top_ups(), *self._supports(), *self._outlays()]

    def _exempt(self, measure: Ints, route: Ints) -> Any:
        """Tell for pairs of duty and route whether a treaty in force lifts the one from the other."""
        table, history, size = self.table, self.history, len(self.e.world.countries)
        a, b = self.origin[route], self.destination[route]
        freed = (
            history.exempt[self.run, a * size + b] + history.route_exempt[self.run, self.flow.size + route]
        )
        lifted = (table.measure_exemptible[measure] > 0) & (freed > 0.0)
        treaty = table.measure_treaty[measure]
        if history.treaty_member.shape[1]:
            first = np.maximum(treaty, 0) * size
            both = history.treaty_member[self.run, first + a] * history.treaty_member[self.run, first + b]
            lifted |= (treaty >= 0) & (both > 0.0)
        return lifted

    def _border(self) -> tuple[Floats, Floats]:
        """Return by route the price with wedges, and the customs value."""
        e, run = self.e, self.run
        network, answer, terms = e.network, e.answer, e.terms
        entries = np.nan_to_num(answer.wedge[run])[network.route_quota] * terms.quota_cover[run]
        route = np.repeat(np.arange(self.flow.size), np.diff(network.route_quota_start))
        price = np.nan_to_num(answer.price[run, network.route_node]) + np.bincount(
            route, entries, self.flow.size
        )
        taxed = price * (1.0 + terms.route_export_tax[run]) + terms.route_export_duty[run]
        return price, taxed + terms.route_freight[run]

    def _costs(self) -> list[Flow]:
        """Return taxes and duties; what a margin caps, or a floor passes on to products, shares what is left over."""
        route, measure, what, amount, loose = self._entries()
        price, customs = self._border()
        terms, run, size = self.e.terms, self.run, self.flow.size
        total = (terms.route_export_tax, terms.route_export_duty, terms.route_tariff, terms.route_import_duty)
        base = (price, np.ones(size), customs, np.ones(size))
        found = []
        for number, kind in enumerate(_KINDS):
            mine = what == number
            sure = mine & ~loose
            rest = total[number][run] - np.bincount(route[sure], amount[sure], size)
            weight = np.bincount(route[mine & loose], amount[mine & loose], size)
            part = np.where(loose, np.maximum(rest, 0.0)[route] / np.maximum(weight, 1e-300)[route], 1.0)
            usd = np.where(mine, amount * part * base[number][route] * self.flow[route], 0.0)
            paid = usd != 0.0
            payee = (self.origin if number < 2 else self.destination)[route[paid]]
            payer = self.destination[route[paid]]
            found.append(((_USERS, _TREASURY), measure[paid], payer, payee, kind, usd[paid]))
        return found

    def _entries(self) -> tuple[Ints, Ints, Ints, Floats, Any]:
        """Return route, measure, kind, stated amount and whether it is capped, of each duty on each route."""
        table = self.table
        cost = np.repeat(np.arange(table.cost_measure.size), np.diff(table.cost_start))
        route, measure = table.cost_route, table.cost_measure[cost]
        amount = table.cost_value[cost, self.at[measure]] * self.strength[measure]
        capped = table.cost_normal[cost] != _UNCAPPED
        product = np.repeat(np.arange(table.product_floor.size), np.diff(table.product_start))
        floor = table.product_floor[product]
        passing = table.floor_measure[floor]
        active = table.measure_active[passing, self.at[passing]] * self.force[passing]
        passed = active * table.product_content[product] * (table.floor_public[floor] > 0.0)
        route, measure = np.concatenate([route, table.product_route]), np.concatenate([measure, passing])
        duty = np.full(product.size, _KINDS.index("import_duty"))
        stated = np.concatenate([amount, passed]) * ~self._exempt(measure, route)
        loose = np.concatenate([capped, np.ones(product.size, dtype=bool)])
        return route, measure, np.concatenate([table.cost_what[cost], duty]), stated, loose

    def _wedges(self) -> list[Flow]:
        e, network, layout = self.e, self.e.network, self.e.layout
        route = np.repeat(np.arange(self.flow.size), np.diff(network.route_quota_start))
        quota = network.route_quota
        usd = (
            np.nan_to_num(e.answer.wedge[self.run])[quota] * e.terms.quota_cover[self.run] * self.flow[route]
        )
        found = []
        for holder, side in _HOLDERS.items():
            mine = (layout.quota_holder[quota] == holder) & (usd > 0.0)
            payer = self.destination[route[mine]]
            actor = layout.quota_actor[quota[mine]]
            payee = self.origin[route[mine]]
            if holder == 1:
                payee = np.where(actor >= 0, actor, payee)
            elif holder == 2:
                payee = payer
            measure = e.plan.quota_measure[quota[mine]]
            found.append(((_USERS, side), measure, payer, payee, "rent", usd[mine]))
        return found

    def _top_ups(self) -> list[Flow]:
        """Return top-ups under the floor that counts on each route."""
        e, run = self.e, self.run
        terms = e.terms
        _, customs = self._border()
        before = customs * (1.0 + terms.route_tariff[run]) + terms.route_import_duty[run]
        top_up = np.maximum(np.nan_to_num(e.answer.landed_price[run]) - before, 0.0) * self.flow
        r = np.flatnonzero((self.history.floor_measure[run] >= 0.0) & (top_up > 0.0))
        m = self.history.floor_measure[run, r].astype(np.int64)
        share, payer = self.history.floor_public_share[run, r], self.destination[r]
        return [
            ((_USERS, _TREASURY), m, payer, payer, "top_up", top_up[r] * share),
            ((_USERS, _FIRMS), m, payer, self.origin[r], "top_up", top_up[r] * (1.0 - share)),
        ]

    def _outlays(self) -> list[Flow]:
        """Return what treasuries pay for programmes."""
        table = self.table
        measure = table.outlay_measure
        paid = table.outlay_usd[np.arange(measure.size), self.at[measure]] * self.strength[measure]
        row, payer = np.nonzero(paid[:, None] * table.outlay_burden)
        usd = paid[row] * table.outlay_burden[row, payer]
        return [((_TREASURY, _WAGES), measure[row], payer, payer, "programme", usd)]

    def _supports(self) -> list[Flow]:
        """Return supports by who bears which share, treasuries or users; the host where nobody is named."""
        e, layout = self.e, self.e.layout
        support = np.repeat(np.arange(layout.support_by_users.size), np.diff(layout.support_start))
        plant = layout.support_plants
        usd = e.history.support_usd_per_t[self.run, support] * e.answer.output_t[self.run, plant]
        host = layout.plant_country[plant]
        share = layout.support_share[support].copy()
        unnamed = ~(share.sum(axis=1) > 0.0)
        share[unnamed, host[unnamed]] = 1.0
        entry, payer = np.nonzero(share)
        paid = usd[entry] * share[entry, payer]
        by_users = layout.support_by_users[support[entry]] > 0
        measure = e.plan.support_measure[support[entry]]
        return [
            ((side, _FIRMS), measure[mine], payer[mine], host[entry[mine]], "support", paid[mine])
            for side, mine in ((_TREASURY, ~by_users), (_USERS, by_users))
        ]
