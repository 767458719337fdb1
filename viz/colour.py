"""One colour per country, the same in every chart, told apart by colour-blind readers.

The eight most frequent producers have the colours of Okabe and Ito (2008) and of Tol's muted scheme (2021);
others take from the rest of Tol's schemes in order of their codes. Each colour is readable on white and black.
"""

import colorsys

from viz.country import KNOWN

FIXED = {
    "CHN": "#d55e00", "USA": "#0072b2", "EU27": "#009e73", "AUS": "#e69f00", "JPN": "#cc79a7", "COD": "#882255",
    "IDN": "#56b4e9", "CHL": "#999933", "RUS": "#6f6fc4", "CAN": "#44aa99", "MYS": "#c9a227", "MMR": "#aa4499",
    "IND": "#b0713c", "KOR": "#5b8c3a", "OTH": "#8a8a8a",
}  # fmt: skip
#: Those that take the rest of the schemes first, so that they have the same colour whoever else is there.
_NEXT = ("BRA", "VNM", "ZAF", "PHL", "KAZ", "NCL", "ARG", "PER", "UKR", "NOR")
_REST = (
    "#ee7733",
    "#0077bb",
    "#33bbee",
    "#ee3377",
    "#cc3311",
    "#7a9e00",
    "#bb6688",
    "#8877cc",
    "#3a8f7b",
    "#b89b5e",
)
#: The golden angle as a part of a turn: hues so spaced never come close early.
_GOLDEN = 0.381966
INSIDE, OUTSIDE, PLAIN = "#d55e00", "#0072b2", "#009e73"


def country_colours(countries: list[str]) -> dict[str, str]:
    """Return a colour for each country, in every scenario the same; no two share one."""
    known = sorted(set(KNOWN).difference(FIXED, _NEXT, ["WLD"]))
    others = [*_NEXT, *known, *sorted(set(countries).difference(FIXED, _NEXT, known))]
    spread = dict(zip(others, _unused(len(others)), strict=True))
    return {**FIXED, **{country: spread[country] for country in countries if country not in FIXED}}


def _unused(count: int) -> list[str]:
    """Return so many colours, none fixed, none twice: the rest of the schemes, then hues by the golden angle."""
    found, taken, step = list(_REST[:count]), {*FIXED.values(), *_REST}, 0
    while len(found) < count:
        hue, step = (step * _GOLDEN) % 1.0, step + 1
        light = (0.45, 0.55)[step % 2]
        parts = colorsys.hls_to_rgb(hue, light, 0.45)
        colour = "#" + "".join(f"{round(255 * part):02x}" for part in parts)
        if colour not in taken:
            taken.add(colour)
            found.append(colour)
    return found
