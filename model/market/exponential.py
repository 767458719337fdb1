"""An exponential for many numbers at once, the same bit for bit compiled and plain.

The library's exponential takes one number at a time. This one is straight passes over contiguous arrays,
which the compiler turns into work on several numbers at once.
"""

import numpy as np

from model.compiled import rule

#: Adding and subtracting this rounds to the nearest whole number; its low bits then hold that number.
_ROUND = 6755399441055744.0  # 1.5 * 2^52
_PER_LOG_2 = 1.4426950408889634
#: log 2 in two parts, the first with so few digits that its product with a whole number is exact (fdlibm).
_LOG_2_HIGH, _LOG_2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
#: Arguments are taken within these bounds: e^-708 is 3e-308, e^709 is 8e307.
LOWEST, HIGHEST = -708.0, 709.0
_C3, _C4, _C5, _C6 = 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 720.0
_C7, _C8, _C9, _C10 = 1.0 / 5040.0, 1.0 / 40320.0, 1.0 / 362880.0, 1.0 / 3628800.0
_C11, _C12, _C13 = 1.0 / 39916800.0, 1.0 / 479001600.0, 1.0 / 6227020800.0


@rule
def exponentiate(x, power, power_bits, size):
    """Replace the first `size` numbers of `x` by e^x, within two units in the last place.

    `power` is scratch and `power_bits` the same memory seen as int64: a power of two is made by writing its
    exponent. Method: `x = n log 2 + r`, the series of e^r to its 13th power (|r| < 0.35: the rest is below
    1e-17), times 2^n.
    """
    end = np.uint64(size)
    for p in range(end):
        v = x[p]
        v = v if v > LOWEST else LOWEST
        v = v if v < HIGHEST else HIGHEST
        shifted = v * _PER_LOG_2 + _ROUND
        n = shifted - _ROUND
        r = (v - n * _LOG_2_HIGH) - n * _LOG_2_LOW
        r2 = r * r
        r4 = r2 * r2
        low = r + r2 * (0.5 + r * _C3)
        middle = (_C4 + r * _C5) + r2 * (_C6 + r * _C7)
        high = (_C8 + r * _C9) + r2 * (_C10 + r * _C11) + r4 * (_C12 + r * _C13)
        x[p] = 1.0 + (low + r4 * (middle + r4 * high))
        power[p] = shifted
    for p in range(end):
        power_bits[p] = (power_bits[p] + 1023) << 52
    for p in range(end):
        x[p] *= power[p]
