"""The plain twin: the same world and the same decisions as the engine, as ordinary Mesa objects.

One run at a time. It shares with the engine the calibrated tables it starts from and the addressed uniform numbers;
markets, phases, rules, measures and the ledger are written out here a second time.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import mesa
from twin.base import build_world, usual_tension
from twin.chain import Chain, rising
from twin.chance import normal
from twin.company import Company, State
from twin.place import Buyer, Route, Seller
from twin.policy import Duty, Floor, Limit, StockOrder, Support, measures_of

from model import draw


class TwinModel(mesa.Model):
    """One run of a scenario on a calibrated world."""

    def __init__(self, scenario: Any, world: Any, run: int = 0, p: dict[str, float] | None = None) -> None:
        super().__init__()
        self.scenario, self.run_number = scenario, run
        self.p = dict(scenario.parameters) if p is None else p
        self.start, self.quarters = scenario.start_index, scenario.quarters
        self.step_number = 0
        self.balance: dict[str, float] = defaultdict(float)
        self.turnover = 0.0
        build_world(self, world)
        self.measures = measures_of(scenario, self.start, self)
        self._build_chains(world)
        self._build_tension(world.countries)

    def luck(self, channel: int, entity: int, quarter: int | None = None) -> float:
        """Return the uniform number for this purpose in this quarter."""
        quarter = self.step_number if quarter is None else quarter
        return draw.uniform(self.scenario.seed, self.run_number, quarter, channel, entity)

    def pay(self, payer: str, payee: str, amount: float) -> None:
        """Move money from one account to another."""
        self.balance[payer] -= amount
        self.balance[payee] += amount
        self.turnover += abs(amount)

    def _build_chains(self, world: Any) -> None:
        net = world.network
        beta = dict(zip(world.goods["name"], net.market_sharpness, strict=True))
        scale = dict(zip(world.goods["name"], net.market_price_scale, strict=True))
        self.beta = beta
        self.chains = []
        for _, goods in world.goods.groupby("component")["name"]:
            mine = {good: (float(beta[good]), float(scale[good])) for good in goods}
            chain = Chain(
                [s for s in self.sellers if s.good in mine],
                [b for b in self.buyers if b.good in mine],
                [r for r in self.recipes if r.main.good in mine],
                mine,
            )
            chain.quotas = [m for m in self.measures if isinstance(m, Limit) and m.good in mine]
            for quota in chain.quotas:
                quota.scale = mine[quota.good][1]
            self.chains.append(chain)

    def _build_tension(self, countries: list[str]) -> None:
        self.countries = countries
        self.usual_tension = {(a, b): usual_tension(a, b) for a in countries for b in countries}
        self.tension = dict(self.usual_tension)
        self.pair_number = {
            (a, b): draw.address("pair", *sorted((a, b))) for a in countries for b in countries
        }
        self.usual_trade: dict[tuple[str, str], float] = defaultdict(float)
        for route in self.routes:
            if route.abroad:
                for pair in self._pairs(route):
                    self.usual_trade[pair] += route.usual

    @staticmethod
    def _pairs(route: Route) -> list[tuple[str, str]]:
        a, b = route.seller.country, route.buyer.country
        return [(a, b), (b, a)]

    def step(self) -> None:
        """Run one quarter."""
        self._of(Company).do("forget")
        self._of(State).do("forget")
        self.turnover = 0.0
        self._of(Company).do("misjudge")
        self._measure()
        self._offer()
        self._want()
        self._hold_back()
        for chain in self.chains:
            chain.clear(self.p["stock_response_power"])
        self._make_unsold()
        self._settle()
        self._of(Company).do("learn")
        self._remember_prices()
        self._foresee()
        self._of(Company).do("decide")
        self._of(Company).do("build")
        self._finish_projects()
        self._of(Company).do("run_plants")
        self._drift()
        self.step_number += 1

    def _of(self, kind: type) -> Any:
        return self.agents_by_type[kind]

    # before the market

    def _measure(self) -> None:
        """Let the measures in force bear on routes, plants and buyers."""
        for route in self.routes:
            route.export_tax = route.export_duty = route.tariff = route.import_duty = route.floor = 0.0
            route.closed = route.restricted = False
        for plant in self.plants:
            plant.support = 0.0
        for buyer in self.buyers:
            buyer.order = buyer.release = 0.0
        for kind in (Duty, StockOrder, Limit, Floor, Support):
            for measure in self.measures:
                if isinstance(measure, kind):
                    measure.apply(self.step_number)
        for buyer in self.buyers:
            buyer.release = min(buyer.release, buyer.reserve)

    def _offer(self) -> None:
        """Set plants' capacity and cost, what stands behind each seller, and the weight of each route."""
        p, step = self.p, self.step_number
        for plant in self.plants:
            if plant.kind == "leak":
                plant.installed = p["leak_share"] * plant.recipe.main.held
            elif plant.kind == "resale":
                plant.installed = plant.recipe.main.held
        for seller in self.sellers:
            seller.capacity = sum(
                rate * plant.running for recipe, rate in seller.makers for plant in recipe.plants
            )
            gain = seller.capacity - seller.qualified
            seller.qualified += gain * (p["qualification_speed"] if gain > 0.0 else 1.0)
        for recipe in self.recipes:
            first = recipe.main
            luck = normal(self.luck(draw.SUPPLY_NOISE, first.luck_number))
            usable = math.exp(p["supply_noise"] * luck) * (1.0 - first.outage)
            for plant in recipe.plants:
                works = 1.0 if plant.kind in ("recycler", "leak", "resale") else usable
                plant.capacity = max(plant.running * works, 0.0) * plant.supply_shock[step]
                plant.cost = plant.base_cost * first.cost_ratio
                if plant.kind == "leak" or (plant.kind == "resale" and plant.capacity > 0.0):
                    self._price_smuggling(plant)
        for buyer in self.buyers:
            pulls = [r.alpha * r.taste * (r.seller.qualified if r.passes else 0.0) for r in buyer.routes]
            total = sum(pulls)
            for route, pull in zip(buyer.routes, pulls, strict=True):
                route.weight = pull * buyer.budget / total if total > 0.0 and not route.closed else 0.0
                pair = (route.seller.country, route.buyer.country)
                change = p["tension_cost"] * (self.tension[pair] - self.usual_tension[pair])
                route.freight = route.base_freight * math.exp(max(-2.0, min(2.0, change)))

    def _price_smuggling(self, plant: Any) -> None:
        """Set what the way round costs: carriage, and the fine as often as it falls due; spread by the price gap."""
        p, leak, (home, _) = self.p, plant.recipe.main, plant.recipe.inputs[0]
        gap = max(leak.outside_price - home.price, 0.25 * leak.outside_price)
        looked = self.states[leak.country].enforcement
        caught = 1.0 - (1.0 - looked) * (1.0 - leak.policing)
        plant.cost = leak.outside_price * (p["leak_cost_share"] + p["leak_fine_multiple"] * caught)
        plant.spread = max(p["leak_spread_share"] * gap, 1e-9)

    def _watch_smugglers(self) -> None:
        """Let smugglers see what was held back and what it would fetch, and customs learn from what passed."""
        p = self.p
        for plant in self.plants:
            if plant.kind != "leak":
                continue
            leak = plant.recipe.main
            growth = self.outlook[leak.good][self.step_number]
            held = [
                (route.usual * growth * min(route.held_back(growth), 1.0), route.buyer.price)
                for route in leak.around.routes
                if route.abroad
            ]
            leak.held = sum(tonnes for tonnes, _ in held)
            if leak.held > 0.0:
                leak.outside_price = sum(tonnes * price for tonnes, price in held) / leak.held
            used = plant.output / plant.capacity if plant.capacity > 0.0 else 0.0
            learned = p["policing_speed"] * self.states[leak.country].enforcement * used
            now = leak.policing * (1.0 - p["policing_fade"]) + learned * (1.0 - leak.policing)
            leak.policing = max(0.0, min(1.0, now))

    def _watch_resellers(self) -> None:
        """Let resellers see what came in below a floor that covers others, to whom they may sell it, and at what price.

        The twin has no treaties: goods are sold on around floors alone.
        """
        p = self.p
        for plant in self.plants:
            if plant.kind != "resale":
                continue
            (buyer, _), trader = plant.recipe.inputs[0], plant.recipe.main
            ways = {route.buyer: route for route in trader.routes}
            for way in trader.routes:
                way.passes = False
            held, usual, worth = 0.0, 0.0, 0.0
            for came in buyer.routes:
                maker = came.seller
                if not came.abroad or not came.flow > 0.0 or maker.leak or maker.resale or came.floor > 0.0:
                    continue
                shut = [
                    r for r in maker.routes
                    if r.abroad and r.buyer in ways and r.usual > 0.0 and r.floor > 0.0 >= ways[r.buyer].floor
                ]  # fmt: skip
                for route in shut:
                    ways[route.buyer].passes = True
                    usual += route.usual
                    worth += route.usual * route.buyer.price
                if shut:
                    held += came.flow * min(p["leak_share"], 1.0 - p["origin_check_share"])
            used = plant.output / plant.capacity if plant.capacity > 0.0 else 0.0
            learned = p["policing_speed"] * self.states[trader.country].enforcement * used
            now = trader.policing * (1.0 - p["policing_fade"]) + learned * (1.0 - trader.policing)
            trader.policing = max(0.0, min(1.0, now))
            trader.held = held
            if usual > 0.0:
                trader.outside_price = worth / usual

    def _want(self) -> None:
        """Set final demand, and what buyers would draw from stock and order for it."""
        p, step = self.p, self.step_number
        for buyer in self.buyers:
            disturbance = math.exp(max(-2.0, min(2.0, buyer.disturbance)))
            growth = self.growth[buyer.good][step] * self.demand_shock[buyer][step]
            buyer.demand = buyer.base_final * growth * disturbance * (1.0 - buyer.substituted)
            use, risk, expected = buyer.smooth_use, buyer.risk, buyer.expected_price
            calm = buyer.target_days / 91.25 * use
            target = calm * (1.0 + p["stock_risk_multiple"] * risk)
            buyer.target = target
            cover = max(0.05, min(4.0, buyer.stock / calm)) if calm > 0.0 else 1.0
            buyer.draw_share = p["draw_most"] if target > 0.0 else 0.0
            patience = cover**0.5 if cover > 1.0 else cover**0.25
            lacks = max(0.0, 1.0 - buyer.stock / use / p["calm_quarters"]) if use > 0.0 else 0.0
            afraid = risk * lacks
            buyer.draw_price = max(
                expected * p["draw_price_ratio"] * (1.0 + p["hoarding"] * afraid) / patience, 1e-9
            )
            fear = 1.0 + p["panic"] * afraid
            buyer.restock_price = max(expected * p["restock_price_ratio"] * fear, 1e-9)
            buyer.restock = self._restocking(buyer, use, target, expected, fear) if target > 0.0 else 0.0

    def _restocking(self, buyer: Buyer, use: float, target: float, expected: float, fear: float) -> float:
        """Return the largest order for stock: part of the gap to the target, and what is drawn at usual prices."""
        p, power = self.p, self.p["stock_response_power"]
        drawn = buyer.draw_share * rising(expected, buyer.draw_price, power) * use
        if drawn > 0.0 and buyer.stock > 0.0:
            ratio = min(drawn, buyer.stock) / max(drawn, buyer.stock)
            drawn = min(drawn, buyer.stock) / (1.0 + ratio**4) ** 0.25
            drawn /= max(1.0 - rising(expected, buyer.restock_price, power), 0.05)
        else:
            drawn = 0.0
        if buyer.stock > target:
            drawn *= (target / buyer.stock) ** 4
        gap = min(1.0, p["restock_speed"] * fear) * (target - buyer.stock)
        return drawn + max(0.0, min(p["restock_most"] * fear * use, gap))

    def _hold_back(self) -> None:
        """Find what measures hold back, what producers would store of by-products, and sell from stock."""
        p = self.p
        for seller in self.sellers:
            held = 0.0
            for route in seller.routes:
                held += route.held_back() * route.usual
            seller.restricted = min(held / max(seller.usual_sales, 1e-12), 1.0)
            anchor = max(seller.expected_price, p["store_anchor_share"] * seller.base_price)
            usual = seller.usual_sales * self.outlook[seller.good][self.step_number]
            full = p["store_most_quarters"] * usual - seller.stock
            seller.storage_left = (
                float(seller.stock <= 0.0) if usual <= 0.0 else max(0.0, min(1.0, full / usual))
            )
            seller.store_share = 0.0
            if seller.by_product:
                willing = min(0.99, p["store_share_host"] * min(1.0, 4.0 * seller.restricted))
                seller.store_share = seller.storage_left * willing
            seller.store_price = max(anchor * p["store_price_ratio"], 1e-9)
            seller.sell_share = p["sell_share"] * (1.0 - seller.restricted)
            seller.sell_price = max(anchor * p["sell_price_ratio"], 1e-9)
        if any(isinstance(measure, Floor) for measure in self.measures):
            self._see_floors()

    def _see_floors(self) -> None:
        assured: dict[Seller, float] = defaultdict(float)
        for buyer in self.buyers:
            highest = max((route.floor for route in buyer.routes), default=0.0)
            for route in buyer.routes:
                if highest > 0.0 and route.floor <= 0.0 and route.weight > 0.0:
                    assured[route.seller] = max(assured[route.seller], highest - route.freight)
        for site in self.sites:
            site.floor = assured[site.recipe.main]

    # after the market

    def _make_unsold(self) -> None:
        """Make by-products that nobody can buy straight into stock; count what every seller made."""
        for seller in self.sellers:
            if math.isnan(seller.formed):
                for recipe, _ in seller.makers:
                    if recipe.main is seller and not recipe.inputs:
                        for plant in recipe.plants:
                            if plant.by_product:
                                plant.output = seller.storage_left * plant.base_utilisation * plant.capacity
            seller.output = sum(
                rate * plant.output for recipe, rate in seller.makers for plant in recipe.plants
            )
            if math.isnan(seller.formed):
                if seller.by_product:
                    seller.stored = seller.output
                else:
                    seller.disposed = seller.output

    def _settle(self) -> None:
        """Pay for what was shipped, made and stored; move stocks."""
        for buyer in self.buyers:
            paid = sum(route.flow * route.landed for route in buyer.routes if route.flow > 0.0)
            tonnes = sum(route.flow for route in buyer.routes)
            if tonnes > 0.0:
                buyer.average_price = paid / tonnes
        sales: dict[Seller, float] = defaultdict(float)
        rents: dict[Seller, float] = defaultdict(float)
        for route in self.routes:
            if route.flow > 0.0:
                self._pay_route(route, sales, rents)
        for seller, amount in sales.items():
            self._share_sales(seller, amount, rents[seller])
        self._pay_costs()
        self._pay_states()
        for measure in self.measures:
            if isinstance(measure, Limit | Support):
                measure.record(self.step_number)
        for buyer in self.buyers:
            buyer.stock = max(0.0, buyer.stock + buyer.restocked - buyer.drawn)
            buyer.reserve = max(0.0, buyer.reserve + buyer.ordered - buyer.released)
        for seller in self.sellers:
            seller.stock = max(0.0, seller.stock + seller.stored - seller.sold)
            seller.experience += seller.output
        for route in self.routes:
            route.past = [*route.past[1:], route.flow]

    def _pay_route(self, route: Route, sales: dict[Seller, float], rents: dict[Seller, float]) -> None:
        seller, buyer, flow = route.seller, route.buyer, route.flow
        user, origin, destination = f"users {buyer.country}", seller.country, buyer.country
        price, wedge, earned = seller.formed, 0.0, seller.formed
        for quota in route.quotas:
            rent = quota.wedge
            if not rent > 0.0:
                continue
            wedge += rent
            if quota.holder == "firms":
                earned += rent
                rents[seller] += rent * flow
            elif quota.holder == "state":
                self.pay(user, f"treasury {quota.order.actor}", rent * flow)
                self.states[quota.order.actor].rent += rent * flow
            else:
                self.states[destination].rent += rent * flow
        export_tax = (price + wedge) * route.export_tax + route.export_duty
        at_border = price + wedge + export_tax + route.freight
        tariff = at_border * route.tariff + route.import_duty
        top_up = max(route.landed - at_border - tariff, 0.0)
        public = top_up * route.top_up_to_treasury
        earned += top_up - public
        self.pay(user, "transit", earned * flow)
        self.pay(user, f"treasury {origin}", export_tax * flow)
        self.pay(user, "freight", route.freight * flow)
        self.pay(user, f"treasury {destination}", (tariff + public) * flow)
        sales[seller] += earned * flow
        self.states[origin].export_tax += export_tax * flow
        self.states[destination].tariff += tariff * flow
        self.states[destination].top_up += public * flow
        self.states[destination].spending += route.landed * flow

    def _share_sales(self, seller: Seller, amount: float, rent: float) -> None:
        """Hand a seller's sales to its plants' owners by output, by capacity where nothing was made."""
        by = "output" if seller.output > 0.0 else "installed"
        sizes = [
            (plant, rate * getattr(plant, by)) for recipe, rate in seller.makers for plant in recipe.plants
        ]
        total = sum(size for _, size in sizes)
        if total <= 0.0:
            self.pay("transit", "others", amount)
            return
        for plant, size in sizes:
            self.pay("transit", plant.account, amount * size / total)
            if company := self._company(plant.account):
                company.revenue += amount * size / total
                company.rent += rent * size / total

    def _company(self, account: str) -> Company | None:
        return self.companies.get(account.removeprefix("firm ")) if account.startswith("firm ") else None

    def _pay_costs(self) -> None:
        for plant in self.plants:
            spent = plant.variable_cost()
            if plant.site is not None:
                usual = 1.0 if plant.kind == "new" else max(plant.base_utilisation, 0.0)
                spent += plant.capacity * plant.keep(min(self.p["idle_utilisation"], 0.5 * usual))
            self.pay(plant.account, "labour", spent)
            for buyer, rate in plant.recipe.inputs if plant.output > 0.0 else ():
                paid = buyer.average_price * rate * plant.output
                self.pay(plant.account, f"users {buyer.country}", paid)
                spent += paid
            if company := self._company(plant.account):
                company.cost += spent

    def _pay_states(self) -> None:
        for measure in self.measures:
            if isinstance(measure, Support):
                for plant in measure.plants:
                    paid = measure.rate * plant.output
                    self.pay(f"treasury {measure.order.actor}", plant.account, paid)
                    self.states[measure.order.actor].support += paid
                    if company := self._company(plant.account):
                        company.revenue += paid
        for buyer in self.buyers:
            fund, user = f"stock fund {buyer.country}", f"users {buyer.country}"
            self.pay(fund, user, buyer.average_price * buyer.ordered)
            self.pay(user, fund, buyer.average_price * buyer.released)

    def _remember_prices(self) -> None:
        speed = self.p["expectation_speed"]
        for seller in self.sellers:
            if not math.isnan(seller.formed):
                seller.price = max(seller.formed, 0.0)
                seller.expected_price += speed * (seller.price - seller.expected_price)
        for buyer in self.buyers:
            if not math.isnan(buyer.index):
                buyer.price = buyer.index
                buyer.expected_price += speed * (buyer.price - buyer.expected_price)

    def _foresee(self) -> None:
        """Work out what announced demand and capacity imply for each site's prices at its lead time."""
        step = self.step_number
        for seller in self.sellers:
            seller.coming = 0.0
        for site in self.sites:
            for seller, rate in site.recipe.outputs:
                seller.coming += rate * site.pipeline
        for project in self.projects:
            known = project.announced <= step and project.start <= step + 20
            for seller, rate in project.site.recipe.outputs if known else ():
                seller.coming += rate * project.still_to_come(step, self.p["ramp_quarters"])
        for buyer in self.buyers:
            reachable = [(r.alpha * r.taste, r.seller) for r in buyer.routes if r.may_carry_more()]
            there = sum(pull * seller.capacity for pull, seller in reachable)
            coming = sum(pull * seller.coming for pull, seller in reachable)
            buyer.growth_of_supply = math.log(1.0 + coming / there) if there > 0.0 else 0.0
        for site in self.sites:
            ahead = step + int(site.lead + site.permit) + 4
            sizes = [
                (r.alpha * r.buyer.smooth_use, r.buyer) for r in site.recipe.main.routes if r.may_carry_more()
            ]
            reach = sum(size for size, _ in sizes)
            supply = (
                sum(size * buyer.growth_of_supply for size, buyer in sizes) / reach if reach > 0.0 else 0.0
            )
            site.outlook = self._foreseen(site.good, ahead, supply)

    def _foreseen(self, good: str, ahead: int, supply: float) -> float:
        path = self.outlook[good]
        demand = math.log(path[min(ahead, len(path) - 1)] / path[self.step_number])
        change = self.p["foresight_weight"] * (demand - supply) / max(self.p["foresight_elasticity"], 0.01)
        return max(-1.0, min(1.0, change))

    def _finish_projects(self) -> None:
        """Let announced projects that are not dropped come in even steps from their arrival."""
        steps = max(1, int(self.p["ramp_quarters"] + 0.5))
        for project in self.projects:
            if 0 <= self.step_number + 1 - project.arrival < steps:
                project.plant.installed += project.capacity / steps
                whole = project.capex
                if math.isnan(whole):
                    whole = project.capacity * project.site.capex
                self.pay(project.plant.account, "capital", whole / steps)
                self._company(project.plant.account).capex += whole / steps

    # drift

    def _drift(self) -> None:
        for buyer in self.buyers:
            self._drift_demand(buyer)
        for buyer in self.buyers:
            self._age_products(buyer)
        for plant in self.plants:
            if plant.source is not None:
                self._recycle(plant)
        self._watch_smugglers()
        self._watch_resellers()
        for site in self.sites:
            self._learn_by_doing(site)
        for seller in self.sellers:
            hit = self.luck(draw.OUTAGE, seller.luck_number) < self.p["outage_probability"]
            left = seller.outage * self.p["outage_decay"]
            world = self.world_capacity[seller.good]
            part = seller.base_capacity / world if world > 0.0 else 0.0
            size = min(self.p["outage_share"], self.p["outage_most"] / max(part, 1e-9))
            seller.outage = max(left, size) if hit else left
            seller.risk = self._perceive(seller.risk, seller.restricted)
        for buyer in self.buyers:
            self._drift_risk(buyer)
        self._drift_tension()

    def _drift_demand(self, buyer: Buyer) -> None:
        p = self.p
        rho = p["demand_persistence"]
        luck = normal(self.luck(draw.DEMAND_DISTURBANCE, buyer.luck_number))
        buyer.disturbance = rho * buyer.disturbance + math.sqrt(1.0 - rho**2) * p["demand_noise"] * luck
        x, threshold = buyer.expected_price / buyer.base_price, p["substitution_threshold"]
        share, most, grown, undone = buyer.substituted, p["substitution_most"], 0.0, 0.0
        if x > threshold and share < most:
            response = min((x / threshold) ** p["substitution_power"], math.exp(5.0))
            grown = p["substitution_speed"] * max(share, 0.1) * (1.0 - share / most) * response
            grown = max(0.0, min(grown, most - share))
        elif x < threshold:
            undone = max(0.0, p["substitution_speed"] * (share - buyer.substituted_forever))
        buyer.substituted += grown - undone
        buyer.substituted_forever += p["substitution_permanent"] * grown
        buyer.smooth_use += 0.25 * (buyer.use - buyer.smooth_use)

    def _age_products(self, buyer: Buyer) -> None:
        entering = sum(rate * other.final_use for other, rate in buyer.embodied)
        leaving = [age * -math.expm1(-3.0 / max(buyer.life, 1.0)) for age in buyer.ages]
        arriving = [entering, *leaving[:2]]
        buyer.ages = [age + new - old for age, new, old in zip(buyer.ages, arriving, leaving, strict=True)]
        buyer.discard = leaving[2]

    def _recycle(self, plant: Any) -> None:
        p, buyer = self.p, plant.source
        x = buyer.price / buyer.base_price
        if x > 1.0:
            most = max(p["recycling_most"], plant.recycled_share)
            step = p["recycling_growth"] * max(plant.recycled_share, plant.usual_share) * min(x - 1.0, 1.0)
            plant.recycled_share = min(most, plant.recycled_share + step)
        response = min(1.0, max(x, 1e-6) ** p["recycling_power"])
        plant.installed = buyer.discard * max(0.0, min(0.98, plant.recycled_share * response))

    def _learn_by_doing(self, site: Any) -> None:
        seller = site.recipe.main
        site.room *= (1.0 + site.new.host_growth) ** 0.25
        seller.cost_ratio = 1.0
        if seller.experience > seller.first_experience > 0.0 and site.learning > 0.0:
            b = -math.log2(1.0 - min(site.learning, 0.9))
            ratio = (seller.experience / seller.first_experience) ** -b
            seller.cost_ratio = max(self.p["learning_least"], ratio)

    def _perceive(self, risk: float, signal: float) -> float:
        speed = self.p["risk_rise"] if signal > risk else self.p["risk_fall"]
        return max(0.0, min(1.0, risk + speed * (signal - risk)))

    def _drift_risk(self, buyer: Buyer) -> None:
        p = self.p
        usual = sum(route.usual for route in buyer.routes)
        held = sum(
            route.usual * min(1.0, max(0.0, route.held_back(self.outlook[buyer.good][self.step_number])))
            for route in buyer.routes
            if route.abroad and route.refuses()
        )
        sigma = self.beta[buyer.good] * buyer.base_price
        for route in buyer.routes:
            risk = route.seller.risk if route.abroad else 0.0
            wanted = max(0.02, math.exp(-max(0.0, min(20.0, sigma * p["risk_markup"] * risk))))
            route.taste += p["taste_speed"] * (wanted - route.taste)
        signal = held / usual if usual > 0.0 else 0.0
        if buyer.price > buyer.expected_price > 0.0:
            dearer = p["risk_from_price"] * math.log2(buyer.price / buyer.expected_price)
            signal = max(signal, min(1.0, dearer))
        buyer.risk = self._perceive(buyer.risk, signal)

    def _drift_tension(self) -> None:
        p, rho = self.p, self.p["tension_persistence"]
        restricted: dict[tuple[str, str], float] = defaultdict(float)
        for route in self.routes:
            if route.abroad and route.restricted:
                for pair in self._pairs(route):
                    restricted[pair] += route.usual
        for a in self.countries:
            for b in self.countries:
                if a == b:
                    continue
                luck = normal(self.luck(draw.TENSION, self.pair_number[a, b]))
                usual = self.usual_trade[a, b]
                rise = p["tension_from_restriction"] * (restricted[a, b] / usual if usual > 0.0 else 0.0)
                now = rho * self.tension[a, b] + (1.0 - rho) * self.usual_tension[a, b] + rise
                self.tension[a, b] = max(0.0, min(1.0, now + p["tension_noise"] * luck))
