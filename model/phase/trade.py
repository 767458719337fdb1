"""Trade: what the clearing leaves to do: by-products made without a market, and the record of misses."""

from model.compiled import phase


@phase
def make_unsold(network, layout, columns, terms, answer):
    """Let by-products be made where no buyer can be reached: usual output goes straight into producers' stock.

    As far as storage is open; what does not fit stays with the host's waste and is not made.

    Writes `answer.output_t` and `answer.stored_t` of such nodes, so that everything downstream sees the tonnes.
    Only mines and single-stage plants: a plant that buys inputs stops without a market. Outputs of joint mines that
    have no market are thrown away.
    """
    for run in range(answer.price.shape[0]):
        for i in range(layout.node_good.size):
            columns.node_unsold_t[run, i] = 0.0
            if answer.price[run, i] == answer.price[run, i]:
                continue
            made = 0.0
            for s in range(layout.node_recipe_start[i], layout.node_recipe_start[i + 1]):
                m = layout.node_recipes[s]
                main = network.output_node[network.recipe_output_start[m]] == i
                fed = network.recipe_input_start[m] < network.recipe_input_start[m + 1]
                for k in range(network.plant_start[m], network.plant_start[m + 1]):
                    if main and not fed and layout.plant_by_product[k]:
                        usual = layout.plant_base_utilisation[k] * terms.plant_capacity_t[run, k]
                        answer.output_t[run, k] = columns.node_store_room[run, i] * usual
                    made += layout.node_recipe_rate[s] * answer.output_t[run, k]
            if layout.node_by_product[i]:
                answer.stored_t[run, i] = made
                columns.node_unsold_t[run, i] = made
            else:
                answer.disposed_t[run, i] = made


@phase
def record_misses(columns, answer):
    """Count the components that missed the tolerance and keep the largest violation."""
    for run in range(answer.status.shape[0]):
        columns.missed[run, 0] = 0.0
        for c in range(answer.status.shape[1]):
            columns.missed[run, 0] += 1.0 if answer.status[run, c] != 0 else 0.0
            if not answer.violation[run, c] <= columns.worst_violation[run, 0]:
                columns.worst_violation[run, 0] = answer.violation[run, c]
        columns.missed_ever[run, 0] += columns.missed[run, 0]
