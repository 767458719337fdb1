"""The Mesa model class: a one-run engine with agents in front. `agents/` supplies the agents and their rules."""

from collections.abc import Callable, Mapping
from typing import Any

import mesa
import numpy as np

from model.engine import Engine
from model.error import OreblocError
from model.quarter import Deciders
from model.scenario import Scenario
from model.seat import Player, dominant_country, seat_players
from model.world import World


class BaseTradeModel(mesa.Model):
    """A scenario as a Mesa model: firms and states are agents, rows of the engine's columns.

    `agent_classes` maps `miner`, `refiner`, `state` and `exporter`, or the name of one firm or country, to a class.
    `decisions` are the built-in behaviours on columns. A class whose `decide(view)` is its own replaces them for its
    row. `model.log` lists the orders given. `model.step()` runs a quarter; `model.running` is False after the last.

    The scenario is `model.engine.scenario` (newer Mesa has a `scenario` of its own). `seed` (whole number) is the
    seed of all draws, the scenario's if None; `rng` is Mesa's other name for it. Give `world` to share a calibration.
    """

    def __init__(
        self,
        scenario: Scenario,
        agent_classes: Mapping[str, type],
        decisions: Deciders,
        *,
        seed: int | None = None,
        rng: Any = None,
        world: World | None = None,
    ) -> None:
        chosen = _seed_of(seed, rng, scenario)
        super().__init__(rng=chosen)
        self.engine = Engine(scenario, 1, chosen, world=world)
        self.decisions = decisions
        self._create_agents(agent_classes)
        self.seat({})
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "quarter": "quarter",
                "worst_violation": worst_violation,
                **_price_reporters(self),
            },
            agenttype_reporters=self._agent_reporters(),
        )

    def seat(self, players: Mapping[str, Player]) -> None:
        """Let players decide in the seats they are named by, in place of agents; agents of own classes keep theirs."""
        agents = [*self.state_agents, *self.firm_agents]
        self.own_classes = {agent.name: agent for agent in agents if agent.decides_itself}
        seat_players(self.engine, self.decisions, {**self.own_classes, **players})

    @property
    def log(self) -> list[dict[str, Any]]:
        """The orders given so far: seq, quarter, seat, order."""
        return self.engine.log

    @property
    def quarter(self) -> str:
        """Name of the quarter last run, the one before the start if none was."""
        return self.engine.quarter_label

    def step(self) -> None:
        """Run one quarter and collect data. Raises `OreblocError` after the last quarter."""
        self.engine.step()
        self.datacollector.collect(self)
        self.running = not self.engine.is_done

    def price(self, good: str, country: str) -> float:
        """Return the producer price of a good in a country in the last quarter, usd_per_t; NaN where none formed."""
        nodes = self.engine.world.nodes
        rows = np.flatnonzero(
            (nodes["good"] == good) & (nodes["country"] == country) & (nodes["kind"] == "producer")
        )
        if not rows.size:
            raise OreblocError(f"No producer of {good} in {country}. `model.engine.world.nodes` lists them.")
        return float(self.engine.answer.price[0, rows[0]])

    def _create_agents(self, classes: Mapping[str, type]) -> None:
        world = self.engine.world
        names, countries = list(world.firms["name"]), list(world.countries)
        known = {"miner", "refiner", "state", "exporter", *names, *countries}
        for word in classes:
            if word not in known:
                raise OreblocError(
                    f"Agent class given for {word!r}, which is no role, firm or country of the scenario. "
                    "Roles are miner, refiner, state, exporter."
                )
        self.firm_agents = [
            classes.get(name, classes[role])(self, row)
            for row, (name, role) in enumerate(zip(names, world.firms["role"], strict=True))
        ]
        leader = dominant_country(self.engine)
        self.state_agents = [
            classes.get(code, classes["exporter" if row == leader else "state"])(self, row)
            for row, code in enumerate(countries)
        ]

    def _agent_reporters(self) -> dict[type, dict[str, Any]]:
        firms = {
            type(agent): {"cash_usd": "cash_usd", "capacity_t": "capacity_t"} for agent in self.firm_agents
        }
        states = {type(agent): {"treasury_usd": "treasury_usd"} for agent in self.state_agents}
        return {**firms, **states}


def _seed_of(seed: int | None, rng: Any, scenario: Scenario) -> int:
    if seed is not None and rng is not None:
        raise ValueError("give seed or rng, not both")
    given = seed if rng is None else rng
    if given is None:
        return scenario.seed
    if not isinstance(given, int | np.integer) or given < 0:
        raise OreblocError(f"Seed is {given!r}; it must be a whole number of 0 or more.")
    return int(given)


def worst_violation(model: BaseTradeModel) -> float:
    """Return the largest certificate of any clearing so far."""
    return float(model.engine.columns.worst_violation[0, 0])


def _price_reporters(model: BaseTradeModel) -> dict[str, Any]:
    """Return reporters of each good's mean producer price, weighted by flows."""
    return {f"price {name}": _mean_price(g) for g, name in enumerate(model.engine.world.goods["name"])}


def _mean_price(good: int) -> Callable[[BaseTradeModel], float]:
    def report(model: BaseTradeModel) -> float:
        engine = model.engine
        mine = engine.layout.node_good[engine.network.route_node] == good
        flow = engine.answer.flow_t[0][mine]
        price = engine.answer.price[0][engine.network.route_node[mine]]
        sold = flow > 0.0
        total = float(flow[sold].sum())
        return float((flow[sold] * price[sold]).sum()) / total if total > 0.0 else float("nan")

    return report
