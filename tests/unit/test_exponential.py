"""The exponential for many numbers: close to the library's, the same bits compiled and plain, whatever the length."""

import math

import numpy as np
import pytest

from model.market.exponential import HIGHEST, LOWEST, exponentiate


def raised(exponents: np.ndarray, plain: bool = False) -> np.ndarray:
    """Return e to these powers."""
    x, power = exponents.copy(), np.zeros(exponents.size)
    (exponentiate.py_func if plain else exponentiate)(x, power, power.view(np.int64), x.size)
    return x


def exponents(size: int) -> np.ndarray:
    random = np.random.Generator(np.random.PCG64(7))
    edges = [0.0, -0.0, 1.0, -1.0, LOWEST, HIGHEST, 0.34657359, -0.34657359, 1e-300, -1e-17]
    return np.concatenate([edges, random.uniform(-40.0, 5.0, size), random.uniform(LOWEST, HIGHEST, size)])


def test_close_to_the_library() -> None:
    """Within two units in the last place of the library's, over the whole range, and exact at 0."""
    x = exponents(5000)
    exact = np.array([math.exp(v) for v in x])
    assert np.max(np.abs(raised(x) - exact) / np.spacing(exact)) <= 2.0
    assert raised(np.zeros(3)).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("size", [0, 1, 7, 100])
def test_same_bits_compiled_and_plain(size: int) -> None:
    """Compiled and plain give the same bits, and a number's result does not depend on its neighbours."""
    x = exponents(size)
    together = raised(x)
    assert together.tobytes() == raised(x, plain=True).tobytes()
    alone = np.array([raised(x[i : i + 1])[0] for i in range(x.size)])
    assert together.tobytes() == alone.tobytes()


def test_far_arguments_are_taken_to_the_bounds() -> None:
    """What would underflow or overflow is the least or the largest number the function gives."""
    assert raised(np.array([-1e300, -np.inf])).tolist() == [pytest.approx(math.exp(LOWEST))] * 2
    assert raised(np.array([1e300, np.inf])).tolist() == [pytest.approx(math.exp(HIGHEST))] * 2
