"""The European Union as one negotiator where its members stand apart.

A treaty is signed by all of its members that stand apart or by none, unless the scenario lets them defect
(`eu_defects = true`): then each signs what is worth it to it, bilateral deals too.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.name import EU_MEMBERS


def union_rows(scenario: Any, countries: Sequence[str]) -> NDArray[np.bool_]:
    """Return [C]: the EU members that stand apart and speak as one; nobody where they may defect."""
    apart = scenario.eu_members and not scenario.eu_defects
    return np.array([apart and code in EU_MEMBERS for code in countries], dtype=bool)


def is_spoken_for(scenario: Any, countries: Sequence[str], named: Sequence[str], country: str) -> bool:
    """Tell whether a country may not sign a treaty between those `named`, as it leaves out others of its union."""
    union = [code for code, one in zip(countries, union_rows(scenario, countries), strict=True) if one]
    return country in union and any(code not in named for code in union)
