"""The plain twin's agents: companies that own sites, and states with their treasuries."""

from __future__ import annotations

import math

import mesa
from twin.chance import normal, waiting_time
from twin.place import Plant, Site

from model.draw import EXPECTATION_ERROR, PERMIT

QUARTERS_A_YEAR = 4.0


class Company(mesa.Agent):
    """A miner or refiner: learns from prices, builds, mothballs, reopens and closes."""

    def __init__(self, model: mesa.Model, name: str, country: str, owner: str) -> None:
        super().__init__(model)
        self.name, self.country, self.owner = name, country, owner
        self.account = f"firm {name}"
        self.backed = False
        self.sites: list[Site] = []
        self.revenue = self.rent = self.cost = self.capex = 0.0

    def forget(self) -> None:
        """Start a quarter's accounts."""
        self.revenue = self.rent = self.cost = self.capex = 0.0

    def misjudge(self) -> None:
        """See prices through an error of its own."""
        for site in self.sites:
            site.error = self.model.p["expectation_noise"] * normal(
                self.model.luck(EXPECTATION_ERROR, site.luck_number)
            )

    def learn(self) -> None:
        """Form expectations of prices and count quarters of loss, from this quarter's prices."""
        p = self.model.p
        speed = p["expectation_speed"]
        for site in self.sites:
            value = sum(
                rate * (max(s.formed, 0.0) if not math.isnan(s.formed) else s.price)
                for s, rate in site.recipe.outputs
            )
            before = site.recipe.value("price")
            spent = sum(
                rate * (b.index if not math.isnan(b.index) else b.price) for b, rate in site.recipe.inputs
            )
            change = 0.0
            if value > 0.0 and before > 0.0:
                change = max(-2.0, min(2.0, math.log(value / before)))
            site.variance += p["volatility_speed"] * (change**2 - site.variance)
            site.expected_value += speed * (value - site.expected_value)
            site.expected_input += speed * (spent - site.expected_input)
            for plant in site.plants:
                net = value - spent + plant.support
                if math.isnan(site.recipe.main.formed) and plant.installed > 0.0:
                    net = min(net, plant.cost - 5.0 * plant.spread)
                plant.expected_net += speed * (net - plant.expected_net)
                usual = 1.0 if plant.kind == "new" else plant.base_utilisation
                keep = plant.keep(min(p["idle_utilisation"], 0.5 * max(usual, 0.0)))
                if plant.kind == "new" and not self.backed:
                    keep += p["debt_share"] * site.capex * site.discount / QUARTERS_A_YEAR
                if plant.installed > 0.0:
                    plant.losses = plant.losses + 1 if plant.surplus(plant.expected_net) < keep else 0

    def decide(self) -> None:
        """Decide what to build, mothball, reopen and close."""
        for site in self.sites:
            for plant in site.plants:
                self._decide_plant(plant)
            site.started = self._building(site)

    def _decide_plant(self, plant: Plant) -> None:
        p = self.model.p
        plant.mothballing = plant.reopening = plant.leaving = 0.0
        if plant.by_product:
            return
        longer = p["backed_patience"] if self.backed else 1.0
        if plant.losses >= p["mothball_quarters"] * longer:
            plant.mothballing = p["mothball_share"] * plant.running
        if plant.idle > 0.0:
            z = max(-700.0, min(700.0, (plant.expected_net - plant.cost) / plant.spread))
            if plant.losses == 0 and 1.0 / (1.0 + math.exp(-z)) >= p["reopen_utilisation"]:
                plant.reopening = p["reopen_share"] * plant.idle
            if plant.losses >= (p["mothball_quarters"] + p["exit_quarters"]) * longer:
                plant.leaving = p["exit_share"] * plant.idle

    def _building(self, site: Site) -> float:
        """Return the capacity to start: where its value at expected prices exceeds its cost times the hurdle."""
        p = self.model.p
        installed = sum(plant.installed for plant in site.plants)
        if sum(plant.idle for plant in site.plants) > 0.05 * installed:
            return 0.0
        index = self._profit_index(site)
        size = max(installed, p["entry_share"] * site.unit)
        if index <= 1.0 or size <= 0.0:
            return 0.0
        wanted = size * min(p["invest_most"], p["invest_speed"] * (index - 1.0))
        room = site.room - installed - site.pipeline
        return max(0.0, min(wanted, p["pipeline_most"] * size - site.pipeline, room))

    def _profit_index(self, site: Site) -> float:
        p = self.model.p
        spent = site.expected_input
        gain = (site.expected_value - spent) * math.exp(max(-1.0, min(1.0, site.error)) + site.outlook)
        value = spent + gain
        assured = max(value, p["floor_credibility"] * site.floor) if site.floor > 0.0 else value
        supported = assured > value or site.new.support > 0.0
        margin = assured + site.new.support - spent - site.new.cost
        if margin <= 0.0:
            return 0.0
        volatility = max(0.05, min(1.5, math.sqrt(4.0 * site.variance)))
        discount = site.discount
        if supported:
            volatility *= 1.0 - p["support_calm"]
            discount = min(discount, p["discount_supported"])
        life = p["plant_life_years"]
        annuity = (1.0 - (1.0 + discount) ** -life) / discount if discount >= 1e-6 else life
        years = 0.25 * (site.lead + site.permit + 0.5 * p["ramp_quarters"])
        use = min(p["operating_share"], 1.0 / (1.0 + math.exp(-min(margin / site.new.spread, 700.0))))
        worth = QUARTERS_A_YEAR * use * margin * annuity * (1.0 + discount) ** -years
        asked = self._capital(site) * (
            1.0 + p["hurdle_weight"] * (option_multiple(discount, volatility) - 1.0)
        )
        return 10.0 if 10.0 * asked <= worth else worth / asked

    def _capital(self, site: Site) -> float:
        """Return what a tonne a quarter costs to build; abroad it is dearer while relations are strained."""
        model = self.model
        home = self.country if self.country in model.states else "OTH"
        if site.country in (self.country, home) or home not in model.states:
            return site.capex
        pair = (home, site.country)
        change = 2.0 * model.p["tension_cost"] * (model.tension[pair] - model.usual_tension[pair])
        return site.capex * math.exp(min(2.0, max(-2.0, change)))

    def build(self) -> None:
        """Start what was decided, finish what is due, and run plants down or up."""
        step = self.model.step_number
        for site in self.sites:
            if site.started > 0.0:
                self._start(site, step)
                paid = site.started * self._capital(site)
                self.model.pay(self.account, "capital", paid)
                self.capex += paid
            arrived = site.arrivals.pop(step + 1, 0.0)
            if arrived > 0.0:
                site.pipeline = max(0.0, site.pipeline - arrived)
                site.new.installed += arrived

    def _start(self, site: Site, step: int) -> None:
        p = self.model.p
        wait = waiting_time(self.model.luck(PERMIT, site.luck_number), site.permit)
        steps = max(1, int(p["ramp_quarters"] + 0.5))
        first = step + 1 + max(1, int(site.lead + wait + 0.5))
        for quarter in range(first, first + steps):
            site.arrivals[quarter] += site.started / steps
        site.pipeline += site.started

    def run_plants(self) -> None:
        """Mothball, reopen and close as decided."""
        for site in self.sites:
            for plant in site.plants:
                closed = min(plant.leaving, plant.installed)
                plant.idle = max(0.0, plant.idle - closed)
                plant.installed -= closed
                plant.idle -= min(plant.reopening, plant.idle)
                plant.idle += min(plant.mothballing, plant.installed - plant.idle)
                plant.idle = max(0.0, min(plant.idle, plant.installed))


def option_multiple(discount: float, volatility: float) -> float:
    """Return the value over cost at which building beats waiting, without drift, at most 4 (Dixit and Pindyck)."""
    beta = 0.5 + math.sqrt(0.25 + 2.0 * max(discount, 0.001) / max(volatility**2, 1e-4))
    return 4.0 if beta <= 4.0 / 3.0 else max(1.0, beta / (beta - 1.0))


class State(mesa.Agent):
    """A state: its treasury's takings in the quarter, and its stocks of goods."""

    def __init__(self, model: mesa.Model, code: str) -> None:
        super().__init__(model)
        self.code = code
        self.enforcement = model.p["enforcement"]
        self.forget()

    def forget(self) -> None:
        """Start a quarter's accounts."""
        self.export_tax = self.tariff = self.top_up = self.rent = self.support = self.spending = 0.0
