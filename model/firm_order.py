"""What firms decide: to invest in, mothball, reopen or close capacity. Orders like those of states.

The actor is a firm's name. Shares are of the firm's plants of the good in the country.
"""

from model.field import Field
from model.order import Order, OrderKind

_GOOD = Field("good", "good", "Good", "the plants' good")
_COUNTRY = Field("country", "country", "Country", "where the plants are")
_SHARE = Field("share", "share", "Share", "share of the capacity there", unit="share", low=0.0, high=1.0, default=1.0,
               remedy="Write 0.5 for half of it.")  # fmt: skip
_CAPACITY = Field("capacity_t_per_year", "number", "Capacity", "tonnes of the good in a year", unit="t a year",
                  low=0.0, remedy="Leave the order out to build nothing.")  # fmt: skip


def _invest(order: Order) -> str:
    fields = order.fields
    what = f"{fields['capacity_t_per_year']:,.10g} t a year of {fields['good']} in {fields['country']}"
    return f"{order.actor} starts to build {what} in {order.quarter}."


def _part(verb: str, order: Order) -> str:
    fields = order.fields
    what = f"{100 * fields['share']:g} % of its {fields['good']} plants in {fields['country']}"
    return f"{order.actor} {verb} {what} in {order.quarter}."


def _mothball(order: Order) -> str:
    return _part("mothballs", order)


def _reopen(order: Order) -> str:
    return _part("reopens", order)


def _exit(order: Order) -> str:
    return _part("closes for good", order)


_PART = (_GOOD, _COUNTRY, _SHARE)
FIRM_ORDERS: list[OrderKind] = [
    OrderKind(
        "invest", "Investment", "Starts new capacity.", (_GOOD, _COUNTRY, _CAPACITY), _invest, actor="firm"
    ),
    OrderKind("mothball", "Mothballing", "Idles capacity that can reopen.", _PART, _mothball, actor="firm"),
    OrderKind("reopen", "Reopening", "Brings idle capacity back.", _PART, _reopen, actor="firm"),
    OrderKind("exit", "Exit", "Closes capacity for good.", _PART, _exit, actor="firm"),
]
FIRM_ORDERS_BY_NAME: dict[str, OrderKind] = {kind.name: kind for kind in FIRM_ORDERS}
