"""Where countries are on the map: the numbers of their shapes (ISO 3166 numeric) and, where needed, a point.

A point (longitude, latitude) is given for what has no shape at this scale and for the union of states; else flows end
at the middle of the largest part. Codes: ISO 3166-1.
"""

_EU = {
    "AUT": "040", "BEL": "056", "BGR": "100", "CYP": "196", "CZE": "203", "DEU": "276", "DNK": "208", "ESP": "724",
    "EST": "233", "FIN": "246", "FRA": "250", "GRC": "300", "HRV": "191", "HUN": "348", "IRL": "372", "ITA": "380",
    "LTU": "440", "LUX": "442", "LVA": "428", "MLT": "470", "NLD": "528", "POL": "616", "PRT": "620", "ROU": "642",
    "SVK": "703", "SVN": "705", "SWE": "752",
}  # fmt: skip
_OTHERS = {
    "AGO": "024", "ARE": "784", "ARG": "032", "AUS": "036", "BDI": "108", "BLR": "112", "BOL": "068", "BRA": "076",
    "CAN": "124", "CHE": "756", "CHL": "152", "CHN": "156", "COD": "180", "CUB": "192", "DOM": "214", "GBR": "826",
    "GRL": "304", "GTM": "320", "IDN": "360", "IND": "356", "IRN": "364", "JPN": "392", "KAZ": "398", "KGZ": "417",
    "KOR": "410", "LAO": "418", "LKA": "144", "MAR": "504", "MDG": "450", "MEX": "484", "MLI": "466", "MMR": "104",
    "MNG": "496", "MOZ": "508", "MWI": "454", "MYS": "458", "NAM": "516", "NCL": "540", "NGA": "566", "NOR": "578",
    "OMN": "512", "PAK": "586", "PER": "604", "PHL": "608", "PNG": "598", "PRK": "408", "RUS": "643", "RWA": "646",
    "SAU": "682", "SRB": "688", "THA": "764", "TJK": "762", "TUR": "792", "TWN": "158", "TZA": "834", "UKR": "804",
    "USA": "840", "UZB": "860", "VNM": "704", "ZAF": "710", "ZMB": "894", "ZWE": "716",
}  # fmt: skip
_POINTS = {
    "SGP": ("702", (103.8, 1.35)),
    "HKG": ("344", (114.2, 22.3)),
    "BHR": ("048", (50.55, 26.05)),
}
#: Code: numbers of its shapes, and its point or None.
PLACES: dict[str, tuple[tuple[str, ...], tuple[float, float] | None]] = {
    **{code: ((number,), None) for code, number in {**_EU, **_OTHERS}.items()},
    **{code: ((number,), point) for code, (number, point) in _POINTS.items()},
    "EU27": (tuple(_EU.values()), (9.5, 49.5)),
    "USA": (("840",), (-98.5, 39.5)),
    "RUS": (("643",), (60.0, 56.5)),
    "CAN": (("124",), (-105.0, 54.0)),
    "CHN": (("156",), (104.0, 35.0)),
    "MYS": (("458",), (102.2, 4.0)),
}
