"""The orders that a treaty's members take while its clauses are in force."""

from collections.abc import Mapping, Sequence
from typing import Any

from model.clause import Scope
from model.clauses import BY_NAME
from model.field import Place
from model.instruments import BY_NAME as INSTRUMENTS
from model.order import Order, OrderKind, order_from
from model.treaty import Treaty


def treaty_orders(
    treaty: Treaty,
    quarter: str,
    goods: Sequence[str],
    *,
    end: str | None = None,
    sparing: bool = True,
    place: Place | None = None,
    kinds: Mapping[str, OrderKind] = INSTRUMENTS,
) -> list[list[Order]]:
    """Return the orders of every clause, in their order, from `quarter` to `end`, in a world of `goods`.

    `sparing=False` leaves out who is exempt, for measures whose exempt members change. Raises `ScenarioError` for an
    order that its instrument refuses, or whose instrument is unknown, with the clause.
    """
    place, scope = place or Place(), Scope(treaty.members, tuple(goods))
    found = []
    for number, clause in enumerate(treaty.clauses):
        spot = place.at("clauses").at(number)
        source = f"{treaty.title}, Article {number + 1}"
        found.append(
            [
                order_from(
                    {"type": draft.type, "actor": draft.actor, "quarter": quarter, "end": end,
                     "fields": draft.fields if sparing else _to_all(draft.fields), "source": source},
                    kinds,
                    spot,
                )
                for draft in BY_NAME[clause.type].orders(clause, scope)
            ]
        )  # fmt: skip
    return found


def _to_all(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != "exempt"}
