"""Looking ahead: a coming quarter's markets under measures that are not in force, cleared run by run.

    look = LookAhead(engine)
    terms, answer = look.clear([(tax, 1.0, 0.3)])      # the tax on, at level 0.3
    terms, answer = look.later(quarters=20)            # the same once the world has answered

A look clears the real market on copies: the contract phase, the plan of measures and the compiled clearing are the
engine's own, nothing of the engine changes. The later look goes on from there in stages of several quarters: firms
learn, build and close by their own rules, buyers substitute, measures and treaties move on (`agents.hypothesis`), and
the markets are cleared again.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from agents.firm import decide_capacity
from agents.foresight import carry_on, feel_shortage, let_demand_grow
from agents.hypothesis import forget_unknown, move_on, stage_times
from model.engine import Engine
from model.market import allocate_answer, allocate_terms
from model.measure_plan import PUSHES
from model.network import Answer, Bools, Floats, Ints, Terms
from model.parameter import POSITION
from model.phase.invest import foresee_prices, forget_decisions, form_expectations
from model.phase.treaty import bind_members
from model.quarter import write_terms
from model.treaty_state import IN_FORCE, LEFT

#: Columns that the measures and treaties tried write: what firms decide on in the first stage of a later look.
TRIED = (
    *PUSHES, "site_relief_share", "site_relief_factor", "site_floor", "pair_strain", "treaty_state", "treaty_began",
    "member_state",
)  # fmt: skip
#: Columns that a look writes.
WRITTEN = (
    "plant_installed_t", "plant_idle_t", "plant_expected_net", "plant_loss_quarters", "plant_mothball_t",
    "plant_reopen_t", "plant_exit_t", "site_expected_value", "site_expected_input", "site_error", "site_profit_index",
    "site_invest_t", "site_pipeline_t", "site_outlook", "site_variance", "node_capacity_t", "node_qualified_t",
    "node_restricted_share", "node_store_room", "node_price", "node_expected_price", "route_held_share",
    "buyer_target_t", "buyer_substituted", "buyer_substituted_forever", "buyer_price", "buyer_expected_price",
    "site_bare_index", "plant_recycled_share", "buyer_use_young_t", "buyer_use_middle_t", "buyer_use_old_t",
    "buyer_discard_t", "buyer_heap_t", *TRIED,
)  # fmt: skip
_NOISE, _QUALIFY = POSITION["supply_noise"], POSITION["qualification_speed"]
#: Parts of the time to a later look after each of which the markets are cleared: finer towards its end, where what
#: is seen last has had least time to be answered.
STAGES = (0.4, 0.3, 0.2, 0.1)
#: The same for plans that are made every year for every candidate: half the clearings for nearly the same foresight.
FEW_STAGES = (0.75, 0.25)
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
        forget_unknown(engine, self.scratch.history)
        self.misses = 0
        self._known = {name: getattr(self.scratch.columns, name).copy() for name in WRITTEN}
        self._history = [array.copy() for array in self.scratch.history]
        answer = self.scratch.answer
        self._start = answer.price.copy(), answer.wedge.copy(), answer.final_use_t.copy()
        self._qualify = self.scratch.values[:, _QUALIFY].copy()

    def clear(
        self,
        candidate: Sequence[tuple[Any, ...]] = (),
        members: Mapping[int, Bools] | None = None,
        felt: bool = False,
    ) -> tuple[Terms, Answer]:
        """Return the terms and the answer of the coming quarter with these moves [(measure, on, level)] made.

        `members` puts treaties in force, by number, among the countries given [rows, countries] (none: out of force).
        Where they are to be `felt`, stock rules have seen the quarter and let go what it calls for: see `after`.
        Raises nothing for a missed clearing: `answer.status` tells.
        """
        self._forget()
        scratch = self.scratch
        self._switch(candidate)
        if members is not None:
            self._bind(members)
        self._look(felt=felt)
        return scratch.terms, scratch.answer

    def _bind(self, members: Mapping[int, Bools]) -> None:
        """Put treaties in force among these countries, with all that their clauses do."""
        scratch, countries = self.scratch, len(self.engine.world.countries)
        for x, inside in members.items():
            fresh = scratch.columns.treaty_state[:, x] != IN_FORCE
            scratch.columns.treaty_began[fresh, x] = self.engine.step_number
            scratch.columns.treaty_state[:, x] = IN_FORCE
            state = np.where(inside, float(IN_FORCE), float(LEFT))
            scratch.columns.member_state[:, x * countries : (x + 1) * countries] = state
        bind_members(
            self.engine.treaties.table, self.engine.layout, scratch.columns, scratch.history,
            self.engine.step_number,
        )  # fmt: skip

    def later(self, quarters: Floats, stages: tuple[float, ...] | None = None) -> tuple[Terms, Answer]:
        """Return the quarter `quarters` [rows] on, measures as last cleared, once firms and buyers have answered.

        Stage by stage (`STAGES`, or other parts of the time that add up to one) firms learn of the prices last cleared,
        build and close, buyers substitute, demand follows its projection, measures, stocks and treaties move on, and
        the markets are cleared.
        """
        scratch, engine = self.scratch, self.engine
        columns, values = scratch.columns, scratch.values
        self._restore(but=TRIED)
        columns.site_error[:] = 0.0
        values[:, _QUALIFY] = 1.0
        stages = STAGES if stages is None else stages
        begins = stage_times(quarters, stages)
        begun = np.zeros((self.rows.size, engine.layout.site_firm.size, len(stages)))
        for stage in range(len(stages)):
            half = _HALF * (begins[:, stage + 1] - begins[:, stage])
            self._learn(half)
            self._look_out(begins[:, stage])
            forget_decisions(columns)
            everybody = np.ones(columns.firm_cost_usd.shape[1], dtype=np.bool_)
            decide_capacity(engine.layout, columns, scratch.terms, values, everybody)
            carry_on(
                engine.layout, columns, engine.columns.site_arrival_t, self.rows, begun, values, scratch.answer, begins,
                stage, engine.step_number,
            )  # fmt: skip
            self._learn(half)
            move_on(scratch, begins, stage)
            self._look(begins[:, stage + 1])
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
        """Return the later quarter last looked at once more, with these moves made when all is built.

        Stock rules have seen what the moves bring, and let go what that calls for.
        """
        scratch = self.scratch
        self._switch(candidate)
        self._look(quarters, felt=True)
        return scratch.terms, scratch.answer

    def _look(self, quarters: Floats | None = None, felt: bool = False) -> None:
        """Write the terms as they stand so many quarters on (None: in the coming one), and clear the markets.

        What is to be `felt` is cleared a second time where there are stock rules: they go by the quarter before, and in
        the first one it is not seen yet.
        """
        scratch, engine = self.scratch, self.engine
        for last in (False, True) if felt and self._has_rules() else (True,):
            write_terms(scratch)
            if quarters is not None:
                let_demand_grow(engine.layout, scratch.terms, engine.step_number, quarters)
            self._clear()
            if not last:
                feel_shortage(engine.plan.table, scratch.history, scratch.answer)

    def _has_rules(self) -> bool:
        """Tell whether any stock rule is about the markets looked at; which of them hold is each row's own."""
        starts, buyers = self.engine.network.component_buyer_start, self.engine.plan.table.rule_buyer
        return bool(np.isin(np.searchsorted(starts, buyers, side="right") - 1, self.components).any())

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
            since, now = history.measure_since[:, numbers], self.scratch.step_number + history.ahead
            history.measure_since[:, numbers] = np.where(starts, now, since)
            history.measure_force[:, numbers] = on

    def _forget(self) -> None:
        """Go back to what is known now."""
        self._restore()
        for array, known in zip(self.scratch.history, self._history, strict=True):
            array[:] = known
        answer = self.scratch.answer
        answer.price[:], answer.wedge[:], answer.final_use_t[:] = self._start

    def _restore(self, but: Sequence[str] = ()) -> None:
        for name, known in self._known.items():
            if name not in but:
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
    for name in ("price", "wedge", "final_use_t"):
        getattr(scratch.answer, name)[:] = getattr(engine.answer, name)[rows]
    return scratch  # it has the engine's clearer, whose scratch arrays nobody holds between two clearings
