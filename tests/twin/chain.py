"""The plain twin's market: the equilibrium conditions of linked goods, given to a library's root finder.

They are written out object by object, as they are told. NumPy matrices of sellers by buyers were tried in their place
and are no faster at this size.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import root
from twin.place import Buyer, Recipe, Seller

#: Logarithms of ratios must come this close to nothing.
TOLERANCE = 1e-12


def rising(price: float, middle: float, power: float) -> float:
    """Return a share from 0 to 1 that rises with the price, one half at `middle`."""
    if price <= 0.0:
        return 0.0
    ratio = (price / middle) ** power
    return ratio / (1.0 + ratio)


def smaller(a: float, b: float) -> float:
    """Return a smooth lower bound of two amounts, nothing where one is nothing: `a b / (a^4 + b^4)^(1/4)`."""
    low, high = min(a, b), max(a, b)
    return low / (1.0 + (low / high) ** 4) ** 0.25 if low > 0.0 else 0.0


class Chain:
    """Linked goods that clear together. `goods` gives each good's sharpness of choice and a typical price."""

    def __init__(
        self, sellers: list[Seller], buyers: list[Buyer], recipes: list[Recipe], goods: dict
    ) -> None:
        self.sellers, self.buyers, self.recipes, self.goods = sellers, buyers, recipes, goods
        self.quotas: list = []

    def clear(self, power: float) -> None:
        """Find the prices and wedges that clear all markets of the chain, and what is shipped, made and stored then."""
        last = {seller: seller.formed for seller in self.sellers}
        self._find_participants()
        self._prepare()
        self._forget()
        if self.traders:
            self._solve(power, last)

    def _find_participants(self) -> None:
        """Drop, until nothing changes: plants without inputs or outlet, sellers without goods, buyers without need."""
        for recipe in self.recipes:
            recipe.active = any(plant.capacity > 0.0 for plant in recipe.plants)
        for trader in (*self.sellers, *self.buyers):
            trader.active = True
        for buyer in self.buyers:
            for route in buyer.routes:
                route.open = route.weight > 0.0 and all(quota.limit > 0.0 for quota in route.quotas)
        while self._drop_some():
            pass
        for buyer in self.buyers:
            for route in buyer.routes:
                route.open = route.open and buyer.active and route.seller.active

    def _drop_some(self) -> bool:
        dropped = False
        for recipe in self.recipes:
            fed = all(buyer.active for buyer, _ in recipe.inputs)
            sold = any(seller.active for seller, _ in recipe.outputs)
            if recipe.active and not (fed and sold):
                recipe.active, dropped = False, True
        for seller in self.sellers:
            has = any(recipe.active for recipe, _ in seller.makers) or (
                seller.stock > 0.0 and seller.sell_share > 0.0
            )
            outlet = any(route.open and route.buyer.active for route in seller.routes)
            if seller.active and not (has and outlet):
                seller.active, dropped = False, True
        for buyer in self.buyers:
            final = buyer.demand > 0.0 or buyer.restock > 0.0 or buyer.order > 0.0
            wants = final or any(recipe.active for recipe, _ in buyer.users)
            reached = any(route.open and route.seller.active for route in buyer.routes)
            if buyer.active and not (wants and reached):
                buyer.active, dropped = False, True
        return dropped

    def _prepare(self) -> None:
        self.traders = [seller for seller in self.sellers if seller.active]
        self.live = [recipe for recipe in self.recipes if recipe.active]
        self.shoppers = [buyer for buyer in self.buyers if buyer.active]
        for buyer in self.shoppers:
            buyer.open_routes = [route for route in buyer.routes if route.open]
            for route in buyer.open_routes:
                route.log_weight = math.log(route.weight)
        open_quotas = {id(q) for buyer in self.shoppers for route in buyer.open_routes for q in route.quotas}
        self.binding = [quota for quota in self.quotas if quota.limit < math.inf and id(quota) in open_quotas]

    def _forget(self) -> None:
        """Take last quarter's trade off sellers, buyers, routes, plants and quotas."""
        self.wedges = [max(quota.wedge, 0.0) for quota in self.binding]
        for seller in self.sellers:
            seller.formed, seller.stored, seller.sold, seller.disposed = math.nan, 0.0, 0.0, 0.0
        for buyer in self.buyers:
            buyer.index = math.nan
            buyer.use = buyer.final_use = buyer.purchases = 0.0
            buyer.drawn = buyer.released = buyer.restocked = buyer.ordered = 0.0
            for route in buyer.routes:
                route.flow, route.landed = 0.0, math.nan
        for recipe in self.recipes:
            for plant in recipe.plants:
                plant.output = 0.0
        for quota in self.quotas:
            quota.wedge = math.nan if quota.limit <= 0.0 else 0.0

    def _solve(self, power: float, last: dict[Seller, float]) -> None:
        """Start from the last prices; from typical ones if that fails. Raises RuntimeError without an answer."""
        typical = np.array([self.goods[seller.good][1] for seller in self.traders])
        known = np.nan_to_num(np.array([last[seller] for seller in self.traders]) / typical, nan=1.0)
        wedge = np.array(self.wedges) / [self.goods[quota.good][1] for quota in self.binding]
        starts = [(known, wedge), (known, wedge + 0.5), (np.ones_like(known), np.zeros(wedge.size))]
        for prices, wedges in starts:
            for method in ("hybr", "lm"):
                with np.errstate(all="ignore"):
                    found = root(self.residual, np.concatenate([prices, wedges]), (power,), method, tol=1e-13)
                    if np.max(np.abs(self.residual(found.x, power))) <= TOLERANCE:
                        self._finish()
                        return
        raise RuntimeError(f"no equilibrium found for {', '.join(self.goods)}")

    def residual(self, unknown: np.ndarray, power: float) -> np.ndarray:
        """Return log supply - log demand of each seller, and log limit - log flow of each quota.

        A quota's unknown is its wedge where positive and, where negative, the slack it leaves; a joint product's
        is its price where positive and the surplus that is thrown away where negative. Both over a typical price.
        """
        unknown = unknown.tolist()
        thrown = self._name_prices(unknown)
        for buyer in self.shoppers:
            self._choose(buyer)
        for recipe in self.live:
            self._produce(recipe)
        for buyer in self.shoppers:
            self._buy(buyer, power)
        gaps = [self._gap(seller, power) - extra for seller, extra in zip(self.traders, thrown, strict=True)]
        for quota, value in zip(self.binding, unknown[len(self.traders) :], strict=True):
            flow = sum(route.flow for route in quota.routes)
            gaps.append(safe_log(quota.limit) - safe_log(flow) - max(-value, 0.0))
        return np.array(gaps)

    def _name_prices(self, unknown: list[float]) -> list[float]:
        thrown = []
        for seller, value in zip(self.traders, unknown, strict=False):
            seller.formed = value * self.goods[seller.good][1]
            thrown.append(max(-value, 0.0) if seller.disposal else 0.0)
            if seller.disposal:
                seller.formed = max(seller.formed, 0.0)
        for quota, value in zip(self.binding, unknown[len(self.traders) :], strict=True):
            quota.wedge = max(value, 0.0) * self.goods[quota.good][1]
        return thrown

    def _choose(self, buyer: Buyer) -> None:
        """Find landed prices, the shares of the buyer's sellers and its price index."""
        beta = self.goods[buyer.good][0]
        for route in buyer.open_routes:
            price = route.seller.formed
            for quota in route.quotas:
                price += quota.wedge
            at_border = price * (1.0 + route.export_tax) + route.export_duty + route.freight
            route.landed = max(at_border * (1.0 + route.tariff) + route.import_duty, route.floor)
            route.share = route.log_weight - beta * route.landed
        top = max(route.share for route in buyer.open_routes)
        total = 0.0
        for route in buyer.open_routes:
            route.share = math.exp(route.share - top)
            total += route.share
        for route in buyer.open_routes:
            route.share /= total
        buyer.index = -(top + math.log(total)) / beta
        x = max(buyer.index / buyer.base_price, 0.01)
        choke = 1.0 + buyer.choke_ratio**-buyer.choke_power
        choke /= 1.0 + (x / buyer.choke_ratio) ** buyer.choke_power
        buyer.use = buyer.final_use = buyer.demand * x**-buyer.elasticity * choke

    def _produce(self, recipe: Recipe) -> None:
        """Run the plants of a recipe along their cost curves; add their inputs to what buyers use."""
        net = sum(rate * seller.formed for seller, rate in recipe.outputs if seller.active)
        net -= sum(rate * buyer.index for buyer, rate in recipe.inputs)
        recipe.output = 0.0
        for plant in recipe.plants:
            if plant.capacity > 0.0:
                z = (net + plant.support - plant.cost) / plant.spread
                plant.output = plant.capacity / (1.0 + math.exp(min(-z, 700.0)))
                recipe.output += plant.output
        for buyer, rate in recipe.inputs:
            buyer.use += rate * recipe.output

    def _buy(self, buyer: Buyer, power: float) -> None:
        """Buy what is used, less what stocks meet, with what is ordered for them; share it out over routes."""
        drawn = buyer.draw_share * rising(buyer.index, buyer.draw_price, power) * buyer.use
        buyer.drawn = smaller(drawn, buyer.stock)
        buyer.released = smaller(0.95 * (buyer.use - buyer.drawn), buyer.release)
        buyer.restocked = buyer.restock * (1.0 - rising(buyer.index, buyer.restock_price, power))
        buyer.ordered = buyer.order
        buyer.purchases = buyer.use - buyer.drawn - buyer.released + buyer.restocked + buyer.order
        for route in buyer.open_routes:
            route.flow = route.share * buyer.purchases

    def _gap(self, seller: Seller, power: float) -> float:
        """Return log supply - log shipments: output less what is stored, and sales from stock."""
        made = sum(rate * recipe.output for recipe, rate in seller.makers if recipe.active)
        seller.stored = seller.store_share * (1.0 - rising(seller.formed, seller.store_price, power)) * made
        seller.sold = seller.stock * seller.sell_share * rising(seller.formed, seller.sell_price, power)
        seller.shipped = sum(route.flow for route in seller.routes if route.open)
        seller.supplied = made - seller.stored + seller.sold
        return safe_log(seller.supplied) - safe_log(seller.shipped)

    def _finish(self) -> None:
        for seller in self.traders:
            seller.disposed = max(seller.supplied - seller.shipped, 0.0) if seller.disposal else 0.0


def safe_log(amount: float) -> float:
    return math.log(amount) if amount > 1e-300 else -690.0
