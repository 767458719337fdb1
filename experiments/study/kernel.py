"""Computing a chunk of runs: the one place where a study meets the engine.

A chunk arrives as a `Task` and leaves as an `Answer`: tables as bytes, ready to be written by whoever keeps the
results. Runs of one variant whose luck counts up go through the engine together; a batch that raises is split until
the run at fault stands alone, which is recorded with its error. Figures are computed and checked in float64; the
series is cast to float32 at the very end, and a hash of the numbers before the cast is kept.
"""

import hashlib
import io
import json
import socket
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from agents import DECISIONS
from experiments.observer import Observer
from experiments.run import BATCH, seat_all
from experiments.study.plan import batches, variant_codes
from experiments.study.study import Outcome, Study, study_from
from experiments.study.world_cache import WorldCache
from model.base.data import data_hash
from model.cache import rule_hash
from model.engine import Engine
from model.error import OreblocError
from model.name import did_you_mean
from model.scenario import Scenario

Floats = NDArray[np.float64]
OK, MISSED, FAILED, KILLED = "ok", "missed", "error", "killed"
ZSTD_LEVEL = 3
#: Made once: without it every stream asks the environment about old formats.
_PLAIN = pa.ipc.IpcWriteOptions()


@dataclass(frozen=True)
class Task:
    """Runs to compute.

    `study` as JSON, and the rows of its table of runs as Arrow bytes (columns of `plan.KEYS`, factors).
    """

    study: str
    chunk: int
    rows: bytes
    rule_hash: str
    data_hash: str


@dataclass(frozen=True)
class Answer:
    """A chunk that was computed: everything is made where it is computed, so that the driver only counts and writes.

    `tables` Parquet bytes by name; `runs`, always among them, has one record for each run, in the order of their
    numbers. `status` counts the runs by what became of them, `error` is the first error among them.
    """

    chunk: int
    tables: dict[str, bytes]
    status: dict[str, int]
    error: str = ""

    @property
    def runs(self) -> pd.DataFrame:
        """Return the records of the runs."""
        return pq.read_table(io.BytesIO(self.tables["runs"])).to_pandas()


@dataclass
class _Sheet:
    """What one batch left: `values` [columns, runs, quarters] in float64, and what is known of each run."""

    rows: NDArray[np.int64]
    values: Floats
    violation: Floats
    status: list[str]
    error: list[str]
    seconds: float
    extra: dict[str, list[pd.DataFrame]] = field(default_factory=dict)


def rows_to_bytes(table: pa.Table) -> bytes:
    """Return a table of runs as bytes."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_PLAIN) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def rows_from_bytes(data: bytes) -> pd.DataFrame:
    """Return the table of runs that `rows_to_bytes` packed."""
    return pa.ipc.open_stream(data).read_all().to_pandas(use_threads=False)


def check_hashes(task: Task) -> None:
    """Raise `OreblocError` where this machine would compute by other rules or data than the study's."""
    for what, wanted, here in (("rules", task.rule_hash, rule_hash()), ("data", task.data_hash, data_hash())):
        if wanted != here:
            raise OreblocError(
                f"Worker on {socket.gethostname()} has {what} {here}; the study was begun with {wanted}. "
                "Install the same version of orebloc there."
            )


_KERNELS: OrderedDict[str, "Kernel"] = OrderedDict()
#: Worlds that studies computed one after the other share, as the rounds of a search do.
WORLDS = WorldCache()


def compute(task: Task, tell: Callable[[int], None] | None = None) -> Answer:
    """Return the answer of a chunk; `tell` is called with the number of runs done after each batch."""
    check_hashes(task)
    key = hashlib.blake2b(task.study.encode(), digest_size=16).hexdigest()
    if key not in _KERNELS:
        _KERNELS[key] = Kernel(study_from(json.loads(task.study)), WORLDS)
        while len(_KERNELS) > 2:
            _KERNELS.popitem(last=False)
    return _KERNELS[key].chunk(task.chunk, rows_from_bytes(task.rows), tell)


