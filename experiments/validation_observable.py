"""What an episode may be tested on: a small vocabulary of observables, each a number for every run.

An observable reads a `Record` (what a variant of the episode's scenario did) through the fields of its test. Windows
are quarters, both ends included; the base year stands for every quarter before the start.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from experiments.observer import Floats
from model.field import Field
from model.quarter_date import quarter_index

#: A firm that runs less than this part of the most it ever ran has left.
LEFT = 0.5
PRICES = ("outside", "inside", "world")
TONNES = ("production", "exports", "consumption", "leakage")
WORLD = "WLD"

Cell = tuple[str, str, str]  # metric, good, country


@dataclass(frozen=True)
class Record:
    """What one variant of an episode did, [runs, quarters] each, and the same in the base year, one number each."""

    start: int
    quarters: int
    runs: int
    series: Mapping[Cell, Floats]
    base: Mapping[Cell, float]
    running: Mapping[tuple[str, str], Floats]  # capacity that a firm keeps ready by (firm, good), t a quarter
    quota: Callable[[list[str], str], Floats]  # tonnes a quarter [quarters] that quotas allow; NaN where none
    restrictor: Mapping[str, str]
    countries: Mapping[str, list[str]] = field(default_factory=dict)  # places that make a good

    def span(self, first: str, last: str | None) -> slice:
        """Return the steps of a window, cut to the run; empty where it lies before the start."""
        a, b = quarter_index(first) - self.start, quarter_index(last or first) - self.start
        return slice(max(a, 0), max(min(b, self.quarters - 1) + 1, 0))

    def is_base(self, quarter: str) -> bool:
        """Tell whether a quarter lies before the start, where the base year stands for it."""
        return quarter_index(quarter) < self.start


def price(record: Record, test: Mapping[str, Any], goods: list[str] | None = None) -> tuple[Floats, float]:
    """Return the price of a test's basket [runs, quarters] and in the base year, usd_per_t."""
    goods = goods or test["good"]
    total, base = np.zeros((record.runs, record.quarters)), 0.0
    for good, weight in zip(goods, _weights(test, goods), strict=True):
        total += weight * record.series[price_cell(record.restrictor, test["price"], good)]
        base += weight * record.base[price_cell(record.restrictor, test["price"], good)]
    return total, base


def price_cell(restrictor: Mapping[str, str], which: str, good: str) -> Cell:
    """Return the recorded cell of a kind of price of a good."""
    if which == "world":
        return "price_usd_per_t", good, WORLD
    return f"{which}_price_usd_per_t", good, restrictor.get(good, WORLD)


def _weights(test: Mapping[str, Any], goods: list[str]) -> list[float]:
    given = test["weight_of"]
    return [given[good] for good in goods] if given else [1.0] * len(goods)


def peak_ratio(record: Record, test: Mapping[str, Any]) -> Floats:
    """The highest price of the window over the price of the base window."""
    series, _ = price(record, test)
    return np.nanmax(series[:, record.span(test["from"], test["to"])], axis=1) / _price_at(record, test)


def _price_at(record: Record, test: Mapping[str, Any]) -> Floats:
    """Return the mean price of the base window; of the base year where none is named."""
    series, base = price(record, test)
    first = test["base_from"]
    if first is None or record.is_base(first):
        return np.full(record.runs, base)
    return np.nanmean(series[:, record.span(first, test["base_to"])], axis=1)


def quarters_to_peak(record: Record, test: Mapping[str, Any]) -> Floats:
    """Quarters from the first of the window to the one with the highest price."""
    series, _ = price(record, test)
    return np.nanargmax(series[:, record.span(test["from"], test["to"])], axis=1).astype(float)


def gap_mean(record: Record, test: Mapping[str, Any]) -> Floats:
    """The mean over the window of the price outside the restricting country over the one inside."""
    return np.nanmean(_gap(record, test)[:, record.span(test["from"], test["to"])], axis=1)


def _gap(record: Record, test: Mapping[str, Any]) -> Floats:
    outside, _ = price(record, {**test, "price": "outside"})
    inside, _ = price(record, {**test, "price": "inside"})
    return outside / np.where(inside > 0.0, inside, np.nan)


