"""What treaties do by themselves in the first run, in words: a member that loses its exemption, and why.

Written where decisions are (`Engine.decisions`) and into the log, under the seat `treaties`.
"""

from typing import Any

import numpy as np

from model.order import Order

#: The seat under which what treaties do stands in the log.
TREATIES = "treaties"


def tell_suspensions(engine: Any) -> None:
    """Tell of members of the first run that lose their exemption this quarter for what was sold on."""
    columns, countries = engine.columns, list(engine.world.countries)
    for row in np.flatnonzero(columns.member_barred[0] == engine.step_number):
        treaty = engine.treaties.treaties[row // len(countries)]
        code = countries[row % len(countries)]
        sold, spared = float(columns.member_resold_t[0, row]), float(columns.member_spared_t[0, row])
        why = (
            f"{code} loses the exemption of {treaty.title or treaty.id} for {treaty.suspension_quarters:g} quarters: "
            f"{sold:,.3g} t a quarter, {sold / max(spared, 1e-12):.0%} of what came in spared, went on to countries "
            f"from which the sellers hold back"
        )
        fields = {"treaty": treaty.id, "quarters": float(treaty.suspension_quarters)}
        engine.decisions.append({
            "quarter": engine.quarter_label, "seat": code, "treaty": treaty.id, "choice": "loses its exemption",
            "why": f"{why}.",
        })  # fmt: skip
        engine.record(TREATIES, Order("suspend_exemption", code, engine.quarter_label, None, fields), why=why)