class Kernel:
    """Computes runs of one study; keeps its worlds, or those it is given to share."""

    def __init__(self, study: Study, worlds: WorldCache | None = None) -> None:
        self.study = study
        self.worlds = WorldCache() if worlds is None else worlds
        self.scenarios: OrderedDict[str, Scenario] = OrderedDict()
        self.readers: OrderedDict[str, Reader] = OrderedDict()

    def chunk(self, number: int, rows: pd.DataFrame, tell: Callable[[int], None] | None = None) -> Answer:
        """Return the answer of a chunk of runs."""
        variant = variant_codes(self.study, rows)
        sheets: list[_Sheet] = []
        for batch in batches(rows, variant, BATCH):
            sheets += self.batch(rows, batch)
            if tell:
                tell(len(batch))
        return _answer(self.study, number, rows, sheets)

    def batch(self, rows: pd.DataFrame, batch: NDArray[np.int64]) -> list[_Sheet]:
        """Return what a batch left, in parts where a run among them raised."""
        began = time.process_time()
        try:
            return [self._together(rows, batch, began)]
        except Exception as error:  # whatever a run may raise is its record's, not the study's
            if len(batch) == 1:
                return [self._failed(batch, error, time.process_time() - began)]
        half = len(batch) // 2
        return self.batch(rows, batch[:half]) + self.batch(rows, batch[half:])

    def _failed(self, batch: NDArray[np.int64], error: Exception, seconds: float) -> _Sheet:
        shape = (len(self.study.columns), 1, len(self.study.quarters))
        told = str(error) if isinstance(error, OreblocError) else f"{type(error).__name__}: {error}"
        return _Sheet(batch, np.full(shape, np.nan), np.full(1, np.nan), [FAILED], [told], seconds)

    def _together(self, rows: pd.DataFrame, batch: NDArray[np.int64], began: float) -> _Sheet:
        part = rows.iloc[batch]
        scenario, reader = self.variant(part.iloc[0])
        engine = self.engine(scenario, part, reader)
        size, quarters = len(part), scenario.quarters
        values = np.full((len(self.study.columns), size, quarters), np.nan)
        status, error = [OK] * size, [""] * size
        violation = np.zeros(size)
        extra: dict[str, list[pd.DataFrame]] = {}
        numbers = part["run"].to_numpy()
        for step in range(quarters):
            engine.step()
            missed = engine.columns.missed[:, 0] > 0.0
            violation = np.where(violation >= engine.columns.worst_violation[:, 0], violation,
                                 engine.columns.worst_violation[:, 0])  # fmt: skip
            for run in np.flatnonzero(missed):
                if status[run] == OK:
                    status[run], error[run] = MISSED, _miss(engine, int(run))
            fine = np.array([word == OK for word in status])
            values[:, fine, step] = reader.read(engine)[:, fine]
            self._snapshot(engine, reader, numbers, fine, extra)
            if not fine.any():
                break
        return _Sheet(batch, values, violation, status, error, time.process_time() - began, extra)

    def engine(self, scenario: Scenario, part: pd.DataFrame, reader: "Reader") -> Engine:
        """Return the engine of runs of one variant, whose luck counts up."""
        given = {
            factor.path: part[factor.name].to_numpy(float)
            for factor in self.study.factors
            if factor.in_batch and factor.acts_in(str(part["scenario"].iloc[0]))
        }
        engine = Engine(
            scenario, len(part), self.study.seed, first_run=int(part["luck"].iloc[0]), world=reader.observer.world,
            decide=DECISIONS, go_on=True, given=given,
        )  # fmt: skip
        seat_all([engine], {})
        return engine

    def variant(self, row: "pd.Series[Any]") -> "tuple[Scenario, Reader]":
        """Return the scenario that a run is of, with levers that are no batched parameters set, and its reader."""
        name = str(row["scenario"])
        changes = {
            factor.change: row[factor.name]
            for factor in self.study.factors
            if not factor.in_batch and factor.acts_in(name)
        }
        key = json.dumps([name, {path: str(value) for path, value in changes.items()}])
        if key not in self.scenarios:
            base = self.study.scenarios[name]
            self.scenarios[key] = (
                base.with_changes({p: _plain(v) for p, v in changes.items()}) if changes else base
            )
            self.readers[key] = Reader(self.study, self.worlds, self.scenarios[key])
            while len(self.scenarios) > 4:
                self.scenarios.popitem(last=False)
                self.readers.popitem(last=False)
        return self.scenarios[key], self.readers[key]

    def _snapshot(
        self, engine: Engine, reader: "Reader", numbers: NDArray[np.int64], fine: NDArray[np.bool_],
        extra: dict[str, list[pd.DataFrame]],
    ) -> None:  # fmt: skip
        for place, run in enumerate(numbers):
            if fine[place] and run < self.study.flows:
                table = reader.observer.flows(engine, place)
                table.insert(0, "quarter", engine.quarter_label)
                table.insert(0, "run", int(run))
                extra.setdefault("flows", []).append(table)
            if fine[place] and run < self.study.agents:
                extra.setdefault("agents", []).append(agent_table(engine, place, int(run)))