def exports_over_quota(record: Record, test: Mapping[str, Any]) -> Floats:
    """Open exports of a country in the window over what its export quotas allow in it."""
    country = test["country"][0]
    span = record.span(test["from"], test["to"])
    shipped = sum(record.series["exports_t", good, country] for good in test["good"])
    return np.asarray(shipped)[:, span].sum(axis=1) / record.quota(test["good"], country)[span].sum()


def ratio(record: Record, test: Mapping[str, Any]) -> Floats:
    """The mean of a price or of tonnes in the window over the mean in the base window."""
    if test["of"] in TONNES:
        series, base = _tonnes(record, test)
    else:
        series, base = price(record, {**test, "price": test["of"]})
    first = test["base_from"]
    if first is None or record.is_base(first):
        before = np.full(record.runs, base)
    else:
        before = np.nanmean(series[:, record.span(first, test["base_to"])], axis=1)
    return np.nanmean(series[:, record.span(test["from"], test["to"])], axis=1) / before


def _tonnes(record: Record, test: Mapping[str, Any]) -> tuple[Floats, float]:
    metric = f"{test['of']}_t"
    cells = [(metric, good, c) for good in test["good"] for c in _countries(record, test, good)]
    known = [cell for cell in cells if cell in record.series]
    total = sum((record.series[cell] for cell in known), np.zeros((record.runs, record.quarters)))
    return total, sum(record.base.get(cell, 0.0) for cell in known)


def _countries(record: Record, test: Mapping[str, Any], good: str) -> list[str]:
    named, without = test["country"], test["without"]
    every = [c for c in record.countries[good] if c not in without]
    return every if named is None else [c for c in named if c in every]


def ratio_to_peak(record: Record, test: Mapping[str, Any]) -> Floats:
    """The mean price of the window over the highest price since the first quarter of the base window."""
    series, _ = price(record, test)
    first = test["base_from"] or test["from"]
    top = np.nanmax(series[:, record.span(first, test["base_to"] or test["to"])], axis=1)
    return np.nanmean(series[:, record.span(test["from"], test["to"])], axis=1) / top


def share(record: Record, test: Mapping[str, Any]) -> Floats:
    """The part of world output of the goods made in the countries named, in the window."""
    span = record.span(test["from"], test["to"])
    own, _ = _tonnes(record, {**test, "of": "production"})
    every, _ = _tonnes(record, {**test, "of": "production", "country": None, "without": []})
    return own[:, span].sum(axis=1) / every[:, span].sum(axis=1)


def quarters_to_exit(record: Record, test: Mapping[str, Any]) -> Floats:
    """Quarters from the price peak of the window until a firm has left; NaN where it stays, or the survivor goes.

    A firm has left when it runs less than half of the most it ever ran.
    """
    series, _ = price(record, test)
    span = record.span(test["from"], test["to"])
    peak = span.start + np.nanargmax(series[:, span], axis=1)
    left = _left(record, test, "firm")
    if test["survivor"] is not None:
        left = np.where(np.isfinite(_left(record, test, "survivor")), np.nan, left)
        left = np.where(_ready(record, test, "survivor").max(axis=1) > 0.0, left, np.nan)
    return left - peak


def _ready(record: Record, test: Mapping[str, Any], role: str) -> Floats:
    """Return what a firm keeps ready of the test's `made`, or of all its goods, t a quarter [runs, quarters]."""
    goods = test["made"]
    owned = [
        q for (firm, good), q in record.running.items() if firm == test[role] and (not goods or good in goods)
    ]
    return sum(owned, np.zeros((record.runs, record.quarters)))


def _left(record: Record, test: Mapping[str, Any], role: str) -> Floats:
    """Return the step at which a firm has left for good, NaN where it has not."""
    running = _ready(record, test, role)
    most = np.maximum.accumulate(running, axis=1)
    gone = (running < LEFT * most) & (most > 0.0)
    stays_gone = np.flip(np.logical_and.accumulate(np.flip(gone, axis=1), axis=1), axis=1)
    return np.where(stays_gone.any(axis=1), stays_gone.argmax(axis=1).astype(float), np.nan)


