"""What the pictures of a study show, as sentences: their titles, in its report and in the browser alike."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from experiments.study.sign_check import SignCheck
from experiments.study.study import Outcome
from viz.study_chart import amount_words


def plain_words(text: object) -> str:
    """Return a name of a file or a factor as people write it."""
    return str(text).replace("_", " ")


def outcome_title(outcome: Outcome) -> str:
    """Return what an outcome is called."""
    title = outcome.title or plain_words(outcome.name)
    return title[:1].upper() + title[1:]


def headline(rows: pd.DataFrame, outcome: Outcome) -> str:
    """Return an outcome under the first policy and under the one furthest from it; `rows` as `robustness` has them."""
    show, title = amount_words(outcome.unit), outcome_title(outcome)
    first = rows.iloc[0]
    if len(rows) == 1:
        return f"{title}: {show(first['median'])}, nine runs in ten from {show(first['low'])} to {show(first['high'])}"
    other = rows.loc[(rows["median"] - first["median"]).abs().idxmax()]
    if other["label"] == first["label"]:
        return f"{title}: {show(first['median'])} under every policy"
    return (
        f"{title}: {show(first['median'])} under {policy_words(first['label'])}, {show(other['median'])} under "
        f"{policy_words(other['label'])}"
    )


def fan_title(bands: Mapping[str, pd.DataFrame], outcome: Outcome) -> str:
    """Return where the medians of a path begin and end."""
    show, what = amount_words(outcome.unit), outcome_title(outcome)
    known = {label: band["median"].dropna() for label, band in bands.items() if band["median"].notna().any()}
    if not known:
        return f"{what}, over time"
    begins, quarter = next(iter(known.values())).iloc[0], next(iter(known.values())).index[-1]
    ends = sorted((float(path.iloc[-1]), label) for label, path in known.items())
    told = f"{what}, over time: from {show(begins)} to {show(ends[0][0])}"
    if len(ends) == 1 or show(ends[0][0]) == show(ends[-1][0]):
        return f"{told} in {quarter}"
    low, high = policy_words(ends[0][1]), policy_words(ends[-1][1])
    return f"{told} under {low} or {show(ends[-1][0])} under {high} in {quarter}"


def policy_words(label: object) -> str:
    """Return a policy's name in quotation marks, so that a sentence with one called nothing reads as meant."""
    return f"\u201c{plain_words(label)}\u201d"


def bar_title(factors: pd.DataFrame) -> str:
    """Return which factors decide, of those told apart from luck; `factors` as `deciding_factors` has them."""
    names = [plain_words(name) for name in factors["factor"][factors["sure"]].head(2)]
    if not names:
        return "What decides: nothing here is told apart from luck"
    rest = f", then {names[1]}" if len(names) > 1 else ""
    return f"What decides: {names[0]} most{rest}"


def deciding_words(factors: pd.DataFrame, luck: float | None) -> str:
    """Return in a sentence which uncertainty decides most; `luck` is the part that no factor explains.

    Empty where no uncertainty varies.
    """
    rest = "" if luck is None else f" Luck, and what no factor explains, is {luck:.2f} of the variance."
    doubts = factors[factors["factor"] != "policy"]
    if doubts.empty:
        return ""
    sure = doubts[doubts["sure"]]
    if len(sure):
        row = sure.iloc[0]
        name = plain_words(row["factor"])
        return (
            f"Among the uncertainties {name} decides it most ({row['method']}: {row['score']:.2f} ± "
            f"{row['error']:.2f}).{rest}"
        )
    if factors["sure"].any():
        return f"The choice of policy decides it; no uncertainty is told apart from luck.{rest}"
    if len(doubts) < len(factors):
        rest += " Policies are compared under the same luck, which tells finer differences apart."
    return f"Nothing here is told apart from luck: no factor foretells runs that were held out.{rest}"


def map_title(table: pd.DataFrame, outcome: Outcome, policy: str = "") -> str:
    """Return between which means the map lies, what varies in it, and under which policy if it is of one."""
    show, cells = amount_words(outcome.unit), table.to_numpy(float)
    low, high = (show(float(value)) for value in (np.nanmin(cells), np.nanmax(cells)))
    pair = f"{plain_words(table.index.name)} and {plain_words(table.columns.name)}"
    return f"Where it tips: {low} to {high} as {pair} vary" + (
        f", under {policy_words(policy)}" if policy else ""
    )


def sign_words(check: SignCheck, unit: str) -> str:
    """Return the figure that a sign was read off; `unit` is its outcome's."""
    if check.missing:
        return check.missing
    if check.kind == "difference":
        apart = amount_words(unit, apart=True)
        return f"{apart(check.value)} ± {apart(check.error)}"
    if check.kind == "trend":
        return f"rank correlation {check.value:.2f} ± {check.error:.2f}"
    return f"scores {check.value:.2f} ± {check.error:.2f} apart"
