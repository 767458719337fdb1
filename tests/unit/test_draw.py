"""Addressed draws."""

import numpy as np

from model.draw import CHANNELS, normal, uniform, waiting_time


def test_compiled_and_plain_uniforms_are_the_same_bits():
    """The hash gives the same number compiled and as plain Python."""
    with np.errstate(over="ignore"):
        for address in [(0, 0, 0, 1, 0), (1, 2, 3, 4, 5), (2**62, 10_000, 64, 9, 2**40)]:
            assert uniform(*address) == uniform.py_func(*address)


def test_uniforms_look_uniform_along_every_address():
    """Mean, spread and neighbours' correlation are those of independent uniforms along each coordinate."""
    for coordinate in range(5):
        drawn = []
        for i in range(4000):
            address = [7, 3, 5, 2, 11]
            address[coordinate] = i
            drawn.append(uniform(*address))
        drawn = np.array(drawn)
        assert drawn.min() > 0.0 and drawn.max() < 1.0
        assert abs(drawn.mean() - 0.5) < 0.02
        assert abs(drawn.std() - 12**-0.5) < 0.01
        assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.06


def test_channels_have_numbers_of_their_own():
    """No two channels share a number."""
    assert len(set(CHANNELS.values())) == len(CHANNELS)


def test_normal_deviates_have_mean_zero_and_spread_one():
    """Deviates of an even grid have the normal's moments; they rise with the uniform and are cut at four."""
    grid = (np.arange(20_000) + 0.5) / 20_000
    deviates = np.array([normal(u) for u in grid])
    assert abs(deviates.mean()) < 1e-9
    assert abs(deviates.std() - 1.0) < 2e-3
    assert np.all(np.diff(deviates) >= 0.0)
    assert normal(1e-300) == -4.0


def test_waiting_times_have_their_mean():
    """Waiting times average to their mean, a little less for the cut at four means."""
    times = np.array([waiting_time((i + 0.5) / 10_000, 6.0) for i in range(10_000)])
    assert abs(times.mean() - 6.0 * (1.0 - np.exp(-4.0))) < 0.02
    assert waiting_time(0.5, 0.0) == 0.0