class Reader:
    """Reads a study's columns off an engine of one scenario."""

    def __init__(self, study: Study, worlds: WorldCache, scenario: Scenario) -> None:
        self.study = study
        self.observer = Observer(worlds.world(scenario))
        seen = {outcome.column: outcome for outcome in study.outcomes}
        self.wanted = frozenset(outcome.metric for outcome in seen.values())
        self.places = [self._places(outcome) for outcome in seen.values()]

    def _places(self, outcome: Outcome) -> list[tuple[int, int]]:
        """Return (panel, cell) of everything an outcome sums. Raises `OreblocError` where nothing is recorded."""
        number, panel = next(
            (n, panel) for n, panel in enumerate(self.observer.panels) if panel.metric == outcome.metric
        )
        place = {cell: position for position, cell in enumerate(panel.cells)}
        cells = [
            (good, self.observer.restrictors.get(good, "OTH") if country == "*" else country)
            for good in outcome.goods
            for country in outcome.countries
        ]
        found = [(number, place[cell]) for cell in cells if cell in place]
        if not found:
            raise OreblocError(_nothing_recorded(outcome, cells[0], place))
        return found

    def read(self, engine: Engine) -> Floats:
        """Return [columns, runs] of the quarter just run."""
        panels = self.observer.observe(engine, self.wanted)
        found = np.empty((len(self.places), engine.runs))
        for column, cells in enumerate(self.places):
            total = panels[cells[0][0]][:, cells[0][1]].copy()
            for panel, cell in cells[1:]:
                total += panels[panel][:, cell]
            found[column] = total
        return found


def _nothing_recorded(outcome: Outcome, cell: tuple[str, str], place: Mapping[tuple[str, str], int]) -> str:
    goods = list(dict.fromkeys(good for good, _ in place))
    if cell[0] not in goods:
        remedy = did_you_mean(cell[0], goods, f"It has {', '.join(goods[:8])}.")
        return f"Outcome {outcome.name}: good {cell[0]!r} is not in {outcome.metric}. {remedy}"
    there = [country for good, country in place if good == cell[0]]
    return (
        f"Outcome {outcome.name}: {outcome.metric} of {cell[0]} is not recorded in {cell[1]!r}. "
        f"It has {', '.join(there)}."
    )


