"""Compiled phases: the narrow tuples that the compile cache may name."""

from typing import NamedTuple

import numpy as np
import pytest

from model import compiled
from model.compiled import phase


class Wide(NamedTuple):
    """A tuple of arrays, of which one phase uses one."""

    missed: np.ndarray
    other: np.ndarray


@phase
def count_missed(wide):
    """Return the sum of one array."""
    return wide.missed.sum()


def test_the_cache_may_name_a_class_that_no_phase_has_used_yet():
    """A narrow class is found by its name for every phase, with the fields that phase uses, and only there."""
    assert count_missed(Wide(np.ones(3), np.zeros(2))) == 3.0
    found = compiled.Wide_of_model_phase_trade_record_misses
    assert found._fields == ("missed",)
    assert found is compiled.Wide_of_model_phase_trade_record_misses
    with pytest.raises(AttributeError, match="no attribute"):
        _ = compiled.Wide_of_nothing


def test_a_class_of_a_tuple_that_is_no_more_does_not_stop_anybody():
    """What an older cache names is found, empty, so that the rest of the cache can be read."""
    assert compiled.Gone_of_model_phase_trade_record_misses._fields == ()
