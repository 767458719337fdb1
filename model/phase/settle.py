"""Settle: stocks, cumulative output and trailing flows after the clearing. Money is in `model/ledger.py`."""

from model.compiled import phase
from model.rules.stock import settle_stock


@phase
def move_stocks(network, layout, columns, answer, reserve):
    """Move stocks by what was drawn, ordered, stored and sold; shift trailing flows; count output."""
    for run in range(answer.price.shape[0]):
        for j in range(layout.buyer_good.size):
            columns.buyer_stock_t[run, j] = settle_stock(
                columns.buyer_stock_t[run, j], answer.restock_t[run, j], answer.draw_t[run, j]
            )
            columns.buyer_reserve_t[run, j] = reserve[run, j]
        for i in range(layout.node_good.size):
            columns.node_stock_t[run, i] = settle_stock(
                columns.node_stock_t[run, i], answer.stored_t[run, i], answer.sold_from_stock_t[run, i]
            )
            for s in range(layout.node_recipe_start[i], layout.node_recipe_start[i + 1]):
                m = layout.node_recipes[s]
                for k in range(network.plant_start[m], network.plant_start[m + 1]):
                    columns.node_cumulative_t[run, i] += layout.node_recipe_rate[s] * answer.output_t[run, k]
        for r in range(layout.route_origin.size):
            columns.route_flow_4_t[run, r] = columns.route_flow_3_t[run, r]
            columns.route_flow_3_t[run, r] = columns.route_flow_2_t[run, r]
            columns.route_flow_2_t[run, r] = columns.route_flow_1_t[run, r]
            columns.route_flow_1_t[run, r] = answer.flow_t[run, r]
            columns.route_mean_flow_t[run, r] = 0.25 * (
                columns.route_flow_1_t[run, r]
                + columns.route_flow_2_t[run, r]
                + columns.route_flow_3_t[run, r]
                + columns.route_flow_4_t[run, r]
            )