def agent_table(engine: Engine, place: int, run: int) -> pd.DataFrame:
    """Return firms and states of one run after a quarter: run, quarter, role, name, capacity_t, money_usd."""
    world, columns, layout = engine.world, engine.columns, engine.layout
    owner = world.plants["firm"].to_numpy()
    capacity = np.zeros(len(world.firms))
    np.add.at(capacity, owner[owner >= 0], columns.plant_installed_t[place][owner >= 0])
    firms = pd.DataFrame({
        "role": world.firms["role"], "name": world.firms["name"], "capacity_t": capacity,
        "money_usd": columns.balance_usd[place, : len(world.firms)],
    })  # fmt: skip
    states = pd.DataFrame({
        "role": "state", "name": world.countries, "capacity_t": np.nan,
        "money_usd": columns.balance_usd[place, layout.treasury_account : layout.treasury_account +
        len(world.countries)],
    })  # fmt: skip
    table = pd.concat([firms, states], ignore_index=True)
    table.insert(0, "quarter", engine.quarter_label)
    table.insert(0, "run", run)
    return table


def _miss(engine: Engine, run: int) -> str:
    answer, network = engine.answer, engine.network
    missed = np.where(answer.status[run] != 0, np.nan_to_num(answer.violation[run], nan=np.inf), -1.0)
    c = int(np.argmax(missed))
    rows = slice(network.component_node_start[c], network.component_node_start[c + 1])
    goods = ", ".join(dict.fromkeys(engine.world.nodes["good"].iloc[rows]))
    return (
        f"The market of {goods} was not cleared in {engine.quarter_label}: largest relative violation "
        f"{answer.violation[run, c]:.2g}, it must be 1e-09 or less."
    )


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def take(outcome: Outcome, path: Floats, quarters: list[str]) -> Floats:
    """Return [runs]: an outcome's number from its path [runs, quarters]; unknown where any quarter it needs is."""
    first = quarters.index(outcome.first) if outcome.first else 0
    last = quarters.index(outcome.last) if outcome.last else len(quarters) - 1
    part = path[:, first : last + 1]
    if outcome.take == "last":
        return part[:, -1].copy()
    if outcome.take == "first":
        return part[:, 0].copy()
    if outcome.take in ("min", "max"):
        return part.min(axis=1) if outcome.take == "min" else part.max(axis=1)
    total = np.zeros(len(part))
    for column in range(part.shape[1]):  # one by one: the sum of a run does not depend on how many there are
        total += part[:, column]
    return total if outcome.take == "sum" else total / part.shape[1]


def _answer(study: Study, number: int, rows: pd.DataFrame, sheets: list[_Sheet]) -> Answer:
    """Return the sheets of a chunk joined, in the order of run numbers."""
    place = np.concatenate([sheet.rows for sheet in sheets])
    values = np.concatenate([sheet.values for sheet in sheets], axis=1)
    order = np.argsort(rows["run"].to_numpy()[place], kind="stable")
    values, place = np.ascontiguousarray(values[:, order]), place[order]
    runs = rows["run"].to_numpy()[place]
    status = np.array([w for s in sheets for w in s.status], dtype=object)[order].tolist()
    error = np.array([w for s in sheets for w in s.error], dtype=object)[order].tolist()
    record: dict[str, Any] = {
        "run": runs,
        "status": pa.array(status).dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string())),
        "error": pa.array(error, pa.string()),
        "seconds": np.concatenate([np.full(len(s.rows), s.seconds / len(s.rows)) for s in sheets])[order],
        "host": same_word(socket.gethostname(), len(runs)),
        "worst_violation": np.concatenate([s.violation for s in sheets])[order],
        "rule_hash": same_word(rule_hash(), len(runs)),
        "data_hash": same_word(data_hash(), len(runs)),
        "series_hash": pa.array([series_hash(values[:, run]) for run in range(len(runs))]),
    }
    column = {name: position for position, name in enumerate(study.columns)}
    for outcome in study.outcomes:
        record[f"outcome.{outcome.name}"] = take(outcome, values[column[outcome.column]], study.quarters)
    tables = {"series": series_bytes(study, runs, values), "runs": parquet_bytes(pa.table(record))}
    for name in ("flows", "agents"):
        parts = [table for sheet in sheets for table in sheet.extra.get(name, [])]
        if parts:
            tables[name] = parquet_bytes(arrow_table(pd.concat(parts, ignore_index=True)))
    return Answer(number, tables, dict(Counter(status)), next((word for word in error if word), ""))


