"""The Mesa model a user constructs: a scenario by name, file, mapping or record, with levers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import agents
from experiments.player_file import fill_seats
from experiments.preparation import prepare
from experiments.results import Results
from experiments.run import Recorder
from model.scenario import Scenario
from model.seat import dominant_country, seats_of


class TradeModel(agents.TradeModel):
    """A world of miners, refiners, states and a dominant exporter as a Mesa model.

    `scenario` is a name, the path of a TOML file, a mapping or a `Scenario`. Levers are keywords: parameters by
    name (`discount_private=0.08`), or paths with `__` for dots (`measures__0__end="2026Q4"`). `until` stops early
    (`"2030Q4"`). `agent_classes` replaces classes by role (`miner`, `refiner`, `state`, `exporter`) or for one firm
    or country; `players` fills seats as `orebloc.run` does. `model.step()` runs a quarter, `model.results()` returns
    the tables of those run so far, as `orebloc.run` does. Raises `OreblocError` for a value that cannot be run.
    """

    def __init__(
        self,
        scenario: str | Path | Mapping[str, Any] | Scenario = "baseline",
        agent_classes: Mapping[str, type] | None = None,
        seed: int | None = None,
        rng: Any = None,
        until: str | None = None,
        players: Mapping[str, Any] | None = None,
        **levers: Any,
    ) -> None:
        ready = prepare(scenario)
        super().__init__(ready, agent_classes, seed, rng, **levers, **_cut_short(ready, until))
        seats = seats_of(self.engine.world, dominant_country(self.engine))
        filled = fill_seats(players or {}, seats)
        self.seat({seat: make(seat) for seat, (_, make) in filled.items()})
        who = {name: f"class {type(agent).__name__}" for name, agent in self.own_classes.items()}
        self._recorder = Recorder(
            self.engine, {**who, **{seat: words for seat, (words, _) in filled.items()}}
        )

    def step(self) -> None:
        """Run one quarter, collect data, and record it for the results."""
        super().step()
        self._recorder.take()

    def results(self) -> Results:
        """Return series, flows and manifest of the quarters run so far. Raises `OreblocError` before the first."""
        return self._recorder.results()


def _cut_short(scenario: Scenario, until: str | None) -> dict[str, Any]:
    return {} if until is None else {"end": prepare(scenario, until=until).end}
