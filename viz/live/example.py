"""Questions to start with: links that set everything an answer needs, of goods and countries that are there."""

from urllib.parse import urlencode

import numpy as np

from experiments.title import goods_words
from model.name import chain_of
from viz.country import country_name
from viz.live.stage import Stage

#: Price at its height over the first one from which it is asked why, and the quarters looked at.
_RISE, _EARLY = 1.5, 8
_FLOOR, _FROM, _SEEN = "110", "2027Q1", "2035Q4"


def examples(stage: Stage) -> list[list[str]]:
    """Return [question, address] of what this scenario can answer."""
    found = [_makers(stage), _floor(stage), _signature(stage), _rise(stage)]
    return [example for example in found if example]


def _address(page: str, words: dict[str, str]) -> str:
    return f"/explore/{page}?{urlencode(words)}"


def _makers(stage: Stage) -> list[str]:
    if "gallium_refined" not in stage.whole.goods:
        return []
    words = {"scenario": stage.name, "mineral": "gallium", "good": "gallium_refined"}
    return ["Who refines most of the world's gallium?", _address("", words)]


def _floor(stage: Stage) -> list[str]:
    if (
        not {"ndpr_refined", "permanent_magnets"}.issubset(stage.whole.goods)
        or "JPN" not in stage.whole.countries
    ):
        return []
    if not {_FROM, _SEEN}.issubset(stage.quarter_labels()):
        return []
    words = {"scenario": stage.name, "from": _FROM, "floor.ndpr_refined": _FLOOR, "mineral": "rare_earths",
             "good": "permanent_magnets", "country": "JPN", "quarter": _SEEN}  # fmt: skip
    question = (
        f"What does a floor of {_FLOOR} USD/kg on NdPr by a bloc of thirty do to China's share of magnets by "
        f"{_SEEN[:4]}, and what does it cost Japan?"
    )
    return [question, _address("", words)]


def _signature(stage: Stage) -> list[str]:
    if "ndpr_refined" not in stage.whole.goods or "KOR" not in stage.whole.countries:
        return []
    words = {"scenario": stage.name, "mineral": "rare_earths", "good": "ndpr_refined", "country": "KOR"}
    return ["Would South Korea sign such a floor?", _address("treaty", words)]


def _rise(stage: Stage) -> list[str]:
    """Return the question about a price outside that rose early on: that of magnets, else the one that rose most."""
    rises = {good: rise for good in stage.whole.headline if (rise := _height(stage, good))[0] > _RISE}
    if not rises:
        return []
    good = (
        "permanent_magnets" if "permanent_magnets" in rises else max(rises, key=lambda name: rises[name][0])
    )
    ratio, at = rises[good]
    quarter, leader = stage.scenario.quarter_label(at), stage.whole.observer.restrictors[good]
    words = {"scenario": stage.name, "mineral": chain_of(good), "good": good, "ask.question": "time",
             "ask.metric": "outside_price_usd_per_t", "ask.at": quarter}  # fmt: skip
    how = {2: "more than double", 3: "more than triple"}.get(int(ratio), f"rise {ratio:.2g}-fold")
    where = f"the price of {goods_words(good)} outside {country_name(leader)}"
    return [f"Why did {where} {how} in {quarter[:4]}?", _address("why", words)]


def _height(stage: Stage, good: str) -> tuple[float, int]:
    """Return the height of the early price outside over the first one, and its quarter."""
    leader = stage.whole.observer.restrictors[good]
    path = stage.whole.baseline.path("outside_price_usd_per_t", good, leader)[:_EARLY]
    if not np.isfinite(path).all() or not path[0] > 0.0:
        return 0.0, 0
    return float(path.max() / path[0]), int(path.argmax())