def same_word(word: str, count: int) -> pa.DictionaryArray:
    """Return a column that says one word in every row."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int8)), pa.array([word]))


def series_hash(values: Floats) -> str:
    """Return a hash of a run's numbers [columns, quarters] in float64."""
    return hashlib.blake2b(np.ascontiguousarray(values).tobytes(), digest_size=8).hexdigest()


def series_bytes(study: Study, runs: NDArray[np.int64], values: Floats) -> bytes:
    """Return the series of runs as Parquet: run, quarter, one float32 column for each of the study's."""
    quarters = study.quarters
    codes = np.tile(np.arange(len(quarters), dtype=np.int16), len(runs))
    columns: dict[str, Any] = {
        "run": pa.array(np.repeat(runs, len(quarters))),
        "quarter": pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(quarters)),
    }
    for position, name in enumerate(study.columns):
        flat = values[position].astype(np.float32).ravel()
        columns[name] = pa.array(flat, mask=np.isnan(flat))
    return parquet_bytes(pa.table(columns))


def arrow_table(frame: pd.DataFrame) -> pa.Table:
    """Return a frame as an Arrow table; without a pool of threads, which costs more than it saves at these sizes."""
    return pa.Table.from_pandas(frame, preserve_index=False, nthreads=1)


def parquet_bytes(table: pa.Table) -> bytes:
    """Return a table as Parquet, compressed by zstd.

    Words are kept as dictionaries and whole numbers by their differences: dictionaries of numbers, Parquet's usual
    way, take ten times as long and more room.
    """
    whole = [item.name for item in table.schema if pa.types.is_integer(item.type)]
    real = [item.name for item in table.schema if pa.types.is_floating(item.type)]
    words = [name for name in table.schema.names if name not in (*whole, *real)]
    sink = pa.BufferOutputStream()
    pq.write_table(
        table, sink, compression="zstd", compression_level=ZSTD_LEVEL, use_dictionary=words or False,
        column_encoding=dict.fromkeys(whole, "DELTA_BINARY_PACKED") or None,
    )  # fmt: skip
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def killed_answer(study: Study, number: int, rows: pd.DataFrame, error: str) -> Answer:
    """Return the answer for runs whose worker died: no numbers, the error, status `killed`."""
    rows = rows.reset_index(drop=True)
    shape = (len(study.columns), len(rows), len(study.quarters))
    sheet = _Sheet(
        np.arange(len(rows)), np.full(shape, np.nan), np.full(len(rows), np.nan), [KILLED] * len(rows),
        [error] * len(rows), 0.0,
    )  # fmt: skip
    return _answer(study, number, rows, [sheet])


def join_answers(number: int, answers: list[Answer]) -> Answer:
    """Return parts of one chunk as one, in the order of run numbers."""
    tables: dict[str, bytes] = {}
    for name in dict.fromkeys(key for answer in answers for key in answer.tables):
        parts = [pq.read_table(io.BytesIO(a.tables[name])) for a in answers if name in a.tables]
        joined = pa.concat_tables([part.unify_dictionaries() for part in parts], promote_options="default")
        table = joined.combine_chunks()
        order = np.argsort(table["run"].to_numpy(), kind="stable")
        tables[name] = parquet_bytes(table.take(pa.array(order)))
    status = sum((Counter(answer.status) for answer in answers), Counter())
    return Answer(number, tables, dict(status), next((a.error for a in answers if a.error), ""))
