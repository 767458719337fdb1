"""The treaties of a batch as flat arrays: their course, their measures, exemptions, levies and burdens.

`treaty_measures` gives the clauses' orders as switched measures of the plan; `lay_out_treaties` the arrays that
`model.phase.treaty` reads each quarter; `open_treaties` the state on the first day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from model.draw import address
from model.field import Place
from model.measure_table import NEVER, Measure, ints
from model.network import Floats, Ints
from model.pact import LEVY_RULES, Burden, Exemption, LevySharing, OneVoice, Tension, Territorial
from model.quarter_date import quarter_index
from model.rules.treaty import ratification_delay
from model.treaty import Treaty
from model.treaty_order import treaty_orders
from model.treaty_state import IN_FORCE, SIGNED


class TreatyTable(NamedTuple):
    """Fixed arrays. X treaties, C countries, K measures of clauses, E exemptions, L levies, B burdens, R routes."""

    scripted: Ints  # [X, 1 + Q] state by dates, the quarter before the start first; -1 where states decide
    tabled_step: Floats  # [X] step from which it is on the table, inf for not by itself
    invited: Ints  # [X * C] 1: named as a member
    least: Floats  # [X] members it needs
    collective: Ints  # [X] 1: ratified
    delay: Floats  # [X] quarters from signing to ratification
    deadline: Floats  # [X] last step for signing, inf for none
    pays: Ints  # [X] 1: members divide what they gain
    failure_share: Floats  # [X]
    term: Floats  # [X] quarters, inf for none
    notice: Floats  # [X] quarters
    lag: Floats  # [X] quarters
    detection: Floats  # [X]
    penalty: Floats  # [X] quarters of suspension
    luck: Ints  # [X]
    member_luck: Ints  # [X * C]
    calm: Floats  # [X] change of tension between signatories
    claim_quarters: Floats  # [X] quarters for which a claim suspends exemptions, 0 without the clause
    claim_tension: Floats  # [X]
    voice: Ints  # [X * X] 1: the first treaty's one voice speaks about what the second is on
    measure: Ints  # [K] its number in the plan
    measure_treaty: Ints  # [K]
    measure_actor: Ints  # [K] country number, -1 outside
    measure_levy: Ints  # [M] levy its top-up goes into, -1 for none; M measures of the plan at the start
    measure_burden: Ints  # [M] burden its outlay belongs to, -1 for none
    exemption_treaty: Ints  # [E]
    exemption_checked: Floats  # [E] share of shipments whose end use is verified
    exemption_duties: Ints  # [E] 1: from duties only
    exemption_route: Ints  # [E, R] 1: the route's good is covered
    levy_treaty: Ints  # [L]
    levy_rule: Ints  # [L] position in LEVY_RULES
    burden_treaty: Ints  # [B]
    burden_share: Floats  # [B, C]
    countries: int


@dataclass(frozen=True)
class TreatyPlan:
    """The treaties of a batch and their arrays; nothing in it changes."""

    treaties: list[Treaty]
    table: TreatyTable

    def number(self, name: str) -> int:
        """Return the number of a treaty by its id. Raises KeyError for one that is not there."""
        for number, treaty in enumerate(self.treaties):
            if treaty.id == name:
                return number
        raise KeyError(name)


class ClauseOrders(NamedTuple):
    """Where the measures of one clause stand: treaty, clause, first and last number plus one in the plan."""

    treaty: int
    clause: int
    first: int
    last: int


def treaty_measures(
    treaties: Sequence[Treaty],
    first_quarter: str,
    goods: Sequence[str],
    compiled: Any,
    first: int,
    eu_members: bool = False,
) -> tuple[list[Measure], list[ClauseOrders]]:
    """Return the clauses' measures, all off, and where each clause's stand; the first one gets number `first`.

    `compiled(order, treaty)` makes an order a switched measure. Who is exempt is decided run by run by membership, so
    the orders themselves spare nobody.
    """
    measures: list[Measure] = []
    places = []
    place = Place(eu_members=eu_members)
    for x, treaty in enumerate(treaties):
        for c, orders in enumerate(treaty_orders(treaty, first_quarter, goods, sparing=False, place=place)):
            start = first + len(measures)
            measures += [compiled(order, x) for order in orders]
            places.append(ClauseOrders(x, c, start, first + len(measures)))
    return measures, places


def lay_out_treaties(
    treaties: Sequence[Treaty], plan: Any, start: int, quarters: int, route_good: Sequence[str]
) -> TreatyPlan:
    """Return the treaties of a plan of measures as arrays; `start` index of the first quarter, `route_good` [R]."""
    countries, x_count = list(plan.countries), len(treaties)
    place = {code: i for i, code in enumerate(countries)}
    pacts = [[(c, pact) for c, pact in _pacts(treaty)] for treaty in treaties]
    levies = [
        (x, c, pact) for x, found in enumerate(pacts) for c, pact in found if isinstance(pact, LevySharing)
    ]
    burdens = [
        (x, c, pact) for x, found in enumerate(pacts) for c, pact in found
        if isinstance(pact, Burden) and pact.what == "price_support"
    ]  # fmt: skip
    exempts = [(x, pact) for x, found in enumerate(pacts) for _, pact in found if isinstance(pact, Exemption)]
    numbers = [(m, part) for part in plan.clause_orders for m in range(part.first, part.last)]
    table = TreatyTable(
        scripted=_scripted(treaties, start, quarters),
        tabled_step=np.array([_step(t.proposed, start, -1.0) if t.decides else np.inf for t in treaties]),
        invited=_grid([[code in t.members for code in countries] for t in treaties]),
        least=_floats([_least(t, place) for t in treaties]),
        collective=ints([int(t.collective) for t in treaties]),
        delay=_floats([_delay(t) for t in treaties]),
        deadline=_floats([_step(t.deadline, start, np.inf) for t in treaties]),
        pays=ints([int(t.side_payments) for t in treaties]),
        failure_share=_floats([t.failure_share for t in treaties]),
        term=_floats([np.inf if t.term_quarters is None else t.term_quarters for t in treaties]),
        notice=_floats([t.notice_quarters for t in treaties]),
        lag=_floats([t.detection_lag_quarters for t in treaties]),
        detection=_floats([t.detection_share for t in treaties]),
        penalty=_floats([t.suspension_quarters for t in treaties]),
        luck=ints([address("treaty", t.id) for t in treaties]),
        member_luck=ints([address("treaty", t.id, code) for t in treaties for code in countries]),
        calm=_floats([sum(p.at_signature for _, p in found if isinstance(p, Tension)) for found in pacts]),
        claim_quarters=_floats([_claims(found, "suspension_quarters") for found in pacts]),
        claim_tension=_floats([_claims(found, "breach_tension") for found in pacts]),
        voice=_grid([[_speaks(found, x, y, treaties) for y in range(x_count)] for x, found in enumerate(pacts)]),
        measure=ints([m for m, _ in numbers]),
        measure_treaty=ints([part.treaty for _, part in numbers]),
        measure_actor=ints([place.get(plan.measures[m].order.actor, -1) for m, _ in numbers]),
        measure_levy=_owner(plan, [(x, c) for x, c, _ in levies]),
        measure_burden=_owner(plan, [(x, c) for x, c, _ in burdens]),
        exemption_treaty=ints([x for x, _ in exempts]),
        exemption_checked=_floats([pact.verification for _, pact in exempts]),
        exemption_duties=ints([int(pact.duties_only) for _, pact in exempts]),
        exemption_route=_grid(
            [[not pact.goods or good in pact.goods for good in route_good] for _, pact in exempts]
        ).reshape(len(exempts), len(route_good)),
        levy_treaty=ints([x for x, _, _ in levies]),
        levy_rule=ints([LEVY_RULES.index(pact.rule) for _, _, pact in levies]),
        burden_treaty=ints([x for x, _, _ in burdens]),
        burden_share=_floats([[p.shares.get(code, 0.0) for code in countries] for _, _, p in burdens]).reshape(
            len(burdens), len(countries)
        ),
        countries=len(countries),
    )  # fmt: skip
    return TreatyPlan(list(treaties), table)


def open_treaties(plan: TreatyPlan, columns: Any, first: int = 0, step: int = 0) -> None:
    """Write the state of treaties from number `first` on as the quarter `step` begins.

    Scripted treaties stand where their dates have them, others are not on the table yet.
    """
    table = plan.table
    opening = np.maximum(table.scripted[first:, step], 0)
    columns.treaty_state[:, first:] = opening
    rows = slice(first * table.countries, None)
    members = np.repeat(opening, table.countries) * table.invited[rows]
    columns.member_state[:, rows] = members
    columns.member_signed[:, rows] = np.where((members >= SIGNED) & (members <= IN_FORCE), -1.0, NEVER)
    columns.member_notice[:, rows] = -1.0
    columns.member_barred[:, rows] = NEVER
    if first == 0 and step == 0:
        columns.pair_claimed[:] = NEVER


def _pacts(treaty: Treaty) -> list[tuple[int, Any]]:
    from model.clauses import BY_NAME

    return [
        (c, pact) for c, clause in enumerate(treaty.clauses) for pact in BY_NAME[clause.type].pacts(clause)
    ]


def _scripted(treaties: Sequence[Treaty], start: int, quarters: int) -> Ints:
    times = range(start - 1, start + quarters)
    rows = [[-1 if t.decides else t.scripted_state(index) for index in times] for t in treaties]
    return np.array(rows, dtype=np.int64).reshape(len(treaties), quarters + 1)


def _step(moment: str | None, start: int, otherwise: float) -> float:
    return otherwise if moment is None else float(quarter_index(moment) - start)


def _least(treaty: Treaty, place: dict[str, int]) -> float:
    """Return the members needed, at most those that the world has (2 at least)."""
    here = sum(code in place for code in treaty.members)
    return float(max(2, min(treaty.minimum_members, here)))


def _delay(treaty: Treaty) -> float:
    players = float(len(treaty.members))
    return float(ratification_delay.py_func(treaty.collective, players, treaty.veto_delay_quarters))


def _claims(found: list[tuple[int, Any]], name: str) -> float:
    return max(
        (float(getattr(pact, name)) for _, pact in found if isinstance(pact, Territorial)), default=0.0
    )


def _speaks(found: list[tuple[int, Any]], x: int, y: int, treaties: Sequence[Treaty]) -> bool:
    """Return whether treaty `x` has its members speak as one about what treaty `y` is on, with whom it is."""
    if x == y:
        return False
    outside = [code for code in treaties[y].members if code not in treaties[x].members]
    about = _goods(treaties[y])
    for _, pact in found:
        if isinstance(pact, OneVoice):
            same_goods = not pact.goods or not about or bool(set(pact.goods) & about)
            meant = not pact.toward or bool(set(pact.toward) & set(outside))
            if same_goods and meant and outside:
                return True
    return False


def _goods(treaty: Treaty) -> set[str]:
    """Return the goods a treaty is on, none for all."""
    named = [clause.fields.get("good", []) for clause in treaty.clauses]
    return set().union(*named) if all(named) else set()


def _owner(plan: Any, owners: list[tuple[int, int]]) -> Ints:
    """Return for each measure of the plan the position of its clause in `owners`, -1 for none."""
    owner = np.full(len(plan.measures), -1, dtype=np.int64)
    for part in plan.clause_orders:
        if (part.treaty, part.clause) in owners:
            owner[part.first : part.last] = owners.index((part.treaty, part.clause))
    return owner


def _grid(rows: list[list[bool]]) -> Ints:
    return np.array(rows, dtype=np.int64).reshape(-1)


def _floats(values: Sequence[Any]) -> Floats:
    return np.array(values, dtype=np.float64)
