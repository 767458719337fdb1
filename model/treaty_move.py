"""Moves about treaties: what a seat may order besides measures.

A move is an order like any other, `{type, actor, quarter, end, fields}`; `apply_move` writes it into the decision
columns of an engine, to be read at the next Contract phase.
"""

from typing import Any

import numpy as np

from model.error import ScenarioError
from model.field import Field
from model.name import did_you_mean
from model.order import Order, OrderKind
from model.union import is_spoken_for

_TREATY = Field("treaty", "text", "Treaty", "the id of a treaty of the scenario")


def _sentence(words: str) -> Any:
    return lambda order: f"{order.actor} {words} {order.fields['treaty']} in {order.quarter}."


MOVES: list[OrderKind] = [
    OrderKind("propose_treaty", "Propose a treaty", "Puts a treaty on the table (again).", (_TREATY,),
              _sentence("proposes")),
    OrderKind("counter_treaty", "Counter a treaty", "Answers with other terms; talks go on.", (_TREATY,),
              _sentence("counters")),
    OrderKind("sign_treaty", "Sign a treaty", "Signs, or joins again.", (_TREATY,), _sentence("signs")),
    OrderKind("leave_treaty", "Leave a treaty", "Gives notice.", (_TREATY,), _sentence("gives notice to leave")),
    OrderKind("break_treaty", "Break a treaty", "Does not carry out its own measures, until it is seen.",
              (_TREATY, Field("broken", "flag", "Broken", "true to break it, false to keep it again", default=True)),
              lambda order: f"{order.actor} {'breaks' if order.fields['broken'] else 'keeps'} "
                            f"{order.fields['treaty']} from {order.quarter} on."),
    OrderKind("claim_territory", "Claim territory", "Claims another country's territory, or threatens it.",
              (Field("against", "country", "Against", "the country whose territory it is"),),
              lambda order: f"{order.actor} claims territory of {order.fields['against']} in {order.quarter}."),
]  # fmt: skip
BY_NAME: dict[str, OrderKind] = {move.name: move for move in MOVES}


def apply_move(engine: Any, order: Order, runs: Any = True) -> None:
    """Write a move into the engine's decision columns, in the runs where `runs` ([runs] or one) is true.

    Raises `ScenarioError` for a treaty that the engine does not have, or a country that is not named in it.
    """
    columns, countries = engine.columns, list(engine.world.countries)
    chosen = np.broadcast_to(np.asarray(runs, bool), (engine.runs,))
    actor = _country(countries, order.actor, order)
    if order.type == "claim_territory":
        against = _country(countries, order.fields["against"], order)
        columns.pair_claims[chosen, actor * len(countries) + against] = 1.0
        return
    x = _number(engine, order)
    if order.type == "propose_treaty":
        columns.treaty_tabled[chosen, x] = 1.0
        return
    if order.type == "counter_treaty":
        columns.treaty_countered[chosen, x] = 1.0
        return
    row = x * len(countries) + actor
    if engine.treaties.table.invited[row] == 0:
        members = ", ".join(engine.treaties.treaties[x].members)
        raise ScenarioError(
            f"{order.actor} is not named in treaty {order.fields['treaty']}. Its members are {members}."
        )
    if order.type == "sign_treaty" and is_spoken_for(
        engine.scenario, countries, engine.treaties.treaties[x].members, order.actor
    ):
        raise ScenarioError(
            f"{order.actor} may not sign treaty {order.fields['treaty']} without the other members of the EU, which "
            "negotiates as one. Name them all in the treaty, or set eu_defects = true."
        )
    if order.type == "sign_treaty":
        columns.member_vote[chosen, row] = 1.0
    elif order.type == "leave_treaty":
        columns.member_notice[chosen & (columns.member_notice[:, row] < 0.0), row] = engine.step_number
    else:
        columns.member_cheats[chosen, row] = 1.0 if order.fields["broken"] else 0.0


def _number(engine: Any, order: Order) -> int:
    try:
        return int(engine.treaties.number(order.fields["treaty"]))
    except KeyError:
        known = [treaty.id for treaty in engine.treaties.treaties]
        remedy = did_you_mean(order.fields["treaty"], known, f"There are: {', '.join(known) or 'none'}.")
        raise ScenarioError(f"Treaty {order.fields['treaty']!r} is not in this run. {remedy}") from None


def _country(countries: list[str], code: str, order: Order) -> int:
    if code not in countries:
        raise ScenarioError(
            f"Country {code} of {order.type} is not in this world. There are: {', '.join(countries)}."
        )
    return countries.index(code)
