"""Seats as an environment for learning: states choose from a menu of measures, round by round, many games at once.

`SeatGame` plays any number of games in step through the compiled engine: a choice switches measures on or off run by
run. `parallel_env` puts PettingZoo's parallel interface in front of one game.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents import DECISIONS
from experiments.observer import Observer
from experiments.outcome import ALL_GOODS
from experiments.preparation import prepare
from experiments.run import seat_all
from model.calibration import calibrate
from model.engine import Engine
from model.error import OreblocError
from model.instruments import BY_NAME
from model.order import order_from
from model.scenario import Scenario

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: What a state may do besides nothing, unless a menu is given: type and fields, on every refined good of the
# scenario.
MENU: dict[str, tuple[str, dict[str, Any]]] = {
    "tax_exports": ("export_tax", {"rate": 0.25}),
    "license_exports": ("export_licence", {"rate": 0.5}),
    "tax_imports": ("import_tariff", {"rate": 0.25}),
}
_REWARD, _METRICS = "welfare_total_usd", frozenset({"welfare_total_usd"})
_MOST = 10.0


class SeatGame:
    """Games of one scenario, played in step by the states in `seats`; all other decisions are the built-in ones.

    An action is the number of an entry of `actions` (0: nothing). A round is `quarters_per_round` quarters.
    Observations [runs, seats, size] are, good by good, the state's share of capacity and its price over the base
    year's, then the price over its base of the world; rewards [runs, seats] the state's welfare over the round, over
    that of a round without measures in the base year's size.
    """

    def __init__(
        self,
        scenario: str | Path | Mapping[str, Any] | Scenario = "tiny",
        seats: Sequence[str] = ("CHN", "USA"),
        *,
        runs: int = 1,
        menu: Mapping[str, tuple[str, dict[str, Any]]] | None = None,
        quarters_per_round: int = 4,
    ) -> None:
        if isinstance(seats, str) or not len(seats):
            raise OreblocError(
                f"Seats are {seats!r}; they must be a list of countries, such as ['CHN', 'USA']."
            )
        if isinstance(runs, bool) or not isinstance(runs, int | np.integer) or runs < 1:
            raise OreblocError(f"Runs are {runs!r}; they must be a whole number of 1 or more.")
        self.scenario, self.seats, self.runs = prepare(scenario), tuple(seats), int(runs)
        self.menu, self.quarters_per_round = dict(menu or MENU), quarters_per_round
        self.actions = ("nothing", *self.menu)
        self.world = calibrate(self.scenario)
        for code in self.seats:
            if code not in self.world.countries:
                raise OreblocError(
                    f"Seat {code!r} is no country of the scenario. It has {', '.join(self.world.countries)}."
                )
        self.observer = Observer(self.world)
        self.countries = [self.world.countries.index(code) for code in self.seats]
        nodes, goods = self.world.nodes, self.world.goods["name"]
        makes = nodes["kind"].to_numpy() == "producer"
        self.of_good = np.array([(nodes["good"].to_numpy() == good) & makes for good in goods])
        own = np.array([nodes["country"].to_numpy() == code for code in self.seats])
        self.made = own[:, None, :] & self.of_good[None, :, :]
        self.size = 3 * len(self.world.goods)

    @property
    def rounds(self) -> int:
        """Number of rounds until the scenario ends."""
        return -(-self.scenario.quarters // self.quarters_per_round)

    @property
    def is_done(self) -> bool:
        """Whether the games have ended."""
        return self.engine.is_done

    def reset(self, seed: int | None = None) -> Floats:
        """Begin all games anew, each with luck of its own; return what the seats see."""
        seed = self.scenario.seed if seed is None else seed
        self.engine = Engine(self.scenario, self.runs, seed, world=self.world, decide=DECISIONS, go_on=True)
        seat_all([self.engine], {})
        self.measures = [[self._measure(code, *entry) for entry in self.menu.values()] for code in self.seats]
        first = sum(abs(self.engine.layout.node_base_price * self.engine.layout.node_base_t))
        self.scale = float(first) * self.quarters_per_round / len(self.world.countries)
        return self.see()

    def _measure(self, code: str, kind: str, fields: Mapping[str, Any]) -> int:
        goods = [name for name in self.world.goods["name"] if not name.endswith("_concentrate")]
        record = {
            "type": kind,
            "actor": code,
            "quarter": self.scenario.start,
            "fields": {"good": goods, **fields},
        }
        return int(self.engine.add_measures([order_from(record, BY_NAME)])[0])

    def step(self, actions: Ints) -> tuple[Floats, Floats]:
        """Play a round with the choices [runs, seats]; return what the seats see and their rewards."""
        chosen = self._choices(actions)
        for place, measures in enumerate(self.measures):
            for number, measure in enumerate(measures):
                self.engine.switch(measure, (chosen[:, place] == number + 1).astype(float))
        rewards = np.zeros((self.runs, len(self.seats)))
        for _ in range(self.quarters_per_round):
            if not self.engine.is_done:
                self.engine.step()
                rewards += self._welfare()
        return self.see(), np.nan_to_num(rewards / self.scale)

    def _choices(self, actions: Any) -> Ints:
        """Return actions as whole numbers [runs, seats]. Raises `OreblocError` naming the seat at fault."""
        given = np.asarray(actions)
        if given.shape != (self.runs, len(self.seats)):
            raise OreblocError(
                f"Actions have shape {given.shape}; they must have shape {(self.runs, len(self.seats))}: runs, seats."
            )
        if not np.issubdtype(given.dtype, np.integer):
            raise OreblocError(
                f"Actions are of type {given.dtype}; they must be whole numbers, 0 for nothing to "
                f"{len(self.actions) - 1} for {self.actions[-1]}."
            )
        for place, code in enumerate(self.seats):
            wrong = given[:, place][(given[:, place] < 0) | (given[:, place] >= len(self.actions))]
            if wrong.size:
                menu = ", ".join(f"{number} {name}" for number, name in enumerate(self.actions))
                raise OreblocError(f"Action of {code} is {wrong[0]}; it must be one of {menu}.")
        return given.astype(np.int64)

    def _welfare(self) -> Floats:
        panels = self.observer.observe(self.engine, _METRICS)
        number = next(n for n, panel in enumerate(self.observer.panels) if panel.metric == _REWARD)
        cells = self.observer.panels[number].cells
        return panels[number][:, [cells.index((ALL_GOODS, code)) for code in self.seats]]

    def see(self) -> Floats:
        """Return what the seats see, [runs, seats, size], within 0 and 10."""
        engine = self.engine
        output = engine.columns.node_capacity_t
        price = np.nan_to_num(engine.columns.node_price) / np.maximum(engine.layout.node_base_price, 1e-9)
        goods = len(self.world.goods)
        found = np.zeros((self.runs, len(self.seats), self.size))
        for g in range(goods):
            whole = np.maximum(output[:, self.of_good[g]].sum(axis=1), 1e-9)
            mean = price[:, self.of_good[g]].mean(axis=1)
            for place in range(len(self.seats)):
                mine = self.made[place, g]
                found[:, place, g] = output[:, mine].sum(axis=1) / whole
                found[:, place, goods + g] = price[:, mine].mean(axis=1) if mine.any() else 0.0
                found[:, place, 2 * goods + g] = mean
        return np.clip(found, 0.0, _MOST)


def parallel_env(**options: Any) -> Any:
    """Return one game as a PettingZoo parallel environment; `options` are those of `SeatGame` but `runs`.

    Needs `pettingzoo`, which brings gymnasium; `SeatGame` needs neither.
    """
    try:
        from gymnasium.spaces import Box, Discrete
        from pettingzoo import ParallelEnv
    except ImportError:
        raise OreblocError(
            "A parallel environment needs pettingzoo, which is not installed. Install it with pip."
        ) from None

    class SeatEnvironment(ParallelEnv):  # type: ignore[misc]
        """One game; agents are the codes of the states."""

        metadata = {"name": "orebloc_seats_v0", "render_modes": []}
        render_mode = None

        def __init__(self) -> None:
            self.game = SeatGame(runs=1, **options)
            self.possible_agents = list(self.game.seats)
            self.agents: list[str] = []
            self.observation_spaces = {
                agent: Box(0.0, _MOST, (self.game.size,), np.float32) for agent in self.possible_agents
            }
            self.action_spaces = {agent: Discrete(len(self.game.actions)) for agent in self.possible_agents}

        def observation_space(self, agent: str) -> Any:
            """Return the space of what an agent sees."""
            return self.observation_spaces[agent]

        def action_space(self, agent: str) -> Any:
            """Return the space of what an agent may do."""
            return self.action_spaces[agent]

        def reset(
            self, seed: int | None = None, options: Any = None
        ) -> tuple[dict[str, Any], dict[str, Any]]:
            """Begin a new game."""
            self.agents = list(self.possible_agents)
            return self._shown(self.game.reset(seed)), {agent: {} for agent in self.agents}

        def step(self, actions: Mapping[str, int]) -> tuple[dict[str, Any], ...]:
            """Play a round."""
            missing = [agent for agent in self.agents if agent not in actions]
            if missing:
                raise OreblocError(
                    f"Action of {missing[0]} is missing; give one for each of {', '.join(self.agents)}."
                )
            seen, rewards = self.game.step(np.array([[actions[agent] for agent in self.agents]]))
            present, done = self.agents, self.game.is_done
            told = {agent: float(rewards[0, place]) for place, agent in enumerate(present)}
            self.agents = [] if done else present
            ended, cut = dict.fromkeys(present, done), dict.fromkeys(present, False)
            return self._shown(seen), told, ended, cut, {agent: {} for agent in present}

        def _shown(self, seen: Floats) -> dict[str, Any]:
            return {
                agent: seen[0, place].astype(np.float32) for place, agent in enumerate(self.possible_agents)
            }

        def render(self) -> None:
            """Draw nothing: `orebloc run` and the report do."""

        def close(self) -> None:
            """Nothing is open."""

    return SeatEnvironment()
