import pytest

from model.error import ScenarioError
from model.firm_order import FIRM_ORDERS_BY_NAME
from model.instruments import BY_NAME
from model.order import order_from


def order(kind, **fields):
    """Return a firm's order on gallium in Australia."""
    place = {"good": "gallium", "country": "AUS"}
    return {"type": kind, "actor": "Alcoa", "quarter": "2026Q1", "fields": {**place, **fields}}


@pytest.mark.parametrize(
    ("kind", "fields", "text"),
    [
        (
            "invest",
            {"capacity_t_per_year": 50},
            "Alcoa starts to build 50 t a year of gallium_refined in AUS in 2026Q1.",
        ),
        ("mothball", {"share": 0.5}, "Alcoa mothballs 50 % of its gallium_refined plants in AUS in 2026Q1."),
        ("reopen", {}, "Alcoa reopens 100 % of its gallium_refined plants in AUS in 2026Q1."),
        ("exit", {}, "Alcoa closes for good 100 % of its gallium_refined plants in AUS in 2026Q1."),
    ],
)
def test_a_firm_speaks_in_orders(kind, fields, text):
    """Every firm order is read, and told in a sentence."""
    read = order_from(order(kind, **fields), FIRM_ORDERS_BY_NAME)
    assert FIRM_ORDERS_BY_NAME[kind].text(read) == text


def test_firms_and_states_do_not_share_order_types():
    """A state has no `exit`, a firm no tariff."""
    assert not set(FIRM_ORDERS_BY_NAME) & set(BY_NAME)
    with pytest.raises(ScenarioError, match="Order type 'exit' is unknown"):
        order_from(order("exit"), BY_NAME)


def test_a_firm_cannot_close_more_than_it_has():
    """The share of capacity is at most one."""
    with pytest.raises(ScenarioError) as refusal:
        order_from(order("exit", share=1.5), FIRM_ORDERS_BY_NAME)
    assert str(refusal.value) == (
        "Share of Alcoa on gallium is 1.5; it must be between 0 and 1. Write 0.5 for half of it. (fields.share)"
    )
