"""Fields and words that several clauses share."""

from collections.abc import Mapping, Sequence
from typing import Any

from model.field import Field
from model.instrument import Path, listed
from model.name import COUNTRY_NAMES, WORLD

GOOD = Field("good", "goods", "Good", "a traded good, a mineral, or a list of them")
ANY_GOOD = Field("good", "goods", "Good", "a traded good, a mineral, or a list; left out: all", default=[])
BURDEN = Field("burden", "shares", "Burden shares", "who pays how much, by member; left out: equal parts",
               unit="share", low=0.0, high=1.0, default=None)  # fmt: skip

_GROUPS = {"lace": "lanthanum and cerium", "ndpr": "neodymium and praseodymium", "dytb": "dysprosium and terbium",
           "rare_earths": "rare earths"}  # fmt: skip
_WITH_ARTICLE = ("USA", "EU27", "GBR", "ARE", "COD", "PHL", "DOM", "OTH")


def country_words(code: str) -> str:
    """Return a country's name for a sentence: `the United States`, `Japan`."""
    if code == WORLD:
        return "all countries outside"
    name = COUNTRY_NAMES.get(code, code)
    return f"the {name}" if code in _WITH_ARTICLE else name


def countries_words(codes: Sequence[str]) -> str:
    """Return countries' names joined: `Japan and the United States`."""
    return listed([country_words(code) for code in codes])


def goods_words(goods: Sequence[str]) -> str:
    """Return goods in plain words; `all critical minerals` for none named."""
    return listed([_good_words(good) for good in goods]) if goods else "all critical minerals"


def _good_words(good: str) -> str:
    base, _, stage = good.rpartition("_")
    if stage == "refined":
        return f"refined {_GROUPS.get(base, base)}"
    if stage == "concentrate":
        return f"{_GROUPS.get(base, base)} in concentrate"
    return good.replace("_", " ")


def shares_words(shares: Mapping[str, float]) -> str:
    """Return shares by member: `the United States 60 % and Japan 40 %`; `equal parts` where they are."""
    if len(set(shares.values())) == 1:
        return "equal parts"
    return listed([f"{country_words(code)} {100 * share:.4g} %" for code, share in shares.items()])


def scaled(value: Path, factor: float) -> Path:
    """Return a path of numbers multiplied by a factor."""
    if isinstance(value, Mapping):
        return {key: factor * number for key, number in value.items()}
    return [factor * number for number in value] if isinstance(value, list) else factor * value


def written(fields: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """Return those of the keys that have a value."""
    return {key: fields[key] for key in keys if fields[key] is not None}
