"""Looking ahead: a coming quarter's markets under measures that are not in force, cleared run by run.

    look = LookAhead(engine)
    terms, answer = look.clear([(tax, 1.0, 0.3)])      # the tax on, at level 0.3
    terms, answer = look.later(quarters=20)            # the same once the world has answered

A look clears the real market on copies: the contract phase, the plan of measures and the compiled clearing are the
engine's own, nothing of the engine changes. The later look goes on from there in stages of several quarters: firms
learn, build and close by their own rules, buyers substitute, and the markets are cleared again.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from agents.firm import decide_capacity
from agents.foresight import carry_on, let_demand_grow
from model.engine import Engine
from model.market import allocate_answer, allocate_terms
from model.measure_plan import PUSHES
from model.network import Answer, Bools, Floats, Ints, Terms
from model.parameter import POSITION
from model.phase.invest import foresee_prices, forget_decisions, form_expectations
from model.phase.treaty import bind_members
from model.quarter import write_terms
from model.treaty_state import IN_FORCE, LEFT

#: Columns that a look writes.
WRITTEN = (
    "plant_installed_t", "plant_idle_t", "plant_expected_net", "plant_loss_quarters", "plant_mothball_t",
    "plant_reopen_t", "plant_exit_t", "site_expected_value", "site_expected_input", "site_error", "site_floor",
    "site_profit_index", "site_invest_t", "site_pipeline_t", "site_outlook", "site_variance", "node_capacity_t",
    "node_qualified_t", "node_restricted_share", "node_store_room", "node_price", "node_expected_price",
    "route_held_share", "buyer_target_t", "buyer_substituted", "buyer_substituted_forever", "buyer_price",
    "buyer_expected_price", "pair_strain", "treaty_state", "member_state", "site_bare_index", *PUSHES,
)  # fmt: skip
_NOISE, _QUALIFY = POSITION["supply_noise"], POSITION["qualification_speed"]
#: Parts of the time to a later look after each of which the markets are cleared: finer towards its end, where what
#: is seen last has had least time to be answered.
STAGES = (0.4, 0.3, 0.2, 0.1)
#: Within a stage firms decide halfway: they have learnt of its prices for half of it.
_HALF = 0.5


#: Rows looked at together at most, so that what they need stays small: arrays of some hundred kB each.
_TOGETHER = 64


def chunks(candidates: int, runs: int) -> list[range]:
    """Return the numbers of candidates in groups that are looked at together, for so many runs each."""
    size = max(_TOGETHER // runs, 1)
    return [range(first, min(first + size, candidates)) for first in range(0, candidates, size)]


class Move(NamedTuple):
    """A measure switched in a hypothetical quarter: number, on or off, level; one value, or one for each run."""

    measure: int
    on: Any
    level: Any = None


class LookAhead:
    """Hypothetical quarters of the runs `rows` of an engine (all if None), in the linked markets `components`.

    A run may be named several times: each row has switches of its own, so that candidates are looked at together.
    `blocks` are rows (first, last) and the linked markets that are cleared in them.

    What chance and diplomacy bring in the quarter is not known: supply is at its mean, treaties are as they stand.
    Answers are overwritten by the next look; `misses` counts clearings that missed the tolerance so far.
    """

    def __init__(self, engine: Engine, rows: Ints | None = None, components: Ints | None = None) -> None:
        self.engine = engine
        self.rows = np.arange(engine.runs) if rows is None else np.asarray(rows, dtype=np.int64)
        count = engine.network.component_node_start.size - 1
        self.components = np.arange(count) if components is None else components
        self.blocks: list[tuple[int, int, Ints]] | None = None
        self.scratch = _scratch(engine, self.rows)
        self.misses = 0
        self._known = {name: getattr(self.scratch.columns, name).copy() for name in WRITTEN}
        self._history = [array.copy() for array in self.scratch.history]
        self._start = self.scratch.answer.price.copy(), self.scratch.answer.wedge.copy()
        self._qualify = self.scratch.values[:, _QUALIFY].copy()

    def clear(
        self, candidate: Sequence[tuple[Any, ...]] = (), members: Mapping[int, Bools] | None = None
    ) -> tuple[Terms, Answer]:
        """Return the terms and the answer of the coming quarter with these moves [(measure, on, level)] made.

        `members` puts treaties in force, by number, among the countries given [rows, countries] (none: out of force).
        Raises nothing for a missed clearing: `answer.status` tells.
        """
        self._forget()
        scratch = self.scratch
        self._switch(candidate)
        if members is not None:
            self._bind(members)
        write_terms(scratch)
        self._clear()
        return scratch.terms, scratch.answer

    def _bind(self, members: Mapping[int, Bools]) -> None:
        """Put treaties in force among these countries, with all that their clauses do."""
        scratch, countries = self.scratch, len(self.engine.world.countries)
        for x, inside in members.items():
            scratch.columns.treaty_state[:, x] = IN_FORCE
            state = np.where(inside, float(IN_FORCE), float(LEFT))
            scratch.columns.member_state[:, x * countries : (x + 1) * countries] = state
        bind_members(
            self.engine.treaties.table, self.engine.layout, scratch.columns, scratch.history,
            self.engine.step_number,
        )  # fmt: skip

    def later(self, quarters: Floats) -> tuple[Terms, Answer]:
        """Return the quarter `quarters` [rows] on, measures as last cleared, once firms and buyers have answered.

        Stage by stage (`STAGES`) firms learn of the prices last cleared, build and close, buyers substitute, demand
        follows its projection, and the markets are cleared.
        """
        scratch, engine = self.scratch, self.engine
        columns, values = scratch.columns, scratch.values
        floor = columns.site_floor.copy()
        self._restore()
        columns.site_floor[:] = floor
        columns.site_error[:] = 0.0
        values[:, _QUALIFY] = 1.0
        begins = np.outer(quarters, np.cumsum((0.0, *STAGES)))
        begun = np.zeros((self.rows.size, engine.layout.site_firm.size, len(STAGES)))
        for stage in range(len(STAGES)):
            index = scratch.answer.price_index.copy()
            half = _HALF * (begins[:, stage + 1] - begins[:, stage])
            self._learn(half)
            if stage:
                self._look_out(begins[:, stage])
            forget_decisions(columns)
            everybody = np.ones(columns.firm_cost_usd.shape[1], dtype=np.bool_)
            decide_capacity(engine.layout, columns, scratch.terms, values, everybody)
            carry_on(
                engine.layout, columns, engine.columns.site_arrival_t, self.rows, begun, values, index, begins, stage,
                engine.step_number,
            )  # fmt: skip
            self._learn(half)
            write_terms(scratch)
            let_demand_grow(engine.layout, scratch.terms, engine.step_number, begins[:, stage + 1])
            self._clear()
        values[:, _QUALIFY] = self._qualify
        return scratch.terms, scratch.answer

    def _learn(self, quarters: Floats) -> None:
        """Let firms and buyers learn of the prices last cleared for so many quarters.

        What they know of volatility stays: a look is without chance, and its calm would tell them of none.
        """
        scratch, engine = self.scratch, self.engine
        form_expectations(
            engine.network, engine.layout, scratch.columns, scratch.terms, scratch.answer, scratch.values, quarters
        )  # fmt: skip
        scratch.columns.site_variance[:] = self._known["site_variance"]

    def _look_out(self, ahead: Floats) -> None:
        """Let firms reckon with announced growth as it stands so many quarters on."""
        scratch, engine = self.scratch, self.engine
        foresee_prices(
            engine.network, engine.layout, scratch.columns, scratch.terms, scratch.answer, scratch.values,
            engine.scratch_node, engine.scratch_buyer, engine.step_number, ahead,
        )  # fmt: skip

    def after(self, candidate: Sequence[tuple[Any, ...]], quarters: Floats) -> tuple[Terms, Answer]:
        """Return the later quarter last looked at once more, with these moves made when all is built."""
        scratch = self.scratch
        self._switch(candidate)
        write_terms(scratch)
        let_demand_grow(self.engine.layout, scratch.terms, self.engine.step_number, quarters)
        self._clear()
        return scratch.terms, scratch.answer

    def _switch(self, moves: Sequence[tuple[Any, ...]]) -> None:
        """Make moves in their order, as many at once as name each measure only once."""
        numbers = [move[0] for move in moves]
        if len(set(numbers)) < len(numbers):
            again = next(n for n in range(len(numbers)) if numbers[n] in numbers[:n])
            self._switch(moves[:again])
            self._switch(moves[again:])
            return
        history, on = self.scratch.history, np.empty((self.rows.size, len(moves)))
        for n, move in enumerate(moves):
            on[:, n] = move[1]
            if len(move) > 2 and move[2] is not None:
                history.measure_level[:, move[0]] = move[2]
        if moves:
            starts = (on > 0.0) & (history.measure_force[:, numbers] <= 0.0)
            since = history.measure_since[:, numbers]
            history.measure_since[:, numbers] = np.where(starts, self.scratch.step_number, since)
            history.measure_force[:, numbers] = on

    def _forget(self) -> None:
        """Go back to what is known now."""
        self._restore()
        for array, known in zip(self.scratch.history, self._history, strict=True):
            array[:] = known
        self.scratch.answer.price[:], self.scratch.answer.wedge[:] = self._start

    def _restore(self) -> None:
        for name, known in self._known.items():
            getattr(self.scratch.columns, name)[:] = known

    def _clear(self) -> None:
        scratch = self.scratch
        for first, last, components in self.blocks or [(0, self.rows.size, self.components)]:
            terms = Terms(*(array[first:last] for array in scratch.terms))
            answer = Answer(*(array[first:last] for array in scratch.answer))  # type: ignore[arg-type]
            self.misses += scratch.clearer.clear(terms, answer, components=components)


def _scratch(engine: Engine, rows: Ints) -> Engine:
    """Return an engine of copies: some runs, chance at its mean. What no look writes is shared or gathered once."""
    scratch = object.__new__(Engine)
    scratch.__dict__.update(engine.__dict__)
    every = np.array_equal(rows, np.arange(engine.runs))
    columns = engine.columns._asdict()
    arrays = {
        name: array[rows] if name in WRITTEN or not every else array
        for name, array in columns.items()
        if name != "site_arrival_t"
    }
    scratch.columns = type(engine.columns)(**{**columns, **arrays})
    scratch.runs = rows.size
    scratch.values = engine.values[rows]
    scratch.values[:, _NOISE] = 0.0
    scratch.target_days = engine.target_days[rows]
    scratch.history = type(engine.history)(*(array[rows] for array in engine.history))
    scratch.terms = allocate_terms(engine.network, rows.size)
    for name in (
        "demand_price",
        "demand_elasticity",
        "demand_choke_ratio",
        "demand_choke_power",
        "node_supply_t",
    ):
        getattr(scratch.terms, name)[:] = getattr(engine.terms, name)[rows]
    scratch.answer = allocate_answer(engine.network, rows.size)
    scratch.answer.price[:], scratch.answer.wedge[:] = engine.answer.price[rows], engine.answer.wedge[rows]
    return scratch  # it has the engine's clearer, whose scratch arrays nobody holds between two clearings
