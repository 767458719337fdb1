"""Names a person may write for goods and countries, and help for those who misspell one.

Aliases of goods, wherever a measure, shock or project asks for a traded good:

- a mineral (`gallium`, `tungsten`) means its refined good; `baryte` its concentrate;
- `ndpr` is `ndpr_refined`, `heavy_rare_earths` is `dytb_refined`, `magnets` is `permanent_magnets`;
- `rare_earths` is all three separated groups (La/Ce, NdPr, Dy/Tb), or the one refined good where a
  scenario carries rare earths as one good.

In a scenario's list of goods a mineral means all its stages.
"""

import difflib
from collections.abc import Iterable

_TWO_STAGES = ("graphite", "tungsten", "antimony", "lithium", "cobalt", "nickel")
_GROUPS = ("lace", "ndpr", "dytb")

#: Goods of each mineral, upstream first. `rare_earths` has two forms, see `goods_of_mineral`.
MINERAL_GOODS: dict[str, tuple[str, ...]] = {
    "permanent_magnets": ("permanent_magnets",),
    "gallium": ("gallium_refined",),
    "germanium": ("germanium_refined",),
    "arsenic": ("arsenic_refined",),
    "baryte": ("baryte_concentrate",),
    **{mineral: (f"{mineral}_concentrate", f"{mineral}_refined") for mineral in _TWO_STAGES},
}
JOINT_GOODS = tuple(f"{group}_{stage}" for stage in ("concentrate", "refined") for group in _GROUPS)
SINGLE_GOODS = ("rare_earths_concentrate", "rare_earths_refined")
ALL_GOODS = (*JOINT_GOODS, *SINGLE_GOODS, *(good for goods in MINERAL_GOODS.values() for good in goods))

_ALIASES = {"ndpr": "ndpr_refined", "heavy_rare_earths": "dytb_refined", "dytb": "dytb_refined",
            "lace": "lace_refined", "magnets": "permanent_magnets"}  # fmt: skip

_EU = """
AUT BEL BGR CYP CZE DEU DNK ESP EST FIN FRA GRC HRV HUN IRL ITA LTU LUX LVA MLT NLD POL PRT ROU SVK SVN SWE
"""
EU_MEMBERS = tuple(_EU.split())
WORLD = "WORLD"

#: English names of the countries that appear in the base data and in treaties.
COUNTRY_NAMES: dict[str, str] = {
    "ARE": "United Arab Emirates", "ARG": "Argentina", "AUS": "Australia", "AUT": "Austria",
    "BDI": "Burundi", "BEL": "Belgium", "BGR": "Bulgaria", "BOL": "Bolivia", "BRA": "Brazil",
    "CAN": "Canada", "CHE": "Switzerland", "CHL": "Chile", "CHN": "China", "COD": "DR Congo", "CUB": "Cuba",
    "CZE": "Czechia", "DEU": "Germany", "DOM": "Dominican Republic", "ESP": "Spain", "EST": "Estonia",
    "EU27": "European Union", "FIN": "Finland", "FRA": "France", "GBR": "United Kingdom", "GRC": "Greece",
    "GRL": "Greenland", "GTM": "Guatemala", "IDN": "Indonesia", "IND": "India", "IRN": "Iran", "ITA": "Italy",
    "JPN": "Japan",
    "KAZ": "Kazakhstan", "KGZ": "Kyrgyzstan", "KOR": "South Korea", "LAO": "Laos", "LKA": "Sri Lanka",
    "MAR": "Morocco", "MDG": "Madagascar", "MEX": "Mexico", "MLI": "Mali", "MMR": "Myanmar",
    "MNG": "Mongolia", "MOZ": "Mozambique", "MYS": "Malaysia", "NAM": "Namibia", "NCL": "New Caledonia",
    "NGA": "Nigeria", "NOR": "Norway", "OTH": "other countries", "PAK": "Pakistan", "PER": "Peru",
    "PHL": "Philippines", "PNG": "Papua New Guinea", "POL": "Poland", "PRK": "North Korea",
    "PRT": "Portugal", "RUS": "Russia", "RWA": "Rwanda", "SRB": "Serbia", "SVK": "Slovakia", "SWE": "Sweden",
    "THA": "Thailand", "TJK": "Tajikistan", "TUR": "Turkey", "TWN": "Taiwan", "TZA": "Tanzania",
    "UKR": "Ukraine", "USA": "United States", "UZB": "Uzbekistan", "VNM": "Vietnam",
    "ZAF": "South Africa", "ZMB": "Zambia",
    "ZWE": "Zimbabwe",
}  # fmt: skip

