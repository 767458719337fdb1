"""Orebloc's world under Mesa's own page of controls, for those who know Mesa. Beside Orebloc it needs

pip install "mesa[viz]" "ipyvuetify<3" "starlette<1"    # Mesa's pages draw nothing with ipyvuetify 3
solara run docs/examples/solaraviz_app.py
"""

import solara
from matplotlib.figure import Figure
from mesa.visualization import SolaraViz, make_plot_component
from mesa.visualization.utils import update_counter

import orebloc


@solara.component
def Shares(model):
    """Who makes refined gallium: a bar for each country."""
    update_counter.get()  # drawn anew after every step
    made = {}
    for refiner in model.agents_by_type[orebloc.Refiner]:
        for site in refiner.view()["sites"]:
            if site["good"] == "gallium_refined":
                made[site["country"]] = made.get(site["country"], 0.0) + site["output_t"]
    figure = Figure(layout="constrained")
    axes = figure.subplots()
    axes.barh(list(made), list(made.values()))
    axes.set(title=f"Refined gallium, {model.quarter}", xlabel="tonnes a quarter")
    solara.FigureMatplotlib(figure)


class World(orebloc.TradeModel):
    """Mesa's page wants each parameter by its name."""

    def __init__(self, discount_private=0.1, seed=None):
        super().__init__("tiny", discount_private=discount_private, seed=seed)


cost = {
    "type": "SliderFloat",
    "label": "Cost of capital",
    "value": 0.1,
    "min": 0.04,
    "max": 0.2,
    "step": 0.01,
}
components = [Shares, make_plot_component("price gallium_refined")]
Page = SolaraViz(World(), components=components, model_params={"discount_private": cost}, name="Orebloc")
