"""Allocate, copy and hand over the state columns. Shapes are `[runs, rows]`, runs first."""

from collections.abc import Mapping

import numpy as np

from model.schema import BY_NAME, COLUMNS, Columns


def allocate(runs: int, rows: Mapping[str, int]) -> Columns:
    """Return columns of zeros. `rows` gives the number of rows of each kind."""
    return Columns(*(np.zeros((runs, rows[column.rows]), dtype=column.dtype) for column in COLUMNS))


def copy(columns: Columns) -> Columns:
    """Return an independent copy."""
    return Columns(*(array.copy() for array in columns))


def widen(columns: Columns, rows: Mapping[str, int]) -> Columns:
    """Return the columns with so many rows of each kind: those there were first, new ones zero."""
    wide = allocate(columns[0].shape[0], rows)
    for new, old in zip(wide, columns, strict=True):
        new[:, : old.shape[1]] = old
    return wide


def take(columns: Columns, run: int) -> Columns:
    """Return a copy of one run as columns of a batch of one."""
    return Columns(*(array[run : run + 1].copy() for array in columns))


def give(columns: Columns, run: int, one: Columns) -> None:
    """Write a batch of one into run `run` of `columns`."""
    for array, row in zip(columns, one, strict=True):
        array[run] = row[0]


def unit_of(name: str) -> str:
    """Return the unit of a column. Raises KeyError for one that is not declared."""
    return BY_NAME[name].unit