#: What people write for some countries besides their English names, in lower case.
_OTHER_NAMES: dict[str, str] = {
    "drc": "COD", "dr congo": "COD", "d.r. congo": "COD", "congo": "COD", "congo-kinshasa": "COD", "zaire": "COD",
    "democratic republic of the congo": "COD", "eu": "EU27", "europe": "EU27", "e.u.": "EU27", "eu-27": "EU27",
    "uk": "GBR", "great britain": "GBR", "britain": "GBR", "england": "GBR",
    "us": "USA", "u.s.": "USA", "u.s.a.": "USA", "america": "USA", "united states of america": "USA",
    "prc": "CHN", "people's republic of china": "CHN", "korea": "KOR", "republic of korea": "KOR", "rok": "KOR",
    "dprk": "PRK", "russian federation": "RUS", "türkiye": "TUR", "turkiye": "TUR", "burma": "MMR",
    "viet nam": "VNM", "uae": "ARE", "czech republic": "CZE", "rest of the world": "OTH", "row": "OTH",
    "cn": "CHN", "jp": "JPN", "kr": "KOR", "de": "DEU", "fr": "FRA", "in": "IND", "id": "IDN", "ru": "RUS",
    "au": "AUS", "ca": "CAN", "cd": "COD", "cl": "CHL", "za": "ZAF", "gb": "GBR", "br": "BRA", "tw": "TWN",
}  # fmt: skip

_ISO = """
ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATA ATF ATG AUS AUT AZE BDI BEL BEN BES BFA BGD BGR BHR BHS
BIH BLM BLR BLZ BMU BOL BRA BRB BRN BTN BVT BWA CAF CAN CCK CHE CHL CHN CIV CMR COD COG COK COL COM CPV
CRI CUB CUW CXR CYM CYP CZE DEU DJI DMA DNK DOM DZA ECU EGY ERI ESH ESP EST ETH FIN FJI FLK FRA FRO FSM
GAB GBR GEO GGY GHA GIB GIN GLP GMB GNB GNQ GRC GRD GRL GTM GUF GUM GUY HKG HMD HND HRV HTI HUN IDN IMN
IND IOT IRL IRN IRQ ISL ISR ITA JAM JEY JOR JPN KAZ KEN KGZ KHM KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE
LKA LSO LTU LUX LVA MAC MAF MAR MCO MDA MDG MDV MEX MHL MKD MLI MLT MMR MNE MNG MNP MOZ MRT MSR MTQ MUS
MWI MYS MYT NAM NCL NER NFK NGA NIC NIU NLD NOR NPL NRU NZL OMN PAK PAN PCN PER PHL PLW PNG POL PRI PRK
PRT PRY PSE PYF QAT REU ROU RUS RWA SAU SDN SEN SGP SGS SHN SJM SLB SLE SLV SMR SOM SPM SRB SSD STP SUR
SVK SVN SWE SWZ SXM SYC SYR TCA TCD TGO THA TJK TKL TKM TLS TON TTO TUN TUR TUV TWN TZA UGA UKR UMI URY
USA UZB VAT VCT VEN VGB VIR VNM VUT WLF WSM YEM ZAF ZMB ZWE
"""
COUNTRIES = frozenset((*_ISO.split(), "EU27", "OTH"))


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """Return a remedy: the likeliest of the known words, or `otherwise`."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f"Did you mean {by_lower[close[0]]}?" if close else otherwise


def goods_of_mineral(mineral: str, rare_earths: str) -> tuple[str, ...]:
    """Return the goods of a mineral, upstream first; empty where the mineral is unknown."""
    if mineral == "rare_earths":
        return SINGLE_GOODS if rare_earths == "single" else JOINT_GOODS
    return MINERAL_GOODS.get(mineral, ())


def chain_of(good: str) -> str:
    """Return the mineral whose stages are linked with a good: rare earths and magnets are one chain."""
    if good in (*JOINT_GOODS, *SINGLE_GOODS, "permanent_magnets"):
        return "rare_earths"
    return next(mineral for mineral, goods in MINERAL_GOODS.items() if good in goods)


def traded_goods(name: str, rare_earths: str) -> tuple[str, ...]:
    """Return the goods a name stands for in a measure; empty where it is unknown."""
    if name in ALL_GOODS:
        return (name,)
    if name in _ALIASES:
        return (_ALIASES[name],)
    goods = goods_of_mineral(name, rare_earths)
    refined = tuple(good for good in goods if good.endswith("_refined"))
    return refined or goods[-1:]


def good_remedy(name: str) -> str:
    """Return help for an unknown good."""
    return did_you_mean(name, [*ALL_GOODS, *MINERAL_GOODS, *_ALIASES, "rare_earths"],
                        "`orebloc data` lists the goods.")  # fmt: skip


def country_remedy(name: str) -> str:
    """Return help for an unknown country: its code if it was written in words."""
    codes = {words.lower(): code for code, words in COUNTRY_NAMES.items()}
    other = _OTHER_NAMES.get(name.strip().lower())
    if other:
        return f"Write {other} for {COUNTRY_NAMES[other]}."
    close = difflib.get_close_matches(name.lower(), codes, n=1, cutoff=0.8)
    if close:
        return f"Write {codes[close[0]]} for {COUNTRY_NAMES[codes[close[0]]]}."
    otherwise = "Write an ISO 3166 code of three letters, EU27 or OTH."
    return did_you_mean(name, COUNTRY_NAMES, otherwise)
