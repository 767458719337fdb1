"""One way to compile a rule, so that all rules share the same arithmetic.

No fast-math and no parallel reduction: the uncompiled function (`rule.py_func`) is the oracle in the
tests and must agree bit for bit on the rule's domain.
"""

from collections.abc import Callable
from typing import Any

import numba


def rule(function: Callable[..., Any]) -> Any:
    """Compile `function` lazily, releasing the GIL, with the result kept in the compile cache."""
    return numba.njit(cache=True, error_model="numpy", nogil=True, fastmath=False)(function)
