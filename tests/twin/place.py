"""What the plain twin's world is made of: sellers, buyers, routes, plants and sites, as ordinary objects."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

from model.draw import address


@dataclass(eq=False)
class Seller:
    """One country's supply of one good."""

    number: int
    good: str
    country: str
    leak: bool
    price: float
    disposal: bool = False
    resale: bool = False
    base_price: float = 0.0
    base_capacity: float = 0.0
    usual_sales: float = 0.0
    by_product: bool = False
    makers: list[tuple[Recipe, float]] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    expected_price: float = 0.0
    stock: float = 0.0
    capacity: float = 0.0
    qualified: float = 0.0
    restricted: float = 0.0
    outage: float = 0.0
    cost_ratio: float = 1.0
    first_experience: float = 0.0
    experience: float = 0.0
    risk: float = 0.0
    coming: float = 0.0
    store_share: float = 0.0
    store_price: float = 0.0
    storage_left: float = 1.0
    around: Seller | None = None  # leaks: the seller whose exports are held back
    held: float = 0.0
    outside_price: float = 0.0
    policing: float = 0.0
    sell_share: float = 0.0
    sell_price: float = 0.0
    # what the market finds
    active: bool = True
    formed: float = math.nan
    output: float = 0.0
    supplied: float = 0.0
    shipped: float = 0.0
    stored: float = 0.0
    sold: float = 0.0
    disposed: float = 0.0

    @cached_property
    def luck_number(self) -> int:
        """The address of its draws."""
        return address(
            "node", self.good, self.country, "leak" if self.leak else "resale" if self.resale else "producer"
        )


@dataclass(eq=False)
class Buyer:
    """One country's purchases of one good: its final users and the plants there that use it up."""

    number: int
    good: str
    country: str
    base_price: float
    base_final: float
    base_use: float
    base_purchases: float
    elasticity: float
    choke_ratio: float
    choke_power: float
    target_days: float
    life: float
    stock: float
    reserve: float
    budget: float = 1.0
    routes: list[Route] = field(default_factory=list)
    users: list[tuple[Recipe, float]] = field(default_factory=list)
    embodied: list[list] = field(default_factory=list)
    price: float = 0.0
    average_price: float = 0.0
    expected_price: float = 0.0
    smooth_use: float = 0.0
    risk: float = 0.0
    disturbance: float = 0.0
    substituted: float = 0.0
    substituted_forever: float = 0.0
    ages: list[float] = field(default_factory=list)
    discard: float = 0.0
    growth_of_supply: float = 0.0
    # what it brings to the market
    demand: float = 0.0
    target: float = 0.0
    draw_share: float = 0.0
    draw_price: float = 1.0
    restock: float = 0.0
    restock_price: float = 1.0
    order: float = 0.0
    release: float = 0.0
    # what the market finds
    active: bool = True
    open_routes: list[Route] = field(default_factory=list)
    index: float = math.nan
    use: float = 0.0
    final_use: float = 0.0
    purchases: float = 0.0
    drawn: float = 0.0
    released: float = 0.0
    restocked: float = 0.0
    ordered: float = 0.0

    @cached_property
    def luck_number(self) -> int:
        """The address of its draws."""
        return address("buyer", self.good, self.country)


@dataclass(eq=False)
class Route:
    """From a seller to a buyer."""

    number: int
    seller: Seller
    buyer: Buyer
    base_freight: float
    alpha: float = 0.0
    usual: float = 0.0
    taste: float = 1.0
    past: list[float] = field(default_factory=list)
    quotas: list = field(default_factory=list)
    weight: float = 0.0
    freight: float = 0.0
    export_tax: float = 0.0
    export_duty: float = 0.0
    tariff: float = 0.0
    import_duty: float = 0.0
    floor: float = 0.0
    top_up_to_treasury: float = 0.0
    passes: bool = True  # resale: whether the buyer cannot buy so itself
    closed: bool = False
    restricted: bool = False
    open: bool = False
    log_weight: float = 0.0
    share: float = 0.0
    flow: float = 0.0
    landed: float = math.nan

    @property
    def abroad(self) -> bool:
        return self.seller.country != self.buyer.country

    def held_back(self, growth: float = 1.0) -> float:
        """Return the part of its usual flow, grown since the base year, that measures hold back."""
        share = 1.0 if self.weight <= 0.0 else 0.0
        for quota in self.quotas:
            if quota.limit < math.inf and quota.usual > 0.0:
                share = max(share, 1.0 - quota.limit / (quota.usual * growth))
        return share

    def refuses(self) -> bool:
        """Tell whether buyers are refused along it: closed, or under a quota that is not slack."""
        return self.weight <= 0.0 or any(q.limit <= 0.0 or q.wedge > 1e-3 * q.scale for q in self.quotas)

    def may_carry_more(self) -> bool:
        """Tell whether more could be sold along it."""
        binding = (q.limit <= 0.0 or q.wedge > 1e-6 * q.scale for q in self.quotas)
        return not self.closed and not any(binding)