def quarters_below_peak(record: Record, test: Mapping[str, Any]) -> Floats:
    """Quarters from the price peak of the window until the price has fallen by `fall` of it; NaN where never."""
    series, _ = price(record, test)
    span = record.span(test["from"], test["to"])
    found = np.full(record.runs, np.nan)
    for run in range(record.runs):
        peak = span.start + int(np.nanargmax(series[run, span]))
        low = np.flatnonzero(series[run, peak:] <= (1.0 - test["fall"]) * series[run, peak])
        found[run] = low[0] if low.size else np.nan
    return found


def outlasts(record: Record, test: Mapping[str, Any]) -> Floats:
    """1 where the first good's price is above `over` times its base last, or as late as the others' basket, else 0."""
    span = record.span(test["from"], test["to"])
    ends = []
    for goods in (test["good"][:1], test["good"][1:]):
        series, base = price(record, test, goods)
        high = series[:, span] > test["over"] * base
        last = high.shape[1] - np.flip(high, axis=1).argmax(axis=1)
        ends.append(np.where(high.any(axis=1), last, 0))
    return ((ends[0] > 0) & (ends[0] >= ends[1])).astype(float)


OBSERVABLES: dict[str, Callable[[Record, Mapping[str, Any]], Floats]] = {
    "peak_ratio": peak_ratio,
    "quarters_to_peak": quarters_to_peak,
    "gap_mean": gap_mean,
    "exports_over_quota": exports_over_quota,
    "ratio": ratio,
    "ratio_to_peak": ratio_to_peak,
    "share": share,
    "quarters_to_exit": quarters_to_exit,
    "quarters_below_peak": quarters_below_peak,
    "outlasts": outlasts,
}
#: Fields that an observable cannot do without, besides good and the window.
NEEDS = {
    "exports_over_quota": ("country",),
    "ratio": ("of",),
    "share": ("country",),
    "quarters_to_exit": ("firm",),
    "quarters_below_peak": ("fall",),
}
DIRECTIONS = ("up", "down", "above_one", "below_one", "narrows", "happens")

FIELDS = (
    Field("id", "text", "Test id", "a short name"),
    Field("observable", "choice", "Observable", "what is measured", choices=tuple(OBSERVABLES)),
    Field("good", "goods", "Good", "one good, or a basket"),
    Field("weight_of", "weights", "Weights", "tonnes of each good in the basket", low=0.0, default=None),
    Field("price", "choice", "Price", "which price", choices=PRICES, default="outside"),
    Field("of", "choice", "Of", "a price or tonnes", choices=(*PRICES, *TONNES), default=None),
    Field("country", "countries", "Country", "countries", default=None),
    Field("without", "countries", "Without", "countries left out", default=[]),
    Field("firm", "text", "Firm", "the firm that leaves", default=None),
    Field("made", "goods", "Made", "what the firms are watched for making; left out: all their goods", default=[]),
    Field("survivor", "text", "Survivor", "the firm that must stay", default=None),
    Field("fall", "share", "Fall", "part of the peak", low=0.0, high=1.0, default=None),
    Field("over", "number", "Over", "times the base price", low=0.0, default=1.5),
    Field("from", "quarter", "From", "first quarter of the window"),
    Field("to", "quarter", "To", "last quarter of the window", default=None),
    Field("base_from", "quarter", "Base from", "first quarter of the base window", default=None),
    Field("base_to", "quarter", "Base to", "last quarter of the base window", default=None),
    Field("direction", "choice", "Direction", "which way it went", choices=DIRECTIONS, default="happens"),
    Field("low", "number", "Band", "lowest accepted value"),
    Field("high", "number", "Band", "highest accepted value"),
    Field("observed", "number", "Observed", "what happened", default=None),
    Field("weight", "number", "Weight", "weight of the band", low=0.0, default=1.0),
    Field("source", "text", "Source", "where it is documented", default=""),
    Field("note", "text", "Note", "anything else", default=""),
)  # fmt: skip
