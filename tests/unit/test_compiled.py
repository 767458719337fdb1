"""Compiled phases: the narrow tuples that the compile cache may name."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from base_scenario import LICENCES, scenario

from model import compiled
from model.cache import RuleLocator
from model.calibration import calibrate
from model.compiled import phase
from model.market.clearing import clear_batch
from model.tiny import tiny_world

ROOT = Path(__file__).resolve().parents[2]


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


def test_a_world_has_arrays_of_one_kind_whatever_it_was_made_of() -> None:
    """Read-only or strided arrays would have the market's rules compiled once more, half a minute each time."""
    for world in (tiny_world(), calibrate(scenario(measures=LICENCES))):
        network = world.network
        for name, array in network._asdict().items():
            assert array.flags.writeable and array.flags.c_contiguous and array.flags.owndata, name


def test_compiled_rules_are_kept_by_their_place_in_the_package() -> None:
    """A second checkout, or an installed copy, of the same rules finds them compiled."""
    place = RuleLocator.from_function(clear_batch.py_func, clear_batch.py_func.__code__.co_filename)
    assert place is not None and Path(place.get_cache_path()).parts[-2:] == ("model", "market")
    assert (
        RuleLocator.from_function(test_compiled_rules_are_kept_by_their_place_in_the_package, __file__)
        is None
    )


def test_the_process_that_compiles_beside_comes_to_its_end() -> None:
    """Nobody hears it, so a mistake in it would only be felt as a slow first run."""
    done = subprocess.run(
        [sys.executable, "-m", "experiments.precompile"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