@dataclass(eq=False)
class Recipe:
    """Fixed proportions of outputs to inputs at one place."""

    number: int
    kind: str
    outputs: list[tuple[Seller, float]] = field(default_factory=list)
    inputs: list[tuple[Buyer, float]] = field(default_factory=list)
    plants: list[Plant] = field(default_factory=list)
    active: bool = True
    output: float = 0.0

    @property
    def main(self) -> Seller:
        return self.outputs[0][0]

    def value(self, prices: str) -> float:
        """Return what a tonne's outputs are worth at the named price of their sellers."""
        return sum(rate * getattr(seller, prices) for seller, rate in self.outputs)


@dataclass(eq=False)
class Plant:
    """Capacity with one cost curve."""

    recipe: Recipe
    country: str
    good: str
    kind: str
    base_capacity: float
    base_cost: float
    spread: float
    base_utilisation: float
    by_product: bool
    host_limit: float
    host_growth: float
    capex: float
    account: str
    site: Site | None = None
    installed: float = 0.0
    idle: float = 0.0
    expected_net: float = 0.0
    losses: int = 0
    recycled_share: float = 0.0
    usual_share: float = 0.0
    source: Buyer | None = None
    mothballing: float = 0.0
    reopening: float = 0.0
    leaving: float = 0.0
    capacity: float = 0.0
    cost: float = 0.0
    support: float = 0.0
    supply_shock: list[float] = field(default_factory=list)
    output: float = 0.0

    @property
    def running(self) -> float:
        return self.installed - self.idle

    def keep(self, idle_utilisation: float) -> float:
        """Return the cost of keeping a tonne of capacity ready: what it earns at that utilisation."""
        return -self.spread * math.log1p(-min(max(idle_utilisation, 0.0), 0.9))

    def surplus(self, net: float) -> float:
        z = (net - self.cost) / self.spread
        return self.spread * (max(z, 0.0) + math.log1p(math.exp(-min(abs(z), 700.0))))

    def variable_cost(self) -> float:
        """Return the integral of marginal cost up to the output."""
        if self.output <= 0.0 or self.capacity <= 0.0:
            return 0.0
        u = min(self.output / self.capacity, 1.0)
        entropy = u * math.log(u) + (1.0 - u) * math.log(1.0 - u) if u < 1.0 else 0.0
        return self.cost * self.output + self.spread * self.capacity * entropy


@dataclass(eq=False)
class Site:
    """One firm's plants of one recipe, and what is being built there."""

    number: int
    recipe: Recipe
    country: str
    good: str
    plants: list[Plant] = field(default_factory=list)
    luck_number: int = 0
    new: Plant | None = None
    capex: float = 0.0
    lead: float = 0.0
    permit: float = 0.0
    discount: float = 0.0
    learning: float = 0.0
    room: float = math.inf
    unit: float = 0.0
    expected_value: float = 0.0
    expected_input: float = 0.0
    variance: float = 0.0
    error: float = 0.0
    outlook: float = 0.0
    floor: float = 0.0
    started: float = 0.0
    pipeline: float = 0.0
    arrivals: dict[int, float] = field(default_factory=lambda: defaultdict(float))


@dataclass(eq=False)
class Project:
    """Capacity somebody has announced."""

    site: Site
    plant: Plant
    capacity: float
    announced: int
    start: int
    keep_share: float
    capex: float
    slip: float
    arrival: float = math.inf

    def still_to_come(self, step: int, ramp: float) -> float:
        """Return the capacity that people count on: not yet there, and in doubt once it is late."""
        if step >= self.arrival:
            steps = max(1, int(ramp + 0.5))
            return self.capacity * max(0.0, 1.0 - (step - self.arrival + 1) / steps)
        late = step - self.start
        if late <= 0:
            return self.capacity * self.keep_share
        survived = math.exp(-late / self.slip) if self.slip > 0.0 else 0.0
        hope = self.keep_share * survived
        return self.capacity * (hope / (hope + 1.0 - self.keep_share) if hope > 0.0 else 0.0)
