"""One colour per country, the same in every chart, told apart by colour-blind readers.

The eight most frequent producers have the colours of Okabe and Ito (2008) and of Tol's muted scheme (2021);
others take from the rest of Tol's schemes in order of their codes. Each colour is readable on white and black.
"""

FIXED = {
    "CHN": "#d55e00", "USA": "#0072b2", "EU27": "#009e73", "AUS": "#e69f00", "JPN": "#cc79a7", "COD": "#882255",
    "IDN": "#56b4e9", "CHL": "#999933", "RUS": "#6f6fc4", "CAN": "#44aa99", "MYS": "#c9a227", "MMR": "#aa4499",
    "IND": "#b0713c", "KOR": "#5b8c3a", "OTH": "#8a8a8a",
}  # fmt: skip
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
INSIDE, OUTSIDE, PLAIN = "#d55e00", "#0072b2", "#009e73"


def country_colours(countries: list[str]) -> dict[str, str]:
    """Return a colour for each country; those without a fixed one share out the rest in order of code."""
    others = [country for country in sorted(countries) if country not in FIXED]
    spread = {country: _REST[position % len(_REST)] for position, country in enumerate(others)}
    return {**FIXED, **spread}
