"""What tension between a firm's home and the host of a site does to the cost of building there."""

from model.compiled import phase
from model.parameter import POSITION
from model.rules.risk import tension_cost

_TENSION = POSITION["tension_cost"]
#: Investment answers to tension as many times as strongly as trade. Source: `docs/strategy.md`, judgement.
_TIMES = 2.0


@phase
def strain_capital(layout, columns, values):
    """Make capital dearer where tension is above the usual between the firm's home and the site's host."""
    for run in range(values.shape[0]):
        for s in range(layout.site_pair.size):
            pair = layout.site_pair[s]
            if pair >= 0:
                columns.site_capex_factor[run, s] *= tension_cost(
                    columns.tension[run, pair], layout.pair_usual[pair], _TIMES * values[run, _TENSION]
                )
