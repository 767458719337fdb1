"""The engine: a batch of runs of one scenario, stepped quarter by quarter."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from model.calibration import calibrate
from model.column import copy as copy_columns
from model.column import widen
from model.edit import History, MeasurePlan, carry_over, compile_measures, compile_order, extend_plan
from model.error import OreblocError
from model.event import Event, event_from
from model.field import Place
from model.layout import column_rows, lay_out, site_table, with_measures
from model.ledger import allocate_books
from model.market import Clearer, allocate_answer, allocate_terms
from model.measure_table import Measure
from model.network import Answer, Floats, Network, Terms, with_quotas
from model.opening import open_columns, parameter_table
from model.order import Order
from model.parameter import POSITION
from model.quarter import Deciders, run_quarter
from model.scenario import Scenario
from model.seat import check_exporters
from model.treaty import Treaty
from model.treaty_plan import TreatyPlan, lay_out_treaties, open_treaties, treaty_measures
from model.world import World

#: The seat under which injected events stand in the log.
CHANCE = "events"


class Engine:
    """Runs `first_run` to `first_run + runs - 1` of a scenario, all in step.

    A run's figures depend on the scenario, the seed and its number alone. Give `world` to share one calibration
    between engines, `decide` for deciding functions (`agents.DECISIONS`), `go_on=True` to keep a missed clearing as a
    status instead of raising `ClearingError`. `given` holds parameters by name, [runs] each, in place of the
    scenario's or drawn ones.

    - `decisions` what states that choose decided in the first run, and why; `menus` the measures they choose from
    - `columns` the state (`model/schema.py`), `terms` and `answer` the last quarter's market
    - `step_number` quarters done, `quarter_label` the quarter last run (during a step: the current one)
    - `treaties` their documents and arrays
    - `world`, `plan` (measures), `layout`, `network` (with the measures' quotas): fixed
    - `log`: the orders given in the engine's first run, those of states that choose with the reason
    - `played`: names of the states whose orders come from players, which built-in behaviours leave alone
    """

    def __init__(
        self,
        scenario: Scenario,
        runs: int = 1,
        seed: int | None = None,
        *,
        first_run: int = 0,
        world: World | None = None,
        decide: Deciders | None = None,
        go_on: bool = False,
        given: Mapping[str, Floats] | None = None,
    ) -> None:
        self.scenario = scenario
        self.runs = runs
        self.seed = scenario.seed if seed is None else int(seed)
        self.first_run = first_run
        self.decide = decide or Deciders()
        self.go_on = go_on
        self.world = calibrate(scenario) if world is None else _covering(world, scenario)
        check_exporters(scenario, self.world.countries)
        self.plan: MeasurePlan = compile_measures(self.world, scenario)
        self.network: Network = _with_measures(self.world.network, self.plan)
        self.layout = lay_out(self.world, self.plan, self.network)
        self.sites = site_table(self.world, self.network)
        self.values: Floats = parameter_table(scenario, self.seed, first_run, runs)
        for name, values in (given or {}).items():
            self.values[:, POSITION[name]] = values
        self.treaties = self._lay_out(scenario.treaties, self.plan)
        self.columns = open_columns(
            self.world, self.network, self.layout, self.values, self.seed, first_run, len(scenario.treaties)
        )
        open_treaties(self.treaties, self.columns)
        self.terms: Terms = allocate_terms(self.network, runs)
        self.answer: Answer = allocate_answer(self.network, runs)
        self.history: History = self.plan.new_history(runs)
        self.target_days = _target_days(self.world, self.values)
        self._write_fixed_terms()
        self._open_answer()
        self._allocate_scratch()
        self.warm = False
        self._inside = False
        self.step_number = 0
        self.events: list[Event] = list(scenario.events)
        self.log: list[dict[str, Any]] = []
        self.played: frozenset[str] = frozenset()
        self.menus: dict[str, Any] = {}
        self.decisions: list[dict[str, Any]] = []

    def _write_fixed_terms(self) -> None:
        """Write the parts of the terms that no quarter changes."""
        buyers = self.world.buyers
        self.terms.demand_price[:] = self.layout.buyer_base_price
        for name, column in (
            ("elasticity", "elasticity"),
            ("choke_ratio", "choke_ratio"),
            ("choke_power", "choke_power"),
        ):
            getattr(self.terms, f"demand_{name}")[:] = buyers[column].to_numpy(float)
        if "state_stock_t" in buyers:
            self.history.state_stock_t[:] = buyers["state_stock_t"].to_numpy(float)
            self.columns.buyer_reserve_t[:] = self.history.state_stock_t

    def _open_answer(self) -> None:
        self.answer.price[:] = self.layout.node_base_price

    def _allocate_scratch(self) -> None:
        power = float(self.scenario.parameters["stock_response_power"])
        self.clearer = Clearer(self.network, power=power)
        self.books = allocate_books(len(self.world.nodes), len(self.world.goods))
        self.scratch_node = np.zeros(len(self.world.nodes))
        self.scratch_buyer = np.zeros(len(self.world.buyers))
        self.scratch_quota = np.zeros(self.layout.quota_usual_t.size)

    @property
    def quarters(self) -> int:
        """Number of quarters of the scenario."""
        return self.scenario.quarters

    @property
    def is_done(self) -> bool:
        """Whether all quarters have been run."""
        return self.step_number >= self.quarters

    @property
    def quarter_label(self) -> str:
        """Name of the quarter that is run now, else of the last one run, such as `2025Q1`."""
        return self.scenario.quarter_label(self.step_number - (0 if self._inside else 1))

    def step(self) -> None:
        """Run one quarter. Raises `OreblocError` after the last one, `ClearingError` for a missed market."""
        if self.is_done:
            raise OreblocError(
                f"The scenario {self.scenario.name} ends in {self.scenario.end}; all its {self.quarters} quarters "
                "have been run. Set a later end to run longer."
            )
        self._inside = True
        try:
            run_quarter(self, self.decide)
        finally:
            self._inside = False
        self.step_number += 1

    def add_measures(self, orders: Sequence[Order], *, dated: bool = False, treaty: int = -1) -> list[int]:
        """Take in orders as measures, all off, and return their numbers; `switch` puts them in force.

        `dated` ones keep to their own start and end once they are on; others hold from when they are switched on
        until switched off. `treaty`: number of the treaty they carry out. Everything remembered stays.
        """
        first = len(self.plan.measures)
        more = [compile_order(order, self.plan.site, dated=dated, treaty=treaty) for order in orders]
        self._take_plan(extend_plan(self.plan, more))
        return list(range(first, first + len(more)))

    def _take_plan(self, plan: MeasurePlan) -> None:
        """Go on under a plan that has all measures of the present one and more."""
        c = self.columns
        flows = (c.route_flow_4_t, c.route_flow_3_t, c.route_flow_2_t, c.route_flow_1_t)
        old, wedge = self.plan, self.answer.wedge
        self.history = carry_over(old, self.history, plan, flows, self.answer)
        self.plan = plan
        self.network = _with_measures(self.world.network, plan)
        self.layout = with_measures(self.layout, plan)
        place = {id(cap): g for g, cap in enumerate(old.caps)}
        carried = np.zeros((self.runs, len(plan.caps)))
        for g, cap in enumerate(plan.caps):
            if id(cap) in place:
                carried[:, g] = wedge[:, place[id(cap)]]
        self.answer = self.answer._replace(wedge=carried)
        quota_t = np.full((self.runs, len(plan.caps)), np.inf)
        cover = np.ones((self.runs, self.network.route_quota.size))
        self.terms = self.terms._replace(quota_t=quota_t, quota_cover=cover)
        self._allocate_scratch()

    def add_treaty(self, treaty: Treaty) -> int:
        """Take in a treaty from this quarter on, as a player proposes one, and return its number.

        Raises `OreblocError` where there is one of that id, `ScenarioError` for an order that cannot be carried out.
        """
        known = self.treaties.treaties
        if treaty.id in [other.id for other in known]:
            raise OreblocError(f"Treaty {treaty.id} is there already. Give the new one an id of its own.")
        number, first = len(known), len(self.plan.measures)

        def compiled(order: Order, x: int) -> Measure:
            return compile_order(order, self.plan.site, dated=False, treaty=number + x)

        more, places = treaty_measures(
            [treaty],
            self.plan.site.first_label,
            self.scenario.goods,
            compiled,
            first,
            self.scenario.eu_members,
        )
        places = [place._replace(treaty=number) for place in places]
        self._take_plan(extend_plan(self.plan, more, number + 1, places))
        self.treaties = self._lay_out([*known, treaty], self.plan)
        self.columns = widen(self.columns, column_rows(self.world, self.layout, number + 1))
        open_treaties(self.treaties, self.columns, number, self.step_number)
        return number

    def _lay_out(self, treaties: Sequence[Treaty], plan: MeasurePlan) -> TreatyPlan:
        goods = self.world.routes["good"].tolist()
        return lay_out_treaties(treaties, plan, self.scenario.start_index, self.scenario.quarters, goods)

    def open_treaties(self, count: int) -> None:
        """Make room for the members of so many treaties."""
        self._take_plan(extend_plan(self.plan, [], treaties=count))

    def switch(self, measure: int, on: Any, level: Any = None) -> None:
        """Put a measure in or out of force from this quarter: `on` and `level` (scales its main number) [runs] or
        one.

        A level of a measure that stays on changes in place.
        """
        force = np.broadcast_to(np.asarray(on, float), (self.runs,))
        history = self.history
        starts = (force > 0.0) & (history.measure_force[:, measure] <= 0.0)
        history.measure_since[starts, measure] = self.step_number
        history.measure_force[:, measure] = force
        if level is not None:
            history.measure_level[:, measure] = np.broadcast_to(np.asarray(level, float), (self.runs,))

    def record(self, seat: str, order: Order, run: int = 0, why: str = "") -> None:
        """Write an order that took effect this quarter into the log, which is that of the first run.

        `why` is the reason in words, where whoever decided gives one.
        """
        if run == 0:
            entry = {"seq": len(self.log) + 1, "quarter": self.quarter_label, "seat": seat}
            self.log.append({**entry, "order": order.to_mapping(), **({"why": why} if why else {})})

    def inject(self, event: Mapping[str, Any]) -> None:
        """Let an event happen in the coming quarter in all runs, as the entry of a scenario without a date.

        It is logged under the seat `events`. Raises `OreblocError` for what is no event.
        """
        quarter = self.scenario.quarter_label(self.step_number)
        name = event.get("name") or f"injected_{len(self.events) + 1}"
        place = Place("", "event", self.scenario.rare_earths, self.scenario.eu_members)
        (found,) = event_from({**event, "name": name, "quarter": quarter}, place)
        self.events.append(found)
        entry = {"seq": len(self.log) + 1, "quarter": quarter, "seat": CHANCE}
        order = {"type": "event", "actor": found.actor, "quarter": quarter, "end": None}
        self.log.append({**entry, "order": {**order, "fields": found.to_mapping()}})

    def run(self) -> "Engine":
        """Run all remaining quarters and return the engine."""
        while not self.is_done:
            self.step()
        return self

    def fork(self) -> "Engine":
        """Return an independent copy at this point: it continues exactly as this one would."""
        twin = object.__new__(Engine)
        twin.__dict__.update(self.__dict__)
        twin.columns = copy_columns(self.columns)
        twin.terms = Terms(*(array.copy() for array in self.terms))
        twin.answer = Answer(*(array.copy() for array in self.answer))  # type: ignore[arg-type]
        twin.history = History(*(array.copy() for array in self.history))
        twin.log = list(self.log)
        twin.events = list(self.events)
        twin.menus, twin.decisions = dict(self.menus), list(self.decisions)
        twin._allocate_scratch()
        return twin

    def parameter(self, name: str) -> Floats:
        """Return the value of a parameter in every run, [runs]. Raises KeyError for an unknown name."""
        return self.values[:, POSITION[name]]


def _covering(world: World, scenario: Scenario) -> World:
    """Return the world. Raises `OreblocError` where it was made for fewer quarters or another start."""
    had = world.scenario
    if had.start_index != scenario.start_index or had.quarters < scenario.quarters:
        raise OreblocError(
            f"The world covers {had.start} to {had.end}; it must cover the scenario, {scenario.start} to "
            f"{scenario.end}. Calibrate the scenario that is run, or leave world out."
        )
    return world


def _with_measures(network: Network, plan: MeasurePlan) -> Network:
    """Return the network with the plan's quotas, whose order must be the plan's own."""
    bare = network._replace(route_quota_start=np.zeros(network.route_node.size + 1, dtype=np.int64))
    with_all, position = with_quotas(bare, plan.quota_routes)
    if np.any(position != np.arange(position.size)):
        raise RuntimeError("quotas of the measure plan are not in the order of the network's components")
    return with_all


def _target_days(world: World, values: Floats) -> Floats:
    """Return [runs, B]: buyers' target in days, the parameter where the data give none."""
    days = np.nan_to_num(world.buyers["target_days"].to_numpy(float), nan=-1.0)
    default: Any = values[:, [POSITION["stock_days"]]]
    return np.where(days >= 0.0, days, default)
